"""What the errors of two engines mean, and the route that follows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from subtitled.daemon.answers.approved_references import LeftOut
from subtitled.daemon.answers.engine_conclusions import conclude, describe_evaluation, find_route
from subtitled.daemon.answers.engine_errors import (
    EngineComparison,
    EngineErrorAnswer,
    VariantErrors,
)
from subtitled.plugin import Language

EN = Language("en")
ROW = VariantErrors(
    language=EN,
    unit="words",
    engine="qwen3-asr",
    variant="qwen-2b51",
    is_configured=True,
    files=31,
    started_files=4,
    hours=27.4,
    reference=20000,
    replaced=800,
    lost=300,
    inserted=200,
    errors_per_100=6.5,
)
PAIR = EngineComparison(
    language=EN,
    unit="words",
    first="whisper-0c9f",
    second="qwen-2b51",
    files=31,
    reference=20000,
    first_errors_per_100=9.8,
    second_errors_per_100=6.1,
    difference_low=3.1,
    difference_high=4.3,
    is_enough=True,
    better="qwen-2b51",
    favoured=None,
)
ANSWER = EngineErrorAnswer(
    subtitles=31,
    left_out={LeftOut.TRANSLATION: 2},
    engines=(ROW, replace(ROW, engine="whisper small", variant="whisper-0c9f")),
    comparisons=(PAIR,),
)


@pytest.mark.parametrize(
    ("comparison", "end"),
    [
        (PAIR, "(31 files): qwen-2b51 makes 3.1 to 4.3 fewer per 100"),
        (replace(PAIR, favoured="qwen-2b51"), "began as its own, which favours it"),
        (
            replace(PAIR, favoured="whisper-0c9f"),
            "although most of these texts began with the other's",
        ),
        (replace(PAIR, better=None), "chance explains the difference (+3.1 to +4.3)"),
        (
            replace(PAIR, is_enough=False, files=1),
            "(1 file): too little to tell; 1000 words in several passages are needed",
        ),
    ],
)
def test_a_sentence_says_which_engine_is_better_and_what_that_is_worth(
    comparison: EngineComparison, end: str
) -> None:
    assert conclude(comparison).endswith(end)


def test_a_route_names_the_better_engine_first_if_both_are_configured_so() -> None:
    assert find_route(ANSWER, PAIR) == {"languages": ["en"], "engines": ["qwen", "whisper"]}
    assert find_route(ANSWER, replace(PAIR, better="whisper-0c9f")) == {
        "languages": ["en"],
        "engines": ["whisper", "qwen"],
    }
    assert find_route(ANSWER, replace(PAIR, better=None)) is None
    old = replace(ANSWER, engines=(ROW, replace(ANSWER.engines[1], is_configured=False)))
    assert find_route(old, PAIR) is None
    same = replace(PAIR, first="qwen-1111")
    both = replace(ANSWER, engines=(ROW, replace(ROW, variant="qwen-1111")))
    assert find_route(both, same) == {"languages": ["en"], "engines": ["qwen"]}


def test_json_has_the_sentence_and_the_route() -> None:
    (row,) = describe_evaluation(ANSWER)["comparisons"]
    assert row["conclusion"] == conclude(PAIR)
    assert row["route"] == find_route(ANSWER, PAIR)
    assert row["better"] == "qwen-2b51"
