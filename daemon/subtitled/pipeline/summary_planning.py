"""Which summaries of a media file are written, and why others cannot be."""

from __future__ import annotations

from pathlib import Path

from subtitled.plugin import InputRejectedError
from subtitled.routing.production_plan import SummaryPlan, transcription_segments
from subtitled.subtitles.filenames import build_summary_path

from .planning import MediaReport


def plan_summaries(
    media: Path, seen: MediaReport
) -> tuple[tuple[SummaryPlan, ...], tuple[str, ...]]:
    """Return the summaries to write, and why others cannot be written.

    A name that is too long is refused here, before anything is paid for.
    """
    planned: list[SummaryPlan] = []
    impossible: list[str] = []
    for requirement in seen.decision.summaries:
        language = requirement.language or seen.spoken_language
        assert language is not None
        assert seen.spoken_language is not None
        parts = transcription_segments(
            seen.routing, seen.spoken_language, seen.available.foreign_speech
        )
        plan = SummaryPlan(language, requirement.files, parts)
        try:
            for ending in plan.files:
                build_summary_path(media, language, ending)
        except InputRejectedError as error:
            impossible.append(f"{plan}: {error}")
        else:
            planned.append(plan)
    return tuple(planned), tuple(impossible)
