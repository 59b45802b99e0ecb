"""Probing: tracks and properties, and errors for files that cannot be read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.errors import FileGoneError, NotMediaError, ShutdownRequested
from subtitled.media.ffmpeg_process import kill_all, run_ffmpeg
from subtitled.media.marks import Mark
from subtitled.media.probe import probe_media
from subtitled.media.track_names import read_track_names
from subtitled.media.tracks import choose_audio_track, list_spoken_tracks
from subtitled.plugin import Language, SetupError, SubtitledError, TransientError
from subtitled.transcription.channel_mix import name_channels

Film = Callable[..., Path]
Bound = Callable[[], AbstractContextManager[None]]

HOSTILE = [
    "[brackets] {and} (more).mkv",
    "quote' and \" and `.mkv",
    "new\nline.mkv",
    "-i.mkv",
    "100% %d %05d.mkv",
    "http:host:80.mkv",
    "concat:a|b.mkv",
    "$(touch pwned) ; & *.mkv",
    "back\\slash.mkv",
    " space at both ends ",
    os.fsdecode(b"caf\xe9 \xff\xfe.mkv"),
]


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a film with three audio tracks and four subtitles, each with other flags."""
    folder = tmp_path_factory.mktemp("rich")
    (folder / "s.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n", "utf-8")
    target = folder / "rich.mkv"
    maps = [*"-map 0".split(), *("-map", "1") * 3, *("-map", "2") * 4]
    _ffmpeg(
        *"-f lavfi -i testsrc2=s=64x36:r=5:d=2 -f lavfi -i sine=d=2".split(),
        "-i",
        folder / "s.srt",
        *maps,
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        *"-c:a flac -c:s srt -c:s:3 ass -ac:a:1 2".split(),
        "-metadata:s:a:0",
        "language=fre",
        "-metadata:s:a:0",
        "title=Version française",
        *"-metadata:s:a:1 language=eng -metadata:s:a:2 language=ger".split(),
        *"-disposition:a:0 dub -disposition:a:1 default+original".split(),
        *"-disposition:a:2 comment".split(),
        "-metadata:s:s:0",
        "language=spa",
        "-metadata:s:s:2",
        "title=English SDH",
        *"-disposition:s:0 default -disposition:s:1 forced".split(),
        *"-disposition:s:2 hearing_impaired -disposition:s:3 0".split(),
        target,
    )
    return target


def _ffmpeg(*arguments: object) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-nostdin", "-y", *map(os.fspath, map(_text, arguments))],
        check=True,
    )


def _text(argument: object) -> str | os.PathLike[str]:
    return argument if isinstance(argument, os.PathLike) else str(argument)


def _tagged(target: Path, *tags: Sequence[str]) -> Path:
    """Make a file with audio only, with one track for each list of tags."""
    options = [
        word
        for n, pairs in enumerate(tags)
        for tag in pairs
        for word in (f"-metadata:s:a:{n}", tag)
    ]
    maps = ["-map", "0"] * len(tags)
    _ffmpeg("-f", "lavfi", "-i", "sine=d=1", *maps, "-c:a", "flac", *options, target)
    return target


def test_the_facts_of_a_film_are_found(rich: Path) -> None:
    facts = probe_media(rich)
    assert facts.duration == pytest.approx(2.0, abs=0.2)
    assert "matroska" in facts.format
    assert facts.has_video
    assert [track.index for track in facts.audio_tracks] == [1, 2, 3]
    assert [track.language for track in facts.audio_tracks] == ["fr", "en", "de"]
    assert [track.channels for track in facts.audio_tracks] == [1, 2, 1]
    assert {track.codec for track in facts.audio_tracks} == {"flac"}
    assert facts.audio_tracks[0].title == "Version française"


def test_what_each_audio_track_is_marked_as_is_seen(rich: Path) -> None:
    dub, original, comment = probe_media(rich).audio_tracks
    assert (dub.is_dub, dub.is_default, dub.is_original, dub.is_commentary) == (
        True,
        False,
        False,
        False,
    )
    assert (original.is_default, original.is_original, original.is_dub) == (True, True, False)
    assert comment.is_commentary
    assert choose_audio_track(probe_media(rich)).track == original


