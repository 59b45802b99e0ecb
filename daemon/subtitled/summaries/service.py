"""The summary of one media file, from its transcript to the files beside it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.costs.egress_gate import EgressGate, OutboundRequest
from subtitled.db.sidecars import SidecarRepository
from subtitled.engines.pool import EnginePool
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.plugin import (
    Checkpoint,
    InputRejectedError,
    Language,
    SetupError,
    SubtitledError,
    Word,
)
from subtitled.plugin.files import write_atomic
from subtitled.routing.table import routing_for
from subtitled.subtitles.filenames import build_summary_path
from subtitled.subtitles.formats.chapters import write_ffmetadata, write_vtt
from subtitled.subtitles.ownership import SidecarDescription, Signature
from subtitled.subtitles.publish import publish_sidecar
from subtitled.subtitles.scripts import is_spaceless
from subtitled.subtitles.segmentation.word_repair import repair_words, restore_spaces
from subtitled.transcripts.assembly import assemble_track
from subtitled.transcripts.store import TranscriptStore
from subtitled.transcripts.variants import component_variant
from subtitled.translation.batching import split_into_sentences
from subtitled.translation.calls import call_generate

from .generation import PROTOCOL_VERSION, Generate, SpokenSentence, Summary, summarise

_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What is said in a media file, without hallucinations."""

    track: int
    language: Language
    duration: float
    sentences: tuple[SpokenSentence, ...]


@dataclass(frozen=True, slots=True)
class SummaryDocument:
    """A summary, its language and the translator that wrote it."""

    summary: Summary
    language: Language
    translator: str

    def render(self, ending: str) -> str:
        """Return the content of the file with this suffix."""
        match ending:
            case "chapters.vtt":
                return write_vtt(self.summary.chapters)
            case "ffmeta":
                return write_ffmetadata(self.summary.chapters)
            case _:
                return summary_to_json(self.summary, self.language)


SUMMARY_DOCUMENT: TypeAdapter[SummaryDocument] = TypeAdapter(SummaryDocument)


def spoken_text_from_store(store: TranscriptStore, fingerprint: str) -> SpokenText | None:
    """Return the text of the first track that is completely transcribed in the spoken language."""
    for track in store.tracks(fingerprint):
        analysis = store.analysis(fingerprint, track)
        if analysis is None or analysis.language is None:
            continue
        removed = store.removals(fingerprint, track)
        for name in store.variants(fingerprint, track):
            words = assemble_track(store, fingerprint, track, name)
            if words is None or not words.language.satisfies(analysis.language):
                continue  # Incomplete, or a translation.
            removed_spans = [(removal.start, removal.end) for removal in removed.get(name, ())]
            kept_words = [
                w for w in words.words if not any(a <= w.start < b for a, b in removed_spans)
            ]
            sentences = split_sentences(kept_words, words.language, analysis.duration)
            return SpokenText(track, words.language, analysis.duration, sentences)
    return None


def split_sentences(
    words: Sequence[Word], language: Language, duration: float
) -> tuple[SpokenSentence, ...]:
    """Group words without hallucinations into sentences."""
    clean = repair_words(list(words), duration)
    if not is_spaceless(language):
        clean = restore_spaces(clean)
    return tuple(
        SpokenSentence(sentence.text, sentence.start)
        for sentence in split_into_sentences(clean, language)
    )


