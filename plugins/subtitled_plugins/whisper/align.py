"""Where the words of a given text are said: by the cross-attention of Whisper's decoder.

The text is forced through the decoder, and the heads that attend to where they are in the sound say
when each token is said (Whisper's own way to word times). That works on half a minute of sound at a
time. A longer stretch is gone through window by window: each is given a little more text than it
can hold, only what lies well before its end is believed, and the next begins with the first word
that was not.
"""

from __future__ import annotations

import itertools
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE, Audio, Interval, Word

from .windows import WINDOW, Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

SURPLUS = 1.25
"""How much more text a window is given than it holds at the pace of the rest."""
TRUSTED = 25.0
"""Seconds of a window, not the last, up to which its words are believed: behind them the words
are crowded that are said only later."""
MARGIN = 3
"""Words at the end of a window's text that are not believed, lest the text ended too early."""
STEP = 15.0
"""Seconds that are passed over where nothing of the text was found."""
LEAD = 0.2
"""Seconds before its first word at which a window begins."""
QUIET = 0.06
"""A frame of a word with less than this share of its loudest is no part of it (-24 dB)."""
FRAME = 0.01
PAUSE = 0.1
"""Seconds of quiet at the edge of a word from which on they are a pause; shorter is a consonant."""
INSIDE = 0.2
"""Seconds of quiet that no word has inside."""
MOST_TOKENS = 400
"""Of the 448 places of the decoder; the rest is for what stands around a text."""
ENDING = "\"'.。,，!！?？:：”)]}、…»」』"


@dataclass(frozen=True, slots=True)
class Unit:
    """A word as it is written, with its tokens; those from ``first`` to ``last`` are said."""

    text: str
    tokens: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Placed:
    """A unit in seconds of its window, and the mean probability of its tokens."""

    start: float
    end: float
    confidence: float


def units(tokenizer: Tokenizer, text: str) -> list[Unit]:
    """The words of a text, or its characters in scripts without spaces, each with its marks."""
    tokens = tokenizer.encode(text)
    texts, pieces = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    found: list[Unit] = []
    opening: tuple[str, tuple[int, ...]] = ("", ())
    for word, its in zip(texts[:-1], pieces[:-1], strict=True):
        its = tuple(its)
        if found and unicodedata.category(word[0])[0] == "M":
            before = found[-1]  # a vowel or a tone that is written above or below a letter
            tokens_so_far = before.tokens + its
            last = len(tokens_so_far) if before.last == len(before.tokens) else before.last
            found[-1] = Unit(before.text + word, tokens_so_far, before.first, last)
            continue
        if not any(unicodedata.category(c)[0] in "LNS" for c in word):
            if found and (word.strip() in ENDING or not word.startswith(" ")):
                before = found[-1]
                found[-1] = Unit(before.text + word, before.tokens + its, before.first, before.last)
            else:
                opening = (opening[0] + word, opening[1] + its)
            continue
        all_of_it = opening[1] + its
        found.append(Unit(opening[0] + word, all_of_it, len(opening[1]), len(all_of_it)))
        opening = ("", ())
    if opening[0] and found:
        before = found[-1]
        found[-1] = Unit(
            before.text + opening[0], before.tokens + opening[1], before.first, before.last
        )
    return found


def align(
    model: WhisperModel,
    tokenizer: Tokenizer,
    audio: Audio,
    speech: Sequence[Interval],
    text: str,
) -> list[Word]:
    """The words of a text that is said in some intervals, in order and apart, of the audio."""
    left = units(tokenizer, text)
    found: list[Word] = []
    rest = list(speech)
    while left and rest:
        window = _first(rest, WINDOW)
        is_last = window.duration >= sum(part.duration for part in rest) - 1e-6
        given = _as_much(left, rest, is_last)
        placed = _placed(model, tokenizer, audio, window, given)
        count = len(placed)
        if not is_last or len(given) < len(left):
            count = _believed(placed, len(given) - (MARGIN if len(given) < len(left) else 0))
        found += [_word(unit, at, window) for unit, at in zip(given[:count], placed, strict=False)]
        left = left[count:]
        if not left:
            break
        onward = STEP
        if count < len(placed) and count:
            # Not before the end of what is believed: no word comes before the one in front of it.
            onward = max(placed[count - 1].end, placed[count].start - LEAD)
        rest = _behind(rest, onward)
    # For what is left there is no sound; it is for the core to judge what that means.
    end = max([*(word.end for word in found[-1:]), *(part.end for part in speech[-1:])], default=0)
    return [*found, *(Word(unit.text, end, end, 0.0) for unit in left)]


def _first(rest: Sequence[Interval], seconds: float) -> Window:
    """The first seconds of some intervals."""
    parts: list[Interval] = []
    for part in rest:
        if seconds <= 0.0:
            break
        parts.append(Interval(part.start, min(part.end, part.start + seconds)))
        seconds -= part.duration
    return Window(tuple(parts))


