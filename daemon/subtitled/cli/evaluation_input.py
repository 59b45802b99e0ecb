"""Subtitle files that ``evaluate`` is given: read once, judged, and evaluated."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from subtitled.library.subtitle_names import find_language_in_name
from subtitled.plugin import UNDETERMINED, Cue, InputRejectedError, Language, SubtitleKind
from subtitled.plugin.paths import display_path
from subtitled.subtitles.encodings import decode_bytes
from subtitled.subtitles.evaluation.batch import BatchRow, FileVerdict, summarise_evaluation
from subtitled.subtitles.evaluation.compliance import check_compliance
from subtitled.subtitles.evaluation.report import Evaluation
from subtitled.subtitles.formats import IMAGE_SIGNATURES, drop_unusable, read_text
from subtitled.subtitles.judgement import (
    MediaLength,
    judge_decoded,
    judge_for_media,
)
from subtitled.subtitles.rules import select_cue_rules

from .subtitle_files import read_subtitle_bytes

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationOptions:
    """What files are evaluated against."""

    language: Language | None = None
    """The language of all texts; None: the one in each file name."""
    profile: str = "netflix"
    audience: str = "adult"
    translation: bool = False
    max_outside_percent: float | None = None
    """Share of the cues that may be outside the limits; None: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubtitleText:
    """The cues of a subtitle file as they are, with their errors."""

    cues: tuple[Cue, ...]
    language: Language | None
    """The language of its content, which is that of its name unless it is clearly another."""
    notes: tuple[str, ...]
    """What people should know: a wrong label, parts that were left out."""


def read_subtitle_file(file: Path, language: Language | None = None) -> SubtitleText:
    """Read and judge a subtitle file.

    Args:
        file: The file.
        language: The language of its text. None: the one in its name.

    Raises:
        OSError: It cannot be read.
        InputRejectedError: It is no subtitle; the message says why.
    """
    stated = language or find_language_in_name(file)
    data, suffix = read_subtitle_bytes(file), file.suffix[1:]
    if data.startswith(IMAGE_SIGNATURES):
        raise InputRejectedError(
            "the subtitle is made of pictures, not of text", "Convert it with OCR"
        )
    decoded = decode_bytes(data, stated)
    read = read_text(decoded.text, suffix, language=stated)
    # What was left out is told with more of it.
    judgement = replace(
        judge_decoded(decoded, drop_unusable(read)), dropped_count=0, is_rolling=False
    )
    verdict = judge_for_media(judgement, stated, SubtitleKind.FULL, frozenset(), MediaLength())
    notes = [*verdict.notes, *map(str, read.dropped)]
    if read.is_rolling:
        notes.append("scrolling captions, read once a phrase")
    return SubtitleText(cues=read.cues, language=language or verdict.language, notes=tuple(notes))


def evaluate_text(name: str, text: SubtitleText, options: EvaluationOptions) -> Evaluation:
    """Check the cues of a file against the limits of a profile."""
    language = text.language or UNDETERMINED
    limits = select_cue_rules(
        language,
        translation=options.translation,
        profile=options.profile,
        audience=options.audience,
    )
    return Evaluation(
        name=name,
        language=language,
        profile=options.profile,
        rules=limits,
        cues=text.cues,
        compliance=check_compliance(text.cues, language, limits),
    )


def describe_read_error(error: OSError | InputRejectedError) -> str:
    """Return why a file cannot be read."""
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


def evaluate_rows(files: Sequence[tuple[Path, str]], options: EvaluationOptions) -> list[BatchRow]:
    """Evaluate files, each with the name that it has in the report.

    A file that cannot be read is a row with its reason.
    """
    return [_evaluate_row(file, name, options) for file, name in files]


def _evaluate_row(file: Path, name: str, options: EvaluationOptions) -> BatchRow:
    try:
        text = read_subtitle_file(file, options.language)
        evaluation = evaluate_text(name, text, options)
        return summarise_evaluation(evaluation, text.notes, options.max_outside_percent)
    except (OSError, InputRejectedError) as error:
        reason = describe_read_error(error)
    except Exception as error:  # noqa: BLE001 - a fault with one file must not lose the others
        _log.exception("%s cannot be evaluated", display_path(file))
        reason = f"a fault of subtitled, please report it: {error!r}"
    return BatchRow(
        name=name, verdict=FileVerdict.UNREADABLE, reason=reason, profile=options.profile
    )
