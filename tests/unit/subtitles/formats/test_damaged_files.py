"""SubRip, WebVTT, ASS and SAMI as downloads, conversions and people damage them."""

from __future__ import annotations

import pytest

from subtitled.plugin import Cue, Language, SubtitleKind
from subtitled.subtitles.formats import drop_unusable, read_text
from subtitled.subtitles.judgement import MediaLength, judge_for_media, judge_text

FIRST, SECOND = "00:00:01,000 --> 00:00:02,000", "00:00:03,000 --> 00:00:04,000"
CUES = (Cue(1, 2, "Hi there."), Cue(3, 4, "Come in."))
GOOD = f"1\n{FIRST}\nHi there.\n\n2\n{SECOND}\nCome in.\n"


def read(text: str, suffix: str = "srt") -> tuple[Cue, ...]:
    return drop_unusable(read_text(text, suffix)).cues


@pytest.mark.parametrize("arrow", ["- ->", "- -->", "‐‐>", "‑‑>", "――>", "--＞", "— ＞"])
def test_any_dashes_and_any_sign_that_points_are_an_arrow(arrow: str) -> None:
    assert read(GOOD.replace("-->", arrow)) == CUES


@pytest.mark.parametrize("blank", ["\u3000", "\u2009", "\u202f", "\u2003\t"])
def test_any_blank_may_stand_beside_an_arrow(blank: str) -> None:
    assert read(GOOD.replace(" --> ", f"{blank}-->{blank}")) == CUES


@pytest.mark.parametrize("times", ["00:00:-1,-500 --> 00:00:02,000", "00:-1:00,000 --> 00:00:02,0"])
def test_a_cue_that_begins_before_the_film_is_shown_from_its_beginning(times: str) -> None:
    assert read(GOOD.replace(FIRST, times))[0] == Cue(0, 2, "Hi there.")


def test_a_cue_that_ends_before_the_film_begins_is_left_out() -> None:
    assert read(GOOD.replace(FIRST, "-00:00:05,000 --> -00:00:02,000")) == CUES[1:]


@pytest.mark.parametrize(
    "text",
    [
        f"1\n{FIRST}\nHi there.{SECOND}\nCome in.\n",
        f"1\n{FIRST}\nHi there. 2 {SECOND}\nCome in.\n",
        f"1 {FIRST} Hi there. 2 {SECOND} Come in.",
        f"{FIRST}\nHi there.  {SECOND} Come in.\n",
    ],
)
def test_times_behind_the_text_of_a_cue_begin_the_next_one(text: str) -> None:
    assert read(text) == CUES


@pytest.mark.parametrize("text", ["Gate 4 --> Gate 5", "From 10:30 --> to 11:45", "a --> b"])
def test_an_arrow_in_words_is_text(text: str) -> None:
    assert read(GOOD.replace("Come in.", text))[1].text == text


@pytest.mark.parametrize(
    "page",
    [
        "\n<!DOCTYPE html>\n<html><body>Quota exceeded</body></html>\n",
        "<html>\n<body><!-- x --> 404</body>\n",
        "\n<script>var a = 1;</script>\n",
        "\n<?php echo 1; ?>\n",
    ],
)
def test_a_web_page_behind_the_last_cue_is_left_out_and_told(page: str) -> None:
    result = read_text(GOOD + page, "srt")
    assert result.cues == CUES
    assert "web page" in str(result.dropped[0])


def test_a_cue_that_is_there_twice_is_shown_once() -> None:
    result = drop_unusable(
        read_text(f"{GOOD}\n3\n{SECOND}\nCome in.\n\n4\n{SECOND}\nNow!\n", "srt")
    )
    assert result.cues == (*CUES, Cue(3, 4, "Now!"))
    assert "twice" in str(result.dropped[0])


@pytest.mark.parametrize(
    ("code", "shown"), [("{y:i}", "<i>Come in.</i>"), ("{C:$0000FF}", "Come in.")]
)
def test_codes_of_microdvd_in_subrip_are_no_text(code: str, shown: str) -> None:
    assert read(GOOD.replace("Come in.", code + "Come in."))[1].text == shown


def test_lyrics_named_srt_are_read() -> None:
    assert read("[ti:Song]\n[00:01.00]Hi there.\n[00:03.00]Come in.\n") == (
        Cue(1, 3, "Hi there."),
        Cue(3, 8, "Come in."),
    )


