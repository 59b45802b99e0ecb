"""Only the audio tracks and channels count that the settings name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subtitled.media.errors import NoAudioError
from subtitled.media.probe import AudioTrack, MediaInfo
from subtitled.media.track_selection import select_tracks
from subtitled.plugin import UNDETERMINED


def media(*channels: int) -> MediaInfo:
    tracks = tuple(
        AudioTrack(
            index=index,
            language=UNDETERMINED,
            title="",
            codec="pcm_s24le",
            channels=count,
            is_default=False,
            channel_names=tuple(f"name {n + 1}" for n in range(count)),
        )
        for index, count in enumerate(channels, 1)
    )
    return MediaInfo(
        duration=1.0, format="mxf", audio_tracks=tracks, subtitle_tracks=(), has_video=True
    )


def test_tracks_count_by_their_number_among_the_audio_tracks() -> None:
    chosen = select_tracks(media(1, 1, 1), tracks=(2, 3, 9)).audio_tracks
    assert [track.index for track in chosen] == [2, 3]
    assert select_tracks(media(1, 2)) == media(1, 2)


def test_none_of_the_named_tracks_is_told_with_what_to_do() -> None:
    with pytest.raises(NoAudioError, match=r"2 audio tracks.*\(5\)") as caught:
        select_tracks(media(1, 1), tracks=(5,))
    assert "tracks" in caught.value.hint
    silent = replace(media(), audio_tracks=())
    assert select_tracks(silent, tracks=(5,)).audio_tracks == ()


def test_channels_count_where_a_track_has_them() -> None:
    surround, stereo = select_tracks(media(6, 2), channels=(3, 4)).audio_tracks
    assert (surround.channels, surround.selected) == (2, (3, 4))
    assert surround.channel_names == ("name 3", "name 4")
    assert (stereo.channels, stereo.selected) == (2, ())
