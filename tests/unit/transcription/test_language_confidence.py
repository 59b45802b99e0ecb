"""How sure a language is by its sound, and which of several close ones is meant."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from subtitled.plugin import UNDETERMINED, Language, LanguageGuess, TimeSpan
from subtitled.transcription.language_confidence import SOUND_SCALE
from subtitled.transcription.language_detection import (
    LanguageClues,
    WindowDetector,
    WindowGuesses,
    detect_language,
)
from subtitled.transcripts.models import LanguageCorrection, LanguageOrigin, TrackAnalysis


def hear(seconds: float, clues: LanguageClues, **heard: float) -> TrackAnalysis:
    """Return the analysis of a clip in which an engine hears these languages."""

    def detect(windows: Sequence[TimeSpan]) -> WindowGuesses:
        probabilities = {Language(tag): share for tag, share in heard.items()}
        return WindowGuesses(tuple(LanguageGuess(window, probabilities) for window in windows))

    clip = TrackAnalysis(duration=seconds, speech=(TimeSpan(0.0, seconds),))
    return detect_language(clip, clues, [WindowDetector("ear", detect, scale=SOUND_SCALE)])


NOTHING_KNOWN = LanguageClues()


def test_the_same_share_is_less_sure_of_less_speech() -> None:
    seconds = (1.0, 3.0, 5.0, 10.0, 20.0)
    surer = [SOUND_SCALE.probability(0.6, length) for length in seconds]
    assert surer == sorted(surer)
    assert surer[0] < 0.5 < surer[2]
    assert SOUND_SCALE.probability(0.6, 3600.0) == surer[-1], "it was measured no further"


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_nothing_is_quite_sure_or_impossible(share: float) -> None:
    assert 0.0 < SOUND_SCALE.probability(share, 30.0) < 1.0


def test_a_language_that_is_unsure_is_not_taken_for_the_spoken_one() -> None:
    found = hear(3.0, NOTHING_KNOWN, la=0.35, fi=0.3, et=0.2)
    assert (found.language, found.language_origin) == (UNDETERMINED, LanguageOrigin.NOTHING)
    assert "detected la in 1 windows by ear" in found.language_reason
    assert "too unsure to count" in found.language_reason


def test_where_the_sound_is_unsure_the_tag_counts_and_then_the_assumption() -> None:
    tagged = hear(3.0, LanguageClues(tag=Language("fi")), ru=0.35, la=0.3)
    assert (tagged.language, tagged.language_origin) == ("fi", LanguageOrigin.TAG)
    assumed = hear(3.0, LanguageClues(assumed=Language("fi")), ru=0.35, la=0.3)
    assert (assumed.language, assumed.language_origin) == ("fi", LanguageOrigin.ASSUMPTION)


def test_an_engine_that_is_unsure_leaves_it_to_the_next() -> None:
    clip = TrackAnalysis(duration=3.0, speech=(TimeSpan(0.0, 3.0),))

    def say(tag: str, share: float) -> WindowDetector:
        return WindowDetector(
            tag,
            lambda windows: WindowGuesses(
                tuple(LanguageGuess(window, {Language(tag): share}) for window in windows)
            ),
            scale=SOUND_SCALE,
        )

    found = detect_language(clip, NOTHING_KNOWN, [say("la", 0.3), say("fi", 0.9)])
    assert found.language == "fi"


PAIRS = [("no", "da"), ("sv", "no"), ("sk", "cs"), ("ms", "id"), ("sr", "hr"), ("bs", "hr")]
PAIRS += [("gl", "pt"), ("gl", "es"), ("uk", "ru"), ("nn", "no"), ("nb", "no"), ("ca", "es")]


@pytest.mark.parametrize(("tag", "heard"), PAIRS)
def test_a_tag_decides_between_languages_that_sound_alike(tag: str, heard: str) -> None:
    found = hear(30.0, LanguageClues(tag=Language(tag)), **{heard: 0.75, tag: 0.1})
    assert found.language == tag
    assert f"the track is tagged {tag}" in found.language_reason


@pytest.mark.parametrize(("tag", "heard"), [("ca", "es"), ("uk", "ru"), ("sk", "cs")])
def test_a_sound_that_is_nearly_certain_overrules_the_tag_of_a_close_language(
    tag: str, heard: str
) -> None:
    found = hear(30.0, LanguageClues(tag=Language(tag)), **{heard: 0.97})
    assert found.language == heard


@pytest.mark.parametrize(("wanted", "heard"), [("no", "da"), ("hr", "sr"), ("id", "ms")])
def test_without_a_tag_the_library_decides_between_close_languages(wanted: str, heard: str) -> None:
    clues = LanguageClues(library_languages=(Language("en"), Language(wanted)))
    found = hear(30.0, clues, **{heard: 0.5, wanted: 0.4})
    assert found.language == wanted
    assert f"the library names {wanted}" in found.language_reason
    assert hear(30.0, clues, **{heard: 0.9, wanted: 0.05}).language == heard
    assert hear(30.0, clues, de=0.5, fr=0.4).language == "de", "these do not sound alike"


def test_the_more_likely_one_of_a_pair_counts_where_nothing_else_tells() -> None:
    """All of the pair together are sure, so it is not unknown."""
    found = hear(5.0, NOTHING_KNOWN, no=0.45, da=0.4, sv=0.1)
    assert found.language == "no"
    assert found.confidence < 0.6, "it may well be the other"


def test_a_tag_counts_no_less_because_the_library_names_the_same_language_twice() -> None:
    library = (Language("no"), Language("nb"))
    clues = LanguageClues(tag=Language("no"), library_languages=library)
    assert hear(30.0, clues, da=0.8, no=0.06).language == "no"


@pytest.mark.parametrize(
    ("tag", "heard"), [("pt-BR", "pt"), ("sr-Latn", "sr"), ("zh-Hant", "zh"), ("nb", "no")]
)
def test_a_tag_that_says_more_than_a_sound_can_is_kept_whole(tag: str, heard: str) -> None:
    found = hear(30.0, LanguageClues(tag=Language(tag)), **{heard: 0.9})
    assert found.language == tag


def test_cantonese_is_not_mandarin_because_its_tag_says_chinese() -> None:
    found = hear(30.0, LanguageClues(tag=Language("zh")), yue=0.9, zh=0.05)
    assert found.language == "yue"


def test_a_language_heard_anew_forgets_what_its_text_said_before() -> None:
    clip = TrackAnalysis(duration=30.0, speech=(TimeSpan(0.0, 30.0),), language=Language("la"))
    corrected = clip.with_correction(LanguageCorrection(Language("la"), Language("fi")))
    assert corrected.language == "fi"
    assert corrected.after_corrections(0).language == "la"
    anew = detect_language(corrected, LanguageClues(tag=Language("et")), ())
    assert (anew.language, anew.language_corrections, anew.first_languages) == ("et", (), None)
