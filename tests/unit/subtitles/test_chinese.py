"""Conversion between simplified and traditional Chinese."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, Subtitle, Word
from subtitled.subtitles.chinese import (
    can_convert_script,
    convert_script,
    convert_texts,
    detect_chinese_script,
    opposite_script,
)

HANS, HANT = Language("zh-Hans"), Language("zh-Hant")


@pytest.mark.parametrize(
    ("simple", "full"),
    [("头发很长", "頭髮很長"), ("恭喜发财", "恭喜發財"), ("皇后在后面", "皇后在後面")],
)
def test_same_character_is_written_as_the_word_requires(simple: str, full: str) -> None:
    assert convert_texts([simple], HANT) == [full]
    assert convert_texts([full], HANS) == [simple]


def test_what_is_in_the_script_already_stays_to_the_letter() -> None:
    assert convert_texts(["頭髮", "OK!", ""], HANT) == ["頭髮", "OK!", ""]
    assert convert_texts(["頭髮"], Language("zh")) == ["頭髮"]
    assert convert_texts(["hair"], Language("en")) == ["hair"]


def test_regions_have_their_own_forms() -> None:
    assert convert_texts(["着什么急，卫生间在里面"], Language("zh-TW"))[0].endswith("裡面")
    assert convert_texts(["卫生间在里面"], Language("zh-HK")) == ["衞生間在裏面"]


@pytest.mark.parametrize(
    ("source", "wanted", "served"),
    [
        ("zh-Hans", "zh-Hant", True),
        ("zh-TW", "zh-Hans", True),
        ("zh", "zh-Hant", True),
        ("zh-TW", "zh-Hant", False),
        ("zh-Hans", "zh", False),
        ("yue-Hans", "yue-Hant", True),
        ("yue", "zh-Hans", False),
        ("en", "zh-Hant", False),
    ],
)
def test_only_the_script_is_converted(source: str, wanted: str, served: bool) -> None:
    assert can_convert_script(Language(source), Language(wanted)) is served


def test_other_script_is_named_where_the_tag_has_one() -> None:
    assert opposite_script(Language("zh-TW")) == HANS
    assert opposite_script(HANS) == HANT
    assert opposite_script(Language("zh")) is None
    assert opposite_script(Language("en")) is None


def test_cues_keep_their_times_and_words_their_number() -> None:
    words = (
        Word(text="头", start=1.0, end=1.2),
        Word(text="发", start=1.2, end=1.5, confidence=0.5),
    )
    converted = convert_script(
        Subtitle(language=HANS, cues=(Cue(1.0, 2.0, "头发"),), words=words), HANT
    )
    assert converted.cues == (Cue(1.0, 2.0, "頭髮"),)
    assert [(w.start, w.end, w.confidence) for w in converted.words] == [
        (1.0, 1.2, None),
        (1.2, 1.5, 0.5),
    ]
    assert converted.language == HANT


@given(st.lists(st.text("头发髮財财abc，\n "), max_size=6), st.sampled_from([HANS, HANT]))
def test_every_line_has_its_counterpart(lines: list[str], wanted: Language) -> None:
    converted = convert_texts(lines, wanted)
    assert [line.count("\n") for line in converted] == [line.count("\n") for line in lines]
    assert convert_texts(converted, wanted) == converted
    assert detect_chinese_script("".join(converted)) in ("Hans", "Hant")
