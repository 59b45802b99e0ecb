"""``evaluate --approved``: the errors of each engine on the subtitles that people approved."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

import subtitled.cli.evaluate  # noqa: F401 - adds its command
from subtitled.cli.app import app
from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.reviews.approving import approve_review
from subtitled.db.actors import Actor
from subtitled.db.review_schema import reviews
from subtitled.db.schema import coverage, files
from subtitled.jobcontext.services import open_transcript_store
from subtitled.plugin import (
    Chunk,
    Cue,
    Language,
    Subtitle,
    SubtitleKind,
    TimeSpan,
    Transcript,
    Word,
)
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import publish_sidecar
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.variants import variant_key
from support.review_library import ENGLISH, FULL, ReviewLibrary

ANA = Actor.user("ana")

GERMAN, JAPANESE = Language("de"), Language("ja")
WORDS = "harbour lamps bridge river garden promise winter kettle letter window".split()
CUE_WORDS, SECONDS = 6, 3.0
CHUNK_CUES = 20


def _text(cues: int, seed: int) -> list[list[str]]:
    draw = random.Random(seed)
    return [draw.choices(WORDS, k=CUE_WORDS) for _ in range(cues)]


def _misheard(text: Sequence[Sequence[str]], every: int, word: str = "mumble") -> list[list[str]]:
    """Replace every n-th word."""
    flat = [
        word if number % every == every - 1 else one
        for number, one in enumerate(one for cue in text for one in cue)
    ]
    return [flat[start : start + CUE_WORDS] for start in range(0, len(flat), CUE_WORDS)]


def _cues(text: Sequence[Sequence[str]]) -> tuple[Cue, ...]:
    return tuple(
        Cue(number * SECONDS + 0.1, number * SECONDS + 2.8, " ".join(words))
        for number, words in enumerate(text)
    )


class Material:
    """A library with approved subtitles, and the transcripts of their films."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = ReviewLibrary(folder)
        self.store = open_transcript_store(resolve_state_dir(self.library.configuration.settings))

    def add_film(
        self,
        name: str,
        text: Sequence[Sequence[str]],
        language: Language = ENGLISH,
        kind: SubtitleKind = FULL,
        how: str = "transcribed by whisper",
    ) -> Path:
        """Add a film whose subtitle a person approved."""
        record, _ = self.library.add(name)
        sidecar = record.path.with_name(f"{name}.{language}.{kind}.srt")
        content = render_subtitle(Subtitle(language=language, cues=_cues(text), kind=kind), "srt")
        description = SidecarDescription(
            name=sidecar.name,
            fingerprint=record.fingerprint or "",
            language=language,
            kind=kind,
            format="srt",
            variant=how,
        )
        signature = Signature.create(content, description)
        publish_sidecar(sidecar, content, own_digest=None, signature=signature)
        self.library.db.sidecars.delete(record.path.with_name(f"{name}.en.srt"))
        self.library.db.sidecars.record_written(sidecar, record.path, signature)
        review = self.library.service.open(record, language, kind)
        approve_review(self.library.service, review.id, ANA, accepts_warnings=True)
        return sidecar

    def hear(
        self,
        name: str,
        variant: str,
        text: Sequence[Sequence[str]],
        spoken: Language = ENGLISH,
        track: int = 1,
    ) -> None:
        """Store what an engine understood of a film."""
        fingerprint = f"print-{name.encode().hex()}"
        duration = len(text) * SECONDS
        speech = tuple(
            TimeSpan(start * SECONDS, start * SECONDS + 2.9) for start in range(len(text))
        )
        self.store.save_analysis(
            fingerprint, track, TrackAnalysis(duration=duration, speech=speech, language=spoken)
        )
        for first in range(0, len(text), CHUNK_CUES):
            part = text[first : first + CHUNK_CUES]
            span = TimeSpan(first * SECONDS, (first + len(part)) * SECONDS)
            words = tuple(
                Word(
                    text=f" {word}",
                    start=(first + number) * SECONDS + 0.1 + place * 0.45,
                    end=(first + number) * SECONDS + 0.5 + place * 0.45,
                    confidence=0.9,
                )
                for number, cue in enumerate(part)
                for place, word in enumerate(cue)
            )
            engine = variant.rpartition("-")[0]
            heard = Transcript(language=spoken, words=words, engine=f"{engine} large")
            self.store.save_chunk(fingerprint, track, variant, Chunk(span, (span,)), heard)

    @contextmanager
    def change(self) -> Iterator[sa.Connection]:
        """Change the database in a transaction."""
        engine = sa.create_engine(f"sqlite:///{self.library.db.path}")
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def run(self, *arguments: object) -> Result:
        """Run the command."""
        config = ["--config", str(self.folder / "config.toml"), "evaluate", "--approved"]
        return CliRunner().invoke(app, [*config, *map(str, arguments)])

    def read(self, *arguments: object) -> Any:
        """Return what the command answers as JSON."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def material(tmp_path: Path) -> Material:
    return Material(tmp_path)


def test_the_engine_with_fewer_errors_is_named_with_the_evidence(material: Material) -> None:
    now = material.library.configuration.engines["whisper"].settings.result_fields()
    whisper = variant_key("whisper", now, None)
    for number, name in enumerate(("First", "Second")):
        text = _text(100, number)
        material.add_film(name, text)
        material.hear(name, whisper, _misheard(text, 10))
        material.hear(name, "qwen-2", _misheard(text, 40))
    answer = material.read()
    assert answer["subtitles"] == 2
    best, worst = answer["engines"]
    assert (best["variant"], best["engine"], best["files"]) == ("qwen-2", "qwen large", 2)
    assert (best["reference"], best["errors_per_100"]) == (1200, 2.5)
    assert (worst["variant"], worst["errors_per_100"], worst["replaced"]) == (whisper, 10, 120)
    assert (worst["is_configured"], best["is_configured"]) == (True, False)
    assert (worst["started_files"], best["started_files"]) == (2, 0)
    (comparison,) = answer["comparisons"]
    assert comparison["better"] == "qwen-2"
    assert comparison["favoured"] == whisper
    shown = material.run()
    assert shown.exit_code == 0
    verdict = " ".join(shown.output.split())
    assert "qwen-2 makes" in verdict
    assert "although most of these texts began with the other's" in verdict


def test_a_win_of_the_engine_whose_text_was_corrected_is_told_with_that(
    material: Material,
) -> None:
    text = _text(200, 1)
    material.add_film("Film", text, how="transcribed by qwen")
    material.hear("Film", "whisper-1", _misheard(text, 10))
    material.hear("Film", "qwen-2", text)
    assert material.read()["comparisons"][0]["favoured"] == "qwen-2"
    assert "began as its own, which favours it" in " ".join(material.run().output.split())


def test_lost_and_inserted_words_are_told_apart(material: Material) -> None:
    text = _text(20, 1)
    material.add_film("Film", text)
    material.hear("Film", "whisper-1", [cue[:-1] for cue in text])
    material.hear("Film", "qwen-2", [[*cue, "mumble"] for cue in text])
    by_variant = {row["variant"]: row for row in material.read()["engines"]}
    assert by_variant["whisper-1"]["lost"] == 20
    assert by_variant["whisper-1"]["inserted"] == 0
    assert by_variant["qwen-2"]["inserted"] == 20
    assert by_variant["qwen-2"]["lost"] == 0
    (comparison,) = material.read()["comparisons"]
    assert comparison["is_enough"] is False
    assert "too little to tell" in material.run().output


def test_characters_are_compared_where_words_have_no_spaces(material: Material) -> None:
    text = [list("北の灯台は") for _ in range(4)]
    material.add_film("Film", text, JAPANESE)
    wrong = [*text[:3], list("北の灯大は")]
    material.hear("Film", "whisper-1", wrong, JAPANESE)
    (row,) = material.read()["engines"]
    assert (row["unit"], row["reference"], row["replaced"]) == ("characters", 20, 1)
    assert "20 characters" in " ".join(material.run().output.split())


def test_what_says_nothing_about_engines_is_left_out_with_its_reason(material: Material) -> None:
    text = _text(4, 1)
    for name in ("Translated", "Dubbed", "Signs", "Edited", "Forgotten", "Unreadable"):
        how = "transcribed by whisper"
        if name == "Translated":
            how += ", translated by deepl"
        kind = SubtitleKind.FORCED if name == "Signs" else FULL
        sidecar = material.add_film(name, text, GERMAN if name == "Dubbed" else ENGLISH, kind, how)
        if name == "Edited":
            sidecar.write_bytes(sidecar.read_bytes() + b"\n")
        if name != "Forgotten":
            material.hear(name, "whisper-1", text)
    folder = material.store.track_folder(f"print-{b'Unreadable'.hex()}", 1)
    (folder / "analysis.json").unlink()
    (folder / "analysis.json").mkdir()
    answer = material.read()
    assert answer["subtitles"] == 0
    assert answer["left_out"] == {
        "not in the language spoken": 2,
        "forced, or for the deaf and hard of hearing": 1,
        "not there, edited or unlocked since it was approved": 1,
        "no transcript of its speech is stored": 1,
        "it or its transcripts cannot be read": 1,
    }
    assert "left out: 2: not in the language spoken" in material.run().output


def test_a_replaced_film_is_compared_with_what_was_heard_when_it_was_approved(
    material: Material,
) -> None:
    text = _text(10, 1)
    sidecar = material.add_film("Film", text)
    material.hear("Film", "whisper-1", text)
    material.hear("Other", "whisper-1", _misheard(text, 2))
    with material.change() as c:
        is_film = files.c.path == os.fsencode(sidecar.with_name("Film.mkv"))
        c.execute(files.update().where(is_film).values(fingerprint=f"print-{b'Other'.hex()}"))
    (row,) = material.read()["engines"]
    assert row["errors_per_100"] == 0


def test_a_commentary_in_the_same_language_is_not_compared(material: Material) -> None:
    text = _text(20, 1)
    material.add_film("Film", text)
    material.hear("Film", "whisper-1", _text(20, 5), track=1)
    material.hear("Film", "whisper-1", _misheard(text, 60), track=2)
    (row,) = material.read()["engines"]
    assert (row["files"], row["replaced"]) == (1, 2)


def test_an_engine_that_was_asked_for_a_part_only_is_compared_in_that_part(
    material: Material,
) -> None:
    text = _text(2 * CHUNK_CUES, 1)
    material.add_film("Film", text)
    material.hear("Film", "qwen-2", text[:CHUNK_CUES])
    material.hear("Film", "whisper-1", text)
    by_variant = {row["variant"]: row for row in material.read()["engines"]}
    assert by_variant["qwen-2"]["reference"] == CHUNK_CUES * CUE_WORDS
    assert by_variant["qwen-2"]["lost"] == 0
    (comparison,) = material.read()["comparisons"]
    assert comparison["reference"] == CHUNK_CUES * CUE_WORDS


def test_an_approved_subtitle_whose_review_was_lost_is_found_by_what_was_examined(
    material: Material,
) -> None:
    text = _text(4, 1)
    for name in ("First", "Second", "Third"):
        material.add_film(name, text)
        material.hear(name, "whisper-1", text)
    with material.change() as c:
        first, second, third = c.execute(sa.select(files.c.id).order_by(files.c.id)).scalars()
        c.execute(reviews.delete().where(reviews.c.file_id == second))
        row = {"kind": "full", "format": "srt", "origin": "sidecar", "location": b"Second.en.srt"}
        for ownership in ("approved", "ours"):
            values = {"file_id": second, "ownership": ownership, "is_text": True, **row}
            c.execute(coverage.insert().values(values))
        c.execute(reviews.update().where(reviews.c.file_id == third).values(approved_at=None))
    assert material.read()["subtitles"] == 2
    approvals = material.library.db.approvals
    assert approvals.count(None) == 2
    for page_size in (1, 2, 200):
        assert list(approvals.file_ids(None, page_size)) == [first, second]
        assert list(approvals.file_ids("films", page_size)) == [first, second]
        assert list(approvals.file_ids("series", page_size)) == []


def test_one_library_and_one_language_are_chosen(material: Material) -> None:
    text = _text(4, 1)
    for name, language in (("Film", ENGLISH), ("Streifen", GERMAN)):
        material.add_film(name, text, language)
        material.hear(name, "whisper-1", text, language)
    assert [row["language"] for row in material.read()["engines"]] == ["de", "en"]
    assert [row["language"] for row in material.read("--language", "de")["engines"]] == ["de"]
    assert material.read("--library", "series")["subtitles"] == 0
    assert material.read("--library", "films")["subtitles"] == 2


def test_what_does_not_go_together_is_named(material: Material) -> None:
    for arguments in (("Film.srt",), ("--reference", "a.srt"), ("--library", "nowhere")):
        result = material.run(*arguments)
        assert result.exit_code == 2
        assert "error:" in result.output
    result = CliRunner().invoke(app, ["evaluate"])
    assert result.exit_code == 2
    assert "--approved" in result.output
