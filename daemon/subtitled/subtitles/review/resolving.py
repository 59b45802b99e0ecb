"""What an operation does to a version of a document: the change of each cue that it touches."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from subtitled.plugin import InputRejectedError, Language, Word

from ..formats.text import unwrap_lines
from ..markup import restore_markup, strip_tags
from ..rules import CueRules
from ..segmentation.line_breaking import break_lines
from . import operations as ops
from .changes import Change, CueChange, compose
from .document import Document, ReviewCue, round_time, sort_cues, tidy_lines
from .replacing import replace_text
from .splitting import find_split_time


class InvalidOperationError(InputRejectedError):
    """An operation does not fit the version that it was made on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationContext:
    """What operations need besides the document."""

    base: Document
    """Version 0."""
    language: Language
    rules: CueRules
    find_words: Callable[[ReviewCue], Sequence[Word]] = lambda cue: ()
    """Returns what was recognised about the time of a cue, in its language."""


def resolve_operation(
    document: Document,
    operation: ops.SimpleOperation | ops.Compound,
    operation_id: str,
    context: OperationContext,
) -> Change:
    """Compute what an operation does.

    Args:
        document: The version that the operation was made on.
        operation: The operation.
        operation_id: Its id. Cues that it makes are called ``ID.1``, ``ID.2`` and so on.
        context: Version 0, language and rules.

    Returns:
        The changes, none if everything is so already.

    Raises:
        InvalidOperationError: It names a cue that does not exist, or is impossible.
    """
    return _Resolver(operation_id, context).resolve(_Draft(document), operation)


class _Draft:
    """The cues in the middle of a compound operation. They are sorted only where that matters."""

    def __init__(self, document: Document) -> None:
        self.version = document.version
        self.by_id = dict(document.by_id)
        self._cues: tuple[ReviewCue, ...] | None = document.cues

    @property
    def cues(self) -> tuple[ReviewCue, ...]:
        """The cues in order."""
        if self._cues is None:
            self._cues = sort_cues(self.by_id.values())
        return self._cues

    def apply(self, change: Change) -> None:
        """Change the cues."""
        self._cues = None
        for part in change:
            if part.after is None:
                self.by_id.pop(part.cue, None)
            else:
                self.by_id[part.cue] = part.after


