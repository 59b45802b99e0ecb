"""Quality estimation, from the engine to the review queue."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config.load import Configuration, load_config
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.db.review_records import ReviewFilter
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services, open_database, open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.vad import SpeechActivity
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import (
    Audio,
    EngineCapabilities,
    Language,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from support.seen_files import record_seen

TRANSCRIPT = Transcript(
    language=Language("en"),
    words=(
        *(
            Word(text=f" {text}", start=0.2 + n * 0.3, end=0.5 + n * 0.3, confidence=0.98)
            for n, text in enumerate("Good evening to you all.".split())
        ),
        *(
            Word(text=f" {text}", start=5.2 + n * 0.3, end=5.5 + n * 0.3, confidence=0.3)
            for n, text in enumerate("The hiss was spy far.".split())
        ),
    ),
    engine="odd",
)
SPEECH = (TimeSpan(0.1, 1.9), TimeSpan(2.2, 4.9), TimeSpan(5.0, 6.9))
"""In the middle somebody speaks, and no word is recognised."""


class _Engines:
    """A fake of the engine pool that returns a given transcript."""

    name = "whisper"
    capabilities = EngineCapabilities()

    def __init__(self, configuration: Configuration) -> None:
        self.configured = configuration.engines["whisper"]

    def __getitem__(self, name: str) -> _Engines:
        return self

    def preload(self, *, only_in_free_room: bool = False) -> None:
        return

    def find_speech(self, audio: Audio, limit: float | None = None) -> SpeechActivity:
        return SpeechActivity(SPEECH, ())

    def detect_language(self, audio: Audio, windows: object) -> list[object]:
        return []

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        return TRANSCRIPT


@pytest.fixture
def media(film: Callable[..., Path]) -> Path:
    return film("a.mkv", "sine=d=7", ("-metadata:s:a:0", "language=eng"))


@pytest.fixture
def make_subtitle(home: Path, media: Path) -> Callable[..., Database]:
    """Return a function that runs a job for the media file and returns the database."""
    configuration = load_config(None)
    database = open_database(configuration)

    def make(*, in_library: bool, formats: tuple[str, ...] = ("srt",)) -> Database:
        if in_library:
            record_seen(database, "films", media, media.stat())
        state = home / "state" / "subtitled"
        services = Services(
            config=configuration,
            engines=_Engines(configuration),  # type: ignore[arg-type]
            store=open_transcript_store(state),
            db=database,
            scratch=state / "scratch",
        )
        library = LibrarySettings.model_validate({"path": media.parent, "formats": formats})
        fingerprint = content_fingerprint(media)
        job = Job(media=media, library=library, fingerprint=fingerprint, force=True)
        assert run_job(job, services, InlineRunner()).state is FileState.DONE
        return database

    return make


def test_a_published_sidecar_waits_for_review_with_its_worst_cue_and_the_reason(
    make_subtitle: Callable[..., Database], media: Path
) -> None:
    database = make_subtitle(in_library=True)
    (review,) = database.reviews.page(ReviewFilter())
    assert (review.path, review.language, review.cue_count) == (media, Language("en"), 2)
    (sidecar,) = database.sidecars.of_media(media)
    assert review.estimated_sha256 == sidecar.sha256
    cues, gaps = database.reviews.estimate_of(review.id)
    worst = max(cues, key=lambda cue: cue.probability)
    assert worst.index == 1
    assert review.flagged >= 1
    assert 0.5 < review.expected_errors <= 2
    assert "“The”, “hiss”, “was”, “spy”" in worst.reasons[0]["text"]
    (gap,) = gaps
    assert gap["start"] == pytest.approx(2.2)
    assert "nothing is written" in gap["text"]


@pytest.mark.parametrize("formats", [("srt", "vtt"), ("vtt", "txt", "srt")])
def test_every_format_of_a_subtitle_is_one_review(
    make_subtitle: Callable[..., Database], media: Path, formats: tuple[str, ...]
) -> None:
    database = make_subtitle(in_library=True, formats=formats)
    assert len(database.sidecars.of_media(media)) == len(formats)
    (review,) = database.reviews.page(ReviewFilter())
    estimated = {one.format: one.sha256 for one in database.sidecars.of_media(media)}
    assert review.estimated_sha256 == estimated["srt"], "the format that a review begins with"


def test_a_subtitle_that_is_made_again_keeps_its_review(
    make_subtitle: Callable[..., Database],
) -> None:
    (before,) = make_subtitle(in_library=True).reviews.page(ReviewFilter())
    (after,) = make_subtitle(in_library=True).reviews.page(ReviewFilter())
    assert (after.id, after.expected_errors) == (before.id, before.expected_errors)


def test_a_file_outside_of_every_library_is_in_no_queue(
    make_subtitle: Callable[..., Database], media: Path
) -> None:
    database = make_subtitle(in_library=False)
    assert len(database.sidecars.of_media(media)) == 1
    assert database.reviews.count(ReviewFilter()) == 0
