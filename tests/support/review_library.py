"""A library with a published sidecar, for the tests of reviews."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.daemon.reviews.service import ReviewService
from subtitled.db.database import Database
from subtitled.db.records import FileRecord, FileState
from subtitled.db.review_records import CueEstimate, SubtitleEstimate
from subtitled.plugin import Cue, Language, Subtitle, SubtitleKind
from subtitled.subtitles.formats import read_cues, render_subtitle
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import publish_sidecar

from .web_library import add_file, open_library, write_configuration

ENGLISH, FULL = Language("en"), SubtitleKind.FULL
CUES = (
    Cue(1.0, 3.0, "The Schuffa said no."),
    Cue(4.0, 6.5, "He lives in New York."),
    Cue(8.0, 10.0, "So they say."),
)


def publish(
    db: Database,
    media: Path,
    cues: tuple[Cue, ...] = CUES,
    fmt: str = "srt",
    language: Language = ENGLISH,
) -> Path:
    """Publish a sidecar of ours beside a media file, and record it."""
    path = media.with_name(f"{media.stem}.{language}.{fmt}")
    content = render_subtitle(Subtitle(language=language, cues=cues), fmt)
    description = SidecarDescription(
        name=path.name,
        fingerprint=f"print-{media.stem.encode('utf-8', 'surrogateescape').hex()}",
        language=language,
        format=fmt,
        variant="test",
    )
    signature = Signature.create(content, description)
    own = db.sidecars.get(path)
    publish_sidecar(
        path, content, own_digest=own.sha256 if own is not None else None, signature=signature
    )
    db.sidecars.record_written(path, media, signature)
    return path


def add_film(
    db: Database,
    media: Path,
    cues: tuple[Cue, ...] = CUES,
    library: str = "films",
    *formats: str,
) -> tuple[FileRecord, Path]:
    """Add a media file with a published sidecar in one format or several."""
    media.write_bytes(b"film")
    number = add_file(
        db,
        media,
        library,
        FileState.DONE,
        spoken_language="en",
        fingerprint=f"print-{media.stem.encode('utf-8', 'surrogateescape').hex()}",
    )
    paths = [publish(db, media, cues, fmt) for fmt in formats or ("srt",)]
    record = db.files.get_by_id(number)
    assert record is not None
    return record, paths[0]


def estimate(
    db: Database,
    film: FileRecord,
    sidecar: Path,
    probabilities: tuple[float, ...],
    gaps: tuple[tuple[float, float], ...] = (),
) -> int:
    """Say how likely the cues of a subtitle are wrong, and return the number of its review."""
    record = db.sidecars.get(sidecar)
    assert record is not None
    cues = [
        CueEstimate(
            index=index,
            probability=probability,
            reasons=[
                {
                    "kind": "unsure-words",
                    "values": {"words": f"word {index}"},
                    "text": f"The recogniser was unsure of word {index}.",
                }
            ],
        )
        for index, probability in enumerate(probabilities)
    ]
    return db.reviews.keep_estimate(
        SubtitleEstimate(
            file_id=film.id,
            language=ENGLISH,
            kind=FULL,
            sha256=record.sha256,
            expected_errors=sum(probabilities),
            flagged=sum(one >= 0.3 for one in probabilities),
            cue_count=len(read_cues(sidecar.read_bytes(), "srt")),
            cues=cues,
            elsewhere=[
                {"kind": "gap", "start": start, "end": end, "text": "Somebody speaks."}
                for start, end in gaps
            ],
        )
    )


def add_review(configuration: Configuration, db: Database, text: str) -> int:
    """Add a film with a subtitle that has a doubtful cue, an error and warnings."""
    cues = (
        Cue(1.0, 3.0, f"They came to {text}."),
        Cue(2.5, 3.0, "This overlaps the cue before it, and nobody can read so much so fast."),
        Cue(4.0, 6.5, "He lives in New York."),
        *(Cue(8.0 + 4 * n, 11.0 + 4 * n, f"And so they went on, {n}.") for n in range(60)),
    )
    media = configuration.settings.libraries["films"].path / "A review.mkv"
    film, sidecar = add_film(db, media, cues)
    return estimate(db, film, sidecar, (0.9, 0.2, 0.5), ((300.0, 303.0),))


class ReviewLibrary:
    """A library, its database and the service of reviews."""

    def __init__(self, folder: Path) -> None:
        self.configuration: Configuration = write_configuration(folder)
        self.db = open_library(self.configuration)
        self.service = ReviewService(self.configuration, self.db)
        self.films = self.configuration.settings.libraries["films"].path

    def add(
        self, name: str = "Film", cues: tuple[Cue, ...] = CUES, *formats: str
    ) -> tuple[FileRecord, Path]:
        """Add a film with a sidecar."""
        return add_film(self.db, self.films / f"{name}.mkv", cues, "films", *formats)

    def open(self, name: str = "Film", cues: tuple[Cue, ...] = CUES, *formats: str) -> int:
        """Add a film with a sidecar, and return the number of its review."""
        record, _ = self.add(name, cues, *formats)
        return self.service.open(record, ENGLISH, FULL).id
