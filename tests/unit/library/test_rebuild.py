"""The ``sidecars`` table rebuilt from the media files' folders, and previous versions of a file."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FileRecord
from subtitled.library.rebuild import rebuild_sidecars
from subtitled.library.versions import candidate_previous_versions
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.ownership import Ownership, Signature
from subtitled.subtitles.publish import publish_sidecar
from support.seen_files import record_seen


def write(database: Database, media_file: Path, language: str, content: str = "c1") -> Path:
    path = build_sidecar_path(media_file, Language(language), SubtitleKind.FULL, "srt")
    encoded = os.fsencode(path.name)
    digest = hashlib.sha256(encoded).hexdigest()
    signature = Signature(
        fingerprint=content,
        name=path.name,
        language=Language(language),
        kind=SubtitleKind.FULL,
        format="srt",
        variant="whisper",
        created_at=7.5,
        sha256=digest,
        size_bytes=len(encoded),
    )
    publish_sidecar(path, encoded, own_digest=None, signature=signature)
    database.sidecars.record_written(path, media_file, signature)
    return path


def unsupported(*arguments: object, **more: object) -> None:
    raise OSError(95, "Operation not supported")


@pytest.mark.parametrize("attributes", [True, False])
def test_a_rebuild_adopts_every_sidecar_of_ours_and_no_human_one(
    attributes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not attributes:
        monkeypatch.setattr(os, "setxattr", unsupported)
    root = tmp_path / "films"
    (root / "deep").mkdir(parents=True)
    database = Database(tmp_path / "subtitled.sqlite")
    names = ["Film [1].mkv", os.fsdecode(b"caf\xe9.mkv"), "deep/a.b.mkv", "no words.mkv"]
    media = [root / name for name in names]
    for media_file in media:
        media_file.write_bytes(b"film")
    ours = [
        write(database, media_file, code) for media_file in media[:3] for code in ("en", "pt-BR")
    ]
    edited = write(database, media[0], "de")
    edited.write_bytes(b"somebody's")
    theirs = root / "Film [1].fr.srt"
    theirs.write_bytes(b"somebody's")
    copied = root / "no words.en.srt"
    shutil.copy2(ours[0], copied)
    orphan = root / "gone.en.srt"
    shutil.copy2(ours[0], orphan)
    database.close()
    (tmp_path / "subtitled.sqlite").unlink()
    rebuilt = Database(tmp_path / "subtitled.sqlite")
    settings = {"films": LibrarySettings(path=root)}
    for _ in range(2):
        report = rebuild_sidecars(rebuilt, settings)
        assert (report.media, report.unreadable) == (4, 0)
        assert (report.adopted, report.foreign) == ((7, 3) if attributes else (6, 4))
        for path in ours:
            known = rebuilt.sidecars.get(path)
            assert known is not None
            assert (known.fingerprint, known.variant, known.created_at) == ("c1", "whisper", 7.5)
            assert known.media in media
            assert rebuilt.sidecars.ownership(path, "c1") is Ownership.OURS
        for path in (theirs, copied, orphan):
            assert rebuilt.sidecars.get(path) is None
        assert rebuilt.sidecars.ownership(edited, "c1") is (
            Ownership.EDITED if attributes else Ownership.HUMAN
        )
        assert rebuilt.sidecars.ownership(copied, "c2") is Ownership.HUMAN


def the(database: Database, path: Path, content: str | None = None) -> FileRecord:
    path.touch()
    record_seen(database, "films", path, path.stat())
    record = database.files.get(path)
    assert record is not None
    if content is not None:
        database.files.set_fingerprint(record.id, content)
    found = database.files.get(path)
    assert found is not None
    return found


def test_path_name_and_sidecars_give_the_candidate_previous_versions(tmp_path: Path) -> None:
    database = Database(tmp_path / "subtitled.sqlite")
    for name, content in (
        ("Other S01E03.avi", "another programme that is there"),
        ("Show S01E03.avi", "same stem"),
        ("Show - 1x02 - dvd.avi", "another episode, gone"),
        ("Show - 1x03 - dvd.avi", "the same episode, gone"),
    ):
        the(database, tmp_path / name, content)
    (tmp_path / "Show - 1x02 - dvd.avi").unlink()
    (tmp_path / "Show - 1x03 - dvd.avi").unlink()
    media_file = tmp_path / "Show S01E03.mkv"
    the(database, media_file, "what lay there before")
    media_file.write_bytes(b"longer")
    record = the(database, media_file, "itself")
    write(database, media_file, "en", "what its subtitle was made for")
    assert candidate_previous_versions(database, record) == (
        "what lay there before",
        "same stem",
        "what its subtitle was made for",
        "the same episode, gone",
        "another episode, gone",
    )
