"""No text is published under a language that it is not in."""

from __future__ import annotations

import py3langid
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Language
from subtitled.subtitles import language_model
from subtitled.subtitles.language_id import (
    MIN_LETTERS,
    find_language_mismatch,
    gather_evidence,
    language_mismatch_of_line,
)

SAID = {
    "en": "I don't know what you want me to say. We have been waiting here for hours, and nobody "
    "has told us anything. Where did you put the keys to the car?",
    "de": "Ich weiß nicht, was ich dir sagen soll. Wir warten hier schon seit Stunden, und niemand "
    "hat uns etwas gesagt. Wohin hast du die Schlüssel gelegt?",
    "es": "No sé qué quieres que te diga. Llevamos horas esperando aquí y nadie nos ha dicho nada. "
    "¿Dónde has puesto las llaves del coche?",
    "fr": "Je ne sais pas ce que tu veux que je te dise. Nous attendons ici depuis des heures et "
    "personne ne nous a rien dit. Où as-tu mis les clés de la voiture ?",
    "no": "Jeg vet ikke hva du vil at jeg skal si. Vi har ventet her i timevis, og ingen har sagt "
    "noe til oss. Hvor har du lagt nøklene til bilen?",
    "da": "Jeg ved ikke, hvad du vil have mig til at sige. Vi har ventet her i timevis, og ingen "
    "har sagt noget til os. Hvor har du lagt nøglerne til bilen?",
    "hr": "Ne znam što želiš da kažem. Čekamo ovdje već satima i nitko nam ništa nije rekao. Gdje "
    "si stavio ključeve od auta?",
    "sr-Latn": "Ne znam šta želiš da kažem. Čekamo ovde već satima i niko nam ništa nije rekao. "
    "Gde si stavio ključeve od kola?",
    "sr-Cyrl": "Не знам шта желиш да кажем. Чекамо овде већ сатима и нико нам ништа није рекао. "
    "Где си ставио кључеве од кола?",
    "id": "Saya tidak tahu apa yang kamu ingin saya katakan. Kami sudah menunggu di sini selama "
    "berjam-jam dan tidak ada yang memberi tahu kami apa pun.",
    "ms": "Saya tidak tahu apa yang awak mahu saya katakan. Kami telah menunggu di sini selama "
    "berjam-jam dan tiada sesiapa yang memberitahu kami apa-apa.",
    "ru": "Я не знаю, что ты хочешь, чтобы я сказал. Мы ждём здесь уже несколько часов, и никто "
    "нам ничего не сказал. Куда ты положил ключи от машины?",
    "zh-Hans": "我不知道你想让我说什么。我们已经在这里等了好几个小"
    "时，没有人告诉我们任何事情。你把车钥匙放在哪里了？",
    "zh-Hant": "我不知道你想讓我說什麼。我們已經在這裡等了好幾個小"
    "時，沒有人告訴我們任何事情。你把車鑰匙放在哪裡了？",
    "ja": "何を言ってほしいのか分かりません。私たちはここで何時間も待っ"
    "て"
    "いるのに、誰も何も教えてくれません。車の鍵はどこに置きましたか？",
    "vi": "Tôi không biết anh muốn tôi nói gì. Chúng tôi đã đợi ở đây hàng giờ rồi mà không ai nói "
    "gì với chúng tôi cả. Anh để chìa khóa xe ở đâu?",
}
RELATED = [
    {"no", "da"},
    {"hr", "sr-Latn"},
    {"id", "ms"},
    {"zh-Hans", "zh-Hant"},
    {"sr-Latn", "sr-Cyrl"},
]


@pytest.mark.parametrize("tag", SAID)
def test_a_text_in_its_language_is_let_pass(tag: str) -> None:
    assert find_language_mismatch([SAID[tag]], Language(tag)) is None


@pytest.mark.parametrize("tag", SAID)
def test_a_text_in_another_language_is_refused_unless_the_two_are_nearly_one(tag: str) -> None:
    for named in SAID:
        if named == tag or {named, tag} in RELATED:
            continue
        assert find_language_mismatch([SAID[tag]], Language(named)) is not None, (
            f"{tag} passed as {named}"
        )


