"""Removing SDH elements (for the deaf and hard of hearing) from cues before they are translated.

Sounds in brackets, names of speakers and music notes are removed. Speech is never removed: an
ambiguous mark is kept, because a sound in a translation is better than a lost line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from subtitled.plugin import Cue

from .markup import normalise_markup, strip_tags

MAX_CHARS = 2000
"""Length above which a text is cleaned once only. No cue is that long."""
MAX_SOUND_CHARS = 200
"""Longest sound inside a sentence."""
_MAX_PASSES = 100

_SQUARE = {"[": "]", "［": "］", "【": "】", "〔": "〕"}
"""Square brackets hold no speech in any guide."""
_ROUND = {"(": ")", "（": "）"}
"""Round brackets hold sounds at the beginning of a line, or after the end of a sentence. Inside a
sentence they may be an aside."""
_BEFORE_SOUND = frozenset('.!?…。！？♪:,;"”»—-–：、')
"""Characters after which round brackets hold a sound."""
_TWO_CAPITALS = re.compile("[A-Z]{2}")
_SPEAKER_LABEL = re.compile(
    r"^(?P<start>(?:</?[ibu]>|<font[^<>\n]{0,40}>|[-–—]|>>|[ \t])*+)"
    r"(?=[^:\n]*[^\W\d_]{2})(?P<name>[^\W\d_][^:\n<>.!?()]{0,30})"
    r"(?:\([^()\n]{1,40}\) ?)?:(?=[ \t]|$|</)[ \t]*",
    re.MULTILINE,
)
_CHEVRONS = re.compile(r"^(?P<start>[-–— \t]*+)(?:>>+|≫+)[ \t]*", re.MULTILINE)
_SYMBOLS = re.compile(
    r"[♪♫♬♩🎵🎶🎼➡📱📲📞☎📺📻🔊🔉🔈🎤🎧💻]+\ufe0f?|(?<!\S)#(?=[ \t])|(?<=[ \t])#(?=[ \t]*$)",
    re.MULTILINE,
)
"""Notes, and the signs of Japanese captions for a telephone, a screen or a text that goes on."""
_DASH = re.compile(r"^((?:<[^<>\n]{0,40}>)*+)[-–—][ \t]*")


def strip_sdh(cues: Iterable[Cue]) -> tuple[Cue, ...]:
    """Return the cues with their speech only. Cues without speech are left out."""
    stripped = (replace(cue, text=strip_sdh_text(cue.text)) for cue in cues)
    return tuple(cue for cue in stripped if cue.text)


def strip_sdh_text(text: str) -> str:
    """Return the speech in the text of one cue; unchanged if there is nothing else."""
    for _ in range(_MAX_PASSES if len(text) < MAX_CHARS else 1):
        stripped = _strip_once(text)
        if stripped == text:
            break
        text = stripped
    return text


def _strip_once(text: str) -> str:
    stripped = _strip_labels(_strip_brackets(_strip_brackets(text, _SQUARE), _ROUND))
    stripped = _CHEVRONS.sub(r"\g<start>", _SYMBOLS.sub("", stripped))
    if stripped == text:
        return text
    lines = [" ".join(line.split()) for line in normalise_markup(stripped).split("\n")]
    lines = list(_drop_silent_lines(lines))
    if sum(bool(_DASH.match(line)) for line in text.split("\n")) > 1 and len(lines) == 1:
        # The other turn was a sound, so the dash of the remaining turn is removed.
        lines = [_DASH.sub(r"\1", lines[0])]
    return normalise_markup("\n".join(lines))


def _drop_silent_lines(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines with speech. The dash of a line that was a sound goes to the next one."""
    begins_turn = False
    for line in lines:
        has_dash = bool(_DASH.match(line))
        if not any(map(str.isalnum, strip_tags(line))):
            begins_turn |= has_dash
            continue
        yield f"- {line}" if begins_turn and not has_dash else line
        begins_turn = False


def _strip_brackets(text: str, kinds: dict[str, str]) -> str:
    """Remove brackets with their content and a colon behind them, as far as they hold sounds."""
    pairs = _find_pairs(text, kinds)
    parts: list[str] = []
    done, last = 0, ""
    for start, end in pairs:
        if start < done:
            continue
        parts.append(text[done:start])
        last = _last_visible(parts[-1], last)
        done = start
        follows_sentence = last in _BEFORE_SOUND or last in ("", "\n")
        if kinds is _SQUARE or follows_sentence or _is_capitals(text, start, end):
            done = _skip_colon(text, end)
            if done > end and _is_name(text[text.rfind("\n", 0, start) + 1 : start]):
                # The colon belongs to the name before: ``WOMAN (ON PHONE): Hello``.
                parts[-1] = parts[-1].rstrip(" \t")
                done -= 1
    return "".join([*parts, text[done:]])


def _find_pairs(text: str, kinds: dict[str, str]) -> list[tuple[int, int]]:
    """Return start and end of each pair of brackets, in order of the starts."""
    openers = {closing: opening for opening, closing in kinds.items()}
    waiting: dict[str, list[int]] = {opening: [] for opening in kinds}
    pairs = []
    for place, character in enumerate(text):
        if character in waiting:
            waiting[character].append(place)
        elif character in openers and waiting[openers[character]]:
            pairs.append((waiting[openers[character]].pop(), place + 1))
    return sorted(pairs)


def _last_visible(part: str, before: str) -> str:
    """Return the last character of a text that is no blank and no tag, or ``before``."""
    end = len(part)
    while end:
        character = part[end - 1]
        if character == ">" and (opening := part.rfind("<", max(0, end - 40), end)) >= 0:
            end = opening
        elif character in " \t":
            end -= 1
        else:
            return character
    return before


def _skip_colon(text: str, place: int) -> int:
    """Return the place behind a colon that follows, or the same place."""
    after = place
    while after < len(text) and text[after] in " \t":
        after += 1
    return after + 1 if after < len(text) and text[after] in ":：" else place


def _is_capitals(text: str, start: int, end: int) -> bool:
    """Check for a short text in capitals, which is a sound anywhere."""
    part = text[start : min(end, start + MAX_SOUND_CHARS)]
    return (
        end - start <= MAX_SOUND_CHARS
        and part == part.upper()
        and _TWO_CAPITALS.search(part) is not None
    )


def _strip_labels(text: str) -> str:
    """Remove names in capitals before a colon, unless the speech is in capitals too."""
    unlabelled = _SPEAKER_LABEL.sub("", text)
    plain = strip_tags(unlabelled)
    if any(c.isupper() for c in plain) and not any(c.islower() for c in plain):
        return text
    labels = [match for match in _SPEAKER_LABEL.finditer(text) if _is_label(match["name"])]
    has_turns = len({match["name"] for match in labels}) > 1 and not any(
        map(_DASH.match, text.split("\n"))
    )
    # The names said that somebody else speaks, so dashes say it now.
    dash = "- " if has_turns else ""
    return _SPEAKER_LABEL.sub(
        lambda match: match["start"] + dash if _is_label(match["name"]) else match[0], text
    )


def _is_name(beginning: str) -> bool:
    """Check whether the beginning of a line is a name: one word, or several in capitals."""
    words = strip_tags(beginning).strip(" \t-–—>").split()
    return bool(words) and (len(words) == 1 or _is_label(" ".join(words)))


def _is_label(name: str) -> bool:
    return name == name.upper() and name != name.lower()
