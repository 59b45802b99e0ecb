"""Compliance, comparison and the HTML report."""

from __future__ import annotations

import dataclasses
import random
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language
from subtitled.subtitles.evaluation.comparison import compare_cues
from subtitled.subtitles.evaluation.compliance import (
    ComplianceReport,
    ComplianceRule,
    check_compliance,
)
from subtitled.subtitles.evaluation.report import Evaluation, render_page, to_json
from subtitled.subtitles.evaluation.suber import compute_suber
from subtitled.subtitles.evaluation.words import split_words
from subtitled.subtitles.rules import select_cue_rules

EN, JA = Language("en"), Language("ja")
LIMITS = select_cue_rules(EN, translation=False)


def _kept(*cues: Cue, language: Language = EN) -> ComplianceReport:
    return check_compliance(cues, language, select_cue_rules(language, translation=False))


def _missed(*cues: Cue, language: Language = EN) -> list[tuple[ComplianceRule, int]]:
    return [(one.rule, one.cue_number) for one in _kept(*cues, language=language).violations]


def test_a_good_subtitle_misses_nothing() -> None:
    good = (Cue(1, 3, "Good evening."), Cue(3.084, 5, "<i>And welcome</i>\nto the show."))
    assert _missed(*good) == []
    assert _kept(*good).compliant_count == 2


@pytest.mark.parametrize(
    ("cues", "missed"),
    [
        ([Cue(1, 3, "x" * 43)], [(ComplianceRule.LINE_LENGTH, 1), (ComplianceRule.SPEED, 1)]),
        ([Cue(1, 3, "a\nb\nc")], [(ComplianceRule.LINES, 1)]),
        ([Cue(1, 2, "x" * 21)], [(ComplianceRule.SPEED, 1)]),
        ([Cue(1, 2, "x" * 20)], []),
        ([Cue(1, 1.8, "x")], [(ComplianceRule.SHORT, 1)]),
        ([Cue(1, 8.1, "x")], [(ComplianceRule.LONG, 1)]),
        ([Cue(1, 2, "x"), Cue(2.05, 3, "y")], [(ComplianceRule.GAP, 1)]),
        ([Cue(1, 2, "x"), Cue(2.3, 4, "y")], [(ComplianceRule.FLASH, 1)]),
        ([Cue(1, 2, "x"), Cue(2.5, 4, "y")], []),
        ([Cue(1, 2, "x"), Cue(1.9, 3, "y")], [(ComplianceRule.OVERLAP, 1)]),
        ([Cue(5, 6, "x"), Cue(1, 2, "y")], [(ComplianceRule.ORDER, 1)]),
        ([Cue(2, 1, "x")], [(ComplianceRule.TIMES, 1)]),
        ([Cue(1, 2, "<i></i>")], [(ComplianceRule.TEXT, 1)]),
    ],
)
def test_each_rule_is_reported_separately(
    cues: list[Cue], missed: list[tuple[ComplianceRule, int]]
) -> None:
    assert _missed(*cues) == missed


def test_only_what_a_player_may_stumble_over_is_an_error_and_advice_does_not_count() -> None:
    assert {rule for rule in ComplianceRule if rule.is_error} == {
        ComplianceRule.TIMES,
        ComplianceRule.ORDER,
        ComplianceRule.OVERLAP,
        ComplianceRule.TEXT,
    }
    flashing = _kept(Cue(1, 2, "x"), Cue(2.3, 4, "y"))
    assert (flashing.compliant_count, flashing.error_count) == (2, 0)


def test_wide_characters_count_whole_and_latin_half_in_japanese() -> None:
    assert _missed(Cue(0, 4, "今日は天気がいい今日は天気"), language=JA) == []
    assert _missed(Cue(0, 4, "今日は天気がいい今日は天気a"), language=JA) == [
        (ComplianceRule.LINE_LENGTH, 1)
    ]


def test_fast_speech_is_distinguished_from_a_cue_that_ends_early() -> None:
    text = "x" * 40
    early = _kept(Cue(0, 1.5, text), Cue(4, 5, "y"))
    fast = _kept(Cue(0, 1.5, text), Cue(1.6, 5, "y"))
    assert (early.list_violating_cues(ComplianceRule.SPEED), early.fast_speech_count) == ([1], 0)
    assert (fast.list_violating_cues(ComplianceRule.SPEED), fast.fast_speech_count) == ([1], 1)
    both = _kept(Cue(0, 0.5, text), Cue(0.6, 5, "y"))
    assert both.fast_speech_count == 0


