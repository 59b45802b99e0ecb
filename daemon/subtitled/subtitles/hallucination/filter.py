"""The stages of the hallucination filter in their order."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import TimeSpan, Transcript, Word

from ..segmentation.removed_silence import confine_to_speech
from .engine_scores import find_low_scores
from .loops import collapse_repeats, find_loops, find_repeated_segments
from .non_speech_tokens import find_wordless, remove_non_speech_tokens
from .passages import RemovedText, SpeechMask, SuspectWords
from .phrases import FilterContext, find_known_hallucinations
from .speech_overlap import find_impossible_pace, find_outside_speech


def filter_hallucinations(
    transcript: Transcript,
    context: FilterContext,
    speech: Sequence[TimeSpan],
    low_energy: Sequence[TimeSpan] = (),
) -> tuple[tuple[Word, ...], tuple[RemovedText, ...]]:
    """Remove hallucinations from the words of a transcript.

    Args:
        transcript: The words, with the scores of the engine if it has any.
        context: What else is known.
        speech: The speech that the VAD found.
        low_energy: The faint parts of it.

    Returns:
        The words to keep, and the removed text with reasons, both in order of time.
    """
    speech_mask = SpeechMask(speech, low_energy)
    words: list[Word] = sorted(
        confine_to_speech(transcript.words, speech, context.language), key=lambda word: word.start
    )
    removed: list[RemovedText] = []

    def remove_suspects(suspects: Sequence[SuspectWords]) -> None:
        nonlocal words
        kept: list[Word] = []
        position = 0
        for suspect in suspects:
            kept += words[position : suspect.first]
            dropped, position = words[suspect.first : suspect.last], suspect.last
            text = "".join(word.text for word in dropped).strip()
            end = max(word.end for word in dropped)
            removed.append(RemovedText(dropped[0].start, end, text, suspect.reason))
        words = kept + words[position:]

    remove_suspects(find_low_scores(words, transcript.segment_scores))
    words, removed_now = remove_non_speech_tokens(words, context.phrases)
    removed += removed_now
    words, removed_now = collapse_repeats(words)
    removed += removed_now
    remove_suspects(find_wordless(words))
    remove_suspects(find_loops(words, speech_mask))
    remove_suspects(find_repeated_segments(words, speech_mask))
    remove_suspects(
        find_known_hallucinations(words, speech_mask, context, transcript.segment_scores)
    )
    remove_suspects(find_outside_speech(words, speech_mask))
    remove_suspects(find_impossible_pace(words, speech_mask))
    removed.sort(key=lambda item: (item.start, item.end))
    return tuple(words), tuple(removed)
