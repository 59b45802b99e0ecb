"""Formats round trip, by our reader and by ffmpeg."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle
from subtitled.subtitles.formats import ass_reader, read_cues, render_subtitle, srt, vtt

EN = Language("en")
HOSTILE = [
    "The answer is\n42",
    "set {x} = 1 \\N here",
    "a --> b",
    "<b>bold</b> & <i>more</i> &amp;",
    "NOTE this",
    "1\n2\n3",
    "😀 emoji, combining: n\u0303",
    "\u202bשלום!\u202c",
]


def _cues(texts: list[str]) -> list[Cue]:
    return [Cue(n * 2.0 + 0.25, n * 2.0 + 1.75, text) for n, text in enumerate(texts)]


def _read(data: bytes, fmt: str) -> tuple[Cue, ...]:
    """Read a file as it stands: nothing is guessed about letters, and no phrases are joined."""
    readers = {"srt": srt.read, "vtt": vtt.read, "ass": ass_reader.read}
    return readers[fmt](data.decode()).cues


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_hostile_texts_read_back(fmt: str) -> None:
    assert len(
        read_cues(render_subtitle(Subtitle(language=EN, cues=tuple(_cues(HOSTILE))), fmt), fmt)
    ) == len(HOSTILE)


# A byte order mark is no text anywhere.
_line = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=30,
)


@settings(deadline=None)
@given(
    st.lists(_line.filter(lambda t: t.strip()), max_size=6), st.sampled_from(["srt", "vtt", "ass"])
)
def test_any_text_reads_back(texts: list[str], fmt: str) -> None:
    # render_subtitle() compares and raises itself.
    assert len(
        _read(render_subtitle(Subtitle(language=EN, cues=tuple(_cues(texts))), fmt), fmt)
    ) == len(texts)


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_ffmpeg_finds_every_cue_and_complains_of_none(fmt: str, tmp_path: Path) -> None:
    file = tmp_path / f"a.{fmt}"
    file.write_bytes(render_subtitle(Subtitle(language=EN, cues=tuple(_cues(HOSTILE))), fmt))
    decoded = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", file, "-f", "ass", "-"], capture_output=True, check=True
    )
    assert decoded.stderr == b""
    packets = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "packet=pts_time", "-of", "csv=p=0", file],
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(packets.stdout.split()) == len(HOSTILE)


def test_files_of_others_are_read_whatever_their_encoding() -> None:
    text = "1\r\n00:00:01,000 --> 00:00:02,500\r\nC'était l'été dernier.\r\n\r\n"
    text += "2\r\n00:00:03,000 --> 00:00:04,000\r\n42\r\n"
    for data in (text.encode("utf-8-sig"), text.encode("utf-16"), text.encode("cp1252")):
        cues = read_cues(data, "srt")
        assert [(cue.start, cue.end, cue.text) for cue in cues] == [
            (1, 2.5, "C'était l'été dernier."),
            (3, 4, "42"),
        ]


def test_webvtt_notes_and_styles_are_no_text() -> None:
    text = "WEBVTT\n\nSTYLE\n::cue {}\n\nNOTE hi\n\nid\n00:01.000 --> 00:02.000 line:0\n<c>Hi</c>\n"
    (cue,) = read_cues(text.encode(), "vtt")
    assert cue.text == "Hi"


def test_garbage_is_refused() -> None:
    with pytest.raises(InputRejectedError):
        read_cues(b"\x00\x01nothing of the kind", "srt")


def _lines(text: str) -> list[str]:
    """Return the lines without the direction marks around right-to-left ones."""
    text = text.replace("\u202b", "").replace("\u202c", "")
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 35_000_000),
            st.integers(10, 9000),
            st.lists(_line | st.sampled_from(HOSTILE), min_size=1, max_size=3),
        ),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(["srt", "vtt"]),
)
def test_times_and_lines_come_back_to_the_letter(
    spoken: list[tuple[int, int, list[str]]], fmt: str
) -> None:
    cues = [
        Cue(start / 1000, (start + length) / 1000, "\n".join(texts))
        for start, length, texts in spoken
    ]
    cues = [cue for cue in cues if cue.text.strip()]
    back = _read(render_subtitle(Subtitle(language=EN, cues=tuple(cues)), fmt), fmt)
    assert [(round(c.start * 1000), round(c.end * 1000)) for c in back] == [
        (round(c.start * 1000), round(c.end * 1000)) for c in cues
    ]
    assert [_lines(c.text) for c in back] == [_lines(c.text.replace("-->", "—>")) for c in cues]


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_what_is_written_is_utf_8_without_mark_and_with_plain_line_ends(fmt: str) -> None:
    data = render_subtitle(
        Subtitle(language=EN, cues=tuple(_cues(["Été\r\n字幕", "\ufeffx"]))), fmt
    )
    assert not data.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in data
    assert "字幕" in data.decode()


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_ffmpeg_reads_the_very_words_at_the_very_times(fmt: str, tmp_path: Path) -> None:
    texts = ["Plain words", "The answer is\n42", "7", "😀 字幕 שלום", "a — b"]
    file = tmp_path / f"a.{fmt}"
    file.write_bytes(render_subtitle(Subtitle(language=EN, cues=tuple(_cues(texts))), fmt))
    ran = subprocess.run(
        ["ffmpeg", "-v", "warning", "-i", file, "-f", "srt", "-"], capture_output=True, check=True
    )
    assert ran.stderr == b""
    back = read_cues(ran.stdout, "srt")
    assert [(c.start, c.end) for c in back] == [(c.start, c.end) for c in _cues(texts)]
    plain = [re.sub(r"<[^>]*>|\{[^}]*\}", "", cue.text) for cue in back]
    assert plain == texts


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_no_cue_at_all_is_a_file_that_reads_back_as_none(fmt: str) -> None:
    assert read_cues(render_subtitle(Subtitle(language=EN, cues=()), fmt), fmt) == ()


@pytest.mark.parametrize("fmt", ["srt", "vtt"])
def test_media_file_of_many_hours_keeps_its_times(fmt: str) -> None:
    cue = Cue(35 * 3600 + 59.999, 36 * 3600 + 2.5, "late")
    assert read_cues(render_subtitle(Subtitle(language=EN, cues=(cue,)), fmt), fmt) == (cue,)


def test_subrip_of_other_tools_is_read_with_its_oddities() -> None:
    text = (
        "made by somebody\n\n1\n00:00:01.5 --> 00:00:02,500 X1:40 Y1:10\n- One\n- Two\n"
        "2\n00:00:03,000-->00:00:04,000\nNo blank line before me\n\n\n\n"
        "3\n00:00:05,000 --> 00:00:06,000\nCounting:\n3\n\n"
        "4\n00:00:07,000 --> 00:00:08,000\nend"
    )
    cues = read_cues(text.encode(), "srt")
    assert [cue.text for cue in cues] == [
        "- One\n- Two",
        "No blank line before me",
        "Counting:\n3",
        "end",
    ]
    assert (cues[0].start, cues[0].end) == (1.5, 2.5)


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_webvtt_of_other_tools_is_read(encoding: str, end_of_line: str) -> None:
    text = (
        "WEBVTT - a title\n\nREGION\nid:fred\n\nNOTE\nover\nlines\n\n"
        "STYLE\n::cue { color: red }\n\n"
        "01:00.000 --> 01:02.000 align:start position:10%\n<v Ana>Hello &amp; <i>good</i> day\n\n"
        "NOTE one line\n\nsecond\n100:00:03.000 --> 100:00:04.000\n&lt;b&gt;\nQué\n"
    )
    cues = read_cues(text.replace("\n", end_of_line).encode(encoding), "vtt")
    assert [(cue.start, cue.end, cue.text) for cue in cues] == [
        (60.0, 62.0, "Hello & <i>good</i> day"),
        (360003.0, 360004.0, "<b>\nQué"),
    ]


def test_ass_of_other_tools_is_read_with_its_style_as_tags() -> None:
    text = (
        "[Script Info]\r\nScriptType: v4.00+\r\n\r\n[V4+ Styles]\r\n"
        "Format: Name, Fontname, Fontsize\r\nStyle: Default,Arial,20\r\n\r\n[Events]\r\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\r\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\an8\\i1}Up, there\\Nand here\r\n"
    )
    (cue,) = read_cues(text.encode("utf-8-sig"), "ass")
    assert (cue.start, cue.end, cue.text) == (1.0, 2.0, "{\\an8}<i>Up, there\nand here</i>")


@given(st.binary(max_size=200), st.sampled_from(["srt", "vtt", "ass", "ssa", "sub", "smi"]))
def test_any_bytes_are_cues_or_refused(data: bytes, suffix: str) -> None:
    try:
        cues = read_cues(data, suffix)
    except InputRejectedError:
        return
    assert all(isinstance(cue, Cue) for cue in cues)
