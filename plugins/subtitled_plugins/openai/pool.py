"""The addresses of one section, and the requests that are shared out among them."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from subtitled.plugin import SetupError, SubtitledError, TransientError

from .address_health import (
    MIN_ANSWERS,
    AddressHealth,
    choose_address,
    find_faster,
    is_fault_of_address,
    may_try_another,
    note_answer,
    note_failure,
    note_slow,
)
from .client import OpenAIClient

T = TypeVar("T")
_POLL_SECONDS = 1.0
"""How often a request that waits for its turn looks whether it is still wanted."""


class Address:
    """One address: its client, and what its server was found to support."""

    def __init__(self, client: OpenAIClient, health: AddressHealth) -> None:
        """Create an address.

        Args:
            client: Sends requests to it.
            health: What is known of it.
        """
        self.client = client
        self.health = health
        self.first_supported = 0
        """Number of the first response format that its server has not refused."""


class AddressPool:
    """Shares requests out among addresses. Threads may use it at the same time."""

    def __init__(
        self,
        addresses: Sequence[Address],
        *,
        is_free: bool,
        log: logging.Logger,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Create a pool.

        Args:
            addresses: At least one.
            is_free: Whether they cost nothing, so that a request may be made twice.
            log: Where it is told that an address is left out.
            clock: A clock that only goes forward, in seconds.
        """
        self.addresses = tuple(addresses)
        self._health = [address.health for address in addresses]
        self._is_free, self._log, self._clock = is_free, log, clock
        self._changed = threading.Condition()

    def run(
        self,
        call: Callable[[Address], T],
        sound_seconds: float,
        is_cancelled: Callable[[], bool] = lambda: False,
    ) -> T:
        """Make one request: at another address if one fails and nothing is paid for twice.

        Args:
            call: Makes the request at an address.
            sound_seconds: How much sound it is about.
            is_cancelled: Whether nobody waits for the answer any more.

        Raises:
            SubtitledError: No address answered, or one may have done the work and did not say.
        """
        failures: dict[int, SubtitledError] = {}
        while True:
            number = self._take(failures, is_cancelled)
            began_at = self._clock()
            try:
                result = call(self.addresses[number])
            except SubtitledError as error:
                failures[number] = error
                self._give_back(number, error)
                if not may_try_another(error, is_free=self._is_free):
                    raise
                if len(failures) == len(self.addresses):
                    raise self._combine(failures) from None
            except BaseException:
                self._give_back(number, None)
                raise
            else:
                self._give_back_answered(number, sound_seconds, self._clock() - began_at)
                return result

    def _take(self, failures: dict[int, SubtitledError], is_cancelled: Callable[[], bool]) -> int:
        """Wait for an address that has room, and count the request there."""
        with self._changed:
            while True:
                number = choose_address(self._health, failures, self._clock())
                if number is not None:
                    self._health[number].in_flight += 1
                    return number
                if is_cancelled():
                    raise TransientError("the request was cancelled while it waited for its turn")
                self._changed.wait(_POLL_SECONDS)

    def _give_back(self, number: int, error: SubtitledError | None) -> None:
        with self._changed:
            health = self._health[number]
            health.in_flight -= 1
            self._changed.notify_all()
            if error is None or not is_fault_of_address(error) or len(self._health) == 1:
                return
            was_left_out = health.has_failed(self._clock())
            seconds = note_failure(health, error, self._clock())
        if not was_left_out:
            self._log.warning("%s is left out for %.0f s: %s", health.name, seconds, error)

    def _give_back_answered(self, number: int, sound_seconds: float, seconds: float) -> None:
        with self._changed:
            health = self._health[number]
            health.in_flight -= 1
            self._changed.notify_all()
            was_failing = health.is_on_trial
            note_answer(health, sound_seconds, seconds)
            slow = find_faster(self._health, number)
            left_out = 0.0
            if slow is not None:
                left_out = note_slow(health, self._clock())
            elif health.answers >= MIN_ANSWERS:
                health.times_slow = 0
        if was_failing:
            self._log.info("%s answers again", health.name)
        if slow is not None:
            self._log.warning(
                "%s is left out for %.0f s: it takes %.0f times as long as %s for a second of "
                "sound, by their weights",
                health.name,
                left_out,
                slow[1],
                slow[0],
            )

    def _combine(self, failures: dict[int, SubtitledError]) -> SubtitledError:
        """Return one error for the failures of all addresses: what may pass is told first."""
        errors = list(failures.values())
        first = next((one for one in errors if isinstance(one, TransientError)), errors[0])
        if len(errors) == 1:
            return first
        message = f"none of {len(errors)} addresses answers: " + "; ".join(
            error.message for error in errors
        )
        if isinstance(first, TransientError):
            waits = [one.retry_after for one in errors if isinstance(one, TransientError)]
            known = [wait for wait in waits if wait is not None]
            return TransientError(message, first.hint, min(known, default=None))
        return SetupError(message, first.hint)
