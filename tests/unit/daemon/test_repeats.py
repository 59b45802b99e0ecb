"""Log lines that repeat are counted."""

from __future__ import annotations

import logging

from subtitled.daemon.repeats import MIN_REPEATS, RepeatFilter


def _record(message: str, level: int = logging.ERROR) -> logging.LogRecord:
    return logging.LogRecord("asyncio", level, "", 0, message, (), None)


def test_an_error_that_repeats_a_million_times_is_a_few_lines_with_their_number() -> None:
    now = 0.0
    repeats = RepeatFilter(lambda: now)
    written = []
    for number in range(100_000):
        now = number / 1000
        record = _record("cannot accept: Too many open files")
        if repeats.filter(record):
            written.append(record.getMessage())
    assert len(written) == 2 * MIN_REPEATS
    assert f"and {60_000 - MIN_REPEATS} times more before" in written[MIN_REPEATS]


def test_different_errors_and_information_are_always_written() -> None:
    repeats = RepeatFilter(lambda: 0.0)
    assert all(repeats.filter(_record(f"file {number} is broken")) for number in range(3000))
    assert all(repeats.filter(_record("scanned", logging.INFO)) for _ in range(100))


def test_arguments_that_do_not_fit_are_left_to_the_handler() -> None:
    record = logging.LogRecord("x", logging.ERROR, "", 0, "%d", ("a",), None)
    assert RepeatFilter(lambda: 0.0).filter(record)
