"""Answers to questions about audio, made as the subtitles of any media file are made."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from subtitled.config.asr_settings import AsrSettings
from subtitled.config.library_settings import ORIGINAL, SourceSettings
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import fingerprint_of
from subtitled.library.paths import is_inside_library, library_containing
from subtitled.media.probe import probe_media
from subtitled.media.tracks import choose_audio_track
from subtitled.pipeline.single_subtitle import MadeSubtitle, find_language, make_subtitle
from subtitled.plugin import Language, SubtitledError
from subtitled.plugin.files import write_atomic
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

from .questions import AudioAnswer, AudioQuestion, AudioTask
from .scratch_folder import AudioScratchFolder

ENGLISH = Language("en")
LOOK_UP_SECONDS = 60.0
"""Seconds that a look into a library may take. A share may hang."""
T = TypeVar("T")


class CheckedSteps(InlineRunner):
    """Runs each step at once, if the work may still go on."""

    def __init__(self, check: Callable[[str], None]) -> None:
        """Create the runner. ``check`` gets an engine, or "", and raises if the work must end."""
        self._check = check

    def run(self, name: str, function: Callable[[], Any]) -> Any:
        """Run the step and return its result."""
        self._check("")
        return super().run(name, function)

    def checkpoint(self, engine: str = "") -> None:
        """Check before an engine is called."""
        self._check(engine)


@dataclass(frozen=True, slots=True)
class _StoredFile:
    """A file of a library whose main track is known."""

    media: Path
    library: LibrarySettings
    fingerprint: str
    analysis: TrackAnalysis


class AudioAnswerer:
    """Answers questions, with the services of the daemon's jobs."""

    def __init__(
        self, services: Services, settings: AsrSettings, folder: AudioScratchFolder
    ) -> None:
        self._services = services
        self._settings = settings
        self._folder = folder
        self._config = services.config
        # The name of a scratch file is no title.
        glossary = self._config.settings.glossary.model_copy(
            update={"use_nfo": False, "use_media_servers": False}
        )
        self._scratch_config = replace(
            self._config, settings=self._config.settings.model_copy(update={"glossary": glossary})
        )

    def engines_for(self, question: AudioQuestion) -> tuple[str, ...]:
        """Return the engines that may be called; empty: all that are configured."""
        engine = self._settings.engine or question.engine
        return (engine,) if engine else ()

    def answer_from_library(self, question: AudioQuestion) -> AudioAnswer | None:
        """Return the answer that the transcript store has, or None.

        Nothing is sent anywhere and no engine is needed, so this may be called at any time.
        """
        if question.media is None or question.task is AudioTask.TRANSLATE:
            return None
        return self._look_up(lambda: self._answer_from_library(question))

    def _answer_from_library(self, question: AudioQuestion) -> AudioAnswer | None:
        stored = self._find_stored(question)
        if stored is None:
            return None
        if question.task is AudioTask.DETECT_LANGUAGE:
            made = MadeSubtitle(subtitle=None, analysis=stored.analysis)
            return _to_answer(made, stored.analysis.duration)
        job, services = self._job_of_file(stored, question)
        job = replace(job, uses_stored_words_only=True)
        return self._make(question, (job, services), InlineRunner())

    def _look_up(self, function: Callable[[], T | None]) -> T | None:
        """Read a file of a library. If that fails or hangs, the audio itself is at hand."""
        try:
            return call_with_timeout("library", function, LOOK_UP_SECONDS)
        except SubtitledError:
            return None

    def answer(self, question: AudioQuestion, check: Callable[[str], None]) -> AudioAnswer:
        """Answer a question. It takes as long as it takes.

        Args:
            question: The question, whose audio is held.
            check: Gets an engine, or "", and raises if the work must end.

        Raises:
            SubtitledError: It cannot be answered, or not now.
        """
        steps = CheckedSteps(check)
        if question.media is not None and question.task is AudioTask.TRANSLATE:
            stored = self._look_up(lambda: self._find_stored(question))
            if stored is not None:
                return self._make(question, self._job_of_file(stored, question), steps)
        return self._make(question, self._job_of_audio(question), steps)

    def _make(
        self, question: AudioQuestion, work: tuple[Job, Services], steps: InlineRunner
    ) -> AudioAnswer:
        job, services = work
        if question.task is AudioTask.DETECT_LANGUAGE:
            analysis = find_language(job, services, steps)
            made = MadeSubtitle(subtitle=None, analysis=analysis)
        else:
            made = make_subtitle(job, services, steps)
        # A track without speech has no analysis that counts.
        duration = made.analysis.duration if made.analysis else probe_media(job.media).duration
        return _to_answer(made, duration)

    def _job_of_audio(self, question: AudioQuestion) -> tuple[Job, Services]:
        """Return the job for the audio, with services whose files lie in its folder."""
        folder = self._folder.folder_of(question.audio)
        own = folder / _store_name(question)
        own.mkdir(mode=0o700, exist_ok=True)
        store = TranscriptStore(own / "transcripts")
        self._take_over_speech(question.audio, store)
        library = self._one_off(None, question, folder).model_copy(
            update={
                "allowed_destinations": self._settings.allowed_destinations,
                "sources": SourceSettings(order=("audio", "speech")),
                "glossaries": write_hotwords(question.hotwords, own / "hotwords.csv"),
            }
        )
        job = Job(
            media=self._folder.media_of(question.audio),
            library=library,
            fingerprint=question.audio,
            output_folder=own,
            force=True,
            user_requested=True,
            spoken=question.spoken,
        )
        services = replace(
            self._services,
            config=self._scratch_config,
            store=store,
            scratch=folder,
            progress=lambda job, what, share: None,
        )
        return job, services

    def _take_over_speech(self, digest: str, store: TranscriptStore) -> None:
        """Store the speech that an earlier question about the audio found, without the language."""
        if store.tracks(digest):
            return
        for folder in sorted(self._folder.folder_of(digest).glob("*/transcripts")):
            earlier = TranscriptStore(folder)
            for track in earlier.tracks(digest):
                if (known := earlier.analysis(digest, track)) is not None:
                    store.save_analysis(digest, track, known.without_language())

    def _job_of_file(self, stored: _StoredFile, question: AudioQuestion) -> tuple[Job, Services]:
        """Return the job for the file of a library that the audio comes from."""
        scratch = self._folder.folder_of(question.audio)
        scratch.mkdir(mode=0o700, exist_ok=True)
        job = Job(
            media=stored.media,
            library=self._one_off(stored.library, question, stored.media.parent),
            fingerprint=stored.fingerprint,
            output_folder=scratch,
            force=True,
            user_requested=True,
        )
        return job, replace(self._services, scratch=scratch, progress=lambda job, what, share: None)

    def _one_off(
        self, base: LibrarySettings | None, question: AudioQuestion, folder: Path
    ) -> LibrarySettings:
        language = ENGLISH if question.task is AudioTask.TRANSLATE else ORIGINAL
        engines = self.engines_for(question) if base is None else ()
        return LibrarySettings.for_one_off(
            base,
            path=folder,
            languages=(language,),
            formats=("srt",),
            engine=engines[0] if engines else None,
        )

    def _find_stored(self, question: AudioQuestion) -> _StoredFile | None:
        """Return the file of a library that a question names, if its main track is known.

        The caller's language has to be the one spoken on it: the audio may be of another track.
        """
        libraries = self._config.settings.libraries
        media = question.media
        name = library_containing(media, libraries) if media is not None else None
        if media is None or name is None or not media.is_file():
            return None
        library, store = libraries[name], self._services.store
        if not is_inside_library(media, library):
            return None  # A link may lead to a library that the caller's key is not for.
        fingerprint = fingerprint_of(self._services.db, media)
        facts = probe_media(media)
        choice = choose_audio_track(
            facts, library.preferred_audio_languages, store.silent_tracks(fingerprint)
        )
        analysis = store.analysis(fingerprint, choice.track.index)
        if analysis is None or analysis.language is None:
            return None
        if question.spoken is not None and not analysis.language.satisfies(question.spoken):
            return None
        return _StoredFile(media, library, fingerprint, analysis)


def _to_answer(made: MadeSubtitle, duration: float) -> AudioAnswer:
    analysis = made.analysis
    return AudioAnswer(
        duration=duration,
        spoken=analysis.language if analysis else None,
        confidence=analysis.confidence if analysis else 0.0,
        subtitle=made.subtitle,
        scores=made.scores,
    )


def _store_name(question: AudioQuestion) -> str:
    """Return the folder of what depends on a question: its words, not the sound."""
    key = repr((question.spoken, question.hotwords))
    return f"question-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def write_hotwords(hotwords: tuple[str, ...], target: Path) -> tuple[Path, ...]:
    """Write the hotwords as a glossary, if there are any. Return its path."""
    if not hotwords:
        return ()
    rows = io.StringIO()
    writer = csv.writer(rows)
    writer.writerows([["source"], *([word] for word in hotwords)])
    write_atomic(target, rows.getvalue().encode())
    return (target,)
