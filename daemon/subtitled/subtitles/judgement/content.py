"""What the content of a text shows, without the media file that it lies beside."""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from subtitled.plugin import Cue, InputRejectedError, Language
from subtitled.plugin.limits import LimitExceededError, parse_json

from ..encodings import DecodedText, decode_bytes
from ..formats import IMAGE_SIGNATURES, ReadResult, drop_unusable, read_text
from ..language_id import LanguageEvidence, gather_evidence
from ..markup import strip_tags
from .credits import without_credits
from .emptiness import find_emptiness

JUDGEMENT_VERSION = 6
"""A judgement of another version is made again."""
MAX_SUBTITLE_BYTES = 16 * 1024 * 1024
"""Largest text that is read. Ten thousand cues are about one megabyte."""
EVIDENCE_CHARACTERS = 1200
"""Characters that the language is identified from, in cues spread over the text: enough for the
samples."""
MAX_SAMPLES = 4
"""Samples that the language is identified from."""
SAMPLE_LETTERS = 180
"""Letters of each sample."""
TAIL_CUES = 5
"""Cues at the end that may be advertisements and mistakes."""
START_STEPS = 20
"""Parts into which the cues are divided, to know how many begin after a time."""
_LYRIC_SIGNS = "♪♫♬🎵🎶"
_WORD = re.compile(r"[^\W_]")
_DATA = re.compile(
    r"[^\s]{1,300}(?:#xywh=[\d,]{1,40}|\.(?:jpe?g|png|webp|gif|bif)(?:[?#][^\s]{0,200})?)"
    r'|\{\s{0,9}"[^"]{1,60}"\s{0,9}:.{0,4000}\}',
    re.DOTALL | re.IGNORECASE,
)
"""The text of a cue that is for programs: a picture of a preview, or JSON."""
_CAMERA_DATA = re.compile(
    r"\b(?:SrtCnt|FrameCnt|DiffTime)\s{0,3}:|\bGPS\s{0,3}\([-+\d., ]{3,80}\)"
    r"|\biso\s{0,3}[: ]\s{0,3}\d{2,6}\b.{0,80}\b(?:shutter|ev|ss|fnum)\b"
    r"|\b(?:latitude|longitude)\s{0,3}:\s{0,3}[-+]?\d",
    re.IGNORECASE | re.DOTALL,
)
"""The text of a cue that a camera or drone wrote: its settings and its place."""
MIN_CAMERA_SHARE = 0.8
"""Share of cues with data of a camera from which a text is nothing else."""
_MAX_DROPPED_REASONS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class TextJudgement:
    """What a text is."""

    problem: str = ""
    """Why it cannot be read; empty if it can."""
    is_image: bool = False
    """It has pictures of text, and is no damaged text."""
    encoding: str = ""
    format: str = ""
    """The format by content."""
    broken_count: int = 0
    """Characters that are broken."""
    was_garbled: bool = False
    """Another program had saved it in wrong letters, and it was repaired."""
    cue_count: int = 0
    cue_seconds: float = 0.0
    """Seconds in which cues are shown."""
    last_end: float = 0.0
    starts: tuple[float, ...] = ()
    """The start of the first cue of each twentieth of the cues, and that of the last one."""
    tail_start: float = 0.0
    """The start of the cue before the last few, which advertisements and mistakes may be; 0 if
    there are not many cues."""
    lyric_share: float = 0.0
    """Share of the cues that are marked as sung."""
    is_rolling: bool = False
    is_karaoke: bool = False
    dropped_count: int = 0
    """Parts that could not be read."""
    dropped: tuple[str, ...] = ()
    """What was left out, by reason."""
    sampled_seconds: float = 0.0
    """Seconds of the media file from which the cues are; 0 if they are all."""
    languages: tuple[str, ...] = ()
    """Languages that the file itself states."""
    evidence: LanguageEvidence = field(
        default_factory=lambda: LanguageEvidence(scripts={}, sample_count=0, votes={})
    )

    def to_json(self) -> str:
        """Serialise, without what is at its default."""
        record: dict[str, Any] = {
            name: value
            for name, default in _default_fields().items()
            if (value := getattr(self, name)) != default
        }
        if "evidence" in record:
            evidence = record["evidence"]
            record["evidence"] = {name: getattr(evidence, name) for name in _EVIDENCE_FIELDS}
        return json.dumps({"v": JUDGEMENT_VERSION} | record, separators=(",", ":"))

    @classmethod
    def from_json(cls, payload: str) -> TextJudgement | None:
        """Parse what :meth:`to_json` returned; None for anything else, and other versions."""
        try:
            record: dict[str, Any] = parse_json(payload)
            if record.pop("v") != JUDGEMENT_VERSION:
                return None
            if "evidence" in record:
                record["evidence"] = LanguageEvidence(**record["evidence"])
            for name in ("starts", "dropped", "languages"):
                record[name] = tuple(record.get(name, ()))
            return cls(**record)
        except (AttributeError, KeyError, TypeError, ValueError, LimitExceededError):
            return None


@functools.cache
def _default_fields() -> dict[str, Any]:
    default = TextJudgement()
    return {field.name: getattr(default, field.name) for field in fields(default)}


_EVIDENCE_FIELDS = tuple(field.name for field in fields(LanguageEvidence))


