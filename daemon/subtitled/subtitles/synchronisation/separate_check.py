"""The check in another process, so that the daemon does not keep numpy and its memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter

from subtitled.media.numpy_process import call
from subtitled.plugin import Cue

from .media_speech import MediaSpeech
from .report import SyncReport

_GIVEN: TypeAdapter[tuple[list[Cue], MediaSpeech]] = TypeAdapter(tuple[list[Cue], MediaSpeech])
_REPORT: TypeAdapter[SyncReport] = TypeAdapter(SyncReport)


def check_elsewhere(cues: Sequence[Cue], media_speech: MediaSpeech) -> SyncReport:
    """Have :func:`.check.check_synchronisation` called in another process, if there is one."""
    given = _GIVEN.dump_python((list(cues), media_speech), mode="json")
    return _REPORT.validate_python(call(check_in_json, given))


def check_in_json(given: Any) -> Any:
    """Check cues and return the report, both as JSON has them."""
    from .check import check_synchronisation

    cues, media_speech = _GIVEN.validate_python(given)
    return _REPORT.dump_python(check_synchronisation(cues, media_speech), mode="json")
