"""Languages that are written much alike are told apart by their words, or not at all."""

from __future__ import annotations

import pytest

from subtitled.plugin import Language
from subtitled.subtitles.close_languages import GROUPS, find_close_language
from subtitled.subtitles.language_id import gather_evidence

TEXTS = {
    "pt-BR": (
        "Você viu o ônibus? Estou esperando aqui há uma hora e ninguém me disse nada.",
        "Cadê o celular? A gente estava procurando no banheiro. Me passa o suco, por favor.",
        "De fato, o registro do usuário é polêmico. Ele está preparando o café da manhã.",
    ),
    "pt-PT": (
        "Estás à espera do autocarro? Estou a esperar há uma hora e tu não dizes nada.",
        "Onde está o telemóvel? Tens a certeza de que vieste de comboio?",
        "De facto, o registo do utilizador é polémico. Ele está a preparar o pequeno-almoço.",
    ),
    "no": (
        "Jeg vet ikke hva du vil. Vi har ventet her i timevis, og ingen har sagt noe til meg.",
        "Hva gjør dere her nå? Han ga dem tilbake etter en uke.",
        "Eg veit ikkje kva du vil. Han kom frå ein by der dei snakka språk.",
    ),
    "da": (
        "Jeg ved ikke, hvad du vil. Vi har ventet her i timevis, og ingen har sagt noget til mig.",
        "Hvad gør I her nu? Han gav dem tilbage efter en uge.",
    ),
    "id": (
        "Saya tidak bisa datang karena mobil saya rusak. Kamu mau coba naik sepeda?",
        "Aku nggak tahu, tapi uang itu ada di kantor polisi, bukan di rumah sakit.",
    ),
    "ms": (
        "Saya tidak dapat datang kerana kereta saya rosak. Awak mahu cuba naik basikal?",
        "Saya tak tahu, tetapi wang itu ada di hospital. Macam mana awak boleh cakap begitu?",
    ),
    "sr": (
        "Čekamo ovde već satima i niko nam ništa nije rekao. Gde su ključevi? Uvek isto, čovek "
        "nema vremena, a lepo vreme prolazi.",
    ),
    "hr": (
        "Čekamo ovdje već satima i nitko nam ništa nije rekao. Gdje je vlak? Tko je to vidio prije "
        "tjedan dana? Cijela obitelj čeka.",
    ),
    "bs": (
        "Čekamo ovdje već satima i niko nam ništa nije rekao. Gdje je voz? Ko je to vidio prije "
        "sedmicu dana? Cijela porodica čeka, lahko ćemo naći hljeb.",
    ),
}
ALIKE = {
    "pt": "O cão dorme na casa e a mãe lê um livro. Amanhã vamos ao mar com os nossos amigos.",
    "no": "Han kommer i morgen og spiser med os i haven. Det er en god dag for alle.",
    "id": "Saya makan nasi di rumah dan dia membaca buku. Besok kami pergi ke pantai.",
    "hr": "Idem kući i čitam knjigu. Sutra idemo na more sa prijateljima.",
}


@pytest.mark.parametrize("tag", TEXTS)
def test_a_text_is_named_by_its_words_whatever_the_identifier_takes_it_for(tag: str) -> None:
    group = next(group for group in GROUPS if tag in group.languages)
    for text in TEXTS[tag]:
        for label in sorted(group.labels):
            assert find_close_language(text, label) == Language(tag), text
            assert find_close_language(text.upper(), label) == Language(tag), text


@pytest.mark.parametrize("label", ALIKE)
def test_what_is_the_same_in_both_is_undecided(label: str) -> None:
    assert find_close_language(ALIKE[label], label) is None


def test_one_word_however_frequent_and_a_mixture_are_undecided() -> None:
    assert find_close_language("Você? Você! Você e eu, você e ele, você e nós.", "pt") is None
    both = " ".join((*TEXTS["pt-BR"], *TEXTS["pt-PT"]))
    assert find_close_language(both, "pt") is None
    assert find_close_language(" ".join((*TEXTS["no"], *TEXTS["da"])), "da") is None


def test_a_foreign_name_in_a_clear_text_changes_nothing() -> None:
    text = " ".join(TEXTS["pt-BR"]) + " O filme português chama-se Comboio."
    assert find_close_language(text, "pt") == Language("pt-BR")


def test_the_spelling_of_a_recogniser_decides_nothing() -> None:
    text = "O prémio económico foi um fenómeno. De facto, o António dormiu com o bebé."
    assert find_close_language(text, "pt") == Language("pt-PT")
    assert find_close_language(text, "pt", is_recognised=True) is None


@pytest.mark.parametrize("label", ["en", "gl", "sv", "cs", "zh", ""])
def test_other_languages_have_no_close_one(label: str) -> None:
    assert find_close_language(" ".join(TEXTS["da"]), label) is None


def test_each_word_is_in_one_list_and_none_is_in_every_language() -> None:
    for group in GROUPS:
        words = [word for listed in group.words.values() for word in listed.split()]
        assert len(words) == len(set(words))
        assert all(set(tags.split()) < set(group.languages) for tags in group.words)


def test_a_hostile_text_costs_no_more_than_its_length() -> None:
    for text in ("está " * 200_000, "ô" * 1_000_000, "me a" + "a" * 1_000_000, "-" * 1_000_000):
        assert find_close_language(text, "pt") is None


def test_the_evidence_of_a_whole_text_names_what_its_words_tell() -> None:
    for tag in ("pt-BR", "pt-PT", "da", "no", "hr", "ms"):
        found = gather_evidence([" ".join(TEXTS[tag] * 2)]).language()
        assert found is not None and found.satisfies(Language(tag)), (tag, found)
    cyrillic = "Чекамо овде већ сатима и нико нам ништа није рекао. Где си ставио кључеве од кола?"
    assert gather_evidence([cyrillic * 2]).language() == Language("sr")
    latin = gather_evidence([" ".join(TEXTS["sr"] * 2)]).language()
    assert latin == Language("sr-Latn")
