"""The ledger's pages of sidecars: every one that we wrote, as we wrote it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from subtitled.plugin import Kind, Language, Sidecar
from subtitled.subtitles.ownership import (
    Provenance,
    Whose,
    is_plain,
    sign_anew,
    signature,
    whose,
)
from subtitled.subtitles.publish import file_sha256

from .database import Position, insert, writing
from .provenance import ProvenanceStore
from .schema import sidecars
from .tellings import note


class Fate(StrEnum):
    """What became of a sidecar that we wrote."""

    THERE = "there"
    YIELDED = "yielded"
    """Taken away because somebody else's came."""
    TAKEN_BACK = "taken back"
    """Taken away because a person said so: it is not made again until a person says so."""


@dataclass(frozen=True, slots=True)
class SidecarRecord:
    """One sidecar that we wrote, as we wrote it."""

    path: Path
    medium: Path
    content_id: str
    language: Language
    kind: Kind
    format: str
    sha256: str
    recipe: str = ""
    made_at: float = 0.0
    """Seconds since 1970."""
    fate: Fate = Fate.THERE
    by_hand: bool = False
    """A person asked for it: it yields to nothing."""


class Sidecars:
    """The sidecars in a ledger's database, and the signatures that say the same."""

    def __init__(self, engine: sa.Engine, provenance: ProvenanceStore) -> None:
        self._engine = engine
        self._provenance = provenance

    def record(self, path: Path, medium: Path, made: Provenance, *, by_hand: bool = False) -> None:
        """Remember a sidecar that we wrote and that now is whole on disk; servers hear of it."""
        self._remember(path, medium, made, by_hand=by_hand, written=True)

    def adopt(self, found: Sequence[tuple[Path, Path, Provenance]]) -> None:
        """Remember sidecars by their signatures, each with its path and that of its medium; what
        is known of a path already stays known."""
        if found:
            with self._engine.begin() as c:
                c.execute(
                    insert(c, sidecars).on_conflict_do_nothing(), [_row(*one) for one in found]
                )

    def get(self, path: Path) -> SidecarRecord | None:
        """What we remember of a sidecar; the file itself may have been edited since."""
        found = self._all(sidecars.c.path == os.fsencode(path))
        return found[0] if found else None

    def of_medium(self, medium: Path) -> list[SidecarRecord]:
        """Every sidecar that was made for what lay at this path, by name."""
        return self._all(sidecars.c.medium == os.fsencode(medium))

    def of_content(self, content_id: str) -> list[SidecarRecord]:
        """Every sidecar that was made for this content, wherever it lies."""
        return self._all(sidecars.c.content_id == content_id)

    def in_folder(self, folder: Path) -> list[SidecarRecord]:
        """Every sidecar that we wrote into a folder, not below it."""
        key = os.fsencode(folder).rstrip(b"/") + b"/"
        name = sa.func.substr(sidecars.c.path, len(key) + 1)
        return self._all(
            sa.and_(
                sidecars.c.path > key,
                sidecars.c.path < key[:-1] + b"0",  # the byte after "/"
                Position(name, b"/") == 0,
            )
        )

    def moved(self, old: Path, path: Path, medium: Path) -> None:
        """A sidecar lies, or would lie, elsewhere now, beside its medium."""
        with writing(self._engine) as c:
            _note_gone(c, old)
            c.execute(sidecars.delete().where(sidecars.c.path == os.fsencode(path)))
            c.execute(
                sidecars.update()
                .where(sidecars.c.path == os.fsencode(old))
                .values(path=os.fsencode(path), medium=os.fsencode(medium))
            )
            known = _at(c, path)
            if known is not None and known.fate is Fate.THERE:
                sign_anew(path, known.content_id)
                note(c, medium, Sidecar(path, known.language, known.kind), there=True)

    def set_fate(self, path: Path, fate: Fate) -> None:
        """Write down what became of a sidecar; servers hear of one that was taken away."""
        with self._engine.begin() as c:
            if fate is not Fate.THERE:
                _note_gone(c, path)
            the_one = sidecars.c.path == os.fsencode(path)
            c.execute(sidecars.update().where(the_one).values(fate=fate))

    def forget(self, path: Path) -> None:
        """A sidecar is no longer known, nor there: servers hear of it."""
        with self._engine.begin() as c:
            _note_gone(c, path)
            c.execute(sidecars.delete().where(sidecars.c.path == os.fsencode(path)))

    def kept_aside(self) -> Iterator[Provenance]:
        """The signatures that the file systems of the libraries could not keep."""
        return self._provenance.all()

    def whose(self, path: Path, content: str | None = None) -> Whose:
        """Whose a sidecar is, beside a medium of this content (None: not known which)."""
        return self._seen(path, content)[0]

    def is_ours(self, path: Path) -> bool:
        """Whether a sidecar is as we wrote it: not somebody else's, not edited."""
        return self.whose(path) is Whose.OURS

    def replaceable(self, path: Path, content: str) -> str | None:
        """The SHA-256 of a sidecar that is ours, of whatever version: what may be replaced."""
        verdict, digest, _ = self._seen(path, content)
        return digest if verdict in (Whose.OURS, Whose.STALE) else None

    def recognise(self, path: Path, medium: Path, content: str) -> None:
        """Remember a sidecar of ours that is not in the ledger: it was lost, or the file moved."""
        verdict, digest, made = self._seen(path, content)
        known = self.get(path)
        if verdict is Whose.OURS and made is not None and (not known or known.sha256 != digest):
            sign_anew(path, content)
            # No server hears of it: when the ledger was lost, this is the whole library.
            self._remember(path, medium, made, by_hand=False, written=False)

    def _remember(
        self, path: Path, medium: Path, made: Provenance, *, by_hand: bool, written: bool
    ) -> None:
        if signature(path) is None:
            self._provenance.keep(made)
        row = _row(path, medium, made) | {"by_hand": by_hand}
        others = {name: value for name, value in row.items() if name != "path"}
        with self._engine.begin() as c:
            statement = insert(c, sidecars).values(row)
            c.execute(statement.on_conflict_do_update(index_elements=["path"], set_=others))
            if written:
                note(c, medium, Sidecar(path, made.language, made.kind), there=True)

    def _seen(self, path: Path, content: str | None) -> tuple[Whose, str, Provenance | None]:
        """Whose a file is, its SHA-256, and its signature wherever that is kept."""
        try:
            digest = file_sha256(path) if is_plain(path) else None
        except OSError:
            digest = None
        if digest is None:
            return Whose.THEIRS, "", None
        known = self.get(path)
        # What was taken away left its name to whoever came.
        remembered = (known.sha256, known.content_id) if known else None
        if known and known.fate is not Fate.THERE and known.sha256 != digest:
            remembered = None
        signed = signature(path)
        if signed is None and content is not None:
            signed = self._provenance.find(content, digest)
        return whose(path.name, digest, content, remembered, signed), digest, signed

    def _all(self, condition: sa.ColumnElement[bool]) -> list[SidecarRecord]:
        query = sa.select(sidecars).where(condition).order_by(sidecars.c.path)
        with self._engine.connect() as c:
            return [_record(row) for row in c.execute(query).mappings()]