_cues = st.lists(
    st.builds(Cue, st.floats(-1, 1e6), st.floats(-1, 1e6), st.text(max_size=60)), max_size=20
)


@settings(deadline=None)
@given(_cues, _cues, st.sampled_from(["en", "ja", "th", "ar", "und"]))
def test_any_two_files_can_be_evaluated(one: list[Cue], other: list[Cue], tag: str) -> None:
    language = Language(tag)
    limits = select_cue_rules(language, translation=True)
    kept = check_compliance(one, language, limits)
    assert 0 <= kept.compliant_count <= len(one)
    against = compare_cues(one, other, language)
    assert against.suber is None or against.suber >= 0
    evaluation = Evaluation(
        name="a.srt",
        language=language,
        profile="netflix",
        rules=limits,
        cues=tuple(one),
        compliance=kept,
        comparison=against,
    )
    assert to_json(evaluation)["cues"] == len(one)
    for picture in re.findall(r"<svg.*?</svg>", render_page([evaluation]), re.DOTALL):
        # What XML itself knows none of may stand in HTML.
        if picture.isprintable():
            ElementTree.fromstring(picture)


# Comparison


REFERENCE = (
    Cue(1, 3, "We left the house\nat seven."),
    Cue(3.1, 5, "Nobody saw us go."),
    Cue(9, 11, "It was a long way home."),
)


def test_a_subtitle_is_right_by_its_own_measure() -> None:
    same = compare_cues(REFERENCE, REFERENCE, EN)
    assert (same.unit, same.error_rate, same.suber) == ("WER", 0.0, 0.0)
    assert (same.in_times.median, same.out_times.p90, same.in_times.signed_median) == (0, 0, 0)
    assert (same.boundaries.precision, same.boundaries.recall, same.boundaries.f1) == (1, 1, 1)
    assert same.invented_per_hour == 0


def test_a_constant_delay_is_seen_in_the_times_though_suber_is_blind_to_it() -> None:
    late = [dataclasses.replace(c, start=c.start + 0.5, end=c.end + 0.5) for c in REFERENCE]
    found = compare_cues(late, REFERENCE, EN)
    assert found.suber == 0
    assert found.in_times.signed_median == pytest.approx(0.5)
    assert found.out_times.p90 == pytest.approx(0.5)
    early = [dataclasses.replace(c, start=c.start - 0.2) for c in REFERENCE]
    assert compare_cues(early, REFERENCE, EN).in_times.signed_median == pytest.approx(-0.2)
    assert compare_cues(early, REFERENCE, EN).in_times.median == pytest.approx(0.2)


def test_cue_ends_are_scored_among_the_words() -> None:
    together = (Cue(1, 5, "We left the house at seven.\nNobody saw us go."), REFERENCE[2])
    found = compare_cues(together, REFERENCE, EN)
    assert (found.boundaries.precision, found.boundaries.recall) == (1.0, 0.5)
    elsewhere = (
        Cue(1, 2, "We left the"),
        Cue(2.1, 5, "house at seven. Nobody saw us go."),
        REFERENCE[2],
    )
    assert compare_cues(elsewhere, REFERENCE, EN).boundaries.precision == 0.5


def test_words_are_compared_without_case_and_punctuation_and_characters_in_japanese() -> None:
    hypothesis = (dataclasses.replace(REFERENCE[1], text="nobody's saw, US go"),)
    assert compare_cues(hypothesis, REFERENCE[1:2], EN).error_rate == 0.25
    japanese = compare_cues([Cue(0, 2, "今日は、天気")], [Cue(0, 2, "今日は\n天氣。")], JA)
    assert (japanese.unit, japanese.error_rate) == ("CER", 0.2)
    assert split_words("L’été — ‘d’Artagnan’!", Language("fr")) == ["lété", "dartagnan"]


