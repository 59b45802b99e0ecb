"""When speech is heard again in the language of its text, and which of two texts stays."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from subtitled.jobcontext.job import InlineRunner
from subtitled.plugin import Language, SegmentScores, TimeSpan, Transcript, Word
from subtitled.transcription.second_transcription import choose_transcript, find_written_language
from subtitled.transcription.track_analysis import TrackAnalyser
from subtitled.transcripts.models import LanguageCorrection, LanguageSegment, TrackAnalysis

TEXTS = {
    "fi": "En tiedä mitä haluat minun sanovan, mutta olemme odottaneet täällä jo monta tuntia, "
    "eikä kukaan ole kertonut meille mitään.",
    "et": "Ma ei tea, mida sa tahad, et ma ütleksin, aga me oleme siin juba mitu tundi oodanud ja "
    "keegi pole meile midagi öelnud.",
    "sk": "Neviem, čo chceš, aby som povedal, ale čakáme tu už veľa hodín a nikto nám nič "
    "nepovedal o tom, kde sú kľúče od auta.",
    "no": "Jeg vet ikke hva du vil at jeg skal si, men vi har ventet her i mange timer, og ingen "
    "har fortalt oss noe om hvor nøklene er.",
    "sv": "Jag vet inte vad du vill att jag ska säga, men vi har väntat här i många timmar och "
    "ingen har berättat något för oss om nycklarna.",
    "ru": "Я не знаю, что тебе сказать, но мы ждём здесь уже много часов, и никто нам не сказал, "
    "куда они положили ключи от машины.",
}


def say(text: str, told: str = "en", confidence: float = 0.8) -> Transcript:
    words = tuple(
        Word(text=f" {word}", start=n * 0.4, end=n * 0.4 + 0.3, confidence=confidence)
        for n, word in enumerate(text.split())
    )
    return Transcript(language=Language(told), words=words)


def anything(language: Language) -> bool:
    return True


@pytest.mark.parametrize(
    ("told", "written"), [("la", "fi"), ("fi", "et"), ("pl", "sk"), ("da", "sv"), ("en", "ru")]
)
def test_a_text_in_another_language_than_the_speech_was_taken_for_tells_it(
    told: str, written: str
) -> None:
    found = find_written_language(say(TEXTS[written], told), Language(told), anything)
    assert found == written


@pytest.mark.parametrize(
    ("told", "written"), [("fi", "fi"), ("cs", "sk"), ("nn", "no"), ("nb", "no")]
)
def test_a_text_in_the_same_or_a_close_language_is_no_contradiction(
    told: str, written: str
) -> None:
    assert find_written_language(say(TEXTS[written], told), Language(told), anything) is None


def test_words_tell_danish_from_norwegian_unless_the_track_is_tagged() -> None:
    text, danish, norwegian = say(TEXTS["no"], "da"), Language("da"), Language("no")
    assert find_written_language(text, danish, anything) == norwegian
    assert find_written_language(text, danish, anything, tag=norwegian) == norwegian
    assert find_written_language(text, danish, anything, tag=danish) is None
    assert find_written_language(text, danish, lambda language: False) is None


BRAZIL = (
    "Você viu o ônibus? Estou esperando aqui há uma hora e ninguém me disse nada. Cadê o meu "
    "celular? Ele está conversando com a equipe do outro time."
)
SPELLING = (
    "O prêmio econômico foi um fenômeno. Antônio não disse nada sobre o registro, e de fato o bebê "
    "dormiu a noite inteira. Nós fomos para casa depois de jantar."
)


def test_words_tell_a_variety_for_which_nothing_is_transcribed_again() -> None:
    portuguese, brazil = Language("pt"), Language("pt-BR")
    found = find_written_language(say(BRAZIL, "pt"), portuguese, anything)
    assert found == brazil
    assert find_written_language(say(BRAZIL, "pt"), Language("pt-PT"), anything) is None
    assert find_written_language(say(SPELLING, "pt"), portuguese, anything) is None, (
        "a recogniser spells all speakers alike"
    )
    analysis = TrackAnalysis(duration=9.0, speech=(TimeSpan(0.0, 9.0),), language=portuguese)
    known = analysis.with_correction(LanguageCorrection(portuguese, brazil))
    assert (known.language, known.reading) == (brazil, "")
    assert known.list_earlier_languages(brazil) == ()
    assert known.language_reason == "Portuguese (Brazil) by its words"


def test_a_short_text_and_one_in_a_language_that_no_engine_knows_are_no_reason() -> None:
    latin = Language("la")
    assert find_written_language(say("Kiitos, hyvää yötä."), latin, anything) is None
    assert find_written_language(say(TEXTS["fi"]), latin, lambda language: False) is None


FI = Language("fi")


def test_the_text_in_the_language_stays() -> None:
    garbled = say(TEXTS["ru"], confidence=0.9)
    finnish = say(TEXTS["fi"], confidence=0.4)
    assert choose_transcript(garbled, finnish, FI) is finnish
    assert choose_transcript(finnish, garbled, FI) is finnish


def test_of_two_texts_in_the_language_the_surer_one_stays() -> None:
    sure, unsure = say(TEXTS["fi"], confidence=0.9), say(TEXTS["fi"], confidence=0.5)
    assert choose_transcript(unsure, sure, FI) is sure
    assert choose_transcript(sure, unsure, FI) is sure


def test_a_text_that_repeats_itself_gives_way_though_it_is_surer() -> None:
    plain = say(TEXTS["fi"], confidence=0.6)
    scores = (SegmentScores(start=0.0, end=10.0, avg_logprob=-0.1, compression_ratio=5.0),)
    loop = replace(say(TEXTS["fi"], confidence=0.95), segment_scores=scores)
    assert choose_transcript(loop, plain, FI) is plain
    assert choose_transcript(plain, loop, FI) is plain


def test_nothing_gives_way_to_something_and_in_doubt_the_second_stays() -> None:
    nothing, something = say(""), say(TEXTS["fi"])
    assert choose_transcript(nothing, something, FI) is something
    assert choose_transcript(something, nothing, FI) is something
    assert choose_transcript(nothing, nothing, FI) == nothing
    other = say(TEXTS["fi"])
    assert choose_transcript(something, other, FI) is other


def test_parts_are_corrected_one_by_one_and_an_earlier_state_can_be_had_again() -> None:
    languages = ("la", "en", "la", "sl")
    parts = tuple(
        LanguageSegment(TimeSpan(n * 10.0, n * 10.0 + 10.0), Language(tag))
        for n, tag in enumerate(languages)
    )
    first = TrackAnalysis(
        duration=40.0,
        speech=(TimeSpan(0.0, 40.0),),
        language=Language("la"),
        language_segments=parts,
    )
    latin = LanguageCorrection(Language("la"), FI)
    slovene = LanguageCorrection(Language("sl"), Language("sk"))
    both = first.with_correction(latin).with_correction(slovene)

    def spoken(analysis: TrackAnalysis) -> list[str]:
        return [segment.language for segment in analysis.language_segments or ()]

    assert (both.language, spoken(both)) == ("fi", ["fi", "en", "fi", "sk"])
    once = both.after_corrections(1)
    assert (once.language, spoken(once)) == ("fi", ["fi", "en", "fi", "sl"])
    none = both.after_corrections(0)
    assert (none.language, spoken(none)) == ("la", list(languages))
    assert both.list_earlier_languages(FI) == ("la",)


def test_after_three_corrections_the_text_is_refused_and_that_is_told_once() -> None:
    spoken = [Language(tag) for tag in ("la", "sl", "no", "ms")]
    written = [FI, Language("sk"), Language("da"), Language("id")]
    analysis = TrackAnalysis(
        duration=40.0, speech=(TimeSpan(0.0, 40.0),), language=spoken[0], language_reason="detected"
    )
    for earlier, now in zip(spoken[:3], written, strict=False):
        analysis = analysis.with_correction(LanguageCorrection(earlier, now))
    store = FakeStore(analysis)
    ctx = SimpleNamespace(
        job=SimpleNamespace(fingerprint="f", spoken=None, uses_stored_words_only=False),
        services=SimpleNamespace(store=store),
        steps=InlineRunner(),
    )
    for _ in range(2):
        analyser = TrackAnalyser(ctx)  # type: ignore[arg-type]
        assert not analyser.correct_language(0, spoken[3], lambda: written[3])
    assert store.kept.language_corrections == analysis.language_corrections
    reason = store.kept.language_reason
    assert (
        reason.count("what was written as Malay is Indonesian, and is not transcribed again") == 1
    )
    assert reason.startswith("detected; ")
    assert store.kept.reading == (
        "spoken fi instead of la and spoken sk instead of sl and spoken da instead of no"
    )


class FakeStore:
    """The store of one analysis."""

    def __init__(self, kept: TrackAnalysis) -> None:
        self.kept = kept

    def analysis(self, fingerprint: str, track: int) -> TrackAnalysis:
        return self.kept

    def save_analysis(self, fingerprint: str, track: int, analysis: TrackAnalysis) -> None:
        self.kept = analysis
