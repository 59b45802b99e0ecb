"""Style in the text of a cue: one form of tags, and its way through a translation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, Subtitle
from subtitled.subtitles.formats import read_text, render_subtitle
from subtitled.subtitles.markup import (
    normalise_markup,
    parse_markup,
    restore_markup,
    strip_tags,
    unescape,
)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("<I>Hi</I>", "<i>Hi</i>"),
        ("<em>Hi</em>", "<i>Hi</i>"),
        ("<i>not closed", "<i>not closed</i>"),
        ("not opened</i>", "not opened"),
        ("<i>crossed <b>tags</i> here</b>", "<i>crossed <b>tags</b></i> <b>here</b>"),
        ("<font face='Arial' size=16>Hi</font>", "Hi"),
        ("<font color=yellow>Hi</font>", '<font color="#ffff00">Hi</font>'),
        ('<font size="3" color="#0F0">Hi</font>', '<font color="#00ff00">Hi</font>'),
        (r"{\i1}Hi{\i0} you", "<i>Hi</i> you"),
        (r"{\fnArial\fs20\b1\bord2\blur3}Hi", "<b>Hi</b>"),
        (r"{\c&H00FFFF&}Hi{\r} you", '<font color="#ffff00">Hi</font> you'),
        (r"{\i1}Hi{\rSign} you", "<i>Hi</i> you"),
        (r"{\an8}Hi", r"{\an8}Hi"),
        (r"{\a6}Hi", r"{\an8}Hi"),
        (r"{\pos(10,20)}Hi", "Hi"),
        (r"{\p1}m 0 0 l 9 9{\p0}Hi", "Hi"),
        ("<v Ana>Hi</v>", "Hi"),
        ("<c.yellow.bg_black>Hi</c>", '<font color="#ffff00">Hi</font>'),
        ("<ruby>漢字<rt>かんじ</rt></ruby>", "漢字"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<i></i>", ""),
        ("a < b > c", "a < b > c"),
        ("I <3 you", "I <3 you"),
        ("<Music>", "<Music>"),
        ("{x} = 1", "{x} = 1"),
    ],
)
def test_every_notation_of_style_becomes_the_one_form(written: str, kept: str) -> None:
    assert normalise_markup(written) == kept
    assert "font" not in strip_tags(written)


@given(
    st.lists(st.sampled_from([*"<>/{}\\ \n", "i", "b", "font color=red", "c", "an8", "p1", "a"]))
)
def test_the_one_form_stays_as_it_is(parts: list[str]) -> None:
    once = normalise_markup("".join(parts))
    assert normalise_markup(once) == once


@pytest.mark.parametrize(
    ("source", "translated", "styled"),
    [
        ("<i>All of it</i>", "Todo", "<i>Todo</i>"),
        ("<i>All</i>\n<i>of it</i>", "Todo\neso", "<i>Todo\neso</i>"),
        ('<font color="#ffff00">All</font>', "Todo", '<font color="#ffff00">Todo</font>'),
        (r"{\an8}<i>All</i>", "Todo", r"{\an8}<i>Todo</i>"),
        (
            "- <i>On the phone.</i>\n- Here.",
            "- Al teléfono.\n- Aquí.",
            "<i>- Al teléfono.</i>\n- Aquí.",
        ),
        ("The <i>Titanic</i> sank.", "El Titanic se hundió.", "El <i>Titanic</i> se hundió."),
        ("It is <i>very</i> cold.", "Hace mucho frío.", "Hace mucho frío."),
        ("Plain.", "Llano.", "Llano."),
        ("<i>♪</i> la", "la", "la"),
    ],
)
def test_style_is_put_back_where_its_place_can_be_told(
    source: str, translated: str, styled: str
) -> None:
    assert restore_markup(source, translated) == styled


@pytest.mark.parametrize(
    ("fmt", "text", "back"),
    [
        ("srt", r"{\an8}<b><i>Hi</i></b> you", r"{\an8}<b><i>Hi</i></b> you"),
        ("ass", r"{\an8}<b><i>Hi</i></b> you", r"{\an8}<b><i>Hi</i></b> you"),
        ("ass", '<font color="#12abef">Hi</font> you', '<font color="#12abef">Hi</font> you'),
        ("vtt", '<font color="#ffff00">Hi</font> <u>you</u>', None),
        ("vtt", '<font color="#123456">Hi</font> R&B <3', "Hi R&B <3"),
        ("ttml", '<font color="#123456"><i>Hi</i></font> <u>you</u>', None),
        ("lrc", "<i>Hi</i> you", "Hi you"),
        ("json", "<i>Hi</i> you", "<i>Hi</i> you"),
    ],
)
def test_each_format_keeps_the_style_that_it_can_hold(
    fmt: str, text: str, back: str | None
) -> None:
    subtitle = Subtitle(language=Language("en"), cues=(Cue(1, 2, text),))
    (cue,) = read_text(render_subtitle(subtitle, fmt).decode(), fmt).cues
    assert cue.text == (text if back is None else back)


def test_plain_text_has_no_tags() -> None:
    subtitle = Subtitle(language=Language("en"), cues=(Cue(1, 2, "<i>Hi</i> you"),))
    assert render_subtitle(subtitle, "txt") == b"Hi you\n"


def test_references_of_html_are_decoded_and_others_kept() -> None:
    assert unescape("R&amp;B &lt;3 &eacute; &#233; &nope; & &#99999999;") == (
        "R&B <3 é é &nope; & &#99999999;"
    )
    # Python refuses numbers of more than 4 300 digits.
    assert unescape("&#" + "1" * 10_000) == "&#" + "1" * 10_000


def test_karaoke_and_drawings_are_told() -> None:
    assert parse_markup(r"{\k20}la{\kf30}la").is_karaoke
    assert parse_markup("<00:00:01.000>la").is_karaoke
    assert parse_markup(r"{\p1}m 0 0{\p0}").has_drawing
