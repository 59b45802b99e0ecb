"""Asking until every line is there: what is good is kept, the rest goes out in smaller batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from subtitled.plugin import Batch, InputRejectedError, Line, TextPair

from .checks import LineIssue, check_batch

MAX_CALLS = 24
"""Calls for one batch; one bad line in forty takes eleven, and what breaks all is soon left."""
CONTEXT_LINES = 5
"""Pairs before a line that a translator is shown."""

CallTranslator = Callable[[Batch], Sequence[Line]]
"""One call of a translator; raises :class:`~subtitled.plugin.InputRejectedError` for a text it
refuses."""


@dataclass(slots=True)
class BatchResult:
    """What one translator made of a batch."""

    accepted: dict[int, str] = field(default_factory=dict)
    rejected: dict[int, LineIssue] = field(default_factory=dict)
    """Lines that it was asked for alone, to the last, and gave no usable text for."""


def translate_until_complete(
    batch: Batch,
    cached: dict[int, str],
    call_translator: CallTranslator,
    save: Callable[[dict[int, str], dict[int, LineIssue]], None],
) -> BatchResult:
    """The lines of a batch, by one translator.

    ``known`` are texts of this and earlier batches by id, for context. ``keep`` is told at once
    what was settled, before the next call that may fail. A line in neither part of the result was
    not asked to the end: the calls were used up.
    """
    sources = {line.id: line.text for line in batch.lines}
    cached = dict(cached)
    settled = BatchResult()
    left = MAX_CALLS

    def before(first: int) -> tuple[TextPair, ...]:
        near = [
            TextPair(sources[number], cached[number])
            for number in sorted(sources)
            if number < first and number in cached
        ]
        return tuple([*batch.previous, *near][-CONTEXT_LINES:])

    def work(lines: Sequence[Line]) -> None:
        nonlocal left
        if left == 0:
            return
        left -= 1
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
        settled.accepted.update(good)
        settled.rejected.update(final)
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
    return settled
