"""Result files: what became of a media file, for the program that put it into a watch folder."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from subtitled.config.settings import LibrarySettings
from subtitled.db.records import FileRecord
from subtitled.db.sidecar_records import SidecarRecord
from subtitled.library.file_settings import FileSettings
from subtitled.plugin import InputRejectedError
from subtitled.plugin.files import hash_file
from subtitled.plugin.limits import read_file
from subtitled.plugin.paths import display_path
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.subtitles.evaluation.batch import decide_verdict
from subtitled.subtitles.evaluation.compliance import ComplianceRule, check_compliance
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES


def describe_result(
    record: FileRecord,
    settings: FileSettings,
    sidecars: Sequence[SidecarRecord],
    *,
    is_done: bool,
) -> dict[str, Any]:
    """Return what a result file says.

    Args:
        record: The media file and the state that it ended in.
        settings: What was wanted of it.
        sidecars: Its subtitles that we wrote and that are there.
        is_done: Whether it got what was wanted.
    """
    return {
        "media": display_path(record.path.name),
        "fingerprint": record.fingerprint,
        "result": "done" if is_done else "failed",
        "state": str(record.state),
        "reason": record.reason,
        "hint": record.hint,
        "language": record.spoken_language and str(record.spoken_language),
        "project": settings.project,
        "start": settings.start,
        "ended_at": _format_time(record.updated_at),
        "files": [_describe_sidecar(sidecar, settings.library) for sidecar in sidecars],
    }


def render_result(result: dict[str, Any]) -> bytes:
    """Render a result file."""
    return json.dumps(result, indent=2).encode() + b"\n"


def _describe_sidecar(sidecar: SidecarRecord, library: LibrarySettings) -> dict[str, Any]:
    makers = sidecar.makers
    return {
        "name": display_path(sidecar.path.name),
        "sha256": hash_file(sidecar.path),
        "language": str(sidecar.language),
        "kind": str(sidecar.kind),
        "format": sidecar.format,
        "engine": str(makers.engine),
        "translator": str(makers.translator),
        "made_at": _format_time(sidecar.created_at),
        "quality_control": _check_quality(sidecar, library),
    }


def _check_quality(sidecar: SidecarRecord, library: LibrarySettings) -> dict[str, Any] | None:
    """Return the quality control of a subtitle; None if it is no subtitle with times."""
    try:
        data = read_file(sidecar.path, MAX_SUBTITLE_BYTES)
        cues = read_subtitle(data, sidecar.path.suffix[1:], None, sidecar.language).cues
    except InputRejectedError:
        return None
    rules = cue_rules_for(
        library, sidecar.language, translation=bool(sidecar.makers.translator.name)
    )
    compliance = check_compliance(cues, sidecar.language, rules)
    verdict, reason = decide_verdict(compliance, None)
    return {
        "profile": library.cues.profile,
        "verdict": str(verdict),
        "reason": reason,
        "cues": compliance.cue_count,
        "errors": compliance.error_count,
        "outside_limits": compliance.cue_count - compliance.compliant_count,
        "rules": {
            rule.name.lower(): number
            for rule in ComplianceRule
            if (number := len(compliance.list_violating_cues(rule)))
        },
    }


def _format_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
