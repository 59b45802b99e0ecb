"""The language of windows by what an engine transcribed in them."""

from __future__ import annotations

import pytest

from subtitled.plugin import UNDETERMINED, Language, SegmentScores, TimeSpan, Transcript, Word
from subtitled.transcription.window_transcripts import (
    WindowVerdict,
    gather_guesses,
    judge_candidates,
    judge_claim,
    text_of,
)

EN, DE, RU, FR, JA = map(Language, ("en", "de", "ru", "fr", "ja"))
TEXTS = {
    EN: "I never thought that we would come back to this house after everything that happened "
    "here, but my sister wanted to see the garden once more before the winter.",
    DE: "Ich hätte nie gedacht, dass wir nach allem, was hier geschehen ist, noch einmal in dieses "
    "Haus zurückkehren, aber meine Schwester wollte den Garten vor dem Winter sehen.",
    RU: "Я никогда не думал, что мы вернёмся в этот дом после всего, что здесь произошло, но моя "
    "сестра хотела ещё раз увидеть сад перед зимой.",
    FR: "Je n'aurais jamais pensé que nous reviendrions dans cette maison après tout ce qui s'est "
    "passé ici, mais ma sœur voulait revoir le jardin avant l'hiver.",
    JA: "ここで起きたことのあとで、この家に戻ってくるとは思ってもみませんでした。"
    "でも妹は冬が来る前にもう一度庭を見たがっていました。",
}
SHORT = {EN: "Yes, okay.", DE: "Ja, gut.", RU: "Да."}


def transcript(
    language: Language, text: str, confidence: float | None = None, logprob: float | None = None
) -> Transcript:
    words = tuple(
        Word(text=f" {part}", start=float(n), end=n + 0.5, confidence=confidence)
        for n, part in enumerate(text.split())
    )
    scores = (SegmentScores(start=0.0, end=9.0, avg_logprob=logprob),) if logprob else ()
    return Transcript(language=language, words=words, segment_scores=scores)


def best(verdict: WindowVerdict) -> Language | None:
    found = verdict.probabilities
    return max(found, key=lambda language: found[language]) if found else None


@pytest.mark.parametrize("spoken", TEXTS)
def test_the_language_that_an_engine_says_counts_and_its_text_confirms_it(spoken: Language) -> None:
    verdict = judge_claim(transcript(spoken, TEXTS[spoken]), None, "parakeet")
    assert (best(verdict), verdict.is_confirmed, verdict.note) == (spoken, True, "")


@pytest.mark.parametrize("spoken", TEXTS)
def test_an_engine_that_says_no_language_has_its_text_identified(spoken: Language) -> None:
    verdict = judge_claim(transcript(UNDETERMINED, TEXTS[spoken]), None, "parakeet")
    assert (best(verdict), verdict.is_confirmed) == (spoken, True)


@pytest.mark.parametrize(
    ("said", "read"), [(EN, RU), (EN, DE), (RU, EN), (DE, JA), (JA, FR), (FR, EN)]
)
def test_a_text_that_is_clearly_in_another_language_counts_and_the_contradiction_is_told(
    said: Language, read: Language
) -> None:
    verdict = judge_claim(transcript(said, TEXTS[read]), None, "liar")
    assert best(verdict) == read
    assert verdict.note == f"liar said {said.english_name}, but its text is {read.english_name}"


def test_a_few_words_do_not_contradict_the_engine_and_do_not_confirm_it() -> None:
    verdict = judge_claim(transcript(FR, SHORT[EN]), None, "parakeet")
    assert (best(verdict), verdict.is_confirmed) == (FR, False)
    assert judge_claim(transcript(UNDETERMINED, SHORT[EN]), None, "parakeet").probabilities == {}
    assert judge_claim(transcript(EN, ""), None, "parakeet").probabilities == {}


def test_a_few_letters_of_another_script_are_no_word_of_the_engine() -> None:
    verdict = judge_claim(transcript(EN, "Спасибо большое, друзья"), None, "parakeet")
    assert verdict.probabilities == {}
    assert "letters of another script (cyrillic)" in verdict.note


