"""Fuzzing of every reader of something from outside: ``make fuzz``, and half a minute in all tests.

``$SUBTITLED_FUZZ_SECONDS`` is the time for all targets together, ``$SUBTITLED_FUZZ_SEED`` the first
seed. A find is shrunk and printed as bytes. Add it to the unit tests of its reader.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
import warnings
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from .mutations import mutated
from .targets import TARGETS, Target

SECONDS = float(os.environ.get("SUBTITLED_FUZZ_SECONDS", "30"))
SEED = int(os.environ.get("SUBTITLED_FUZZ_SEED", "0")) or random.SystemRandom().randrange(2**32)
MIN_EXECUTIONS = 20
"""Executions of each target, however slow it is."""
ROUND_EXAMPLES = 50
"""Executions between two looks at the clock."""
FREE_SECONDS, SECONDS_PER_MEGABYTE = 1.0, 20.0
"""Processor time that an input may cost, and more for its size: quadratic cost exceeds it."""
SLOW_TIMES = 3
"""Times in a row that an input is slow before it counts as slow."""
SHORTEN_SECONDS = 10.0
"""Seconds for which a find is made shorter."""
HANG_SECONDS = 30
"""Seconds after which an input counts as one that never ends."""


class SlowInputError(AssertionError):
    """An input that costs far more than its size."""


class FindError(AssertionError):
    """An input that a reader does not survive, made as short as possible."""


@contextlib.contextmanager
def limited_time(size: int) -> Iterator[None]:
    """Raise an error for an input that takes too long."""

    def hang(number: int, frame: object) -> None:
        raise SlowInputError(f"{size} bytes took more than {HANG_SECONDS} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANG_SECONDS)
    begin = time.process_time()
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    seconds = time.process_time() - begin
    if seconds > FREE_SECONDS + SECONDS_PER_MEGABYTE * size / 1e6:
        raise SlowInputError(f"{size} bytes took {seconds:.1f} s")


def find_fault(target: Target, data: bytes) -> BaseException | None:
    """Return what goes wrong with an input, or None.

    An input that is slow is slow each time. A collection of garbage in a process that has run
    thousands of tests takes a second as well, but not three times in a row.
    """
    for _ in range(SLOW_TIMES):
        fault = _find_fault_once(target, data)
        if not isinstance(fault, SlowInputError):
            break
    return fault


def _find_fault_once(target: Target, data: bytes) -> BaseException | None:
    try:
        with limited_time(len(data)), contextlib.suppress(*target.allowed):
            target.read(data)
    except Exception as error:  # noqa: BLE001 - this is what is looked for
        return error
    return None


def shorten(target: Target, data: bytes, fault: BaseException) -> bytes:
    """Return a shorter input with the same fault."""
    deadline, length = time.monotonic() + SHORTEN_SECONDS, len(data) // 2
    while length and time.monotonic() < deadline and not isinstance(fault, SlowInputError):
        place = 0
        while place < len(data) and time.monotonic() < deadline:
            shorter = data[:place] + data[place + length :]
            if type(find_fault(target, shorter)) is type(fault):
                data = shorter
            else:
                place += length
        length //= 2
    return data


def run_target(target: Target, seconds: float, first_seed: int) -> int:
    """Fuzz a target for some time and return the number of executions.

    Raises:
        FindError: An input was found that the target does not survive.
    """
    executions, deadline, number = 0, time.monotonic() + seconds, first_seed
    found: list[tuple[bytes, BaseException]] = []

    def execute(data: bytes) -> None:
        nonlocal executions
        if found or (time.monotonic() > deadline and executions > MIN_EXECUTIONS):
            return
        executions += 1
        fault = find_fault(target, data)
        if fault is not None:
            found.append((data, fault))

    for sample in target.samples:
        execute(sample)  # the samples themselves, and the imports
    while time.monotonic() < deadline and not found:
        number += 1
        check = given(mutated(target.samples))(execute)
        limited = settings(
            max_examples=ROUND_EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        seed(number)(limited(check))()
    for data, fault in found:
        short = shorten(target, data, fault)
        raise FindError(
            f"{target.name}: {type(fault).__name__}: {fault}: {len(short)} bytes, round {number}: "
            f"{short[:300]!r}"
        ) from fault
    return executions


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_whatever_comes_is_read_or_refused_in_time(target: Target) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        executions = run_target(target, SECONDS / len(TARGETS), SEED)
    print(f"{target.name}: {executions} executions, seed {SEED}")
    assert executions >= len(target.samples)


def test_the_fuzzer_finds_what_is_broken_on_purpose() -> None:
    def fragile(data: bytes) -> None:
        if data.count(b"[") > 50:
            raise RecursionError

    with pytest.raises(FindError, match="RecursionError"):
        run_target(Target("fragile", fragile, (b"[1]",)), 20.0, SEED)


def test_the_fuzzer_finds_what_costs_more_than_its_size() -> None:
    def slow(data: bytes) -> None:
        begin = time.process_time()
        while data.count(b"<") > 20 and time.process_time() - begin < 1.2 * FREE_SECONDS:
            pass

    with pytest.raises(FindError, match="SlowInputError"):
        run_target(Target("slow", slow, (b"<i><i><i><i><i>",)), 60.0, SEED)
