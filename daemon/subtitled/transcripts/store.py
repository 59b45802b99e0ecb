"""Transcripts by content: what was once heard is never listened to again.

A folder per content identity holds what each track said, so that renaming, moving, a new language,
format or style decodes and recognises nothing::

    transcripts/ab/ab12.../1/listened.json            where somebody speaks, in which language
    transcripts/ab/ab12.../1/retimed.json             whose words it took over, or why it did not
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.json    the words of one stretch
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.course.json  what became of it, if not the usual
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.said.json    a text that has no times yet
    transcripts/ab/ab12.../1/whisper-3f2a.../0-480.memo.json    what its engine has to remember
    transcripts/ab/ab12.../1/whisper-3f2a.../removed.json  what of them is not believed, and why
    transcripts/ab/ab12.../1/whisper-3f2a.../terms.json    the terms that the recogniser was told
    transcripts/ab/ab12.../shots.json                      where the picture cuts
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from subtitled.engines.wire import TRANSCRIPT
from subtitled.plugin import Interval, Language, Memo, Stretch, Transcript
from subtitled.plugin.memo import write_durably
from subtitled.subtitles.guards import Removal

from .fallback import FallbackRecord
from .heard import Listened, Retimed, Shots

T = TypeVar("T")
_FALLBACK: TypeAdapter[FallbackRecord] = TypeAdapter(FallbackRecord)
_LISTENED: TypeAdapter[Listened] = TypeAdapter(Listened)
_RETIMED: TypeAdapter[Retimed] = TypeAdapter(Retimed)
_SHOTS: TypeAdapter[Shots] = TypeAdapter(Shots)
_TERMS: TypeAdapter[tuple[str, ...]] = TypeAdapter(tuple[str, ...])
_REMOVED: TypeAdapter[tuple[Removal, ...]] = TypeAdapter(tuple[Removal, ...])


def recipe(engine: str, settings: dict[str, Any], into: Language | None) -> str:
    """A short name for "this engine with these settings", safe as a folder's name."""
    said = json.dumps([engine, settings, into], sort_keys=True, default=str)
    return f"{engine}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"


