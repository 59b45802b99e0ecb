"""The audio tracks and channels that the settings of a library name, and no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .errors import NoAudioError
from .probe import AudioTrack, MediaInfo


def select_tracks(
    facts: MediaInfo, tracks: Sequence[int] = (), channels: Sequence[int] = ()
) -> MediaInfo:
    """Return what a media file holds with only some of its audio tracks and channels.

    Args:
        facts: The streams of the media file. They stay if they are such a selection already.
        tracks: The audio tracks that count, from 1; empty: all.
        channels: The channels of each track that count, from 1; empty: all. A track that has none
            of them is taken whole.

    Raises:
        NoAudioError: It has audio tracks, and none that is named.
    """
    if facts.is_selected:
        return facts
    found = [
        track
        for number, track in enumerate(facts.audio_tracks, 1)
        if not tracks or number in tracks
    ]
    if facts.audio_tracks and not found:
        count = len(facts.audio_tracks)
        raise NoAudioError(
            f"the file has {count} audio track{'s' * (count > 1)}, and none that the setting "
            f"tracks names ({', '.join(map(str, tracks))})",
            "Change tracks of its library or project, or leave it out",
        )
    chosen = tuple(_select_channels(track, channels) for track in found)
    return replace(facts, audio_tracks=chosen, is_selected=bool(tracks or channels))


def _select_channels(track: AudioTrack, channels: Sequence[int]) -> AudioTrack:
    present = tuple(sorted({number for number in channels if number <= track.channels}))
    if not present or len(present) == track.channels:
        return track
    names = track.channel_names
    return replace(
        track,
        channels=len(present),
        selected=present,
        channel_names=tuple(names[number - 1] for number in present) if names else (),
    )
