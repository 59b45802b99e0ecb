"""The first configuration, written from five answers."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from subtitled.plugin import Language

from .library_settings import ORIGINAL
from .time_windows import parse_window

LIBRARY_NAME = "media"
"""The name of the library in the configuration."""
ALWAYS = "always"
API_KEY_FIELDS = {"jellyfin": "api_key", "emby": "api_key", "plex": "token", "kodi": "password"}
"""The key of the API key by kind of media server."""


@dataclass(frozen=True, slots=True)
class MediaServerAnswer:
    """A media server, and the file that contains its API key."""

    kind: str
    url: str
    key_file: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WizardAnswers:
    """The answers. Each was validated by one of the ``parse`` functions below."""

    library: Path
    languages: tuple[str, ...]
    server: MediaServerAnswer | None
    is_remote_allowed: bool
    working_hours: str


def _parse_path(text: str) -> Path:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(
            "this name is not UTF-8, which a configuration must be; rename it"
        ) from None
    if "\0" in text or not text.strip():
        raise ValueError("this is not a path; write it from the root, such as /srv/media")
    try:
        return Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 - keeps symbolic links
    except RuntimeError:
        raise ValueError("there is no such home folder; write the path from the root") from None


def parse_library(text: str) -> Path:
    """Parse the folder of the media files.

    Raises:
        ValueError: The answer is invalid. The message says what to write.
    """
    path = _parse_path(text)
    if not path.is_dir():
        raise ValueError(
            f"the folder {path} does not exist; mount it, create it, or name another one"
        )
    return path


def parse_languages(text: str) -> tuple[str, ...]:
    """Parse language tags that are separated by commas or spaces. Duplicates are removed."""
    words = text.replace(",", " ").split()
    if not words:
        raise ValueError("name at least one language, such as original or en")
    tags = (
        word.lower() if word.lower() == ORIGINAL else str(Language.parse(word)) for word in words
    )
    return tuple(dict.fromkeys(tags))


def parse_server_kind(text: str) -> str:
    """Parse the kind of media server. ``none`` gives an empty text."""
    word = text.strip().lower()
    if word in ("", "none"):
        return ""
    if word not in API_KEY_FIELDS:
        raise ValueError(f"{text!r} is not known; write {', '.join(API_KEY_FIELDS)} or none")
    return word


def parse_url(text: str) -> str:
    """Parse the address of a server."""
    text = text.strip()
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or not text.isprintable():
        raise ValueError("this is not an address; write one such as http://nas:8096")
    if parts.username or parts.password:
        raise ValueError("an address must not contain a password; put it into the key file")
    return text


def parse_key_file(text: str) -> Path:
    """Parse the path of a file with a key, and check that the file is readable and not empty."""
    path = _parse_path(text)
    try:
        content = path.read_bytes().strip()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}; name another") from None
    if not content:
        raise ValueError(f"{path} is empty; put the server's key into it")
    return path


def parse_working_hours(text: str) -> str:
    """Parse a time window, or ``always``."""
    text = text.strip()
    if text.lower() in ("", ALWAYS):
        return ALWAYS
    parse_window(text)
    return text


def render_config(answers: WizardAnswers) -> str:
    """Return the TOML text: all settings that differ from the defaults, with comments."""
    lines = [
        "# Written by subtitled init. Every other setting has its default;",
        "# config.example.toml shows them all. After a change: subtitled config check",
        "",
        f"[libraries.{LIBRARY_NAME}]",
        f"path = {_quote_toml(str(answers.library))}",
    ]
    if answers.languages != (ORIGINAL,):
        tags = ", ".join(_quote_toml(tag) for tag in answers.languages)
        lines += [f'languages = [{tags}]  # "original" is the language spoken']
    if answers.is_remote_allowed:
        lines += [
            'allowed_destinations = "any"  # audio and text may be sent to configured components'
        ]
    if answers.working_hours != ALWAYS:
        lines += [
            "",
            "[schedule]",
            f"windows = [{_quote_toml(answers.working_hours)}]  # working hours",
        ]
    if (server := answers.server) is not None:
        key = f"{API_KEY_FIELDS[server.kind]} = {{file = {_quote_toml(str(server.key_file))}}}"
        lines += ["", "# Notified of each new subtitle. Does it have the media under another path?"]
        lines += ["# Then add: path_map = [[OUR FOLDER, ITS FOLDER]]"]
        lines += [f"[servers.{server.kind}]", f"url = {_quote_toml(server.url)}", key]
    return "\n".join(lines) + "\n"


def _quote_toml(text: str) -> str:
    """Quote a text for TOML, which has the escapes of JSON. But only JSON allows a bare DEL."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
