"""Reading subtitles of other programs, and rejecting other files with a reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle
from subtitled.subtitles.formats import (
    RoundTripError,
    drop_unusable,
    read_cues,
    read_text,
    render_subtitle,
)

SRT = "1\n00:00:01,000 --> 00:00:02,000\nHi\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
def test_marked_and_unmarked_encodings_are_found_out(encoding: str) -> None:
    assert read_cues(SRT.encode(encoding), "srt") == (Cue(1, 2, "Hi"),)


@pytest.mark.parametrize(
    ("data", "suffix", "reason"),
    [
        (b"hello", "vtt", "has times"),
        (b"hello", "srt", "has times"),
        (b"hello", "ass", "broken"),
        (b"", "vtt", "has times"),
        (b"PG\x00\x00", "sup", "pictures"),
        (b"\x00\x00\x01\xba....", "sub", "pictures"),
        (b"{1}{25}Hi", "sub", "counts pictures"),
        (b"ab\x00\x01cd\xff", "srt", "no text"),
    ],
)
def test_what_is_no_subtitle_is_refused_with_the_reason(
    data: bytes, suffix: str, reason: str
) -> None:
    with pytest.raises(InputRejectedError, match=reason):
        read_cues(data, suffix)


def test_a_file_is_read_for_what_it_holds_not_for_its_ending() -> None:
    assert read_cues(b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", "srt") == (Cue(1, 2, "Hi"),)
    assert read_cues(SRT.encode(), "vtt") == (Cue(1, 2, "Hi"),)


def test_comments_and_drawings_of_ass_are_no_cues() -> None:
    head = (
        "[Script Info]\n[V4+ Styles]\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    )
    text = head + (
        "Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,not shown\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\p1}m 0 0 l 1 1{\\p0}\n"
        "Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\i1}shown{\\i0}\n"
    )
    assert read_cues(text.encode(), "ass") == (Cue(3, 4, "<i>shown</i>"),)


def test_a_webvtt_cue_ends_where_the_next_times_stand() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\nA\n00:03.000 --> 00:04.000 line:0\nB\n"
    assert [cue.text for cue in read_cues(text.encode(), "vtt")] == ["A", "B"]


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
@pytest.mark.parametrize("times", [(1, 0.5), (-1, 2), (math.nan, 2), (0, math.inf), (1, 1)])
def test_times_that_cannot_be_are_never_written(fmt: str, times: tuple[float, float]) -> None:
    with pytest.raises(RoundTripError, match="no possible times"):
        render_subtitle(Subtitle(language=Language("en"), cues=(Cue(*times, "x"),)), fmt)


@pytest.mark.parametrize("fmt", ["srt", "vtt", "ass"])
def test_what_is_no_text_is_left_out(fmt: str) -> None:
    cues = [Cue(0, 1, "\x00\ud800"), Cue(1, 2, "a\x07b\udcff"), Cue(3, 3.0001, "c")]
    assert [
        cue.text
        for cue in read_cues(
            render_subtitle(Subtitle(language=Language("en"), cues=tuple(cues)), fmt), fmt
        )
    ] == [
        "ab",
        "c",
    ]


@pytest.mark.parametrize("fmt", ["srt", "vtt"])
def test_hebrew_lines_are_marked_as_running_right_to_left(fmt: str) -> None:
    (cue,) = read_cues(
        render_subtitle(Subtitle(language=Language("he"), cues=(Cue(0, 1, "שלום!\nOK."),)), fmt),
        fmt,
    )
    assert cue.text == "\u202bשלום!\u202c\nOK."


def test_ass_after_ten_hours_is_rejected_with_a_hint() -> None:
    with pytest.raises(InputRejectedError, match="srt or vtt"):
        render_subtitle(Subtitle(language=Language("en"), cues=(Cue(36_001, 36_002, "x"),)), "ass")


@pytest.mark.parametrize("fmt", ["srt", "vtt"])
@pytest.mark.parametrize("end_of_line", ["\r\n", "\r", "\r\r\n", "\r\r\r\n"])
def test_line_ends_of_any_kind_end_lines(fmt: str, end_of_line: str) -> None:
    subtitle = Subtitle(language=Language("en"), cues=(Cue(1, 2, "One\nTwo"), Cue(3, 4, "42")))
    data = render_subtitle(subtitle, fmt).replace(b"\n", end_of_line.encode())
    assert read_cues(data, fmt) == subtitle.cues


def test_a_few_zero_bytes_refuse_no_file() -> None:
    data = (SRT * 9).encode().replace(b"Hi", b"H\0i", 1) + b"\0" * 50
    assert read_cues(data, "srt")[0].text == "Hi"


_PIECES = (
    *("1\n", "\n\n", "00:00:01,000 --> 00:00:02,000\n", "00:01.000 --> 00:02.000", "Hi ", "-->"),
    *("WEBVTT\n\n", "NOTE x\n", "<i>", "</b>", "{\\an8}", "{\\p1}", "&amp;", "&#9", "\0", "\ufeff"),
    *(
        "[Script Info]\n[Events]\n",
        "Dialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,",
        "Format: Text\n",
    ),
    *(
        '<tt xmlns="http://www.w3.org/ns/ttml">',
        "<body>",
        '<p begin="1s" end="2s">',
        "</p>",
        "</tt>",
    ),
    *("<SYNC Start=1>", "<P Class=A>", "[00:01.00]", "<00:01.00>", "{25}{50}", "[1][2]", "٣", "²"),
)


@given(
    st.lists(st.sampled_from(_PIECES), max_size=15),
    st.sampled_from(["srt", "vtt", "ass", "smi", "ttml", "lrc", "sub", "json", ""]),
)
def test_pieces_of_any_formats_in_any_order_are_cues_or_refused(
    pieces: list[str], suffix: str
) -> None:
    try:
        result = drop_unusable(read_text("".join(pieces), suffix, frame_rate=25.0))
    except InputRejectedError:
        return
    assert all(0 <= cue.start < cue.end < math.inf and cue.text.strip() for cue in result.cues)
