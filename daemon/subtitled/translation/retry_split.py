"""Asks for a batch until every line is there.

Good lines are kept, the rest is asked for in halves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from subtitled.plugin import Batch, InputRejectedError, Line, TextPair

from .checks import LineIssue, check_batch

MAX_CALLS = 24
"""Calls for one batch. One bad line in forty needs eleven, and a broken translator is soon left."""
CONTEXT_LINES = 5
"""Translated lines before a batch that a translator is shown."""

CallTranslator = Callable[[Batch], Sequence[Line]]
"""A function that calls a translator once.

It raises :class:`~subtitled.plugin.InputRejectedError` for a text that is refused.
"""


@dataclass(slots=True)
class BatchResult:
    """What one translator made of a batch."""

    accepted: dict[int, str] = field(default_factory=dict)
    rejected: dict[int, LineIssue] = field(default_factory=dict)
    """Lines without a usable text even when they were asked for alone."""


def translate_until_complete(
    batch: Batch,
    cached: dict[int, str],
    call_translator: CallTranslator,
    save: Callable[[dict[int, str], dict[int, LineIssue]], None],
) -> BatchResult:
    """Translate the lines of a batch with one translator.

    Args:
        batch: The lines to translate.
        cached: Texts of this and earlier batches by id, used as context.
        call_translator: Calls the translator.
        save: Stores accepted and finally rejected lines. It is called before the next call, which
            may fail.

    Returns:
        The lines. One in neither part was not asked for alone, because the calls were used up.
    """
    sources = {line.id: line.text for line in batch.lines}
    cached = dict(cached)
    result = BatchResult()
    calls_left = MAX_CALLS

    def before(first: int) -> tuple[TextPair, ...]:
        near = [
            TextPair(sources[number], cached[number])
            for number in sorted(sources)
            if number < first and number in cached
        ]
        return tuple([*batch.previous, *near][-CONTEXT_LINES:])

    def work(lines: Sequence[Line]) -> None:
        nonlocal calls_left
        if calls_left == 0:
            return
        calls_left -= 1
        try:
            answer = call_translator(
                replace(batch, lines=tuple(lines), previous=before(lines[0].id))
            )
        except InputRejectedError as error:
            good, bad = {}, {line.id: LineIssue(f"refused: {error.message}") for line in lines}
        else:
            checked = check_batch(replace(batch, lines=tuple(lines)), answer)
            good, bad = checked.accepted, checked.rejected
        final = bad if len(lines) == 1 else {}
        cached.update(good)
        result.accepted.update(good)
        result.rejected.update(final)
        save(good, final)
        rest = [line for line in lines if line.id in bad]
        if len(lines) == 1 or not rest:
            return
        if len(rest) < len(lines):
            work(rest)
        else:
            work(rest[: len(rest) // 2])
            work(rest[len(rest) // 2 :])

    work(batch.lines)
    return result
