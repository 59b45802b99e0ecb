"""Which audio track to listen to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from subtitled.plugin import Language

from .probe import AudioTrack, MediaFacts
from .problems import NoAudio

_WORDLESS = re.compile(
    r"isolated (score|music)|music (only|and effects)|\bM&E\b|score only|instrumental|karaoke|"
    r"musique seule|nur musik|solo música",
    re.I,
)


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """The track to listen to, why, and why not the others (by track index)."""

    track: AudioTrack
    reason: str
    passed_over: tuple[tuple[int, str], ...] = ()


def choose_audio(facts: MediaFacts, preferred: Sequence[Language] = ()) -> AudioChoice:
    """The track in a preferred language, else the original, the default or the first one.

    Commentary, audio description and music without words are taken only where nothing else is; a
    dub only where no track is marked as the original. Raises :class:`NoAudio`.
    """
    if not facts.audio:
        raise NoAudio("the file has no sound", "Nothing to do: there is nothing to subtitle")
    passed = {
        track.index: why for track in facts.audio if (why := _unfit(track, facts)) is not None
    }
    fit = [track for track in facts.audio if track.index not in passed]
    if not fit:
        first = facts.audio[0]
        return AudioChoice(first, f"nothing but {passed[first.index]} is there")
    track, reason = _best(fit, preferred)
    for other in fit:
        if other is not track:
            passed[other.index] = f"not the one that is {reason}"
    return AudioChoice(track, reason, tuple(sorted(passed.items())))


def spoken_tracks(facts: MediaFacts) -> tuple[AudioTrack, ...]:
    """The tracks that say what the medium says, in whatever language: dubs are among them.

    The best of a language comes first: what is no dub, then the default, then more channels.
    """
    fit = [
        track
        for track in facts.audio
        if not (track.commentary or track.description or _WORDLESS.search(track.title))
    ]
    return tuple(sorted(fit, key=lambda one: (one.dub, not one.default, -one.channels, one.index)))


def _unfit(track: AudioTrack, facts: MediaFacts) -> str | None:
    if track.commentary:
        return "commentary"
    if track.description:
        return "audio description"
    if _WORDLESS.search(track.title):
        return "music without words"
    if track.dub and any(
        other.original and not (other.commentary or other.description) for other in facts.audio
    ):
        return "a dub"
    return None


def _best(fit: Sequence[AudioTrack], preferred: Sequence[Language]) -> tuple[AudioTrack, str]:
    for language in preferred:
        for track in fit:
            if track.language.serves(language):
                return track, f"in the preferred language {language}"
    for track in fit:
        if track.original:
            return track, "marked as the original"
    for track in fit:
        if track.default:
            return track, "marked as default" if len(fit) > 1 else "the only one"
    return fit[0], "the first" if len(fit) > 1 else "the only one"
