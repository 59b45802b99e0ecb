"""Captions that scroll and karaoke: each phrase once, at sensible times."""

from __future__ import annotations

import pytest

from subtitled.plugin import Cue
from subtitled.subtitles.formats import ReadResult, read_text
from subtitled.subtitles.formats.rolling import join_rolling

PHRASES = ("hello and welcome", "to this little film", "about a boat")
YOUTUBE = """WEBVTT
Kind: captions
Language: en

00:00:00.160 --> 00:00:02.070 align:start position:0%
~
hello<00:00:00.480><c> and</c><00:00:00.719><c> welcome</c>

00:00:02.070 --> 00:00:02.080 align:start position:0%
hello and welcome
~

00:00:02.080 --> 00:00:04.230 align:start position:0%
hello and welcome
to<00:00:02.399><c> this</c><00:00:02.879><c> little</c><00:00:03.200><c> film</c>

00:00:04.230 --> 00:00:04.240 align:start position:0%
to this little film
~

00:00:04.240 --> 00:00:06.000 align:start position:0%
to this little film
about<00:00:04.500><c> a</c><00:00:05.000><c> boat</c>
""".replace("~", " ")
SRT_OF_IT = """1
00:00:00,160 --> 00:00:02,070
hello and welcome

2
00:00:02,070 --> 00:00:02,080
hello and welcome

3
00:00:02,080 --> 00:00:04,230
hello and welcome
to this little film

4
00:00:04,230 --> 00:00:04,240
to this little film

5
00:00:04,240 --> 00:00:06,000
to this little film
about a boat
"""


@pytest.mark.parametrize(("text", "fmt"), [(YOUTUBE, "vtt"), (SRT_OF_IT, "srt")])
def test_automatic_captions_of_youtube_have_each_phrase_once(text: str, fmt: str) -> None:
    result = read_text(text, fmt)
    assert result.is_rolling
    assert [cue.text for cue in result.cues] == list(PHRASES)
    assert [(cue.start, cue.end) for cue in result.cues] == [
        (0.16, 2.08),
        (2.08, 4.24),
        (4.24, 6.0),
    ]


def _srt(*cues: tuple[float, float, str]) -> str:
    return "".join(
        f"{n}\n00:00:{start:06.3f} --> 00:00:{end:06.3f}\n{text}\n\n"
        for n, (start, end, text) in enumerate(cues, 1)
    )


def test_roll_up_captions_of_broadcasters_have_each_line_once() -> None:
    lines = ["ONE IS HERE", "TWO IS HERE", "THREE IS HERE", "FOUR IS HERE", "FIVE IS HERE"]
    shown = [(n, n + 1, "\n".join(lines[max(0, n - 2) : n + 1])) for n in range(5)]
    result = read_text(_srt(*shown), "srt")
    assert result.is_rolling
    assert [(cue.start, cue.end, cue.text) for cue in result.cues] == [
        (n, n + 1, line) for n, line in enumerate(lines)
    ]


def test_live_captions_that_grow_word_by_word_are_one_phrase() -> None:
    words = "we go to the boat".split()
    shown = [(n, n + 1, " ".join(words[: n + 1])) for n in range(5)]
    result = read_text(_srt(*shown, (9, 10, "Right.")), "srt")
    assert [(cue.start, cue.end, cue.text) for cue in result.cues] == [
        (0, 5, "we go to the boat"),
        (9, 10, "Right."),
    ]


def test_a_pause_in_scrolling_captions_stays_a_pause() -> None:
    later = YOUTUBE + "\n00:01:00.000 --> 00:01:02.000\n \nand<00:01:01.000><c> now</c>\n"
    result = read_text(later, "vtt")
    assert [(cue.start, cue.end) for cue in result.cues][-2:] == [(4.24, 6.0), (60.0, 62.0)]


def test_karaoke_of_moving_colours_is_one_cue() -> None:
    parts = ["la", "le", "lu"]
    shown = [
        (
            n,
            n + 1,
            " ".join(
                f'<font color="#ff0000">{part}</font>' if place == n else part
                for place, part in enumerate(parts)
            ),
        )
        for n in range(3)
    ]
    result = read_text(_srt(*shown), "srt")
    assert result.is_karaoke
    assert [(cue.start, cue.end, cue.text) for cue in result.cues] == [(0, 3, "la le lu")]


