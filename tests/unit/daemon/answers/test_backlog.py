"""How much is left, how long it takes and when it is done: told as far as it is known."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from subtitled.cli.backlog_text import describe_backlog_lines
from subtitled.config.load import Configuration, load_config
from subtitled.daemon.answers.backlog import describe_backlog
from subtitled.daemon.answers.plan_summary import describe_wanted, summarise_plan
from subtitled.daemon.metric_values import collect_metrics
from subtitled.daemon.metrics import render_metrics
from subtitled.db.database import Database
from subtitled.db.job_runs import KEPT_RUNS, JobRun
from subtitled.db.records import FileState
from subtitled.db.schema import files, job_runs, requirements
from subtitled.jobcontext.counters import Counters
from subtitled.pipeline.overview import credible_duration

HOUR = 3600.0
MONDAY = 1780300800.0
"""A Monday at 8 o'clock, UTC."""


def _configure(folder: Path, more: str = "") -> Configuration:
    path = folder / "config.toml"
    path.write_text(
        f"""[daemon]
        state_dir = '{folder}/state'
        [libraries.films]
        path = '{folder}/films'
        [libraries.series]
        path = '{folder}/series'
        [schedule]
        timezone = "UTC"
        {more}
        """
    )
    return load_config(path)


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return _configure(tmp_path)


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database(tmp_path_factory.mktemp("database") / "subtitled.sqlite")
    yield database
    database.close()


@pytest.fixture
def db(empty_database: Database) -> Database:
    """A database without files, the same for all tests."""
    with empty_database.files._engine.begin() as c:
        for table in (requirements, files, job_runs):
            c.execute(table.delete())
    return empty_database


def _add_files(
    db: Database,
    number: int,
    *,
    state: FileState = FileState.QUEUED,
    library: str = "films",
    folder: str = "/films",
    duration: float | None = HOUR,
    year: int | None = 1999,
    wanted: tuple[str, ...] = ("en",),
) -> None:
    with db.files._engine.begin() as c:
        first = (c.execute(sa.select(sa.func.max(files.c.id))).scalar() or 0) + 1
        numbers = range(first, first + number)
        rows = [
            {
                "id": one,
                "library": library,
                "path": os.fsencode(f"{folder}/{one}.mkv"),
                "device": 1,
                "inode": one,
                "size": 10**9,
                "mtime_ns": 1,
                "state": state,
                "stable_since": 0.0,
                "updated_at": 0.0,
                "duration": duration,
                "year": year,
                "examined_at": 1.0 if wanted else None,
            }
            for one in numbers
        ]
        if rows:
            c.execute(files.insert(), rows)
        lacking = [
            {
                "file_id": one,
                "library": library,
                "language": language,
                "kind": "full",
                "status": "missing",
                "reason": "to be made",
            }
            for one in numbers
            for language in wanted
        ]
        if lacking:
            c.execute(requirements.insert(), lacking)


def _add_runs(
    db: Database, number: int, *, engine: str = "whisper", model: str = "base", **values: object
) -> None:
    """Add jobs of an hour that take six minutes, most of them the engine's."""
    columns = {
        "at": 0.0,
        "library": "films",
        "engine": engine,
        "model": model,
        "sound_seconds": HOUR,
        "speech_seconds": 1800.0,
        "engine_seconds": 300.0,
        "work_seconds": 360.0,
    }
    with db.files._engine.begin() as c:
        if number:
            c.execute(job_runs.insert(), [columns | values for _ in range(number)])


