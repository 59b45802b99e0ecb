"""Files that are as they should be are read in half the time, with the same cues as any other."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.formats.regular import read_regular_cues

BODIES = {
    "plain": "Where were you?",
    "two lines": "- Where were you?\n- Out.",
    "italic": "<i>Where were you?</i>",
    "italic in part": "Where <i>were</i> you?",
    "place": "{\\an8}Where were you?",
    "an arrow in words": "a --> b",
    "a clock": "It was 12:34:56.",
    "a year alone": "1984",
    "a year last": "It was the year\n1984.",
    "a reference": "Tom &amp; Jerry &lt;3",
    "blanks": "  Where were you?  ",
    "broken times": "00:00:0x,000 --> 00:00:02,000",
    "an odd clock": "00 : 00 : 07,500",
    "whole times without an arrow": "00:00:07,500 00:00:08,500",
    "an invisible mark": "\ufeffWhere\0 were you?",
}


def _srt(bodies: list[str], *, numbered: bool) -> str:
    return "\n".join(
        (f"{number}\n" if numbered else "")
        + f"00:00:{2 * number:02},250 --> 00:00:{2 * number + 1:02},750\n{body}\n"
        for number, body in enumerate(bodies, 1)
    )


def _make(form: str, bodies: list[str]) -> str:
    if form == "vtt":
        return "WEBVTT\n\n" + _srt(bodies, numbered=False).replace(",", ".")
    return _srt(bodies, numbered=form == "srt")


@pytest.mark.parametrize("form", ["srt", "srt without numbers", "vtt"])
@pytest.mark.parametrize("name", BODIES)
def test_a_regular_file_has_the_cues_of_one_with_a_superfluous_blank_line(
    name: str, form: str
) -> None:
    text = _make(form, ["Good evening.", BODIES[name], "Out.", "I see."])
    untidy = text.replace("Good evening.\n", "Good evening.\n\n")
    assert read_regular_cues(untidy) is None
    regular, tolerant = (read_subtitle(each.encode(), form[:3]) for each in (text, untidy))
    assert regular.cues == tolerant.cues
    assert [part.reason for part in regular.dropped] == [part.reason for part in tolerant.dropped]


@pytest.mark.parametrize("numbered", [True, False])
def test_every_plain_file_is_regular(numbered: bool) -> None:
    text = _srt(["Where were you?", "- Out.\n- <i>Out?</i>"], numbered=numbered).rstrip()
    assert read_regular_cues(text) == [
        (2.25, 3.75, "Where were you?"),
        (4.25, 5.75, "- Out.\n- <i>Out?</i>"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        ("2\n00", "00"),
        ("-->", "->"),
        ("\n\n", "\n"),
        ("\n\n", "\n\n\n"),
        ("00:00:02,250", "0:00:02,250"),
        ("00:00:02,250", "00:00:02,25"),
        (",750", ",750 and more"),
    ],
)
def test_any_other_file_is_left_to_the_tolerant_readers(change: tuple[str, str]) -> None:
    text = _srt(["Where were you?", "Out."], numbered=True).rstrip()
    assert read_regular_cues(text) is not None
    assert read_regular_cues(text.replace(*change)) is None


def test_settings_of_webvtt_are_no_text() -> None:
    text = "WEBVTT\n\n00:00:01.000 --> 00:00:02.000 align:start line:0 position:10%\nHi.\n"
    assert [cue.text for cue in read_subtitle(text.encode(), "vtt").cues] == ["Hi."]


@pytest.mark.parametrize(
    "text",
    [
        "Hi.",
        "A, b, c",
        "{\\i1}All of\\Nit{\\i0}",
        "{\\b1} blank {\\b0}",
        "{\\i1}a{\\i0} b",
        "<i>x</i>",
    ],
)
@pytest.mark.parametrize("style", ["Default", "Italic", "Of two words", "*Default", "Unknown"])
def test_an_event_of_ass_with_blanks_around_its_fields_is_the_same(text: str, style: str) -> None:
    head = (
        "[Script Info]\n\n[V4+ Styles]\nFormat: Name, Italic\n"
        "Style: Default,0\nStyle: Italic,-1\nStyle: Of two words,0\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Dialogue: 0,0:00:00.10,0:00:00.90,Default,,0,0,0,,The usual style of a long first text.\n"
    )
    usual = f"{head}Dialogue: 0,0:00:01.25,0:00:02.50,{style},,0,0,0,,{text}\n"
    wide = f"{head}Dialogue: 0, 0:00:01.25 , 0:00:02.50 , {style} , , 0, 0, 0, , {text} \n"
    first, second = (read_subtitle(each.encode(), "ass").cues for each in (usual, wide))
    assert first == second
    assert (first[1].start, first[1].end) == (1.25, 2.5)


def test_references_of_html_in_subrip_are_text_as_ffmpeg_and_mpv_show_them(tmp_path: Path) -> None:
    shown = "Tom &amp; Jerry &lt;i&gt;x&lt;/i&gt;&nbsp;y"
    path = tmp_path / "film.srt"
    path.write_text(_srt([shown], numbered=True))
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-f", "ass", "-"]
    ass = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    assert ass.rstrip().endswith(f",,{shown}")
    assert [cue.text for cue in read_subtitle(path.read_bytes(), "srt").cues] == [shown]