@pytest.mark.parametrize("settings", ["align: start position: 0%", "foo:bar line:1", "region:a1"])
def test_settings_that_are_not_known_are_no_text(settings: str) -> None:
    times = "00:01.000 --> 00:02.000"
    assert read(f"WEBVTT\n\n{times} {settings}\nHi there.\n", "vtt") == CUES[:1]


def test_comments_of_ass_are_not_shown() -> None:
    event = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,"
    body = "{TN: a pun}Hi{note\\i1} there{\\i0}.{*}"
    assert read(f"[Events]\n{event}{body}\n", "ass") == (Cue(1, 2, "Hi <i>there</i>."),)


def test_layers_of_one_line_of_ass_are_one_cue() -> None:
    events = "".join(
        f"Dialogue: {layer},0:00:01.00,0:00:02.00,Default,,0,0,0,,{{\\bord{layer}}}Hi there.\n"
        for layer in range(3)
    )
    assert read(f"[Events]\n{events}", "ass") == CUES[:1]


def test_comments_of_sami_and_a_paragraph_without_a_class() -> None:
    text = (
        "<SAMI><BODY><SYNC Start=1000><P Class=ENCC>Hi there.<!-- <b>who</b> -->"
        "<SYNC Start=2000><P>&nbsp;<SYNC Start=3000><P Class=ENCC>Come in."
        "<SYNC Start=4000><P>&nbsp;"
    )
    assert read(text, "smi") == CUES


@pytest.mark.parametrize(
    "texts",
    [
        ("thumbs.jpg#xywh=0,0,160,90", "thumbs.jpg#xywh=160,0,160,90"),
        ("https://example.org/a-1.jpg", "https://example.org/a-2.jpg?x=1"),
        ('{"type": "ad", "id": 1}', '{"type": "ad", "id": 2}'),
    ],
)
def test_previews_and_data_for_programs_do_not_count_as_a_subtitle(texts: tuple[str, str]) -> None:
    first, second = texts
    data = f"WEBVTT\n\n00:01.000 --> 00:02.000\n{first}\n\n00:03.000 --> 00:04.000\n{second}\n"
    judgement, _ = judge_text(data.encode(), "vtt")
    assert "no words" in judgement.problem


@pytest.mark.parametrize(
    "text",
    [
        "SrtCnt : 1, DiffTime : 33ms\n2023-05-01 10:11:12.123\n[iso: 100] [shutter: 1/100]",
        "<font size=36>FrameCnt : 1\n[latitude: 1.5] [longitude: 2.5]</font>",
        "HOME(149.02,-20.25) 2017.08.05 14:11:51\nGPS(149.02,-20.25,16) BAROMETER:1.9",
        "F/2.8, SS 206.14, ISO 150, EV 0, GPS (-122.36, 37.81, 15), D 224.28m",
    ],
)
def test_the_data_of_a_drone_do_not_count_as_a_subtitle(text: str) -> None:
    times = [f"00:00:{second:02},000 --> 00:00:{second:02},900" for second in range(8)]
    data = "".join(f"{at + 1}\n{time}\n{text} {at}\n\n" for at, time in enumerate(times))
    judgement, _ = judge_text(data.encode(), "srt")
    assert judgement.problem == "it has no words, but data of a camera"


@pytest.mark.parametrize("said", ["What is the latitude: north?", "GPS (it is a satellite) works."])
def test_talk_about_places_is_text(said: str) -> None:
    judgement, _ = judge_text(GOOD.replace("Come in.", said).encode(), "srt")
    assert not judgement.problem


@pytest.mark.parametrize(("start", "is_whole"), [(0, True), (1200, True), (2700, False)])
def test_the_text_of_the_second_disc_is_not_the_whole_one(start: int, is_whole: bool) -> None:
    cues = "".join(
        f"00:{at // 60 % 60:02}:{at % 60:02}.000 --> 01:59:00.000\nHi {at}.\n\n".replace(
            "00:", f"{at // 3600:02}:", 1
        )
        for at in range(start, 5300, 20)
    )
    judgement, _ = judge_text(f"WEBVTT\n\n{cues}".encode(), "vtt")
    media = MediaLength(7200.0, 3000.0, 5300.0) if is_whole else MediaLength(5400.0, 3000.0, 5300.0)
    verdict = judge_for_media(judgement, None, SubtitleKind.FULL, frozenset(), media)
    assert ("begins after" not in verdict.problem) == is_whole


