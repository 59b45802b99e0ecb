"""Media files with subtitles of ours as the database knows them, without a job."""

from __future__ import annotations

import hashlib
from pathlib import Path

from subtitled.db.database import Database
from subtitled.db.overview import CoverageRow, FileOverview
from subtitled.db.records import FileState
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.makers import Maker, Makers
from subtitled.subtitles.ownership import Signature

from .seen_files import record_seen

BASE = Makers(Maker("whisper", "base", "0.1"))
SMALL = Makers(Maker("whisper", "small", "0.1"))


class MadeLibrary:
    """Files of the library ``films`` that a scan has seen."""

    def __init__(self, folder: Path, db: Database) -> None:
        self.folder = folder
        self.db = db

    def add(
        self,
        name: str,
        makers: Makers = BASE,
        state: FileState = FileState.DONE,
        *,
        ownership: str = "ours",
        formats: tuple[str, ...] = ("srt",),
        fingerprint: str = "f",
    ) -> Path:
        """Add a media file with an English subtitle, and return its path."""
        media = self.folder / f"{name}.mkv"
        media.write_bytes(name.encode())
        record_seen(self.db, "films", media, media.stat())
        record = self.db.files.get(media)
        assert record is not None
        self.db.files.set_fingerprint(record.id, "f")
        rows = []
        for fmt in formats:
            path = media.with_suffix(f".en.{fmt}")
            signature = Signature(
                fingerprint=fingerprint,
                name=path.name,
                language=Language("en"),
                kind=SubtitleKind.FULL,
                format=fmt,
                variant="",
                created_at=1.0,
                sha256=hashlib.sha256(path.name.encode()).hexdigest(),
                size_bytes=4,
                makers=makers,
            )
            self.db.sidecars.record_written(path, media, signature)
            rows.append(
                CoverageRow(
                    language="en",
                    kind="full",
                    format=fmt,
                    origin="sidecar",
                    location=path.name,
                    ownership=ownership,
                )
            )
        overview = FileOverview(duration=3600.0, title="", coverage=tuple(rows), requirements=())
        job = "job-1" if state is FileState.WORKING else None
        self.db.states.set_state(
            record.id, state, overview=overview, spoken_language="en", job_id=job
        )
        return media

    def requested(self) -> set[str]:
        """Return the names of the sidecars that are to be made again."""
        names = set()
        for media in self.folder.glob("*.mkv"):
            names |= {record.path.name for record in self.db.upgrades.requested(media)}
        return names

    def state(self, media: Path) -> tuple[FileState, int]:
        """Return the state of a media file and its priority."""
        record = self.db.files.get(media)
        assert record is not None
        return record.state, record.priority
