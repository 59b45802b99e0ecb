"""A film with subtitles of ours in a folder, and a database, for tests of approving."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from subtitled.config.load import Configuration, load_config
from subtitled.db.database import Database
from subtitled.pipeline.approval import Approval, ApprovalRequest, Conflict, approve
from subtitled.plugin import Cue, Language, Subtitle, SubtitleKind
from subtitled.plugin.files import hash_file
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import publish_sidecar

EN = Language("en")
MACHINE = (Cue(1.0, 2.5, "Winter fell is coming."), Cue(3.0, 4.0, "Yes."))
APPROVED = (Cue(1.0, 2.5, "Winterfell is burning."), Cue(3.0, 4.25, "Yes."))
_TEMPLATE: list[Path] = []


def open_database(folder: Path) -> Database:
    """Open a new database in a folder. It is copied, because the migrations take a while."""
    if not _TEMPLATE:
        template = Path(tempfile.mkdtemp()) / "subtitled.sqlite"
        Database(template).close()
        _TEMPLATE.append(template)
    folder.mkdir(exist_ok=True)
    target = folder / "subtitled.sqlite"
    if not target.exists():
        for suffix in ("", "-wal", "-shm"):
            source = Path(f"{_TEMPLATE[0]}{suffix}")
            if source.exists():
                shutil.copy(source, f"{target}{suffix}")
    return Database(target)


class ApprovedFilm:
    """One film, and what the daemon and people do to its subtitles."""

    def __init__(self, folder: Path, *formats: str) -> None:
        self.state, self.root = folder / "state", folder / "films"
        self.root.mkdir()
        self.database = open_database(self.state)
        self._config = folder / "config.toml"
        self.film = self.root / "a.mkv"
        self.film.write_bytes(b"film")
        self.content = "c1"
        for fmt in formats or ("srt",):
            self.publish(fmt)
        self.machine = self.srt.read_bytes() if self.srt.exists() else b""
        """Our version in SubRip."""

    @property
    def configuration(self) -> Configuration:
        """A configuration without libraries, engines of its own or notifiers."""
        self._config.write_text("")
        return load_config(self._config)

    @property
    def srt(self) -> Path:
        """The sidecar in SubRip."""
        return self.path("srt")

    def path(self, fmt: str) -> Path:
        """Return the path of a sidecar of a format."""
        return build_sidecar_path(self.film, EN, SubtitleKind.FULL, fmt)

    def publish(self, fmt: str, cues: tuple[Cue, ...] = MACHINE) -> None:
        """Write a sidecar as a job does."""
        self.publish_file(
            self.path(fmt), render_subtitle(Subtitle(language=EN, cues=cues), fmt), fmt
        )

    def publish_file(self, path: Path, content: bytes, fmt: str) -> None:
        """Write a file of any content as a job does."""
        description = SidecarDescription(
            name=path.name, fingerprint=self.content, language=EN, format=fmt, variant="whisper"
        )
        signature = Signature.create(content, description)
        own_digest = self.database.sidecars.own_digest(path, self.content)
        publish_sidecar(path, content, own_digest=own_digest, signature=signature)
        self.database.sidecars.record_written(path, self.film, signature)

    def approve(
        self,
        *formats: str,
        cues: tuple[Cue, ...] = APPROVED,
        base_sha256: str | None = None,
        user: str = "ana",
    ) -> Approval | Conflict:
        """Approve cues for the sidecar in SubRip, which a person opened as it is now."""
        request = ApprovalRequest(
            sidecar=self.srt,
            cues=cues,
            user=user,
            base_sha256=hash_file(self.srt) if base_sha256 is None else base_sha256,
            base_cues=MACHINE,
            formats=formats or ("srt",),
        )
        return approve(self.database, request)

    def lose_database(self) -> None:
        """Delete the database, and open a new one."""
        self.database.close()
        for file in self.state.glob("subtitled.sqlite*"):
            file.unlink()
        self.database = open_database(self.state)

    def changes(self) -> list[tuple[str, bool]]:
        """Return what servers are to be told since the last call: each name, and if it is there."""
        with self.database.sidecars._engine.begin() as c:
            rows = c.exec_driver_sql("SELECT path, is_present FROM sidecar_changes ORDER BY id")
            told = [(Path(os.fsdecode(row[0])).name, bool(row[1])) for row in rows]
            c.exec_driver_sql("DELETE FROM sidecar_changes")
        return told