@dataclass(frozen=True, slots=True)
class Summariser:
    """Writes summaries under one configuration."""

    config: Configuration
    egress_gate: EgressGate
    store: TranscriptStore
    engines: EnginePool

    def summarise_media(
        self,
        media: Path,
        fingerprint: str,
        library: LibrarySettings,
        spoken_text: SpokenText,
        language: Language,
    ) -> SummaryDocument:
        """Return a summary, stored or written now by the first translator that can.

        Args:
            media: The media file.
            fingerprint: Its fingerprint.
            library: The settings of its library.
            spoken_text: What is said in it.
            language: The language to write in.

        Raises:
            SetupError: No translator of the library supports instructions.
            SubtitledError: No translator could write it.
        """
        generators = [name for name, _ in routing_for(self.config, library).generators]
        if not generators:
            raise SetupError(
                "no translator that the library may use supports instructions",
                "Configure one that follows instructions, such as [translators.openai], and name "
                "where it sends text in the library's allowed_destinations unless it is local",
            )
        folder = self.store.track_folder(fingerprint, spoken_text.track)
        error: SubtitledError | None = None
        for name in generators:
            digest = hashlib.sha256(repr(spoken_text).encode()).hexdigest()[:16]
            facts = {" protocol": PROTOCOL_VERSION, " said": digest}
            variant = component_variant(self.config.translators[name], language, facts)
            summary_path, answers = (
                folder / f"summary-{variant}.json",
                Checkpoint(folder / f"summary-{variant}.checkpoint.json"),
            )
            try:
                return SummaryDocument(
                    _SUMMARY.validate_json(summary_path.read_bytes()), language, name
                )
            except (FileNotFoundError, ValidationError):
                pass  # It is missing or damaged and is written again.
            try:
                generate = self._generator(name, media, fingerprint, library, answers)
                summary = summarise(spoken_text.sentences, spoken_text.duration, language, generate)
            except ResourceUnavailableError:
                raise  # The user wants to wait for this budget.
            except SubtitledError as failure:
                if isinstance(failure, InputRejectedError):
                    answers.save()  # The stored answers are of no use.
                error = failure  # The next translator is tried.
                continue
            write_atomic(summary_path, _SUMMARY.dump_json(summary, indent=1))
            answers.save()
            return SummaryDocument(summary, language, name)
        assert error is not None
        raise error

    def _generator(
        self,
        name: str,
        media: Path,
        fingerprint: str,
        library: LibrarySettings,
        answers: Checkpoint,
    ) -> Generate:
        """Return a function that calls a translator through the egress gate.

        Each answer is stored until the summary is complete, so a crash costs no second payment.
        """
        configured = self.config.translators[name]
        capabilities = configured.capabilities()
        translator = self.engines.open_translator(name)

        def asked(instruction: str, text: str) -> str:
            digest = hashlib.sha256(f"{instruction}\n{text}".encode()).hexdigest()[:16]
            stored = answers.load()
            if digest in stored:
                return stored[digest]
            key = f"summary/{name}/{fingerprint}/{digest}"
            amount = float(len(instruction) + len(text))
            outbound = OutboundRequest(
                component=name,
                capabilities=capabilities,
                media=media,
                library=library,
                kind="text",
                amount=amount,
                key=key,
            )
            with self.egress_gate.authorise(outbound) as receipts:
                generation = call_generate(name, translator, instruction, text)
                receipts += generation.usage
                answers.save(**stored, **{digest: generation.text})
            return generation.text

        return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryTarget:
    """The media file of a summary, and where the summary is written."""

    media: Path
    fingerprint: str
    folder: Path | None = None
    """Where to write; by default beside the media file."""
    is_user_requested: bool = False
    """Whether a person asked for it."""


def publish_summary(
    document: SummaryDocument,
    suffix: str,
    target: SummaryTarget,
    sidecars: SidecarRepository,
) -> Path:
    """Publish one file of a summary, such as ``Film.en.summary.json``.

    Args:
        document: The summary.
        suffix: The suffix that names the file's format.
        target: The media file, and where to write.
        sidecars: The repository of sidecars.

    Returns:
        The path of the file.

    Raises:
        ForeignFileError: A file of that name is not ours.
    """
    path = build_summary_path(target.media, document.language, suffix)
    if target.folder is not None:
        path = target.folder / path.name
    text = document.render(suffix).encode()
    description = SidecarDescription(
        name=path.name,
        fingerprint=target.fingerprint,
        language=document.language,
        format=suffix,
        variant=f"written by {document.translator}",
    )
    signature = Signature.create(text, description)
    own_digest = sidecars.own_digest(path, target.fingerprint)
    publish_sidecar(path, text, own_digest=own_digest, signature=signature)
    sidecars.record_written(
        path, target.media, signature, is_user_requested=target.is_user_requested
    )
    return path


def summary_to_json(summary: Summary, language: Language) -> str:
    """Convert a summary to JSON.

    Its keys are ``language``, ``synopsis``, ``chapters`` with times in seconds, and ``keywords``.
    """
    payload = {"language": str(language), **_SUMMARY.dump_python(summary, mode="json")}
    return json.dumps(payload, indent=2, ensure_ascii=False) + "\n"
