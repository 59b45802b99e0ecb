"""What lost the words that were lost: voice activity detection, a guard, a refusal, the decoder.

A lost stretch is at least two words of the reference in a row that are missing without others in
their place. Its time is that of its cue, at an even pace, or lies between the words around it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from subtitled.plugin import Language
from subtitled.subtitles.evaluation.timed_words import time_words
from words_material import UNWRITABLE, Recording
from words_scores import (
    LostStretch,
    align_words,
    count_false_removals,
    find_lost_stretches,
    list_words,
)
from words_ways import OURS, RAW, Heard

TIMED = frozenset({"built", "hand"})
"""Ways in which exact times of cues were made."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """A lost stretch, and what lost it."""

    recording: str
    words: int
    start: float | None
    end: float | None
    cause: str
    detail: str
    text: str


def explain_losses(recording: Recording, ours: Heard, peers: Mapping[str, Heard]) -> list[Loss]:
    """Find what lost each lost stretch of a recording.

    Args:
        recording: The recording, with its reference.
        ours: What ours heard.
        peers: What others heard, by way.
    """
    language = recording.language
    said = list_words(recording.text or "", language)
    heard = list_words(ours.text, language)
    engine = list_words("".join(text for _, _, text in ours.words), language)
    in_engine = align_words(engine, said)
    in_peers = {
        way: align_words(list_words(peer.text, language), said) for way, peer in peers.items()
    }
    times = _time_reference(recording, ours, said)
    losses = []
    for stretch in find_lost_stretches(heard, said):
        where = range(stretch.first, stretch.last)
        start, end = _span(times, stretch)
        got = [way for way, places in in_peers.items() if _share(places, where) >= 0.5]
        cause, detail = _find_cause(ours, start, end, _share(in_engine, where))
        if cause == "decoder" and got:
            detail = f"heard by {', '.join(got)}"
        losses.append(
            Loss(
                recording=recording.name,
                words=len(where),
                start=start,
                end=end,
                cause=cause,
                detail=detail,
                text=" ".join(said[stretch.first : stretch.last]),
            )
        )
    return losses


def _find_cause(
    ours: Heard, start: float | None, end: float | None, share_heard: float
) -> tuple[str, str]:
    if not ours.cues:
        return "refusal", ours.note
    if start is not None and end is not None:
        removed = [each for each in ours.removed if each[0] < end and each[1] > start and each[2]]
        if removed and share_heard >= 0.3:
            return "guard", "; ".join(f"{text!r}: {reason}" for _, _, text, reason in removed)
        covered = sum(max(0.0, min(end, b) - max(start, a)) for a, b in ours.speech)
        if covered < 0.5 * (end - start):
            return "vad", f"{covered:.1f} of {end - start:.1f} s are speech"
    if share_heard >= 0.5:
        return "guard", "the engine heard it; no removal is recorded at this time"
    return "decoder", "heard by none"


def _share(places: Sequence[int | None], where: range) -> float:
    return sum(places[index] is not None for index in where) / len(where)


def _span(
    times: Sequence[tuple[float, float] | None], stretch: LostStretch
) -> tuple[float | None, float | None]:
    """Return start and end of a stretch: by its own words, or between those around it."""
    own = [each for each in times[stretch.first : stretch.last] if each is not None]
    if own:
        return own[0][0], own[-1][1]
    before = [each for each in times[: stretch.first] if each is not None]
    after = [each for each in times[stretch.last :] if each is not None]
    return (before[-1][1] if before else 0.0), (after[0][0] if after else None)


def _time_reference(
    recording: Recording, ours: Heard, said: Sequence[str]
) -> list[tuple[float, float] | None]:
    """Return the times of the words of the reference as far as they are known."""
    if recording.timing in TIMED:
        in_cues = time_words(recording.cues, Language(recording.language))
        if len(in_cues) == len(said):
            return [(start, end) for _, start, end in in_cues]
    heard, times = [], []
    for start, end, text in ours.words:
        for word in list_words(text, recording.language):
            heard.append(word)
            times.append((start, end))
    return [None if place is None else times[place] for place in align_words(heard, said)]


def print_losses(recordings: Sequence[Recording], results: Mapping[str, dict[str, Heard]]) -> None:
    """Print each lost stretch of ours, and sums by cause. Other ways tell who heard it."""
    for way in OURS:
        if way not in results:
            continue
        sums: dict[str, Counter[str]] = defaultdict(Counter)
        print(f"\nlost stretches, {way}:")
        for recording in recordings:
            ours = results[way].get(recording.name)
            if not recording.is_scored or recording.language in UNWRITABLE or ours is None:
                continue
            peers = {
                raw: results[raw][recording.name]
                for raw in RAW
                if recording.name in results.get(raw, {})
            }
            for loss in explain_losses(recording, ours, peers):
                at = "?" if loss.start is None else f"{loss.start:.1f}"
                to = "?" if loss.end is None else f"{loss.end:.1f}"
                print(f"  {loss.recording} {at}-{to} s, {loss.words} words, {loss.cause}", end="")
                print(f" ({loss.detail}): {loss.text[:90]}")
                cause = loss.cause
                if cause == "decoder":
                    cause += (
                        ", peers too" if loss.detail == "heard by none" else ", a peer heard it"
                    )
                sums[recording.language][cause] += loss.words
        print(f"lost words in such stretches, by language, {way}:")
        for language, counts in sorted(sums.items()):
            print(f"  {language}: " + ", ".join(f"{c} {n}" for c, n in counts.most_common()))
        total: Counter[str] = sum(sums.values(), Counter())
        print("  all: " + ", ".join(f"{cause} {count}" for cause, count in total.most_common()))
        print_removals(recordings, results[way])


def print_removals(recordings: Sequence[Recording], heard_by_name: Mapping[str, Heard]) -> None:
    """Print the guards' false removals, and the words outside the speech that VAD found."""
    present = [each for each in recordings if each.is_scored and each.name in heard_by_name]
    for title, count in (
        ("guards' false removals", count_words_removed),
        ("words outside the speech that was found", count_words_outside_speech),
    ):
        counts = {each.name: count(each, heard_by_name[each.name]) for each in present}
        places = ", ".join(f"{name} {number}" for name, number in counts.items() if number)
        print(f"{title}: {sum(counts.values())} ({places})")


def count_words_removed(recording: Recording, heard: Heard) -> int:
    """Count the words that the engine heard rightly, and that are missing in the subtitle."""
    language = recording.language
    return count_false_removals(
        list_words("".join(text for _, _, text in heard.words), language),
        list_words(heard.text, language),
        list_words(recording.text or "", language),
    )


def count_words_outside_speech(recording: Recording, heard: Heard) -> int:
    """Count the words of cues with times whose middle is in no speech that VAD found."""
    if recording.timing not in TIMED:
        return 0
    middles = [
        (start + end) / 2
        for _, start, end in time_words(recording.cues, Language(recording.language))
    ]
    return sum(not any(start <= middle <= end for start, end in heard.speech) for middle in middles)
