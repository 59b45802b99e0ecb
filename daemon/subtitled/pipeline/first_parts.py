"""Serving viewers before a film is decoded as a whole: what of its subtitle they need first."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from subtitled.jobcontext.context import JobContext
from subtitled.media.probe import MediaInfo
from subtitled.media.track_sets import find_track_set
from subtitled.plugin import Language, SubtitledError, TimeSpan
from subtitled.plugin.paths import display_path
from subtitled.routing.production_plan import plan_target
from subtitled.transcription.first_parts import MAX_PARTS, FirstParts, choose_window

from .partial_subtitle import GrowingTarget, PartialSubtitles, find_growing_target
from .planning import MediaReport

_log = logging.getLogger(__name__)

Examine = Callable[[Language], MediaReport]
"""Returns what a file has and needs if a language is spoken in it."""


def serve_first_parts(
    examine: Examine, partials: PartialSubtitles, ctx: JobContext, facts: MediaInfo, index: int
) -> None:
    """Transcribe what viewers see in the next minutes, and write it into the growing sidecar.

    A track that was analysed before needs this not: its chunks come in the order of the viewers at
    once. What fails here is done with the whole film, and its errors are raised there.

    Args:
        examine: Returns what the file has and needs if a language is spoken in it.
        partials: The growing sidecars of the job.
        ctx: The job.
        facts: The tracks of the media file.
        index: The index of the main track.
    """
    job = ctx.job
    track = next(track for track in facts.audio_tracks if track.index == index)
    if (
        not ctx.viewers.positions()
        or ctx.services.store.analysis(job.fingerprint, track.index) is not None
        or job.previous_versions  # their words may be taken over
        or job.output_folder is not None
        or find_track_set(facts, track)
    ):
        return
    try:
        _serve(ctx, partials, FirstParts.create(ctx, facts, track), examine)
    except (SubtitledError, OSError) as error:
        _log.warning(
            "%s: no part of it could be made at once for its viewers: %s",
            display_path(job.media.name),
            error,
        )


def _serve(
    ctx: JobContext, partials: PartialSubtitles, parts: FirstParts, examine: Examine
) -> None:
    duration = parts.facts.duration
    done = list(parts.earlier)
    began, delay = time.monotonic(), 0.0
    for _ in range(MAX_PARTS):
        began, delay = time.monotonic(), time.monotonic() - began
        window = choose_window(done, ctx.viewers.positions(), duration, delay)
        if window is None or ctx.job.is_cancelled():
            return
        ctx.steps.checkpoint()
        bounds = [0.0, duration, *(edge for part in done for edge in (part.start, part.end))]
        part = parts.listen(window, bounds)
        # It ends in a pause, where the next one begins.
        end = part.end if part.end > window.start else window.end
        done = sorted([*done, TimeSpan(part.start, end)])
        if not any(span.start < part.end and span.end > part.start for span in parts.known.speech):
            continue
        language = parts.language()
        target = _find_target(examine(language), language) if language else None
        if language is None or target is None:
            return
        ctx.steps.checkpoint(target.route.engine)
        parts.transcribe(target.route, language, target.text, part)
        words = partial(parts.words, target.route, target.spoken, target.text)
        partials.write(target, duration, words)


def _find_target(report: MediaReport, language: Language) -> GrowingTarget | None:
    """Return the first wanted subtitle that can grow, if this language is spoken."""
    for requirement in report.decision.requirements:
        growing = find_growing_target(plan_target(report.routing, requirement, language, None))
        if growing is not None and growing.spoken == language:
            return growing
    return None
