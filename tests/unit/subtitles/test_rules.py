"""Cue rules as the guides publish them, and columns counted as the guides count."""

from __future__ import annotations

import itertools
import typing

import pytest

from subtitled.config.library_settings import CueSettings
from subtitled.plugin import Language
from subtitled.subtitles.profiles import PROFILES
from subtitled.subtitles.rules import (
    AUDIENCES,
    CueRules,
    measure_width,
    select_cue_rules,
    with_overrides,
)

# Netflix Timed Text Style Guides: line length; characters a second of a transcript for adults and
# children, of a translation for adults and children; shortest time in seconds.
NETFLIX = {
    "en": (42, 20, 17, 20, 17, 5 / 6),
    "es-419": (42, 20, 17, 17, 13, 5 / 6),
    "fr": (42, 20, 17, 17, 13, 5 / 6),
    "ru": (42, 20, 17, 17, 13, 5 / 6),
    "he": (42, 20, 17, 17, 13, 5 / 6),
    "ar": (42, 23, 20, 20, 17, 5 / 6),
    "hi": (42, 25, 20, 22, 18, 5 / 6),
    "th": (35, 20, 17, 17, 13, 5 / 6),
    "ko": (16, 14, 11, 12, 9, 5 / 6),
    "zh-Hant": (16, 11, 9, 9, 7, 5 / 6),
    "ja": (13, 7, 7, 4, 4, 0.5),
}


@pytest.mark.parametrize(("tag", "row"), NETFLIX.items())
def test_the_table_of_netflix(tag: str, row: tuple[float, ...]) -> None:
    language = Language(tag)
    found = [
        select_cue_rules(language, translation=translation, audience=audience)
        for translation in (False, True)
        for audience in ("adult", "child")
    ]
    assert (found[0].max_line_length, *(one.max_cps for one in found), found[0].min_duration) == row
    assert {one.max_lines for one in found} == {2}
    assert {one.max_duration for one in found} == {7.0}


def test_other_profiles_have_their_published_limits() -> None:
    german = Language("de")
    ard = select_cue_rules(german, translation=False, profile="ard")
    assert (ard.max_line_length, ard.max_lines, ard.min_duration, ard.max_cps) == (37, 2, 1.0, 15)
    assert (ard.target_cps, ard.min_gap) == (13, pytest.approx(1 / 25))
    assert select_cue_rules(german, translation=True, profile="ard", audience="child").max_cps == 11
    ted = select_cue_rules(german, translation=True, profile="ted")
    assert (ted.max_line_length, ted.max_cps, ted.min_duration, ted.max_duration) == (42, 21, 1, 7)
    ebu = select_cue_rules(german, translation=True, profile="ebu")
    assert (ebu.max_line_length, ebu.max_lines, ebu.max_duration) == (37, 2, 7)
    assert (ebu.min_duration, ebu.min_gap) == (1, pytest.approx(0.16))
    assert 2 * ebu.max_line_length / ebu.max_cps == pytest.approx(6)  # two full rows in 6 s
    bbc = select_cue_rules(Language("en"), translation=False, profile="bbc")
    assert (bbc.max_line_length, bbc.max_extension, bbc.min_gap, bbc.chain_gap) == (37, 1.5, 0, 1)
    for profile in PROFILES:
        chinese = select_cue_rules(Language("zh"), translation=False, profile=profile)
        assert chinese.max_line_length == 16
        assert chinese.max_cps <= 11


@pytest.mark.parametrize(("profile", "audience"), list(itertools.product(PROFILES, AUDIENCES)))
def test_children_and_readers_of_translations_are_never_hurried_more(
    profile: str, audience: str
) -> None:
    for tag in ("en", "de", "ja", "zh", "ko", "ar", "hi", "th", "km", "und"):
        language = Language(tag)

        def speed(translation: bool, audience: str, language: Language = language) -> float:
            return select_cue_rules(
                language, translation=translation, profile=profile, audience=audience
            ).max_cps

        assert speed(True, audience) <= speed(False, audience)
        assert speed(False, "child") <= speed(False, "adult")
        mine = select_cue_rules(language, translation=True, profile=profile, audience=audience)
        assert mine.target_cps <= mine.max_cps
        assert mine.min_duration < mine.max_duration
        assert mine.min_gap <= mine.chain_gap


