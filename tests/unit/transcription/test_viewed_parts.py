"""Which part of a watched film is transcribed next, and where it is cut."""

from __future__ import annotations

from subtitled.plugin import Chunk, TimeSpan
from subtitled.plugin.speech_windows import chunk_speech
from subtitled.transcription.viewed_parts import (
    PART_SECONDS,
    PartOrder,
    choose_part,
    cut_at_parts,
    cut_for_viewers,
)

PARTS = [TimeSpan(start, start + 100.0) for start in range(0, 1000, 100)]
SPEECH = tuple(TimeSpan(start, start + 8.0) for start in range(0, 3600, 10))


def order_for(*positions: float) -> list[int]:
    remaining = set(range(len(PARTS)))
    order = []
    while remaining:
        order.append(choose_part(PARTS, remaining, positions))
        remaining.discard(order[-1])
    return order


def test_without_viewers_the_parts_come_in_their_order() -> None:
    assert order_for() == list(range(10))


def test_what_follows_a_viewer_comes_first_and_then_the_rest_from_the_beginning() -> None:
    assert order_for(450.0) == [4, 5, 6, 7, 8, 9, 0, 1, 2, 3]
    assert order_for(5000.0) == list(range(10)), "the film has ended for this viewer"


def test_two_viewers_are_served_in_turn() -> None:
    assert order_for(50.0, 750.0)[:6] == [0, 7, 1, 8, 2, 9]


def test_a_viewer_who_seeks_moves_the_order_and_nothing_comes_twice() -> None:
    positions = [450.0]
    order = PartOrder([Chunk(part, (part,)) for part in PARTS], lambda: positions)
    done = []
    for number in range(10):
        if number == 3:
            positions[:] = [250.0]
        if number == 6:
            positions.clear()  # it was stopped
        done.append(order.next(1)[0])
        order.mark_done(order.start_of(done[-1]))
    assert done == [4, 5, 6, 2, 3, 7, 0, 1, 8, 9]


def test_words_are_told_of_only_while_somebody_watches_and_more_follow() -> None:
    positions = [0.0]
    order = PartOrder([Chunk(part, (part,)) for part in PARTS[:3]], lambda: positions)
    order.mark_done(order.start_of(0))
    assert not order.take_news(), "it was done in an earlier run"
    order.mark_done(order.start_of(order.next(1)[0]))
    assert order.take_news()
    assert not order.take_news()
    order.mark_done(order.start_of(order.next(1)[0]))
    assert not order.take_news(), "the whole transcript follows"


def _shorten(chunk: Chunk) -> list[Chunk]:
    return chunk_speech(
        chunk.speech, PART_SECONDS, chunk.span.end, (), float("inf"), chunk.span.start
    )


def test_chunks_are_cut_for_viewers_except_those_whose_words_are_stored() -> None:
    chunks = chunk_speech(SPEECH, 480.0, 3600.0)
    parts = cut_for_viewers(chunks, lambda chunk: chunk is chunks[1], _shorten)
    assert parts is not None
    assert chunks[1].span in parts
    assert (parts[0].start, parts[-1].end) == (0.0, 3600.0)
    assert all(one.end == other.start for one, other in zip(parts, parts[1:], strict=False))
    cut = cut_at_parts(parts, SPEECH, 3600.0, (), lambda *_: [])
    assert [chunk.span for chunk in cut] == parts
    assert [span for chunk in cut for span in chunk.speech] == list(SPEECH)
    assert cut_for_viewers(cut, lambda chunk: chunk.span == chunks[1].span, _shorten) is None


def test_parts_that_were_made_first_keep_their_place_and_the_rest_is_cut_around_them() -> None:
    first = [TimeSpan(2399.0, 2520.0), TimeSpan(2520.0, 2639.0)]

    def cut(speech, end, quiet, begin):  # type: ignore[no-untyped-def]
        return chunk_speech(speech, 480.0, end, quiet, float("inf"), begin)

    chunks = cut_at_parts(first, SPEECH, 3600.0, (), cut)
    assert [chunk.span for chunk in chunks if chunk.span in first] == first
    assert (chunks[0].span.start, chunks[-1].span.end) == (0.0, 3600.0)
    assert all(
        one.span.end == other.span.start for one, other in zip(chunks, chunks[1:], strict=False)
    )


def test_parts_of_another_analysis_of_the_track_are_left_out() -> None:
    chunks = cut_at_parts([TimeSpan(50.0, 90.0)], (), 60.0, (), lambda *_: [])
    assert [chunk.span for chunk in chunks] == [TimeSpan(0.0, 60.0)]