def judge_text(
    data: bytes,
    suffix: str,
    language: Language | None = None,
    frame_rate: float | None = None,
) -> tuple[TextJudgement, tuple[Cue, ...]]:
    """Read and judge a text.

    Args:
        data: The content of the file.
        suffix: The extension of its name, without the dot.
        language: The language that its name states, which says what code pages are likely.
        frame_rate: Frames a second of the media file, for formats that count frames.

    Returns:
        The judgement, and the cues that can be shown; none if it cannot be read.
    """
    if not data.strip(b" \t\r\n\0"):
        return TextJudgement(problem="it is empty"), ()
    if data.startswith(IMAGE_SIGNATURES):
        return TextJudgement(is_image=True, format=suffix), ()
    try:
        decoded = decode_bytes(data, language)
        read = drop_unusable(
            read_text(decoded.text, suffix, frame_rate=frame_rate, language=language)
        )
    except InputRejectedError as error:
        return TextJudgement(problem=str(error)), ()
    return judge_decoded(decoded, read), read.cues


def judge_decoded(decoded: DecodedText, read: ReadResult) -> TextJudgement:
    """Judge a text by its letters and its cues."""
    return replace(
        judge_cues(read),
        encoding=decoded.encoding,
        broken_count=decoded.broken_count,
        was_garbled=decoded.was_garbled,
    )


def judge_cues(read: ReadResult) -> TextJudgement:
    """Judge cues that were read."""
    dropped = sum(part.count for part in read.dropped)
    reasons = tuple(str(part)[:200] for part in read.dropped[:_MAX_DROPPED_REASONS])
    if not read.cues:
        return TextJudgement(
            problem="it has no cue", format=read.format, dropped_count=dropped, dropped=reasons
        )
    cues = sorted(read.cues, key=lambda cue: (cue.start, cue.end))
    spoken = without_credits(cues)
    if data := _find_data(cues):
        return TextJudgement(
            problem=f"it has no words, but {data}",
            format=read.format,
            dropped_count=dropped,
            dropped=reasons,
        )
    if not any(_WORD.search(_plain(cue.text)) for cue in spoken):
        problem = "it has no word" if spoken == cues else "it has only credits"
        return TextJudgement(
            problem=problem, format=read.format, dropped_count=dropped, dropped=reasons
        )
    if emptiness := find_emptiness([cue.text for cue in spoken]):
        return TextJudgement(
            problem=f"it has {emptiness}",
            format=read.format,
            dropped_count=dropped,
            dropped=reasons,
        )
    lyrics = _count_lyrics([cue.text for cue in cues])
    return TextJudgement(
        format=read.format,
        cue_count=len(cues),
        cue_seconds=round(_shown_seconds(cues), 3),
        last_end=round(max(cue.end for cue in cues), 3),
        starts=_spread_starts(cues),
        tail_start=round(cues[-TAIL_CUES].start, 3) if len(cues) >= 4 * TAIL_CUES else 0.0,
        lyric_share=round(lyrics / len(cues), 3),
        is_rolling=read.is_rolling,
        is_karaoke=read.is_karaoke,
        dropped_count=dropped,
        dropped=reasons,
        languages=tuple(read.languages[:4]),
        evidence=gather_evidence(_spread_texts(spoken), MAX_SAMPLES, SAMPLE_LETTERS),
    )


def _find_data(cues: Sequence[Cue]) -> str:
    """Return what a text has that is for programs, or that a camera wrote; "" if it has words."""
    if all(_DATA.fullmatch(cue.text) for cue in cues):
        return "pictures of a preview or data for programs"
    # The last cue of a flight may be cut off.
    sample = cues[:20]
    found = sum(_CAMERA_DATA.search(cue.text[:600]) is not None for cue in sample)
    return "data of a camera" if found >= MIN_CAMERA_SHARE * len(sample) else ""


def _count_lyrics(texts: Sequence[str]) -> int:
    """Count the texts that are marked as sung."""
    whole = "".join(texts)
    signs = [sign for sign in _LYRIC_SIGNS if sign in whole]
    return sum(1 for text in texts if any(sign in text for sign in signs)) if signs else 0


def _shown_seconds(cues: Sequence[Cue]) -> float:
    """Return the seconds in which any of the cues is shown. They are in order of their starts."""
    total, shown_until = 0.0, 0.0
    for cue in cues:
        if cue.end > shown_until:
            total += cue.end - (cue.start if cue.start > shown_until else shown_until)
            shown_until = cue.end
    return total


def _spread_starts(cues: Sequence[Cue]) -> tuple[float, ...]:
    steps = min(START_STEPS, len(cues))
    starts = [cues[number * len(cues) // steps].start for number in range(steps)]
    return tuple(round(start, 3) for start in (*starts, cues[-1].start))


def _plain(text: str) -> str:
    return strip_tags(text) if "<" in text or "{" in text else text


def _spread_texts(cues: Sequence[Cue]) -> list[str]:
    """Return the texts of pairs of cues that are spread over a text, as far as they are needed.

    They are pairs because the languages of some files alternate.
    """
    total = sum(len(cue.text) for cue in cues)
    step = max(1.0, total / EVIDENCE_CHARACTERS)
    pairs = len(cues) / (2 * step)
    places = (2 * int(number * step) for number in range(math.ceil(pairs)))
    texts = (_plain(cue.text[:400]) for place in places for cue in cues[place : place + 2])
    return [text for text in texts if text]
