"""Scenes that are translated while the rest of their track is transcribed.

Nothing is decided by it. The lines are kept in the cache of their translator, and the steps of the
translation ask for those that are not there. A line is asked for again only if its text, or the
line before it, became another one.
"""

from __future__ import annotations

import functools
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from subtitled.jobcontext.job import Job
from subtitled.media.errors import ShutdownRequested
from subtitled.plugin import Language, Transcript, Word
from subtitled.policy.requirements import Origin
from subtitled.routing.production_plan import ProductionPath
from subtitled.routing.table import RouteKind
from subtitled.transcripts.models import TrackAnalysis

_log = logging.getLogger(__name__)

DROP_SECONDS = 5.0
"""Seconds that a job which fails waits for the call that a translator has now."""
TranslateAhead = Callable[[Sequence[Word], Callable[[], bool]], None]
"""Translates what later words do not change of the words from the beginning of a track, as long as
a function says that it is wanted."""


MIN_CONFIDENCE = 0.9
"""Confidence in the language from which text is translated before all of it is there."""


def is_translated_speech_text(path: ProductionPath) -> bool:
    """Return whether the text of the main track, all in one language, is translated on a path."""
    source, parts = path.source, path.segments
    route = parts[0].route if len(parts) == 1 else None
    return (
        source.origin is Origin.AUDIO
        and source.is_main
        and route is not None
        and route.kind is RouteKind.TRANSLATE_TEXT
    )


def is_language_certain(path: ProductionPath, analysis: TrackAnalysis, job: Job) -> bool:
    """Return whether the language is certain enough to translate before all text is there.

    The text in a wrong one would be translated for nothing.

    Args:
        path: The way to the translation.
        analysis: What is known of the main track.
        job: The job.
    """
    if job.uses_stored_words_only or analysis.language != path.segments[0].language:
        return False
    return analysis.confidence >= MIN_CONFIDENCE or job.spoken is not None


@dataclass(frozen=True, slots=True)
class SpokenText:
    """The text of a track in the language spoken, as one engine writes it."""

    track: int
    """The index of the audio track."""
    language: Language
    engine: str


class EarlyTranslation:
    """Translates texts in a thread as they become longer."""

    def __init__(self, must_stop: Callable[[], bool]) -> None:
        """Create it without a thread.

        Args:
            must_stop: Whether the job is to end, so that no further batch is translated.
        """
        self._must_stop = must_stop
        self._runs: dict[SpokenText, dict[Language, TranslateAhead]] = {}
        self._news: dict[SpokenText, Callable[[], Transcript]] = {}
        self._changed = threading.Condition()
        self._ended = threading.Event()
        """Is set when the thread is to end. The next one has another."""
        self._thread: threading.Thread | None = None

    def has(self, text: SpokenText, target: Language) -> bool:
        """Return whether a text is to be translated into a language."""
        return target in self._runs.get(text, {})

    def add(self, text: SpokenText, target: Language, run: TranslateAhead) -> None:
        """Have a text translated, as soon as :meth:`follow` is called for it.

        Args:
            text: The text.
            target: The language to translate into.
            run: Translates it.
        """
        with self._changed:
            self._runs.setdefault(text, {})[target] = run

    def follow(self, text: SpokenText, find_words: Callable[[], Transcript]) -> None:
        """Say that a text has become longer.

        Args:
            text: The text. If it is not to be translated, nothing happens.
            find_words: Returns its words from the beginning of the track.
        """
        with self._changed:
            if text not in self._runs:
                return
            self._news[text] = find_words
            self._changed.notify()
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, args=[self._ended], name="early translation", daemon=True
                )
                self._thread.start()

    def finish(self, timeout: float | None = None) -> None:
        """Translate no more texts. Wait for the call that a translator has now: it is paid for.

        Args:
            timeout: Seconds to wait at most.
        """
        with self._changed:
            self._ended.set()
            self._ended = threading.Event()
            self._runs.clear()
            self._news.clear()
            self._changed.notify_all()
            thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(timeout)

    def drop(self) -> None:
        """Translate no more texts, since the job ends."""
        self.finish(DROP_SECONDS)

    def _work(self, ended: threading.Event) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._news or ended.is_set())
                if ended.is_set():
                    return
                text, find_words = self._news.popitem()
                find_words, runs = functools.cache(find_words), dict(self._runs[text])
            for target, run in runs.items():
                try:
                    run(find_words().words, lambda: not (ended.is_set() or self._must_stop()))
                except ShutdownRequested:
                    return
                except Exception as error:  # noqa: BLE001 - the steps do the same, and raise it
                    _log.debug("nothing more is translated to %s early: %s", target, error)
                    with self._changed:
                        self._runs.get(text, {}).pop(target, None)
