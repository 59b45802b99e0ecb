"""Subtitles for the hard of hearing without what only they need, before they are translated.

Taken out: sounds in brackets, names of speakers, notes of music. Never what somebody says: where a
mark may be either, it stays. Left in a translation, a sound is a blemish; left out, a line is lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from subtitled.plugin import Cue

_BRACKETED = re.compile(r"(?:\[[^\[\]]*\]|［[^［］]*］|【[^【】]*】):?")
"""Square brackets hold no speech in any guide."""
_ROUND = re.compile(
    r"(?P<before>^|[.!?…。！？♪:,;\"”»—]|[-–—])(?P<space>[ \t]*)"
    r"(?:\([^()]*\)|（[^（）]*）)[ \t]*:?",
    re.MULTILINE,
)
"""Round ones hold sounds at the beginning of a line, or behind a sentence that is done; inside
a sentence they may be an aside."""
_LOUD = re.compile(r"\((?=[^()]*[A-Z]{2})[^()a-z]*\)")
"""In capitals they are sounds anywhere."""
_LABEL = re.compile(
    r"^(?P<start>(?:<[ib]>|[-–—]|>>|[ \t])*)(?=[^:\n]*[^\W\d_]{2})"
    r"(?P<name>[^\W\d_][^:\n<>.!?]{0,30}):(?=[ \t]|$)[ \t]*",
    re.MULTILINE,
)
_CHEVRONS = re.compile(r"^(?P<start>[-–— \t]*)>>+[ \t]*", re.MULTILINE)
_NOTES = re.compile(r"[♪♫♬♩]+|(?<!\S)#(?=[ \t])|(?<=[ \t])#(?=\s*$)", re.MULTILINE)
_EMPTY_TAGS = re.compile(r"<(\w+)[^<>]*>\s*</\1>")
_DASH = re.compile(r"^((?:<[^<>]*>)*)[-–—][ \t]*")


def spoken(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """The cues with what is spoken only; those in which nobody speaks are left out."""
    said = (replace(cue, text=without_sdh(cue.text)) for cue in cues)
    return tuple(cue for cue in said if cue.text)


def without_sdh(text: str) -> str:
    """The text of one cue with what is spoken only; unchanged if that is all."""
    while (left := _once(text)) != text:
        text = left
    return text


def _once(text: str) -> str:
    bare = _without_labels(_without_sounds(text))
    bare = _CHEVRONS.sub(r"\g<start>", _NOTES.sub("", bare))
    while (fewer := _EMPTY_TAGS.sub("", bare)) != bare:
        bare = fewer
    if bare == text:
        return text
    lines = [" ".join(line.split()) for line in bare.split("\n")]
    lines = [line for line in lines if any(c.isalnum() for c in re.sub(r"<[^<>]*>", "", line))]
    if sum(bool(_DASH.match(line)) for line in text.split("\n")) > 1 and len(lines) == 1:
        # The other of two turns was a sound: who is left speaks alone.
        lines = [_DASH.sub(r"\1", lines[0])]
    return "\n".join(lines)


def _without_sounds(text: str) -> str:
    text = _LOUD.sub("", _BRACKETED.sub("", text))
    while (fewer := _ROUND.sub(r"\g<before>\g<space>", text)) != text:
        text = fewer
    return text


def _without_labels(text: str) -> str:
    """Without names in capitals before a colon, unless all that is said is in capitals too."""
    said = _LABEL.sub("", text)
    if any(c.isupper() for c in said) and not any(c.islower() for c in said):
        return text
    return _LABEL.sub(lambda found: found["start"] if _is_label(found["name"]) else found[0], text)


def _is_label(name: str) -> bool:
    return name == name.upper() and name != name.lower()
