"""One wish after the other is fulfilled: by the first way that gives a text in its language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from subtitled.library.wishes import Origin
from subtitled.media.probe import MediaFacts
from subtitled.plugin import Cue, Kind, Language, Rejected, Subtitle, Temporary, Word
from subtitled.routing.production_plan import Attempt, Part, Planned
from subtitled.routing.table import Means, Way
from subtitled.subtitles.chinese import subtitle_in
from subtitled.subtitles.identification import objection
from subtitled.subtitles.sdh import spoken as what_is_spoken
from subtitled.transcription.recognition import Voice

from .people import People
from .texts import Texts

if TYPE_CHECKING:
    from .making import Making


@dataclass(frozen=True, slots=True)
class Filled:
    """What became of a wish: a subtitle and how it was made, or why not."""

    subtitle: Subtitle | None = None
    attempt: Attempt | None = None
    refused: tuple[str, ...] = ()
    """Why the ways before it, or all, gave nothing."""
    silent: bool = False
    """Nothing could be recognised: that nobody speaks is no failure."""
    below: Subtitle | None = None
    """What is shown below it, in a subtitle with two languages."""
    below_attempt: Attempt | None = None

    @property
    def how(self) -> str:
        """How it was made, for people."""
        return f"{self.attempt}" + (f"; below it {self.below_attempt}" if self.below else "")


@dataclass(slots=True)
class Filling:
    """All wishes of one job."""

    making: Making
    facts: MediaFacts
    main: int
    """The index of the chosen audio track."""
    _texts: dict[tuple[int, Language, Language | None], Texts] = field(default_factory=dict)

    def fill(self, wish: Planned) -> Filled:
        """Try one way after the other. Raises what may pass, and what concerns them all."""
        upper = self._filled(wish)
        if wish.below is None:
            return upper
        lower = self._filled(wish.below)
        if upper.subtitle is None or lower.subtitle is None:
            silent = "nothing that was said could be recognised"
            refused = (*upper.refused, *lower.refused)
            return Filled(refused=refused if refused else (silent,))
        return replace(upper, below=lower.subtitle, below_attempt=lower.attempt)

    def _filled(self, wish: Planned) -> Filled:
        refused: list[str] = []
        for attempt in wish.attempts:
            last = attempt is wish.attempts[-1]
            try:
                made = self._made(wish, attempt)
            except Rejected as problem:
                if last and not refused:
                    raise
                refused.append(str(problem))
                continue
            if isinstance(made, str):
                refused.append(made)
            elif not made.cues:
                return Filled(refused=tuple(refused), silent=True)
            elif (wrong := self._wrong(made, wish, attempt)) is not None:
                refused.append(wrong)
            else:
                return Filled(made, attempt, tuple(refused))
        return Filled(refused=tuple(refused))

    def _made(self, wish: Planned, attempt: Attempt) -> Subtitle | str:
        """The subtitle in the wanted language, or why the source is no good."""
        if attempt.source.origin is Origin.AUDIO:
            made = self._from_audio(attempt)
        else:
            made = self._from_text(attempt)
        if isinstance(made, str):
            return made
        found = subtitle_in(made, wish.language)
        return Subtitle(found.language, found.cues, wish.kind, found.words, found.title)

    def _from_audio(self, attempt: Attempt) -> Subtitle | str:
        source = attempt.source
        track = self.main if source.is_main else int(source.where)
        spoken = self.making.listening.hear(self.facts, track, main=source.is_main)
        if spoken is None:
            if source.is_main:
                return Subtitle(attempt.through, ())
            return f"nobody speaks in track {track}"
        if spoken != source.language:
            if not source.is_main:
                return f"track {track} is tagged {source.language}, but {spoken} is heard in it"
            raise Temporary(
                f"{spoken} is spoken, not {source.language} as its tag says",
                "It is decided anew at the next try",
            )
        subtitles = [
            texts.subtitle(_target(part, attempt.through), way)
            for part, way, texts in self._said(track, attempt.parts)
        ]
        return _together(attempt.through, subtitles)

    def words(self, parts: Sequence[Part]) -> list[Word]:
        """What is said in the main track, each part in its own language, in the order of time."""
        said = [texts.words(way) for _, way, texts in self._said(self.main, parts)]
        return sorted(chain.from_iterable(said), key=lambda word: word.start)

    def _from_text(self, attempt: Attempt) -> Subtitle | str:
        source = attempt.source
        way = attempt.parts[0].way if attempt.parts else None
        people = People(self.making, self.facts)
        read = self.making.steps.run(
            f"read {source.origin} {source.where}", partial(people.digest, source)
        )
        cues = people.cues(source, read)
        if way is not None:
            cues = what_is_spoken(cues)
        title = self.making.job.medium.stem
        if (unfit := people.unfit(cues, source)) is not None:
            return unfit
        if way is None:
            return Subtitle(attempt.through, cues, title=title)
        texts = Texts(Voice(self.making, self.facts, self.main, source.language))
        return Subtitle(attempt.through, texts.translated(cues, attempt.through, way), title=title)

    def _said(self, track: int, parts: Sequence[Part]) -> Iterator[tuple[Part, Way, Texts]]:
        several = len(self.making.listening.listened(track).runs or ()) > 1
        for part in parts:
            key = (track, part.language, part.language if several else None)
            if key not in self._texts:
                self._texts[key] = Texts(Voice(self.making, self.facts, *key))
            if part.way is not None:
                yield part, part.way, self._texts[key]

    def _wrong(self, made: Subtitle, wish: Planned, attempt: Attempt) -> str | None:
        """Why a text may not be published under its name."""
        by_right = [
            part.language
            for part in attempt.parts
            if part.way is not None and part.way.means is Means.TRANSCRIBE
        ]
        also = [one for one in by_right if not one.serves(wish.language)]
        found = objection([cue.text for cue in made.cues], wish.language, also)
        if found is None:
            return None
        said = found.english_name if isinstance(found, Language) else found
        return f"what was {attempt} is not in {wish.language.english_name}: it is {said}"


def _target(part: Part, through: Language) -> Language:
    """What a part is to be made in: what is only written down stays in its language."""
    assert part.way is not None
    return part.language if part.way.means is Means.TRANSCRIBE else through


def _together(language: Language, parts: Sequence[Subtitle]) -> Subtitle:
    """The parts of one medium as one subtitle, in the order of time."""
    if len(parts) == 1 and parts[0].language == language:
        return parts[0]
    cues = sorted(chain.from_iterable(part.cues for part in parts), key=lambda cue: cue.start)
    words: list[Word] = []
    if all(part.words for part in parts):
        words = sorted(chain.from_iterable(part.words for part in parts), key=lambda w: w.start)
    title = parts[0].title if parts else ""
    return Subtitle(language, tuple(_apart(cues)), words=tuple(words), title=title)


def _apart(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Cues that linger no longer than until the next one, which another part may have."""
    for number, cue in enumerate(cues):
        end = min(cue.end, cues[number + 1].start) if number + 1 < len(cues) else cue.end
        if end > cue.start:
            yield Cue(cue.start, end, cue.text)


__all__ = ["Filled", "Filling", "Kind"]
