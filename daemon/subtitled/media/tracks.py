"""Choosing the audio track to transcribe."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from subtitled.plugin import Language

from .errors import NoAudioError
from .marks import NO_DIALOGUE
from .probe import AudioTrack, MediaInfo

NO_SPEECH_REASON = "no speech in it"
"""Why a track is not chosen that was listened to."""


@dataclass(frozen=True, slots=True)
class AudioChoice:
    """The track to transcribe."""

    track: AudioTrack
    reason: str
    """Why it was chosen."""
    rejected: tuple[tuple[int, str], ...] = ()
    """Index of each other track, and why it was not chosen."""


def choose_audio_track(
    facts: MediaInfo, preferred: Sequence[Language] = (), silent: Collection[int] = ()
) -> AudioChoice:
    """Choose the track in a preferred language, else the original, the default or the first one.

    Commentary, audio description and instrumental music are chosen only if there is nothing else.
    A dub is chosen only if no track is marked as the original. A track in which nobody speaks is
    chosen only if that is so of all: the game may be on the first track, and the player on the
    second.

    Args:
        facts: The tracks of the media file.
        preferred: Languages, best first.
        silent: Indexes of tracks that were listened to and have no speech.

    Raises:
        NoAudioError: The file has no audio track.
    """
    if not facts.audio_tracks:
        raise NoAudioError("the file has no sound", "There is nothing to subtitle")
    rejected = {
        track.index: rejection
        for track in facts.audio_tracks
        if (rejection := _rejection_reason(track, facts)) is not None
    }
    candidates = [track for track in facts.audio_tracks if track.index not in rejected]
    if not candidates:
        first = facts.audio_tracks[0]
        return AudioChoice(first, f"there is only {rejected[first.index]}")
    spoken = [track for track in candidates if track.index not in silent] or candidates
    track, reason = _pick_best(spoken, preferred)
    for other in candidates:
        if other not in spoken:
            rejected[other.index] = NO_SPEECH_REASON
        elif other is not track:
            rejected[other.index] = f"not the one that is {reason}"
    return AudioChoice(track, reason, tuple(sorted(rejected.items())))


def list_spoken_tracks(facts: MediaInfo) -> tuple[AudioTrack, ...]:
    """Return the tracks with the dialogue of the media file, in any language, including dubs.

    The best track of a language comes first: no dub before a dub, then the default, then the one
    with more channels.
    """
    candidates = [track for track in facts.audio_tracks if not track.marks & NO_DIALOGUE]
    return tuple(
        sorted(
            candidates,
            key=lambda candidate: (
                candidate.is_dub,
                not candidate.is_default,
                -candidate.channels,
                candidate.index,
            ),
        )
    )


def _rejection_reason(track: AudioTrack, facts: MediaInfo) -> str | None:
    if marks := track.marks & NO_DIALOGUE:
        return " and ".join(sorted(marks))
    if track.is_dub and any(
        other.is_original and not other.marks & NO_DIALOGUE for other in facts.audio_tracks
    ):
        return "a dub"
    return None


def _pick_best(
    candidates: Sequence[AudioTrack], preferred: Sequence[Language]
) -> tuple[AudioTrack, str]:
    for language in preferred:
        for track in candidates:
            if track.language.satisfies(language):
                return track, f"in the preferred language {language}"
    for track in candidates:
        if track.is_original:
            return track, "marked as the original"
    for track in candidates:
        if track.is_default:
            return track, "marked as default" if len(candidates) > 1 else "the only one"
    return candidates[0], "the first" if len(candidates) > 1 else "the only one"