def test_what_there_is_not_is_refused_with_what_there_is() -> None:
    with pytest.raises(ValueError, match="netflix, bbc, ebu, ard, ted"):
        select_cue_rules(Language("en"), translation=False, profile="hulu")
    with pytest.raises(ValueError, match="adult, child"):
        select_cue_rules(Language("en"), translation=False, audience="dogs")


def test_the_configuration_knows_the_same_profiles_and_values() -> None:
    annotations = typing.get_type_hints(CueSettings)
    assert typing.get_args(annotations["profile"]) == tuple(PROFILES)
    assert typing.get_args(annotations["audience"]) == AUDIENCES
    values = set(CueSettings.model_fields) - {"profile", "audience"}
    assert values == set(CueRules.__dataclass_fields__)


def test_a_user_changes_one_value_and_what_depends_on_it_follows() -> None:
    cues = CueSettings(max_cps=10, min_gap="0.2s", min_duration=1)  # type: ignore[arg-type]
    mine = with_overrides(CueRules(), cues.overrides)
    assert (mine.max_cps, mine.target_cps) == (10, 7.5)
    assert (mine.min_gap, mine.min_duration, mine.max_line_length) == (0.2, 1, 42)
    assert with_overrides(CueRules(), {}) == CueRules()
    assert with_overrides(CueRules(), {"target_cps": 30.0}).max_cps == 30
    assert with_overrides(CueRules(), {"max_cps": 10, "target_cps": 30.0}).target_cps == 10
    assert with_overrides(CueRules(), {"min_gap": 0.7}).chain_gap == 0.7


@pytest.mark.parametrize(
    ("key", "value", "answer"),
    [
        ("min_duration", 8, "from 0 to 3 seconds"),
        ("max_duration", 1, "from 3 to 60 seconds"),
        ("min_gap", 2, "from 0 to 1 seconds"),
        ("max_lines", 0, "greater than or equal to 1"),
        ("max_line_length", 2, "greater than or equal to 8"),
        ("profile", "hulu", "netflix"),
    ],
)
def test_values_that_allow_no_subtitle_are_rejected(key: str, value: object, answer: str) -> None:
    with pytest.raises(ValueError, match=answer):
        CueSettings.model_validate({key: value})


@pytest.mark.parametrize(
    ("tag", "text", "columns"),
    [
        ("en", "Hello, world!", 13),
        ("en", "<i>Hello</i> {\\an8}<b>you</b>", 9),
        ("en", "a < b > c {x}", 13),
        ("en", "<v Ann>Hi <c.loud>you</c>", 6),
        ("zh", "今天，好！", 5),
        ("zh", "iPhone 15很好", 6.5),
        ("zh", "“好”……", 5),
        ("ja", "「ＡＢＣ」はABC", 7.5),
        ("ja", "ｱｲｳ", 1.5),
        ("ko", "나는 학생이다.", 7),
        ("ko", "“네”…", 2.5),
        ("th", "ที่นี่ดี", 3),
        ("ar", "بِسْمِ", 3),
        ("he", "שָׁלוֹם", 4),
        ("hi", "हिन्दी", 3),
        ("vi", "Tiếng Việt", 10),
        ("vi", "Tie\u0302\u0301ng Vie\u0323\u0302t", 10),
        ("en", "👩‍👩‍👧‍👦", 1),
        ("en", "👍🏽 🇩🇪❤️", 4),
        ("ja", "👩‍👩‍👧‍👦", 1),
        ("en", "a\u200bb\u200f\u202b", 2),
        ("km", "ខ្ញុំ", 2),
    ],
)
def test_characters_are_counted_as_the_guides_count(tag: str, text: str, columns: float) -> None:
    assert measure_width(text, Language(tag)) == columns
