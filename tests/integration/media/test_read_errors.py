"""A disk that fails while a file is read: the file is tried again, and nothing of it is kept."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.media.clips import CutSource, SoundFormat, write_sound
from subtitled.media.decode import decode_channels, decode_track
from subtitled.media.errors import NotMediaError
from subtitled.media.extract import extract_text
from subtitled.media.mxf_labels import read_mxf_labels
from subtitled.media.probe import probe_media
from subtitled.media.read_errors import check_readable, find_read_error
from subtitled.media.track_names import read_track_names
from subtitled.media.wave_notes import read_wave_notes
from subtitled.plugin import SetupError, TimeSpan, TransientError
from support.disks import Disks, FaultyDisk

URL = b"file:/films/Film: one.mkv"
PICTURE = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=30", "-b:v", "400k")
CODECS = {
    "mkv": (*PICTURE, "-c:v", "mpeg4", "-c:a", "aac"),
    "mp4": (*PICTURE, "-c:v", "mpeg4", "-c:a", "aac", "-movflags", "+faststart"),
    "mov": (*PICTURE, "-c:v", "mpeg4", "-c:a", "pcm_s16le"),
    "ts": (*PICTURE, "-c:v", "mpeg2video", "-c:a", "mp2"),
    "mpg": (*PICTURE, "-c:v", "mpeg2video", "-c:a", "mp2"),
    "avi": (*PICTURE, "-c:v", "mpeg4", "-c:a", "mp3"),
    "mxf": (*PICTURE, "-c:v", "mpeg2video", "-c:a", "pcm_s16le", "-ar", "48000"),
    "mp3": ("-c:a", "mp3"),
    "wav": ("-c:a", "pcm_s16le"),
    "flac": ("-c:a", "flac"),
    "m4a": ("-c:a", "aac", "-movflags", "+faststart"),
    "ogg": ("-c:a", "libopus"),
}


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyDisk]:
    disks = Disks(tmp_path_factory.mktemp("disks"))
    try:
        yield disks.faulty("films")
    finally:
        disks.close()


@pytest.fixture
def make(disk: FaultyDisk) -> Iterator[Callable[[str], Path]]:
    """Return a function that writes a file with 30 s of sound behind the faulty disk."""

    def make_one(ending: str) -> Path:
        command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]
        target = disk.behind / f"film.{ending}"
        subprocess.run([*command, "sine=d=30", *CODECS[ending], target], check=True)
        return disk.point / target.name

    yield make_one
    disk.rules()


def _fail(disk: FaultyDisk, media: Path, share: float, code: str = "EIO") -> None:
    """Let reading fail behind a share of the file."""
    after = round(share * (disk.behind / media.name).stat().st_size)
    disk.rules({"ops": ["read"], "name": media.name, "errno": code, "after": after})


@pytest.mark.parametrize("ending", CODECS)
def test_an_error_amid_a_file_is_no_end_of_the_file(
    make: Callable[[str], Path], disk: FaultyDisk, tmp_path: Path, ending: str
) -> None:
    media = make(ending)
    facts = probe_media(media)
    _fail(disk, media, 0.6)
    with pytest.raises(TransientError, match="cannot be read: Input/output error"):
        decode_track(media, facts.audio_tracks[0], tmp_path / "a.s16", facts=facts)
    assert not list(tmp_path.glob("a.s16*"))
    disk.rules()
    audio = decode_track(media, facts.audio_tracks[0], tmp_path / "a.s16", facts=facts)
    assert audio.duration == pytest.approx(30, abs=0.3)


@pytest.mark.parametrize("code", ["ESTALE", "ETIMEDOUT", "ENOTCONN", "ENOSPC"])
def test_other_errors_of_disks_and_shares_are_no_end_either(
    make: Callable[[str], Path], disk: FaultyDisk, tmp_path: Path, code: str
) -> None:
    media = make("mp3")
    facts = probe_media(media)
    _fail(disk, media, 0.6, code)
    with pytest.raises(TransientError, match="film.mp3 cannot be read"):
        decode_track(media, facts.audio_tracks[0], tmp_path / "a.s16", facts=facts)


def test_a_file_that_may_not_be_read_any_more_is_reported_as_that(
    make: Callable[[str], Path], disk: FaultyDisk, tmp_path: Path
) -> None:
    media = make("mp3")
    facts = probe_media(media)
    _fail(disk, media, 0.6, "EACCES")
    with pytest.raises(SetupError, match="cannot be read by this user"):
        decode_track(media, facts.audio_tracks[0], tmp_path / "a.s16", facts=facts)


def test_channels_clips_and_embedded_subtitles_are_not_shortened_either(
    make: Callable[[str], Path], disk: FaultyDisk, tmp_path: Path
) -> None:
    media = make("mkv")
    facts = probe_media(media)
    text = tmp_path / "cues.srt"
    cues = (f"{n + 1}\n00:00:{2 * n:02},000 --> 00:00:{2 * n + 1:02},000\nx\n" for n in range(14))
    text.write_text("\n".join(cues), "utf-8")
    inputs = ["-i", str(disk.behind / media.name), "-i", str(text)]
    mapped = ["-map", "0", "-map", "1", "-c", "copy", str(disk.behind / "text.mkv")]
    subprocess.run(["ffmpeg", "-v", "error", *inputs, *mapped], check=True)
    with_text = media.with_name("text.mkv")
    disk.rules({"ops": ["read"], "name": ".mkv", "errno": "EIO", "after": 1_000_000})
    with pytest.raises(TransientError, match="cannot be read"):
        decode_channels(media, facts.audio_tracks, tmp_path / "channels.s16")
    source = CutSource(path=media, tracks=facts.audio_tracks)
    with pytest.raises(TransientError, match="cannot be read"):
        write_sound(source, TimeSpan(2, 28), tmp_path / "clip.wav", SoundFormat.WAV)
    with pytest.raises(TransientError, match="cannot be read"):
        extract_text(with_text, 2, 30.0, tmp_path / "text.srt")
    assert {file.name for file in tmp_path.iterdir()} <= {"cues.srt", "channels.s16"}


@pytest.mark.parametrize("ending", ["mov", "mp4", "mkv", "ts", "wav"])
def test_an_index_or_a_header_that_cannot_be_read_is_no_broken_file(
    make: Callable[[str], Path], disk: FaultyDisk, ending: str
) -> None:
    media = make(ending)
    share = 0.8 if ending == "mov" else 0.001  # a film from a camera has its index at its end
    disk.rules({"ops": ["read"], "name": media.name, "errno": "EIO", "after": 1})
    with pytest.raises(TransientError, match="cannot be read: Input/output error"):
        probe_media(media)
    _fail(disk, media, share)
    with pytest.raises(TransientError, match="cannot be read: Input/output error"):
        probe_media(media)


def test_an_error_that_passes_gives_the_whole_sound_or_none(
    make: Callable[[str], Path], disk: FaultyDisk, tmp_path: Path
) -> None:
    media = make("mkv")
    facts = probe_media(media)
    whole = decode_track(media, facts.audio_tracks[0], tmp_path / "whole.s16", facts=facts)
    disk.rules({"ops": ["read"], "name": media.name, "errno": "EIO", "chance": 0.1})
    failed = 0
    for _ in range(6):
        try:
            audio = decode_track(media, facts.audio_tracks[0], tmp_path / "a.s16", facts=facts)
        except TransientError:
            failed += 1
        else:
            assert audio.path.read_bytes() == whole.path.read_bytes()
    assert failed


def test_a_file_that_is_broken_inside_is_read_a_second_time_and_accepted(
    make: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some demuxers call a fault inside a file an input/output error."""
    media = make("mp3")
    monkeypatch.setattr("subtitled.media.ffmpeg_process.find_read_error", lambda line, urls: 5)
    raw = (media.parent.with_name("films-behind") / media.name).read_bytes()
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(raw[:200_000] + b"\xff\xfb\x00" * 2000 + raw[206_000:])
    track = probe_media(broken).audio_tracks[0]
    assert decode_track(broken, track, tmp_path / "a.s16").duration > 25
    assert not list(tmp_path.glob("*.again"))


