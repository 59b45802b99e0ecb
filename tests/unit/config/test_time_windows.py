"""Working hours by the wall clock, also on days of clock changes."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.config.daemon_settings import ScheduleSettings
from subtitled.config.time_windows import parse_window
from subtitled.jobs.working_hours import Schedule, WorkingHours, working_hours_of

BERLIN = ZoneInfo("Europe/Berlin")
CHANGES = [
    ("Europe/Berlin", (2026, 3, 29)),  # 02:00 becomes 03:00
    ("Europe/Berlin", (2026, 10, 25)),  # 03:00 becomes 02:00
    ("America/New_York", (2026, 3, 8)),
    ("America/New_York", (2026, 11, 1)),
    ("Australia/Lord_Howe", (2026, 4, 5)),  # by half an hour
    ("Australia/Lord_Howe", (2026, 10, 4)),
    ("America/Havana", (2026, 3, 8)),  # 00:00 becomes 01:00
    ("America/Havana", (2026, 11, 1)),  # 01:00 becomes 00:00
    ("Pacific/Apia", (2011, 12, 30)),  # a day that never was
    ("Asia/Kolkata", (2026, 7, 1)),  # never changes
]


def hours(zone: str | ZoneInfo, *windows: str, quiet: tuple[str, ...] = ()) -> WorkingHours:
    return working_hours_of(
        ScheduleSettings(windows=windows, quiet_hours=quiet),
        ZoneInfo(zone) if isinstance(zone, str) else zone,
    )


def at(*when: int, zone: ZoneInfo = BERLIN, fold: int = 0) -> float:
    return datetime(*when, tzinfo=zone, fold=fold).timestamp()  # type: ignore[misc,arg-type]


def test_a_night_is_open_until_the_morning_of_the_next_day() -> None:
    night = hours(BERLIN, "22:00-07:00")
    assert not night.is_open_at(at(2026, 5, 4, 21, 59))
    assert night.is_open_at(at(2026, 5, 4, 22))
    assert night.is_open_at(at(2026, 5, 5, 6, 59))
    assert not night.is_open_at(at(2026, 5, 5, 7))
    assert night.next_change(at(2026, 5, 4, 12)) == at(2026, 5, 4, 22)
    assert night.next_change(at(2026, 5, 4, 22)) == at(2026, 5, 5, 7)


def test_days_are_those_on_which_a_window_begins() -> None:
    friday = hours(BERLIN, "fri 22:00-07:00")
    assert friday.is_open_at(at(2026, 5, 9, 3))  # a Saturday
    assert not friday.is_open_at(at(2026, 5, 8, 3))
    assert friday.next_change(at(2026, 5, 9, 8)) == at(2026, 5, 15, 22)
    assert hours(BERLIN, "weekends").next_change(at(2026, 5, 4)) == at(2026, 5, 9)
    assert hours(BERLIN, "sat-mon 00:00-24:00").next_change(at(2026, 5, 9)) == at(2026, 5, 12)


def test_quiet_goes_before_what_is_allowed() -> None:
    both = hours(BERLIN, "20:00-08:00", quiet=("23:30-00:30",))
    assert both.next_change(at(2026, 5, 4, 20)) == at(2026, 5, 4, 23, 30)
    assert both.next_change(at(2026, 5, 4, 23, 45)) == at(2026, 5, 5, 0, 30)
    only = hours(BERLIN, quiet=("weekdays 09:00-17:00",))
    assert only.is_open_at(at(2026, 5, 9, 12))
    assert not only.is_open_at(at(2026, 5, 8, 12))


def test_the_hour_that_comes_twice_is_open_twice_and_the_lost_one_never() -> None:
    one = hours(BERLIN, "02:00-03:00")
    opens = at(2026, 10, 25, 2)
    assert one.next_change(at(2026, 10, 25, 0)) == opens
    assert one.next_change(opens) == opens + 2 * 3600
    assert one.next_change(at(2026, 3, 29, 0)) == at(2026, 3, 30, 2)
    late = hours(BERLIN, "02:30-03:30")
    assert late.next_change(at(2026, 3, 29, 0)) == at(2026, 3, 29, 3)


def test_window_that_never_changes_has_no_next_change() -> None:
    assert hours(BERLIN).next_change(0.0) is None
    assert hours(BERLIN).is_open_at(0.0)
    assert hours(BERLIN, quiet=("daily",)).next_change(at(2026, 1, 1)) is None
    assert hours(BERLIN, "00:00-24:00").next_change(at(2026, 1, 1)) is None


_TIME = st.tuples(st.integers(0, 23), st.sampled_from((0, 1, 15, 29, 30, 59)))


@st.composite
def _windows(draw: st.DrawFn) -> str:
    days = draw(st.sampled_from(("", "weekdays ", "weekends ", "sun ", "sat-mon ", "thu,fri ")))
    begin, end = draw(st.lists(_TIME, min_size=2, max_size=2, unique=True))
    return f"{days}{begin[0]:02}:{begin[1]:02}-{end[0]:02}:{end[1]:02}"


@pytest.mark.thorough
@given(
    st.sampled_from(CHANGES),
    st.integers(-24 * 60, 24 * 60),
    st.lists(_windows(), max_size=2),
    st.lists(_windows(), max_size=2),
)
@settings(max_examples=120, deadline=None)
def test_the_next_change_is_the_first_minute_that_differs_whatever_the_clocks_do(
    change: tuple[str, tuple[int, int, int]],
    offset: int,
    windows: list[str],
    quiet: list[str],
) -> None:
    zone = ZoneInfo(change[0])
    day = datetime(*change[1], tzinfo=zone)
    created = hours(zone, *windows, quiet=tuple(quiet))
    start = day.timestamp() // 60 * 60 + offset * 60
    now = created.is_open_at(start)
    limit = 36 * 60
    minutes = (start + 60 * more for more in range(1, limit))
    slow = next((minute for minute in minutes if created.is_open_at(minute) != now), None)
    fast = created.next_change(start)
    if slow is None:
        assert fast is None or fast >= start + 60 * limit
    else:
        assert fast == slow


@pytest.mark.parametrize(
    "text",
    [
        "",
        "22-7",
        "22:00",
        "25:00-07:00",
        "22:60-07:00",
        "07:00-07:00",
        "someday 1:00-2:00",
        "* 0-6 * * 1-5",
        "* * * *",
        "*/30 22 * * *",
    ],
)
def test_what_is_no_window_is_refused_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"22:00-07:00|24:00"):
        parse_window(text)


def test_cron_line_is_rejected_with_the_window_to_write_instead() -> None:
    with pytest.raises(
        ValueError, match="this is a cron expression, not a time window; write one such as"
    ):
        parse_window("* 0-6 * * 1-5")


def test_the_machines_zone_counts_unless_another_is_named() -> None:
    table = Schedule(
        ScheduleSettings.model_validate(
            {
                "timezone": "Asia/Tokyo",
                "windows": ["22:00-07:00"],
                "libraries": {"films": {"quiet_hours": ["sat"]}, "shows": {}},
            }
        )
    )
    assert [what for what, _ in table.iter_named_hours()] == ["work", "library films"]
    assert table.global_hours.is_open_at(
        datetime.fromisoformat("2026-05-04T13:30:00+00:00").timestamp()
    )
    noon = datetime(2026, 5, 4, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert table.format_time(noon.timestamp(), noon.timestamp()) == "12:00"
    tomorrow = (noon + timedelta(days=1)).timestamp()
    assert table.format_time(tomorrow, noon.timestamp()) == "Tue 05 May 12:00"
