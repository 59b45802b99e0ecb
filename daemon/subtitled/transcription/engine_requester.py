"""Requests to engines about the chunks of one track.

Nothing else sends audio to be transcribed, but windows for :mod:`.language_identification`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from subtitled.costs.egress_gate import OutboundRequest
from subtitled.engines.limits import MemoryLimitExceededError, concat, transcribe_splitting
from subtitled.engines.protocol import CallCancelledError, EngineCrashedError
from subtitled.jobcontext.context import JobContext
from subtitled.media.chunking import chunks_for_engine, longest_speech
from subtitled.plugin import (
    LOCAL,
    Audio,
    Checkpoint,
    Chunk,
    EngineCapabilities,
    Language,
    SubtitledError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
)
from subtitled.plugin.call_control import CallControl
from subtitled.plugin.speech_windows import split_long_spans
from subtitled.routing.cost_estimate import record_speed
from subtitled.subtitles.hallucination import FilterContext, load_phrases
from subtitled.subtitles.language_model import are_twins
from subtitled.transcripts.variants import component_variant

from .forced_alignment import AlignmentResult, align_transcript
from .lost_speech import find_lost_speech
from .quality import QualityReport, assess, is_better
from .speech_cuts import SpeechCutter

_log = logging.getLogger(__name__)


def _ignore(time: float) -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackRequest:
    """What is wanted of the chunks of a track."""

    track: int
    """The index of the audio track."""
    spoken: Language
    """The language of the chunks."""
    translate_to: Language | None
    """The language into which the engine translates, or None."""
    engines: tuple[str, ...]
    """The chain of engines, the preferred one first."""
    aligner: str | None
    """The engine that aligns words without times, or None."""
    duration: float
    """The duration of the track in seconds."""
    earlier_languages: tuple[Language, ...] = ()
    """The languages in which the chunks were transcribed before their text told another."""
    reading: str = ""
    """Which reading of the speech an engine translates, if its language was corrected. What it
    translated before is of another one."""
    on_progress: Callable[[float], None] = field(default=_ignore, compare=False)
    """Is told at which second of the track an engine is."""

    @property
    def text_language(self) -> Language:
        """The language of the transcript."""
        return self.translate_to or self.spoken

    def is_answered_by(self, stored: Transcript) -> bool:
        """Return whether stored words were transcribed in the language that is wanted now.

        They were not if another language was taken for the spoken one then. An engine may have
        called the same language otherwise, as Norwegian is called ``no`` and ``nb``.
        """
        language, wanted = stored.language, self.text_language
        return (
            not language.is_known
            or language.primary == wanted.primary
            or are_twins(language, wanted)
        )


class EngineRequester:
    """Has one named engine transcribe chunks of a track. Threads may share it."""

    def __init__(self, ctx: JobContext, request: TrackRequest, audio: Callable[[], Audio]) -> None:
        """Create a requester.

        Args:
            ctx: The job.
            request: What is wanted.
            audio: Returns the decoded track, decoding it if necessary.
        """
        self._ctx = ctx
        self._services = ctx.services
        self._store = ctx.services.store
        self._fingerprint = ctx.job.fingerprint
        self._track_request = request
        self._audio = audio
        self._lock = threading.Lock()

    def variant(self, engine: str) -> str:
        """Return the variant under which the words of an engine are stored."""
        configured = self._services.engines[engine].configured
        reading = self._track_request.reading
        facts = {" reading": reading} if reading else None
        return component_variant(configured, self._track_request.translate_to, facts)

    def audio(self) -> Audio:
        """Return the decoded track. One thread decodes it, the others wait."""
        with self._lock:
            return self._audio()

    def align(self, transcript: Transcript, chunk: Chunk) -> AlignmentResult:
        """Give times to words that have none."""
        engines, aligner = self._services.engines, self._track_request.aligner
        align = engines[aligner].align if aligner is not None else None
        return align_transcript(transcript, chunk, self.audio(), align, aligner or "")

    def assess(
        self,
        transcript: Transcript,
        chunk: Chunk,
        hotwords: Sequence[str],
        lost: Sequence[TimeSpan] = (),
    ) -> QualityReport:
        """Judge the transcript of a chunk.

        Args:
            transcript: The words.
            chunk: The chunk.
            hotwords: The hotwords that the engine was told.
            lost: Clear speech without a word.
        """
        context = FilterContext(
            language=self._track_request.text_language,
            duration=self._track_request.duration,
            phrases=load_phrases(self._services.config.settings.daemon.hallucination_phrases),
            hotwords=hotwords,
        )
        return assess(transcript, chunk, context, lost)

    def clear_checkpoints(self, engine: str, chunk: Chunk) -> None:
        """Forget the unfinished requests about a chunk, whose words are stored now."""
        checkpoint = self._store.checkpoint(*self._variant_key(engine), chunk)
        checkpoint.save()
        _without_hotwords(checkpoint).save()

    def transcribe(self, engine: str, chunk: Chunk) -> Transcript:
        """Transcribe a chunk, in pieces if it is longer than the engine takes.

        What was asked for early is waited for.

        Raises:
            SubtitledError: The engine did not transcribe it.
        """
        early = self._ctx.early_requests.pop(self.key_of(engine, chunk), None)
        if early is not None:
            return early.result()
        capabilities = self._capabilities(engine)
        if (
            capabilities.max_chunk_seconds is None
            or chunk.span.duration <= capabilities.max_chunk_seconds
        ):
            return self._call(engine, chunk)
        length = self._services.config.settings.daemon.chunk_duration
        cutter = SpeechCutter(self._store, self._fingerprint, self._track_request.track, self.audio)
        speech = split_long_spans(chunk.speech, longest_speech(capabilities, length), cutter)
        pieces = chunks_for_engine(
            capabilities, speech, length, chunk.span.end, chunk.low_energy, chunk.span.start
        )
        transcripts = [self._piece(engine, piece) for piece in pieces if piece.speech]
        return concat(transcripts)

    def key_of(self, engine: str, chunk: Chunk) -> tuple[object, ...]:
        """Return all that decides what the words of a chunk are, but the sound."""
        wanted = self._track_request
        return (
            *(wanted.track, self.variant(engine), wanted.spoken, wanted.translate_to),
            *(chunk.span, tuple(chunk.speech), tuple(chunk.low_energy)),
        )

    def _piece(self, engine: str, piece: Chunk) -> Transcript:
        place = (*self._variant_key(engine), piece)
        transcript = self._store.untimed_draft(*place)
        if transcript is None or not self._track_request.is_answered_by(transcript):
            transcript = self._call(engine, piece)
            self._store.save_draft(*place, transcript)
        return transcript

    def _call(self, engine: str, chunk: Chunk) -> Transcript:
        """Transcribe a chunk, and do it again without hotwords if the result looks wrong.

        The better of the two transcripts is returned.
        """
        capabilities = self._capabilities(engine)
        hotwords: tuple[str, ...] = ()
        if capabilities.supports_hotwords:
            hotwords = self._ctx.glossary.hotwords_for(self._track_request.spoken)
        transcript = self._request(engine, chunk, hotwords)
        if hotwords and not capabilities.checks_hotwords:
            transcript = self._checked_without_hotwords(engine, chunk, transcript, hotwords)
        with self._lock:
            self._store.save_hotwords(*self._variant_key(engine), hotwords)
        return transcript

    def _checked_without_hotwords(
        self, engine: str, chunk: Chunk, transcript: Transcript, hotwords: tuple[str, ...]
    ) -> Transcript:
        first = self.assess(transcript, chunk, hotwords, self._lost(engine, transcript, chunk))
        if not first.has_issues:
            return transcript
        _log.info(
            "%s: asked again without hotwords for %s to %s s: %s",
            engine,
            round(chunk.span.start, 1),
            round(chunk.span.end, 1),
            first,
        )
        try:
            plain = self._request(engine, chunk, ())
        except SubtitledError as error:
            # The first transcript may be right.
            _log.info("%s: no transcript without hotwords: %s", engine, error)
            return transcript
        second = self.assess(plain, chunk, (), self._lost(engine, plain, chunk))
        chosen = plain if is_better(first, second) else transcript
        return replace(chosen, usage=(*transcript.usage, *plain.usage))

    def _lost(self, engine: str, transcript: Transcript, chunk: Chunk) -> list[TimeSpan]:
        capabilities = self._capabilities(engine)
        if not capabilities.has_word_timestamps(transcript):
            return []
        return find_lost_speech(chunk.speech, chunk.low_energy, transcript.words)

    def _request(self, engine: str, chunk: Chunk, hotwords: tuple[str, ...]) -> Transcript:
        """Send audio to an engine. No other place does."""
        ctx, services, wanted = self._ctx, self._services, self._track_request
        client = services.engines[engine]
        checkpoint = self._store.checkpoint(*self._variant_key(engine), chunk)
        key = self._idempotency_key(engine, chunk)
        if not hotwords and client.capabilities.supports_hotwords:
            checkpoint = _without_hotwords(checkpoint)
            key += "/without-hotwords"
        request = TranscriptionRequest(
            chunk=chunk,
            language=wanted.spoken,
            translate_to=wanted.translate_to,
            hotwords=hotwords,
            checkpoint=checkpoint,
        )
        audio, seconds = self.audio(), chunk.span.duration
        is_local = client.capabilities.destination == LOCAL

        def is_cancelled() -> bool:
            # What a remote engine has now may be billed. A local one is needed for the other film.
            return ctx.job.is_cancelled() or (is_local and ctx.job.must_make_room())

        def call(request: TranscriptionRequest) -> Transcript:
            start = request.chunk.span.start
            control = CallControl(lambda seconds: wanted.on_progress(start + seconds), is_cancelled)
            while True:
                try:
                    return client.transcribe(audio, replace(request, control=control))
                except CallCancelledError:
                    ctx.job.make_room()
                    if ctx.job.is_cancelled():
                        raise
                    # Meanwhile the other film needs no room any more.

        def transcribe(request: TranscriptionRequest) -> Transcript:
            try:
                return call(request)
            except MemoryLimitExceededError:
                raise
            except EngineCrashedError:
                # Most crashes are for lack of memory, so try once more in a new process.
                return call(request)

        outbound = OutboundRequest(
            component=engine,
            capabilities=client.capabilities,
            media=ctx.job.media,
            library=ctx.job.library,
            kind="audio",
            amount=seconds,
            key=key,
        )
        clock = services.clock.now
        guard = services.call_engine(engine, self._fingerprint, seconds)
        with services.egress_gate.authorise(outbound) as receipts, guard:
            begin = clock()
            transcript = transcribe_splitting(transcribe, request, audio)
            receipts += transcript.usage
            # The language that was asked for, by which the words are found again.
            transcript = replace(transcript, language=wanted.text_language)
        record_speed(services.db.kv, engine, seconds, clock() - begin)
        return transcript

    def _idempotency_key(self, engine: str, chunk: Chunk) -> str:
        """Return a key for this chunk, which is the same at the next try."""
        fingerprint, track, variant = self._variant_key(engine)
        return f"{fingerprint}/{track}/{variant}/{chunk.span.start:.3f}-{chunk.span.end:.3f}"

    def _capabilities(self, engine: str) -> EngineCapabilities:
        return self._services.engines[engine].capabilities

    def _variant_key(self, engine: str) -> tuple[str, int, str]:
        return self._fingerprint, self._track_request.track, self.variant(engine)


def _without_hotwords(checkpoint: Checkpoint) -> Checkpoint:
    """Return the checkpoint of a second request about the same chunk."""
    return Checkpoint(checkpoint.path.with_suffix(".without-hotwords.json"))
