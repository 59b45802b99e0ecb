"""The summary of one medium: from its stored transcript to files beside it, through the gate."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language, Misconfigured, Problem, Rejected, Transcript
from subtitled.plugin.memo import write_durably
from subtitled.subtitles.formats.chapters import write_ffmetadata, write_vtt
from subtitled.subtitles.layout.repair import repair, spaced
from subtitled.subtitles.names import LONGEST_NAME
from subtitled.subtitles.publish import publish
from subtitled.subtitles.scripts import is_spaceless

from ..engines.wire import Waiting
from ..recognising.transcripts import TranscriptStore, recipe
from ..routes import routes_for
from ..spending.gate import Errand, Gate
from ..translation.calls import write
from ..translation.sentences import sentences
from .writing import PROTOCOL, Said, Summary, Write, summarise

_SUMMARY: TypeAdapter[Summary] = TypeAdapter(Summary)
_DIGESTS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


@dataclass(frozen=True, slots=True)
class Heard:
    """What was said in a medium, as far as it is believed."""

    track: int
    language: Language
    duration: float
    said: tuple[Said, ...]


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
            said = _said(words, gone, listened.duration)
            return Heard(track, words.language, listened.duration, said)
    return None


def _said(
    transcript: Transcript, gone: list[tuple[float, float]], duration: float
) -> tuple[Said, ...]:
    words = [
        word
        for word in transcript.words
        if not any(start <= word.start < end for start, end in gone)
    ]
    clean = repair(words, duration)
    if not is_spaceless(transcript.language):
        clean = spaced(clean)
    return tuple(Said(one.text, one.start) for one in sentences(clean, transcript.language))


@dataclass(frozen=True, slots=True)
class Summarising:
    """The summaries of one configuration."""

    configuration: Configuration
    gate: Gate
    store: TranscriptStore

    def summary(
        self, medium: Path, content: str, library: LibrarySettings, heard: Heard
    ) -> Summary:
        """The summary of what was heard, kept for the next time, by the first translator that
        writes and can; it is in the language spoken. Raises :class:`~subtitled.plugin.Problem`."""
        found = routes_for(self.configuration, library).translators
        writers = [name for name, able in found if able.writes]
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
            mark = recipe(name, settings | {" protocol": PROTOCOL, " said": digest}, heard.language)
            kept = folder / f"summary-{mark}.json"
            try:
                return _SUMMARY.validate_json(kept.read_bytes())
            except (FileNotFoundError, ValidationError):
                pass  # nothing there, or damaged: written anew
            try:
                made = summarise(
                    *(heard.said, heard.duration, heard.language),
                    self._writer(name, medium, content, library),
                )
            except Waiting:
                raise  # for a budget of which its owner said that it is to be waited for
            except Problem as one:
                problem = one  # the next one writes
                continue
            write_durably(kept, _SUMMARY.dump_json(made, indent=1))
            return made
        assert problem is not None
        raise problem

    def _writer(self, name: str, medium: Path, content: str, library: LibrarySettings) -> Write:
        """What asks a translator to write, through the gate."""
        configured = self.configuration.translators[name]
        able = configured.component.capabilities(configured.settings)
        translator = configured.make()

        def asked(instruction: str, text: str) -> str:
            digest = hashlib.sha256(f"{instruction}\n{text}".encode()).hexdigest()[:16]
            key = f"summary/{name}/{content}/{digest}"
            amount = float(len(instruction) + len(text))
            errand = Errand(name, able, medium, library, "text", amount, key)
            with self.gate.sending(errand) as receipts:
                done = write(name, translator, instruction, text)
                receipts += done.sent
            return done.text

        return asked

    def publish(self, summary: Summary, medium: Path, folder: Path, heard: Heard) -> list[Path]:
        """``Film.summary.json``, ``Film.chapters.vtt`` and ``Film.ffmeta`` in a folder. Raises
        :class:`~subtitled.subtitles.publish.Foreign` where another's file stands in the way."""
        made = {"summary.json": as_json(summary, heard.language)}
        if summary.chapters:
            made["chapters.vtt"] = write_vtt(summary.chapters)
            made["ffmeta"] = write_ffmetadata(summary.chapters)
        return [self._put(folder / _name(medium, end), text) for end, text in made.items()]

    def _put(self, target: Path, text: str) -> Path:
        # No signature: these are no subtitles, and nobody takes them for any. What we wrote is
        # remembered by its place, so that it alone is replaced.
        place = hashlib.sha256(os.fsencode(target)).hexdigest()
        known = self.store.folder / "summaries" / f"{place}.json"
        try:
            ours = _DIGESTS.validate_json(known.read_bytes()).get("sha256")
        except (FileNotFoundError, ValidationError):
            ours = None
        digest = publish(target, text.encode(), ours=ours)
        write_durably(known, _DIGESTS.dump_json({"sha256": digest}))
        return target


def as_json(summary: Summary, language: Language) -> str:
    """A summary for programs: ``language``, ``synopsis``, ``chapters`` in seconds, ``keywords``."""
    said = {"language": str(language), **_SUMMARY.dump_python(summary, mode="json")}
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def _name(medium: Path, end: str) -> str:
    name = f"{medium.stem}.{end}"
    if len(os.fsencode(name)) > LONGEST_NAME:
        raise Rejected(
            f"the name of the summary would be longer than {LONGEST_NAME} bytes",
            "Give the medium a shorter name",
        )
    return name
