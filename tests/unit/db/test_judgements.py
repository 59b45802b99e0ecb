"""Judgements and hashes of contents are kept, and a file that has not changed is not read again."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.db import judgements, sidecar_ownership
from subtitled.db.database import Database
from subtitled.subtitles.judgement import TextJudgement, judge_text
from subtitled.subtitles.publish import compute_sha256
from support.dialogue import lines_of, make_srt
from support.seen_files import record_seen


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "subtitled.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Files that were read."""
    read: list[Path] = []
    real = compute_sha256

    def compute(path: Path) -> str | None:
        read.append(path)
        return real(path)

    monkeypatch.setattr(judgements, "compute_sha256", compute)
    return read


def old_file(path: Path, content: bytes, age: float = 60.0) -> Path:
    path.write_bytes(content)
    os.utime(path, (time.time() - age,) * 2)
    return path


def test_a_judgement_is_found_again_by_another_process(database: Database, tmp_path: Path) -> None:
    judgement, _ = judge_text(make_srt(lines_of("de") * 3).encode(), "srt")
    database.judgements.store("ab:srt:de", judgement)
    assert database.judgements.find("ab:srt:de") == judgement
    database.judgements.flush()
    other = Database(tmp_path / "subtitled.sqlite")
    assert other.judgements.find("ab:srt:de") == judgement
    assert other.judgements.find("cd:srt:de") is None
    other.close()


def test_a_later_judgement_replaces_the_one_before(database: Database) -> None:
    for problem in ("it is empty", "it has no cue"):
        database.judgements.store("key", TextJudgement(problem=problem))
        database.judgements.flush()
    found = database.judgements.find("key")
    assert found is not None
    assert found.problem == "it has no cue"


@pytest.mark.parametrize("payload", ["", "[", "[]", '{"v":0}', '{"v":2,"surprise":1}', "null"])
def test_a_judgement_of_another_version_is_made_again(payload: str) -> None:
    assert TextJudgement.from_json(payload) is None


def test_an_unchanged_file_is_read_once(
    database: Database, tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgements, "MIN_AGE_NS", -1)
    path = old_file(tmp_path / "Film.en.srt", b"one")
    first = database.judgements.content_hash(path)
    assert database.judgements.content_hash(path) == first
    database.judgements.flush()
    assert database.judgements.content_hash(path) == first
    assert reads == [path]
    old_file(path, b"two")
    assert database.judgements.content_hash(path) != first
    assert len(reads) == 2


def test_a_file_that_changed_a_moment_ago_is_read_each_time(
    database: Database, tmp_path: Path, reads: list[Path]
) -> None:
    path = tmp_path / "Film.en.srt"
    path.write_bytes(b"one")
    for _ in range(2):
        assert database.judgements.content_hash(path) is not None
    assert len(reads) == 2


def test_what_is_no_file_has_no_hash(database: Database, tmp_path: Path) -> None:
    (tmp_path / "folder.srt").mkdir()
    os.mkfifo(tmp_path / "pipe.srt")
    (tmp_path / "link.srt").symlink_to(tmp_path / "nothing")
    for name in ("folder.srt", "pipe.srt", "link.srt", "missing.srt"):
        assert database.judgements.content_hash(tmp_path / name) is None


def test_a_disk_that_fails_says_nothing_of_a_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> str | None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))

    file = old_file(tmp_path / "Film.en.srt", b"text")
    monkeypatch.setattr(judgements, "compute_sha256", fail)
    with pytest.raises(OSError, match="Input/output error"):
        database.judgements.content_hash(file)
    monkeypatch.setattr(sidecar_ownership, "compute_sha256", fail)
    with pytest.raises(OSError, match="Input/output error"):
        database.sidecars.ownership(file)


def test_what_was_known_of_files_that_are_gone_is_deleted(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgements, "MIN_AGE_NS", -1)
    kept = ["Film/Film.en.srt", "Film/Subs/Film.de.srt", "Film/Subs/Film/2_French.srt"]
    digests = {}
    for name in (*kept, "Gone/Gone.en.srt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        digests[name] = database.judgements.content_hash(old_file(path, name.encode()))
        database.judgements.store(f"{digests[name]}:srt:en:", TextJudgement(cue_count=1))
    for name in ("Film/Film.mkv", "Gone/Gone.mkv"):
        record_seen(database, "films", tmp_path / name, tmp_path.stat())
        record = database.files.get(tmp_path / name)
        assert record is not None
        database.files.set_fingerprint(record.id, f"mark of {record.path.stem}")
        database.judgements.store(f"mark of {record.path.stem}:2", TextJudgement(cue_count=2))
    assert database.judgements.prune() == 0
    gone = database.files.get(tmp_path / "Gone/Gone.mkv")
    assert gone is not None
    database.files.mark_missing(gone.id, 1.0)
    database.files.forget_missing("films", 2.0)
    assert database.judgements.prune() == 3
    assert database.judgements.prune() == 0
    for name in kept:
        assert database.judgements.find(f"{digests[name]}:srt:en:") is not None
    assert database.judgements.find("mark of Film:2") is not None
    assert database.judgements.find("mark of Gone:2") is None
    assert database.judgements.find(f"{digests['Gone/Gone.en.srt']}:srt:en:") is None


def test_the_judgement_of_a_text_that_was_replaced_is_deleted(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(judgements, "MIN_AGE_NS", -1)
    record_seen(database, "films", tmp_path / "Film.mkv", tmp_path.stat())
    for content in (b"one", b"other"):
        digest = database.judgements.content_hash(old_file(tmp_path / "Film.en.srt", content))
        database.judgements.store(f"{digest}:srt:en:", TextJudgement(cue_count=1))
        database.judgements.flush()
    assert database.judgements.prune() == 1
    assert database.judgements.find(f"{digest}:srt:en:") is not None
