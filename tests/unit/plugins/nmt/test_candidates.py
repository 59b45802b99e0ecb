"""Which of the candidates of a model is taken for a line."""

from __future__ import annotations

import pytest

from subtitled.plugin import TextPair
from subtitled_plugins.nmt.candidates import (
    MAX_LOSS,
    Candidate,
    choose,
    insert_terms,
    most_terms,
    terms_in,
)

LONG, SHORT, WILD = (
    Candidate("Nos veremos mañana", -0.1),
    Candidate("Hasta mañana", -0.2),
    Candidate("Ya", -0.1 - 2 * MAX_LOSS),
)
CANDIDATES = (LONG, SHORT, WILD)
TOMORROW, LATER = TextPair("tomorrow", "mañana"), TextPair("see you", "hasta")


@pytest.mark.parametrize(
    ("terms", "max_chars", "chosen"),
    [
        ((), None, LONG),
        ((), 18, LONG),
        ((), 17, SHORT),
        ((), 3, SHORT),
        ((TOMORROW,), None, LONG),
        ((LATER,), None, SHORT),
        ((TOMORROW, LATER), 100, SHORT),
        ((TextPair("x", "nowhere"),), None, LONG),
        ((TextPair("x", "ya"),), None, LONG),
    ],
)
def test_the_likeliest_with_the_terms_that_fits_is_taken_and_never_an_unlikely_one(
    terms: tuple[TextPair, ...], max_chars: int | None, chosen: Candidate
) -> None:
    assert choose(CANDIDATES, terms, max_chars) is chosen


def test_a_term_of_an_unlikely_candidate_does_not_count_as_there() -> None:
    assert most_terms(CANDIDATES, (TextPair("x", "ya"),)) == 0
    assert most_terms(CANDIDATES, (TOMORROW, LATER)) == 2
    assert most_terms([], (TOMORROW,)) == 0


def test_an_empty_candidate_is_no_translation() -> None:
    assert choose([], (), None) is None
    assert choose([Candidate("", 0.0)], (), None) is None
    assert choose([Candidate("", 0.0), LONG], (), None) is LONG


def test_a_term_is_a_whole_word_except_in_scripts_without_spaces() -> None:
    ring = TextPair("ring", r"el \\1 anillo")
    assert terms_in("The Ring!", [ring]) == (ring,)
    assert terms_in("Bring it.", [ring]) == ()
    assert insert_terms("The ring, the RING, bringing", [ring]) == (
        r"The el \\1 anillo, the el \\1 anillo, bringing"
    )
    whale = TextPair("白鲸", "Moby Dick")
    assert terms_in("我看见白鲸了", [whale]) == (whale,)
    accented = TextPair("Émile", "Emil")
    assert terms_in("C'est Émile.", [accented]) == (accented,)
