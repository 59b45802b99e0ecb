"""What was heard in the film of a review: the words of its text, and those of other engines."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.daemon.reviews.words import find_alternative
from subtitled.plugin import Chunk, Cue, Language, TimeSpan
from subtitled.transcripts.models import FailedAttempt, FallbackRecord
from support.heard_words import FILM_SECONDS, respell, speak, store_transcript
from support.review_library import CUES, FULL, ReviewLibrary, publish

OTHER = {"Schuffa": "Schufa", "York.": "York,"}


@pytest.fixture
def library(tmp_path: Path) -> ReviewLibrary:
    return ReviewLibrary(tmp_path)


def _fingerprint(library: ReviewLibrary, number: int) -> str:
    return library.service.load(number).record.fingerprint


def test_the_words_of_a_text_are_those_of_the_engine_that_said_most_of_it(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    fingerprint = _fingerprint(library, number)
    spoken = speak(CUES)
    store_transcript(library.configuration, fingerprint, "aaa-1", respell(spoken, OTHER))
    store_transcript(library.configuration, fingerprint, "whisper-2", spoken)
    store_transcript(library.configuration, fingerprint, "same-3", spoken)
    review = library.service.load(number)
    heard = library.service.words.read(review)
    assert heard.own is not None
    assert heard.own.text == " ".join(cue.text for cue in CUES)
    assert [other.engine for other in heard.others] == ["aaa large"]
    first, second, third = (
        find_alternative(heard.others[0], review.document, place) for place in range(3)
    )
    assert first is not None and second is not None and third is not None
    assert first.text == "The Schufa said no."
    assert second.text == "He lives in New York,"
    assert third.text == "So they say."


def test_a_transcript_that_is_added_later_is_read(library: ReviewLibrary) -> None:
    number = library.open()
    review = library.service.load(number)
    assert library.service.words.read(review).own is None
    fingerprint = _fingerprint(library, number)
    store_transcript(library.configuration, fingerprint, "whisper-2", speak(CUES))
    assert library.service.words.read(review).others == ()
    store_transcript(library.configuration, fingerprint, "qwen-1", respell(speak(CUES), OTHER))
    assert len(library.service.words.read(review).others) == 1


def test_words_between_two_cues_belong_to_the_nearer_one_and_far_ones_to_none(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    extra = (Cue(3.1, 3.3, "Well"), Cue(3.7, 3.9, "Now"), Cue(20.0, 21.0, "Far away"))
    heard = sorted(speak((*CUES, *extra)), key=lambda word: word.start)
    fingerprint = _fingerprint(library, number)
    store_transcript(library.configuration, fingerprint, "whisper-2", speak(CUES))
    store_transcript(library.configuration, fingerprint, "qwen-1", heard)
    review = library.service.load(number)
    (other,) = library.service.words.read(review).others
    found = [find_alternative(other, review.document, place) for place in range(3)]
    assert [one.text if one else None for one in found] == [
        "The Schuffa said no. Well",
        "Now He lives in New York.",
        "So they say.",
    ]


def test_a_translation_has_the_words_of_the_language_spoken_and_no_split_by_them(
    library: ReviewLibrary,
) -> None:
    record, _ = library.add()
    german = (Cue(1.0, 3.0, "Die Schufa hat nein gesagt."),)
    publish(library.db, record.path, german, language=Language("de"))
    number = library.service.open(record, Language("de"), FULL).id
    fingerprint = _fingerprint(library, number)
    store_transcript(library.configuration, fingerprint, "whisper-2", speak(CUES))
    review = library.service.load(number)
    heard = library.service.words.read(review)
    assert (heard.language, heard.own is not None) == (Language("en"), True)
    assert library.service.words.find_spoken(review, review.document.cues[0]) == []


def test_a_track_in_another_language_is_not_that_of_the_text(library: ReviewLibrary) -> None:
    number = library.open()
    fingerprint = _fingerprint(library, number)
    store_transcript(
        library.configuration, fingerprint, "whisper-2", speak(CUES), language=Language("es")
    )
    assert library.service.words.read(library.service.load(number)).own is None


def test_an_engine_that_another_one_stood_in_for_is_named_with_its_own_words(
    library: ReviewLibrary,
) -> None:
    number = library.open()
    fingerprint = _fingerprint(library, number)
    store_transcript(library.configuration, fingerprint, "qwen-2", speak(CUES))
    store_transcript(library.configuration, fingerprint, "whisper-1", respell(speak(CUES), OTHER))
    store, whole = library.service.words.store, TimeSpan(0.0, FILM_SECONDS)
    stood_in = FallbackRecord("qwen", "qwen-2", (FailedAttempt("whisper", "a loop"),))
    store.save_fallback(fingerprint, 1, "whisper-1", Chunk(whole, (whole,)), stood_in)
    recognised = library.service.words.read(library.service.load(number))
    assert recognised.own is not None
    assert recognised.own.text == " ".join(cue.text for cue in CUES)
    assert [(one.engine, "Schufa " in one.text) for one in recognised.others] == [
        ("whisper large", True)
    ]
