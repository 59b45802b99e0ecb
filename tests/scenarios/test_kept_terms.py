"""A correction becomes a term that holds from the next job on, and is no file among the media."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.daemon.reviews.approving import Approval, approve_review
from subtitled.daemon.reviews.learning import suggest_review_terms
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.history import HistoryEvent, HistoryFilter
from subtitled.glossary.kept import KeptTerms
from subtitled.glossary.kept_term import KeptScope, NewTerm
from subtitled.plugin import (
    Audio,
    InputRejectedError,
    Language,
    SubtitleKind,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.subtitles.review import operations as ops
from support.harness import FakeEngine, Harness, film

ANA = Actor.user("ana")


class _Attentive(FakeEngine):
    """A fake engine that records its hotwords, and mishears a name."""

    received: list[tuple[str, ...]]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.received.append(request.hotwords)
        words = [
            Word(text=text, start=one.start, end=one.end)
            for number, one in enumerate(request.chunk.speech)
            for text in (" then comfy UI starts" if number % 3 == 0 else " and so it goes on",)
        ]
        return Transcript(language=request.language, words=tuple(words), engine="fake_engine")


class _Library:
    """A library whose engine records what it is told."""

    def __init__(self, folder: Path) -> None:
        self.harness = Harness(folder, 'languages = ["en"]')
        self.engine = _Attentive(self.harness.configuration)
        self.engine.received = []
        object.__setattr__(self.harness.jobs._services, "engines", self.engine)
        self.terms = KeptTerms(self.harness.configuration, self.harness.database)
        self._count = 0

    def transcribe(self, name: str) -> Path:
        """Add a film, and wait for its subtitle."""
        self._count += 1
        media = self.harness.root / name
        media.parent.mkdir(parents=True, exist_ok=True)
        film(media, self._count)
        self.harness.scan()
        assert media.with_suffix(".en.srt").exists()
        return media

    def heard(self, name: str) -> set[str]:
        """Return the hotwords with which a new film is transcribed."""
        self.engine.received.clear()
        self.transcribe(name)
        assert self.engine.received
        return {word for words in self.engine.received for word in words}


def test_a_correction_becomes_a_term_of_the_next_job(tmp_path: Path) -> None:
    library = _Library(tmp_path)
    harness = library.harness
    try:
        media = library.transcribe("Lab/one.wav")
        assert "ComfyUI" not in {word for words in library.engine.received for word in words}
        reviews = ReviewService(harness.configuration, harness.database)
        review = reviews.open(harness.the(media), Language("en"), SubtitleKind.FULL)
        version = VersionTag.of(reviews.load(review.id))
        corrected = ops.Replace(find="comfy UI", replacement="ComfyUI")
        reviews.edit(review.id, "correction", corrected, version, ANA)
        assert isinstance(approve_review(reviews, review.id, ANA, accepts_warnings=True), Approval)
        (suggestion,) = suggest_review_terms(reviews, reviews.load(review.id))
        assert (suggestion.text, suggestion.replaced[0][0]) == ("ComfyUI", "comfy UI")
        assert suggestion.count > 3
        assert library.terms.all() == []  # nothing is kept by itself
        assert "ComfyUI" not in library.heard("Lab/two.wav")

        before = harness.names()
        kept = library.terms.add(
            NewTerm(
                scope=KeptScope.SERIES,
                translations=suggestion.translations,
                file=harness.the(media),
            ),
            "ana",
        )
        assert harness.names() == before
        assert "ComfyUI" in library.heard("Lab/Season 1/three.wav")
        assert "ComfyUI" not in library.heard("Other/four.wav")
        assert suggest_review_terms(reviews, reviews.load(review.id)) == ()
        assert library.terms.remove(kept, "ben")
        assert "ComfyUI" not in library.heard("Lab/five.wav")
        (removed, added) = harness.database.history.newest(
            9, HistoryFilter(events=(HistoryEvent.GLOSSARY,))
        )
        assert (added.actor, added.library) == ("ana", "films")
        assert added.reason == "kept: ComfyUI, for series Lab in library films"
        assert (removed.actor, removed.reason.partition(":")[0]) == ("ben", "removed")
    finally:
        harness.close()


def test_each_scope_holds_for_its_own_and_a_title_keeps_its_term_when_it_is_renamed(
    tmp_path: Path,
) -> None:
    library = _Library(tmp_path)
    harness, terms = library.harness, library.terms
    try:
        file = harness.the(library.transcribe("Show/a.wav"))
        for scope in KeptScope:
            terms.add(NewTerm(scope=scope, text=f"Term {scope}", file=file), "ana")

        def names(path: Path, fingerprint: str | None = None) -> list[str]:
            return [term.source for term in terms.for_media(path, fingerprint)]

        root = harness.root
        rest = ["Term series", "Term library", "Term all"]
        assert names(file.path, file.fingerprint) == ["Term title", *rest]
        assert names(file.path) == ["Term title", *rest]
        assert names(root / "Show/b.wav", "other") == rest
        assert names(root / "Show/b.wav", file.fingerprint) == ["Term title", *rest]
        assert names(root / "Shows/a.wav") == ["Term library", "Term all"]
        assert names(tmp_path / "elsewhere.wav") == ["Term all"]
    finally:
        harness.close()


def test_a_term_that_cannot_be_kept_is_refused_with_the_reason(tmp_path: Path) -> None:
    library = _Library(tmp_path)
    try:
        for wanted, reason in (
            (NewTerm(scope=KeptScope.ALL, text=" \t\x00"), "empty"),
            (NewTerm(scope=KeptScope.ALL, text="x" * 201), "more than 200 characters"),
            (NewTerm(scope=KeptScope.LIBRARY, text="Ana"), "no library is named"),
            (NewTerm(scope=KeptScope.LIBRARY, text="Ana", library="none"), "there is no library"),
            (NewTerm(scope=KeptScope.TITLE, text="Ana", library="films"), "needs a media file"),
        ):
            with pytest.raises(InputRejectedError, match=reason):
                library.terms.add(wanted, "ana")
        assert library.terms.all() == []
    finally:
        library.harness.close()


def test_a_term_that_is_kept_twice_is_there_once_and_a_path_may_be_no_text(tmp_path: Path) -> None:
    library = _Library(tmp_path)
    harness = library.harness
    try:
        file = harness.the(library.transcribe("F\udce9\n/a.wav"))
        for actor in ("ana", "ben"):
            library.terms.add(NewTerm(scope=KeptScope.TITLE, text="Zoë", file=file), actor)
        (term,) = library.terms.all()
        assert (term.actor, term.place) == ("ben", file.path.relative_to(harness.root))
        assert [one.source for one in library.terms.for_media(file.path, None)] == ["Zoë"]
        with pytest.raises(InputRejectedError, match="in no series"):
            film(harness.root / "top.wav", 5)
            harness.scan()
            alone = harness.the(harness.root / "top.wav")
            library.terms.add(NewTerm(scope=KeptScope.SERIES, text="Zoë", file=alone), "ana")
    finally:
        harness.close()
