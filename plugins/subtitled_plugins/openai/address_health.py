"""Which of several addresses gets the next request. Nothing here sends anything."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from subtitled.plugin import Backoff, InputRejectedError, SetupError, SubtitledError, TransientError

BACK_OFF = Backoff(first=10.0, maximum=600.0, jitter=0.0)
"""For how many seconds an address is left out after failures in a row."""
MIN_ANSWERS = 3
"""Answers after which the pace of an address is compared with that of others."""
SLOW_FACTOR = 5.0
"""An address that takes so many times as long as another, by their weights, is left out."""
_NEWEST_WEIGHT = 0.3
"""The weight of the newest answer in the pace."""


@dataclass(slots=True, kw_only=True)
class AddressHealth:
    """What is known of one address now. Times are seconds of a clock that only goes forward."""

    name: str
    """Its host, for messages."""
    weight: float = 1.0
    limit: int = 1
    """Requests that it gets at the same time, at most."""
    in_flight: int = 0
    failures: int = 0
    """Failures in a row, of requests that were made one after the other."""
    times_slow: int = 0
    """How often in a row it was found too slow."""
    out_until: float = 0.0
    """Until when it is left out."""
    answers: int = 0
    """Answers since it was last left out."""
    pace: float = 0.0
    """Seconds that it takes for a second of sound, on average."""

    @property
    def is_on_trial(self) -> bool:
        """Whether its last request failed: it gets one at a time then."""
        return self.failures > 0

    def has_failed(self, now: float) -> bool:
        """Return whether it is left out because it failed."""
        return self.is_on_trial and now < self.out_until

    def is_available(self, now: float) -> bool:
        """Return whether it may get requests."""
        return now >= self.out_until and not (self.is_on_trial and self.in_flight)


def choose_address(
    addresses: Sequence[AddressHealth], tried: Collection[int], now: float
) -> int | None:
    """Choose the address for a request: the one with the fewest in flight for its weight.

    If all are left out, it is the one whose time ends first, so that a request does not wait for
    that time. None gets more at once than its limit even then.

    Args:
        addresses: All addresses.
        tried: Those that have failed with this request already. At least one is left.
        now: The time.

    Returns:
        Its number; None if those that may be used have enough to do.
    """
    left = [number for number in range(len(addresses)) if number not in tried]
    available = [number for number in left if addresses[number].is_available(now)]
    free = [
        number
        for number in available or left
        if addresses[number].in_flight < addresses[number].limit
    ]
    if not free:
        return None
    if not available:
        return min(free, key=lambda number: addresses[number].out_until)
    return min(free, key=lambda number: _load_with_one_more(addresses[number]))


def _load_with_one_more(address: AddressHealth) -> float:
    return (address.in_flight + 1) / address.weight


def is_fault_of_address(error: SubtitledError) -> bool:
    """Return whether a failure says something about the address, and not about the sound."""
    return not isinstance(error, InputRejectedError)


def may_try_another(error: SubtitledError, *, is_free: bool) -> bool:
    """Return whether another address may get a request that failed.

    Where requests cost money, only if the failure says that nothing was made and so nothing is
    billed: no connection, too many requests, overloaded, or a refusal of the key or the model.

    Args:
        error: The failure.
        is_free: Whether the addresses cost nothing.
    """
    if isinstance(error, SetupError):
        return True
    if isinstance(error, TransientError):
        return is_free or error.nothing_done
    return False


def note_failure(address: AddressHealth, error: SubtitledError, now: float) -> float:
    """Leave an address out; return for how many seconds.

    Requests that were under way together fail together: while it is left out, further failures
    count as the same one.
    """
    retry_after = error.retry_after if isinstance(error, TransientError) else None
    if address.has_failed(now):
        address.out_until = max(address.out_until, now + (retry_after or 0.0))
    else:
        address.failures += 1
        address.out_until = now + BACK_OFF.delay(address.failures, retry_after)
    return address.out_until - now


def note_answer(address: AddressHealth, sound_seconds: float, seconds: float) -> None:
    """Note that an address answered, and how fast."""
    if address.is_on_trial:  # one that is too slow stays left out when others are answered
        address.failures, address.out_until = 0, 0.0
    pace = seconds / max(sound_seconds, 1.0)
    weight = _NEWEST_WEIGHT if address.answers else 1.0
    address.pace += weight * (pace - address.pace)
    address.answers += 1


def find_faster(addresses: Sequence[AddressHealth], number: int) -> tuple[str, float] | None:
    """Return the address beside which one is too slow, and how many times as long that takes.

    Slowness counts by the weights: of an address with a tenth of the weight of another one it is
    expected to take ten times as long.
    """
    own = addresses[number]
    others = [
        one
        for one in addresses
        if one is not own and one.answers >= MIN_ANSWERS and not one.is_on_trial
    ]
    if own.answers < MIN_ANSWERS or not others:
        return None
    fastest = min(others, key=_weighted_pace)
    factor = _weighted_pace(own) / max(_weighted_pace(fastest), 1e-9)
    return (fastest.name, factor) if factor > SLOW_FACTOR else None


def _weighted_pace(address: AddressHealth) -> float:
    return address.pace * address.weight


def note_slow(address: AddressHealth, now: float) -> float:
    """Leave an address out that is too slow; return for how many seconds."""
    address.times_slow += 1
    address.answers, address.pace = 0, 0.0
    seconds = BACK_OFF.delay(address.times_slow)
    address.out_until = now + seconds
    return seconds
