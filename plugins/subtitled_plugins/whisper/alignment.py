"""Forced alignment of a given text, by the cross-attention of Whisper's decoder.

The text is forced through the decoder. The attention heads that follow the audio tell when each
token is said, which is how Whisper itself finds word times. The decoder takes half a minute of
audio at a time, so longer speech is aligned window by window. Each window gets a little more text
than it can hold. Only words well before its end are trusted, and the next window starts at the
first word that was not trusted.
"""

from __future__ import annotations

import itertools
import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subtitled.plugin import SAMPLE_RATE, Audio, TimeSpan, Word

from .features import fill_with_silence
from .windows import WINDOW_SECONDS, Window

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from faster_whisper import WhisperModel
    from faster_whisper.tokenizer import Tokenizer

TEXT_SURPLUS = 1.25
"""How much more text a window is given than it holds at the pace of the rest."""
TRUSTED_SECONDS = 25.0
"""Seconds of a window, unless it is the last, up to which its words are trusted. Words said later
are crowded behind them."""
MARGIN_WORDS = 3
"""Words at the end of a window's text that are not trusted: the text may have ended too early."""
STEP_SECONDS = 15.0
"""Seconds that are skipped where nothing of the text was found."""
LEAD_SECONDS = 0.2
"""Seconds before its first word at which a window begins."""
MIN_LEVEL_SHARE = 0.06
"""A frame with less than this share of a word's highest level is no part of the word (-24 dB)."""
FRAME_SECONDS = 0.01
MIN_PAUSE_SECONDS = 0.1
"""Shortest silence at the edge of a word that is a pause. A shorter one is a consonant."""
MAX_SILENCE_INSIDE = 0.2
"""Seconds of silence that no word has inside."""
MAX_TOKENS = 400
"""Tokens of text at most. The decoder takes 448, with those around the text."""
CLOSING_PUNCTUATION = "\"'.。,，!！?？:：”)]}、…»」』"