def test_hours_left_and_the_date_follow_from_the_jobs_so_far(
    db: Database, configuration: Configuration
) -> None:
    _add_files(db, 100)
    _add_files(db, 5, state=FileState.DONE)
    _add_files(db, 3, state=FileState.FAILED)
    _add_files(db, 7, state=FileState.STABILISING, duration=None, wanted=())
    _add_runs(db, 20)
    answer = describe_backlog(configuration, db, MONDAY)
    assert (answer.files, answer.sound_seconds, answer.undecided_files) == (100, 100 * HOUR, 7)
    assert answer.work is not None
    assert answer.work.expected == pytest.approx(10 * HOUR)
    assert answer.work.low < 10 * HOUR < answer.work.high
    assert answer.done_at is not None
    assert answer.done_at.expected == pytest.approx(MONDAY + 10 * HOUR)
    assert "20 of whisper base" in answer.basis
    (speed,) = answer.speeds
    assert speed.speed == pytest.approx(10.0)
    assert speed.engine_share == pytest.approx(300 / 360)
    text = " ".join(describe_backlog_lines(answer))
    assert "100 files, 100.0 hours of sound" in text
    assert "7 files not examined yet, and not counted" in text
    assert json.loads(json.dumps(answer.to_dict()))["libraries"][0]["files"] == 100


def test_working_hours_make_it_later(db: Database, tmp_path: Path) -> None:
    nights = _configure(tmp_path, 'windows = ["22:00-06:00"]')
    _add_files(db, 100)
    _add_runs(db, 20)
    done_at = describe_backlog(nights, db, MONDAY).done_at
    assert done_at is not None
    assert done_at.expected == pytest.approx(MONDAY + (14 + 24 + 2) * HOUR), "8 hours, then 2"
    never = _configure(tmp_path, 'quiet_hours = ["00:00-24:00"]')
    answer = describe_backlog(never, db, MONDAY)
    assert answer.work is not None
    assert answer.done_at is not None
    assert answer.done_at.expected is None
    assert "in more than ten years" in " ".join(describe_backlog_lines(answer))


@pytest.mark.parametrize(
    ("runs", "model", "reason"),
    [
        (0, "base", "0 of the 3 jobs that it takes are done: whisper base"),
        (2, "base", "2 of the 3 jobs that it takes are done: whisper base"),
        (50, "large-v3", "0 of the 3 jobs that it takes are done: whisper base"),
    ],
)
def test_what_was_never_measured_is_not_known_yet(
    db: Database, configuration: Configuration, runs: int, model: str, reason: str
) -> None:
    _add_files(db, 10)
    _add_runs(db, runs, model=model)
    answer = describe_backlog(configuration, db)
    assert (answer.work, answer.done_at) == (None, None)
    assert reason in answer.basis
    text = " ".join(describe_backlog_lines(answer))
    assert "10 files, 10.0 hours of sound" in text
    assert "not known yet" in text
    metrics = _metrics(configuration, db)
    assert metrics["subtitled_backlog_files", "films"] == 10
    assert not any(name == "subtitled_backlog_work_seconds" for name, _ in metrics)
    assert not any(name == "subtitled_backlog_done_timestamp_seconds" for name, _ in metrics)


def test_files_of_unknown_length_widen_the_range(
    db: Database, configuration: Configuration
) -> None:
    _add_runs(db, 20)
    _add_files(db, 50)
    sure = describe_backlog(configuration, db).work
    _add_files(db, 50, duration=None)
    answer = describe_backlog(configuration, db)
    assert sure is not None
    assert answer.work is not None
    assert answer.unknown_files == 50
    assert answer.work.low == pytest.approx(sure.low)
    assert answer.work.expected == pytest.approx(2 * sure.expected)
    assert "50 of unknown length" in " ".join(describe_backlog_lines(answer))


def test_without_any_length_nothing_is_made_up(db: Database, configuration: Configuration) -> None:
    _add_runs(db, 20)
    _add_files(db, 50, duration=None)
    answer = describe_backlog(configuration, db)
    assert (answer.work, answer.done_at, answer.sound_seconds) == (None, None, 0.0)


def test_jobs_that_need_no_engine_count_with_their_share(
    db: Database, configuration: Configuration
) -> None:
    for _ in range(10):
        _add_runs(db, 1)
        _add_runs(db, 1, engine="", model="", work_seconds=10.0)
    _add_files(db, 100)
    work = describe_backlog(configuration, db).work
    assert work is not None
    assert work.expected == pytest.approx(50 * 360.0 + 50 * 10.0, rel=0.01)


def test_a_library_without_jobs_is_measured_by_the_engine_that_it_will_use(
    db: Database, configuration: Configuration
) -> None:
    _add_runs(db, 20)
    _add_files(db, 10, library="series", folder="/series")
    work = describe_backlog(configuration, db).work
    assert work is not None
    assert work.expected == pytest.approx(HOUR)


