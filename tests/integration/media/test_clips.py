"""Spans cut out of media files: as long as wanted, and at the times of the whole decoded track."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from subtitled.media.clips import CutSource, SoundFormat, write_clip, write_sound, write_still
from subtitled.media.decode import decode_track
from subtitled.media.errors import NotMediaError
from subtitled.media.peaks import measure_peaks
from subtitled.media.probe import probe_media
from subtitled.plugin import InputRejectedError, TimeSpan

Samples = npt.NDArray[np.float64]
RATE = 16_000
SECONDS = 9
MAX_LAG = 0.005
VIDEO = f"-f lavfi -i color=s=64x36:r=25:d={SECONDS}".split()
ENCODE = "-c:v libx264 -preset ultrafast -g 100".split()
LATE = ("-itsoffset", "1.345")


def _ffmpeg(*arguments: str | Path) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *arguments], check=True)


@pytest.fixture(scope="module")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a track of clicks at uneven times, so that it fits onto itself in one way only."""
    path = tmp_path_factory.mktemp("clicks") / "clicks.wav"
    chance = np.random.default_rng(5)
    samples = chance.standard_normal(SECONDS * 48_000) * 20
    at = 0.3
    while at < SECONDS - 0.1:
        begin = round(at * 48_000)
        samples[begin : begin + 48] += np.hanning(48) * 20_000 * np.sin(np.arange(48) * 0.9)
        at += 0.2 + 0.4 * chance.random()
    raw = path.with_suffix(".s16")
    samples.astype("<i2").tofile(raw)
    _ffmpeg(*"-f s16le -ar 48000 -ac 1 -i".split(), raw, path)
    return path


def _make(folder: Path, clicks: Path, name: str) -> Path:
    target = folder / name
    sound: list[str | Path] = ["-i", clicks]
    match name:
        case "late.mkv":
            _ffmpeg(*VIDEO, *LATE, *sound, *ENCODE, "-c:a", "flac", target)
        case "edit list.mp4":
            whole = folder / "whole.mp4"
            _ffmpeg(*VIDEO, *sound, *ENCODE, "-c:a", "aac", whole)
            _ffmpeg("-ss", "1.7", "-i", whole, "-c", "copy", target)
        case "late start.ts":
            late = ("-output_ts_offset", "7.5", "-c:a", "aac")
            _ffmpeg(*VIDEO, *LATE, *sound, *ENCODE, *late, target)
        case "no index.mp3":
            _ffmpeg(*sound, *"-c:a libmp3lame -q:a 4 -write_xing 0".split(), target)
        case "opus.mka":
            _ffmpeg(*sound, "-c:a", "libopus", target)
        case "old.avi":
            _ffmpeg(*VIDEO, *sound, *"-c:v mpeg4 -c:a libmp3lame".split(), target)
        case _:
            _ffmpeg(*sound, target)
    return target


def _source(media: Path) -> CutSource:
    facts = probe_media(media)
    return CutSource(path=media, tracks=facts.audio_tracks[:1], start_time=facts.start_time)


def _load(path: Path) -> Samples:
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-i", path]
    command += f"-f s16le -ac 1 -ar {RATE} -".split()
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return np.frombuffer(raw, "<i2").astype(np.float64)


def _lag(part: Samples, whole: Samples, start: float) -> float:
    """Return how many seconds later than at ``start`` a part is found in the whole."""
    size = 1 << (len(part) + len(whole)).bit_length()
    spectrum = np.fft.rfft(whole, size) * np.conj(np.fft.rfft(part, size))
    found = np.fft.irfft(spectrum, size)[: len(whole)]
    assert found.max() > 0.5 * (part**2).sum()
    return float(found.argmax() / RATE - start)