@dataclass(frozen=True, slots=True)
class TokenisedWord:
    """A word as it is written, with its tokens. Those from ``first`` to ``last`` are spoken."""

    text: str
    tokens: tuple[int, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class AlignedWord:
    """The times of a word in seconds of its window, and the mean probability of its tokens."""

    start: float
    end: float
    confidence: float


def tokenise_words(tokenizer: Tokenizer, text: str) -> list[TokenisedWord]:
    """Split a text into words with their punctuation; into characters in scripts without spaces."""
    tokens = tokenizer.encode(text)
    texts, pieces = tokenizer.split_to_word_tokens([*tokens, tokenizer.eot])
    words: list[TokenisedWord] = []
    opening: tuple[str, tuple[int, ...]] = ("", ())
    for word, word_tokens in zip(texts[:-1], pieces[:-1], strict=True):
        word_tokens = tuple(word_tokens)
        if words and unicodedata.category(word[0])[0] == "M":
            before = words[-1]  # a vowel or a tone that is written above or below a letter
            joined_tokens = before.tokens + word_tokens
            last = len(joined_tokens) if before.last == len(before.tokens) else before.last
            words[-1] = TokenisedWord(before.text + word, joined_tokens, before.first, last)
            continue
        if not any(unicodedata.category(c)[0] in "LNS" for c in word):
            if words and (word.strip() in CLOSING_PUNCTUATION or not word.startswith(" ")):
                before = words[-1]
                words[-1] = TokenisedWord(
                    before.text + word, before.tokens + word_tokens, before.first, before.last
                )
            else:
                opening = (opening[0] + word, opening[1] + word_tokens)
            continue
        all_tokens = opening[1] + word_tokens
        words.append(TokenisedWord(opening[0] + word, all_tokens, len(opening[1]), len(all_tokens)))
        opening = ("", ())
    if opening[0] and words:
        before = words[-1]
        words[-1] = TokenisedWord(
            before.text + opening[0], before.tokens + opening[1], before.first, before.last
        )
    return words


def align_text(
    model: WhisperModel,
    tokenizer: Tokenizer,
    audio: Audio,
    speech: Sequence[TimeSpan],
    text: str,
) -> list[Word]:
    """Find when each word of a text is said.

    Args:
        model: The loaded model.
        tokenizer: Its tokenizer for the language of the text.
        audio: The track.
        speech: Where the text is said, in order, in seconds. The spans do not overlap.
        text: What is said there.

    Returns:
        All words of the text. Words for which no audio is left have no length and confidence 0.
    """
    remaining_words = tokenise_words(tokenizer, text)
    aligned: list[Word] = []
    remaining_speech = list(speech)
    while remaining_words and remaining_speech:
        window = _take_first(remaining_speech, WINDOW_SECONDS)
        is_last = window.duration >= sum(part.duration for part in remaining_speech) - 1e-6
        candidates = _select_candidates(remaining_words, remaining_speech, is_last)
        placements = _align_window(model, tokenizer, audio, window, candidates)
        count = len(placements)
        if not is_last or len(candidates) < len(remaining_words):
            count = _count_trusted(
                placements,
                len(candidates) - (MARGIN_WORDS if len(candidates) < len(remaining_words) else 0),
            )
        aligned += [
            _to_word(word, placement, window)
            for word, placement in zip(candidates[:count], placements, strict=False)
        ]
        remaining_words = remaining_words[count:]
        if not remaining_words:
            break
        advance = STEP_SECONDS
        if count < len(placements) and count:
            # Not before the end of the last trusted word: words are in order.
            advance = max(placements[count - 1].end, placements[count].start - LEAD_SECONDS)
        remaining_speech = _drop_first(remaining_speech, advance)
    # No audio is left for the remaining words. The core judges what that means.
    end = max(
        [*(word.end for word in aligned[-1:]), *(part.end for part in speech[-1:])], default=0
    )
    return [
        *aligned,
        *(Word(text=word.text, start=end, end=end, confidence=0.0) for word in remaining_words),
    ]


def _take_first(speech: Sequence[TimeSpan], seconds: float) -> Window:
    """Return the first seconds of some spans as a window."""
    parts: list[TimeSpan] = []
    for part in speech:
        if seconds <= 0.0:
            break
        parts.append(TimeSpan(part.start, min(part.end, part.start + seconds)))
        seconds -= part.duration
    return Window(tuple(parts))


def _drop_first(speech: Sequence[TimeSpan], seconds: float) -> list[TimeSpan]:
    """Return some spans without their first seconds."""
    remaining: list[TimeSpan] = []
    for part in speech:
        if seconds >= part.duration:
            seconds -= part.duration
            continue
        remaining.append(TimeSpan(part.start + seconds, part.end))
        seconds = 0.0
    return remaining


def _select_candidates(
    words: Sequence[TokenisedWord], speech: Sequence[TimeSpan], is_last: bool
) -> list[TokenisedWord]:
    """Return the words that may be said in the next window, and some more."""
    letters = [max(1, len(word.text.strip(string.punctuation + " "))) for word in words]
    pace = sum(letters) / sum(part.duration for part in speech)
    max_letters = sum(letters) if is_last else pace * WINDOW_SECONDS * TEXT_SURPLUS + 10
    cumulative_letters = itertools.accumulate(letters)
    tokens = itertools.accumulate(len(word.tokens) for word in words)
    within = itertools.takewhile(
        lambda pair: pair[0] <= max_letters and pair[1] <= MAX_TOKENS,
        zip(cumulative_letters, tokens, strict=True),
    )
    return list(words[: max(1, sum(1 for _ in within))])


def _count_trusted(placements: Sequence[AlignedWord], limit: int) -> int:
    """Return how many of the words of a window are trusted."""
    return next(
        (
            n
            for n, placement in enumerate(placements[: max(0, limit)])
            if placement.end > TRUSTED_SECONDS
        ),
        max(0, limit),
    )


def _align_window(
    model: WhisperModel,
    tokenizer: Tokenizer,
    audio: Audio,
    window: Window,
    words: Sequence[TokenisedWord],
) -> list[AlignedWord]:
    """Find each word in a window."""
    import numpy as np

    sound = window.read_samples(audio)
    features = model.feature_extractor(sound)
    length = model.feature_extractor.nb_max_frames
    frames = min(features.shape[-1], length)
    encoded = model.encode(fill_with_silence(features, length))
    tokens = [token for word in words for token in word.tokens]
    (result,) = model.model.align(encoded, tokenizer.sot_sequence, [tokens], frames)
    text, time = (np.array(side) for side in zip(*result.alignments, strict=True))
    jumps = np.pad(np.diff(text), (1, 0), constant_values=1).astype(bool)
    times = time[jumps] / model.tokens_per_second
    placements: list[AlignedWord] = []
    levels = _measure_levels(sound)
    position = 0
    for word in words:
        first, last = position + word.first, position + word.last
        confidence = float(np.mean(result.text_token_probs[first:last]))
        is_clause_end = word.text[-1:] in CLOSING_PUNCTUATION
        start, end = _trim_pauses(levels, float(times[first]), float(times[last]), is_clause_end)
        placements.append(AlignedWord(start, end, min(1.0, max(0.0, confidence))))
        position += len(word.tokens)
    return placements


def _measure_levels(sound: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the level of each hundredth of a second."""
    import numpy as np

    size = round(FRAME_SECONDS * SAMPLE_RATE)
    frames = sound[: len(sound) // size * size].reshape(-1, size)
    levels: npt.NDArray[np.float32] = np.sqrt(np.mean(np.square(frames), axis=1))
    return levels


def _trim_pauses(
    levels: npt.NDArray[np.float32], start: float, end: float, is_clause_end: bool
) -> tuple[float, float]:
    """Remove the pauses around a word, since Whisper lets each word end where the next begins.

    With a pause inside, the word is what follows the pause: Whisper starts words too early. At the
    end of a clause it is what precedes the pause.
    """
    import numpy as np

    inside = levels[round(start / FRAME_SECONDS) : round(end / FRAME_SECONDS)]
    loud = (inside > MIN_LEVEL_SHARE * np.max(inside)).nonzero()[0] if len(inside) else inside
    if not len(loud):
        return start, end
    islands, first = [], 0
    for number, gap in enumerate(loud[1:] - loud[:-1], 1):
        if gap * FRAME_SECONDS >= MAX_SILENCE_INSIDE:
            islands.append(loud[first:number])
            first = number
    islands.append(loud[first:])
    chosen = islands[0] if is_clause_end else islands[-1]
    if len(chosen) * FRAME_SECONDS < MIN_PAUSE_SECONDS:
        chosen = max(islands, key=len)
    before, after = (
        FRAME_SECONDS * int(chosen[0]),
        FRAME_SECONDS * (len(inside) - 1 - int(chosen[-1])),
    )
    return start + before * (before >= MIN_PAUSE_SECONDS), end - after * (
        after >= MIN_PAUSE_SECONDS
    )


def _to_word(word: TokenisedWord, placement: AlignedWord, window: Window) -> Word:
    """Convert a word to media time. It never spans a pause."""
    place = window.timeline.place(
        placement.start,
        placement.end,
        prefers_first=word.text[-1:] in CLOSING_PUNCTUATION,
    )
    return Word(text=word.text, start=place.start, end=place.end, confidence=placement.confidence)


def build_tokenizer(model: WhisperModel, code: str, task: str = "transcribe") -> Tokenizer:
    """Return Whisper's tokenizer for a language, given by Whisper's code, and a task."""
    from faster_whisper.tokenizer import Tokenizer

    return Tokenizer(model.hf_tokenizer, model.model.is_multilingual, task=task, language=code)