class _Resolver:
    """Resolves one operation, and numbers the cues that it makes."""

    def __init__(self, operation_id: str, context: OperationContext) -> None:
        self._operation_id = operation_id
        self._context = context
        self._new_cues = 0
        self._methods: dict[type, Callable[[_Draft, Any], Iterable[CueChange]]] = {
            ops.SetText: self._set_text,
            ops.SetTimes: self._set_times,
            ops.Split: self._split,
            ops.Merge: self._merge,
            ops.Insert: self._insert,
            ops.Delete: self._delete,
            ops.Shift: self._shift,
            ops.Snap: self._snap,
            ops.Replace: self._replace,
            ops.TakeWords: self._take_words,
            ops.BreakLines: self._break_lines,
            ops.Restore: self._restore,
        }

    def resolve(self, draft: _Draft, operation: ops.SimpleOperation | ops.Compound) -> Change:
        if not isinstance(operation, ops.Compound):
            return compose([tuple(self._methods[type(operation)](draft, operation))])
        changes: list[Change] = []
        for part in operation.parts:
            changes.append(tuple(self._methods[type(part)](draft, part)))
            draft.apply(changes[-1])
        return compose(changes)

    def _set_text(self, draft: _Draft, operation: ops.SetText) -> Iterator[CueChange]:
        cue = _find(draft, operation.cue)
        yield _changed(cue, replace(cue, lines=self._tidy(operation.lines)))

    def _set_times(self, draft: _Draft, operation: ops.SetTimes) -> Iterator[CueChange]:
        cue = _find(draft, operation.cue)
        yield _changed(cue, _with_times(cue, operation.start, operation.end))

    def _split(self, draft: _Draft, operation: ops.Split) -> Iterator[CueChange]:
        cue = _find(draft, operation.cue)
        if operation.at is None:
            recognised = self._context.find_words(cue)
            at = find_split_time(cue, operation.first, operation.second, recognised)
        else:
            at = round_time(operation.at)
        if not cue.start < at < cue.end:
            raise InvalidOperationError(
                f"cue {cue.id} is not on screen at {at:.3f} s",
                f"Split it between {cue.start:.3f} and {cue.end:.3f} s",
            )
        # The gap is only made where it takes less than half of the first cue.
        gap = self._context.rules.min_gap
        first_end = at - gap if gap < (at - cue.start) / 2 else at
        first = _with_times(cue, cue.start, first_end)
        yield _changed(cue, replace(first, lines=self._tidy(operation.first)))
        yield self._made(at, cue.end, operation.second)

    def _merge(self, draft: _Draft, operation: ops.Merge) -> Iterator[CueChange]:
        if len(set(operation.cues)) < 2:
            raise InvalidOperationError("one cue cannot be merged with itself", "Name two cues")
        cues = _find_all(draft, operation.cues)
        lines = tuple(line for cue in cues for line in cue.lines)
        if len(lines) > self._context.rules.max_lines:
            text = unwrap_lines((cue.text for cue in cues if cue.lines), self._context.language)
            lines = self._tidy(self._break("\n".join(lines), text).split("\n"))
        first, *others = cues
        whole = _with_times(first, first.start, max(cue.end for cue in cues))
        yield _changed(first, replace(whole, lines=lines))
        yield from (CueChange(cue.id, cue, None) for cue in others)

    def _insert(self, draft: _Draft, operation: ops.Insert) -> Iterator[CueChange]:
        yield self._made(operation.start, operation.end, operation.lines)

    def _delete(self, draft: _Draft, operation: ops.Delete) -> Iterator[CueChange]:
        yield from (CueChange(cue.id, cue, None) for cue in _find_all(draft, operation.cues))

    def _shift(self, draft: _Draft, operation: ops.Shift) -> Iterator[CueChange]:
        ids = [cue.id for cue in draft.cues]
        first = 0 if operation.first is None else ids.index(_find(draft, operation.first).id)
        last = (
            len(ids) - 1 if operation.last is None else ids.index(_find(draft, operation.last).id)
        )
        if last < first and ids:
            raise InvalidOperationError("the range ends before it begins", "Swap first and last")
        for cue in draft.cues[first : last + 1]:
            start, end = cue.start + operation.seconds, cue.end + operation.seconds
            if round_time(start) < 0 or end > ops.MAX_TIME:
                raise InvalidOperationError(
                    f"cue {cue.id} would be outside the media, at {start:.3f} s",
                    "Shift by less, or fewer cues",
                )
            yield _changed(cue, _with_times(cue, start, end))

    def _snap(self, draft: _Draft, operation: ops.Snap) -> Iterator[CueChange]:
        times = sorted(set(operation.times))
        ends = times if operation.ends is None else sorted(set(operation.ends))
        for cue in _find_all(draft, operation.cues):
            start = _nearest(cue.start, times, operation.max_distance)
            end = _nearest(cue.end, ends, operation.max_distance)
            # A cue between two times keeps the end that would leave nothing of it.
            snapped = _with_times(cue, start, end if end > start else cue.end)
            yield _changed(cue, snapped if snapped.start < snapped.end else cue)

    def _replace(self, draft: _Draft, operation: ops.Replace) -> Iterator[CueChange]:
        for cue, text in replace_text(draft.cues, operation, self._context.language):
            yield _changed(cue, replace(cue, lines=self._tidy(text.split("\n"))))

    def _take_words(self, draft: _Draft, operation: ops.TakeWords) -> Iterator[CueChange]:
        cue = _find(draft, operation.cue)
        yield _changed(cue, replace(cue, lines=lay_out(operation.text, self._context)))

    def _break_lines(self, draft: _Draft, operation: ops.BreakLines) -> Iterator[CueChange]:
        for cue in _find_all(draft, operation.cues):
            text = self._break(cue.text, unwrap_lines([cue.text], self._context.language))
            yield _changed(cue, replace(cue, lines=self._tidy(text.split("\n"))))

    def _restore(self, draft: _Draft, operation: ops.Restore) -> Iterator[CueChange]:
        base = self._context.base
        restored = _find_all(base, operation.cues)
        for cue in restored:
            yield CueChange(cue.id, draft.by_id.get(cue.id), cue)
        for cue in draft.cues:
            middle = (cue.start + cue.end) / 2
            if cue.id not in base.by_id and any(one.start <= middle <= one.end for one in restored):
                yield CueChange(cue.id, cue, None)

    def _made(self, start: float, end: float, lines: Sequence[str]) -> CueChange:
        self._new_cues += 1
        cue = ReviewCue(
            id=f"{self._operation_id}.{self._new_cues}",
            start=round_time(start),
            end=round_time(end),
            lines=self._tidy(lines),
        )
        return CueChange(cue.id, None, cue)

    def _tidy(self, lines: Iterable[str]) -> tuple[str, ...]:
        return tidy_lines("\n".join(lines), self._context.language)

    def _break(self, marked: str, unwrapped: str) -> str:
        """Break a text of one line, and give it the style that it had."""
        context = self._context
        broken = break_lines(strip_tags(unwrapped), context.language, context.rules)
        return restore_markup(marked, broken) if broken else marked


def lay_out(text: str, context: OperationContext) -> tuple[str, ...]:
    """Return the lines into which our segmentation breaks a text without tags."""
    text = strip_tags(unwrap_lines([text], context.language))
    broken = break_lines(text, context.language, context.rules)
    return tidy_lines(broken or text, context.language)


def _find(document: Document | _Draft, cue: str) -> ReviewCue:
    found = document.by_id.get(cue)
    if found is None:
        raise InvalidOperationError(
            f"there is no cue {cue!r} in version {document.version}",
            "Read the review again: the cue was deleted, or merged with another",
        )
    return found


def _find_all(document: Document | _Draft, cues: Iterable[str]) -> tuple[ReviewCue, ...]:
    """Return cues in the order of the document, each once."""
    return sort_cues(_find(document, cue) for cue in dict.fromkeys(cues))


def _changed(before: ReviewCue, after: ReviewCue) -> CueChange:
    return CueChange(before.id, before, after)


def _with_times(cue: ReviewCue, start: float, end: float) -> ReviewCue:
    return replace(cue, start=round_time(start), end=round_time(end))


def _nearest(time: float, times: Sequence[float], max_distance: float) -> float:
    place = bisect.bisect_left(times, time)
    near = min(times[max(0, place - 1) : place + 1], key=lambda one: abs(one - time))
    return near if abs(near - time) <= max_distance else time
