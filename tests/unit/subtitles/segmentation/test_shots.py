"""Cues snap to shot changes by the published rules, and keep all other rules."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitled.plugin import Cue, Language
from subtitled.subtitles.rules import CueRules, measure_width, select_cue_rules
from subtitled.subtitles.segmentation.shots import snap_to_shots

EN = Language("en")
LIMITS = select_cue_rules(EN, translation=False)
FRAME = 1 / 24

RATES = st.sampled_from([24.0, 24000 / 1001, 25.0, 30000 / 1001, 50.0, 60.0, 0.0, math.nan])
CUTS = st.lists(st.floats(0, 60, allow_nan=False), max_size=40)


@st.composite
def _cues(draw: st.DrawFn) -> list[Cue]:
    """Return cues as the segmenter returns them: in whole milliseconds, separated by the gap."""
    cues: list[Cue] = []
    now = draw(st.integers(0, 3000))
    for _ in range(draw(st.integers(0, 12))):
        shown = draw(st.integers(300, 7000))
        text = "x" * draw(st.integers(1, 60))
        cues.append(Cue(now / 1000, (now + shown) / 1000, text))
        now += shown + draw(st.sampled_from([84, 84, 500]) | st.integers(84, 3000))
    return cues


def _one(start: float, end: float, cut: float, rate: float = 24.0) -> Cue:
    (cue,) = snap_to_shots([Cue(start, end, "Hello there")], [cut], rate, EN, LIMITS)
    return cue


@settings(deadline=None)
@given(_cues(), CUTS, RATES)
def test_order_gap_duration_reading_and_half_a_second_hold(
    cues: list[Cue], cuts: list[float], rate: float
) -> None:
    snapped = snap_to_shots(cues, cuts, rate, EN, LIMITS)
    assert [cue.text for cue in snapped] == [cue.text for cue in cues]
    for before, after in zip(cues, snapped, strict=True):
        assert abs(after.start - before.start) <= 0.5 + 1e-9
        assert abs(after.end - before.end) <= 0.5 + 1e-9
        least = min(LIMITS.min_duration, before.duration)
        assert after.duration >= least - 0.0015
        assert after.duration <= max(LIMITS.max_duration, before.duration) + 1e-9
        pace = [measure_width(cue.text, EN) / cue.duration for cue in (before, after)]
        assert pace[1] <= max(LIMITS.max_cps, pace[0]) + 0.1
        assert after.start >= 0
    for one, following in zip(snapped, snapped[1:], strict=False):
        assert following.start - one.end >= LIMITS.min_gap - 0.001


@settings(deadline=None)
@given(_cues(), CUTS, RATES)
def test_no_cue_is_moved_beyond_the_media_file(
    cues: list[Cue], cuts: list[float], rate: float
) -> None:
    if cues:
        snapped = snap_to_shots(cues, cuts, rate, EN, LIMITS, cues[-1].end)
        assert snapped[-1].end <= cues[-1].end


@settings(deadline=None)
@given(_cues(), RATES)
def test_without_cuts_near_nothing_moves(cues: list[Cue], rate: float) -> None:
    assert list(snap_to_shots(cues, [], rate, EN, LIMITS)) == cues
    assert list(snap_to_shots(cues, [500.0], rate, EN, LIMITS)) == cues


@pytest.mark.parametrize("rate", [24.0, 25.0, 30.0, 60.0])
def test_a_beginning_moves_onto_the_cut_or_half_a_second_before_it(rate: float) -> None:
    cut = 10.0
    assert _one(cut - 0.2, cut + 2, cut, rate).start == cut
    assert _one(cut + 0.4, cut + 3, cut, rate).start == cut
    assert _one(cut - 0.4, cut + 2, cut, rate).start == cut - 0.5
    assert _one(cut - 0.6, cut + 2, cut, rate).start == cut - 0.6
    assert _one(cut + 0.6, cut + 3, cut, rate).start == cut + 0.6


@pytest.mark.parametrize("rate", [24.0, 25.0, 30.0, 60.0])
def test_an_end_moves_to_two_frames_before_the_cut_and_never_less_than_the_gap(
    rate: float,
) -> None:
    cut, wanted = 10.0, 10.0 - max(2 / rate, LIMITS.min_gap)
    for end in (cut - 0.45, cut - 0.01, cut, cut + 0.3):
        assert _one(cut - 3, end, cut, rate).end == pytest.approx(wanted, abs=0.0011)
    assert _one(cut - 3, cut + 0.6, cut, rate).end == cut + 0.6


def test_seven_frames_before_go_on_the_cut_and_eight_go_back() -> None:
    assert _one(10 - 7 * FRAME, 13, 10).start == 10
    assert _one(10 - 8 * FRAME, 13, 10).start == 9.5


def test_two_cues_at_a_cut_part_there() -> None:
    cues = [Cue(7, 9.7, "First of two"), Cue(9.784, 12, "Second of two")]
    first, second = snap_to_shots(cues, [10.0], 24, EN, LIMITS)
    assert second.start == 10
    assert first.end == pytest.approx(10 - 2 * FRAME, abs=0.0011)


def test_a_short_cue_that_begins_on_the_cut_ends_later_where_it_may() -> None:
    short, following = Cue(9.8, 10.7, "Hi"), Cue(10.8, 13, "Hello there")
    (alone,) = snap_to_shots([short], [10.0], 24, EN, LIMITS)
    assert alone.start == 10
    assert alone.duration == pytest.approx(LIMITS.min_duration, abs=0.001)
    assert snap_to_shots([short, following], [10.0], 24, EN, LIMITS) == (short, following)


def test_a_cue_that_would_flash_by_stays() -> None:
    short = Cue(9.9, 10.75, "Hi")
    assert snap_to_shots([short], [10.4], 24, EN, LIMITS) == (short,)


def test_a_frame_rate_of_the_pal_kind_keeps_the_gap_of_the_limits() -> None:
    cues = [Cue(7, 10.1, "First of two"), Cue(10.3, 12, "Second of two")]
    first, second = snap_to_shots(cues, [10.0], 50, EN, CueRules(min_gap=0.2))
    assert round(second.start - first.end, 6) >= 0.2
