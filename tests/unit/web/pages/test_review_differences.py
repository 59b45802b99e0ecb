"""Where three versions of a subtitle differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue
from subtitled.web.pages.review_differences import find_differences

CUES = st.lists(
    st.builds(lambda at, text: Cue(at, at + 1.0, text), st.integers(0, 6), st.sampled_from("abc")),
    max_size=8,
).map(lambda cues: sorted(cues, key=lambda cue: (cue.start, cue.text)))


@given(CUES, CUES, CUES)
def test_the_differences_of_a_version_and_the_rest_are_all_of_it(
    base: list[Cue], mine: list[Cue], theirs: list[Cue]
) -> None:
    differences = find_differences(base, mine, theirs)
    kept = len(base) - sum(len(one.base) for one in differences)
    assert len(mine) == kept + sum(len(one.mine) for one in differences)
    assert len(theirs) == kept + sum(len(one.theirs) for one in differences)
    assert all(one.base != one.mine or one.base != one.theirs for one in differences)


@given(CUES)
def test_equal_versions_have_no_difference(cues: list[Cue]) -> None:
    assert find_differences(cues, list(cues), list(cues)) == []


def test_changes_of_different_cues_are_different_places() -> None:
    base = [Cue(n, n + 0.5, f"cue {n}") for n in range(5)]
    mine = [Cue(0, 0.5, "mine"), *base[1:]]
    theirs = [*base[:4], Cue(4, 4.5, "theirs"), Cue(6, 7, "new")]
    first, second = find_differences(base, mine, theirs)
    assert (first.base, first.mine, first.theirs) == ((base[0],), (mine[0],), (base[0],))
    assert [cue.text for cue in second.theirs] == ["theirs", "new"]
    assert second.mine == second.base == (base[4],)


def test_a_place_at_which_both_wrote_the_same_asks_nobody_to_choose() -> None:
    base = [Cue(n, n + 0.5, f"cue {n}") for n in range(5)]
    corrected = Cue(1, 1.5, "as both have it")
    mine = [base[0], corrected, *base[2:]]
    theirs = [base[0], corrected, base[2], Cue(3, 3.5, "theirs"), base[4]]
    agreed, open_place = find_differences(base, mine, theirs)
    assert agreed.is_agreed and agreed.theirs == (corrected,)
    assert not open_place.is_agreed and open_place.mine == (base[3],)
