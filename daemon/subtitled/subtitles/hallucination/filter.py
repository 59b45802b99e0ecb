"""The stages of the hallucination filter in their order."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import Language, TimeSpan, Transcript, Word

from .engine_scores import find_low_scores
from .loops import collapse_repeats, find_loops, find_repeated_segments
from .non_speech_tokens import find_wordless, remove_non_speech_tokens
from .passages import RemovedText, SpeechMask, SuspectWords
from .phrases import HallucinationPhrases, find_known_hallucinations
from .speech_overlap import find_impossible_pace, find_outside_speech


def filter_hallucinations(
    transcript: Transcript,
    language: Language,
    speech: Sequence[TimeSpan],
    duration: float,
    phrases: HallucinationPhrases,
    *,
    low_energy: Sequence[TimeSpan] = (),
    hotwords: Sequence[str] = (),
) -> tuple[tuple[Word, ...], tuple[RemovedText, ...]]:
    """Remove hallucinations from the words of a transcript.

    ``speech`` and its faint parts ``low_energy`` are the results of the VAD, in a track of
    ``duration`` seconds.

    Returns:
        The words to keep, and the removed text with reasons, both in order of time.
    """
    speech_mask = SpeechMask(speech, low_energy)
    words: list[Word] = sorted(transcript.words, key=lambda word: word.start)
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
    words, removed_now = remove_non_speech_tokens(words, phrases)
    removed += removed_now
    words, removed_now = collapse_repeats(words)
    removed += removed_now
    remove_suspects(find_wordless(words))
    remove_suspects(find_loops(words, speech_mask))
    remove_suspects(find_repeated_segments(words, speech_mask))
    remove_suspects(
        find_known_hallucinations(words, language, speech_mask, phrases, duration, hotwords)
    )
    remove_suspects(find_outside_speech(words, speech_mask))
    remove_suspects(find_impossible_pace(words, speech_mask))
    removed.sort(key=lambda item: (item.start, item.end))
    return tuple(words), tuple(removed)
