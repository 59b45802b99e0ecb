"""The audit names who made, changed, approved and sent each artefact."""

from __future__ import annotations

import csv
import io
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy

from subtitled.daemon.answers.audit import (
    COLUMNS,
    AuditAction,
    AuditEntry,
    audit_files,
    list_project_files,
    to_csv,
)
from subtitled.daemon.reviews.approving import approve_review
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.egress_log import EgressEntry, EgressState
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.plugin import Cue
from subtitled.subtitles.review import operations as ops
from support.harness import Harness, film
from support.review_library import ReviewLibrary

Run = Callable[..., subprocess.CompletedProcess[str]]
ANA, BEN = map(Actor.user, ("ana", "ben"))
CUES = (Cue(1.0, 3.0, "We go now."), Cue(4.0, 6.5, "He lives in New York."))


@pytest.fixture
def library(tmp_path: Path) -> ReviewLibrary:
    return ReviewLibrary(tmp_path)


def test_edits_approval_and_what_was_sent_are_told_with_who_did_it(
    library: ReviewLibrary,
) -> None:
    number = library.open("Film", CUES)
    media = library.films / "Film.mkv"
    for operation_id in ("a", "b"):
        tag = VersionTag.of(library.service.load(number))
        cue = "1" if operation_id == "a" else "2"
        library.service.edit(
            number, operation_id, ops.SetText(cue=cue, lines=(f"Text {cue}.",)), tag, ANA
        )
    approve_review(library.service, number, BEN, accepts_warnings=True)
    for key, seconds in (("one", 30.0), ("two", 12.0)):
        entry = EgressEntry(
            key=key,
            path=media,
            library="films",
            component="qwen",
            destination="qwen:singapore",
            kind="audio",
            amount=seconds,
        )
        sent = library.db.egress_log.open(entry, [])
        library.db.egress_log.finish(sent, EgressState.SENT, [])
    entries = list(audit_files(library.db, [media]))
    assert {entry.action for entry in entries} == {
        AuditAction.MADE,
        AuditAction.CHANGED,
        AuditAction.APPROVED,
        AuditAction.SENT,
    }
    by_action = {entry.action: entry for entry in entries}
    assert by_action[AuditAction.CHANGED].actor == "ana"
    assert by_action[AuditAction.CHANGED].detail.startswith("2 changes")
    assert by_action[AuditAction.APPROVED].actor == "ben"
    assert by_action[AuditAction.APPROVED].artefact == "Film.en.srt"
    assert "version 2" in by_action[AuditAction.APPROVED].detail
    assert by_action[AuditAction.SENT].detail.startswith("42 s of audio to qwen:singapore in 2")
    assert by_action[AuditAction.MADE].sha256
    assert [entry.at for entry in entries] == sorted(entry.at for entry in entries)
    later = time.time() + 60
    assert not list(audit_files(library.db, [media], since=later))
    assert not list(audit_files(library.db, [media], until=1.0))


def test_what_is_counted_together_is_counted_in_the_time_that_is_asked_for(
    library: ReviewLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, _ = library.add("Film", CUES)
    for key, at in (("one", 1000.0), ("two", 2000.0)):
        clock = SimpleNamespace(time=lambda at=at: at)
        monkeypatch.setattr("subtitled.db.egress_log.time", clock)
        entry = EgressEntry(
            key=key,
            path=record.path,
            library="films",
            component="qwen",
            destination="qwen:singapore",
            kind="audio",
            amount=30.0,
        )
        library.db.egress_log.open(entry, [])
    (sent,) = audit_files(library.db, [record.path], until=1500.0)
    assert sent.at == 1000.0
    assert sent.detail.startswith("30 s of audio to qwen:singapore in 1")


def test_a_file_has_no_deeds_of_one_that_is_gone_and_had_its_number(library: ReviewLibrary) -> None:
    record, _ = library.add("Film", CUES)
    gone = HistoryEntry(event=HistoryEvent.DELIVERED, path=Path("/x/gone.mkv"), file_id=record.id)
    library.db.history.add(gone)
    deeds = list(audit_files(library.db, [record.path]))
    assert AuditAction.DELIVERED not in {entry.action for entry in deeds}


def test_the_history_of_many_files_is_gone_through_once(library: ReviewLibrary) -> None:
    media = [library.add(f"Film {number}", CUES)[0].path for number in range(5)]
    read: list[str] = []
    engine = library.db.history._engine
    sqlalchemy.event.listen(
        engine, "before_cursor_execute", lambda c, cursor, statement, *rest: read.append(statement)
    )
    assert {entry.media for entry in audit_files(library.db, media)} == {str(m) for m in media}
    for table in ("FROM history", "FROM egress_log"):
        assert len([one for one in read if table in one]) == 1, table


def test_a_project_has_the_files_of_its_libraries_and_those_made_under_its_name(
    library: ReviewLibrary,
) -> None:
    record, _ = library.add("Film", CUES)
    other, _ = library.add("Other", CUES)
    moved = Path("/srv/watch/in/Clip.mxf")
    event = HistoryEntry(event=HistoryEvent.DELIVERED, path=moved, details={"project": "news"})
    library.db.history.add(event, replace(event, path=Path("/x"), details={"project": "new"}))
    settings = library.configuration.settings
    assert list_project_files(settings, library.db, "news") == [moved]
    films = settings.libraries["films"].model_copy(update={"project": "news"})
    named = settings.model_copy(update={"libraries": settings.libraries | {"films": films}})
    assert list_project_files(named, library.db, "news") == sorted([moved, record.path, other.path])


def test_the_table_is_safe_for_spreadsheets() -> None:
    entry = AuditEntry(
        at=0.0, media="=x.mkv", artefact="a", action=AuditAction.MADE, actor="@engine"
    )
    (row,) = csv.DictReader(io.StringIO(to_csv([entry])))
    assert tuple(row) == COLUMNS
    assert (row["media"], row["actor"], row["at"]) == (
        "'=x.mkv",
        "'@engine",
        "1970-01-01T00:00:00Z",
    )


def test_a_job_leaves_the_engine_the_hash_and_the_project_in_the_audit(tmp_path: Path) -> None:
    harness = Harness(
        tmp_path,
        'languages = ["en"]',
        'project = "news"',
        "[projects.news]",
        'formats = ["vtt"]',
    )
    media = film(harness.root / "Clip.wav", 1)
    harness.scan()
    (made,) = audit_files(harness.database, [media])
    assert (made.action, made.artefact) == (AuditAction.MADE, "Clip.en.vtt")
    assert made.actor.startswith("whisper/")
    assert made.detail == "en full; project news"
    assert len(made.sha256) == 64
    assert list_project_files(harness.configuration.settings, harness.database, "news") == [media]
    harness.close()


def test_the_command_wants_one_kind_of_subject(subtitled: Run, tmp_path: Path) -> None:
    nothing = subtitled("audit")
    assert (nothing.returncode, "--project" in nothing.stderr) == (2, True)
    unknown = subtitled("audit", tmp_path / "Film.mkv")
    assert (unknown.returncode, unknown.stdout) == (0, "nothing is known of what was done\n")
