"""Removing SDH elements (for the deaf and hard of hearing) from cues before they are translated.

Sounds in brackets, names of speakers and music notes are removed. Speech is never removed: an
ambiguous mark is kept, because a sound in a translation is better than a lost line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from subtitled.plugin import Cue

_BRACKETS = re.compile(r"(?:\[[^\[\]]*\]|［[^［］]*］|【[^【】]*】):?")
"""Square brackets hold no speech in any guide."""
_PARENTHESES = re.compile(
    r"(?P<before>^|[.!?…。！？♪:,;\"”»—]|[-–—])(?P<space>[ \t]*)"
    r"(?:\([^()]*\)|（[^（）]*）)[ \t]*:?",
    re.MULTILINE,
)
"""Round brackets hold sounds at the beginning of a line, or after the end of a sentence. Inside a
sentence they may be an aside."""
_CAPITALS_IN_PARENTHESES = re.compile(r"\((?=[^()]*[A-Z]{2})[^()a-z]*\)")
"""Round brackets with text in capitals hold sounds anywhere."""
_SPEAKER_LABEL = re.compile(
    r"^(?P<start>(?:<[ib]>|[-–—]|>>|[ \t])*)(?=[^:\n]*[^\W\d_]{2})"
    r"(?P<name>[^\W\d_][^:\n<>.!?]{0,30}):(?=[ \t]|$)[ \t]*",
    re.MULTILINE,
)
_CHEVRONS = re.compile(r"^(?P<start>[-–— \t]*)>>+[ \t]*", re.MULTILINE)
_MUSIC_NOTES = re.compile(r"[♪♫♬♩]+|(?<!\S)#(?=[ \t])|(?<=[ \t])#(?=\s*$)", re.MULTILINE)
_EMPTY_TAGS = re.compile(r"<(\w+)[^<>]*>\s*</\1>")
_DASH = re.compile(r"^((?:<[^<>]*>)*)[-–—][ \t]*")


def strip_sdh(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Return the cues with their speech only. Cues without speech are left out."""
    stripped = (replace(cue, text=strip_sdh_text(cue.text)) for cue in cues)
    return tuple(cue for cue in stripped if cue.text)


def strip_sdh_text(text: str) -> str:
    """Return the speech in the text of one cue; unchanged if there is nothing else."""
    while (stripped := _strip_once(text)) != text:
        text = stripped
    return text


def _strip_once(text: str) -> str:
    stripped = _strip_labels(_strip_sounds(text))
    stripped = _CHEVRONS.sub(r"\g<start>", _MUSIC_NOTES.sub("", stripped))
    while (shorter := _EMPTY_TAGS.sub("", stripped)) != stripped:
        stripped = shorter
    if stripped == text:
        return text
    lines = [" ".join(line.split()) for line in stripped.split("\n")]
    lines = [line for line in lines if any(c.isalnum() for c in re.sub(r"<[^<>]*>", "", line))]
    if sum(bool(_DASH.match(line)) for line in text.split("\n")) > 1 and len(lines) == 1:
        # The other turn was a sound, so the dash of the remaining turn is removed.
        lines = [_DASH.sub(r"\1", lines[0])]
    return "\n".join(lines)


def _strip_sounds(text: str) -> str:
    text = _CAPITALS_IN_PARENTHESES.sub("", _BRACKETS.sub("", text))
    while (shorter := _PARENTHESES.sub(r"\g<before>\g<space>", text)) != text:
        text = shorter
    return text


def _strip_labels(text: str) -> str:
    """Remove names in capitals before a colon, unless the speech is in capitals too."""
    unlabelled = _SPEAKER_LABEL.sub("", text)
    if any(c.isupper() for c in unlabelled) and not any(c.islower() for c in unlabelled):
        return text
    return _SPEAKER_LABEL.sub(
        lambda match: match["start"] if _is_label(match["name"]) else match[0], text
    )


def _is_label(name: str) -> bool:
    return name == name.upper() and name != name.lower()
