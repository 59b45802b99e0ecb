"""When the spoken language of a track is known, and when it is looked for again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.plugin import (
    UNDETERMINED,
    Language,
    LanguageGuess,
    SetupError,
    TimeSpan,
    TransientError,
)
from subtitled.routing.language_identifiers import IdentificationMethod, LanguageIdentifier
from subtitled.transcription.known_language import (
    LanguageMeans,
    describe_new_means,
    known_language,
)
from subtitled.transcription.language_detection import (
    LanguageClues,
    WindowDetector,
    WindowGuesses,
    detect_language,
)
from subtitled.transcripts.models import LanguageOrigin, TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

EN, DE = Language("en"), Language("de")
SPEECH = TrackAnalysis(duration=60.0, speech=tuple(TimeSpan(n, n + 8) for n in range(0, 60, 10)))
NO_MEANS = LanguageMeans()
WHISPER = LanguageMeans(
    identifiers=(LanguageIdentifier("whisper", IdentificationMethod.DETECTION),),
    keys=("whisper detection whisper-1",),
)
ASSUMED_EN = LanguageMeans(assumed=EN, keys=("assumed: en",))
ASSUMED_DE = LanguageMeans(assumed=DE, keys=("assumed: de",))


def hear(*languages: Language | None) -> WindowDetector:
    """Return a detector that finds these languages, one window after the other."""

    def detect(windows: Sequence[TimeSpan]) -> WindowGuesses:
        return WindowGuesses(
            tuple(
                LanguageGuess(window, {language: 0.9} if language else {})
                for window, language in zip(windows, languages * 10, strict=False)
            )
        )

    return WindowDetector("ear", detect)


def fail(error: Exception) -> WindowDetector:
    def detect(windows: Sequence[TimeSpan]) -> WindowGuesses:
        raise error

    return WindowDetector("broken", detect)


def looked_for(means: LanguageMeans, tag: Language = UNDETERMINED) -> TrackAnalysis:
    """Return an analysis whose language was looked for by these means, with no engine."""
    found = detect_language(SPEECH, LanguageClues(tag=tag, assumed=means.assumed), ())
    return replace(found, language_means=means.keys)


def test_a_language_that_nobody_can_tell_stays_unknown_while_nothing_changes() -> None:
    nothing = looked_for(NO_MEANS)
    assert nothing.language == UNDETERMINED
    assert known_language(nothing, NO_MEANS) == UNDETERMINED
    assert describe_new_means(nothing, NO_MEANS) == ""


def test_a_language_that_nobody_could_tell_is_looked_for_again_by_new_means() -> None:
    nothing = looked_for(NO_MEANS)
    for means, news in (
        (WHISPER, "nobody could tell it before, and whisper may tell it now"),
        (ASSUMED_EN, "nobody could tell it before, and the library assumes en now"),
    ):
        assert known_language(nothing, means) is None
        assert describe_new_means(nothing, means) == news


def test_an_engine_with_another_model_is_new_means() -> None:
    before = looked_for(WHISPER)
    other = LanguageMeans(identifiers=WHISPER.identifiers, keys=("whisper detection whisper-2",))
    assert known_language(before, WHISPER) == UNDETERMINED
    assert known_language(before, other) is None


def test_an_analysis_of_an_earlier_version_without_language_is_looked_at_again() -> None:
    earlier = replace(SPEECH, language=UNDETERMINED)
    assert known_language(earlier, WHISPER) is None
    assert known_language(replace(SPEECH, language=EN), WHISPER) == EN


def test_an_assumption_gives_way_to_an_engine_and_to_another_assumption() -> None:
    assumed = looked_for(ASSUMED_EN)
    assert (assumed.language, assumed.language_origin) == (EN, LanguageOrigin.ASSUMPTION)
    assert known_language(assumed, ASSUMED_EN) == EN
    assert known_language(assumed, WHISPER) is None
    assert known_language(assumed, ASSUMED_DE) is None
    news = describe_new_means(assumed, ASSUMED_DE)
    assert news == "it was only assumed (en), and the library assumes de now"
    assert known_language(assumed, NO_MEANS) is None, "the setting was taken away"
    assert describe_new_means(assumed, NO_MEANS)


def test_the_tag_of_a_track_comes_before_an_assumption_and_stays() -> None:
    tagged = looked_for(ASSUMED_EN, DE)
    assert (tagged.language, tagged.language_origin) == (DE, LanguageOrigin.TAG)
    assert known_language(tagged, WHISPER) == DE


def test_an_assumption_counts_for_nothing_where_an_engine_hears_a_language() -> None:
    found = detect_language(SPEECH, LanguageClues(assumed=EN), [hear(DE)])
    assert (found.language, found.language_origin) == (DE, LanguageOrigin.AUDIO)
    assert found.confidence == pytest.approx(0.9)
    assert "detected de in 2 windows by ear (90%)" in found.language_reason


@pytest.mark.parametrize("nothing", [hear(None), hear(UNDETERMINED), hear(Language("zxx"))])
def test_an_engine_that_hears_no_language_leaves_it_to_the_next(nothing: WindowDetector) -> None:
    found = detect_language(SPEECH, LanguageClues(assumed=EN), [nothing, hear(DE)])
    assert found.language == DE
    alone = detect_language(SPEECH, LanguageClues(assumed=EN), [nothing])
    assert (alone.language, alone.language_origin) == (EN, LanguageOrigin.ASSUMPTION)
    assert "ear told no language" in alone.language_reason
    unknown = detect_language(SPEECH, LanguageClues(), [nothing])
    assert (unknown.language, unknown.language_origin) == (UNDETERMINED, LanguageOrigin.NOTHING)


def test_an_engine_that_cannot_work_leaves_it_to_the_next_and_alone_is_the_error() -> None:
    broken = fail(SetupError("no key", "Set one"))
    assert detect_language(SPEECH, LanguageClues(), [broken, hear(DE)]).language == DE
    with pytest.raises(SetupError, match="no key"):
        detect_language(SPEECH, LanguageClues(tag=EN, assumed=EN), [broken])
    with pytest.raises(TransientError):
        detect_language(SPEECH, LanguageClues(), [fail(TransientError("busy")), hear(DE)])


def test_windows_are_no_longer_than_the_engine_takes() -> None:
    lengths: list[float] = []

    def detect(windows: Sequence[TimeSpan]) -> WindowGuesses:
        lengths.extend(window.duration for window in windows)
        return WindowGuesses(tuple(LanguageGuess(w, {EN: 0.9}) for w in windows))

    long = TrackAnalysis(duration=300.0, speech=(TimeSpan(0.0, 300.0),))
    detector = WindowDetector("short", detect, 8.0)
    detect_language(long, LanguageClues(per_segment=True), [detector])
    assert max(lengths) <= 8.0


def test_what_is_forgotten_is_looked_for_again(tmp_path: Path) -> None:
    store = TranscriptStore(tmp_path)
    heard = detect_language(SPEECH, LanguageClues(), [hear(EN)])
    for track, analysis in ((0, looked_for(NO_MEANS)), (1, looked_for(ASSUMED_EN)), (2, heard)):
        store.save_analysis("ab12", track, analysis)
    store.forget_languages("ab12")
    assert [store.analysis("ab12", n).language for n in range(3)] == [None, None, EN]  # type: ignore[union-attr]
    store.forget_languages("ab12", is_evident_too=True)
    assert store.analysis("ab12", 2) == SPEECH