@pytest.mark.parametrize(
    "name",
    [
        "late.mkv",
        "edit list.mp4",
        "late start.ts",
        "index.mp3",
        "no index.mp3",
        "plain.flac",
        "plain.opus",
        "opus.mka",
        "old.avi",
    ],
)
def test_the_sound_of_a_span_is_where_the_whole_track_has_it(
    tmp_path: Path, clicks: Path, name: str
) -> None:
    media = _make(tmp_path, clicks, name)
    source = _source(media)
    whole = _load_pcm(decode_track(media, source.tracks[0], tmp_path / "whole.s16").path)
    for start, end, fmt in ((0.5, 3.5, SoundFormat.WAV), (4.123, 7.0, SoundFormat.MP4)):
        target = tmp_path / f"part.{fmt}"
        write_sound(source, TimeSpan(start, end), target, fmt)
        part = _load(target)
        assert len(part) / RATE == pytest.approx(end - start, abs=0.03)
        assert abs(_lag(part, whole, start)) <= MAX_LAG, (start, fmt)


def _load_pcm(path: Path) -> Samples:
    return np.fromfile(path, "<i2").astype(np.float64)


@pytest.mark.parametrize("name", ["late.mkv", "late start.ts"])
def test_the_clock_is_that_of_the_container_and_not_of_the_track(
    tmp_path: Path, clicks: Path, name: str
) -> None:
    media = tmp_path / name
    late = ("-output_ts_offset", "7.5") if media.suffix == ".ts" else ()
    codec = "flac" if media.suffix == ".mkv" else "mp2"
    _ffmpeg(*VIDEO, *LATE, "-i", clicks, *ENCODE, "-c:a", codec, *late, media)
    original, source = _load(clicks), _source(media)
    for start in (2.0, 4.5):
        target = tmp_path / "part.wav"
        write_sound(source, TimeSpan(start, start + 4.0), target, SoundFormat.WAV)
        assert abs(_lag(_load(target), original, start - 1.345)) <= MAX_LAG


def test_a_span_before_a_late_track_is_silence_and_as_long_as_wanted(
    tmp_path: Path, clicks: Path
) -> None:
    source = _source(_make(tmp_path, clicks, "late.mkv"))
    write_sound(source, TimeSpan(0.2, 1.0), tmp_path / "part.wav", SoundFormat.WAV)
    part = _load(tmp_path / "part.wav")
    assert len(part) / RATE == pytest.approx(0.8, abs=0.001)
    assert np.abs(part).max() == 0
    write_sound(source, TimeSpan(1.0, 4.0), tmp_path / "part.wav", SoundFormat.WAV)
    assert np.abs(_load(tmp_path / "part.wav")[round(0.345 * RATE) :]).max() > 5000


def test_peaks_are_where_the_clicks_are(tmp_path: Path, clicks: Path) -> None:
    source, scratch = _source(clicks), tmp_path / "scratch"
    peaks = measure_peaks(source, TimeSpan(2.0, 6.0), 100, scratch)
    assert len(peaks.high) == len(peaks.low) == 400
    assert not scratch.exists()
    original = _load(clicks)[2 * RATE : 6 * RATE].reshape(400, -1) / 32768
    assert np.abs(np.array(peaks.high) - original.max(axis=1).clip(0)).max() < 0.02
    assert np.abs(np.array(peaks.low) - original.min(axis=1).clip(None, 0)).max() < 0.02