def test_text_without_speech_counts_as_hallucinated() -> None:
    hypothesis = (*REFERENCE[:2], Cue(6, 8, "Thank you!"), REFERENCE[2])
    found = compare_cues(hypothesis, REFERENCE, EN)
    assert (found.silence_seconds, found.invented_characters) == (4, 9)
    assert found.invented_per_hour == 9 * 900
    reaching = (*REFERENCE[:2], Cue(4.5, 8, "Thank you!"), REFERENCE[2])
    assert compare_cues(reaching, REFERENCE, EN).invented_characters == 0


# SubER


def _one(text: str, start: float = 0.0, end: float = 2.0) -> list[Cue]:
    return [Cue(start, end, text)]


@pytest.mark.parametrize(
    ("hypothesis", "true", "edits", "tokens"),
    [
        ("a b c d", "a b c d", 0, 5),
        ("a b x d", "a b c d", 1, 5),
        ("a b d", "a b c d", 1, 5),
        ("a b c d e", "a b c d", 1, 5),
        # The break is in the wrong place: it is shifted, or deleted and inserted.
        ("a b\nc d", "a b c d", 1, 5),
        ("a\nb c d", "a b c\nd", 1, 6),
        # A phrase in another place is one shift.
        ("d e f a b c", "a b c d e f", 1, 7),
        ("A, B; c D!", "a b c d", 0, 5),
    ],
)
def test_suber_counts_edits_as_published(
    hypothesis: str, true: str, edits: int, tokens: int
) -> None:
    assert compute_suber(_one(hypothesis), _one(true), EN) == pytest.approx(100 * edits / tokens)


def test_words_that_are_never_on_the_screen_together_are_not_the_same() -> None:
    assert compute_suber(_one("a b", 0, 1), _one("a b", 5, 6), EN) == pytest.approx(200.0)
    # In one part of the file, too: the second cue overlaps both.
    true = [Cue(0, 2, "a b"), Cue(2, 4, "c d")]
    hypothesis = [Cue(0, 2, "c d"), Cue(2, 4, "a b")]
    assert compute_suber(hypothesis, true, EN) == pytest.approx(100 * 4 / 6)


def test_an_empty_reference_has_no_rate_and_an_empty_file_is_all_wrong() -> None:
    assert compute_suber([], [], EN) is None
    assert compute_suber([], REFERENCE, EN) == 100.0


_words = st.lists(st.sampled_from("a b c d e".split()), min_size=1, max_size=12)


@settings(deadline=None)
@given(_words, _words, st.randoms(use_true_random=False))
def test_suber_is_never_more_than_plain_edit_distance(
    hypothesis: list[str], true: list[str], chance: random.Random
) -> None:
    from rapidfuzz.distance import Levenshtein

    rate = compute_suber(_one(" ".join(hypothesis)), _one(" ".join(true)), EN)
    # With the end of the cue, which is the same in both.
    plain = Levenshtein.distance([*hypothesis, "\n\n"], [*true, "\n\n"])
    assert rate is not None
    assert rate <= 100 * plain / (len(true) + 1) + 1e-9
    shuffled = true[:]
    chance.shuffle(shuffled)
    assert compute_suber(_one(" ".join(true)), _one(" ".join(true)), EN) == 0
    assert (compute_suber(_one(" ".join(shuffled)), _one(" ".join(true)), EN) == 0) == (
        shuffled == true
    )


def test_the_page_stands_alone_and_takes_texts_for_texts() -> None:
    cues = (Cue(0, 1, "<script>alert(1)</script> & so on, for far too long"), Cue(1, 2, "b"))
    kept = check_compliance(cues, EN, LIMITS)
    evaluation = Evaluation(
        name="<b>.srt",
        language=EN,
        profile="netflix",
        rules=LIMITS,
        cues=cues,
        compliance=kept,
        comparison=compare_cues(cues, cues, EN),
    )
    html = render_page([evaluation])
    assert "<script" not in html
    assert "<b>" not in html
    assert not re.search(r"(?:src|href)=|url\(|@import", html)
    pictures = [ElementTree.fromstring(one) for one in re.findall(r"<svg.*?</svg>", html, re.S)]
    assert [picture.get("aria-label") for picture in pictures] == [
        "Reading speed of each cue",
        "In-times",
        "Out-times",
    ]
    dots = [one for one in pictures[0] if one.tag == "circle"]
    assert [dot.get("class") for dot in dots] == ["over", "in"]
