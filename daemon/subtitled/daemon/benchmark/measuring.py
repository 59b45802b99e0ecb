"""Running one engine and model with the speech of the benchmark."""

from __future__ import annotations

import contextlib
import dataclasses
import re
import time
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from subtitled.config.load import Configuration
from subtitled.config.settings import LibrarySettings
from subtitled.costs.budgets import price_of
from subtitled.costs.egress_gate import EgressGate, OutboundRequest
from subtitled.db.egress_log import EgressLog
from subtitled.engines.client import EngineClient
from subtitled.engines.pool import EnginePool
from subtitled.jobcontext.services import open_engine_pool
from subtitled.library.paths import library_containing
from subtitled.media.chunking import chunks_for_engine
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import (
    Chunk,
    InputRejectedError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    UsageRecord,
)
from subtitled.subtitles.evaluation.word_errors import count_word_errors
from subtitled.subtitles.evaluation.words import split_words

from .candidates import Candidate
from .measurements import Measurement
from .speech import MINUTE, SpeechSample

WARM_UP_SECONDS = 5.0
"""Seconds of speech that a local engine transcribes first. They are not counted: the first call
fills caches."""
_PEAK = re.compile(r"^VmHWM:\s*(\d+) kB", re.MULTILINE)


def find_speech(configuration: Configuration, sample: SpeechSample) -> SpeechActivity:
    """Return where somebody speaks in a sample.

    Raises:
        InputRejectedError: Nobody does.
    """
    with contextlib.closing(open_engine_pool(configuration)) as pool:
        activity = pool.find_speech(sample.audio)
    if not activity.spans:
        raise InputRejectedError(
            f"nobody speaks in {sample.description}", "Name a file with speech: --file FILM"
        )
    return activity


def estimate_price(candidate: Candidate, seconds: float) -> tuple[float, str] | None:
    """Return what a sample costs at most, and in which currency; None if that is not known."""
    amount = price_of("audio", seconds, candidate.price)
    if amount is None or candidate.price is None:
        return None
    return amount, candidate.price.currency


def measure(
    configuration: Configuration,
    candidate: Candidate,
    sample: SpeechSample,
    activity: SpeechActivity,
    egress: EgressLog,
) -> Measurement:
    """Transcribe a sample with one engine and model, in a process of its own.

    Args:
        configuration: The configuration.
        candidate: The engine and model.
        sample: The speech.
        activity: Where somebody speaks in it.
        egress: Where it is recorded that audio is sent to a service.

    Raises:
        SubtitledError: The engine failed, or may not be used for this.
    """
    capabilities = candidate.configured.capabilities()
    chunks = chunks_for_engine(
        capabilities,
        activity.spans,
        configuration.settings.daemon.chunk_duration,
        sample.audio.duration,
        activity.low_energy,
    )
    chunks = [chunk for chunk in chunks if chunk.speech]
    engines = {candidate.configured.name: candidate.configured}
    with contextlib.closing(
        open_engine_pool(dataclasses.replace(configuration, engines=engines))
    ) as pool:
        client = pool[candidate.configured.name]
        load_seconds = None if candidate.is_service else _warm_up(client, sample, chunks[0])
        with _authorised(configuration, candidate, sample, egress) as receipts:
            before, began_at = _processor_seconds(pool), time.monotonic()
            all_before = _busy_and_total()
            transcripts = _transcribe(client, sample, chunks)
            work_seconds = time.monotonic() - began_at
            all_after = _busy_and_total()
            receipts += [usage for transcript in transcripts for usage in transcript.usage]
        used, peak_mb = _processor_seconds(pool) - before, _peak_memory_mb(pool)
    words, errors = _count_errors(sample, transcripts)
    is_local = not candidate.is_service
    return Measurement(
        engine=candidate.configured.name,
        plugin=candidate.configured.reference,
        model=candidate.configured.model,
        device=candidate.configured.device,
        sound_seconds=sample.audio.duration,
        work_seconds=max(work_seconds, 1e-3),
        load_seconds=load_seconds,
        processor_seconds=used if is_local else None,
        peak_memory_mb=peak_mb if is_local else None,
        busy_share=_share_of_others(all_before, all_after, used) if is_local else 0.0,
        words=words,
        word_errors=errors,
        sample=sample.description,
        measured_at=time.time(),
    )


