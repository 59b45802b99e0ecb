"""Which engine and model to use for the backlog and for new files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from subtitled.plugin import Language

from .options import QUALITY_SOURCE, Option

MAX_BACKLOG_DAYS = 30.0
"""How long the backlog may take, for a better model to be preferred to a faster one."""
MAX_SHARE_OF_HOURS = 0.5
"""The share of the working hours that new files may take."""
MIN_NEW_SPEED = 1.0
"""A new film is to be done in no more time than it lasts."""
ANY_LANGUAGE_COUNT = 50
"""A model with so many languages suits a library whose spoken languages are not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the libraries need."""

    spoken: frozenset[Language] = frozenset()
    """The languages spoken in them, as far as that is known."""
    backlog_seconds: float | None = None
    """The length of the files that something is to be made for; None if that is not known."""
    new_seconds_per_day: float | None = None
    """The length of the files that arrive in a day; None if that is not known."""
    hours_per_day: float = 24.0
    """Working hours in a day, on average."""
    usable_memory_mb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A recommended engine and model."""

    option: Option
    work_seconds: float | None
    """For the whole backlog, or for the new files of a day; None if their length is not known."""
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the choice as JSON has it."""
        option = self.option
        return {
            "engine": option.known.engine,
            "model": option.known.model,
            "is_here": option.known.is_here,
            "speed": None if option.speed is None else round(option.speed, 3),
            "speed_source": option.speed_source,
            "uncertainty": option.uncertainty,
            "memory_mb": round(option.memory_mb),
            "memory_source": option.memory_source,
            "work_hours": None if self.work_seconds is None else round(self.work_seconds / 3600, 2),
            "reason": self.reason,
            "quality_source": QUALITY_SOURCE,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What to use. None: nothing that is known suits."""

    backlog: Choice | None
    new: Choice | None

    def to_dict(self) -> dict[str, Any]:
        """Return the recommendation as JSON has it."""
        return {
            "backlog": None if self.backlog is None else self.backlog.to_dict(),
            "new": None if self.new is None else self.new.to_dict(),
        }


def recommend(options: Sequence[Option], needs: Needs) -> Recommendation:
    """Choose an engine and model for the backlog, and one for new files.

    Of those that are fast enough it is the one with the fewest errors, else the fastest. A speed
    that was not measured here has to be enough even if it is too high. A model whose speed or
    quality nobody has measured is never recommended.

    Args:
        options: The engines and models.
        needs: What the libraries need.
    """
    usable = [one for one in options if is_usable(one, needs)]
    hours = needs.hours_per_day * 3600.0
    backlog, new = needs.backlog_seconds, needs.new_seconds_per_day

    def does_backlog(speed: float) -> bool:
        return (backlog or 0.0) / speed <= MAX_BACKLOG_DAYS * hours

    def keeps_up(speed: float) -> bool:
        return speed >= MIN_NEW_SPEED and (new or 0.0) / speed <= MAX_SHARE_OF_HOURS * hours

    if backlog is None:
        # Of an unknown backlog it is only known that a slow model is of no use.
        chosen_backlog = _choose(usable, keeps_up, "keeps up with new files", None)
    else:
        goal = f"does the backlog within {MAX_BACKLOG_DAYS:g} days"
        chosen_backlog = _choose(usable, does_backlog, goal, backlog)
    return Recommendation(
        backlog=chosen_backlog, new=_choose(usable, keeps_up, "keeps up with new files", new)
    )


def is_usable(option: Option, needs: Needs) -> bool:
    """Return whether an engine and model fit into the memory and know what is spoken."""
    if option.speed is None or option.rank is None:
        return False
    if option.memory_mb > needs.usable_memory_mb:
        return False
    languages = option.known.languages
    if languages is None:
        return True
    if not needs.spoken:
        return len(languages) >= ANY_LANGUAGE_COUNT
    known = {language.primary for language in languages}
    return all(language.primary in known for language in needs.spoken)


def _choose(
    usable: Sequence[Option],
    is_fast_enough: Callable[[float], bool],
    goal: str,
    sound: float | None,
) -> Choice | None:
    if not usable:
        return None
    fast = [one for one in usable if is_fast_enough(_speed(one) / one.uncertainty)]
    if fast:
        option = min(fast, key=lambda one: (_rank(one), -_speed(one) / one.uncertainty))
        reason = f"the best that {goal}"
    else:
        option = max(usable, key=lambda one: _speed(one) / one.uncertainty)
        reason = f"the fastest; none {goal}"
    return Choice(
        option=option,
        work_seconds=None if sound is None else sound / _speed(option),
        reason=reason,
    )


def _speed(option: Option) -> float:
    assert option.speed is not None
    return option.speed


def _rank(option: Option) -> int:
    assert option.rank is not None
    return option.rank