def test_what_each_subtitle_is_marked_as_is_seen(rich: Path) -> None:
    spanish, forced, sdh, plain = probe_media(rich).subtitle_tracks
    assert (spanish.language, spanish.is_default, spanish.is_forced) == ("es", True, False)
    assert (forced.is_forced, forced.is_sdh) == (True, False)
    assert (sdh.is_sdh, sdh.is_forced) == (True, False)
    assert (plain.codec, plain.is_forced, plain.is_sdh, plain.is_default) == (
        "ass",
        False,
        False,
        False,
    )
    assert all(track.is_text for track in (spanish, forced, sdh, plain))


def test_picture_subtitles_are_distinguished_from_text(tmp_path: Path) -> None:
    target = tmp_path / "disc.mkv"
    pictures, text = tmp_path / "s.sup", tmp_path / "s.srt"
    pictures.write_bytes(_empty_pgs())  # ffmpeg cannot convert text to image subtitles
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n", "utf-8")
    inputs = ["-i", pictures, "-i", text, "-f", "lavfi", "-i", "sine=d=1"]
    maps = ["-map", "0", "-map", "1", "-map", "2", "-c:s", "copy", "-c:a", "flac"]
    _ffmpeg(*inputs, *maps, target)
    assert {t.codec: t.is_text for t in probe_media(target).subtitle_tracks} == {
        "hdmv_pgs_subtitle": False,
        "subrip": True,
    }


def _empty_pgs() -> bytes:
    """Return two empty display sets of a PGS subtitle: composition, window and end."""
    out = b""
    for number in (1, 2):
        pts = (90_000 * number).to_bytes(4, "big") + bytes(4)
        composition = bytes.fromhex("0780 0438 10") + number.to_bytes(2, "big") + b"\x80\0\0\0"
        window = bytes.fromhex("01 00 0000 0000 0010 0010")
        for kind, body in ((0x16, composition), (0x17, window), (0x80, b"")):
            out += b"PG" + pts + bytes([kind]) + len(body).to_bytes(2, "big") + body
    return out


@pytest.mark.parametrize(
    "title",
    ["Director's Commentary", "Kommentar von Regisseur", "Commentaire audio", "COMENTARIO"],
)
def test_commentary_is_recognised_by_its_title(tmp_path: Path, title: str) -> None:
    plain, other = probe_media(
        _tagged(tmp_path / "a.mka", ["title=Stereo"], [f"title={title}"])
    ).audio_tracks
    assert not plain.is_commentary
    assert other.is_commentary


@pytest.mark.parametrize("title", ["Audio Description", "Descriptive audio", "Hörfilmfassung"])
def test_audio_description_is_recognised_by_its_title(tmp_path: Path, title: str) -> None:
    (track,) = probe_media(_tagged(tmp_path / "a.mka", [f"title={title}"])).audio_tracks
    assert track.is_audio_description


COMMENTARY = "Director's Commentary"


def _mp4(target: Path, *tracks: Sequence[str]) -> Path:
    """Make a film as MP4, with one audio track for each list of options."""
    inputs = "-f lavfi -i color=s=32x32:d=1 -f lavfi -i sine=d=1".split()
    maps = [*"-map 0".split(), *(word for _ in tracks for word in ("-map", "1"))]
    options = [word for track in tracks for word in track]
    _ffmpeg(*inputs, *maps, *"-c:v mpeg4 -c:a aac".split(), *options, target)
    return target


@pytest.mark.parametrize("ending", ["mp4", "mov"])
def test_the_name_of_a_handler_is_the_title_of_a_track_in_mp4(tmp_path: Path, ending: str) -> None:
    """An English commentary behind the Spanish film must not become the English subtitle."""
    film = _mp4(
        tmp_path / f"film.{ending}",
        ["-metadata:s:a:0", "language=spa"],
        ["-metadata:s:a:1", "language=eng", "-metadata:s:a:1", f"handler_name={COMMENTARY}"],
    )
    facts = probe_media(film)
    spanish, english = facts.audio_tracks
    assert (spanish.title, spanish.marks) == ("", frozenset())  # its handler is "SoundHandler"
    assert (english.title, english.is_commentary) == (COMMENTARY, True)
    assert choose_audio_track(facts, [Language("en")]).track == spanish
    assert list_spoken_tracks(facts) == (spanish,)