@pytest.mark.parametrize("jump", [-400 * 86400.0, 400 * 86400.0])
def test_a_clock_that_was_set_does_not_change_the_speed(
    db: Database, configuration: Configuration, jump: float
) -> None:
    _add_runs(db, 60, work_seconds=3600.0, at=MONDAY)
    _add_runs(db, 60, at=MONDAY + jump)
    (speed,) = describe_backlog(configuration, db, MONDAY).speeds
    assert speed.speed == pytest.approx(10.0), "the newest jobs count, whenever they say they were"


def test_metrics_tell_what_is_left(db: Database, configuration: Configuration) -> None:
    _add_runs(db, 20)
    _add_files(db, 100)
    metrics = _metrics(configuration, db)
    assert metrics["subtitled_backlog_sound_seconds", "films"] == 100 * HOUR
    assert metrics["subtitled_backlog_work_seconds", "expected"] == pytest.approx(10 * HOUR)
    assert metrics["subtitled_backlog_done_timestamp_seconds", "expected"] > time.time() + HOUR
    assert metrics["subtitled_speed", "whisper"] == pytest.approx(10.0)


def _metrics(configuration: Configuration, db: Database) -> dict[tuple[str, str], float]:
    text = render_metrics(collect_metrics(configuration, db, Counters(), 0))
    return {
        (sample.name, next(iter(sample.labels.values()), "")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_a_plan_is_summed_up_by_library_language_and_year(
    db: Database, configuration: Configuration
) -> None:
    _add_runs(db, 20)
    _add_files(db, 4, year=1999, wanted=("en", "de"))
    _add_files(db, 3, year=2024)
    _add_files(db, 2, year=None, library="series", folder="/series", duration=None)
    _add_files(db, 1, state=FileState.MISSING)
    _add_files(db, 5, duration=None, wanted=())
    summary = summarise_plan(configuration, db)
    assert [
        (one.library, describe_wanted(one), one.year, one.files, one.seconds)
        for one in summary.wanted
    ] == [
        ("films", "de", 1999, 4, 4 * HOUR),
        ("films", "en", 2024, 3, 3 * HOUR),
        ("films", "en", 1999, 4, 4 * HOUR),
        ("series", "en", None, 2, 0.0),
    ]
    assert (summary.files, summary.lacking, summary.unexamined) == (14, 9, 5)
    assert summary.seconds == 7 * HOUR, "a film that lacks two subtitles counts once"
    films, series = summary.libraries
    assert films.work is not None
    assert (series.work, series.unknown) == (None, 2)
    below = summarise_plan(configuration, db, [Path("/series")])
    assert (below.files, below.lacking) == (2, 2)
    assert not summarise_plan(configuration, db, [Path("/film")]).files, "no part of a name"
    assert summarise_plan(configuration, db, [Path("/films/1.mkv")]).files == 1
    json.dumps(summary.to_dict())


@pytest.mark.parametrize(
    ("seconds", "size", "credible"),
    [
        (5400.0, 10**9, 5400.0),
        (5400.0, 0, 5400.0),
        (3 * 86400.0, 10**12, None),
        (36000.0, 10**5, None),
        (0.0, 10**9, None),
        (-5.0, 10**9, None),
        (float("nan"), 10**9, None),
        (float("inf"), 10**9, None),
    ],
)
def test_a_length_that_no_such_file_has_is_not_known(
    seconds: float, size: int, credible: float | None
) -> None:
    assert credible_duration(seconds, size) == credible


def test_only_the_newest_runs_are_kept(db: Database) -> None:
    _add_runs(db, KEPT_RUNS)
    run = JobRun(
        library="films",
        engine="whisper",
        model="base",
        sound_seconds=1.0,
        speech_seconds=1.0,
        engine_seconds=1.0,
        work_seconds=1.0,
    )
    db.job_runs.add(run)
    newest = db.job_runs.newest(9999)
    assert len(newest) == KEPT_RUNS
    assert newest[0].sound_seconds == 1.0
