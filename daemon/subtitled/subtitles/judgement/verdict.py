"""What a text means for one media file: whether it counts, whether it is a source, and why not."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.media.marks import NOT_WHOLE, Mark
from subtitled.plugin import Language, SubtitleKind

from ..chinese import is_chinese
from ..formats.timestamps import format_timestamp
from ..language_id import MIN_LETTERS
from ..language_model import are_twins
from .content import TextJudgement

MAX_SPEECH_PER_CUE = 30.0
"""Seconds of speech for each cue above which a text is not the whole one. Usual are three."""
MIN_SPEECH_SECONDS = 60.0
"""Seconds of speech below which the number of cues says nothing."""
MAX_SECONDS_PER_CUE = 120.0
"""Seconds of the media file for each cue, where its speech is not known."""
MIN_MEDIA_SECONDS = 300.0
"""Duration below which the number of cues says nothing, where the speech is not known."""
MIN_COVERED_SHARE = 0.5
"""Share of a long media file that a whole text reaches."""
MAX_BEGINNING_SHARE = 0.45
"""Share of a long media file after which a whole text does not begin, as that of a second disc."""
MIN_LONG_SECONDS = 1200.0
"""Duration from which it is asked how far a text reaches."""
MIN_LYRIC_SHARE = 0.8
"""Share of sung cues from which a text has only the lyrics."""
MIN_LYRIC_CUES = 3
END_TOLERANCE_SECONDS = 5.0
"""Seconds after the end of the media file that the times of a text may reach."""
END_TOLERANCE_SHARE = 0.02
MAX_LATE_SHARE = 0.5
"""Share of cues after the end from which a text is one of another version. So is one of many cues
with more than a few after the end, as that of a longer version or of another frame rate."""
MIN_SECOND_SHARE = 0.3
"""Share of letters in Latin and in other scripts from which a text is in two languages."""
MAX_EARLY_SHARE = 0.15
"""Share of cues before the hour at which a programme begins: its title, and who subtitled it."""
_HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class MediaLength:
    """How long a media file is, as far as it is known."""

    duration: float = 0.0
    """Seconds; 0 if it is unknown."""
    speech_seconds: float | None = None
    """Seconds of speech; None while it was not searched for."""
    speech_end: float | None = None
    """The end of the last speech."""
    has_video: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TextVerdict:
    """What a text means for a media file."""

    problem: str = ""
    """Why it does not count as the whole text; empty if it does."""
    source_problem: str = ""
    """Why it must not be translated from; empty if it may be."""
    is_readable: bool = True
    language: Language | None = None
    """The language that it is in: the one that it states, unless its content is in another."""
    shift: float = 0.0
    """Seconds to add to its times."""
    notes: tuple[str, ...] = ()
    """What else people should know."""


def judge_for_media(
    judgement: TextJudgement,
    stated: Language | None,
    kind: SubtitleKind,
    marks: frozenset[Mark],
    media: MediaLength,
    expected: tuple[Language, ...] = (),
) -> TextVerdict:
    """Judge a text beside or in a media file.

    Args:
        judgement: What its content shows.
        stated: The language that its name or tag states.
        kind: The kind that its name or tag states.
        marks: What its title says of it.
        media: The media file, as far as it is known.
        expected: Languages that are spoken or wanted. A text that may as well be in one is.
    """
    marked = _describe_marks(marks, media)
    if judgement.is_image:
        return TextVerdict(problem=marked, source_problem="it has pictures", language=stated)
    if judgement.problem:
        problem = f"it cannot be read: {judgement.problem}"
        return TextVerdict(
            problem=problem, source_problem=problem, is_readable=False, language=stated
        )
    language, notes = _judge_language(judgement, stated, expected)
    shift, late = _judge_times(judgement, media)
    partial = "" if kind is SubtitleKind.FORCED else _judge_extent(judgement, media, shift)
    whole = marked or partial or late
    off = f"its times are {format_timestamp(-shift, '.')} late" if shift else ""
    return TextVerdict(
        problem=whole or off,
        source_problem=whole or _judge_scripts(judgement),
        language=language,
        shift=shift,
        notes=(*notes, *_describe_repairs(judgement)),
    )


def _describe_marks(marks: frozenset[Mark], media: MediaLength) -> str:
    """Return why a text with these marks is not all that is said; "" if it may be."""
    partial = marks & NOT_WHOLE - {Mark.FORCED}
    if not media.has_video:
        partial -= {Mark.LYRICS, Mark.KARAOKE}
    return f"its title says: {', '.join(sorted(partial))}" if partial else ""


def _judge_language(
    judgement: TextJudgement, stated: Language | None, expected: tuple[Language, ...]
) -> tuple[Language | None, tuple[str, ...]]:
    found = judgement.evidence.language()
    is_decided = bool(judgement.evidence.close_language)
    is_expected = found is not None and any(found.satisfies(language) for language in expected)
    if found is not None and not is_expected and not is_decided:
        twins = (language for language in expected if are_twins(found, language))
        found = next(twins, found)
    if stated is None:
        return found, (f"read as {found.english_name}",) if found else ()
    mismatch = judgement.evidence.find_mismatch(stated)
    if mismatch is None:
        found = judgement.evidence.language()
        if found is None or not _is_other_script(judgement, stated, found):
            return stated, ()
        mismatch = found
    if _judge_scripts(judgement) and stated.script == "Latn":
        return stated, ("in two languages",)
    if isinstance(mismatch, Language):
        language = found or mismatch
        return language, (f"labelled {stated.english_name}, but it is in {language.english_name}",)
    if found is not None and not found.satisfies(stated):
        return found, (f"labelled {stated.english_name}, but it is in {found.english_name}",)
    return found, (f"labelled {stated.english_name}, but it has {mismatch}",)


def _is_other_script(judgement: TextJudgement, stated: Language, found: Language) -> bool:
    """Check for simplified Chinese that is labelled traditional, or the other way round."""
    return (
        judgement.evidence.has_clear_script
        and is_chinese(stated)
        and is_chinese(found)
        and stated.has_explicit_script
        and found.script != stated.script
    )


def _judge_scripts(judgement: TextJudgement) -> str:
    """Return why a text is in two languages, where their scripts show it; "" if it is in one."""
    scripts = judgement.evidence.scripts
    total = sum(scripts.values())
    if total < MIN_LETTERS:
        return ""
    share = scripts.get("LATIN", 0) / total
    return "" if min(share, 1 - share) < MIN_SECOND_SHARE else "each cue is in two languages"


def _judge_times(judgement: TextJudgement, media: MediaLength) -> tuple[float, str]:
    """Return the shift that puts the times into the media file, and why none does."""
    duration = media.duration
    if duration <= 0 or judgement.sampled_seconds:
        return 0.0, ""
    end = latest_time(duration)
    if judgement.last_end <= end:
        return 0.0, ""
    starts = judgement.starts
    for hours in sorted({start // _HOUR * _HOUR for start in starts} - {0.0}):
        early = sum(start < hours for start in starts) / len(starts)
        if early <= MAX_EARLY_SHARE and judgement.last_end - hours <= end:
            return -hours, ""
    late = sum(start > end for start in judgement.starts) / len(judgement.starts)
    if late < MAX_LATE_SHARE and judgement.tail_start <= end:
        return 0.0, ""
    return 0.0, (
        f"its times reach {format_timestamp(judgement.last_end, '.')}, and the media file has "
        f"{format_timestamp(duration, '.')}"
    )


def latest_time(duration: float) -> float:
    """Return the latest time that a text for a media file of a duration may have."""
    return duration + max(END_TOLERANCE_SECONDS, END_TOLERANCE_SHARE * duration)


def _judge_extent(judgement: TextJudgement, media: MediaLength, shift: float) -> str:
    """Return why a text is not the whole one, by its content."""
    cues, duration, speech = judgement.cue_count, media.duration, media.speech_seconds
    if judgement.sampled_seconds:
        duration = judgement.sampled_seconds
        speech = None
    if speech is not None:
        if speech >= MIN_SPEECH_SECONDS and cues * MAX_SPEECH_PER_CUE < speech:
            return f"it has only {_count_cues(cues)} for {_minutes(speech)} of speech"
    elif duration >= MIN_MEDIA_SECONDS and cues * MAX_SECONDS_PER_CUE < duration:
        return f"it has only {_count_cues(cues)} in {_minutes(duration)}"
    if (
        media.has_video
        and cues >= MIN_LYRIC_CUES
        and judgement.lyric_share >= MIN_LYRIC_SHARE
        and judgement.format != "lrc"
    ):
        return "it has only lyrics"
    needed = media.speech_end if media.speech_end is not None else media.duration
    reached = judgement.last_end + shift
    if (
        not judgement.sampled_seconds
        and needed >= MIN_LONG_SECONDS
        and reached < MIN_COVERED_SHARE * needed
    ):
        return f"it ends after {_minutes(reached)} of {_minutes(needed)}"
    begun = judgement.starts[0] + shift if judgement.starts else 0.0
    if (
        not judgement.sampled_seconds
        and media.duration >= MIN_LONG_SECONDS
        and begun > MAX_BEGINNING_SHARE * media.duration
    ):
        return f"it begins after {_minutes(begun)} of {_minutes(media.duration)}"
    return ""


def _describe_repairs(judgement: TextJudgement) -> tuple[str, ...]:
    notes = []
    if judgement.encoding not in ("", "utf-8", "utf-8-sig"):
        notes.append(f"in {judgement.encoding}")
    if judgement.was_garbled:
        notes.append("its wrong letters are repaired")
    if judgement.broken_count:
        notes.append(f"{judgement.broken_count} characters are broken")
    if judgement.dropped_count:
        notes.append(f"left out: {'; '.join(judgement.dropped)}")
    if judgement.is_rolling:
        notes.append("rolling captions, joined")
    if judgement.is_karaoke:
        notes.append("karaoke syllables, joined")
    return tuple(notes)


def _count_cues(cues: int) -> str:
    return "1 cue" if cues == 1 else f"{cues} cues"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} seconds" if seconds < 120 else f"{seconds / 60:.0f} minutes"
