"""The text in the language spoken beside a translation, whoever wrote it."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.daemon.reviews import embedded_text
from subtitled.daemon.reviews.open_review import OpenReview
from subtitled.daemon.reviews.passages import PassageError, ask_engine
from subtitled.daemon.reviews.source_text import (
    MadeFrom,
    SourceReader,
    SourceText,
    find_made_from,
)
from subtitled.db.actors import Actor
from subtitled.db.overview import CoverageRow, FileOverview
from subtitled.db.records import FileRecord
from subtitled.db.schema import files, sidecars
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
    found = SourceReader(library.configuration, library.db).read(review)
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
        _row("2", origin="embedded"),  # the film has none there
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


@pytest.mark.parametrize(
    ("variant", "expected"),
    [
        ("translated by mt from stream 2 (en)", MadeFrom("2", True, ENGLISH)),
        ("translated by mt from Film.en.sdh.srt (en)", MadeFrom("Film.en.sdh.srt", False, ENGLISH)),
        ("translated by mt from a from (b) (de) (en)", MadeFrom("a from (b) (de)", False, ENGLISH)),
        ("translated by mt from stream 2 (no language)", None),
        ("transcribed by whisper, translated by mt", None),
        ("transcribed by whisper, from the approved text 0123", None),
        ("test", None),
    ],
)
def test_the_text_that_a_translation_was_made_from_is_known(
    variant: str, expected: MadeFrom | None
) -> None:
    assert find_made_from(variant) == expected


def _film_with_text(library: ReviewLibrary, tmp_path: Path) -> tuple[FileRecord, int]:
    """Return a film of an unknown language with English text inside, and the index of that."""
    record, ours = library.add("Film")
    ours.unlink()
    library.db.sidecars.delete(ours)
    text = tmp_path / "inside.srt"
    text.write_bytes(render_subtitle(Subtitle(language=ENGLISH, cues=CUES), "srt"))
    inputs = ["-f", "lavfi", "-i", "anullsrc=d=20", "-i", str(text)]
    maps = ["-map", "0:a", "-map", "1:s", "-c:a", "flac", "-c:s", "ass", "-t", "20"]
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *inputs, *maps, str(record.path)]
    subprocess.run(command, check=True)
    return record, 1


def _wait_for_source(reader: SourceReader, review: OpenReview) -> SourceText:
    deadline = time.monotonic() + 120
    while (found := reader.read(review)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


@pytest.mark.parametrize("is_spoken_known", [True, False])
def test_the_text_inside_the_film_stands_beside_its_translation(
    library: ReviewLibrary,
    tmp_path: Path,
    is_spoken_known: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record, stream = _film_with_text(library, tmp_path)
    variant = "test" if is_spoken_known else f"translated by mt from stream {stream} (en)"
    sidecar = publish(library.db, record.path, CUES, "srt", GERMAN)
    with library.db.files._engine.begin() as c:
        c.execute(sidecars.update().values(variant=variant))
        if not is_spoken_known:
            c.execute(files.update().values(spoken_language=None))
    row = _row(str(stream), origin="embedded", format="ass")
    overview = FileOverview(duration=20.0, title="", coverage=(row,), requirements=())
    library.db.overview.store(record.id, "films", overview)
    record = library.db.files.get(record.path) or record
    review = library.service.load(library.service.open(record, GERMAN, FULL).id)
    reader = SourceReader(library.configuration, library.db)
    source = _wait_for_source(reader, review)
    assert source.language == ENGLISH
    assert [(cue.start, cue.end, cue.text) for cue in source.cues] == [
        (cue.start, cue.end, cue.text) for cue in CUES
    ]
    assert [cue.text for cue in source.spoken_during(4.0, 6.5)] == [CUES[1].text]
    # It is read once, also for other pages and processes.
    assert SourceReader(library.configuration, library.db).read(review) == source
    monkeypatch.delattr(embedded_text, "judge_text")  # Nor is it parsed again for the next cue.
    assert reader.read(review) == source
    assert sidecar.exists()
    if not is_spoken_known:
        engine = next(iter(library.configuration.engines))
        with pytest.raises(PassageError, match="translation from English"):
            ask_engine(library.service, review.record.id, ["1"], engine, Actor.user("ana"))


def test_a_text_inside_that_cannot_be_read_holds_nothing_up(library: ReviewLibrary) -> None:
    row = _row("7", origin="embedded")
    assert _read(library, row) is None
