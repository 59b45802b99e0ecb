"""Reasons, findings and refusals of reviews are told in the language of the page."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import subtitled
from subtitled.plugin import Cue, Language, SegmentScores
from subtitled.subtitles.evaluation.compliance import ComplianceRule, check_compliance
from subtitled.subtitles.hallucination.engine_scores import find_score_issue
from subtitled.subtitles.quality_estimation.reasons import Reason, ReasonKind
from subtitled.subtitles.rules import CueRules
from subtitled.web.i18n import LANGUAGES, load_catalogue
from subtitled.web.pages.phrases import describe_reason, read_phrase
from subtitled.web.pages.review_labels import AS_GIVEN

SOURCES = Path(subtitled.__file__).parent
GERMAN = load_catalogue("de")


def constant_of(node: ast.expr) -> str:
    """Return a text of the source, with a number in the place of each value."""
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values
        )
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def said_in(module: str, ending: str) -> Iterator[str]:
    """Yield the texts that a module gives to calls of some classes, by the end of their name."""
    for node in ast.walk(ast.parse((SOURCES / module).read_text("utf-8"))):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(ending):
            yield from filter(None, map(constant_of, node.args))


@pytest.mark.parametrize(
    ("module", "ending"),
    [
        ("translation/checks.py", "LineIssue"),
        ("subtitles/hallucination/speech_overlap.py", "to_suspect"),
        ("subtitles/hallucination/non_speech_tokens.py", "to_suspect"),
        ("daemon/reviews/approving.py", "StaleVersionError"),
        ("daemon/reviews/approving_several.py", "Error"),
        ("daemon/reviews/second_reader.py", "Error"),
    ],
)
def test_what_the_daemon_says_of_a_review_stands_in_each_catalogue(
    module: str, ending: str
) -> None:
    said = list(said_in(module, ending))
    assert said
    assert [text for text in said if read_phrase(text).template == AS_GIVEN] == []
    for language in LANGUAGES:
        catalogue = load_catalogue(language)
        for text in said:
            is_english = catalogue.translate(read_phrase(text)) == text
            assert is_english == (language == "en"), text


def test_the_value_of_each_finding_is_told_in_the_language_of_the_page() -> None:
    times = [(0, 9), (8, 8.2), (9, 12), (9.01, 9.5), (14, 13), (14.2, 22), (22.04, 24), (21, 23)]
    text = ["a" * 90, "b" * 9, "c\nd\ne\nf\ng", "", "x", "y", "z", "w"]
    cues = [Cue(start, end, line) for (start, end), line in zip(times, text, strict=True)]
    found = check_compliance(cues, Language("en"), CueRules()).violations
    assert {one.rule for one in found} >= set(ComplianceRule) - {ComplianceRule.FLASH}
    for one in found:
        assert read_phrase(one.detail).template != AS_GIVEN, one.detail
        assert GERMAN.translate(read_phrase(one.rule.violation)) != one.rule.violation
    assert GERMAN.translate(read_phrase("by 0.100 s")) == "um 0.100 s"


def test_what_the_scores_of_an_engine_say_is_told_in_the_language_of_the_page() -> None:
    silent = SegmentScores(start=0, end=1, avg_logprob=-1.5, no_speech_prob=0.97)
    loop = SegmentScores(start=0, end=1, avg_logprob=-0.9, compression_ratio=8.1)
    for scores in (silent, loop):
        issue = find_score_issue(scores, 400)
        assert issue is not None
        assert read_phrase(issue).template != AS_GIVEN, issue


@pytest.mark.parametrize(
    ("reason", "german"),
    [
        (Reason(ReasonKind.ODD_PACE, {"pace": "slowly"}), "langsam"),
        (Reason(ReasonKind.ODD_LENGTH, {"length": "short"}), "kurz"),
        (
            Reason(ReasonKind.LEFT_OUT, {"text": "short", "why": "16 letters in 0.3 s"}),
            "„short“ (16 Buchstaben in 0.3 s)",
        ),
        (
            Reason(ReasonKind.UNTRANSLATED, {"why": "left in English: it was not translated"}),
            "nicht übersetzt (English): sie wurde nicht übersetzt",
        ),
        (
            Reason(
                ReasonKind.OUTSIDE_LIMITS, {"rule": "too fast to read", "detail": "31.5 a second"}
            ),
            "zu schnell zu lesen, 31.5 je Sekunde",
        ),
        (Reason(ReasonKind.LEFT_OUT, {"text": "a", "why": "words of later"}), "words of later"),
    ],
)
def test_a_reason_is_a_kind_with_values_that_each_page_says_itself(
    reason: Reason, german: str
) -> None:
    described = describe_reason(reason.to_json())
    assert str(described) == reason.text
    assert german in GERMAN.translate(described)


def test_a_phrase_with_a_percent_sign_or_of_another_version_stays_as_it_is() -> None:
    for text in ("100 %s", "%(text)s", "a new sign: 5 %", ""):
        assert GERMAN.translate(read_phrase(text)) == text
    assert GERMAN.translate(describe_reason("an old reason")) == "an old reason"
