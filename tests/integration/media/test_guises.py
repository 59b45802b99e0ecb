"""Lists of other files in the guise of a film: nothing but the file itself is ever opened."""

from __future__ import annotations

import shutil
import struct
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.media import decode, demuxers
from subtitled.media.decode import decode_track
from subtitled.media.errors import NotMediaError
from subtitled.media.extract import extract_text
from subtitled.media.ffmpeg import believed_seconds
from subtitled.media.ffmpeg_process import file_url, run_ffmpeg
from subtitled.media.probe import AudioTrack, probe_media
from subtitled.plugin import InputRejectedError, Language, SubtitledError
from subtitled.plugin.confinement import Limits, confinement_problem

CUES = "1\n00:00:00,000 --> 00:00:02,000\nsecret words\n\n"


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a film of another folder, in the containers that lists refer to."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "other.srt").write_text(CUES)
    _ffmpeg(
        *"-f lavfi -i sine=d=3 -f lavfi -i color=s=64x36:r=5:d=3 -i".split(),
        folder / "other.srt",
        *"-map 0 -map 1 -map 2 -c:a aac -c:v libx264 -c:s srt".split(),
        folder / "other.mkv",
    )
    for ending in ("ts", "mp4"):
        _ffmpeg("-i", folder / "other.mkv", *"-map 0:a -map 0:v -c copy".split(),
                folder / f"other.{ending}")  # fmt: skip
    _ffmpeg(*"-f lavfi -i color=s=64x36:r=5:d=1".split(), folder / "picture%03d.png")
    return folder


def _hls(other: Path) -> str:
    return f"#EXTM3U\n#EXT-X-TARGETDURATION:11\n#EXTINF:11,\n{other / 'other.ts'}\n#EXT-X-ENDLIST\n"


def _hls_relative(other: Path) -> str:
    return _hls(other).replace(str(other), f"../{other.name}")


def _hls_nested(other: Path) -> str:
    return f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{other / 'other.ts'}\n"


def _concat(other: Path) -> str:
    return f"ffconcat version 1.0\nfile '{other / 'other.mkv'}'\n"


def _dash(other: Path) -> str:
    return (
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
        'mediaPresentationDuration="PT3S" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011">'
        '<Period><AdaptationSet mimeType="audio/mp4"><Representation id="1" bandwidth="1">'
        f"<BaseURL>{other / 'other.mp4'}</BaseURL></Representation></AdaptationSet></Period></MPD>"
    )


def _sdp(other: Path) -> str:
    return "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\n"


def _vobsub(other: Path) -> str:
    return (
        "# VobSub index file, v7\nid: en, index: 0\ntimestamp: 00:00:01:000, filepos: 000000000\n"
    )


def _metadata(other: Path) -> str:
    return f";FFMETADATA1\ntitle={other}\n"


def _webm_manifest(other: Path) -> str:
    return f"#!AVISynth\nAviSource({str(other / 'other.mkv')!r})\n"


GUISES: dict[str, Callable[[Path], str]] = {
    "HLS": _hls,
    "HLS with a relative path": _hls_relative,
    "a list of HLS lists": _hls_nested,
    "ffconcat": _concat,
    "DASH": _dash,
    "SDP": _sdp,
    "VobSub": _vobsub,
    "metadata": _metadata,
    "AviSynth": _webm_manifest,
    "SubRip": lambda other: CUES,
}


@pytest.mark.parametrize(
    ("guise", "name"),
    [*((guise, "Film.mkv") for guise in GUISES), ("HLS", "Film.m3u8"), ("DASH", "Film.mpd")],
)
def test_a_list_of_other_files_is_no_film(
    tmp_path: Path, other: Path, guise: str, name: str
) -> None:
    film = tmp_path / name
    film.write_text(GUISES[guise](other))
    begin = time.monotonic()
    with pytest.raises(NotMediaError) as refusal:
        probe_media(film)
    assert time.monotonic() - begin < 5
    assert "Film" in refusal.value.message


@pytest.mark.parametrize("guise", ["HLS", "HLS with a relative path", "ffconcat"])
def test_no_sound_and_no_text_of_another_film_comes_out_of_a_list(
    tmp_path: Path, other: Path, guise: str
) -> None:
    film = tmp_path / "Film.mkv"
    film.write_text(GUISES[guise](other))
    track = AudioTrack(
        index=0, language=Language("en"), title="", codec="aac", channels=1, is_default=True
    )
    with pytest.raises(SubtitledError):
        decode_track(film, track, tmp_path / "audio.s16")
    with pytest.raises(InputRejectedError):
        extract_text(film, 0, 3.0, tmp_path / "text.srt")
    assert {path.name for path in tmp_path.iterdir()} == {"Film.mkv"}


def test_a_file_name_with_a_pattern_is_no_image_sequence(tmp_path: Path, other: Path) -> None:
    for picture in other.glob("*.png"):
        shutil.copy(picture, tmp_path)
    shutil.copy(other / "picture001.png", tmp_path / "picture%03d.png")
    with pytest.raises(NotMediaError):
        probe_media(tmp_path / "picture%03d.png")


def test_a_quicktime_reference_movie_gives_nothing_of_the_film_that_it_names(
    tmp_path: Path, other: Path
) -> None:
    film = tmp_path / "Film.mov"
    film.write_bytes(refer_elsewhere((other / "other.mp4").read_bytes(), other / "other.mp4"))
    track = probe_media(film).audio_tracks[0]
    with pytest.raises(SubtitledError):
        decode_track(film, track, tmp_path / "audio.s16")


