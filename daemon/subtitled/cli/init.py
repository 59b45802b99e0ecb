"""``init``: five questions, and the configuration that follows from the answers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import platformdirs
import typer

from subtitled.config import first
from subtitled.config.places import SYSTEM_WIDE

from .app import app, chosen
from .output import FAILED, WRONG, errors, fail, say, shown

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
    path = output or chosen() or _usual()
    if os.path.lexists(path):
        fail(f"{shown(path)} is there already; name another file with --output", FAILED)

    def answer(
        question: str, option: str, given: str | None, default: str | None, read: Callable[[str], T]
    ) -> T:
        """What an option says, else the default, else what is typed, until it is right."""
        if given is None and yes and default is None:
            fail(f"--yes has no default here; give {option}", WRONG)
        asked = given is None and not yes
        while True:
            text = typer.prompt(question, default=default) if asked else given or default or ""
            try:
                return read(text)
            except ValueError as error:
                if not asked:
                    fail(f"{option}: {error}", WRONG)
                errors.print(f"  {error}", markup=False)

    folder = answer(
        "1. In which folder do your media lie?", "--library", library, None, first.library
    )
    wanted = answer(
        "2. Subtitles in which languages?",
        "--languages",
        given=languages,
        default="original,en",
        read=first.languages,
    )
    kind = answer(
        "3. Which media server is told: jellyfin, emby, plex, kodi?",
        "--server",
        given=server,
        default="none",
        read=first.kind,
    )
    told = None
    if kind:
        url = answer("   Where does it answer?", "--server-url", server_url, None, first.url)
        key = answer(
            "   In which file does its key lie?",
            "--server-key-file",
            given=server_key_file,
            default=None,
            read=first.key_file,
        )
        told = first.Server(kind, url, key)
    elif server_url or server_key_file:
        fail("there is a server's url or key, but no server; add --server", WRONG)
    if send is None:
        send = not yes and typer.confirm("4. May sound leave this machine?", default=False)
    times = answer(
        "5. When may work be done, such as 22:00-07:00?",
        "--hours",
        given=hours,
        default=first.ALWAYS,
        read=first.hours,
    )
    _write(path, first.written(first.Answers(folder, wanted, told, send, times)))
    say(f"{shown(path)} is written. Next: subtitled --config {shown(path)} doctor")


def _usual() -> Path:
    """The file that would be read, were it there."""
    if named := os.environ.get("SUBTITLED_CONFIG"):
        return Path(named)
    if os.geteuid() == 0:
        return SYSTEM_WIDE
    return Path(platformdirs.user_config_dir("subtitled")) / "config.toml"


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        fail(
            f"{shown(path)} cannot be written: {error.strerror}; name another file with --output",
            FAILED,
        )
