"""The sound of several microphones on tracks or channels of their own, mixed for a recogniser."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from subtitled.media import channel_work
from subtitled.media.channel_choice import ChannelChoice
from subtitled.media.channels import ChannelFile
from subtitled.media.decode import decode_channels
from subtitled.media.levels import correct_level
from subtitled.media.numpy_process import call
from subtitled.media.probe import AudioTrack
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import Audio
from subtitled.transcripts.models import ChannelShare

if TYPE_CHECKING:
    from collections.abc import Iterator

FindSpeech = Callable[[Audio], SpeechActivity]
NamedChannel = tuple[int, int | None, str]
"""The track, the channel if its track has several, and the name of a channel for people."""


def name_channels(tracks: Sequence[AudioTrack]) -> list[NamedChannel]:
    """Name the channels of some tracks."""
    named: list[NamedChannel] = []
    for track in tracks:
        if track.channels == 1:
            title = f" ({track.title})" if track.title else ""
            named.append((track.index, None, f"track {track.index}{title}"))
            continue
        numbers = track.selected or tuple(range(1, track.channels + 1))
        names = dict(zip(numbers, track.channel_names, strict=False))
        for channel in numbers:
            title = f" ({names[channel]})" if names.get(channel) else ""
            named.append((track.index, channel, f"channel {channel} of track {track.index}{title}"))
    return named


@dataclass(frozen=True, slots=True)
class SpeechVersion:
    """What is said on some channels together, and which of them are taken."""

    track: int
    """The track under which it is analysed."""
    speech: SpeechActivity
    shares: tuple[ChannelShare, ...]


def analyse_channels(
    media: Path,
    tracks: Sequence[AudioTrack],
    main: int,
    find_target: Callable[[int], Path],
    find_speech: FindSpeech,
) -> tuple[SpeechVersion, ...]:
    """Listen to each channel, choose those with speech, and write the mix of each version.

    Args:
        media: The media file.
        tracks: One track with several channels, or several mono tracks.
        main: The track under which the main sound is analysed.
        find_target: Returns the file for the mix that is analysed under a track.
        find_speech: Detects the speech of a mono file.

    Returns:
        The main sound with all channels. After it, if there are several tracks, each version in
        another language or with other words, with the tracks that the versions before it left.

    Raises:
        SubtitledError: Decoding or detection failed.
    """
    with _decoded(media, tracks, find_target(main)) as file:
        return _analyse(file, tracks, main, find_target, find_speech)


def analyse_sides(
    media: Path, track: AudioTrack, target: Path, find_speech: FindSpeech
) -> SpeechVersion | None:
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
        if not call(channel_work.have_unrelated_sides, *_name(file)):
            return None
        (analysed,) = _analyse(file, [track], track.index, lambda index: target, find_speech)
        return analysed if analysed.speech.spans else None


def _analyse(
    file: ChannelFile,
    tracks: Sequence[AudioTrack],
    main: int,
    find_target: Callable[[int], Path],
    find_speech: FindSpeech,
) -> tuple[SpeechVersion, ...]:
    """Choose the channels with speech, and write the mix of each version if there are any."""
    named = name_channels(tracks)
    single = find_target(main).with_name(find_target(main).name + ".channel")
    covariance = single.with_name(single.name + ".covariance")
    activities: list[SpeechActivity] = []
    try:
        same = call(channel_work.compare_channels, *_name(file), str(covariance))
        for channel, copied in enumerate(same):
            if copied == channel_work.SILENT:
                activities.append(SpeechActivity())
            elif copied is not None:
                activities.append(activities[copied])
            else:
                call(channel_work.write_single, *_name(file), channel, str(single))
                correct_level(single)
                activities.append(find_speech(Audio(single)))
        versions = _choose_versions(covariance, activities, [name for *_, name in named])
    finally:
        single.unlink(missing_ok=True)
        covariance.unlink(missing_ok=True)
    leaders: list[int | None] = [main]
    for choices in versions[1:]:
        leaders.append(_find_leader(choices, named, leaders))
    # The channels of one track cannot be told apart by its index.
    found = [pair for pair in zip(leaders, versions, strict=True) if pair[0] is not None]
    leader_of = {n: leader for leader, choices in found[1:] for n in choices}
    analysed: list[SpeechVersion] = []
    for leader, choices in found:
        assert leader is not None
        gains = [choices[n].gain if n in choices else 0.0 for n in range(file.channels)]
        target = find_target(leader)
        if not target.exists() or any(gains):
            _write(file, gains, target)
        taken = [activities[n] for n, gain in enumerate(gains) if gain > 0]
        speech = taken[0] if taken else SpeechActivity()
        if len(taken) > 1:
            speech = find_speech(Audio(target))
        shares = tuple(
            _to_share(named[n], choice, leader_of.get(n) if leader == main else None)
            for n, choice in choices.items()
        )
        analysed.append(SpeechVersion(leader, speech, shares))
    return tuple(analysed)


def _name(file: ChannelFile) -> tuple[str, int]:
    """Return what names a file for another process."""
    return str(file.path), file.channels


def _choose_versions(
    covariance: Path, activities: Sequence[SpeechActivity], names: Sequence[str]
) -> list[dict[int, ChannelChoice]]:
    """Have the channels of each version chosen; see :mod:`subtitled.media.channel_choice`."""
    found = [
        tuple([(span.start, span.end) for span in spans] for spans in (one.spans, one.low_energy))
        for one in activities
    ]
    versions = call(channel_work.choose_versions, str(covariance), found, names)
    return [{n: ChannelChoice(**fields) for n, fields in version} for version in versions]


def _find_leader(
    choices: Mapping[int, ChannelChoice],
    named: Sequence[NamedChannel],
    used: Sequence[int | None],
) -> int | None:
    """Return the first track of a version that is taken and under which nothing else is analysed.

    If there is none, return one that is not taken, or None.
    """
    order = sorted(choices, key=lambda n: (choices[n].gain == 0, n))
    return next((named[n][0] for n in order if named[n][0] not in used), None)


def mix_channels(
    media: Path, tracks: Sequence[AudioTrack], shares: Sequence[ChannelShare], target: Path
) -> Audio:
    """Write a mix again that :func:`analyse_channels` chose, of the tracks of its shares."""
    with _decoded(media, tracks, target) as file:
        _write(file, [share.gain for share in shares], target)
    return Audio(target)


def _to_share(place: NamedChannel, choice: ChannelChoice, version: int | None) -> ChannelShare:
    track, channel, name = place
    return ChannelShare(
        track=track,
        channel=channel,
        speech_seconds=round(choice.speech_seconds, 2),
        gain=choice.gain,
        reason=f"{name}: {choice.reason}",
        level=choice.level,
        version=version,
    )


def _write(file: ChannelFile, gains: Sequence[float], target: Path) -> None:
    partial = target.with_name(target.name + ".mix")
    taken = [number for number, gain in enumerate(gains) if gain > 0]
    try:
        if len(taken) > 1:
            call(channel_work.write_by_level, *_name(file), gains, str(partial))
        else:
            channel = taken[0] if taken else 0
            call(channel_work.write_single, *_name(file), channel, str(partial))
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