def _at(c: sa.Connection, path: Path) -> SidecarRecord | None:
    query = sa.select(sidecars).where(sidecars.c.path == os.fsencode(path))
    row = c.execute(query).mappings().first()
    return _record(row) if row is not None else None


def _note_gone(c: sa.Connection, path: Path) -> None:
    """Write down for the servers that a sidecar which was there no longer is."""
    known = _at(c, path)
    if known is not None and known.fate is Fate.THERE:
        note(c, known.medium, Sidecar(path, known.language, known.kind), there=False)


def _row(path: Path, medium: Path, made: Provenance) -> dict[str, Any]:
    return {
        "path": os.fsencode(path),
        "medium": os.fsencode(medium),
        "content_id": made.content_id,
        "language": str(made.language),
        "kind": str(made.kind),
        "format": made.format,
        "sha256": made.sha256,
        "size": made.size,
        "recipe": made.recipe,
        "made_at": made.made_at,
        "fate": Fate.THERE,
    }


def _record(row: Any) -> SidecarRecord:
    return SidecarRecord(
        path=Path(os.fsdecode(row["path"])),
        medium=Path(os.fsdecode(row["medium"])),
        content_id=row["content_id"],
        language=Language(row["language"]),
        kind=Kind(row["kind"]),
        format=row["format"],
        sha256=row["sha256"],
        recipe=row["recipe"],
        made_at=row["made_at"],
        fate=Fate(row["fate"]),
        by_hand=row["by_hand"],
    )
