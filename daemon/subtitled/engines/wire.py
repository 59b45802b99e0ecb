"""What parent and engine process say to each other: JSON, checked on both sides.

An engine may be anybody's code. Whatever it gives is read back as the contract's own types, so a
wrong shape is found here and named, and nothing of the plugin's is ever unpickled in the daemon.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from subtitled.media.vad import Speech
from subtitled.plugin import (
    Interval,
    LanguageGuess,
    Misconfigured,
    Problem,
    Rejected,
    Request,
    Stretch,
    Temporary,
    Transcript,
    Word,
)

INTERVALS: TypeAdapter[list[Interval]] = TypeAdapter(list[Interval])
SPEECH: TypeAdapter[Speech] = TypeAdapter(Speech)
GUESSES: TypeAdapter[list[LanguageGuess]] = TypeAdapter(list[LanguageGuess])
TRANSCRIPT: TypeAdapter[Transcript] = TypeAdapter(Transcript)
STRETCH: TypeAdapter[Stretch] = TypeAdapter(Stretch)
WORDS: TypeAdapter[list[Word]] = TypeAdapter(list[Word])
REQUEST: TypeAdapter[Request] = TypeAdapter(Request)


class Crashed(Temporary):
    """A child process ended, or had to be ended, in the middle of a call."""


class Waiting(Temporary):
    """Nothing is wrong with the file: something that it needs is not to be had until later. It
    counts as no failed attempt."""


_KINDS: dict[str, type[Problem]] = {
    kind.__name__: kind for kind in (Crashed, Waiting, Temporary, Misconfigured, Rejected)
}


def problem_to_json(problem: Problem) -> dict[str, Any]:
    """A problem as JSON; a plugin's own subclass becomes the kind of ours that it extends."""
    kind = next((name for name, cls in _KINDS.items() if isinstance(problem, cls)), "Temporary")
    said: dict[str, Any] = {"kind": kind, "what": problem.what, "cure": problem.cure}
    if isinstance(problem, Temporary) and problem.retry_after is not None:
        said["retry_after"] = problem.retry_after
    return said


def problem_from_json(said: dict[str, Any]) -> Problem:
    """The problem that :func:`problem_to_json` wrote down."""
    kind = _KINDS[said["kind"]]
    if issubclass(kind, Temporary):
        return kind(said["what"], said["cure"], said.get("retry_after"))
    return kind(said["what"], said["cure"])
