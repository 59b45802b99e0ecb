"""Coverage in numbers: by library, language and kind, how many files have what is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.settings import AppSettings
from subtitled.db.database import Database
from subtitled.db.presence import SubtitleOrigin
from subtitled.db.records import FileState

from .plain import to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageCoverage:
    """How many files of a library have one requirement, by its status."""

    language: str
    """BCP 47, or ``original`` for the spoken language while that is unknown."""
    kind: str
    met: int = 0
    nothing_to_write: int = 0
    """Nothing that it would have is said: nobody speaks, or not in a foreign language."""
    missing: int = 0
    impossible: int = 0
    removed: int = 0
    """Removed by hand, so that it is not made again."""

    @property
    def files(self) -> int:
        """The number of files with this requirement."""
        found = self.met + self.nothing_to_write
        return found + self.missing + self.impossible + self.removed


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryCoverage:
    """The coverage of one library."""

    library: str
    files: int
    """Its files, without missing ones."""
    unexamined: int
    """Of these, the files of which it is not known yet what they have and need."""
    seconds: float
    """Their duration in all, as far as it is known."""
    states: dict[str, int]
    """The number of files in each state, missing ones too."""
    languages: tuple[LanguageCoverage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageAnswer:
    """The coverage of all libraries, in the order of the configuration."""

    libraries: tuple[LibraryCoverage, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the coverage as JSON has it."""
        plain: dict[str, Any] = to_plain(self)
        return plain


def count_coverage(
    settings: AppSettings, db: Database, library: str | None = None
) -> CoverageAnswer:
    """Count which subtitles are there and which are missing.

    Args:
        settings: The settings, for the order of the libraries. Those that are only in the database
            come last.
        db: The database.
        library: One library only; by default all.
    """
    unexamined = db.overview.count_unexamined_by_library()
    states: dict[str, dict[str, int]] = {name: {} for name in settings.libraries}
    seconds: dict[str, float] = {}
    for count in db.overview.count_states():
        states.setdefault(count.library, {})[str(count.state)] = count.files
        if count.state is not FileState.MISSING:
            seconds[count.library] = seconds.get(count.library, 0.0) + count.seconds
    numbers: dict[str, dict[tuple[str, str], dict[str, int]]] = {}
    for row in db.overview.count_requirements():
        key = (row.language or ORIGINAL, row.kind)
        by_status = numbers.setdefault(row.library, {}).setdefault(key, {})
        by_status[row.status] = by_status.get(row.status, 0) + row.files
    return CoverageAnswer(
        libraries=tuple(
            LibraryCoverage(
                library=name,
                files=sum(by_state.values()) - by_state.get(FileState.MISSING, 0),
                unexamined=unexamined.get(name, 0),
                seconds=seconds.get(name, 0.0),
                states=by_state,
                languages=tuple(
                    LanguageCoverage(
                        language=language,
                        kind=kind,
                        met=by_status.get("met", 0),
                        nothing_to_write=by_status.get("nothing-to-write", 0),
                        missing=by_status.get("missing", 0),
                        impossible=by_status.get("impossible", 0),
                        removed=by_status.get("removed", 0),
                    )
                    for (language, kind), by_status in sorted(numbers.get(name, {}).items())
                ),
            )
            for name, by_state in states.items()
            if library in (None, name)
        )
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentSubtitles:
    """How many files of a library have a subtitle of a language and kind, by whose it is."""

    language: str
    """BCP 47; ``und`` if it is unknown."""
    kind: str
    files: dict[SubtitleOrigin, int]
    """A file that has several counts once in each."""


def count_present(db: Database, library: str) -> list[PresentSubtitles]:
    """Count whose the subtitles are that the files of a library have, wanted or not."""
    rows: dict[tuple[str, str], dict[SubtitleOrigin, int]] = {}
    for count in db.presence.count(library):
        by_origin = rows.setdefault((count.presence.language, count.presence.kind), {})
        by_origin[count.presence.origin] = count.files
    return [
        PresentSubtitles(language=language, kind=kind, files=by_origin)
        for (language, kind), by_origin in rows.items()
    ]
