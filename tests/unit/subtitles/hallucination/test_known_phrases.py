"""Known phrases and credits go without evidence, and what people really say stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from subtitled.plugin import Language, SegmentScores, TimeSpan, Transcript, Word
from subtitled.subtitles.hallucination import (
    FilterContext,
    RemovedText,
    filter_hallucinations,
    load_phrases,
)

PHRASES = load_phrases()
EN = Language("en")
LONG = 600.0


def make_words(text: str, start: float = 100.0, confidence: float | None = 0.9) -> list[Word]:
    """Return the words of a text from ``start`` on: 12 letters a second."""
    words, now = [], start
    for part in text.split():
        length = len(part) / 12
        words.append(Word(text=f" {part}", start=now, end=now + length, confidence=confidence))
        now += length + 0.1
    return words


def guarded(
    words: Sequence[Word],
    *,
    language: Language = EN,
    speech: Sequence[TimeSpan] = (TimeSpan(0, LONG),),
    quiet: Sequence[TimeSpan] = (),
    evidence: tuple[SegmentScores, ...] = (),
    terms: Sequence[str] = (),
) -> tuple[str, tuple[RemovedText, ...]]:
    """Return the remaining text and what was removed. By default all audio is speech."""
    transcript = Transcript(language=language, words=tuple(words), segment_scores=evidence)
    context = FilterContext(language=language, duration=LONG, phrases=PHRASES, hotwords=terms)
    left, gone = filter_hallucinations(transcript, context, speech, quiet)
    return "".join(word.text for word in left).strip(), gone


def stays(words: Sequence[Word], language: Language = EN) -> bool:
    left, gone = guarded(words, language=language)
    return gone == () and left == "".join(word.text for word in words).strip()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Más información www.alimmenta.com"),
        ("es", "Y nada más por hoy, amigos, hasta mañana y Subtítulos realizados por la comunidad"),
        ("de", "Untertitelung im Auftrag des ZDF für funk, 2017, und Untertitelung des ZDF, 2020"),
        (
            "fr",
            "Sous-titres réalisés para la communauté d'Amara.org et Sous-titrage ST' 501 encore",
        ),
        ("ru", "Редактор субтитров А.Семкин Корректор А.Егорова Субтитры сделал DimaTorzok сам"),
        ("nl", "Ondertitels ingediend door de Amara.org gemeenschap, TV Gelderland 2021 en meer"),
        ("uk", "Субтитрувальниця Оля Шор"),
        ("sv", "Undertexter från Amara.org-gemenskapen"),
        ("tr", "Bu dizinin betimlemesi TRT tarafından Sesli Betimleme Derneği'ne yaptırılmıştır."),
        ("ko", "한글자막 by 한효정"),
        ("pl", "www.multi-moto.eu"),
        ("zh", "以下是普通话的句子。"),
        ("he", "תורגם וסונכרן על ידי עמי"),
    ],
)
def test_credits_of_any_length_go(language: str, text: str) -> None:
    left, gone = guarded(make_words(text), language=Language(language))
    assert "credit" in gone[-1].reason
    assert not any(stem in left for stem in ("Amara", "ZDF", "DimaTorzok", "alimmenta", "ST'"))


def test_speech_before_a_credit_in_one_segment_is_kept() -> None:
    real = "And so we went home that night and never talked about it again,"
    credit = "Subtitles by the Amara.org community"
    left, gone = guarded(make_words(f"{real} {credit}"))
    assert left == real
    assert gone[0].text == credit


MISSING = [
    ("ko", "MBC 뉴스 이덕영입니다."),
    ("ko", "MBC 뉴스 김성현입니다."),
    ("ko", "구독과 좋아요 부탁드려요."),
    ("ja", "ご視聴ありがとうございます。"),
    ("ja", "チャンネル登録よろしくお願いします。"),
    ("ja", "最後までご視聴いただきありがとうございました。"),
    ("ru", "Подписывайтесь на наш канал!"),
    ("uk", "Дякуємо за перегляд!"),
    ("pl", "Dziękuję za oglądanie."),
    ("tr", "Videoyu izlediğiniz için teşekkürler."),
    ("tr", "İzlediğiniz için teşekkür ederim."),
    ("he", "תודה רבה שצפיתם."),
    ("hu", "Köszönöm, hogy megnézted a videót."),
    ("hr", "Hvala što ste gledali."),
    ("bg", "Благодаря за гледането."),
    ("sk", "Ďakujem za sledovanie."),
    ("lt", "Ačiū, kad žiūrėjote."),
    ("el", "Ευχαριστούμε που παρακολουθήσατε."),
    ("zh", "感谢收看"),
    ("vi", "Đừng quên đăng ký kênh."),
    ("id", "Jangan lupa like, share dan subscribe!"),
    ("hi", "वीडियो देखने के लिए धन्यवाद"),
    ("fa", "ممنون که تماشا کردید"),
    ("en", "Subtitles by DramaFever"),
    ("en", "Captioned by Jane Smith."),
    ("de", "Untertitel: Anna Müller"),
    ("fr", "Sous-titrage : Vincent Dupont"),
    ("pt", "A CIDADE NO BRASIL"),
    ("it", "Sottotitoli a cura di Rossi"),
    ("fi", "Tekstitys: Timo Virtanen"),
    ("nb", "Undertekster: Kari Nordmann"),
    ("hu", "Feliratok: Kovács Anna"),
    ("cs", "Titulky: Jan Novák"),
    ("ro", "Subtitrarea: Ion Popescu"),
    ("el", "Υπότιτλοι: Μαρία Π."),
    ("he", "כתוביות: דנה כהן"),
    ("th", "คำบรรยาย สมชาย"),
    ("zh", "字幕 张三"),
    ("ja", "字幕 田中"),
    ("ko", "자막 김철수"),
    ("ar", "اشترك في القناة"),
]


@pytest.mark.parametrize(("language", "text"), MISSING)
def test_known_phrases_are_removed_without_evidence_and_kept_with_it(
    language: str, text: str
) -> None:
    tongue = Language(language)
    unsure = [replace(word, confidence=0.3) for word in make_words(text)]
    assert guarded(unsure, language=tongue)[0] == ""
    assert guarded(make_words(text), language=tongue, quiet=[TimeSpan(95, 120)])[0] == ""
    assert stays(make_words(text), tongue)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Subtitles by themselves do not make a film that nobody understands any better."),
        ("de", "Untertitel lese ich immer mit, weil ich die Leute so schlecht verstehe."),
        ("pl", "Napisy na ścianach zniknęły, kiedy miasto pomalowało wszystkie domy."),
        ("zh", "字幕上写的不是他说的话我觉得这个电影的翻译真的是太奇怪了我看不懂"),
    ],
)
def test_a_sentence_about_subtitles_is_no_credit_even_if_it_is_doubted(
    language: str, text: str
) -> None:
    unsure = [replace(word, confidence=0.45) for word in make_words(text)]
    assert stays(unsure, Language(language))


def test_a_film_that_really_ends_with_thanks_keeps_them() -> None:
    words = [
        *make_words("That is all I know about bees.", LONG - 20, confidence=0.7),
        *make_words("Thank you for watching.", LONG - 15, confidence=0.7),
    ]
    assert stays(words)


def test_confident_phrase_is_removed_where_the_engine_detects_no_speech() -> None:
    words = make_words("Thank you for watching.", 5.0, confidence=0.95)
    silent = SegmentScores(
        start=words[0].start, end=words[-1].end, avg_logprob=-0.3, no_speech_prob=0.85
    )
    heard = SegmentScores(
        start=words[0].start, end=words[-1].end, avg_logprob=-0.3, no_speech_prob=0.05
    )
    assert guarded(words, evidence=(silent,))[0] == ""
    assert guarded(words, evidence=(heard,))[1] == ()


def test_two_phrases_beside_each_other_are_as_alone_as_one() -> None:
    words = [
        *make_words("Thanks for watching!", 5.0, confidence=0.6),
        *make_words("Please subscribe.", 8.0, confidence=0.6),
        *make_words("The film begins here.", 40.0),
    ]
    left, gone = guarded(words)
    assert left == "The film begins here."
    assert len(gone) == 2


@pytest.mark.parametrize("text", ["mxf", "Chunked", "Chunked mxf.", "mxf mxf"])
def test_a_part_of_a_hotword_that_is_hardly_believed_is_an_echo(text: str) -> None:
    told = ("Chunked mxf",)
    assert guarded(make_words(text, confidence=0.0024), terms=told)[0] == ""
    assert guarded(make_words(text), terms=told)[1] == ()


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Subtitles by the Amara.org community"),
        ("de", "Untertitelung im Auftrag des ZDF, 2021"),
        ("fr", "Sous-titrage ST' 501"),
        ("es", "Subtítulos realizados por la comunidad de Amara.org"),
        ("ru", "Редактор субтитров А.Семкин Корректор А.Егорова"),
        ("zh", "字幕由 Amara.org 社群提供"),
        ("zh", "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目"),
        ("pl", "Napisy stworzone przez społeczność Amara.org"),
    ],
)
def test_hallucinated_credits_are_removed_even_over_speech(language: str, text: str) -> None:
    left, gone = guarded(make_words(text), language=Language(language))
    assert left == ""
    assert "credit" in gone[0].reason


def test_a_long_sentence_that_names_a_credit_stays() -> None:
    assert stays(
        make_words("He told me that amara.org had been the place where they all first met in .")
    )


SOFT = [
    ("en", "Thanks for watching!"),
    ("en", "Thank you."),
    ("en", "you"),
    ("en", "Music"),
    ("es", "¡Suscríbete!"),
    ("de", "Vielen Dank fürs Zuschauen."),
    ("ja", "ご視聴ありがとうございました。"),
    ("zh", "谢谢观看"),
    ("ko", "시청해주셔서 감사합니다."),
    ("ru", "Продолжение следует..."),
    ("nb", "Takk for at du så på!"),
    ("no", "Takk for at du så på!"),
    ("fr", "Merci d'avoir regardé cette vidéo !"),
]


@pytest.mark.parametrize(("language", "text"), SOFT)
def test_common_phrases_over_speech_are_kept(language: str, text: str) -> None:
    assert stays(make_words(text), Language(language))


@pytest.mark.parametrize(("language", "text"), SOFT)
def test_the_same_phrases_go_where_the_sound_is_weak(language: str, text: str) -> None:
    tongue = Language(language)
    unsure = [replace(word, confidence=0.3) for word in make_words(text)]
    assert guarded(unsure, language=tongue)[0] == ""
    assert guarded(make_words(text), language=tongue, quiet=[TimeSpan(95, 120)])[0] == ""
    far = [TimeSpan(0, 90), TimeSpan(130, 200)]
    assert guarded(make_words(text, confidence=None), language=tongue, speech=far)[0] == ""


def test_a_phrase_alone_at_the_edge_goes_unless_it_is_believed() -> None:
    film = make_words("We were talking for a long time.", 300)
    for start in (3.0, LONG - 10):
        left, gone = guarded([*film, *make_words("Thank you.", start, confidence=0.6)])
        assert left == "We were talking for a long time."
        assert "alone at the edge" in gone[0].reason
        assert "Thank you" in guarded([*film, *make_words("Thank you.", start, confidence=0.95)])[0]
    near = make_words("Thank you.", LONG - 10, confidence=0.6)
    assert "Thank you" in guarded([*make_words("Here you are.", LONG - 13), *near])[0]


def test_text_of_an_engines_prompt_is_removed_over_little_speech() -> None:
    terms = ("Rivendell", "Bombadil")
    echo = make_words("Rivendell, Bombadil.", confidence=0.4)
    assert guarded(echo, terms=terms)[0] == ""
    assert guarded(echo)[0] != ""
    assert guarded(make_words("Bombadil!"), terms=terms)[0] == "Bombadil!"
