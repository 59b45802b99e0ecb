"""``init``: write a first configuration from the answers to five questions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import platformdirs
import typer

from subtitled.config import wizard
from subtitled.config.locations import SYSTEM_CONFIG
from subtitled.plugin import SubtitledError

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
    server_url: Annotated[str | None, typer.Option(help="The server's address.")] = None,
    server_key_file: Annotated[
        str | None,
        typer.Option(help="The file that contains its key. The key itself is not copied."),
    ] = None,
    allow_remote: Annotated[
        bool | None, typer.Option(help="Whether audio may leave this machine.")
    ] = None,
    hours: Annotated[
        str | None, typer.Option(help='Working hours, such as "22:00-07:00", or always.')
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing, take the defaults.")] = False,
    output: Annotated[
        Path | None, typer.Option(help="The file to write. An existing file is not changed.")
    ] = None,
) -> None:
    """Ask five questions and write a configuration."""
    path = output or chosen_config_path() or _default_path()
    if os.path.lexists(path):
        abort(f"{display_path(path)} exists already; name another file with --output", FAILED)

    def ask(
        question: str, option: str, given: str | None, default: str | None, read: Callable[[str], T]
    ) -> T:
        """Return the value of an option, else the default, else what is typed until it is valid."""
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
        "1. In which folder are your media files?", "--library", library, None, wizard.parse_library
    )
    languages_answer = ask(
        "2. Subtitles in which languages?",
        "--languages",
        given=languages,
        default="original,en",
        read=wizard.parse_languages,
    )
    kind = ask(
        "3. Which media server is notified: jellyfin, emby, plex, kodi?",
        "--server",
        given=server,
        default="none",
        read=wizard.parse_server_kind,
    )
    server_answer = None
    if kind:
        url = ask("   What is its address?", "--server-url", server_url, None, wizard.parse_url)
        key = ask(
            "   Which file contains its key?",
            "--server-key-file",
            given=server_key_file,
            default=None,
            read=wizard.parse_key_file,
        )
        server_answer = wizard.MediaServerAnswer(kind, url, key)
    elif server_url or server_key_file:
        abort("--server-url and --server-key-file need --server", USAGE_ERROR)
    if allow_remote is None:
        allow_remote = not yes and typer.confirm("4. May audio leave this machine?", default=False)
    working_hours = ask(
        "5. When may subtitled work, such as 22:00-07:00?",
        "--hours",
        given=hours,
        default=wizard.ALWAYS,
        read=wizard.parse_working_hours,
    )
    _write_config(
        path,
        wizard.render_config(
            wizard.WizardAnswers(
                library=folder,
                languages=languages_answer,
                server=server_answer,
                is_remote_allowed=allow_remote,
                working_hours=working_hours,
            )
        ),
    )
    echo(f"{display_path(path)} is written. Next: subtitled --config {display_path(path)} doctor")
    _recommend(path)


def _default_path() -> Path:
    """Return the file that is read by default."""
    if environment_path := os.environ.get("SUBTITLED_CONFIG"):
        return Path(environment_path)
    if os.geteuid() == 0:
        return SYSTEM_CONFIG
    return Path(platformdirs.user_config_dir("subtitled")) / "config.toml"


def _recommend(path: Path) -> None:
    """Say which engine and model suit this machine, without downloading anything."""
    from subtitled.config.load import load_config
    from subtitled.daemon.benchmark.advice import advise, describe_advice

    try:
        advice = advise(load_config(path))
    except SubtitledError as error:
        errors.print(f"no engine can be recommended: {error}", markup=False)
        return
    for subject, line in describe_advice(advice):
        echo(f"{subject}: {line}")


def _write_config(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        abort(
            f"{display_path(path)} cannot be written: {error.strerror}; "
            "name another file with --output",
            FAILED,
        )