def _warm_up(client: EngineClient, sample: SpeechSample, chunk: Chunk) -> float:
    """Start the process with a little speech; return how long that took."""
    end = chunk.span.start + WARM_UP_SECONDS
    speech = [
        TimeSpan(span.start, min(span.end, end)) for span in chunk.speech if span.start < end
    ] or [chunk.speech[0]]
    began_at = time.monotonic()
    _call(client, sample, Chunk(TimeSpan(chunk.span.start, speech[-1].end), tuple(speech)))
    return time.monotonic() - began_at


def _transcribe(
    client: EngineClient, sample: SpeechSample, chunks: Sequence[Chunk]
) -> list[Transcript]:
    """Transcribe chunks, as many at a time as the engine takes."""
    with ThreadPoolExecutor(max(1, client.max_concurrency)) as threads:
        return list(threads.map(lambda chunk: _call(client, sample, chunk), chunks))


def _call(client: EngineClient, sample: SpeechSample, chunk: Chunk) -> Transcript:
    request = TranscriptionRequest(chunk=chunk, language=sample.language)
    return client.transcribe(sample.audio, request)


@contextlib.contextmanager
def _authorised(
    configuration: Configuration, candidate: Candidate, sample: SpeechSample, egress: EgressLog
) -> Iterator[list[UsageRecord]]:
    """Pass the egress gate: budgets hold for the benchmark too, and it is in the log.

    A file of a library is only sent where that library allows it.
    """
    libraries = configuration.settings.libraries
    name = library_containing(sample.source, libraries)
    # Who is asked agrees to a service. What a library forbids is forbidden all the same.
    library = (
        LibrarySettings(path=sample.source, allowed_destinations="any")
        if name is None
        else libraries[name]
    )
    request = OutboundRequest(
        component=candidate.configured.name,
        capabilities=candidate.configured.capabilities(),
        media=sample.source,
        library=library,
        kind="audio",
        amount=sample.audio.duration,
        key=f"benchmark {uuid.uuid4().hex}",
    )
    with EgressGate(configuration, egress).authorise(request) as receipts:
        yield receipts


def _processor_seconds(pool: EnginePool) -> float:
    total = 0.0
    for process in _processes(pool):
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _busy_and_total() -> tuple[float, float]:
    """Return the seconds that all cores worked, and those that they existed."""
    times = psutil.cpu_times()
    total = float(sum(times)) - getattr(times, "guest", 0.0) - getattr(times, "guest_nice", 0.0)
    return total - times.idle - getattr(times, "iowait", 0.0), total


def _share_of_others(
    before: tuple[float, float], after: tuple[float, float], own_seconds: float
) -> float:
    """Return the share of all cores that other programs used between two moments."""
    busy, total = after[0] - before[0], after[1] - before[1]
    return min(1.0, max(0.0, busy - own_seconds) / total) if total > 0 else 0.0


def _peak_memory_mb(pool: EnginePool) -> float:
    """Return the most memory that the processes had, as the kernel counted it."""
    total = 0
    for process in _processes(pool):
        with contextlib.suppress(OSError):
            found = _PEAK.search(Path(f"/proc/{process.pid}/status").read_text("utf-8", "replace"))
            total += int(found[1]) if found else 0
    return total / 1024


def _processes(pool: EnginePool) -> list[psutil.Process]:
    """Return the engine's process and those that it started."""
    found: list[psutil.Process] = []
    for number in pool.process_ids():
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(number)
            found += [process, *process.children(recursive=True)]
    return found


def _count_errors(
    sample: SpeechSample, transcripts: Sequence[Transcript]
) -> tuple[int | None, int | None]:
    """Return the words of the known text and the errors; None if it is not known."""
    if sample.text is None:
        return None, None
    recognised = "".join(word.text for transcript in transcripts for word in transcript.words)
    (errors,) = count_word_errors(
        split_words(recognised, sample.language), [split_words(sample.text, sample.language)]
    )
    return errors.reference, errors.errors


def sample_seconds(threads: int, chunk_seconds: float) -> float:
    """Return how much speech a local engine needs to show what it can do.

    Whisper's windows have 30 seconds, and each thread decodes one. A job gives an engine no more
    at once than a chunk.
    """
    return max(MINUTE, min(threads * MINUTE / 2, chunk_seconds))
