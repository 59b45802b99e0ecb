"""Looking at one file as the daemon would, for the commands that tell of it."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.places import state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.library.identity import content_id
from subtitled.library.intake import library_of
from subtitled.library.ledger import Ledger
from subtitled.library.wishes import SummaryWish, Wish
from subtitled.media.probe import probe
from subtitled.plugin import Kind
from subtitled.work.planning import Examination, examine
from subtitled.work.workshop import transcripts_in


def library_for(settings: Configuration, path: Path) -> LibrarySettings:
    """The library that a path lies in, else the default wishes."""
    name = library_of(path, settings.settings.libraries)
    return settings.settings.libraries[name] if name else LibrarySettings(path=path.parent)


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
