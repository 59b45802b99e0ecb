"""Random documents and operations for the tests of reviews."""

from __future__ import annotations

from hypothesis import strategies as st

from subtitled.plugin import Cue, Language
from subtitled.subtitles.review import operations as ops
from subtitled.subtitles.review.document import Document
from subtitled.subtitles.review.resolving import (
    InvalidOperationError,
    OperationContext,
    resolve_operation,
)
from subtitled.subtitles.rules import select_cue_rules

ENGLISH = Language("en")
RULES = select_cue_rules(ENGLISH, translation=False)
WORDS = ("Schuffa", "New York", "of winter", "<i>fell</i>", "- Yes.", "it's", "I")

_times = st.integers(0, 400).map(lambda tenths: tenths / 10)
_some_times = st.lists(_times, min_size=1, max_size=5).map(tuple)
lines = st.lists(st.sampled_from(WORDS), max_size=4).map(
    lambda words: (" ".join(words),) if words else ()
)


@st.composite
def documents(draw: st.DrawFn, max_size: int = 6) -> Document:
    """Draw version 0, whose cues follow each other."""
    count, at, cues = draw(st.integers(1, max_size)), 0.0, []
    for _ in range(count):
        start = at + draw(st.integers(0, 20)) / 10
        at = start + draw(st.integers(1, 40)) / 10
        text = "\n".join(draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=3)))
        cues.append(Cue(start, at, text))
    return Document.from_cues(cues, ENGLISH)


def context_of(base: Document) -> OperationContext:
    """Return what operations on a document need."""
    return OperationContext(base=base, language=ENGLISH, rules=RULES)


def simple_operations(document: Document) -> st.SearchStrategy[ops.SimpleOperation]:
    """Return operations about cues of a document, not all of which are possible."""
    cue = st.sampled_from([cue.id for cue in document.cues] or ["gone"])
    some = st.lists(cue, min_size=1, max_size=3, unique=True).map(tuple)
    end = st.none() | cue
    return st.one_of(
        st.builds(ops.SetText, cue=cue, lines=lines),
        st.builds(ops.SetTimes, cue=cue, start=_times, end=_times),
        st.builds(ops.Split, cue=cue, at=st.none() | _times, first=lines, second=lines),
        st.builds(ops.Merge, cues=st.lists(cue, min_size=2, max_size=3).map(tuple)),
        st.builds(ops.Insert, start=_times, end=_times, lines=lines),
        st.builds(ops.Delete, cues=some),
        st.builds(ops.Shift, seconds=st.integers(-20, 20).map(float), first=end, last=end),
        st.builds(ops.Snap, cues=some, times=_some_times, ends=st.none() | _some_times),
        st.builds(
            ops.TakeWords, cue=cue, text=st.lists(st.sampled_from(WORDS), min_size=1).map(" ".join)
        ),
        st.builds(
            ops.Replace,
            find=st.sampled_from(("Schuffa", "new york", "i", "I", "fell")),
            replacement=st.sampled_from(("Schufa", "", "two words", "i")),
            is_case_sensitive=st.booleans(),
            is_whole_word=st.booleans(),
        ),
        st.builds(ops.BreakLines, cues=some),
        st.builds(ops.Restore, cues=some),
    )


def any_operation(document: Document) -> st.SearchStrategy[ops.SimpleOperation | ops.Compound]:
    """Return simple and compound operations."""
    simple = simple_operations(document)
    compound = st.lists(simple, min_size=1, max_size=3).map(
        lambda parts: ops.Compound(parts=tuple(parts))
    )
    return simple | compound


def resolve(
    document: Document,
    operation: ops.SimpleOperation | ops.Compound,
    base: Document | None = None,
    operation_id: str = "op",
) -> tuple:  # type: ignore[type-arg]
    """Resolve an operation; one that is impossible changes nothing."""
    try:
        return resolve_operation(document, operation, operation_id, context_of(base or document))
    except InvalidOperationError:
        return ()
