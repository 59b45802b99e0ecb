"""Putting cues into another language without a line getting lost or times passing through.

Cues go out as numbered lines and come back by number; a batch with missing, foreign or empty
lines is halved until the bad line stands alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from subtitled.config.isolation import guarded
from subtitled.plugin import Batch, Cue, Language, Line, Pair, Rejected, Translator

LIMIT = 300.0
"""Seconds that one call of a translator may take."""


def batches(cues: Sequence[Cue], size: int) -> Iterator[tuple[Line, ...]]:
    """The cues as lines, numbered from 0, in batches of at most ``size``."""
    lines = [Line(number, cue.text.replace("\n", " ")) for number, cue in enumerate(cues)]
    for start in range(0, len(lines), max(1, size)):
        yield tuple(lines[start : start + max(1, size)])


def translate(
    name: str,
    translator: Translator,
    lines: Sequence[Line],
    source: Language,
    target: Language,
    terms: Callable[[str], tuple[Pair, ...]] = lambda text: (),
) -> list[tuple[int, str]]:
    """Pairs of line number and text, complete. Raises :class:`Rejected` for a hopeless line.

    ``terms`` says what must be called what, of what a text mentions.
    """
    mentioned = terms("\n".join(line.text for line in lines))
    batch = Batch(tuple(lines), source, target, mentioned)
    answer = guarded(name, lambda: translator.translate(batch), LIMIT).lines
    texts = {line.id: " ".join(line.text.split()) for line in answer if line.text.strip()}
    wanted = {line.id for line in lines}
    if set(texts) == wanted and len(answer) == len(lines):
        return list(texts.items())
    if len(lines) == 1:
        raise Rejected(
            f"the translator {name} gave no usable {target} text for line {lines[0].id}",
            "Configure another translator for this pair of languages",
        )
    half = len(lines) // 2
    return [
        *translate(name, translator, lines[:half], source, target, terms),
        *translate(name, translator, lines[half:], source, target, terms),
    ]


def with_texts(
    cues: Sequence[Cue], texts: dict[int, str], lay_out: Callable[[str], str]
) -> list[Cue]:
    """The cues at their old times with their new texts, broken into lines."""
    return [Cue(cue.start, cue.end, lay_out(texts[number])) for number, cue in enumerate(cues)]
