"""What a text is, and what it means for a media file."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.media.marks import Mark
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.judgement import (
    MediaLength,
    TextJudgement,
    TextVerdict,
    judge_for_media,
    judge_text,
)
from support.dialogue import DIALOGUE, encode, lines_of, make_srt

FILM = MediaLength(1620.0)
NONE: frozenset[Mark] = frozenset()


def dialogue(language: str, cues: int = 400) -> list[str]:
    return list(itertools.islice(itertools.cycle(lines_of(language)), cues))


def verdict(
    data: bytes | str,
    stated: str | None = None,
    media: MediaLength = FILM,
    marks: frozenset[Mark] = NONE,
    *,
    kind: SubtitleKind = SubtitleKind.FULL,
    suffix: str = "srt",
) -> TextVerdict:
    content = data.encode() if isinstance(data, str) else data
    language = Language(stated) if stated else None
    judgement, _ = judge_text(content, suffix, language)
    assert TextJudgement.from_json(judgement.to_json()) == judgement
    return judge_for_media(judgement, language, kind, marks, media)


# Can it be read?


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"  \r\n\r\n", "empty"),
        (b"\0" * 4096, "empty"),
        (b"\xef\xbb\xbf", "no cue"),
        (b"<!DOCTYPE html>\n<html><body>Please log in</body></html>", "web page"),
        (b"<html><head><title>404</title>", "web page"),
        (b"Rar!\x1a\x07\x01\x00" + b"x" * 99, "RAR"),
        (b"PK\x03\x04" + b"x" * 99, "ZIP"),
        (bytes(range(256)) * 9, "no text"),
        (b"somebody's notes about the film", "no line in it has times"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n\n", "no cue"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n" + b"[" * 5000, "no word"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"<" * 5000, "no word"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n<i>- ...</i>\n", "no word"),
        (b"WEBVTT\n\n", "no"),
    ],
)
def test_what_cannot_be_read_or_has_no_cue_does_not_count(content: bytes, reason: str) -> None:
    judged = verdict(content, "en")
    assert judged.problem.startswith("it cannot be read: ")
    assert reason in judged.problem
    assert judged.source_problem
    assert not judged.is_readable


def test_pictures_are_no_damaged_text() -> None:
    judged = verdict(b"PG\0\0\0\0\0\0\0\0\x16\0\x13", "en", suffix="sup")
    assert judged.problem == ""
    assert judged.source_problem


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["srt", "vtt", "ass", "ttml", "smi", "sub", ""]))
def test_any_file_gets_a_verdict(content: bytes, suffix: str) -> None:
    judged = verdict(content, "en", suffix=suffix)
    assert isinstance(judged.problem, str)


# Is it whole?


@pytest.mark.parametrize("cues", [1, 3, 8, 11])
def test_a_few_cues_in_a_long_film_are_not_the_whole_text(cues: int) -> None:
    judged = verdict(make_srt(dialogue("en", cues), seconds=100), "en")
    assert f"only {cues} cue" in judged.problem
    assert judged.source_problem


def test_a_few_cues_are_whole_where_little_is_said() -> None:
    text = make_srt(dialogue("en", 3), seconds=400)
    assert verdict(text, "en", MediaLength(24 * 60.0, 30.0, 900.0)).problem == ""
    assert verdict(text, "en", MediaLength(24 * 60.0, 900.0, 1400.0)).problem


@pytest.mark.parametrize("media", [MediaLength(), MediaLength(50.0), MediaLength(200.0)])
def test_a_few_cues_are_believed_where_the_film_is_short_or_its_length_unknown(
    media: MediaLength,
) -> None:
    assert verdict(make_srt(dialogue("en", 3)), "en", media).problem == ""


def test_a_forced_text_need_not_be_whole() -> None:
    text = make_srt(dialogue("en", 3))
    assert verdict(text, "en", kind=SubtitleKind.FORCED).problem == ""


def test_a_text_that_ends_in_the_middle_is_not_the_whole_one() -> None:
    text = make_srt(dialogue("en", 150))
    assert "ends after 10 minutes" in verdict(text, "en", MediaLength(5400.0)).problem
    assert verdict(text, "en", MediaLength(5400.0, 500.0, 620.0)).problem == ""


@pytest.mark.parametrize(
    "mark", [Mark.COMMENTARY, Mark.SIGNS, Mark.LYRICS, Mark.KARAOKE, Mark.PARTIAL]
)
def test_title_marks_a_text_as_partial(mark: Mark) -> None:
    judged = verdict(make_srt(dialogue("en")), "en", marks=frozenset({mark}))
    assert str(mark) in judged.problem
    assert judged.source_problem


def test_lyrics_are_the_whole_text_of_music_and_not_of_a_film() -> None:
    text = make_srt([f"♪ {line} ♪" for line in dialogue("en")])
    assert "lyrics" in verdict(text, "en").problem
    assert verdict(text, "en", MediaLength(1620.0, has_video=False)).problem == ""
    one_song = [*dialogue("en", 380), *(f"♪ {line} ♪" for line in dialogue("en", 20))]
    assert verdict(make_srt(one_song, 3.6), "en").problem == ""


# In which language?


@pytest.mark.parametrize("language", DIALOGUE)
def test_the_language_of_a_text_without_one_is_read(language: str) -> None:
    judged = verdict(make_srt(dialogue(language, 60)), None, MediaLength(240.0))
    assert judged.language is not None
    expected = Language(language)
    relatives = {"sk": "cs", "hr": "bs", "sr": "bs"}
    assert judged.language.satisfies(expected) or judged.language == relatives.get(language)


@pytest.mark.parametrize(
    ("spoken", "read"), [("hr", "hr"), ("sr-Latn", "sr-Latn"), ("nb", "da"), ("id", "id")]
)
def test_a_text_that_may_as_well_be_in_the_spoken_language_is(spoken: str, read: str) -> None:
    """Unless its words tell clearly, as those of the Danish text beside a Norwegian film do."""
    lines = {"hr": "hr", "sr-Latn": "hr", "nb": "da", "id": "id"}
    if spoken == "id":
        said = "Saya tidak tahu apa yang kamu ingin saya katakan kepadamu"
        text = make_srt([said + "." * number for number in range(9)])
    else:
        text = make_srt(dialogue(lines[spoken], 40))
    judgement, _ = judge_text(text.encode(), "srt")
    judged = judge_for_media(
        judgement, None, SubtitleKind.FULL, NONE, MediaLength(), (Language(spoken),)
    )
    assert judged.language == read


@pytest.mark.parametrize("stated", ["en", "de", "ja", "ru"])
def test_a_wrong_label_gives_way_to_the_language_of_the_text(stated: str) -> None:
    judged = verdict(make_srt(dialogue("es", 60)), stated, MediaLength(240.0))
    assert judged.language == "es"
    assert judged.problem == ""
    assert any("labelled" in note for note in judged.notes)


def test_too_little_text_keeps_its_label_and_has_no_language_without_one() -> None:
    text = make_srt(["Oui.", "Non.", "OK!"])
    assert verdict(text, "en", MediaLength(50.0)).language == "en"
    assert verdict(text, None, MediaLength(50.0)).language is None


@pytest.mark.parametrize(
    ("language", "encoding"),
    [("pl", "cp1250"), ("tr", "cp1254"), ("ru", "cp1251"), ("ja", "cp932")],
)
def test_a_text_in_a_code_page_is_read_in_its_letters(language: str, encoding: str) -> None:
    data = encode(make_srt(dialogue(language, 60)), encoding)
    judged = verdict(data, language, MediaLength(240.0))
    assert judged.problem == ""
    assert judged.language == language
    assert judged.notes == (f"in {encoding}",)


# At which times?


def late(hours: float, cues: int = 11, start: float = 0.0) -> str:
    """Return TTML whose times begin at an hour of the clock of a broadcaster."""
    paragraphs = "".join(
        f'<p begin="{hours * 3600 + start + 4 * n}s" end="{hours * 3600 + start + 4 * n + 2}s">'
        f"{line}</p>"
        for n, line in enumerate(dialogue("en", cues))
    )
    return f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div>{paragraphs}</div></body></tt>'


@pytest.mark.parametrize("hours", [1, 10, 20])
def test_times_that_are_all_late_by_hours_are_shifted(hours: int) -> None:
    judged = verdict(late(hours, start=1.0), "en", MediaLength(50.0), suffix="ttml")
    assert judged.shift == -3600.0 * hours
    assert judged.source_problem == ""
    assert "late" in judged.problem  # no player shows it


def test_times_that_no_shift_puts_into_the_film_are_refused() -> None:
    for text in (late(10, start=1900.0), late(0.5), late(10, cues=300)):
        judged = verdict(text, "en", MediaLength(50.0), suffix="ttml")
        assert (judged.shift, bool(judged.source_problem)) == (0.0, True)


@pytest.mark.parametrize(
    "media", [MediaLength(50.0), MediaLength(44.0), MediaLength(42.0), MediaLength()]
)
def test_times_that_reach_a_little_beyond_the_end_are_right(media: MediaLength) -> None:
    judged = verdict(late(0), "en", media, suffix="ttml")
    assert (judged.shift, judged.problem) == (0.0, "")


def test_a_title_before_the_hour_of_the_programme_does_not_hide_that_hour() -> None:
    title = '<p begin="0s" end="4s">Subtitles: A. N. Other</p>'
    text = late(10, start=1.0).replace("<div>", f"<div>{title}")
    assert title in text
    judged = verdict(text, "en", MediaLength(50.0), suffix="ttml")
    assert (judged.shift, judged.source_problem) == (-36000.0, "")


def test_the_second_hour_of_another_version_is_no_shift() -> None:
    text = make_srt(dialogue("en", 2000))
    judged = verdict(text, "en", MediaLength(3700.0))
    assert judged.shift == 0.0


@pytest.mark.parametrize("language", ["zh-Hans", "ja", "ko", "ru", "ar"])
def test_a_text_in_two_languages_counts_but_is_no_source(language: str) -> None:
    pairs = zip(dialogue(language), dialogue("en"), strict=True)
    text = make_srt([f"{above}\n{below}" for above, below in pairs])
    judged = verdict(text, "en")
    assert (judged.problem, judged.language) == ("", "en")
    assert "two languages" in judged.source_problem


@pytest.mark.parametrize("language", ["zh-Hans", "ja", "ko", "ru", "ar", "en"])
def test_names_and_a_song_in_another_script_make_no_second_language(language: str) -> None:
    lines = dialogue(language)
    lines[::7] = ["Jack, New York! ♪ Hello ♪" if language != "en" else "Москва"] * 58
    judged = verdict(make_srt(lines), language)
    assert (judged.problem, judged.source_problem, judged.language) == ("", "", language)


def test_a_film_of_hours_keeps_its_late_cues() -> None:
    text = make_srt(dialogue("en", 2400), 4.4)
    judged = verdict(text, "en", MediaLength(3 * 3600.0))
    assert (judged.shift, judged.problem) == (0.0, "")


# False alarms


def test_good_texts_of_any_length_are_whole_and_in_their_language() -> None:
    chance = random.Random(3)
    for language in ("en", "de", "fr", "es", "pt", "cs", "ru", "ja", "ko", "pl"):
        for cues in (5, 12, 40, 300):
            lines = [chance.choice(lines_of(language)) for _ in range(cues)]
            gap = chance.choice([3.0, 5.0, 7.0])
            for media in (MediaLength(cues * gap + 30), MediaLength(cues * gap, cues * 2.5)):
                judged = verdict(make_srt(lines, gap), language, media)
                assert (judged.problem, judged.language) == ("", language)


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["[music]", "[door closes]", "(SIGHS)", "♪"] * 5, "only descriptions of sounds"),
        (["（笑い声）", "【拍手】"] * 5, "only descriptions of sounds"),
        (["1", "2", "3", "10:15"], "no word"),
    ],
)
def test_a_text_in_which_nobody_says_anything_does_not_count(
    texts: list[str], problem: str
) -> None:
    judgement, _ = judge_text(make_srt(texts).encode(), "srt")
    assert problem in judgement.problem


@pytest.mark.parametrize(
    "texts",
    [
        ["[music]", "Where were you?", "[door closes]", "Out."],
        ["(I have told him that I will not come to his house again.)"] * 2 + ["(No.)", "(Yes.)"],
        ["No!"] * 30,
        ["1984", "It was a cold day."],
        ["Ha!", "What is so funny about that?"] * 2 + ["Ha!"] * 3,
    ],
)
def test_sounds_and_repetitions_among_words_are_a_text(texts: list[str]) -> None:
    judgement, _ = judge_text(make_srt(texts).encode(), "srt")
    assert not judgement.problem


def _film_text(starts: Sequence[float]) -> str:
    return "".join(
        f"{number}\n{clock(start)} --> {clock(start + 2)}\n{line}\n\n"
        for number, (start, line) in enumerate(
            zip(starts, itertools.cycle(lines_of("en")), strict=False), 1
        )
    )


def clock(seconds: float) -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3600000:02}:{ms // 60000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"


GOOD_STARTS = [5.0 * number for number in range(1, 480)]


@pytest.mark.parametrize(
    ("starts", "counts"),
    [
        (GOOD_STARTS, True),
        ([*GOOD_STARTS, 359990.0], True),  # one mistake
        ([*GOOD_STARTS, *(2460.0 + n for n in range(4))], True),  # advertisements
        ([1.06 * start for start in GOOD_STARTS], False),  # another speed
        ([*GOOD_STARTS, *(2400.0 + 5 * n for n in range(120))], False),  # a longer version
    ],
)
def test_a_text_that_goes_on_after_the_film_is_of_another_version(
    starts: list[float], counts: bool
) -> None:
    judged = verdict(_film_text(starts), "en", MediaLength(2410.0))
    assert (judged.problem == "") is counts
    assert (judged.source_problem == "") is counts