def test_a_language_that_the_engine_does_not_know_is_not_believed() -> None:
    known = frozenset({EN, DE})
    verdict = judge_claim(transcript(JA, TEXTS[DE]), known, "parakeet")
    assert best(verdict) == DE
    assert verdict.note == "parakeet said Japanese, which it does not know"
    assert judge_claim(transcript(JA, SHORT[DE]), known, "parakeet").probabilities == {}
    assert judge_claim(transcript(UNDETERMINED, TEXTS[RU]), known, "parakeet").probabilities == {}


def test_a_near_relative_is_told_as_the_language_that_the_engine_knows() -> None:
    danish = (
        "Jeg troede aldrig, at vi ville komme tilbage til dette hus efter alt, hvad der er sket "
        "her, men min søster ville gerne se haven en gang til før vinteren."
    )
    verdict = judge_claim(transcript(UNDETERMINED, danish), frozenset({EN, Language("no")}), "e")
    assert best(verdict) == "no"


def test_windows_that_are_too_short_alone_are_identified_together() -> None:
    pieces = [" ".join(TEXTS[DE].split()[n : n + 6]) for n in range(0, 24, 6)]
    windows = [TimeSpan(n * 10, n * 10 + 4) for n in range(len(pieces))]
    said = [transcript(UNDETERMINED, piece) for piece in pieces]
    verdicts = [judge_claim(one, None, "e") for one in said]
    assert not any(verdict.probabilities for verdict in verdicts), "each alone has too few letters"
    found = gather_guesses(windows, verdicts, list(map(text_of, said)), None)
    assert {max(guess.probabilities) for guess in found.guesses} == {DE}
    nothing = gather_guesses(windows, verdicts, [""] * len(windows), None)
    assert nothing.is_empty
    assert [guess.window for guess in nothing.guesses] == windows


def test_one_word_of_another_language_is_shared_with_what_texts_confirm() -> None:
    said = [transcript(EN, TEXTS[EN]), transcript(DE, SHORT[DE]), transcript(EN, TEXTS[EN])]
    windows = [TimeSpan(n * 10, n * 10 + 9) for n in range(3)]
    verdicts = [judge_claim(one, None, "e") for one in said]
    guesses = gather_guesses(windows, verdicts, list(map(text_of, said)), None).guesses
    assert guesses[1].probabilities[EN] == pytest.approx(0.45)
    assert sum(guesses[1].probabilities.values()) == pytest.approx(1.0)
    assert EN not in guesses[0].probabilities or guesses[0].probabilities[EN] < 1


def test_each_contradiction_is_told_once_with_its_number() -> None:
    said = [transcript(EN, TEXTS[RU]), transcript(EN, TEXTS[RU]), transcript(EN, TEXTS[EN])]
    windows = [TimeSpan(n * 10, n * 10 + 9) for n in range(3)]
    verdicts = [judge_claim(one, None, "liar") for one in said]
    found = gather_guesses(windows, verdicts, list(map(text_of, said)), None)
    assert found.notes == ("liar said English, but its text is Russian (2 of 3 windows)",)


def test_of_candidates_the_one_whose_text_is_in_its_language_counts() -> None:
    english = transcript(EN, TEXTS[EN])
    assert best(judge_candidates({EN: english, DE: transcript(DE, TEXTS[EN])})) == EN
    assert best(judge_candidates({DE: transcript(DE, ""), EN: english})) == EN


def test_candidates_with_texts_in_their_languages_are_told_apart_by_confidence() -> None:
    """A recogniser that is told a language writes it, whatever is said, and is unsure of it."""
    sure = {EN: transcript(EN, TEXTS[EN], 0.9), DE: transcript(DE, TEXTS[DE], 0.4)}
    assert best(judge_candidates(sure)) == EN
    scored = {
        EN: transcript(EN, TEXTS[EN], logprob=-1.2),
        DE: transcript(DE, TEXTS[DE], logprob=-0.2),
    }
    assert best(judge_candidates(scored)) == DE


def test_candidates_that_nothing_tells_apart_are_no_vote() -> None:
    alike = {EN: transcript(EN, TEXTS[EN], 0.9), DE: transcript(DE, TEXTS[DE], 0.88)}
    assert judge_candidates(alike).probabilities == {}
    without = {EN: transcript(EN, TEXTS[EN]), DE: transcript(DE, TEXTS[DE], 0.9)}
    assert judge_candidates(without).probabilities == {}
    assert judge_candidates({EN: transcript(EN, ""), DE: transcript(DE, "")}).probabilities == {}
