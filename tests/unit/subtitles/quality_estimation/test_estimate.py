"""Signs make a cue suspect, and say why."""

from __future__ import annotations

import itertools
import math
import string
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language, SegmentScores, TimeSpan, Word
from subtitled.subtitles.hallucination import RemovedText
from subtitled.subtitles.quality_estimation import (
    CueEstimate,
    Evidence,
    FileEstimate,
    MissedTerm,
    OtherReading,
    ReasonKind,
    estimate_quality,
)
from subtitled.subtitles.quality_estimation.reasons import SENTENCES
from subtitled.subtitles.quality_estimation.recogniser_signs import (
    MIN_PROBABILITY,
    compute_log_odds,
)
from subtitled.subtitles.quality_estimation.weights import BIAS, WEIGHTS
from subtitled.subtitles.rules import select_cue_rules

EN = Language("en")
TEXTS = (
    "I have been waiting for you.",
    "There is nothing left to say.",
    "We should go before they come.",
    "Nobody saw what happened here.",
    "Tell me when it is all over.",
)
SECOND = 2
"""The cue that the tests make suspect."""


def _spoken(text: str, start: float, confidence: float | None = 0.97) -> list[Word]:
    parts = text.split()
    return [
        Word(
            text=f" {part}",
            start=start + number * 0.4,
            end=start + number * 0.4 + 0.4,
            confidence=confidence,
        )
        for number, part in enumerate(parts)
    ]


def _sure() -> tuple[list[Cue], Evidence]:
    """Return five cues about which nothing is suspect, with all evidence."""
    cues, words, speech = [], [], []
    for number, text in enumerate(TEXTS):
        spoken = _spoken(text, number * 4.0)
        words += spoken
        cues.append(Cue(spoken[0].start, spoken[-1].end, text))
        speech.append(TimeSpan(spoken[0].start - 0.1, spoken[-1].end + 0.2))
    scores = tuple(
        SegmentScores(
            start=cue.start,
            end=cue.end,
            avg_logprob=-0.1,
            no_speech_prob=0.01,
            compression_ratio=1.2,
        )
        for cue in cues
    )
    return cues, Evidence(
        language=EN,
        words=tuple(words),
        segment_scores=scores,
        speech=tuple(speech),
        rules=select_cue_rules(EN, translation=False),
    )


def _kinds(estimate: CueEstimate) -> set[ReasonKind]:
    return {reason.kind for reason in estimate.reasons}


def _without(evidence: Evidence, cue: Cue) -> tuple[Word, ...]:
    return tuple(word for word in evidence.words if not cue.start <= word.start < cue.end)


def test_cues_without_any_sign_are_right_and_have_no_reason() -> None:
    estimate = estimate_quality(*_sure())
    assert [cue.index for cue in estimate.cues] == list(range(len(TEXTS)))
    assert all(cue.probability < 0.1 and not cue.reasons for cue in estimate.cues)
    assert estimate.gaps == ()
    assert estimate.flagged_count == 0


def test_evidence_that_is_missing_counts_nothing() -> None:
    cues, _ = _sure()
    estimate = estimate_quality(cues, Evidence(language=EN))
    assert len({cue.probability for cue in estimate.cues}) == 1
    assert not any(cue.reasons for cue in estimate.cues)
    assert estimate.cues[0].probability < 0.1


@pytest.mark.parametrize(
    "lacks",
    [
        lambda evidence: replace(evidence, segment_scores=()),
        lambda evidence: replace(evidence, speech=None),
        lambda evidence: replace(evidence, rules=None),
        lambda evidence: replace(evidence, words=()),
    ],
)
def test_a_file_that_lacks_one_kind_of_evidence_is_estimated_by_the_rest(
    lacks: Callable[[Evidence], Evidence],
) -> None:
    cues, evidence = _sure()
    estimate = estimate_quality(cues, lacks(evidence))
    assert all(cue.probability < 0.1 for cue in estimate.cues)


def test_a_subtitle_without_cues_has_nothing_to_estimate() -> None:
    assert estimate_quality([], Evidence(language=EN)) == FileEstimate((), ())