def test_a_cut_of_the_director_is_no_commentary(tmp_path: Path) -> None:
    facts = probe_media(
        _tagged(
            tmp_path / "a.mka",
            ["language=eng", "title=Director's Cut - English 5.1"],
            ["language=spa", "title=Español (doblaje)"],
        )
    )
    assert choose_audio_track(facts).track.language == "en"
    assert [track.is_dub for track in facts.audio_tracks] == [False, True]


def test_a_disposition_marks_a_track_without_a_title(tmp_path: Path) -> None:
    target, text = tmp_path / "a.mkv", tmp_path / "s.srt"
    text.write_text("1\n00:00:00,000 --> 00:00:01,000\nHello\n\n", "utf-8")
    _ffmpeg(
        "-i",
        text,
        "-f",
        "lavfi",
        "-i",
        "sine=d=1",
        *"-map 0 -map 0 -map 0 -map 1 -map 1 -map 1 -c:s srt -c:a flac".split(),
        *"-disposition:s:0 comment -disposition:s:1 hearing_impaired -disposition:s:2 0".split(),
        "-metadata:s:s:2",
        "title=Signs & Songs",
        "-metadata:s:a:2",
        "comment=Commentary",
        *"-disposition:a:0 visual_impaired -disposition:a:1 dub -disposition:a:2 0".split(),
        target,
    )
    facts = probe_media(target)
    assert [track.marks for track in facts.subtitle_tracks] == [
        {Mark.COMMENTARY},
        {Mark.SDH},
        {Mark.SIGNS, Mark.LYRICS},
    ]
    assert [track.marks for track in facts.audio_tracks] == [
        {Mark.AUDIO_DESCRIPTION},
        {Mark.DUB},
        {Mark.COMMENTARY},
    ]


@pytest.mark.parametrize("tag", ["xyzzy", "???", "english please", "12", "-", "e\u0301n", "qqq1"])
def test_a_nonsense_language_tag_is_no_language_and_no_error(tmp_path: Path, tag: str) -> None:
    (track,) = probe_media(_tagged(tmp_path / "a.mka", [f"language={tag}"])).audio_tracks
    assert track.language == "und"


@pytest.mark.parametrize(("tag", "language"), [("ger", "de"), ("GER", "de"), ("pt-BR", "pt-BR")])
def test_the_codes_that_files_use_are_understood(tmp_path: Path, tag: str, language: str) -> None:
    (track,) = probe_media(_tagged(tmp_path / "a.mka", [f"language={tag}"])).audio_tracks
    assert track.language == Language(language)


def test_a_cover_in_a_sound_file_is_no_video(tmp_path: Path) -> None:
    cover, song, target = tmp_path / "c.png", tmp_path / "s.flac", tmp_path / "song.mp3"
    _ffmpeg("-f", "lavfi", "-i", "color=s=16x16", "-frames:v", "1", cover)
    _ffmpeg("-f", "lavfi", "-i", "sine=d=1", song)
    _ffmpeg(
        "-i",
        song,
        "-i",
        cover,
        "-map",
        "0",
        "-map",
        "1",
        "-c:v",
        "copy",
        *"-disposition:v attached_pic".split(),
        target,
    )
    facts = probe_media(target)
    assert not facts.has_video
    assert len(facts.audio_tracks) == 1


def test_a_film_without_sound_is_read_and_has_no_track(film: Film) -> None:
    facts = probe_media(film("silent.mkv", sound=None))
    assert facts.audio_tracks == ()
    assert facts.has_video


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("text.mkv", b"this is only text\n" * 200),
        ("page.mp4", b"<!doctype html><title>404</title>" * 50),
        ("empty.mkv", b""),
        ("one.mkv", b"\0"),
        ("zeros.mkv", bytes(100_000)),
        ("head.mkv", bytes.fromhex("1a45dfa3") + bytes(64)),
        ("subtitle.mkv", b"1\n00:00:01,000 --> 00:00:02,000\nHello\n\n"),
        ("list.mkv", b"ffconcat version 1.0\nfile '/etc/hostname'\n"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/a.ts\n"),
    ],
)
def test_file_that_is_no_media_file_is_rejected_by_name_with_a_hint(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotMediaError, match=name) as caught:
        probe_media(tmp_path / name)
    assert caught.value.hint


