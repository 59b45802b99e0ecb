"""Speech with its text in two languages: game dialogue and voice prompts.

The recordings are those of the folder ``tuning`` beside the project. What is said in them, in other
languages too, is read from Debian packages, which are downloaded once and unpacked into the cache
folder: the dialogue of fillets-ng, and the lists of the prompts of Asterisk.
"""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from material import SPEECH
from subtitled.config.paths import resolve_models_dir
from subtitled.config.settings import AppSettings
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues

TUNING = SPEECH / "tuning"
DIALOGUE, PROMPTS = "fillets-ng-data", "asterisk-core-sounds-{}"
PROMPT_LANGUAGES = ("en", "es", "fr", "it", "ru")
_LINE = re.compile(r'dialogId\("([^"]+)",\s*"[^"]*",\s*"((?:[^"\\]|\\.)*)"\)')
_TRANSLATED = re.compile(r'dialogStr\("((?:[^"\\]|\\.)*)"\)')


class MissingMaterialError(Exception):
    """Material is absent; the message says which, and what brings it."""


def find_texts(name: str, languages: tuple[str, str]) -> tuple[tuple[Cue, ...], tuple[Cue, ...]]:
    """Find what is said in a recording of the tuning material, in two languages.

    Args:
        name: The folder of the recording, which begins with the language spoken.
        languages: Any two languages of the text.

    Returns:
        Cues in the one and in the other, as many and at the same times. Those that are not known in
        both languages are left out.

    Raises:
        MissingMaterialError: The recording or a package of its text is absent.
    """
    path = TUNING / name / "reference.srt"
    if not path.exists():
        raise MissingMaterialError(f"{name}: there is no {path}")
    list_texts = _list_dialogue if "fillets" in name else _list_prompts
    spoken = name.partition("-")[0]
    one, other = (list_texts(spoken, language) for language in languages)
    keys = [(cue, _make_key(cue.text)) for cue in read_cues(path.read_bytes(), "srt")]
    known = [(cue, key) for cue, key in keys if key in one and key in other]
    return (
        tuple(Cue(cue.start, cue.end, one[key]) for cue, key in known),
        tuple(Cue(cue.start, cue.end, other[key]) for cue, key in known),
    )


def _list_dialogue(language: str, other: str) -> dict[str, str]:
    """List the lines of the game in one language with those in the other."""
    scripts = _unpack(DIALOGUE) / "usr/share/games/fillets-ng/script"

    def read(folder: Path, wanted: str) -> dict[str, str]:
        path = folder / f"dialogs_{wanted}.lua"
        text = path.read_text("utf-8") if path.exists() else ""
        lines: dict[str, str] = {}
        for part in re.split(r"(?=dialogId\()", text):
            line = _LINE.match(part)
            translation = _TRANSLATED.search(part)
            if line and wanted == "en":
                lines[line[1]] = line[2]
            elif line and translation:
                lines[line[1]] = translation[1]
        return lines

    table: dict[str, str] = {}
    for folder in sorted(path for path in scripts.iterdir() if path.is_dir()):
        _join(table, read(folder, language), read(folder, other))
    return table


def _list_prompts(language: str, other: str) -> dict[str, str]:
    """List the prompts in one language with those in the other."""

    def read(wanted: str) -> dict[str, str]:
        package = PROMPTS.format(wanted)
        if wanted not in PROMPT_LANGUAGES:
            return {}
        listing = _unpack(package) / f"usr/share/doc/{package}/core-sounds-{wanted}.txt.gz"
        lines = gzip.decompress(listing.read_bytes()).decode("utf-8-sig").splitlines()
        parts = (line.partition(":") for line in lines if not line.startswith(";"))
        return {key.strip(): text.strip() for key, _, text in parts if text.strip()}

    table: dict[str, str] = {}
    _join(table, read(language), read(other))
    return table


def _join(table: dict[str, str], source: Mapping[str, str], target: Mapping[str, str]) -> None:
    for key, text in source.items():
        if key in target:
            table.setdefault(_make_key(text), _unescape(target[key]))


def _make_key(text: str) -> str:
    return "".join(filter(str.isalnum, _unescape(text).casefold()))


def _unescape(text: str) -> str:
    return " ".join(text.replace('\\"', '"').replace("\\n", " ").split())


def _unpack(package: str) -> Path:
    """Return the folder of an unpacked package; download it the first time.

    Raises:
        MissingMaterialError: It cannot be downloaded here.
    """
    folder = resolve_models_dir(AppSettings()).parent / "quality" / package
    if (folder / "usr").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    print(f"downloading Debian's {package} into {folder}", file=sys.stderr, flush=True)
    if not _succeeds(["apt-get", "download", "-qq", package], folder):
        raise MissingMaterialError(
            f"Debian's {package} cannot be downloaded; run apt-get update, and try: "
            f"apt-get download {package}"
        )
    for archive in folder.glob("*.deb"):
        if not _succeeds(["dpkg-deb", "-x", archive.name, "."], folder):
            raise MissingMaterialError(f"{archive} cannot be unpacked; delete it, and try again")
        archive.unlink()
    return folder


def _succeeds(command: list[str], folder: Path) -> bool:
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, check=False)
    except OSError:
        return False
    return done.returncode == 0