Change = Callable[[list[Cue], Evidence], tuple[list[Cue], Evidence]]


def _unsure(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    cue = cues[SECOND]
    words = [
        replace(word, confidence=0.2) if cue.start <= word.start < cue.end else word
        for word in evidence.words
    ]
    return cues, replace(evidence, words=tuple(words))


def _low_scores(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    scores = [
        replace(one, no_speech_prob=0.95, avg_logprob=-0.9, compression_ratio=2.35)
        if number == SECOND
        else one
        for number, one in enumerate(evidence.segment_scores)
    ]
    return cues, replace(evidence, segment_scores=tuple(scores))


def _left_out(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    removal = RemovedText(cues[SECOND].end, cues[SECOND].end + 0.4, "Thanks", "a phrase")
    return cues, replace(evidence, left_out=(removal,))


def _other_engine(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    other = _spoken("Or shall I blow the door?", cues[SECOND].start)
    words = sorted((*_without(evidence, cues[SECOND]), *other), key=lambda word: word.start)
    return cues, replace(evidence, other_readings=(OtherReading("qwen", tuple(words)),))


def _missed_term(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    return cues, replace(
        evidence, missed_terms=(MissedTerm(cues[SECOND].start, "Winterfell", "Invernalia"),)
    )


def _untranslated(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    cue = cues[SECOND]
    note = RemovedText(cue.start, cue.end, cue.text, "left in Spanish: it did not come back")
    return cues, replace(evidence, untranslated=(note,), is_translation=True)


def _other_language(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    return cues, replace(evidence, other_languages={SECOND: Language("pt")})


def _other_script(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    cues[SECOND] = replace(cues[SECOND], text="Пойдём отсюда скорее")
    return cues, evidence


def _repeated(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    cues[SECOND] = replace(cues[SECOND], text=cues[SECOND - 1].text)
    return cues, evidence


def _odd_length(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    cues[SECOND] = replace(cues[SECOND], text="Go.")
    return cues, replace(evidence, is_translation=True)


def _estimated_times(cues: list[Cue], evidence: Evidence) -> tuple[list[Cue], Evidence]:
    cue = cues[SECOND]
    words = [
        replace(word, is_estimated=cue.start <= word.start < cue.end) for word in evidence.words
    ]
    return cues, replace(evidence, words=tuple(words))


@pytest.mark.parametrize(
    ("change", "kind", "said"),
    [
        (_unsure, ReasonKind.UNSURE_WORDS, "“We”, “should”, “go”, “before” …"),
        (_low_scores, ReasonKind.HARDLY_ANY_SPEECH, "hardly any speech"),
        (_left_out, ReasonKind.LEFT_OUT, "“Thanks” (a phrase)"),
        (_other_engine, ReasonKind.ENGINES_DISAGREE, "qwen understood “Or shall I blow the door?”"),
        (_missed_term, ReasonKind.TERM_MISSED, "“Winterfell” is said, but “Invernalia” is missing"),
        (_untranslated, ReasonKind.UNTRANSLATED, "left in Spanish"),
        (_other_language, ReasonKind.OTHER_LANGUAGE, "Portuguese"),
        (_other_script, ReasonKind.OTHER_SCRIPT, "another script"),
        (_repeated, ReasonKind.REPEATED, "repeats"),
        (_odd_length, ReasonKind.ODD_LENGTH, "unusually short"),
        (_estimated_times, ReasonKind.ESTIMATED_TIMES, "times are estimated"),
    ],
)
def test_a_sign_makes_its_cue_suspect_and_says_why(
    change: Change, kind: ReasonKind, said: str
) -> None:
    before = estimate_quality(*_sure())
    cues, evidence = change(*_sure())
    after = estimate_quality(cues, evidence)
    suspect = after.cues[SECOND]
    assert kind in _kinds(suspect)
    assert said in next(reason.text for reason in suspect.reasons if reason.kind is kind)
    increases = [
        new.probability - old.probability for new, old in zip(after.cues, before.cues, strict=True)
    ]
    assert increases[SECOND] > 0
    assert increases[SECOND] == max(increases)
    assert not any(kind in _kinds(cue) for cue in (after.cues[0], after.cues[-1]))
    assert after.expected_errors > before.expected_errors


def test_speech_without_a_word_is_listed_and_told_at_the_cues_beside_it() -> None:
    cues, evidence = _sure()
    gone = cues.pop(SECOND)
    evidence = replace(evidence, words=_without(evidence, gone))
    estimate = estimate_quality(cues, evidence)
    (gap,) = estimate.gaps
    assert gap.span.start == pytest.approx(gone.start - 0.1)
    assert gap.span.end == pytest.approx(gone.end + 0.2)
    assert gap.text == f"Somebody speaks for {gap.span.duration:.1f} s, and nothing is written."
    assert gap.to_json()["start"] == gap.span.start


def test_speech_without_a_word_is_told_at_a_cue_that_touches_it() -> None:
    cues, evidence = _sure()
    speech = list(evidence.speech or ())
    speech[0] = replace(speech[0], end=speech[0].end + 1.3)
    estimate = estimate_quality(cues, replace(evidence, speech=tuple(speech)))
    assert len(estimate.gaps) == 1
    assert estimate.cues[0].probability > estimate.cues[-1].probability


def test_faint_speech_without_a_word_is_no_gap() -> None:
    cues, evidence = _sure()
    gone = cues.pop(SECOND)
    speech = evidence.speech or ()
    evidence = replace(evidence, words=_without(evidence, gone), faint_speech=(speech[SECOND],))
    assert estimate_quality(cues, evidence).gaps == ()


def test_speech_that_a_translation_covers_is_no_gap() -> None:
    cues, evidence = _sure()
    evidence = replace(evidence, words=(), is_translation=True)
    assert estimate_quality(cues, evidence).gaps == ()


def test_words_where_nobody_speaks_are_suspect() -> None:
    cues, evidence = _sure()
    speech = tuple(span for n, span in enumerate(evidence.speech or ()) if n != SECOND)
    estimate = estimate_quality(cues, replace(evidence, speech=speech))
    worst = max(estimate.cues, key=lambda cue: cue.probability)
    assert worst.index == SECOND


def test_every_kind_of_reason_has_one_weight_and_a_sentence() -> None:
    assert set(WEIGHTS) == set(ReasonKind) == set(SENTENCES)
    assert all(weight.log_odds > 0 and 0 <= weight.usual < 1 for weight in WEIGHTS.values())
    assert BIAS < 0
    for sentence in SENTENCES.values():
        assert all(name != "" for _, name, _, _ in string.Formatter().parse(sentence))


@given(
    confidences=st.lists(st.floats(0, 1), min_size=5, max_size=5),
    index=st.integers(0, 4),
    less=st.floats(0, 1),
)
@settings(max_examples=60, deadline=None)
def test_a_cue_of_which_the_recogniser_is_less_sure_is_not_likelier_right(
    confidences: list[float], index: int, less: float
) -> None:
    cues, evidence = _sure()

    def estimate(values: list[float]) -> FileEstimate:
        words = [
            word
            for cue, value in zip(cues, values, strict=True)
            for word in _spoken(cue.text, cue.start, value)
        ]
        return estimate_quality(cues, replace(evidence, words=tuple(words)))

    lower = [*confidences]
    lower[index] *= less
    before, after = estimate(confidences), estimate(lower)
    assert after.cues[index].probability >= before.cues[index].probability
    assert all(0 <= cue.probability <= 1 for cue in after.cues)
    assert estimate(lower) == after


def test_the_probability_of_many_wrong_words_is_that_of_independent_words() -> None:
    def probability(confidences: list[float], share: float) -> float:
        ((log_odds,),) = compute_log_odds([confidences], [share])
        return 1 / (1 + math.exp(-log_odds))

    assert probability([0.8], 0.3) == pytest.approx(0.2)
    assert probability([0.5, 0.5], 0.3) == pytest.approx(0.75)
    assert probability([0.5, 0.5], 0.6) == pytest.approx(0.25)
    assert probability([0.9] * 10, 0.2) == pytest.approx(1 - 0.9**10 - 10 * 0.1 * 0.9**9)
    (both,) = compute_log_odds([[0.7] * 9], [0.2, 0.3])
    assert both == [compute_log_odds([[0.7] * 9], [share])[0][0] for share in (0.2, 0.3)]


@given(st.lists(st.lists(st.floats(0, 1), max_size=12), max_size=8))
def test_the_probability_of_each_group_is_that_of_all_ways_to_be_wrong(
    groups: list[list[float]],
) -> None:
    shares = (0.2, 0.3)
    for confidences, found in zip(groups, compute_log_odds(groups, shares), strict=True):
        if not confidences:
            assert found == []
            continue
        exactly = [1.0] + [0.0] * len(confidences)
        for right in confidences:
            for count in range(len(confidences), 0, -1):
                exactly[count] = exactly[count] * right + exactly[count - 1] * (1 - right)
            exactly[0] *= right
        for share, log_odds in zip(shares, found, strict=True):
            few = sum(exactly[: max(1, math.ceil(share * len(confidences) - 1e-9))])
            few = min(max(few, MIN_PROBABILITY), 1 - MIN_PROBABILITY)
            assert log_odds == pytest.approx(math.log((1 - few) / few), abs=1e-9)


@pytest.mark.parametrize("confidences", [[0.0], [1.0], [1.0] * 40, [0.0, 1.0]])
def test_confidences_of_0_and_1_have_a_finite_log_odds(confidences: list[float]) -> None:
    assert all(map(math.isfinite, compute_log_odds([confidences], [0.2, 0.3])[0]))


_TIMES = st.floats(0, 30)
_TEXTS = st.sampled_from(["", " ", "Hi.", " Schufa", " Schuffa", "今日は", "<i>so</i>", "ПРИВЕТ"])


@given(
    cues=st.lists(st.builds(Cue, _TIMES, _TIMES, _TEXTS), max_size=6),
    words=st.lists(
        st.builds(
            Word,
            text=_TEXTS,
            start=_TIMES,
            end=_TIMES,
            confidence=st.none() | st.floats(),
            is_estimated=st.booleans(),
        ),
        max_size=8,
    ),
    ends=st.lists(_TIMES, max_size=6),
    is_translation=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_whatever_the_evidence_is_each_cue_has_a_probability_and_reasons_that_can_be_told(
    cues: list[Cue], words: list[Word], ends: list[float], is_translation: bool
) -> None:
    moments = sorted(ends)
    speech = tuple(TimeSpan(a, b) for a, b in itertools.pairwise(moments))
    evidence = Evidence(
        language=EN,
        is_translation=is_translation,
        words=tuple(sorted(words, key=lambda word: word.start)),
        other_readings=(OtherReading("other", tuple(words)),) if words else (),
        speech=speech,
        faint_speech=speech[:1],
        left_out=tuple(RemovedText(span.start, span.end, "so", "why") for span in speech),
        untranslated=tuple(RemovedText(span.start, span.end, "so", "why") for span in speech),
        rules=select_cue_rules(EN, translation=is_translation),
    )
    estimate = estimate_quality(sorted(cues, key=lambda cue: cue.start), evidence)
    assert [cue.index for cue in estimate.cues] == list(range(len(cues)))
    assert all(0.0 <= cue.probability <= 1.0 for cue in estimate.cues)
    assert all(reason.text for cue in estimate.cues for reason in cue.reasons)


def test_reasons_are_json_with_their_values_and_a_sentence() -> None:
    estimate = estimate_quality(*_missed_term(*_sure()))
    (reason,) = estimate.cues[SECOND].reasons
    assert reason.to_json() == {
        "kind": "term-missed",
        "values": {"spoken": "Winterfell", "wanted": "Invernalia"},
        "text": "“Winterfell” is said, but “Invernalia” is missing.",
    }
