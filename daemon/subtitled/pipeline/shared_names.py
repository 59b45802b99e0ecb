"""Sidecar names that two media files share, because they differ only in their extension.

``Film.mkv`` and ``Film.mp4`` both want ``Film.en.srt``. The one whose subtitle is there keeps the
name for as long as it exists, and the other is told so. Otherwise each would replace the other's
subtitle at every event.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from subtitled.db.sidecars import SidecarRepository, SidecarStatus
from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Language
from subtitled.plugin.paths import display_path
from subtitled.policy.requirements import (
    SUMMARY,
    AnswerStatus,
    Decision,
    Requirement,
    SummaryRequirement,
)
from subtitled.subtitles.filenames import (
    is_sidecar_of,
    parse_sidecar_name,
    parse_summary_name,
)
from subtitled.subtitles.ownership import Ownership, read_signature


def find_taken_names(
    sidecars: SidecarRepository,
    media: Path,
    fingerprint: str | None,
    folder: Path,
    names: Sequence[str],
) -> dict[str, Path]:
    """Return the sidecar names of a media file that others have, each with that media file.

    Only subtitles and summaries of ours have an owner. A human one serves all media files of its
    name.

    Args:
        sidecars: The repository of sidecars.
        media: The media file that wants names.
        fingerprint: Its fingerprint, if it is known.
        folder: Where sidecars lie.
        names: The names in that folder.
    """
    prefix = f"{media.stem}."
    near = [name for name in names if name.startswith(prefix) and name != media.name]
    mine = [name for name in near if is_sidecar_of(media.name, name)]
    others = [folder / name for name in near if Path(name).stem == media.stem]
    taken = {}
    for name in mine:
        owner = find_other_owner(sidecars, folder / name, media, fingerprint, others)
        if owner is not None:
            taken[name] = owner
    return taken


def find_other_owner(
    sidecars: SidecarRepository,
    sidecar: Path,
    media: Path,
    fingerprint: str | None,
    others: Sequence[Path] = (),
) -> Path | None:
    """Return the other media file that a sidecar of ours belongs to; None if there is none.

    A media file of the same content is no other. One that is gone owns nothing.

    Args:
        sidecars: The repository of sidecars.
        sidecar: The sidecar.
        media: The media file that wants its name.
        fingerprint: Its fingerprint, if it is known.
        others: Media files that may own it if the database does not know it.
    """
    record = sidecars.get(sidecar)
    if record is not None:
        is_other = (
            record.status is SidecarStatus.PRESENT
            and record.media != media
            and record.fingerprint != fingerprint
            and sidecars.ownership(sidecar, record.fingerprint) is Ownership.OURS
            and os.path.lexists(record.media)
        )
        return record.media if is_other else None
    signature = read_signature(sidecar)
    if signature is None or signature.name != sidecar.name or signature.fingerprint == fingerprint:
        return None
    return next((other for other in others if _has_content(other, signature.fingerprint)), None)


def leave_taken_names(decision: Decision, media: Path, taken: Mapping[str, Path]) -> Decision:
    """Return a decision without what would need the name of another media file's sidecar."""
    if not taken:
        return decision
    requirements: list[Requirement] = []
    summaries: list[SummaryRequirement] = []
    impossible: list[str] = []
    refused: dict[tuple[Language | None, str, Language | None], str] = {}
    for wanted in decision.requirements:
        blocked = {
            fmt: name for fmt in wanted.formats if (name := _taken(wanted, fmt, media, taken))
        }
        impossible += (f"{wanted.language}: {_reason(name, taken)}" for name in blocked.values())
        formats = tuple(fmt for fmt in wanted.formats if fmt not in blocked)
        if formats:
            requirements.append(replace(wanted, formats=formats))
        else:
            secondary = wanted.secondary.language if wanted.secondary is not None else None
            reason = _reason(next(iter(blocked.values())), taken)
            refused[wanted.language, wanted.kind, secondary] = reason
    for summary in decision.summaries:
        names = [name for name in taken if _is_summary(summary, media, name)]
        if names:
            reason = _reason(names[0], taken)
            refused[summary.language, SUMMARY, None] = reason
            impossible.append(f"summary {summary.language}: {reason}")
        else:
            summaries.append(summary)
    return replace(
        decision,
        requirements=tuple(requirements),
        summaries=tuple(summaries),
        unsatisfiable=(*decision.unsatisfiable, *impossible),
        reasons=(*decision.reasons, *impossible),
        answers=tuple(
            replace(answer, status=AnswerStatus.IMPOSSIBLE, reason=refused[key])
            if (key := (answer.language, answer.kind, answer.secondary)) in refused
            and answer.status is AnswerStatus.MISSING
            else answer
            for answer in decision.answers
        ),
        needs_analysis=decision.needs_analysis and bool(requirements or summaries),
    )


def describe_owner(name: str, owner: Path) -> str:
    """Return why a name cannot be used, and what to do about it."""
    return (
        f"{name} is that of {display_path(Path(owner.name))}, which differs only in its ending; "
        "rename one of the two"
    )


def _reason(name: str, taken: Mapping[str, Path]) -> str:
    return describe_owner(display_path(Path(name)), taken[name])


def _taken(wanted: Requirement, fmt: str, media: Path, taken: Mapping[str, Path]) -> str | None:
    """Return the taken name of a required subtitle, or None. Titles and tags do not matter."""
    if wanted.language is None:
        return None  # It is known after the analysis, and then decided again.
    secondary = wanted.secondary.language if wanted.secondary is not None else None
    for name in taken:
        parsed = parse_sidecar_name(media.name, name)
        if parsed is not None and (
            (parsed.language, parsed.kind, parsed.format, parsed.secondary)
            == (wanted.language, wanted.kind, fmt, secondary)
        ):
            return name
    return None


def _is_summary(summary: SummaryRequirement, media: Path, name: str) -> bool:
    parsed = parse_summary_name(media.name, name)
    return parsed is not None and parsed[0] == summary.language


def _has_content(path: Path, fingerprint: str) -> bool:
    try:
        return path.is_file() and content_fingerprint(path) == fingerprint
    except OSError:
        return False