def test_missing_file_is_transient_and_a_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(FileGoneError):
        probe_media(tmp_path / "gone.mkv")
    (tmp_path / "link.mkv").symlink_to(tmp_path / "gone.mkv")
    with pytest.raises(FileGoneError):
        probe_media(tmp_path / "link.mkv")
    (tmp_path / "folder.mkv").mkdir()
    with pytest.raises(NotMediaError, match="not a file"):
        probe_media(tmp_path / "folder.mkv")


def test_a_pipe_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    with pytest.raises(NotMediaError, match="not a file"):
        probe_media(tmp_path / "pipe.mkv")


def test_unreadable_file_has_a_hint_about_permissions(
    film: Film, public: Path, bound_by_permissions: Bound
) -> None:
    media = public / "a.mkv"
    shutil.copyfile(film("a.mkv"), media)
    media.chmod(0)
    with bound_by_permissions(), pytest.raises(SetupError, match="daemon's user"):
        probe_media(media)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_means_anything_to_ffprobe(film: Film, tmp_path: Path, name: str) -> None:
    media = tmp_path / name
    film("plain.mkv").rename(media)
    assert probe_media(media).duration == pytest.approx(3.0, abs=0.1)
    assert sorted(tmp_path.iterdir()) == [media]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_problem_with_any_name_can_be_printed_and_stored(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("no film")
    with pytest.raises(NotMediaError) as caught:
        probe_media(tmp_path / name)
    message = str(caught.value)
    assert json.loads(json.dumps(message)).encode("utf-8")


def test_missing_ffmpeg_has_the_hint_to_install_it(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = film("a.mkv")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="ffprobe is not installed") as caught:
        probe_media(media)
    assert "apt install ffmpeg" in caught.value.hint


def test_a_program_that_hangs_is_ended_at_its_limit() -> None:
    with pytest.raises(TransientError, match="sleep did not finish"):
        run_ffmpeg("sleep", ["30"], timeout=0.3)


def test_what_runs_when_the_daemon_stops_is_ended_and_no_failure() -> None:
    ended: list[BaseException] = []

    def wait() -> None:
        try:
            run_ffmpeg("sleep", ["60"], timeout=60.0)
        except BaseException as error:  # noqa: BLE001 - asserted below
            ended.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    deadline = time.monotonic() + 20
    while thread.is_alive() and time.monotonic() < deadline:
        kill_all()
        thread.join(0.05)
    assert [type(error) for error in ended] == [ShutdownRequested]
    assert run_ffmpeg("true", [], timeout=20.0).exit_status == 0


def test_a_program_that_floods_stderr_is_not_waited_for_and_its_end_is_kept() -> None:
    script = "i=0; while [ $i -lt 20000 ]; do echo line $i >&2; i=$((i+1)); done"
    ran = run_ffmpeg("sh", ["-c", script], timeout=20.0)
    assert ran.exit_status == 0
    assert ran.stderr.endswith("line 19999")
    assert len(ran.stderr) < 20_000


def test_media_file_cut_within_its_header_is_an_error_and_no_crash(
    film: Film, tmp_path: Path
) -> None:
    whole = film("whole.mkv").read_bytes()
    part = tmp_path / "part.mkv"
    for size in (5, 40, 200, 400, 700, 1000):
        part.write_bytes(whole[:size])
        try:
            facts = probe_media(part)
        except SubtitledError as problem:
            assert isinstance(problem, NotMediaError)
            assert problem.hint
        else:
            assert facts.audio_tracks or facts.has_video


@pytest.mark.parametrize("name", ["a.mp4", "a.mov"])
def test_the_title_of_a_track_in_mp4_and_quicktime_is_known(tmp_path: Path, name: str) -> None:
    """Older versions of ffprobe do not show it, though ffmpeg writes it."""
    _ffmpeg(
        *"-f lavfi -i sine=d=1 -f lavfi -i sine=d=1 -map 0 -map 1 -c:a aac".split(),
        "-metadata:s:a:0",
        "title=Español",
        "-metadata:s:a:1",
        "title=Director's Commentary",
        tmp_path / name,
    )
    tracks = probe_media(tmp_path / name).audio_tracks
    assert [track.title for track in tracks] == ["Español", "Director's Commentary"]
    assert [Mark.COMMENTARY in track.marks for track in tracks] == [False, True]


def test_the_description_of_a_track_says_what_it_is(tmp_path: Path) -> None:
    described = ("-metadata:s:a:0", "DESCRIPTION=Commentary with the cast")
    _ffmpeg(*"-f lavfi -i sine=d=1 -c:a flac".split(), *described, tmp_path / "a.mka")
    assert probe_media(tmp_path / "a.mka").audio_tracks[0].is_commentary


@given(st.binary(max_size=200))
def test_any_bytes_have_names_of_tracks_or_none(content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".mp4") as file:
        for data in (content, b"\0\0\0\x08ftyp" + content, b"\0\0\0\xc0moov" + content):
            Path(file.name).write_bytes(data)
            assert all(read_track_names(Path(file.name)).values())


@pytest.mark.parametrize(
    ("name", "rate", "label"),
    [
        ("a.mov", "30000/1001", "01:00:00;00"),
        ("a.mp4", "25", "09:59:50:00"),
        ("a.mxf", "25", "10:00:00:00"),
        ("a.mxf", "30000/1001", "00:59:59;29"),
    ],
)
def test_the_timecode_of_a_file_is_that_of_its_first_moment(
    tmp_path: Path, name: str, rate: str, label: str
) -> None:
    picture = f"-f lavfi -i testsrc2=s=64x64:r={rate}:d=1 -c:v mpeg2video"
    _ffmpeg(*picture.split(), "-timecode", label, tmp_path / name)
    start = probe_media(tmp_path / name).start_timecode
    assert start is not None
    assert str(start) == label
    assert start.rate.is_drop_frame == (";" in label)


def test_a_file_without_timecode_states_none(tmp_path: Path) -> None:
    _ffmpeg(*"-f lavfi -i sine=d=1 -c:a flac".split(), tmp_path / "a.mka")
    facts = probe_media(tmp_path / "a.mka")
    assert (facts.start_timecode, facts.timecode_problem) == (None, "")


@pytest.mark.parametrize(
    ("samples", "rate", "flag", "label"),
    [
        (1_728_000_000, "25/1", "NDF", "10:00:00:00"),
        (1_727_998_281, "30000/1001", "DF", "10:00:00;00"),  # recorders round
        (1_728_000_000, None, "", None),
    ],
)
def test_a_broadcast_wave_file_begins_at_its_time_of_day_by_the_rate_of_its_recorder(
    tmp_path: Path, samples: int, rate: str | None, flag: str, label: str | None
) -> None:
    file = tmp_path / "a.wav"
    source = "-f lavfi -i anullsrc=r=48000:cl=3.0:d=0.1 -c:a pcm_s24le -write_bext 1"
    _ffmpeg(*source.split(), "-metadata", f"time_reference={samples}", file)
    track = "<TRACK><INTERLEAVE_INDEX>2</INTERLEAVE_INDEX><NAME>BOOM</NAME></TRACK>"
    speed = f"<TIMECODE_RATE>{rate}</TIMECODE_RATE><TIMECODE_FLAG>{flag}</TIMECODE_FLAG>"
    notes = f"<BWFXML><SPEED>{speed}</SPEED><TRACK_LIST>{track}</TRACK_LIST></BWFXML>".encode()
    if rate is not None:
        with file.open("ab") as wave:
            wave.write(b"iXML" + len(notes).to_bytes(4, "little") + notes)
    facts = probe_media(file)
    assert (facts.start_timecode and str(facts.start_timecode)) == label
    assert facts.start_clock == Fraction(samples, 48_000)
    (sound,) = facts.audio_tracks
    assert sound.channel_names == (("", "BOOM", "") if rate else ())
    named = [name for *_, name in name_channels([sound])]
    boom = " (BOOM)" if rate else ""
    assert named[1] == f"channel 2 of track 0{boom}"
