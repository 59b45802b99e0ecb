"""The text in the language spoken beside a translation, whoever wrote it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.daemon.reviews.source_text import SourceReader
from subtitled.db.overview import CoverageRow, FileOverview
from subtitled.plugin import Cue, Language, Subtitle
from subtitled.subtitles.formats import render_subtitle
from support.review_library import CUES, ENGLISH, FULL, ReviewLibrary, publish

GERMAN = Language("de")


def _theirs(name: str) -> tuple[Cue, ...]:
    return (Cue(1.0, 3.0, f"Written by somebody else in {name}."),)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[ReviewLibrary]:
    made = ReviewLibrary(tmp_path)
    yield made
    made.db.close()


def _row(location: str, ownership: str = "human", **more: object) -> CoverageRow:
    values = {"language": "en", "kind": "full", "format": "srt", "origin": "sidecar"}
    return CoverageRow(**{**values, "location": location, "ownership": ownership, **more})  # type: ignore[arg-type]


def _read(library: ReviewLibrary, *rows: CoverageRow) -> tuple[Cue, ...] | None:
    """Return the source beside the review of a German subtitle of an English film."""
    record, ours = library.add("Film")
    ours.unlink()
    library.db.sidecars.delete(ours)
    publish(library.db, record.path, CUES, "srt", GERMAN)
    for row in rows:
        content = render_subtitle(Subtitle(language=ENGLISH, cues=_theirs(row.location)), "srt")
        (record.path.parent / row.location).write_bytes(content)
    overview = FileOverview(duration=60.0, title="", coverage=rows, requirements=())
    library.db.overview.store(record.id, "films", overview)
    review = library.service.load(library.service.open(record, GERMAN, FULL).id)
    found = SourceReader(library.db).read(review)
    return None if found is None else found.cues


@pytest.mark.parametrize(
    "row", [_row("Film.en.srt"), _row("Film.eng.srt", "edited"), _row("a.srt", kind="sdh")]
)
def test_the_subtitle_of_somebody_else_stands_beside_a_translation(
    library: ReviewLibrary, row: CoverageRow
) -> None:
    assert _read(library, row) == _theirs(row.location)


@pytest.mark.parametrize(
    "row",
    [
        _row("a.srt", language="fr"),
        _row("a.srt", language=None),
        _row("a.srt", kind="forced"),
        _row("2", origin="embedded"),
        _row("a.srt", problem="it is no subtitle"),
        _row("a.srt", secondary="de"),
        _row("../outside.srt"),
    ],
)
def test_what_is_not_the_whole_spoken_text_in_the_library_does_not(
    library: ReviewLibrary, row: CoverageRow
) -> None:
    assert _read(library, row) is None


def test_the_full_text_is_preferred_to_that_for_the_deaf(library: ReviewLibrary) -> None:
    rows = _row("a.srt", kind="sdh"), _row("b.srt")
    assert _read(library, *rows) == _theirs("b.srt")
