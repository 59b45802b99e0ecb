"""Asking until every line is there: what is good is kept, the rest goes out in smaller batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from subtitled.plugin import Batch, Line, Pair, Rejected

from .checks import Fault, check

MOST_ASKS = 24
"""Calls for one batch; one bad line in forty takes eleven, and what breaks all is soon left."""
CONTEXT = 5
"""Pairs before a line that a translator is shown."""

Ask = Callable[[Batch], Sequence[Line]]
"""One call of a translator; raises :class:`~subtitled.plugin.Rejected` for a text it refuses."""


@dataclass(slots=True)
class Settled:
    """What one translator made of a batch."""

    good: dict[int, str] = field(default_factory=dict)
    bad: dict[int, Fault] = field(default_factory=dict)
    """Lines that it was asked for alone, to the last, and gave no usable text for."""


def settle(
    batch: Batch,
    known: dict[int, str],
    ask: Ask,
    keep: Callable[[dict[int, str], dict[int, Fault]], None],
) -> Settled:
    """The lines of a batch, by one translator.

    ``known`` are texts of this and earlier batches by id, for context. ``keep`` is told at once
    what was settled, before the next call that may fail. A line in neither part of the result was
    not asked to the end: the calls were used up.
    """
    sources = {line.id: line.text for line in batch.lines}
    known = dict(known)
    settled = Settled()
    left = MOST_ASKS

    def before(first: int) -> tuple[Pair, ...]:
        near = [
            Pair(sources[number], known[number])
            for number in sorted(sources)
            if number < first and number in known
        ]
        return tuple([*batch.before, *near][-CONTEXT:])

    def work(lines: Sequence[Line]) -> None:
        nonlocal left
        if left == 0:
            return
        left -= 1
        try:
            answer = ask(replace(batch, lines=tuple(lines), before=before(lines[0].id)))
        except Rejected as problem:
            good, bad = {}, {line.id: Fault(f"refused: {problem.what}") for line in lines}
        else:
            checked = check(replace(batch, lines=tuple(lines)), answer)
            good, bad = checked.good, checked.bad
        final = bad if len(lines) == 1 else {}
        known.update(good)
        settled.good.update(good)
        settled.bad.update(final)
        keep(good, final)
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
