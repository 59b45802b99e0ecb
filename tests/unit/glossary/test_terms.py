"""Terms found in texts, in any inflection."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.glossary.terms import mentions_term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("The dragons are here", "dragon"),
        ("Dragon's fire", "dragon"),
        ("L'ami de Hodor est là", "Hodor"),
        ("I saw Olivia-Dunham today", "Olivia Dunham"),
        ("我喜歡孫悟空這個人", "孫悟空"),
        ("Use ComfyUI, please", "comfyui"),
        ("It is C-3PO!", "C-3PO"),
        ("Drachenkönige", "Drachenkönig"),
    ],
)
def test_a_word_is_found_with_its_endings(text: str, term: str) -> None:
    assert mentions_term(text, term)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("a snapdragon grows", "dragon"),
        ("dragonflies", "dragon"),
        ("he is an Elvis", "Elf"),
        ("v Moskvě", "Moskva"),
        ("", "dragon"),
        ("dragon", "..."),
    ],
)
def test_another_word_is_not(text: str, term: str) -> None:
    assert not mentions_term(text, term)


def test_where_case_matters_it_does() -> None:
    assert mentions_term("Joy is here", "Joy", is_case_sensitive=True)
    assert not mentions_term("what joy", "Joy", is_case_sensitive=True)


@pytest.mark.parametrize(
    ("text", "term"), [("v Moskvě", "Moskva"), ("Annan talo", "Anna"), ("dragones", "dragón")]
)
def test_a_translation_may_bend_the_term(text: str, term: str) -> None:
    assert mentions_term(text, term, is_inflected=True)


@given(st.text(), st.text(min_size=1), st.text())
def test_what_stands_between_spaces_is_found(before: str, term: str, after: str) -> None:
    if any(character.isalnum() for character in term):
        assert mentions_term(f"{before} {term} {after}", term)
