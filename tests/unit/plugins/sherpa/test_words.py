"""Words get the times of their tokens, in every script."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import TimeSpan
from subtitled_plugins.sherpa.words import MAX_TOKEN_SECONDS, join_texts, place_words

SPAN = TimeSpan(100.0, 110.0)


def times(text: str, tokens: list[str], starts: list[float]) -> list[tuple[str, float, float]]:
    words = place_words(text, tokens, starts, SPAN)
    return [(word.text, round(word.start, 3), round(word.end, 3)) for word in words]


def test_a_word_begins_with_its_first_token_and_ends_before_the_next() -> None:
    tokens, starts = [" He", "llo", ",", " world", "."], [0.5, 0.7, 0.9, 3.0, 3.2]
    assert times("Hello, world.", tokens, starts) == [
        (" Hello,", 100.5, 101.3),
        (" world.", 103.0, 103.6),
    ]


def test_a_token_lasts_until_the_next_one_at_most() -> None:
    assert times("a b", ["▁a", "▁b"], [1.0, 1.1]) == [(" a", 101.0, 101.1), (" b", 101.1, 101.5)]


def test_chinese_has_no_spaces_and_each_letter_is_a_word() -> None:
    tokens, starts = list("开放时间。"), [0.1, 0.3, 0.5, 0.7, 0.8]
    assert [text for text, *_ in times("开放时间。", tokens, starts)] == ["开", "放", "时", "间。"]
    assert "".join(text for text, *_ in times("我用 Python。", list("我用Python"), [0.1] * 8)) == (
        "我用 Python。"
    )


def test_numbers_in_digits_get_the_times_of_their_place() -> None:
    words = times("in 1999 we", [" in", " nineteen", " ninety", " nine", " we"], [0, 1, 2, 3, 4])
    assert [text for text, *_ in words] == [" in", " 1999", " we"]
    assert [start for _, start, _ in words] == sorted(start for _, start, _ in words)


def test_a_text_without_tokens_has_no_words() -> None:
    assert times("", [], []) == []
    assert times("Hello", [], []) == []
    assert times("...", [" "], [0.0]) == []


def test_texts_are_joined_with_a_space_where_their_script_has_one() -> None:
    assert [join_texts(x) for x in (" Hello ", "Привет", "開放")] == [" Hello", " Привет", "開放"]


@given(
    text=st.text("ab ,.あ9", max_size=30),
    tokens=st.lists(st.tuples(st.text("ab ▁あ", max_size=3), st.floats(0, 12)), max_size=12),
)
def test_words_are_whole_in_order_and_inside_whatever_the_tokens(
    text: str, tokens: list[tuple[str, float]]
) -> None:
    starts = sorted(start for _, start in tokens)
    words = place_words(text, [token for token, _ in tokens], starts, SPAN)
    if words:
        assert "".join(word.text for word in words).split() == text.split()
    previous = SPAN.start
    for word in words:
        assert previous <= word.start <= word.end <= SPAN.end
        assert word.end - word.start <= 12 + MAX_TOKEN_SECONDS
        previous = word.start
