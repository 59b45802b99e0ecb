"""Language identification of a track by engines: windows are sent to them, and to nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

from subtitled.costs.egress_gate import OutboundRequest
from subtitled.jobcontext.context import JobContext
from subtitled.plugin import (
    UNDETERMINED,
    Audio,
    Chunk,
    InputRejectedError,
    Language,
    SpeechWindow,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    UsageRecord,
)
from subtitled.plugin.call_control import CallControl
from subtitled.routing.language_identifiers import IdentificationMethod, LanguageIdentifier
from subtitled.transcripts.models import TrackAnalysis

from .language_confidence import SOUND_SCALE
from .language_detection import MAX_DETECTION_SECONDS, WindowDetector, WindowGuesses
from .language_segments import clip_to
from .window_transcripts import gather_guesses, judge_candidates, judge_claim, text_of


class LanguageIdentification:
    """Identifies the language of windows of one track."""

    def __init__(
        self,
        ctx: JobContext,
        track: int,
        analysis: TrackAnalysis,
        audio: Callable[[], Audio],
    ) -> None:
        """Create it.

        Args:
            ctx: The job.
            track: The index of the track.
            analysis: Where speech is.
            audio: Returns the decoded track, decoding it if necessary.
        """
        self._ctx = ctx
        self._services = ctx.services
        self._track = track
        self._analysis = analysis
        self._audio = audio

    def detectors(self, identifiers: Sequence[LanguageIdentifier]) -> list[WindowDetector]:
        """Return a detector for each engine that can identify languages."""
        return [self._detector(identifier) for identifier in identifiers]

    def _detector(self, identifier: LanguageIdentifier) -> WindowDetector:
        if identifier.method is IdentificationMethod.DETECTION:
            return WindowDetector(
                str(identifier), partial(self._detect, identifier.engine), scale=SOUND_SCALE
            )
        longest = self._services.engines[identifier.engine].capabilities.max_chunk_seconds
        return WindowDetector(
            str(identifier),
            partial(self._identify_text, identifier),
            MAX_DETECTION_SECONDS if longest is None else longest,
        )

    def _detect(self, engine: str, windows: Sequence[TimeSpan]) -> WindowGuesses:
        """Have an engine detect the language of each window."""
        self._ctx.progress("detecting the language", 0.0)
        client, audio = self._services.engines[engine], self._audio()
        seconds = sum(window.duration for window in windows)
        speech = self._analysis.speech
        asked = [SpeechWindow(one.start, one.end, tuple(clip_to(speech, one))) for one in windows]
        with self._authorised_call(engine, seconds, f"{len(windows)}", counts_as_success=False):
            return WindowGuesses(tuple(client.detect_language(audio, asked)))

    def _identify_text(
        self, identifier: LanguageIdentifier, windows: Sequence[TimeSpan]
    ) -> WindowGuesses:
        """Have an engine transcribe each window, and identify the language of the text."""
        capabilities = self._services.engines[identifier.engine].capabilities
        audio = self._audio()
        languages = identifier.candidates or (UNDETERMINED,)
        calls = [(window, language) for window in windows for language in languages]
        workers = min(capabilities.max_concurrency, len(calls))
        transcripts: list[Transcript] = []
        refusals: list[str] = []

        def transcribe(call: tuple[TimeSpan, Language]) -> Transcript:
            try:
                return self._transcribe(identifier.engine, audio, *call)
            except InputRejectedError as error:
                # As for a window without words. Others may have some.
                refusals.append(f"{identifier.engine} refused a window: {error.message}")
                return Transcript(language=UNDETERMINED, words=())

        with ThreadPoolExecutor(max(1, workers), "language") as pool:
            results = pool.map(transcribe, calls) if workers > 1 else map(transcribe, calls)
            for number, transcript in enumerate(results):
                self._ctx.progress("detecting the language", number / len(calls))
                transcripts.append(transcript)
        known = capabilities.languages
        if identifier.candidates:
            count = len(languages)
            rows = [transcripts[n : n + count] for n in range(0, len(transcripts), count)]
            verdicts = [judge_candidates(dict(zip(languages, row, strict=True))) for row in rows]
            found = gather_guesses(windows, verdicts, (), known)
        else:
            verdicts = [judge_claim(one, known, identifier.engine) for one in transcripts]
            found = gather_guesses(windows, verdicts, list(map(text_of, transcripts)), known)
        return replace(found, notes=(*found.notes, *dict.fromkeys(refusals)))

    def _transcribe(
        self, engine: str, audio: Audio, window: TimeSpan, language: Language
    ) -> Transcript:
        """Transcribe a window."""
        analysis = self._analysis
        chunk = Chunk(
            window, clip_to(analysis.speech, window), clip_to(analysis.quiet_speech, window)
        )
        control = CallControl(is_cancelled=self._ctx.job.is_cancelled)
        request = TranscriptionRequest(chunk=chunk, language=language, control=control)
        key = f"{window.start:.3f}-{window.end:.3f}/{language}"
        with self._authorised_call(engine, window.duration, key) as receipts:
            transcript = self._services.engines[engine].transcribe(audio, request)
            receipts += transcript.usage
        return transcript

    @contextmanager
    def _authorised_call(
        self, engine: str, seconds: float, key: str, *, counts_as_success: bool = True
    ) -> Iterator[list[UsageRecord]]:
        """Guard a call of an engine by the egress gate and its circuit breaker."""
        job, services = self._ctx.job, self._services
        outbound = OutboundRequest(
            component=engine,
            capabilities=services.engines[engine].capabilities,
            media=job.media,
            library=job.library,
            kind="audio",
            amount=seconds,
            key=f"{job.fingerprint}/{self._track}/language/{engine}/{key}",
        )
        guard = services.call_engine(
            engine, job.fingerprint, seconds, counts_as_success=counts_as_success
        )
        with services.egress_gate.authorise(outbound) as receipts, guard:
            yield receipts