@pytest.mark.parametrize("read", [read_wave_notes, read_track_names, read_mxf_labels])
def test_what_is_read_besides_ffprobe_is_not_taken_for_missing(
    read: Callable[[Path], object], tmp_path: Path
) -> None:
    assert not read(tmp_path / "missing") or read is read_wave_notes
    with pytest.raises(OSError, match="Input/output error"):
        read(Path("/proc/self/mem"))  # Nothing is there to be read at its beginning.


def test_what_is_no_media_file_stays_one_for_good(tmp_path: Path) -> None:
    media = tmp_path / "Film.mkv"
    media.write_bytes(b"no film at all" * 1000)
    with pytest.raises(NotMediaError):
        probe_media(media)


@pytest.mark.parametrize(
    ("line", "is_error"),
    [
        (URL + b": Input/output error\n", True),
        (URL + b": Permission denied", True),
        (b"[in#0/matroska,webm @ 0x55] Error during demuxing: Input/output error\n", True),
        (b"[in#0 @ 0x55] Error opening input: Stale file handle\n", True),
        (URL + b": Invalid data found when processing input", False),
        (b"file:/films/other.mkv: Permission denied", False),
        (b"av_interleaved_write_frame(): Input/output error", False),
        (b"[out#0/s16le @ 0x55] Error muxing a packet: Input/output error", False),
        (b"Input/output error", False),
    ],
)
def test_lines_of_each_version_of_ffmpeg_are_understood(line: bytes, is_error: bool) -> None:
    assert bool(find_read_error(line, [URL])) == is_error


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (40 << 20) + 7])
def test_reading_a_file_through_ends_for_each_size(tmp_path: Path, size: int) -> None:
    file = tmp_path / "file"
    with file.open("wb") as sparse:
        sparse.truncate(size)
    check_readable(file)
    check_readable(file, ends_only=True)
