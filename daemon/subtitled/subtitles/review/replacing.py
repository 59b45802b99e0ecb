"""Finding a text in cues, and replacing it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from subtitled.plugin import Language

from ..scripts import is_spaceless
from .document import ReviewCue
from .operations import Replace

_TAGS = r"(?P<tag></?[bisu]>|<font color=\"[^\"<>]*\">|</font>|\{\\an\d\})"
"""Tags in the one form that :mod:`..markup` keeps. They are no text."""


def replace_text(
    cues: Iterable[ReviewCue], operation: Replace, language: Language
) -> Iterator[tuple[ReviewCue, str]]:
    """Yield the cues in which a replacement changes the text, each with the new text."""
    pattern = _build_pattern(operation, language)
    for cue in _wanted(cues, operation):
        text = pattern.sub(lambda match: _put(match, operation.replacement), cue.text)
        if text != cue.text:
            yield cue, text


def count_matches(cues: Iterable[ReviewCue], operation: Replace, language: Language) -> int:
    """Return how often a replacement finds its text."""
    pattern = _build_pattern(operation, language)
    return sum(
        match["tag"] is None
        for cue in _wanted(cues, operation)
        for match in pattern.finditer(cue.text)
    )


def _wanted(cues: Iterable[ReviewCue], operation: Replace) -> Iterator[ReviewCue]:
    wanted = None if operation.cues is None else set(operation.cues)
    return (cue for cue in cues if wanted is None or cue.id in wanted)


def _build_pattern(operation: Replace, language: Language) -> re.Pattern[str]:
    r"""Return the pattern of a text. A space also matches the end of a line.

    Whole words are found by ``\w``; a text that begins with a mark may follow a letter. Languages
    without spaces have no words in this sense.
    """
    body = "[ \n]".join(map(re.escape, operation.find.split(" ")))
    if operation.is_whole_word and not is_spaceless(language):
        before = r"(?<!\w)" if operation.find[0].isalnum() else ""
        after = r"(?!\w)" if operation.find[-1].isalnum() else ""
        body = f"{before}{body}{after}"
    return re.compile(f"{_TAGS}|{body}", 0 if operation.is_case_sensitive else re.IGNORECASE)


def _put(match: re.Match[str], replacement: str) -> str:
    """Return the text that replaces a match, with a line break where the match had one."""
    if match["tag"] is not None:
        return match[0]
    return replacement.replace(" ", "\n", 1) if "\n" in match[0] else replacement
