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
from subtitled.costs.gate import Errand, Gate
from subtitled.engines.wire import Waiting
from subtitled.library.sidecars import Sidecars
from subtitled.plugin import Language, Memo, Misconfigured, Problem, Rejected, Word
from subtitled.plugin.memo import write_durably
from subtitled.routing.table import routes_for
from subtitled.subtitles.formats.chapters import write_ffmetadata, write_vtt
from subtitled.subtitles.layout.repair import repair, spaced
from subtitled.subtitles.names import summary_path
from subtitled.subtitles.ownership import Provenance
from subtitled.subtitles.publish import publish
from subtitled.subtitles.scripts import is_spaceless
from subtitled.transcripts.store import TranscriptStore, recipe
from subtitled.translation.calls import write
from subtitled.translation.sentences import sentences

from .writing import PROTOCOL, Said, Summary, Write, summarise

_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a medium, as far as it is believed."""

    track: int
    language: Language
    duration: float
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A summary, its language, and the name of the translator that wrote it."""

    summary: Summary
    language: Language
    writer: str

    def text(self, ending: str) -> str:
        """What is in the file whose name has this ending."""
        match ending:
            case "chapters.vtt":
                return write_vtt(self.summary.chapters)
            case "ffmeta":
                return write_ffmetadata(self.summary.chapters)
            case _:
                return as_json(self.summary, self.language)


MADE: TypeAdapter[Made] = TypeAdapter(Made)


def heard_in(store: TranscriptStore, content: str) -> Heard | None:
    """The first track whose words in the language spoken are all stored."""
    for track in store.tracks(content):
        listened = store.listened(content, track)
        if listened is None or listened.language is None:
            continue
        removed = store.removals(content, track)
        for name in store.recipes(content, track):
            words = store.joined(content, track, name)
            if words is None or not words.language.serves(listened.language):
                continue  # not whole, or a translation
            gone = [(one.start, one.end) for one in removed.get(name, ())]
            kept = [w for w in words.words if not any(a <= w.start < b for a, b in gone)]
            said = sentences_of(kept, words.language, listened.duration)
            return Heard(track, words.language, listened.duration, said)
    return None


def sentences_of(words: Sequence[Word], language: Language, duration: float) -> tuple[Said, ...]:
    """Words that are believed, as sentences."""
    clean = repair(list(words), duration)
    if not is_spaceless(language):
        clean = spaced(clean)
    return tuple(Said(one.text, one.start) for one in sentences(clean, language))


@dataclass(frozen=True, slots=True)
class Summarising:
    """The summaries of one configuration."""

    configuration: Configuration
    gate: Gate
    store: TranscriptStore

    def summary(
        self,
        medium: Path,
        content: str,
        library: LibrarySettings,
        heard: Heard,
        language: Language,
    ) -> Made:
        """The summary of what was heard, kept for the next time, by the first of the library's
        writers that can. Raises :class:`~subtitled.plugin.Problem`."""
        writers = [name for name, _ in routes_for(self.configuration, library).writers]
        if not writers:
            raise Misconfigured(
                "no translator that the library may use can write",
                "Configure one that follows instructions, such as [translators.openai], and name "
                "where it sends text in the library's privacy unless it is local",
            )
        folder = self.store.track_folder(content, heard.track)
        problem: Problem | None = None
        for name in writers:
            settings = self.configuration.translators[name].settings.essence()
            digest = hashlib.sha256(repr(heard).encode()).hexdigest()[:16]
            mark = recipe(name, settings | {" protocol": PROTOCOL, " said": digest}, language)
            kept, answers = folder / f"summary-{mark}.json", Memo(folder / f"summary-{mark}.memo")
            try:
                return Made(_SUMMARY.validate_json(kept.read_bytes()), language, name)
            except (FileNotFoundError, ValidationError):
                pass  # nothing there, or damaged: written anew
            try:
                ask = self._writer(name, medium, content, library, answers)
                made = summarise(heard.said, heard.duration, language, ask)
            except Waiting:
                raise  # for a budget of which its owner said that it is to be waited for
            except Problem as one:
                if isinstance(one, Rejected):
                    answers.keep()  # they are of no use: the next try asks for others
                problem = one  # the next one writes
                continue
            write_durably(kept, _SUMMARY.dump_json(made, indent=1))
            answers.keep()
            return Made(made, language, name)
        assert problem is not None
        raise problem

    def _writer(
        self, name: str, medium: Path, content: str, library: LibrarySettings, answers: Memo
    ) -> Write:
        """What asks a translator to write, through the gate. Each answer is kept until the summary
        is whole: it is not paid for again after a crash."""
        configured = self.configuration.translators[name]
        able = configured.component.capabilities(configured.settings)
        translator = configured.make()

        def asked(instruction: str, text: str) -> str:
            digest = hashlib.sha256(f"{instruction}\n{text}".encode()).hexdigest()[:16]
            known = answers.read()
            if digest in known:
                return known[digest]
            key = f"summary/{name}/{content}/{digest}"
            amount = float(len(instruction) + len(text))
            errand = Errand(name, able, medium, library, "text", amount, key)
            with self.gate.sending(errand) as receipts:
                done = write(name, translator, instruction, text)
                receipts += done.sent
                answers.keep(**known, **{digest: done.text})
            return done.text

        return asked


def put(
    made: Made,
    ending: str,
    medium: Path,
    content: str,
    sidecars: Sidecars,
    folder: Path | None = None,
    *,
    by_hand: bool = False,
) -> Path:
    """Write one file of a summary, ``Film.en.summary.json``, into a folder, by default beside the
    medium. Raises :class:`~subtitled.subtitles.publish.Foreign` where another's file stands."""
    path = summary_path(medium, made.language, ending)
    if folder is not None:
        path = folder / path.name
    text, how = made.text(ending).encode(), f"written by {made.writer}"
    signed = Provenance.of(text, path.name, content, made.language, ending, how)
    publish(path, text, ours=sidecars.replaceable(path, content), provenance=signed)
    sidecars.record(path, medium, signed, by_hand=by_hand)
    return path


def as_json(summary: Summary, language: Language) -> str:
    """A summary for programs: ``language``, ``synopsis``, ``chapters`` in seconds, ``keywords``."""
    said = {"language": str(language), **_SUMMARY.dump_python(summary, mode="json")}
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"
