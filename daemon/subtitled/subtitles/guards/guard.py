"""All guards, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from subtitled.plugin import Interval, Language, Transcript, Word

from .doubt import doubted
from .loops import loops, same_again, shortened
from .passages import Finding, Removal, Sound
from .phrases import Phrases, invented
from .sound import impossible_pace, outside_speech
from .tokens import without_signs, wordless


def guard(
    transcript: Transcript,
    language: Language,
    speech: Sequence[Interval],
    duration: float,
    phrases: Phrases,
    *,
    quiet: Sequence[Interval] = (),
    terms: Sequence[str] = (),
) -> tuple[tuple[Word, ...], tuple[Removal, ...]]:
    """The words that are to be believed, and what was left out, both in order of time.

    ``language`` is that of the words. ``speech`` and its faint parts ``quiet`` are what the voice
    detector found in a medium of ``duration`` seconds; ``terms`` the hints that the engine had.
    """
    sound = Sound(speech, quiet)
    words: list[Word] = sorted(transcript.words, key=lambda word: word.start)
    gone: list[Removal] = []

    def leave_out(findings: Sequence[Finding]) -> None:
        nonlocal words
        kept: list[Word] = []
        at = 0
        for finding in findings:
            kept += words[at : finding.first]
            out, at = words[finding.first : finding.last], finding.last
            text = "".join(word.text for word in out).strip()
            end = max(word.end for word in out)
            gone.append(Removal(out[0].start, end, text, finding.reason))
        words = kept + words[at:]

    leave_out(doubted(words, transcript.evidence))
    words, cut = without_signs(words, phrases)
    gone += cut
    words, cut = shortened(words)
    gone += cut
    leave_out(wordless(words))
    leave_out(loops(words, sound))
    leave_out(same_again(words, sound))
    leave_out(invented(words, language, sound, phrases, duration, terms))
    leave_out(outside_speech(words, sound))
    leave_out(impossible_pace(words, sound))
    gone.sort(key=lambda one: (one.start, one.end))
    return tuple(words), tuple(gone)