@pytest.fixture(scope="module")
def colours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a film of three colours, two seconds each, whose sound ends a second later."""
    target = tmp_path_factory.mktemp("colours") / "100% - colours.mkv"
    inputs = [
        word
        for colour in ("red", "lime", "blue")
        for word in f"-f lavfi -i color={colour}:s=1280x720:r=10:d=2".split()
    ]
    _ffmpeg(
        *inputs,
        *"-f lavfi -i sine=d=7 -filter_complex [0][1][2]concat=n=3[v] -map [v] -map 3".split(),
        *"-c:v libx264 -preset ultrafast -g 25 -sc_threshold 0 -c:a flac".split(),
        target,
    )
    return target


def _mean_colour(picture: Path) -> str:
    command: list[str | Path] = ["ffmpeg", "-v", "error", "-i", picture]
    command += "-vf scale=1:1 -f rawvideo -frames:v 1 -pix_fmt rgb24 -".split()
    raw = subprocess.run(command, check=True, capture_output=True).stdout
    return ("red", "lime", "blue")[int(np.frombuffer(raw, np.uint8).argmax())]


@pytest.mark.parametrize(
    ("at", "colour"),
    [
        (0.0, "red"),
        (1.95, "red"),
        (2.0, "lime"),
        (3.99, "lime"),
        (6.9, "blue"),
    ],
)
def test_a_still_is_what_is_on_screen_at_that_time(
    tmp_path: Path, colours: Path, at: float, colour: str
) -> None:
    target = tmp_path / "still.jpg"
    write_still(_source(colours), at, target)
    assert target.read_bytes().startswith(b"\xff\xd8")
    assert _mean_colour(target) == colour


def test_a_clip_has_480_lines_and_both_picture_and_sound_from_its_start(
    tmp_path: Path, colours: Path
) -> None:
    target = tmp_path / "clip.mp4"
    write_clip(_source(colours), TimeSpan(1.5, 3.0), target)
    facts = probe_media(target)
    assert facts.has_video and len(facts.audio_tracks) == 1
    assert facts.duration == pytest.approx(1.5, abs=0.11)
    shown = []
    for at in (0.3, 0.7):
        write_still(_source(target), at, tmp_path / "still.jpg")
        shown.append(_mean_colour(tmp_path / "still.jpg"))
    assert shown == ["red", "lime"]
    probed = subprocess.run(
        ["ffprobe", "-v", "error", *"-show_entries stream=width,height -of csv".split(), target],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert "stream,854,480" in probed


def test_microphones_on_tracks_of_their_own_are_heard_together(tmp_path: Path) -> None:
    media = tmp_path / "two.mov"
    _ffmpeg(
        *"-f lavfi -i sine=f=300:d=3 -f lavfi -i sine=f=900:d=3 -map 0 -map 1".split(),
        *"-c:a pcm_s16le".split(),
        media,
    )
    facts = probe_media(media)
    source = CutSource(path=media, tracks=facts.audio_tracks, start_time=facts.start_time)
    write_sound(source, TimeSpan(1, 2), tmp_path / "part.mp4", SoundFormat.MP4)
    spectrum = np.abs(np.fft.rfft(_load(tmp_path / "part.mp4")[:RATE]))
    assert {int(place) for place in spectrum.argsort()[-2:]} == {300, 900}


def test_what_cannot_be_cut_is_refused_and_leaves_nothing(tmp_path: Path, colours: Path) -> None:
    target = tmp_path / "part.wav"
    media = tmp_path / "no film.mkv"
    media.write_bytes(b"no film")
    track = probe_media(colours).audio_tracks[0]
    source = CutSource(path=media, tracks=(track,))
    with pytest.raises(NotMediaError):
        write_sound(source, TimeSpan(0, 1), target, SoundFormat.WAV)
    with pytest.raises(NotMediaError):
        write_still(source, 1.0, target)
    with pytest.raises(InputRejectedError, match="no sound"):
        write_sound(CutSource(path=colours), TimeSpan(0, 1), target, SoundFormat.WAV)
    assert not target.exists()


def test_channels_that_cancel_each_other_are_played_and_drawn(tmp_path: Path) -> None:
    media = tmp_path / "out of phase.flac"
    graph = "[0]pan=stereo|c0=c0|c1=-1*c0"
    _ffmpeg(*"-f lavfi -i sine=f=300:d=3 -filter_complex".split(), graph, media)
    source = _source(media)
    assert max(measure_peaks(source, TimeSpan(1, 2), 10, tmp_path / "scratch").high) > 0.05
    for fmt in SoundFormat:
        write_sound(source, TimeSpan(1, 2), tmp_path / f"part.{fmt}", fmt)
        played = _source(tmp_path / f"part.{fmt}")
        assert played.tracks[0].channels == 2
        peaks = measure_peaks(played, TimeSpan(0, 1), 10, tmp_path / "scratch")
        assert max(peaks.high) > 0.05