def test_a_confined_ffmpeg_cannot_follow_a_list_even_without_whitelists(
    tmp_path: Path, other: Path
) -> None:
    executable = shutil.which("ffmpeg")
    assert executable is not None
    if problem := confinement_problem(executable):
        pytest.skip(problem)
    film = tmp_path / "Film.mkv"
    film.write_text(_concat(other))
    arguments = [*"-v error -y -safe 0 -f concat -i".split(), file_url(film), "-f", "null", "-"]
    assert run_ffmpeg("ffmpeg", arguments, 20.0).exit_status != 0, "with no file it has no file"
    confined = run_ffmpeg("ffmpeg", arguments, 20.0, limits=Limits(reads=(film,)))
    assert confined.exit_status != 0
    assert "Permission denied" in confined.stderr
    both = Limits(reads=(film, other / "other.mkv"))
    assert run_ffmpeg("ffmpeg", arguments, 20.0, limits=both).exit_status == 0


def test_a_track_that_holds_more_than_it_states_is_stopped_and_leaves_nothing(
    tmp_path: Path, other: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decode, "max_pcm_bytes", lambda duration, size: 20_000)
    track = probe_media(other / "other.mkv").audio_tracks[0]
    with pytest.raises(NotMediaError, match="more than it states"):
        decode_track(other / "other.mkv", track, tmp_path / "audio.s16")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("duration", "size", "hours"),
    [(11.0, 400_000, 1), (7200.0, 2 * 10**9, 2), (0.0, 10**12, 200), (1e9, 50_000, 1),
     (1e9, 10**12, 200), (7200.0, 10_000, 1)],
)  # fmt: skip
def test_a_header_is_believed_as_far_as_the_size_of_the_file_allows(
    duration: float, size: int, hours: float
) -> None:
    assert believed_seconds(duration, size) == hours * 3600


def test_every_ending_of_media_has_a_demuxer_that_may_read_it(tmp_path: Path) -> None:
    codecs = {
        "webm": "libopus", "ogv": "libvorbis", "ogg": "libvorbis", "oga": "flac", "opus": "libopus",
        "wmv": "wmav2", "asf": "wmav2", "wma": "wmav2", "mp3": "libmp3lame", "flac": "flac",
        "wav": "pcm_s16le", "mxf": "pcm_s16le", "vob": "mp2", "mpg": "mp2", "mpeg": "mp2",
        "avi": "mp2", "divx": "mp2", "flv": "libmp3lame", "mpe": "mp2", "ogm": "libvorbis",
        "wtv": "mp2", "dvr-ms": "wmav2", "aif": "pcm_s16be", "aiff": "pcm_s16be",
        "caf": "pcm_s16le", "w64": "pcm_s16le", "wv": "wavpack",
    }  # fmt: skip
    muxers = {
        "divx": "avi", "m2ts": "mpegts", "mts": "mpegts", "m4b": "ipod", "vob": "vob",
        "ogv": "ogg", "wma": "asf", "wmv": "asf", "m4v": "mp4", "mpe": "mpeg", "ogm": "ogg",
        "mk3d": "matroska", "m2t": "mpegts", "tp": "mpegts", "trp": "mpegts", "qt": "mov",
        "dvr-ms": "asf", "f4v": "mp4", "aif": "aiff",
    }  # fmt: skip
    from subtitled.config.settings import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS

    seen: set[str] = set()
    for ending in (*VIDEO_EXTENSIONS, *AUDIO_EXTENSIONS):
        if ending in ("rm", "rmvb"):
            continue  # ffmpeg cannot write its sound with any free encoder but ac3 and real_144
        if muxers.get(ending, ending) in seen:
            continue
        seen.add(muxers.get(ending, ending))
        path = tmp_path / f"film.{ending}"
        picture = ["-f", "lavfi", "-i", "color=s=720x576:r=25:d=1"] if ending == "mxf" else []
        muxer = ["-f", muxers[ending]] if ending in muxers else []
        encoder = codecs.get(ending, "aac")
        rate = ["-ar", "44100"] if ending == "flv" else ["-ar", "48000"]
        _ffmpeg(*picture, *"-f lavfi -i sine=d=1".split(), "-c:a", encoder, *rate, *muxer, path)
        assert probe_media(path).audio_tracks, ending


def test_no_whitelisted_demuxer_opens_other_files() -> None:
    openers = "hls dash concat concatf image2 image2pipe imf vobsub sdp rtsp rtp lavfi tty sbg "
    openers += "webm_dash_manifest avisynth vapoursynth ffmetadata libgme libopenmpt applehttp"
    assert not set(openers.split()) & set(demuxers.MEDIA_DEMUXERS)


def refer_elsewhere(movie: bytes, target: Path) -> bytes:
    """Rewrite an MP4 so that the data of its tracks are in another file, by an alias record."""
    path = str(target).encode()
    path += b"\0" * (len(path) % 2)
    header = b"\0" * (10 + 28 + 12 + 64 + 16) + struct.pack(">hh", 1, 1) + b"\0" * 16
    alias = header + struct.pack(">hh", 2, len(path)) + path + struct.pack(">hh", -1, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    dref = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry

    def rewrite(data: bytes) -> bytes:
        out, at = b"", 0
        while at + 8 <= len(data):
            size, kind = struct.unpack(">I4s", data[at : at + 8])
            box = data[at : at + size]
            if kind == b"dref":
                box = dref
            elif kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
                inner = rewrite(box[8:])
                box = struct.pack(">I4s", 8 + len(inner), kind) + inner
            out, at = out + box, at + size
        return out

    return rewrite(movie)


def _ffmpeg(*arguments: object) -> None:
    subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, arguments)], check=True)