class TranscriptStore:
    """The transcripts in one folder. Readers and writers of several processes may share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def listened(self, content: str, track: int) -> Listened | None:
        """What was heard of a track, or None."""
        return _read(self._track(content, track) / "listened.json", _LISTENED)

    def keep_listened(self, content: str, track: int, listened: Listened) -> None:
        write_durably(
            self._track(content, track) / "listened.json", _LISTENED.dump_json(listened, indent=1)
        )

    def forget_listened(self, content: str) -> None:
        """Have every track of a content listened to anew in which nobody was heard to speak."""
        for track in self.tracks(content):
            known = self.listened(content, track)
            if known is not None and not known.speech:
                (self._track(content, track) / "listened.json").unlink(missing_ok=True)

    def retimed(self, content: str, track: int) -> Retimed | None:
        """Whose words a track took over, or why it did not; None where nothing was compared."""
        return _read(self._track(content, track) / "retimed.json", _RETIMED)

    def taken_over(self, content: str) -> set[str]:
        """The contents whose words were taken over for this one."""
        said = [self.retimed(content, track) for track in self.tracks(content)]
        return {one.content for one in said if one is not None and not one.doubt}

    def keep_retimed(self, content: str, track: int, retimed: Retimed) -> None:
        write_durably(
            self._track(content, track) / "retimed.json", _RETIMED.dump_json(retimed, indent=1)
        )

    def tracks(self, content: str) -> list[int]:
        """The tracks of a content that something is known of."""
        folder = self.folder / content[:2] / content
        return sorted(int(path.name) for path in _inside(folder) if path.name.isdecimal())

    def recipes(self, content: str, track: int) -> list[str]:
        """The recipes by which something of a track was recognised."""
        return sorted(path.name for path in _inside(self._track(content, track)) if path.is_dir())

    def joined(self, content: str, track: int, recipe: str) -> Transcript | None:
        """All that was recognised of a track, whatever it was cut into; None if some is missing."""
        listened = self.listened(content, track)
        if listened is None:
            return None
        spans = sorted(
            {
                (int(begin), -int(end))
                for path in _inside(self._track(content, track) / recipe)
                for begin, _, end in [path.name.removesuffix(".json").partition("-")]
                for end in [end.removesuffix(".course")]
                if begin.isdecimal() and end.isdecimal()
            }
        )
        at, parts = 0, []
        for begin, end in ((begin, -end) for begin, end in spans):
            if begin != at:
                continue  # of another length of stretch
            part = self._counting(content, track, recipe, f"{begin}-{end}")
            if part is not None:
                parts.append(part)
                at = end
        if not parts or at < round(listened.duration * 1000):
            return None
        words = tuple(word for part in parts for word in part.words)
        evidence = tuple(one for part in parts for one in part.evidence)
        return Transcript(parts[0].language, words, parts[0].engine, parts[0].recipe, evidence)

    def stretch(self, content: str, track: int, recipe: str, stretch: Stretch) -> Transcript | None:
        """The words of one stretch under one recipe, or None."""
        return _read(self._stretch(content, track, recipe, stretch), TRANSCRIPT)

    def keep_stretch(
        self, content: str, track: int, recipe: str, stretch: Stretch, words: Transcript
    ) -> None:
        write_durably(
            self._stretch(content, track, recipe, stretch), TRANSCRIPT.dump_json(words, indent=1)
        )
        self._stretch(content, track, recipe, stretch, ".said").unlink(missing_ok=True)

    def draft(self, content: str, track: int, recipe: str, stretch: Stretch) -> Transcript | None:
        """What an engine said of a stretch, before its words were given times."""
        return _read(self._stretch(content, track, recipe, stretch, ".said"), TRANSCRIPT)

    def keep_draft(
        self, content: str, track: int, recipe: str, stretch: Stretch, words: Transcript
    ) -> None:
        target = self._stretch(content, track, recipe, stretch, ".said")
        write_durably(target, TRANSCRIPT.dump_json(words, indent=1))

    def memo(self, content: str, track: int, recipe: str, stretch: Stretch) -> Memo:
        """A place for what an engine has to remember of one stretch."""
        return Memo(self._stretch(content, track, recipe, stretch, ".memo"))

    def course(
        self, content: str, track: int, recipe: str, stretch: Stretch
    ) -> FallbackRecord | None:
        """How a stretch came to its words; None if by the engine alone, or not at all yet."""
        return _read(self._stretch(content, track, recipe, stretch, ".course"), _FALLBACK)

    def keep_course(
        self, content: str, track: int, recipe: str, stretch: Stretch, course: FallbackRecord
    ) -> None:
        target = self._stretch(content, track, recipe, stretch, ".course")
        write_durably(target, _FALLBACK.dump_json(course, indent=1))

    def courses(self, content: str, track: int) -> list[tuple[Interval, FallbackRecord]]:
        """Every stretch of a track that did not go the usual way, in order of time."""
        found = []
        for path in self._track(content, track).glob("*/*.course.json"):
            begin, _, end = path.name.removesuffix(".course.json").partition("-")
            course = _read(path, _FALLBACK)
            if course is not None and begin.isdecimal() and end.isdecimal():
                found.append((Interval(int(begin) / 1000, int(end) / 1000), course))
        return sorted(found, key=lambda one: (one[0], one[1].recipe))

    def counting(
        self, content: str, track: int, recipe: str, stretch: Stretch
    ) -> Transcript | None:
        """The words that count for a stretch: its engine's, or those of whom it was given to."""
        name = self._stretch(content, track, recipe, stretch).stem
        return self._counting(content, track, recipe, name)

    def _counting(self, content: str, track: int, recipe: str, name: str) -> Transcript | None:
        folder = self._track(content, track)
        course = _read(folder / recipe / f"{name}.course.json", _FALLBACK)
        return _read(folder / (course.recipe if course else recipe) / f"{name}.json", TRANSCRIPT)

    def terms(self, content: str, track: int) -> dict[str, tuple[str, ...]]:
        """The terms that the recogniser of each recipe was told last."""
        found = {}
        for path in sorted(self._track(content, track).glob("*/terms.json")):
            found[path.parent.name] = _read(path, _TERMS) or ()
        return found

    def keep_terms(self, content: str, track: int, recipe: str, terms: tuple[str, ...]) -> None:
        """Beside the stretches: they are no part of the recipe, whose words outlive them."""
        path = self._track(content, track) / recipe / "terms.json"
        if (_read(path, _TERMS) or ()) != terms:
            write_durably(path, _TERMS.dump_json(terms))

    def forget_words(self, content: str) -> None:
        """Have everything that was recognised of a content recognised anew. What is known of
        where somebody speaks, and in which language, stays."""
        for track in self.tracks(content):
            for recipe in self.recipes(content, track):
                shutil.rmtree(self._track(content, track) / recipe)

    def whole(
        self, content: str, track: int, recipe: str, stretches: Sequence[Stretch]
    ) -> Transcript | None:
        """All stretches joined, whoever did them, or None if one is missing."""
        parts = [self.counting(content, track, recipe, stretch) for stretch in stretches]
        known = [part for part in parts if part is not None]
        if len(known) != len(parts) or not known:
            return None
        words = tuple(word for part in known for word in part.words)
        evidence = tuple(one for part in known for one in part.evidence)
        engines = ", ".join(dict.fromkeys(part.engine for part in known if part.engine))
        return Transcript(known[0].language, words, engines, recipe, evidence)

    def removals(self, content: str, track: int) -> dict[str, tuple[Removal, ...]]:
        """What was left out of the transcripts of a track and why, by recipe."""
        found = {}
        for path in sorted(self._track(content, track).glob("*/removed.json")):
            found[path.parent.name] = _read(path, _REMOVED) or ()
        return found

    def keep_removals(
        self,
        content: str,
        track: int,
        recipe: str,
        removals: tuple[Removal, ...],
        stretches: Sequence[Stretch],
    ) -> None:
        """Beside the stretches that they are from, which stay as they are, as do other removals."""
        path = self._track(content, track) / recipe / "removed.json"
        before = _read(path, _REMOVED) or ()
        others = (one for one in before if not any(_in(stretch, one) for stretch in stretches))
        now = tuple(sorted({*others, *removals}, key=lambda one: one.start))
        if before != now:
            write_durably(path, _REMOVED.dump_json(now, indent=1))

    def shots(self, content: str) -> Shots | None:
        """Where the picture cuts, or None where nobody looked yet."""
        return _read(self.folder / content[:2] / content / "shots.json", _SHOTS)

    def keep_shots(self, content: str, shots: Shots) -> None:
        target = self.folder / content[:2] / content / "shots.json"
        write_durably(target, _SHOTS.dump_json(shots, indent=1))

    def track_folder(self, content: str, track: int) -> Path:
        """Where everything of a track lies; what is made of its words lies there too."""
        return self._track(content, track)

    def _track(self, content: str, track: int) -> Path:
        return self.folder / content[:2] / content / str(track)

    def _stretch(
        self, content: str, track: int, recipe: str, stretch: Stretch, kind: str = ""
    ) -> Path:
        start, end = (round(t * 1000) for t in (stretch.interval.start, stretch.interval.end))
        return self._track(content, track) / recipe / f"{start}-{end}{kind}.json"


def _in(stretch: Stretch, removal: Removal) -> bool:
    return stretch.interval.start <= removal.start < stretch.interval.end


def _inside(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def _read(path: Path, adapter: TypeAdapter[T]) -> T | None:
    try:
        return adapter.validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError:
        # Damaged on disk: as good as missing, and written anew.
        return None
