"""The sound of several microphones on tracks or channels of their own, mixed for a recogniser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.media.channels import (
    ChannelFile,
    are_unrelated,
    measure_covariance,
    weigh_by_level,
    write_channel,
    write_mix,
)
from subtitled.media.decode import decode_channels
from subtitled.media.levels import correct_level
from subtitled.media.probe import AudioTrack
from subtitled.media.track_sets import ChannelChoice, choose_channels
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import Audio
from subtitled.transcripts.models import ChannelShare

if TYPE_CHECKING:
    from collections.abc import Iterator

FindSpeech = Callable[[Audio], SpeechActivity]


def name_channels(tracks: Sequence[AudioTrack]) -> list[tuple[int, int | None, str]]:
    """Return the track, the channel if its track has several, and the name of each channel."""
    named: list[tuple[int, int | None, str]] = []
    for track in tracks:
        if track.channels == 1:
            title = f" ({track.title})" if track.title else ""
            named.append((track.index, None, f"track {track.index}{title}"))
            continue
        names = dict(enumerate(track.channel_names, 1))
        for channel in range(1, track.channels + 1):
            title = f" ({names[channel]})" if names.get(channel) else ""
            named.append((track.index, channel, f"channel {channel} of track {track.index}{title}"))
    return named


def analyse_channels(
    media: Path, tracks: Sequence[AudioTrack], target: Path, find_speech: FindSpeech
) -> tuple[SpeechActivity, tuple[ChannelShare, ...]]:
    """Listen to each channel, choose those with speech, and write their mix.

    Args:
        media: The media file.
        tracks: One track with several channels, or several mono tracks.
        target: The file for the mix.
        find_speech: Detects the speech of a mono file.

    Returns:
        The speech of the mix, and the part of each channel in it.

    Raises:
        SubtitledError: Decoding or detection failed.
    """
    with _decoded(media, tracks, target) as file:
        return _analyse(file, tracks, target, find_speech)


def analyse_sides(
    media: Path, track: AudioTrack, target: Path, find_speech: FindSpeech
) -> tuple[SpeechActivity, tuple[ChannelShare, ...]] | None:
    """Listen to both sides of a stereo track, if they have little in common.

    Args:
        media: The media file.
        track: A track with two channels.
        target: The file that the mix replaces. It stays if the sides are those of one sound.
        find_speech: Detects the speech of a mono file.

    Returns:
        The speech of the mix and the part of each side, or None if they are those of one sound, or
        nobody speaks on either.

    Raises:
        SubtitledError: Decoding or detection failed.
    """
    with _decoded(media, [track], target) as file:
        if not are_unrelated(measure_covariance(file)):
            return None
        speech, shares = _analyse(file, [track], target, find_speech)
        return (speech, shares) if speech.spans else None


def _analyse(
    file: ChannelFile, tracks: Sequence[AudioTrack], target: Path, find_speech: FindSpeech
) -> tuple[SpeechActivity, tuple[ChannelShare, ...]]:
    """Choose the channels with speech, and write their mix if there are any."""
    named = name_channels(tracks)
    single = target.with_name(target.name + ".channel")
    activities: list[SpeechActivity] = []
    try:
        for channel in range(file.channels):
            write_channel(file, channel, single)
            correct_level(single)
            activities.append(find_speech(Audio(single)))
        choices = choose_channels(
            activities, measure_covariance(file), [name for *_, name in named]
        )
        if not target.exists() or any(choice.gain > 0 for choice in choices):
            _write(file, [choice.gain for choice in choices], target)
    finally:
        single.unlink(missing_ok=True)
    shares = tuple(_to_share(*pair) for pair in zip(named, choices, strict=True))
    taken = [speech for speech, choice in zip(activities, choices, strict=True) if choice.gain > 0]
    if len(taken) > 1:
        return find_speech(Audio(target)), shares
    return taken[0] if taken else SpeechActivity(), shares


def mix_channels(
    media: Path, tracks: Sequence[AudioTrack], shares: Sequence[ChannelShare], target: Path
) -> Audio:
    """Write the mix again that :func:`analyse_channels` chose."""
    with _decoded(media, tracks, target) as file:
        _write(file, [share.gain for share in shares], target)
    return Audio(target)


def _to_share(place: tuple[int, int | None, str], choice: ChannelChoice) -> ChannelShare:
    track, channel, name = place
    return ChannelShare(
        track=track,
        channel=channel,
        speech_seconds=round(choice.speech_seconds, 2),
        gain=choice.gain,
        reason=f"{name}: {choice.reason}",
    )


def _write(file: ChannelFile, gains: Sequence[float], target: Path) -> None:
    partial = target.with_name(target.name + ".mix")
    taken = [number for number, gain in enumerate(gains) if gain > 0]
    try:
        if len(taken) > 1:
            write_mix(file, weigh_by_level(measure_covariance(file), gains), partial)
        else:
            write_channel(file, taken[0] if taken else 0, partial)
        correct_level(partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _decoded(media: Path, tracks: Sequence[AudioTrack], target: Path) -> Iterator[ChannelFile]:
    interleaved = target.with_name(target.name + ".channels")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield decode_channels(media, tracks, interleaved)
    finally:
        interleaved.unlink(missing_ok=True)
