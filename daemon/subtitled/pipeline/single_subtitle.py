"""One subtitle of a file that is in no library: it is made as any other, and not published."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.db.records import FileState
from subtitled.jobcontext.context import JobContext
from subtitled.jobcontext.job import Job, JobResult, StepRunner
from subtitled.jobcontext.services import Services
from subtitled.plugin import InputRejectedError, Language, SegmentScores, Subtitle
from subtitled.transcripts.assembly import assemble_track
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

from .fulfilment import MAX_NEW_PLANS, MainLanguageError
from .preparation import PreparedJob, prepare_job
from .produced import Produced


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeSubtitle:
    """A subtitle that was made, or none, where nobody speaks."""

    subtitle: Subtitle | None
    analysis: TrackAnalysis | None
    """The main track; None if it has no speech."""
    scores: tuple[SegmentScores, ...] = ()
    """How sure the recogniser was, as far as that is stored."""


def make_subtitle(job: Job, services: Services, steps: StepRunner) -> MadeSubtitle:
    """Make the only subtitle that a job wants, and return it.

    Raises:
        InputRejectedError: It cannot be made of this file.
        SubtitledError: Something failed.
    """
    prepared = prepare_job(JobContext(job, services, steps))
    if isinstance(prepared, JobResult):
        return _without_speech(prepared)
    for plans_left in reversed(range(MAX_NEW_PLANS + 1)):
        try:
            produced = _produce(prepared)
            break
        except MainLanguageError:
            if not plans_left:
                raise
            prepared = prepared.planned_again()
    analysis = prepared.analyser.analysis(prepared.track)
    if produced.silent:
        return MadeSubtitle(subtitle=None, analysis=analysis)
    if produced.subtitle is None:
        raise InputRejectedError("; ".join(produced.refused), _HINT)
    scores = find_scores(
        services.store, job.fingerprint, prepared.track, produced.subtitle.language
    )
    return MadeSubtitle(subtitle=produced.subtitle, analysis=analysis, scores=scores)


def find_language(job: Job, services: Services, steps: StepRunner) -> TrackAnalysis | None:
    """Return the analysis of the main track with its language; None if nobody speaks.

    Raises:
        SubtitledError: Something failed.
    """
    prepared = prepare_job(JobContext(job, services, steps))
    if isinstance(prepared, JobResult):
        return _without_speech(prepared).analysis
    if prepared.analyser.analyse(prepared.facts, prepared.track) is None:
        return None
    return prepared.analyser.analysis(prepared.track)


_HINT = "Check that the language is the one spoken"


def _produce(prepared: PreparedJob) -> Produced:
    if not prepared.plan.targets:
        raise InputRejectedError("; ".join(prepared.plan.unsatisfiable), _HINT)
    return prepared.create_producer().produce(prepared.plan.targets[0])


def _without_speech(result: JobResult) -> MadeSubtitle:
    if result.state is FileState.NO_SPEECH:
        return MadeSubtitle(subtitle=None, analysis=None)
    raise InputRejectedError(result.reason, _HINT)


def find_scores(
    store: TranscriptStore, fingerprint: str, track: int, language: Language
) -> tuple[SegmentScores, ...]:
    """Return the stored scores of a track whose transcript is in a language."""
    for variant in store.variants(fingerprint, track):
        transcript = assemble_track(store, fingerprint, track, variant)
        if transcript is not None and transcript.language.satisfies(language):
            return transcript.segment_scores
    return ()