def test_signs_that_stand_in_each_frame_are_one_cue() -> None:
    shown = [(n / 25, (n + 1) / 25, "MOTEL") for n in range(10)]
    result = read_text(_srt(*shown, (5, 6, "Hi.")), "srt")
    assert [(cue.start, cue.end, cue.text) for cue in result.cues] == [
        (0, 0.4, "MOTEL"),
        (5, 6, "Hi."),
    ]


def test_ordinary_subtitles_that_repeat_a_line_are_not_touched() -> None:
    shown = [
        (1, 2, "No."),
        (2, 3, "No."),
        (3, 4, "Come in."),
        (4, 5, "Come in.\nPlease."),
        (5, 6, "Thank you."),
        (6, 7, "Is it far?"),
        (7, 8, "It is far."),
        (8, 9, "Good."),
    ]
    result = read_text(_srt(*shown), "srt")
    assert not result.is_rolling
    assert [(cue.start, cue.end, cue.text) for cue in result.cues] == shown


def test_two_phrases_are_enough_where_words_have_times() -> None:
    short = YOUTUBE[: YOUTUBE.index("00:00:04.230 --> 00:00:04.240")]
    result = read_text(short, "vtt")
    assert [cue.text for cue in result.cues] == list(PHRASES[:2])
    assert result.is_rolling


def _at(seconds: float) -> str:
    return f"00:00:{seconds:06.3f}".replace(".", ",")


def _with_pauses(texts: list[str]) -> str:
    """Return cues of 2.8 seconds with pauses of 0.7 between them."""
    return "".join(
        f"{place}\n{_at(3.5 * place)} --> {_at(3.5 * place + 2.8)}\n{text}\n\n"
        for place, text in enumerate(texts, 1)
    )


@pytest.mark.parametrize("height", [2, 3])
def test_lines_that_shift_up_over_pauses_are_one_phrase_each(height: int) -> None:
    phrases = [f"this is phrase {word}" for word in ("one", "two", "three", "four", "five")]
    texts = ["\n".join(phrases[max(0, at + 1 - height) : at + 1]) for at in range(len(phrases))]
    result = read_text(_with_pauses(texts), "srt")
    assert [cue.text for cue in result.cues] == phrases
    assert result.is_rolling


@pytest.mark.parametrize(
    "texts",
    [
        ["No.", "No.", "No!", "No.", "Come on!", "Come on!", "Run!", "Run!", "Run!", "Run!"],
        ["Row, row, row your boat", "Row, row, row your boat", "gently down", "gently down"],
        ["♪ La la la\nla la ♪", "♪ La la la\noh baby ♪", "♪ La la la\nla la ♪"],
    ],
)
def test_what_is_said_again_after_a_pause_is_said_again(texts: list[str]) -> None:
    result = read_text(_with_pauses(texts), "srt")
    assert [cue.text for cue in result.cues] == texts


def test_a_text_that_is_typed_letter_by_letter_is_one_cue() -> None:
    said = "Hello, world"
    cues = tuple(
        Cue(round(0.1 * n, 3), round(0.1 * n + 0.1, 3), said[: n + 1]) for n in range(len(said))
    )
    (joined,) = join_rolling(ReadResult(cues=cues, format="srt")).cues
    assert (joined.start, joined.text) == (0.0, said)


def test_cues_that_a_tool_has_cut_in_two_are_whole_again() -> None:
    said = ["Where were you?", "Out.", "All night?", "Yes.", "I waited."]
    cues = tuple(
        Cue(2.0 * n + half, 2.0 * n + half + 1, text)
        for n, text in enumerate(said)
        for half in (0, 1)
    )
    joined = join_rolling(ReadResult(cues=cues, format="srt")).cues
    assert [(cue.start, cue.end, cue.text) for cue in joined] == [
        (2.0 * n, 2.0 * n + 2, text) for n, text in enumerate(said)
    ]


def test_a_word_that_people_say_again_and_again_stays() -> None:
    cues = tuple(Cue(float(n), n + 1.0, "No!") for n in range(6))
    assert join_rolling(ReadResult(cues=cues, format="srt")).cues == cues
