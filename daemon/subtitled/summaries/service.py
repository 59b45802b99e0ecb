"""The summary of one medium: from its transcript to files beside it, through the gate."""

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
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.plugin import (
    Checkpoint,
    InputRejectedError,
    Language,
    SetupError,
    SubtitledError,
    Word,
)
from subtitled.plugin.checkpoint import write_atomic
from subtitled.routing.table import routing_for
from subtitled.subtitles.filenames import build_summary_path
from subtitled.subtitles.formats.chapters import write_ffmetadata, write_vtt
from subtitled.subtitles.ownership import Signature
from subtitled.subtitles.publish import publish_sidecar
from subtitled.subtitles.scripts import is_spaceless
from subtitled.subtitles.segmentation.word_repair import repair_words, restore_spaces
from subtitled.transcripts.store import TranscriptStore, variant_key
from subtitled.translation.batching import split_into_sentences
from subtitled.translation.calls import call_generate

from .generation import PROTOCOL_VERSION, Generate, SpokenSentence, Summary, summarise

_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)


@dataclass(frozen=True, slots=True)
class SpokenText:
    """What was said in a medium, as far as it is believed."""

    track: int
    language: Language
    duration: float
    sentences: tuple[SpokenSentence, ...]


@dataclass(frozen=True, slots=True)
class SummaryDocument:
    """A summary, its language, and the name of the translator that wrote it."""

    summary: Summary
    language: Language
    translator: str

    def render(self, ending: str) -> str:
        """What is in the file whose name has this ending."""
        match ending:
            case "chapters.vtt":
                return write_vtt(self.summary.chapters)
            case "ffmeta":
                return write_ffmetadata(self.summary.chapters)
            case _:
                return summary_to_json(self.summary, self.language)


SUMMARY_DOCUMENT: TypeAdapter[SummaryDocument] = TypeAdapter(SummaryDocument)


def spoken_text_from_store(store: TranscriptStore, fingerprint: str) -> SpokenText | None:
    """The first track whose words in the language spoken are all stored."""
    for track in store.tracks(fingerprint):
        analysis = store.analysis(fingerprint, track)
        if analysis is None or analysis.language is None:
            continue
        removed = store.removals(fingerprint, track)
        for name in store.variants(fingerprint, track):
            words = store.assemble_any(fingerprint, track, name)
            if words is None or not words.language.satisfies(analysis.language):
                continue  # not whole, or a translation
            gone = [(one.start, one.end) for one in removed.get(name, ())]
            kept = [w for w in words.words if not any(a <= w.start < b for a, b in gone)]
            said = split_sentences(kept, words.language, analysis.duration)
            return SpokenText(track, words.language, analysis.duration, said)
    return None


def split_sentences(
    words: Sequence[Word], language: Language, duration: float
) -> tuple[SpokenSentence, ...]:
    """Words that are believed, as sentences."""
    clean = repair_words(list(words), duration)
    if not is_spaceless(language):
        clean = restore_spaces(clean)
    return tuple(
        SpokenSentence(one.text, one.start) for one in split_into_sentences(clean, language)
    )


@dataclass(frozen=True, slots=True)
class Summariser:
    """The summaries of one configuration."""

    config: Configuration
    egress_gate: EgressGate
    store: TranscriptStore

    def summarise_media(
        self,
        media: Path,
        fingerprint: str,
        library: LibrarySettings,
        heard: SpokenText,
        language: Language,
    ) -> SummaryDocument:
        """The summary of what was heard, kept for the next time, by the first of the library's
        writers that can. Raises :class:`~subtitled.plugin.SubtitledError`."""
        writers = [name for name, _ in routing_for(self.config, library).generators]
        if not writers:
            raise SetupError(
                "no translator that the library may use can write",
                "Configure one that follows instructions, such as [translators.openai], and name "
                "where it sends text in the library's allowed_destinations unless it is local",
            )
        folder = self.store.track_folder(fingerprint, heard.track)
        error: SubtitledError | None = None
        for name in writers:
            settings = self.config.translators[name].settings.result_fields()
            digest = hashlib.sha256(repr(heard).encode()).hexdigest()[:16]
            mark = variant_key(
                name, settings | {" protocol": PROTOCOL_VERSION, " said": digest}, language
            )
            kept, answers = (
                folder / f"summary-{mark}.json",
                Checkpoint(folder / f"summary-{mark}.checkpoint.json"),
            )
            try:
                return SummaryDocument(_SUMMARY.validate_json(kept.read_bytes()), language, name)
            except (FileNotFoundError, ValidationError):
                pass  # nothing there, or damaged: written anew
            try:
                ask = self._generator(name, media, fingerprint, library, answers)
                made = summarise(heard.sentences, heard.duration, language, ask)
            except ResourceUnavailableError:
                raise  # for a budget of which its owner said that it is to be waited for
            except SubtitledError as one:
                if isinstance(one, InputRejectedError):
                    answers.save()  # they are of no use: the next try asks for others
                error = one  # the next one writes
                continue
            write_atomic(kept, _SUMMARY.dump_json(made, indent=1))
            answers.save()
            return SummaryDocument(made, language, name)
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
        """What asks a translator to write, through the gate. Each answer is kept until the summary
        is whole: it is not paid for again after a crash."""
        configured = self.config.translators[name]
        capabilities = configured.component_class.capabilities(configured.settings)
        translator = configured.create()

        def asked(instruction: str, text: str) -> str:
            digest = hashlib.sha256(f"{instruction}\n{text}".encode()).hexdigest()[:16]
            known = answers.load()
            if digest in known:
                return known[digest]
            key = f"summary/{name}/{fingerprint}/{digest}"
            amount = float(len(instruction) + len(text))
            errand = OutboundRequest(name, capabilities, media, library, "text", amount, key)
            with self.egress_gate.authorise(errand) as receipts:
                done = call_generate(name, translator, instruction, text)
                receipts += done.usage
                answers.save(**known, **{digest: done.text})
            return done.text

        return asked


def publish_summary(
    document: SummaryDocument,
    suffix: str,
    media: Path,
    fingerprint: str,
    sidecars: SidecarRepository,
    folder: Path | None = None,
    *,
    is_user_requested: bool = False,
) -> Path:
    """Write one file of a summary, ``Film.en.summarise_media.json``, into a folder, by default
    beside the medium. Raises :class:`~subtitled.subtitles.publish_sidecar.Foreign` where another's
    file stands."""
    path = build_summary_path(media, document.language, suffix)
    if folder is not None:
        path = folder / path.name
    text, how = document.render(suffix).encode(), f"written by {document.translator}"
    signed = Signature.create(text, path.name, fingerprint, document.language, suffix, how)
    publish_sidecar(path, text, own_digest=sidecars.own_digest(path, fingerprint), signature=signed)
    sidecars.record_written(path, media, signed, is_user_requested=is_user_requested)
    return path


def summary_to_json(summary: Summary, language: Language) -> str:
    """A summary for programs: ``language``, ``synopsis``, ``chapters`` in seconds, ``keywords``."""
    said = {"language": str(language), **_SUMMARY.dump_python(summary, mode="json")}
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"
