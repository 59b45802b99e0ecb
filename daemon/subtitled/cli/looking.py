"""Looking at one file as the daemon would, for the commands that tell of it."""

from __future__ import annotations

import os
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.places import state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.services import transcripts_in
from subtitled.library.identity import content_id
from subtitled.library.intake import library_of
from subtitled.library.ledger import Ledger
from subtitled.library.wishes import SummaryWish, Wish
from subtitled.media.probe import probe
from subtitled.pipeline.planning import Examination, examine
from subtitled.plugin import Kind

from .output import shown


def library_for(settings: Configuration, path: Path) -> LibrarySettings:
    """The library that a path lies in, else the default wishes."""
    name = library_of(path, settings.settings.libraries)
    return settings.settings.libraries[name] if name else LibrarySettings(path=path.parent)


def as_known(settings: Configuration, path: Path) -> Path:
    """The path by which its library knows a file, however it was typed: from the current folder,
    with ``..`` in it, or past a link by which the library's folder is configured."""
    libraries = settings.settings.libraries
    here = Path(os.path.abspath(path))  # noqa: PTH100 - links stand: a library has them in its paths
    if library_of(here, libraries) is None:
        real = here.parent.resolve() / here.name
        for library in libraries.values():
            if real.is_relative_to(root := library.path.resolve()):
                return library.path / real.relative_to(root)
    return here


def libraries_listed(settings: Configuration) -> str:
    """The libraries and where they lie, for messages."""
    libraries = settings.settings.libraries
    return ", ".join(f"{name} in {shown(one.path)}" for name, one in libraries.items()) or "none"


def examined(settings: Configuration, path: Path, ledger: Ledger) -> Examination:
    """What is there and what the policy says of it. Raises :class:`Problem` and ``OSError``."""
    return examine(
        path,
        probe(path),
        library_for(settings, path),
        settings,
        content=content_id(path),
        transcripts=transcripts_in(state_dir(settings.settings)),
        sidecars=ledger.sidecars,
    )


def named(wish: Wish | SummaryWish) -> str:
    """What is wanted, for people: ``es``, ``en.forced``, ``en+es``, ``summary en``."""
    if isinstance(wish, SummaryWish):
        return f"summary {wish.language or 'original'}"
    kind = "" if wish.kind is Kind.FULL else f".{wish.kind}"
    below = f"+{named(wish.below)}" if wish.below else ""
    return f"{wish.language or 'original'}{kind}{below}"
