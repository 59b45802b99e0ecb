"""The last step of a job: the times of other people's subtitles, by the speech that it detected.

Nothing is decoded or transcribed for it. A copy with corrected times is written only where the
words of a transcript prove that they are better.
"""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from subtitled.jobcontext.context import JobContext
from subtitled.media.probe import MediaInfo
from subtitled.plugin import InputRejectedError, Language, SubtitleKind, SubtitlePublished
from subtitled.plugin.paths import display_path
from subtitled.subtitles.synchronisation import proves_gain

from .corrected_copy import CopyPlace, was_removed, write_corrected_copy
from .preparation import examine
from .synchronisation import CheckedText, SpeechSource, list_others, read_sidecar

_log = logging.getLogger(__name__)


def resync_others(ctx: JobContext, facts: MediaInfo, track: int) -> list[SubtitlePublished]:
    """Check the text sidecars of other people, and write corrected copies, if the library says so.

    Args:
        ctx: The job.
        facts: The streams of its media file.
        track: The index of the main audio track.

    Returns:
        The copies that were written.
    """
    if not ctx.job.library.resync:
        return []
    written = ctx.steps.run("check times of others", partial(_check, ctx, facts, track))
    return [
        SubtitlePublished(
            ctx.job.media,
            Path(os.fsdecode(bytes.fromhex(copy["path"]))),
            Language(copy["language"]),
            SubtitleKind(copy["kind"]),
        )
        for copy in written
    ]


def _check(ctx: JobContext, facts: MediaInfo, track: int) -> list[dict[str, Any]]:
    """Check each text. This step can be repeated safely."""
    job, services = ctx.job, ctx.services
    folder = job.output_folder or job.media.parent
    rate = facts.frame_rate or None
    source = SpeechSource(
        store=services.store, fingerprint=job.fingerprint, track=track, frame_rate=rate
    )
    place = CopyPlace(
        media=job.media,
        fingerprint=job.fingerprint,
        library=job.library,
        folder=job.output_folder,
        frame_rate=rate,
    )
    written: list[dict[str, Any]] = []
    copies: list[Path] = []
    for subtitle in list_others(examine(ctx, facts).existing_subtitles):
        ctx.progress(f"checking the times of {display_path(subtitle.location)}", 1.0)
        try:
            text = read_sidecar(folder, subtitle)
            copy = _check_one(ctx, source, replace(place, taken=frozenset(copies)), text)
        except (InputRejectedError, OSError) as error:
            _log.warning("%s is not checked: %s", display_path(folder / subtitle.location), error)
            continue
        if copy is not None:
            copies.append(copy)
            written.append(
                {
                    "path": os.fsencode(copy).hex(),
                    "language": str(text.language),
                    "kind": str(text.kind),
                }
            )
    return written


def _check_one(
    ctx: JobContext, source: SpeechSource, place: CopyPlace, text: CheckedText
) -> Path | None:
    check = source.check(text)
    if check is None or not proves_gain(check.report) or text.language is None:
        return None
    db, path = ctx.services.db, place.path_of(text)
    if was_removed(db, path):
        return None
    return write_corrected_copy(db, place, text, check.report)
