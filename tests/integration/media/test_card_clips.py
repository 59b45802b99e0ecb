"""Clips of camera cards in OP-Atom: picture and sound lie in files of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.config.settings import LibrarySettings
from subtitled.library.exclusions import CARD
from subtitled.library.media_filter import describe_exclusion
from subtitled.library.scanner import scan
from subtitled.media.card_clips import find_clip, find_sounds
from subtitled.media.decode import decode_channels, decode_track
from subtitled.media.errors import NoAudioError
from subtitled.media.op_atom import parse_essence, read_essence
from subtitled.media.probe import probe_media
from subtitled.media.tracks import choose_audio_track
from subtitled.plugin import TimeSpan


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


@pytest.fixture(scope="module")
def card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a card with one clip of 2 s: silence on its first channel, a tone on its second."""
    contents = tmp_path_factory.mktemp("card") / "CONTENTS"
    for name in ("VIDEO", "AUDIO", "CLIP", "PROXY"):
        (contents / name).mkdir(parents=True)
    picture = "-f lavfi -i testsrc2=s=1920x1080:r=25:d=2 -c:v dnxhd -b:v 120M -pix_fmt yuv422p"
    _ffmpeg(*picture.split(), "-f", "mxf_opatom", contents / "VIDEO" / "0001AB.MXF")
    for channel, source in enumerate(("anullsrc=r=48000:cl=mono", "sine=f=440:r=48000")):
        sound = f"-f lavfi -i {source} -t 2 -c:a pcm_s16le -f mxf_opatom"
        _ffmpeg(*sound.split(), contents / "AUDIO" / f"0001AB{channel:02}.MXF")
    (contents / "PROXY" / "0001AB.MP4").touch()
    (contents / "CLIP" / "0001AB.XML").touch()
    return contents


def test_a_clip_is_one_media_file_that_of_its_picture(card: Path) -> None:
    library = LibrarySettings(path=card.parent)
    clip = card / "VIDEO" / "0001AB.MXF"
    assert [path for path, _ in scan(card.parent, library)] == [clip]
    for other in ("AUDIO/0001AB00.MXF", "PROXY/0001AB.MP4"):
        assert describe_exclusion(card / other, {"card": library}) == CARD


def test_the_sound_of_a_clip_is_found_with_its_channels_in_order(card: Path) -> None:
    clip = card / "VIDEO" / "0001AB.MXF"
    assert [path.name for path in find_sounds(clip)] == ["0001AB00.MXF", "0001AB01.MXF"]
    facts = probe_media(clip)
    assert facts.has_video
    assert facts.duration == pytest.approx(2.0, abs=0.1)
    assert [(track.index, track.channels) for track in facts.audio_tracks] == [(1, 1), (2, 1)]
    first = choose_audio_track(facts).track
    assert first.file_of(clip).samefile(card / "AUDIO" / "0001AB00.MXF")


def test_each_channel_is_decoded_from_its_own_file(card: Path, tmp_path: Path) -> None:
    clip = card / "VIDEO" / "0001AB.MXF"
    loudness = []
    for track in probe_media(clip).audio_tracks:
        audio = decode_track(clip, track, tmp_path / f"{track.index}.pcm")
        assert audio.duration == pytest.approx(2.0, abs=0.1)
        loudness.append(float(np.abs(audio.read_samples(TimeSpan(0.0, 2.0))).max()))
    assert loudness[0] < 0.01 < loudness[1]


def test_the_channels_are_decoded_together_for_a_comparison(card: Path, tmp_path: Path) -> None:
    clip = card / "VIDEO" / "0001AB.MXF"
    tracks = probe_media(clip).audio_tracks
    channels = decode_channels(clip, tracks, tmp_path / "all.pcm")
    assert channels.channels == 2
    samples = np.frombuffer((tmp_path / "all.pcm").read_bytes(), "<i2").reshape(-1, 2)
    assert np.abs(samples[:, 0]).max() < 100 < np.abs(samples[:, 1]).max()


def test_a_change_of_the_sound_leads_to_its_clip(card: Path) -> None:
    clip = card / "VIDEO" / "0001AB.MXF"
    assert find_clip(card / "AUDIO" / "0001AB00.MXF") == clip
    assert find_clip(card / "AUDIO" / "0002CD00.MXF") is None
    assert find_clip(card / "VIDEO" / "0001AB.MXF") is None
    assert find_clip(card.parent / "AUDIO" / "0001AB00.MXF") is None


def _as_parts(card: Path, folder: Path, *, share: bool) -> list[Path]:
    """Copy the parts of the clip into one folder, with one identifier of the clip in all."""
    parts = [card / "VIDEO" / "0001AB.MXF", *sorted((card / "AUDIO").iterdir())]
    copies = []
    clip = read_essence(parts[0])
    assert clip is not None
    for part, name in zip(parts, ("V01.4F2A.mxf", "A01.4F2B.mxf", "A02.4F2C.mxf"), strict=True):
        essence = read_essence(part)
        assert essence is not None
        data = part.read_bytes()
        copies.append(folder / name)
        copies[-1].write_bytes(data.replace(essence.clip, clip.clip) if share else data)
    return copies


def test_the_parts_of_a_clip_in_one_folder_are_known_by_its_identifier(
    card: Path, tmp_path: Path
) -> None:
    picture, *sounds = _as_parts(card, tmp_path, share=True)
    library = LibrarySettings(path=tmp_path)
    assert [path for path, _ in scan(tmp_path, library)] == [picture]
    assert find_sounds(picture) == tuple(sounds)
    assert [find_clip(sound) for sound in sounds] == [picture, picture]
    assert describe_exclusion(sounds[0], {"clips": library}) == CARD
    assert describe_exclusion(picture, {"clips": library}) is None
    assert [track.file for track in probe_media(picture).audio_tracks] == [
        sound.name for sound in sounds
    ]


def test_parts_of_different_clips_are_media_files_of_their_own(card: Path, tmp_path: Path) -> None:
    picture, *sounds = _as_parts(card, tmp_path, share=False)
    assert find_sounds(picture) == ()
    assert [find_clip(sound) for sound in sounds] == [None, None]
    assert len(list(scan(tmp_path, LibrarySettings(path=tmp_path)))) == 3


@given(st.binary(max_size=300), st.integers(0, 4000))
def test_any_header_is_read(card: Path, data: bytes, at: int) -> None:
    head = (card / "AUDIO" / "0001AB00.MXF").read_bytes()[:16384]
    parse_essence(data)
    parse_essence(head[:at] + data + head[at + len(data) :])
    parse_essence(head[:at])


def test_a_picture_without_its_sound_has_nothing_to_transcribe(card: Path, tmp_path: Path) -> None:
    alone = tmp_path / "0001AB.MXF"
    alone.write_bytes((card / "VIDEO" / "0001AB.MXF").read_bytes())
    assert find_sounds(alone) == ()
    with pytest.raises(NoAudioError):
        choose_audio_track(probe_media(alone))


def test_folders_of_video_and_audio_elsewhere_are_scanned(tmp_path: Path) -> None:
    for path in ("Video/Film.mxf", "Audio/Film00.mxf", "Audio/Book.mp3"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    assert len(list(scan(tmp_path, LibrarySettings(path=tmp_path)))) == 3
