"""What the daemon does now, and the coverage and the history, from the database alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.load import Configuration, load_config
from subtitled.daemon.answers.coverage import count_coverage
from subtitled.daemon.answers.cursors import CursorError
from subtitled.daemon.answers.history import HistoryFilter, list_history
from subtitled.daemon.answers.now import describe_now, estimate_seconds_left
from subtitled.daemon.answers.status import describe_status
from subtitled.daemon.doctor.components import check_last_calls
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.kv import NOTIFIER_ERROR_KEY, SERVER_ERROR_KEY
from subtitled.db.overview import FileOverview, RequirementRow
from subtitled.db.records import FileRecord, FileState
from subtitled.jobs import pauses
from support.seen_files import record_seen


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    config = tmp_path / "config.toml"
    config.write_text(
        f"""[daemon]
        state_dir = '{tmp_path}/state'
        [libraries.series]
        path = '{tmp_path}/series'
        [libraries.films]
        path = '{tmp_path}/films'
        """
    )
    return load_config(config)


@pytest.fixture
def db(tmp_path: Path) -> Database:
    (tmp_path / "state").mkdir()
    return Database(tmp_path / "state" / "subtitled.sqlite")


def _arrives(db: Database, name: str, library: str = "films") -> FileRecord:
    path = Path(f"/{library}/{name}")
    record_seen(db, library, path, Path("/").stat())
    record = db.files.get(path)
    assert record is not None
    return record


def test_now_says_what_is_worked_on_and_how_far_it_is(
    db: Database, configuration: Configuration
) -> None:
    record = _arrives(db, "1.mkv")
    db.states.set_state(record.id, FileState.QUEUED, job_id="job")
    queued = db.files.get_by_id(record.id)
    assert queued is not None
    db.files.claim(queued, "attic")
    db.states.set_progress(record.path, "transcribing (50%)", 0.5)
    (job,) = describe_now(configuration, db).to_dict()["jobs"]
    assert (job["path"], job["worker"], job["job"]) == ("/films/1.mkv", "attic", "job")
    assert (job["progress"], job["share"]) == ("transcribing (50%)", 0.5)
    assert 0 <= job["seconds_left"] < 60


def test_now_says_why_nothing_is_done_what_was_made_and_what_is_wrong(
    db: Database, configuration: Configuration
) -> None:
    pauses.pause(db.kv)
    pauses.pause(db.kv, "series", until=4e9)
    db.kv.set(f"{SERVER_ERROR_KEY}jellyfin", "refused the key")
    db.kv.set(f"{NOTIFIER_ERROR_KEY}bell", "the plugin bell failed: KeyError (bell.py:7)")
    failed = _arrives(db, "1.mkv")
    db.states.set_state(failed.id, FileState.FAILED, reason="broken")
    for number in range(9):
        db.history.add(
            HistoryEntry(event=HistoryEvent.PUBLISHED, reason=f"{number}.srt"),
            HistoryEntry(event=HistoryEvent.REQUESTED, actor="ana"),
        )
    now = describe_now(configuration, db).to_dict()
    assert now["paused"] and not now["running"]
    assert [pause["library"] for pause in now["pauses"]] == ["", "series"]
    assert any("paused; resume with" in reason for reason in now["reasons"])
    assert [event["description"] for event in now["upcoming"]] == [
        "the pause of library series ends"
    ]
    assert [entry["reason"] for entry in now["newest"]] == [f"{n}.srt" for n in (8, 7, 6, 5, 4)]
    assert now["files"] == {"failed": 1}
    problems = {problem["subject"]: problem for problem in now["problems"]}
    assert problems["server jellyfin"]["message"] == "refused the key"
    assert "bell.py:7" in problems["notifier bell"]["message"]
    assert describe_status(configuration, db).to_dict()["notifiers"] == {
        "bell": {"error": "the plugin bell failed: KeyError (bell.py:7)"}
    }
    checks = {check.subject: check for check in check_last_calls(configuration)}
    assert "bell.py:7" in checks["calls of notifier bell"].detail
    assert not checks["calls of server jellyfin"].ok
    assert "queue list --state failed" in problems["1 file"]["hint"]


@given(st.floats(0.05, 1.0), st.floats(0.0, 1e9), st.floats(1.0, 1e6))
def test_the_rest_of_a_step_is_estimated_by_its_pace(
    share: float, since: float, took: float
) -> None:
    left = estimate_seconds_left(share, since, since + took)
    assert left is not None
    assert left == pytest.approx(took / share - took, rel=1e-3, abs=1e-3)


def test_nothing_is_estimated_before_anything_is_known() -> None:
    assert estimate_seconds_left(None, 1.0, 2.0) is None
    assert estimate_seconds_left(0.5, None, 2.0) is None
    assert estimate_seconds_left(0.01, 1.0, 2.0) is None
    assert estimate_seconds_left(0.5, 5.0, 2.0) is None  # the clock was set back


def test_a_step_that_begins_has_its_own_time(db: Database) -> None:
    record = _arrives(db, "1.mkv")
    times = []
    for share in (0.0, 0.5, 0.0):
        db.states.set_progress(record.path, "x", share)
        current = db.files.get_by_id(record.id)
        assert current is not None and current.progress_since is not None
        times.append(current.progress_since)
    assert times[0] == times[1] < times[2]


def test_coverage_counts_each_library_in_the_order_of_the_configuration(
    db: Database, configuration: Configuration
) -> None:
    want = RequirementRow(language="de", kind="full", status="missing", reason="")
    overview = FileOverview(
        duration=60.0,
        title="",
        coverage=(),
        requirements=(want, replace(want, language=None, status="met")),
    )
    for name in ("1.mkv", "2.mkv"):
        db.states.set_state(_arrives(db, name).id, FileState.DONE, overview=overview)
    _arrives(db, "3.mkv")
    gone = _arrives(db, "4.mkv")
    db.states.set_state(gone.id, FileState.DONE, fingerprint="f")
    db.files.mark_missing(gone.id, 1.0)
    _arrives(db, "1.mkv", "not configured any more")
    answer = count_coverage(configuration.settings, db)
    assert [one.library for one in answer.libraries] == [
        "series",
        "films",
        "not configured any more",
    ]
    films = answer.libraries[1]
    assert (films.files, films.unexamined, films.seconds) == (3, 1, 120.0)
    assert films.states == {"done": 2, "stabilising": 1, "missing": 1}
    languages = {one.language: (one.met, one.missing, one.files) for one in films.languages}
    assert languages == {"de": (0, 2, 2), "original": (2, 0, 2)}
    assert [
        one.library for one in count_coverage(configuration.settings, db, "films").libraries
    ] == ["films"]
    assert answer.to_dict()["libraries"][1]["languages"][0]["missing"] == 2


def test_the_history_is_read_a_page_at_a_time(db: Database) -> None:
    events = (HistoryEvent.PUBLISHED, HistoryEvent.REQUESTED)
    db.history.add(*(HistoryEntry(event=events[n % 2], reason=str(n)) for n in range(9)))
    seen, cursor = [], None
    while True:
        page = list_history(db, HistoryFilter(events=events[:1]), cursor, 2)
        seen += [entry["reason"] for entry in page.to_dict()["entries"]]
        db.history.add(HistoryEntry(event=events[0], reason="newer"))
        if (cursor := page.next_cursor) is None:
            break
    assert seen == ["8", "6", "4", "2", "0"]
    with pytest.raises(CursorError):
        list_history(db, after="x")