def test_relatives_pass_for_each_other_and_a_stated_script_is_held_to() -> None:
    assert find_language_mismatch([SAID["da"]], Language("nb")) is None
    assert find_language_mismatch([SAID["hr"]], Language("bs")) is None
    assert find_language_mismatch([SAID["ms"]], Language("id")) is None
    assert find_language_mismatch([SAID["sr-Cyrl"]], Language("sr")) is None
    assert find_language_mismatch([SAID["sr-Latn"]], Language("sr")) is None
    assert "another script" in str(find_language_mismatch([SAID["sr-Cyrl"]], Language("sr-Latn")))


def test_norwegian_under_an_english_name_is_called_by_its_own() -> None:
    assert find_language_mismatch([SAID["no"]], Language("en")) in (Language("no"), Language("da"))


def test_too_little_text_is_judged_by_its_script_alone() -> None:
    assert find_language_mismatch(["Oui.", "Bonjour, Madame."], Language("en")) is None
    assert find_language_mismatch(["Здравствуйте, господа."], Language("en")) is not None
    assert find_language_mismatch([], Language("en")) is None
    assert find_language_mismatch(["♪♪♪", "123"], Language("ja")) is None


@pytest.mark.parametrize(
    ("answer", "tag"),
    [
        ("我在 Netflix 看了 Breaking Bad", "zh-Hans"),
        ("Мы смотрели Breaking Bad и The Wire на Netflix", "ru"),
        ("Better Call Saul を Netflix で見ました", "ja"),
    ],
)
def test_names_in_latin_letters_do_not_make_a_text_one_in_another_script(
    answer: str, tag: str
) -> None:
    assert find_language_mismatch([answer], Language(tag)) is None


def test_a_text_in_latin_letters_with_a_single_word_of_another_script_is_in_latin() -> None:
    assert "latin" in str(
        find_language_mismatch(["We went to Москва and had a very good time"], Language("ru"))
    )


def test_parts_in_a_language_that_belongs_there_do_not_count_against_a_text() -> None:
    both = [SAID["en"], *[SAID["de"]] * 5]
    assert find_language_mismatch(both, Language("en")) is not None
    assert find_language_mismatch(both, Language("en"), [Language("de")]) is None


def test_a_few_lines_left_in_the_source_language_do_not_condemn_the_rest() -> None:
    assert find_language_mismatch([*[SAID["es"]] * 6, SAID["en"]], Language("es")) is None
    assert find_language_mismatch([*[SAID["en"]] * 6, SAID["es"]], Language("es")) == "en"


def test_unsupported_language_is_not_identified() -> None:
    assert find_language_mismatch([SAID["vi"]], Language("haw")) is None


@given(st.text(max_size=MIN_LETTERS * 4), st.sampled_from(list(SAID)))
def test_any_text_at_all_gets_an_answer(text: str, tag: str) -> None:
    found = find_language_mismatch([text, "<i>" + text], Language(tag))
    assert found is None or str(found)


def test_filipino_is_known_by_both_its_codes() -> None:
    lines = [
        "Nasaan ka buong gabi?",
        "Sinabi ko na sa iyo na kailangan kong magtrabaho.",
        "Tumigil ka sa kasisigaw, natutulog ang mga bata.",
        "Bukas pupunta tayo sa bahay ng nanay ko.",
    ]
    evidence = gather_evidence(lines)
    assert evidence.language() == Language("tl")
    assert evidence.find_mismatch(Language("fil")) is None
    assert evidence.find_mismatch(Language("en")) == Language("tl")
    english = ["You said you would be here by nine, and we waited for you all night long."] * 3
    assert find_language_mismatch(english, Language("fil")) == Language("en")


def test_lines_and_texts_are_judged_by_one_model_in_memory() -> None:
    lines = language_model.load_likelihoods()
    assert lines.nb_ptc is language_model.load_identifier().nb_ptc
    assert lines.tk_nextmove is language_model.load_identifier().tk_nextmove
    for text in ("Il faut que nous partions maintenant", "это по-русски", "x", ""):
        assert lines.rank(text) == py3langid.rank(text)
    line = "Il faut que nous partions maintenant, mes amis"
    assert language_mismatch_of_line(line, Language("de")) == Language("fr")
    assert language_mismatch_of_line(line, Language("fr")) is None
