"""A film is transcribed by two engines, approved, and tells how many errors each of them made."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.daemon.answers.approved_evaluation import evaluate_approved
from subtitled.daemon.reviews.approving import Approval, approve_review
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.records import FileState
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.review import operations as ops
from support.fake_engines import scripted_services
from support.harness import film
from support.web_library import add_file

ANA = Actor.user("ana")

ENGLISH = Language("en")


def _transcribe(services: Services, media: Path, engine: str) -> None:
    library = LibrarySettings.model_validate(
        {"path": media.parent, "engines": [engine], "languages": ["en"], "formats": ["srt"]}
    )
    fingerprint = content_fingerprint(media)
    job = Job(media=media, library=library, fingerprint=fingerprint, force=True)
    (published,) = run_job(job, services, InlineRunner()).made
    assert published.sidecar == media.with_suffix(".en.srt")


def test_two_engines_are_compared_with_what_a_person_approved(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = tmp_path / "films" / "film.wav"
    media.parent.mkdir()
    film(media, 7)
    first, second = {"word": "harbour"}, {"word": "window"}
    with scripted_services(tmp_path, monkeypatch, first=first, second=second) as services:
        for engine in ("first", "second"):
            _transcribe(services, media, engine)
        db, configuration = services.db, services.config
        number = add_file(
            db, media, "films", FileState.DONE, fingerprint=content_fingerprint(media)
        )
        file = db.files.get_by_id(number)
        assert file is not None
        reviews = ReviewService(configuration, db)
        review = reviews.open(file, ENGLISH, SubtitleKind.FULL)
        version = VersionTag.of(reviews.load(review.id))
        replaced = ops.Replace(find="somebody", replacement="nobody")
        reviews.edit(review.id, "correction", replaced, version, ANA)
        approved = approve_review(reviews, review.id, ANA, accepts_warnings=True)
        assert isinstance(approved, Approval)
        answer = evaluate_approved(configuration, db)
    assert answer.subtitles == 1
    assert not answer.left_out
    nearer, farther = answer.engines
    assert (nearer.engine, nearer.started_files) == ("second", 1)
    assert (farther.engine, farther.started_files) == ("first", 0)
    assert nearer.is_configured
    assert farther.is_configured
    phrases = nearer.replaced
    assert phrases > 3
    assert farther.replaced == 2 * phrases
    assert nearer.reference == farther.reference == 6 * phrases
    assert nearer.lost == nearer.inserted == farther.lost == farther.inserted == 0
    (comparison,) = answer.comparisons
    assert comparison.favoured == nearer.variant