def _behind(rest: Sequence[Interval], seconds: float) -> list[Interval]:
    """The intervals without their first seconds."""
    left: list[Interval] = []
    for part in rest:
        if seconds >= part.duration:
            seconds -= part.duration
            continue
        left.append(Interval(part.start + seconds, part.end))
        seconds = 0.0
    return left


def _as_much(left: Sequence[Unit], rest: Sequence[Interval], is_last: bool) -> list[Unit]:
    """The units that may be said in the next window, and some more."""
    letters = [max(1, len(unit.text.strip(string.punctuation + " "))) for unit in left]
    pace = sum(letters) / sum(part.duration for part in rest)
    room = sum(letters) if is_last else pace * WINDOW * SURPLUS + 10
    said = itertools.accumulate(letters)
    tokens = itertools.accumulate(len(unit.tokens) for unit in left)
    within = itertools.takewhile(
        lambda both: both[0] <= room and both[1] <= MOST_TOKENS, zip(said, tokens, strict=True)
    )
    return list(left[: max(1, sum(1 for _ in within))])


def _believed(placed: Sequence[Placed], most: int) -> int:
    """How many of the words of a window are believed."""
    return next(
        (n for n, one in enumerate(placed[: max(0, most)]) if one.end > TRUSTED), max(0, most)
    )


def _placed(
    model: WhisperModel, tokenizer: Tokenizer, audio: Audio, window: Window, given: Sequence[Unit]
) -> list[Placed]:
    """The units where Whisper finds them in a window."""
    import numpy as np
    from faster_whisper.audio import pad_or_trim

    sound = np.concatenate([audio.samples(part) for part in window.parts])
    features = model.feature_extractor(sound)
    frames = min(features.shape[-1], model.feature_extractor.nb_max_frames)
    encoded = model.encode(pad_or_trim(features))
    tokens = [token for unit in given for token in unit.tokens]
    (result,) = model.model.align(encoded, tokenizer.sot_sequence, [tokens], frames)
    text, time = (np.array(side) for side in zip(*result.alignments, strict=True))
    jumps = np.pad(np.diff(text), (1, 0), constant_values=1).astype(bool)
    times = time[jumps] / model.tokens_per_second
    placed: list[Placed] = []
    levels = _levels(sound)
    at = 0
    for unit in given:
        first, last = at + unit.first, at + unit.last
        sure = float(np.mean(result.text_token_probs[first:last]))
        ends = unit.text[-1:] in ENDING
        start, end = _sounding(levels, float(times[first]), float(times[last]), ends)
        placed.append(Placed(start, end, min(1.0, max(0.0, sure))))
        at += len(unit.tokens)
    return placed


def _levels(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """How loud each hundredth of a second is."""
    import numpy as np

    size = round(FRAME * SAMPLE_RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    levels: npt.NDArray[np.float32] = np.sqrt(np.mean(np.square(frames), axis=1))
    return levels


def _sounding(
    levels: npt.NDArray[np.float32], start: float, end: float, ends: bool
) -> tuple[float, float]:
    """A word without the pauses around it: one word ends where the next begins, says Whisper.

    Where a pause is inside of it, it is behind the pause, for Whisper has words begin too early; or
    before, if its sentence or clause ``ends`` with it.
    """
    inside = levels[round(start / FRAME) : round(end / FRAME)]
    loud = (inside > QUIET * inside.max()).nonzero()[0] if len(inside) else inside
    if not len(loud):
        return start, end
    islands, first = [], 0
    for number, gap in enumerate(loud[1:] - loud[:-1], 1):
        if gap * FRAME >= INSIDE:
            islands.append(loud[first:number])
            first = number
    islands.append(loud[first:])
    chosen = islands[0] if ends else islands[-1]
    if len(chosen) * FRAME < PAUSE:
        chosen = max(islands, key=len)
    before, after = FRAME * int(chosen[0]), FRAME * (len(inside) - 1 - int(chosen[-1]))
    return start + before * (before >= PAUSE), end - after * (after >= PAUSE)


def _word(unit: Unit, placed: Placed, window: Window) -> Word:
    """A unit in seconds of the medium; one over a seam is where most of it is."""
    begin, most = 0.0, (-1.0, 0.0, 0.0)
    for part in window.parts:
        first, last = max(placed.start, begin), min(placed.end, begin + part.duration)
        if last - first > most[0]:
            most = (last - first, part.start + first - begin, part.start + last - begin)
        begin += part.duration
    if most[0] >= 0.0:
        return Word(unit.text, most[1], most[2], placed.confidence)
    end = window.parts[-1].end
    return Word(unit.text, end, end, placed.confidence)


def tokenizer_for(model: WhisperModel, code: str, task: str = "transcribe") -> Tokenizer:
    """Whisper's tokenizer for a language by its code."""
    from faster_whisper.tokenizer import Tokenizer

    return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task=task, language=code)
