"""Work ends when its hours have been open for long enough."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from subtitled.config.daemon_settings import WorkingHoursSettings
from subtitled.jobs.working_hours import WorkingHours, working_hours_of
from subtitled.jobs.working_time import find_end

BERLIN = ZoneInfo("Europe/Berlin")
HOUR, DAY = 3600.0, 86400.0


def _hours(*windows: str, quiet: tuple[str, ...] = ()) -> WorkingHours:
    settings = WorkingHoursSettings(windows=windows, quiet_hours=quiet)
    return working_hours_of(settings, BERLIN)


def _at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).timestamp()


def test_without_hours_work_goes_on() -> None:
    assert find_end([], 1000.0, 90.0) == 1090.0
    assert find_end([_hours()], 1000.0, 90.0) == 1090.0
    assert find_end([], 1000.0, 0.0) == 1000.0


@pytest.mark.parametrize(
    ("work_hours", "end"),
    [
        (1, "2026-06-01 23:00"),
        (9, "2026-06-02 07:00"),
        (10, "2026-06-02 23:00"),
        (9 * 30, "2026-07-01 07:00"),
        (9 * 365, "2027-06-01 07:00"),
    ],
)
def test_work_at_night_ends_in_the_night_in_which_enough_is_done(work_hours: int, end: str) -> None:
    found = find_end([_hours("22:00-07:00")], _at("2026-06-01 12:00"), work_hours * HOUR)
    assert found is not None
    assert abs(found - _at(end)) <= 2 * HOUR, (
        "an hour is missing in spring and comes twice in autumn"
    )


def test_all_hours_must_be_open() -> None:
    both = [_hours("22:00-07:00"), _hours("sat,sun")]
    found = find_end(both, _at("2026-06-01 12:00"), 8 * HOUR)  # a Monday
    assert found == _at("2026-06-06 23:00"), "seven hours of Saturday morning, one of its evening"


@pytest.mark.parametrize(
    "hours",
    [
        [_hours("22:00-07:00"), _hours("09:00-17:00")],
        [_hours(quiet=("00:00-24:00",))],
    ],
)
def test_hours_that_never_open_have_no_end(hours: list[WorkingHours]) -> None:
    assert find_end(hours, _at("2026-06-01 12:00"), HOUR) is None


def test_work_of_more_than_ten_years_has_no_date() -> None:
    assert find_end([], 0.0, 11 * 365 * DAY) is None
    assert find_end([_hours("22:00-07:00")], 0.0, 5 * 365 * DAY) is None
    assert find_end([_hours("22:00-07:00")], 0.0, 3 * 365 * DAY) is not None
