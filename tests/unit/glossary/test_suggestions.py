"""Terms that corrections suggest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.glossary.suggestions import SourceText, TermSuggestion, suggest_terms
from subtitled.plugin import Cue, Language

DE, EN, ES, ZH = Language("de"), Language("en"), Language("es"), Language("zh")


def cues(*texts: str) -> tuple[Cue, ...]:
    return tuple(Cue(2.0 * number, 2.0 * number + 1.5, text) for number, text in enumerate(texts))


def suggest(before: str, after: str, language: Language = EN) -> list[TermSuggestion]:
    """Suggest for cues that are separated by bars."""
    return list(suggest_terms(cues(*before.split("|")), cues(*after.split("|")), language))


def test_a_word_that_was_corrected_twice_is_suggested_with_what_stood_there_and_when() -> None:
    (found,) = suggest(
        "open comfy UI now|then we wait|and comfy UI starts|so does comfort UI",
        "open ComfyUI now|then we wait|and ComfyUI starts|so does ComfyUI",
    )
    assert found.text == "ComfyUI"
    assert found.translations == ((EN, "ComfyUI"),)
    assert found.replaced == (("comfy UI", 2), ("comfort UI", 1))
    assert found.count == 3
    assert found.at == (0.0, 4.0, 6.0)


@pytest.mark.parametrize(
    ("before", "after", "text"),
    [
        ("then Winter fell burns", "then Winterfell burns", "Winterfell"),
        ("ask the Schuffa first", "ask the Schufa first", "Schufa"),
        ("he lives in dan berry", "he lives in Danbury", "Danbury"),
        ("we use comfy now", "we use iComfy now", "iComfy"),
    ],
)
def test_a_name_that_the_machine_never_wrote_is_suggested_at_once(
    before: str, after: str, text: str
) -> None:
    assert [one.text for one in suggest(before, after)] == [text]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("so he left the house", "so he left the mouse"),  # an ordinary word, once
        ("their car|their dog|the cat is the best", "the car|the dog|the cat is the best"),
        ("so we go. yes we do", "so we go. Yes we do"),  # only the case of a sentence
        ("Where is Anna", "Where is Bob"),  # nobody hears one as the other
        (
            "he is in Paris. To Pariss he went|in Paris|in Paris",
            "he is in Paris. To Paris he went|in Paris|in Paris",
        ),  # the machine knows it
        ("well what do I know of it all then", "honestly nobody can ever tell you anything"),
        ("one two|three", "one two|three four"),  # nothing stood there
        ("a b", "the b"),
        ("the key is bee 12 here", "the key is B12 here"),  # a single letter
    ],
)
def test_an_ordinary_correction_suggests_nothing(before: str, after: str) -> None:
    assert suggest(before, after) == []


def test_a_term_of_the_glossary_is_not_suggested_again() -> None:
    before, after = cues("ask the Schuffa", "the Schuffa"), cues("ask the Schufa", "the Schufa")
    assert len(suggest_terms(before, after, DE)) == 1
    assert suggest_terms(before, after, DE, known=["schufa"]) == ()


def test_a_language_without_spaces_has_terms_too() -> None:
    before, after = "他是孙无空|我爱孙无空", "他是孙悟能|我爱孙悟能"
    assert [one.text for one in suggest(before, after, ZH)] == ["悟能"]


def test_a_correction_of_a_translation_names_what_was_translated() -> None:
    before = cues(
        "Winterfell arde", "vamos a Winterfell", "dice Aria", "dice Aria", "un loro", "un loro"
    )
    after = cues(
        "Invernalia arde",
        "vamos a Invernalia",
        "dice Arya",
        "dice Arya",
        "un papagayo",
        "un papagayo",
    )
    source = SourceText(EN, "Winterfell burns. To Winterfell! Arya says. Arya says. A parrot.")
    found = {one.text: one.translations for one in suggest_terms(before, after, ES, source=source)}
    assert found == {
        "Invernalia": ((EN, "Winterfell"), (ES, "Invernalia")),
        "Arya": (),  # a name that is the same in both
    }


WORDS = st.sampled_from(["the", "Winter", "fell", "Winterfell", "comfy", "UI", "ComfyUI", "no."])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=8)


@given(TEXTS, st.data())
def test_new_times_line_breaks_splits_and_merges_suggest_nothing(
    texts: list[str], data: st.DataObject
) -> None:
    words = " ".join(texts).split()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(words)), max_size=6)) | {len(words)})
    parts, first = [], 0
    for cut in cuts:
        glue = data.draw(st.sampled_from([" ", "\n"]))
        parts.append(glue.join(words[first:cut]))
        first = cut
    shift = data.draw(st.floats(0, 100))
    moved = [Cue(one.start + shift, one.end + shift, one.text) for one in cues(*parts)]
    assert suggest_terms(cues(*texts), moved, EN) == ()


@given(TEXTS, TEXTS)
def test_the_wrong_and_the_right_form_stand_in_the_texts(
    before: list[str], after: list[str]
) -> None:
    plain_before, plain_after = (
        f" {' '.join(texts)} ".replace(".", "") for texts in (before, after)
    )
    for one in suggest_terms(cues(*before), cues(*after), EN):
        assert f" {one.text} " in plain_after
        assert one.count == sum(count for _, count in one.replaced)
        for form, _ in one.replaced:
            assert f" {form} " in plain_before
            assert form != one.text
