"""Words are joined from tokens that may be parts of words and of letters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import TimeSpan
from subtitled_plugins.whispercpp.tokens import Token, build_words

SPAN = TimeSpan(50.0, 60.0)


def tokens(*pieces: tuple[bytes, float, float]) -> list[Token]:
    return [Token(content, start, end, -0.1) for content, start, end in pieces]


def test_a_word_ends_before_the_next_one_begins() -> None:
    words = build_words(
        tokens((b" Hel", 0.5, 0.5), (b"lo", 0.7, 0.7), (b",", 0.9, 0.9), (b" you", 3.0, 3.0)), SPAN
    )
    assert [(w.text, w.start, round(w.end, 3)) for w in words] == [
        (" Hello,", 50.5, 51.1),
        (" you", 53.0, 53.4),
    ]
    assert all(0.9 < (word.confidence or 0) < 0.91 for word in words)


def test_a_letter_in_two_tokens_is_whole() -> None:
    first, second = "開".encode()[:2], "開".encode()[2:]
    words = build_words(
        tokens((first, 0.1, 0.2), (second, 0.2, 0.3), ("放。".encode(), 0.5, 0.6)), SPAN
    )
    assert [word.text for word in words] == ["開", "放。"]


def test_bytes_that_are_no_text_become_a_sign_and_nothing_else_is_lost() -> None:
    words = build_words(tokens((b" a", 0.1, 0.2), (b" \xff", 0.3, 0.4), (b" b", 0.5, 0.6)), SPAN)
    assert [word.text for word in words] == [" a", " �", " b"]


@given(
    st.lists(
        st.tuples(st.binary(max_size=4), st.floats(0, 12), st.floats(0, 12)),
        max_size=12,
    )
)
def test_words_lie_inside_of_the_window_whatever_the_tokens(
    pieces: list[tuple[bytes, float, float]],
) -> None:
    for word in build_words(tokens(*pieces), SPAN):
        assert SPAN.start <= word.start <= word.end <= SPAN.end
        assert word.text
