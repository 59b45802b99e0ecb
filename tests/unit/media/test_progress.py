"""What ffmpeg 5 and 7 tell while they decode."""

from __future__ import annotations

from subtitled.media.progress import ProgressReader


def report(size: str, time_us: str) -> list[str]:
    return [
        f"total_size={size}",
        f"out_time_us={time_us}",
        "out_time=00:00:00",
        "progress=continue",
    ]


def read(*reports: list[str]) -> list[float]:
    reader = ProgressReader(32_000)
    lines = [line for lines in reports for line in lines]
    return [seconds for line in lines if (seconds := reader.read_line(line)) is not None]


def test_progress_goes_on_while_the_shot_changes_stand_still() -> None:
    """ffmpeg 7 tells the time of the output that is furthest behind."""
    assert read(report("32000", "0"), report("320000", "1500000"), report("640000", "1500000")) == [
        1.0,
        10.0,
        20.0,
    ]


def test_progress_is_the_time_where_no_size_is_told() -> None:
    assert read(report("N/A", "1000000"), report("N/A", "2500000")) == [1.0, 2.5]


def test_progress_never_goes_back_and_is_never_negative() -> None:
    told = read(
        report("N/A", "-20000"), report("N/A", "N/A"), report("64000", "0"), report("0", "0")
    )
    assert told == [2.0]
