"""The ledger's pages of sidecars: every one that we wrote, as we wrote it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects.sqlite import insert

from subtitled.plugin import Kind, Language
from subtitled.subtitles.publish import file_sha256

from .schema import sidecars


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


class Sidecars:
    """The sidecars in a ledger's database."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def record(
        self,
        path: Path,
        *,
        medium: Path,
        content_id: str,
        language: Language,
        kind: Kind,
        format: str,
        sha256: str,
        size: int,
        recipe: str,
    ) -> None:
        """Remember a sidecar that now is whole on disk."""
        values = {
            "medium": os.fsencode(medium),
            "content_id": content_id,
            "language": str(language),
            "kind": str(kind),
            "format": format,
            "sha256": sha256,
            "size": size,
            "recipe": recipe,
            "made_at": time.time(),
        }
        statement = insert(sidecars).values(path=os.fsencode(path), **values)
        with self._engine.begin() as c:
            c.execute(statement.on_conflict_do_update(index_elements=["path"], set_=values))

    def get(self, path: Path) -> SidecarRecord | None:
        """What we remember of a sidecar; the file itself may have been edited since."""
        query = sa.select(sidecars).where(sidecars.c.path == os.fsencode(path))
        with self._engine.connect() as c:
            row = c.execute(query).mappings().first()
        if row is None:
            return None
        return SidecarRecord(
            path=Path(os.fsdecode(row["path"])),
            medium=Path(os.fsdecode(row["medium"])),
            content_id=row["content_id"],
            language=Language(row["language"]),
            kind=Kind(row["kind"]),
            format=row["format"],
            sha256=row["sha256"],
        )

    def is_ours(self, path: Path) -> bool:
        """Whether a sidecar is as we wrote it: not somebody else's, not edited."""
        known = self.get(path)
        try:
            return known is not None and file_sha256(path) == known.sha256
        except OSError:
            return False
