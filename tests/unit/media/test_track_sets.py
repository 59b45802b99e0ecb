"""Microphones on tracks of their own are a set, and those with speech are taken."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from subtitled.media.channel_choice import WINDOW_SECONDS, choose_channels, choose_versions
from subtitled.media.channels import (
    BLOCK_WINDOWS,
    WINDOW_SAMPLES,
    ChannelFile,
    are_unrelated,
    weigh_by_level,
    weigh_by_phase,
)
from subtitled.media.marks import Mark
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.track_sets import find_track_set
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import UNDETERMINED, Language, TimeSpan

Powers = dict[tuple[float, float], float]
COUNT = round(60 / WINDOW_SECONDS)


def track(index: int, channels: int = 1, codec: str = "pcm_s16le") -> AudioTrack:
    return AudioTrack(
        index=index,
        language=UNDETERMINED,
        title="",
        codec=codec,
        channels=channels,
        is_default=index == 0,
    )


def media(*tracks: AudioTrack, name: str = "mxf") -> MediaInfo:
    return MediaInfo(
        duration=60.0, format=name, audio_tracks=tracks, subtitle_tracks=(), has_video=True
    )


def covariance(*channels: Powers) -> npt.NDArray[np.float32]:
    """Return a minute of uncorrelated channels with the powers of spans, else a quiet room."""
    matrix = np.zeros((COUNT, len(channels), len(channels)), dtype=np.float32)
    for channel, powers in enumerate(channels):
        matrix[:, channel, channel] = 1e-6
        for (start, end), power in powers.items():
            span = slice(round(start / WINDOW_SECONDS), round(end / WINDOW_SECONDS))
            matrix[span, channel, channel] = power
    return matrix


def speech(*spans: tuple[float, float]) -> SpeechActivity:
    return SpeechActivity(tuple(TimeSpan(*span) for span in spans))


NAMES = ["track 1", "track 2", "track 3", "track 4"]


def test_untagged_mono_tracks_are_a_set() -> None:
    tracks = tuple(track(n) for n in range(4))
    assert find_track_set(media(*tracks), tracks[0]) == tracks
    assert find_track_set(media(*tracks, name="mov,mp4,m4a,3gp,3g2,mj2"), tracks[2]) == tracks


def test_uncompressed_tracks_of_one_language_are_a_set_beside_those_of_others() -> None:
    english = tuple(replace(track(n), language=Language("en")) for n in range(2))
    others = (
        replace(track(2), language=Language("fr")),
        replace(track(3), language=Language("en"), marks=frozenset({Mark.AUDIO_DESCRIPTION})),
        track(4, channels=2),
    )
    facts = media(*english, *others)
    assert find_track_set(facts, english[0]) == english
    assert all(find_track_set(facts, other) == () for other in others)


def test_many_channels_of_one_uncompressed_track_are_a_set() -> None:
    poly = track(0, channels=6)
    assert find_track_set(media(poly, name="wav"), poly) == (poly,)


@pytest.mark.parametrize(
    "tracks",
    [
        (track(0),),
        (track(0, channels=2),),
        (track(0, channels=2), track(1, channels=2)),
        (track(0, channels=6, codec="ac3"),),
        (track(0), replace(track(1), language=Language("de"))),
        (track(0), replace(track(1), marks=frozenset({Mark.COMMENTARY}))),
        tuple(replace(track(n, codec="aac"), language=Language("en")) for n in range(2)),
    ],
)
def test_versions_to_choose_from_are_no_set(tracks: tuple[AudioTrack, ...]) -> None:
    assert find_track_set(media(*tracks), tracks[0]) == ()


@pytest.mark.parametrize("codec", ["flac", "pcm_s16le", "aac"])
def test_mono_tracks_of_a_matroska_film_are_a_set_if_nothing_is_said_of_them(codec: str) -> None:
    tracks = (track(0, codec=codec), track(1, codec=codec))
    assert find_track_set(media(*tracks, name="matroska,webm"), tracks[0]) == tracks
    for field in ({"title": "English"}, {"language": Language("en")}):
        named = tuple(replace(one, **field) for one in tracks)
        assert find_track_set(media(*named, name="matroska,webm"), named[0]) == ()
    poly = track(0, channels=6, codec=codec)
    assert find_track_set(media(poly, name="matroska,webm"), poly) == ()


def voice(seed: int, level: float = 1.0) -> npt.NDArray[np.float32]:
    """Return the power of a minute of speech with its syllables, and pauses between sentences."""
    generator = np.random.default_rng(seed)
    power = 1e-2 * level * 10 ** generator.normal(0.0, 0.4, COUNT)
    for start in range(0, COUNT, 24):
        power[start : start + 3 + int(generator.integers(5))] = 1e-6
    return np.asarray(power, dtype=np.float32)


def choose(*powers: npt.NDArray[np.float32]) -> list[float]:
    """Return the gain of each channel of which these are the powers."""
    matrix = np.zeros((COUNT, len(powers), len(powers)), dtype=np.float32)
    for n, power in enumerate(powers):
        matrix[:, n, n] = power
    activities = []
    for power in powers:
        edges = np.flatnonzero(np.diff(np.concatenate(([0], power > 1e-4, [0]))))
        activities.append(speech(*(edges.reshape(-1, 2) * WINDOW_SECONDS).tolist()))
    return [choice.gain for choice in choose_channels(activities, matrix, NAMES)]


@pytest.mark.parametrize("level", [0.3, 1.0, 3.0])
def test_of_two_languages_at_the_same_time_the_first_is_taken(level: float) -> None:
    assert [gain > 0 for gain in choose(voice(1), voice(2, level))] == [True, False]
    assert [gain > 0 for gain in choose(voice(2, level), voice(1))] == [True, False]


def test_of_two_languages_with_two_tracks_each_only_the_first_is_taken() -> None:
    first, second = voice(1), voice(2, 1.5)
    for channels in ((first, first * 0.9, second, second * 0.9), (first, second, second, first)):
        assert [gain > 0 for gain in choose(*channels)] == [True, False, False, False]


def versions(*powers: npt.NDArray[np.float32]) -> list[list[int]]:
    """Return the numbers of the channels that are taken, for each version."""
    matrix = np.zeros((COUNT, len(powers), len(powers)), dtype=np.float32)
    activities = []
    for n, power in enumerate(powers):
        matrix[:, n, n] = power
        edges = np.flatnonzero(np.diff(np.concatenate(([0], power > 1e-4, [0]))))
        activities.append(speech(*(edges.reshape(-1, 2) * WINDOW_SECONDS).tolist()))
    names = [f"track {n + 1}" for n in range(len(powers))]
    found = choose_versions(activities, matrix, names)
    return [[n for n, choice in chosen.items() if choice.gain > 0] for chosen in found]


def test_tracks_in_three_languages_are_versions_with_their_own_tracks() -> None:
    one, two, three = voice(1), voice(2, 1.5), voice(3)
    first, second, third = versions(one, one * 0.9, two, two * 0.9, three)
    assert (first, third) == ([0], [4]) and second in ([2], [3])
    assert versions(two * 0.9, one, two) == [[0], [1]]
    assert versions(one, voice(1)) == [[0]]


def test_microphones_of_a_dub_are_one_version() -> None:
    late = round(30 / WINDOW_SECONDS)
    host, guest = voice(2), voice(3)
    host[late:], guest[:late] = 1e-6, 1e-6
    assert versions(voice(1), host, guest) == [[0], [1, 2]]


def test_levels_are_those_of_the_speech() -> None:
    talk = (5.0, 15.0)
    chosen = choose_channels(
        [speech(talk), speech()], covariance({talk: 1e-2}, {(0, 60): 1e-4}), NAMES
    )
    assert [choice.level for choice in chosen] == [-20.0, -40.0]


def test_a_dub_on_a_track_takes_no_microphone_from_the_original() -> None:
    late = round(45 / WINDOW_SECONDS)
    host, guest, dub = voice(1), voice(2), voice(3)
    host[late:], guest[:late] = 1e-6, 1e-6
    gains = choose(host, guest, host * 0.98, dub)
    assert [gain > 0 for gain in gains] == [True, True, False, False]


def test_two_people_who_take_turns_are_no_two_languages() -> None:
    turns = np.arange(COUNT) // 24 % 2 == 0
    for bleed in (1e-4, 1e-2):
        first = np.where(turns, voice(1), voice(2) * bleed)
        second = np.where(turns, voice(1) * bleed, voice(2))
        assert all(gain > 0 for gain in choose(first, second))


def test_the_same_speech_in_two_microphones_is_no_two_languages() -> None:
    near = voice(1)
    gains = choose(near * 0.3 + 2e-5, near)
    assert [gain > 0 for gain in gains] == [False, True]


@pytest.mark.parametrize(
    ("first", "second", "correlation", "unrelated"),
    [
        (1e-2, 1e-2, 0.05, True),
        (1e-2, 1e-4, 0.05, True),
        (1e-2, 1e-2, 0.9, False),
        (1e-2, 1e-2, -0.9, False),
        (1e-2, 1e-7, 0.0, False),
    ],
)
def test_sides_are_unrelated_if_both_have_sound_of_their_own(
    first: float, second: float, correlation: float, unrelated: bool
) -> None:
    cross = correlation * float(np.sqrt(first * second))
    matrix = np.array([[[first, cross], [cross, second]]] * COUNT, dtype=np.float32)
    assert are_unrelated(matrix) is unrelated


def test_dialogue_is_told_from_music_and_room() -> None:
    talk = ((5.0, 15.0), (30.0, 40.0))
    chosen = choose_channels(
        [
            speech((20.0, 26.0)),
            speech(*talk),
            speech(*talk),
            speech(),
        ],
        covariance(
            {(0, 60): 0.02},
            dict.fromkeys(talk, 1e-4),
            dict.fromkeys(talk, 1e-2),
            {},
        ),
        NAMES,
    )
    assert [choice.gain for choice in chosen] == [0.0, 0.0, 1.0, 0.0]
    assert "music or noise" in chosen[0].reason
    assert "same speech as track 3" in chosen[1].reason
    assert "taken" in chosen[2].reason and "clearest" in chosen[2].reason
    assert "no speech" in chosen[3].reason


@pytest.mark.parametrize("bleed", [1e-6, 1e-4])
def test_two_people_with_a_microphone_each_are_both_taken(bleed: float) -> None:
    first, second = (5.0, 15.0), (20.0, 30.0)
    spans = (first, second) if bleed > 1e-5 else ()
    chosen = choose_channels(
        [speech(*(spans or (first,))), speech(*(spans or (second,)))],
        covariance({first: 1e-2, second: bleed}, {first: bleed, second: 1e-2}),
        NAMES,
    )
    assert all(choice.gain > 0 for choice in chosen)
    assert all("taken" in choice.reason for choice in chosen)


def test_a_distant_microphone_that_hears_all_is_not_mixed_in() -> None:
    talk = (5.0, 30.0)
    chosen = choose_channels(
        [speech(talk), speech((5.0, 30.4))],
        covariance({talk: 1e-2}, {talk: 1e-3, (30.0, 30.5): 2e-4}),
        NAMES,
    )
    assert [choice.gain > 0 for choice in chosen] == [True, False]


def test_a_voice_in_noise_is_taken_if_there_is_no_better_one() -> None:
    chosen = choose_channels(
        [speech((5.0, 25.0)), speech()], covariance({(0, 60): 1e-3}, {}), NAMES
    )
    assert [choice.gain for choice in chosen] == [1.0, 0.0]


def test_nothing_is_taken_where_nobody_speaks() -> None:
    chosen = choose_channels([speech(), speech()], covariance({(0, 60): 0.1}, {}), NAMES)
    assert [choice.gain for choice in chosen] == [0.0, 0.0]
    assert all("no speech" in choice.reason for choice in chosen)


def test_the_louder_microphone_counts_more_and_both_count_at_once() -> None:
    first, both = (0.0, 20.0), (40.0, 60.0)
    weights = weigh_by_level(covariance({first: 1e-2, both: 1e-2}, {both: 1e-2}), [1.0, 1.0])
    assert weights[10, 0] > 0.99 and weights[10, 1] < 0.01
    assert weights[-10] == pytest.approx([0.5, 0.5], abs=0.01)


def test_a_channel_that_turns_over_is_turned_back_there_only() -> None:
    matrix = np.ones((40, 2, 2), dtype=np.float32) * 1e-2
    matrix[20:, 0, 1] = matrix[20:, 1, 0] = -1e-2
    weights = weigh_by_phase(matrix)
    assert weights[5] == pytest.approx([0.5, 0.5])
    assert weights[30] == pytest.approx([0.5, -0.5])


@pytest.mark.parametrize("channels", [1, 2, 3, 32, 300])
def test_blocks_hold_whole_windows_and_no_more_samples_for_more_channels(
    tmp_path: Path, channels: int
) -> None:
    windows = 3 * max(1, BLOCK_WINDOWS // channels)
    samples = np.arange((windows * WINDOW_SAMPLES + 7) * channels, dtype="<i2")
    file = ChannelFile(tmp_path / "channels", channels)
    samples.tofile(file.path)
    blocks = list(file.read_blocks())
    assert [len(block) % WINDOW_SAMPLES for block in blocks] == [0, 0, 0, 7]
    most = max(BLOCK_WINDOWS, channels) * WINDOW_SAMPLES
    assert all(block.size <= most for block in blocks)
    assert np.array_equal(np.concatenate(blocks) * 32768, samples.reshape(-1, channels))
