"""Parsing of result files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import SubtitledError, TimeSpan
from subtitled_plugins.qwen.parsing import distribute_words, match_words, parse_result

BOUNDS = TimeSpan(10.0, 20.0)


def sentence(text: str, *words: tuple[str, int, int], **more: Any) -> dict[str, Any]:
    listed = [
        {"text": word, "begin_time": begin, "end_time": end, "punctuation": ""}
        for word, begin, end in words
    ]
    ends = max((end for _, _, end in words), default=1000)
    return {"text": text, "begin_time": 0, "end_time": ends, "words": listed, **more}


def document(*sentences: dict[str, Any]) -> dict[str, Any]:
    return {"transcripts": [{"channel_id": 0, "text": "", "sentences": list(sentences)}]}


@pytest.mark.parametrize(
    ("text", "names", "pieces"),
    [
        ("Hello, world!", ["Hello", "world"], ["Hello,", " world!"]),
        ("欢迎使用。", ["欢", "迎", "使", "用"], ["欢", "迎", "使", "用。"]),
        ("Il dit : « oui » !", ["Il", "dit", "oui"], ["Il", " dit :", " « oui » !"]),
        ("¿Qué? ¡No!", ["Qué", "No"], ["¿Qué?", " ¡No!"]),
        ("他说：「好」。", ["他", "说", "好"], ["他", "说：", "「好」。"]),
        ("don't stop", ["don't", "stop"], ["don't", " stop"]),
        ("He said, “yes.”", ["He", "said", "yes"], ["He", " said,", " “yes.”"]),
    ],
)
def test_words_are_spelled_as_in_their_sentence(
    text: str, names: list[str], pieces: list[str]
) -> None:
    assert match_words(text, names) == pieces


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1), min_size=1))
def test_the_pieces_together_are_the_sentence(names: list[str]) -> None:
    text = " ".join(names) + "."
    assert "".join(match_words(text, names) or ()) == text


def test_words_that_are_not_those_of_the_sentence_stand_as_they_are() -> None:
    result = parse_result(
        document(sentence("12 o'clock", ("twelve", 0, 400), ("o'clock", 400, 900))), BOUNDS, False
    )
    assert [word.text for word in result.words] == [" twelve", " o'clock"]


def test_sentences_are_parted_by_a_space_where_their_script_has_any() -> None:
    result = parse_result(
        document(sentence("One.", ("One", 0, 500)), sentence("Two.", ("Two", 500, 900))),
        BOUNDS,
        False,
    )
    assert "".join(word.text for word in result.words) == " One. Two."


def test_a_sentence_without_word_times_is_laid_over_its_own_and_marked() -> None:
    result = parse_result(
        document(sentence("one two", begin_time=1000, end_time=3000)), BOUNDS, False
    )
    assert [(word.text, word.is_estimated) for word in result.words] == [
        (" one", True),
        (" two", True),
    ]
    assert (result.words[0].start, result.words[-1].end) == (11.0, 13.0)


def test_times_outside_the_languages_that_have_them_are_marked_as_estimated() -> None:
    thai = document(sentence("สวัสดี", ("สวัสดี", 0, 900), language="th"))
    german = document(sentence("Guten Tag", ("Guten Tag", 0, 900), language="de"))
    assert [word.is_estimated for word in parse_result(thai, BOUNDS, True).words] == [True]
    assert [word.is_estimated for word in parse_result(german, BOUNDS, True).words] == [False]


def test_words_of_no_length_or_outside_stay_in_order_and_inside() -> None:
    result = parse_result(
        document(sentence("a b c", ("a", 500, 500), ("b", 9000, 99000), ("c", -5, -9))),
        BOUNDS,
        False,
    )
    assert all(10.0 <= word.start <= word.end <= 20.0 for word in result.words)
    assert [word.start for word in result.words] == sorted(word.start for word in result.words)


def test_an_empty_result_has_no_words() -> None:
    assert parse_result(document(), BOUNDS, False).words == ()
    assert parse_result(document(sentence("  ")), BOUNDS, False).words == ()


@given(st.text(min_size=1).filter(str.strip), st.floats(0, 100), st.floats(0, 100))
def test_spread_text_is_whole_and_in_order(text: str, start: float, length: float) -> None:
    pieces = distribute_words(text.strip(), start, start + length)
    assert "".join(piece for piece, _, _ in pieces) == text.strip()
    assert all(begin <= end + 1e-6 for _, begin, end in pieces)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "transcripts sentences text words begin_time end_time language speaker_id".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_whatever_json_comes_is_words_or_a_problem(anything: Any) -> None:
    for output in (anything, {"transcripts": [{"sentences": [anything]}]}):
        try:
            result = parse_result(json.loads(json.dumps(output)), BOUNDS, True)
        except SubtitledError:
            continue
        assert all(10.0 <= word.start <= word.end <= 20.0 for word in result.words)
        assert all(word.text.strip() for word in result.words)
