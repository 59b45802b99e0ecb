"""A correction in the spoken language marks its translations; only changed lines are sent again."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.plugins import ConfiguredComponent
from subtitled.daemon.answers.file_inspection import inspect_now
from subtitled.daemon.answers.reviews import list_reviews
from subtitled.daemon.commands import CommandDispatcher
from subtitled.daemon.reviews.approving import Approval, approve_review, reopen_review
from subtitled.daemon.reviews.service import ReviewService
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.actors import Actor
from subtitled.db.commands import CommandKind
from subtitled.db.kv import TRANSLATE_AGAIN_KEY
from subtitled.db.overview import SOURCE_CORRECTED
from subtitled.db.records import FileRecord
from subtitled.db.review_records import ReviewFilter
from subtitled.pipeline.translation_requests import (
    TranslationRequest,
    keep_request,
    read_request,
    settle_request,
)
from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Batch,
    Language,
    Line,
    Settings,
    SubtitleKind,
    Transcript,
    TranscriptionRequest,
    Translation,
    Translator,
    TranslatorCapabilities,
    Word,
)
from subtitled.subtitles.review import operations as ops
from support.harness import FakeEngine, Harness, film

ANA = Actor.user("ana")
SENTENCES = (
    "Where were you all night?",
    "I told you that we do not talk about it.",
    "Then comfy UI starts on the table in the kitchen.",
    "Please close the door and sit down here.",
    "They will find the keys of the car.",
)


class _Speaker(FakeEngine):
    """A fake engine that hears a sentence in each tone."""

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.recognised += 1
        words = []
        for span in request.chunk.speech:
            texts = SENTENCES[round(span.start * 7) % len(SENTENCES)].split()
            share = span.duration / len(texts)
            words += [
                Word(text=f" {text}", start=start, end=start + share)
                for n, text in enumerate(texts)
                for start in (span.start + n * share,)
            ]
        return Transcript(language=request.language, words=tuple(words), engine="fake_engine")


SPANISH = {
    "Where": "Dónde", "were": "estabas", "you": "tú", "all": "toda", "night?": "la noche?",
    "I": "Yo", "told": "dije", "that": "que", "we": "nosotros", "do": "eso", "not": "no",
    "talk": "hablamos", "about": "de", "it.": "ello.", "Then": "Entonces", "comfy": "cómodo",
    "UI": "UI", "ComfyUI": "ComfyUI", "starts": "empieza", "on": "sobre", "the": "la",
    "table": "mesa", "in": "en", "kitchen.": "cocina.", "Please": "Por favor", "close": "cierra",
    "door": "puerta", "and": "y", "sit": "siéntate", "down": "abajo", "here.": "aquí.",
    "They": "Ellos", "will": "van a", "find": "encontrar", "keys": "llaves", "of": "de",
    "car.": "coche.", "bus.": "autobús.", "quay.": "muelle.",
}  # fmt: skip


class _Counting(Translator):
    """A translator that records each line that it is sent."""

    sent: list[str]
    meanwhile: Callable[[], None] | None = None
    """What happens while it translates the next batch."""

    @classmethod
    def capabilities(cls, settings: object) -> TranslatorCapabilities:
        return TranslatorCapabilities(language_pairs=None, max_batch_lines=8)

    def translate(self, batch: Batch) -> Translation:
        type(self).sent += [line.text for line in batch.lines]
        happens, type(self).meanwhile = type(self).meanwhile, None
        if happens is not None:
            happens()
        return Translation(
            tuple(
                Line(line.id, " ".join(SPANISH[word] for word in line.text.split()))
                for line in batch.lines
            )
        )


def _short_film(path: Path) -> Path:
    """Write a media file with a few tones."""
    film(path, 3)
    with wave.open(str(path), "rb") as whole:
        frames = whole.readframes(30 * SAMPLE_RATE)
    with wave.open(str(path), "wb") as short:
        short.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        short.writeframes(frames)
    return path


class _Film:
    """A film with a subtitle in the language spoken, and translations."""

    def __init__(self, folder: Path, more: str = "", languages: str = '"en", "es"') -> None:
        self.harness = Harness(folder, f"languages = [{languages}]", more)
        self._equip()
        self.media = _short_film(self.harness.root / "a.wav")
        self.harness.scan()
        self.reviews = ReviewService(self.harness.configuration, self.harness.database)

    def _equip(self) -> None:
        translator = type("Counting", (_Counting,), {"sent": [], "meanwhile": None})
        self.sent: list[str] = translator.sent  # type: ignore[attr-defined]
        self.translator = translator
        component: ConfiguredComponent[Any] = ConfiguredComponent(
            name="mt", plugin="mt", component_class=translator, settings=Settings()
        )
        services = self.harness.jobs._services
        configuration = dataclasses.replace(services.config, translators={"mt": component})
        self.engine = _Speaker(configuration)
        object.__setattr__(services, "config", configuration)
        object.__setattr__(services, "engines", self.engine)

    @property
    def file(self) -> FileRecord:
        return self.harness.the(self.media)

    def sidecar(self, language: str) -> Path:
        return self.media.with_suffix(f".{language}.srt")

    def correct(self, find: str, replacement: str, language: str = "en") -> None:
        """Correct a subtitle, and approve it."""
        self.approve(find, replacement, language)
        self.harness.settle()

    def approve(self, find: str, replacement: str, language: str = "en") -> None:
        """Correct a subtitle and approve it, whatever runs."""
        self.edit(find, replacement, language)
        review = self.reviews.open(self.file, Language(language), SubtitleKind.FULL)
        result = approve_review(self.reviews, review.id, ANA, accepts_warnings=True)
        assert isinstance(result, Approval)

    def edit(self, find: str, replacement: str, language: str) -> None:
        """Correct a subtitle, and approve nothing."""
        review = self.reviews.open(self.file, Language(language), SubtitleKind.FULL)
        version = VersionTag.of(self.reviews.load(review.id))
        operation = ops.Replace(find=find, replacement=replacement)
        self.reviews.edit(review.id, f"{find} to {replacement}", operation, version, ANA)

    def translate_again(self) -> None:
        """Do what the command, the button and the API ask for."""
        self.ask()
        self.harness.settle()

    def ask(self) -> None:
        """Ask for the lines to be translated again, and wait for nothing."""
        db, settings = self.harness.database, self.harness.configuration.settings
        db.commands.enqueue(CommandKind.TRANSLATE_AGAIN, self.media, "ana")
        nothing: Any = None
        dispatcher = CommandDispatcher(
            db, settings.libraries, self.harness.jobs, {}, nothing, lambda name: None
        )
        dispatcher.completed(db.commands.pending())
        assert db.commands.pending() == []

    def requests(self) -> dict[str, str]:
        """Return the requests that the database keeps."""
        return self.harness.database.kv.get_prefix(TRANSLATE_AGAIN_KEY)

    def wait_until_forgotten(self) -> None:
        """Wait until no request is kept. One is forgotten after the state was recorded."""
        deadline = time.monotonic() + 60
        while self.requests() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert self.requests() == {}

    def marked(self) -> set[str]:
        """Return the languages of the subtitles that the database has as marked."""
        found = self.harness.database.overview.corrected_translations([self.file.id])
        return {language for _, language, _ in found}


@pytest.fixture
def one(tmp_path: Path) -> Iterator[_Film]:
    made = _Film(tmp_path)
    yield made
    made.harness.close()


def test_only_the_changed_lines_are_sent_again(one: _Film) -> None:
    before, sent = one.sidecar("es").read_text(), list(one.sent)
    heard = one.engine.recognised
    assert "cómodo" in before
    one.sent.clear()
    one.correct("comfy UI", "ComfyUI")
    assert (one.sent, one.sidecar("es").read_text()) == ([], before)  # nothing by itself
    assert one.marked() == {"es"}
    facts = inspect_now(one.harness.jobs._services.config, one.harness.database, one.media)
    (told,) = [text for text in facts["subtitles"] if text.startswith("es")]
    assert SOURCE_CORRECTED in told
    page = list_reviews(one.harness.database, ReviewFilter())
    assert {str(x.record.language): x.is_source_corrected for x in page.reviews} == {"es": True}

    one.translate_again()
    assert one.sent
    assert set(one.sent) == {SENTENCES[2].replace("comfy UI", "ComfyUI")}
    assert len(one.sent) == len([text for text in sent if "comfy UI" in text])
    after = one.sidecar("es").read_text()
    assert "ComfyUI" in after
    assert "cómodo" not in after
    assert one.marked() == set()
    assert one.engine.recognised == heard

    one.sent.clear()
    one.translate_again()  # there is nothing left to do
    assert (one.sent, one.requests()) == ([], {})
    one.sidecar("es").unlink()
    one.harness.jobs.retry(one.file)
    one.harness.settle()
    assert one.sidecar("es").read_text() == after
    assert one.sent == []


def test_what_is_asked_for_while_the_job_runs_is_done_after_it(one: _Film) -> None:
    def correct_more() -> None:
        review = one.reviews.open(one.file, Language("en"), SubtitleKind.FULL)
        reopen_review(one.reviews, review.id, ANA)
        one.approve("car.", "bus.")
        one.ask()

    one.correct("comfy UI", "ComfyUI")
    one.translator.meanwhile = correct_more  # type: ignore[attr-defined]
    one.translate_again()
    after = one.sidecar("es").read_text()
    assert "ComfyUI" in after
    assert "autobús." in after
    assert "coche." not in after
    assert one.marked() == set()
    one.wait_until_forgotten()


def test_a_request_that_a_copy_has_yet_to_see_is_kept(one: _Film) -> None:
    one.correct("comfy UI", "ComfyUI")
    copy = one.harness.root / "copy.wav"
    shutil.copy(one.media, copy)
    one.harness.intake.scan("films")
    database, fingerprint = one.harness.database, one.file.fingerprint
    database.files.set_fingerprint(one.harness.the(copy).id, fingerprint or "")
    asked = TranslationRequest(9.0, "job")
    keep_request(database.kv, fingerprint or "", asked)
    settle_request(database, one.file, before=asked)
    assert read_request(database.kv, fingerprint) == asked
    one.harness.settle()
    one.wait_until_forgotten()


def test_an_edited_or_approved_translation_is_only_marked(one: _Film) -> None:
    edited = one.sidecar("es").read_text() + "\n99\n00:00:29,000 --> 00:00:29,900\nFin\n"
    one.sidecar("es").write_text(edited)
    os.utime(one.sidecar("es"), (1_700_000_000, 1_700_000_000))
    one.sent.clear()
    one.correct("comfy UI", "ComfyUI")
    assert one.marked() == {"es"}
    one.translate_again()
    assert (one.sent, one.sidecar("es").read_text()) == ([], edited)
    assert one.marked() == {"es"}
    one.sidecar("es").write_text(edited)  # a person looked at it since
    one.harness.jobs.retry(one.file)
    one.harness.settle()
    assert one.marked() == set()
    assert (one.sent, one.sidecar("es").read_text()) == ([], edited)


def test_a_library_may_translate_again_by_itself_but_not_what_somebody_edits(
    tmp_path: Path,
) -> None:
    one = _Film(tmp_path, "translate_corrections = true")
    try:
        one.sent.clear()
        one.correct("comfy UI", "ComfyUI")
        assert set(one.sent) == {SENTENCES[2].replace("comfy UI", "ComfyUI")}
        assert one.marked() == set()
        translated = one.sidecar("es").read_bytes()
        assert b"ComfyUI" in translated

        # What is approved without a correction of words changes nothing.
        one.sent.clear()
        review = one.reviews.open(one.file, Language("en"), SubtitleKind.FULL)
        reopen_review(one.reviews, review.id, ANA)
        one.correct("all night?", "all\nnight?")
        assert (one.sent, one.sidecar("es").read_bytes()) == ([], translated)
        assert one.marked() == set()

        one.edit("mesa", "tabla", "es")
        reopen_review(one.reviews, review.id, ANA)
        one.correct("car.", "bus.")
        assert (one.sent, one.sidecar("es").read_bytes()) == ([], translated)
        assert one.marked() == {"es"}
        one.correct("tabla", "tabla", "es")  # approves it as it is edited
        approved = one.sidecar("es").read_bytes()
        assert "tabla" in approved.decode()
        reopen_review(one.reviews, review.id, ANA)
        one.correct("bus.", "quay.")
        one.translate_again()
        assert (one.sent, one.sidecar("es").read_bytes()) == ([], approved)
        assert one.marked() == {"es"}

        # Without the transcript nothing is known of what the approved text corrects.
        shutil.rmtree(one.harness.state / "transcripts")
        one.harness.jobs.retry(one.file)
        one.harness.settle()
        assert (one.sent, one.sidecar("es").read_bytes()) == ([], approved)
    finally:
        one.harness.close()
