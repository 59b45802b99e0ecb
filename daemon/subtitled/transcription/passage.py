"""A passage of a track, transcribed by one named engine. Nothing is added to the transcripts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services
from subtitled.plugin import SAMPLE_RATE, Audio, Chunk, Language, TimeSpan, Word
from subtitled.transcripts.store import TranscriptStore

from .engine_requester import EngineRequester, TrackRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageRequest:
    """What an engine is asked about a track."""

    engine: str
    """The name of the engine in the configuration."""
    language: Language
    """The language spoken."""
    track: int
    span: TimeSpan
    """Seconds of the media file."""


def transcribe_passage(
    job: Job,
    services: Services,
    wanted: PassageRequest,
    write_sound: Callable[[Path], None],
    folder: Path,
) -> tuple[str, tuple[Word, ...]]:
    """Have an engine transcribe a passage of a media file.

    The request passes the egress gate, the budgets and the circuit breaker as those of the jobs of
    the library do, and the engine is told the same hotwords.

    Args:
        job: The media file with its library, whose rules hold.
        services: The services of the daemon's jobs.
        wanted: The passage, and who is asked.
        write_sound: Writes the samples of the passage into a file, as :class:`Audio` has them.
        folder: A folder for this passage alone, which the caller deletes.

    Returns:
        The variant of the engine, and the words by the clock of the media file.

    Raises:
        SubtitledError: The engine did not transcribe it.
    """
    audio = Audio(_place_sound(write_sound, wanted.span, folder))
    # What an engine stores on the way belongs to this passage, and not to the track.
    alone = replace(services, store=TranscriptStore(folder / "transcripts"))
    ctx = JobContext(job, alone, InlineRunner())
    request = TrackRequest(
        track=wanted.track,
        spoken=wanted.language,
        translate_to=None,
        engines=(wanted.engine,),
        aligner=ctx.routes.aligner,
        duration=wanted.span.end,
    )
    requester = EngineRequester(ctx, request, lambda: audio)
    # A person says that somebody speaks there, whatever voice activity detection says.
    chunk = Chunk(wanted.span, (wanted.span,))
    transcript = requester.transcribe(wanted.engine, chunk)
    words = transcript.words
    if not services.engines[wanted.engine].capabilities.has_word_timestamps(transcript):
        words = requester.align(transcript, chunk).words
    return requester.variant(wanted.engine), tuple(words)


def _place_sound(write_sound: Callable[[Path], None], span: TimeSpan, folder: Path) -> Path:
    """Write a file in which the samples stand where they are in the track, with a hole before."""
    passage, track = folder / "passage.pcm", folder / "track.pcm"
    write_sound(passage)
    with track.open("wb") as target:
        target.seek(round(span.start * SAMPLE_RATE) * 2)
        target.write(passage.read_bytes())
    passage.unlink()
    return track
