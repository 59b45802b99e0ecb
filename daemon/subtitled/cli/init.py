"""``init``: five questions, and the configuration that follows from the answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import platformdirs
import typer

from subtitled.config import wizard
from subtitled.config.paths import SYSTEM_CONFIG

from .app import app, chosen_config_path
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, errors

T = TypeVar("T")


@app.command()
def init(
    library: Annotated[str | None, typer.Option(help="The folder of your media.")] = None,
    languages: Annotated[
        str | None, typer.Option(help='Subtitles wanted, such as "original,en".')
    ] = None,
    server: Annotated[str | None, typer.Option(help="jellyfin, emby, plex, kodi or none.")] = None,
    server_url: Annotated[str | None, typer.Option(help="Where it answers.")] = None,
    server_key_file: Annotated[
        str | None, typer.Option(help="The file that holds its key; the key itself is not copied.")
    ] = None,
    send: Annotated[bool | None, typer.Option(help="Sound may leave this machine, or not.")] = None,
    hours: Annotated[
        str | None, typer.Option(help='Hours of work, such as "22:00-07:00", or always.')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: take the defaults.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="The file to write. One that is there is left alone.")
    ] = None,
) -> None:
    """Ask five questions and write a configuration."""
    path = output or chosen_config_path() or _default_path()
    if os.path.lexists(path):
        abort(f"{display_path(path)} is there already; name another file with --output", FAILED)

    def ask(
        question: str, option: str, given: str | None, default: str | None, read: Callable[[str], T]
    ) -> T:
        """What an option says, else the default, else what is typed, until it is right."""
        if given is None and yes and default is None:
            abort(f"--yes has no default here; give {option}", USAGE_ERROR)
        is_interactive = given is None and not yes
        while True:
            text = (
                typer.prompt(question, default=default)
                if is_interactive
                else given or default or ""
            )
            try:
                return read(text)
            except ValueError as error:
                if not is_interactive:
                    abort(f"{option}: {error}", USAGE_ERROR)
                errors.print(f"  {error}", markup=False)

    folder = ask(
        "1. In which folder do your media lie?", "--library", library, None, wizard.parse_library
    )
    languages_answer = ask(
        "2. Subtitles in which languages?",
        "--languages",
        given=languages,
        default="original,en",
        read=wizard.parse_languages,
    )
    kind = ask(
        "3. Which media server is told: jellyfin, emby, plex, kodi?",
        "--server",
        given=server,
        default="none",
        read=wizard.parse_server_kind,
    )
    server_answer = None
    if kind:
        url = ask("   Where does it answer?", "--server-url", server_url, None, wizard.parse_url)
        key = ask(
            "   In which file does its key lie?",
            "--server-key-file",
            given=server_key_file,
            default=None,
            read=wizard.parse_key_file,
        )
        server_answer = wizard.MediaServerAnswer(kind, url, key)
    elif server_url or server_key_file:
        abort("there is a server's url or key, but no server; add --server", USAGE_ERROR)
    if send is None:
        send = not yes and typer.confirm("4. May sound leave this machine?", default=False)
    times = ask(
        "5. When may work be done, such as 22:00-07:00?",
        "--hours",
        given=hours,
        default=wizard.ALWAYS,
        read=wizard.parse_working_hours,
    )
    _write_config(
        path,
        wizard.render_config(
            wizard.WizardAnswers(folder, languages_answer, server_answer, send, times)
        ),
    )
    echo(f"{display_path(path)} is written. Next: subtitled --config {display_path(path)} doctor")


def _default_path() -> Path:
    """The file that would be read, were it there."""
    if environment_path := os.environ.get("SUBTITLED_CONFIG"):
        return Path(environment_path)
    if os.geteuid() == 0:
        return SYSTEM_CONFIG
    return Path(platformdirs.user_config_dir("subtitled")) / "config.toml"


def _write_config(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        abort(
            f"{display_path(path)} cannot be written: {error.strerror}; name another file with --output",
            FAILED,
        )
