"""Removing a sidecar that is not whole, beside people who save theirs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.db.kv import PARTIAL_KEY
from subtitled.pipeline.partial_subtitle import remove_leftovers
from subtitled.subtitles import partial

CONTENT = b"1\n00:00:01,000 --> 00:00:03,000\nHello.\n"


def record_partial(db: Database, path: Path, media: Path) -> None:
    path.write_bytes(partial.mark_partial(CONTENT, "srt"))
    db.kv.set(PARTIAL_KEY + os.fsencode(path).hex(), os.fsencode(media).hex())


def test_what_a_killed_job_left_is_removed_also_if_its_name_is_not_utf8(tmp_path: Path) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    path = tmp_path / os.fsdecode(b"Caf\xe9.en.srt")
    record_partial(db, path, tmp_path / os.fsdecode(b"Caf\xe9.mkv"))
    remove_leftovers(db)
    assert not path.exists()
    assert db.kv.get_prefix(PARTIAL_KEY) == {}
    db.close()


def test_a_subtitle_that_a_person_saves_while_a_partial_one_is_removed_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Database(tmp_path / "subtitled.sqlite")
    path = tmp_path / "Film.en.srt"
    record_partial(db, path, tmp_path / "Film.mkv")
    judge = partial.is_partial

    def save_after(content: bytes) -> bool:
        is_partial = judge(content)
        path.write_bytes(b"by hand")
        return is_partial

    monkeypatch.setattr(partial, "is_partial", save_after)
    remove_leftovers(db)
    assert path.read_bytes() == b"by hand"
    db.close()