def test_a_picture_in_a_sentence_is_text() -> None:
    data = GOOD.replace("Come in.", "Open photo.jpg for me.")
    judgement, cues = judge_text(data.encode(), "srt")
    assert not judgement.problem
    assert len(cues) == 2


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("It\x92s me\x85 \x93Now\x94 \x96 go.", "It’s me… “Now” – go."),
        ("The cafÃ© is shut.", "The café is shut."),
        ("One\u2028two", "One\ntwo"),
    ],
)
def test_signs_and_letters_that_another_program_misread_are_right(written: str, right: str) -> None:
    _, cues = judge_text(GOOD.replace("Come in.", written).encode(), "srt")
    assert cues[1].text == right


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_half_of_the_last_character_is_left_out(encoding: str) -> None:
    data = ("\ufeff" * encoding.endswith("be") + GOOD.rstrip() + " Où est-il allé").encode(encoding)
    _, cues = judge_text(data[:-1], "srt")
    assert cues[1].text == "Come in. Où est-il all"


def make_ttml(body: str) -> str:
    return (
        '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" '
        f'xml:lang="en"><body>{body}</body></tt>'
    )


ENGLISH = '<p begin="1s" end="2s">Hi there.</p><p begin="3s" end="4s">Come in.</p>'
FRENCH = '<p begin="1s" end="2s">Bonjour.</p><p begin="3s" end="4s">Entrez.</p>'


@pytest.mark.parametrize(("wanted", "first"), [(None, "Hi there."), ("fr", "Bonjour.")])
def test_of_two_languages_beside_each_other_in_ttml_one_is_read(
    wanted: str | None, first: str
) -> None:
    text = make_ttml(f'<div>{ENGLISH}</div><div xml:lang="fr">{FRENCH}</div>')
    result = read_text(text, "ttml", language=Language(wanted) if wanted else None)
    assert result.cues[0].text == first
    assert len(result.cues) == 2
    assert "another language" in str(result.dropped[0])
    assert result.languages[0] == (wanted or "en")


def test_a_foreign_line_in_ttml_is_kept() -> None:
    text = make_ttml(f'<div>{ENGLISH}<p xml:lang="fr" begin="5s" end="6s">Oui.</p></div>')
    assert [cue.text for cue in read(text, "ttml")] == ["Hi there.", "Come in.", "Oui."]


def test_ttml_that_cannot_be_seen_is_left_out() -> None:
    hidden = '<p begin="5s" end="6s" tts:opacity="0">Hidden.</p>'
    assert read(make_ttml(f"<div>{ENGLISH}{hidden}</div>"), "ttml") == CUES


def _two_cues(first: str, second: str = "I see.") -> str:
    return (
        f"1\n00:00:01,000 --> 00:00:02,000\n{first}\n\n2\n00:00:03,000 --> 00:00:04,000\n{second}\n"
    )


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"Where\Nwere you?", "Where\nwere you?"),
        (r"\hWhere\hwere you?", "Where were you?"),
        (r"It is in C:\News", r"It is in C:\News"),
        ("{i}Where?{/i}", "<i>Where?</i>"),
        ("< i >Where?</ i >", "<i>Where?</i>"),
        ("5 < b and c > d", "5 < b and c > d"),
    ],
)
def test_notation_of_other_formats_in_subrip_is_what_it_stands_for(text: str, shown: str) -> None:
    assert read_text(_two_cues(text), "srt").cues[0].text == shown


@pytest.mark.parametrize("fence", ["```srt\n{}```\n", "```\n{}\n```", "~~~\n{}~~~\n"])
@pytest.mark.parametrize("head", ["", "WEBVTT\n\n"])
def test_the_fence_of_a_language_model_is_no_text(fence: str, head: str) -> None:
    text = fence.format(head + _two_cues("Where?").replace(",000", ".000"))
    result = read_text(text, "srt")
    assert [cue.text for cue in result.cues] == ["Where?", "I see."]
    assert not result.dropped


def test_the_number_of_the_next_cue_that_is_there_twice_is_no_text() -> None:
    assert read_text(_two_cues("Where?\n\n2"), "srt").cues[0].text == "Where?"
    counted = read_text(_two_cues("3\n2"), "srt").cues[0].text
    assert counted == "3\n2"
