"""Chinese from one script into the other, by OpenCC: phrases are known, so that 头发 is 頭髮 and
发财 is 發財. No translator is needed for it, and none does it better."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from subtitled.plugin import Cue, Language, Subtitle

if TYPE_CHECKING:
    import opencc

HANS, HANT = "Hans", "Hant"
_CHINESE = frozenset({"zh", "cmn", "yue"})
_TO_HANT = {"TW": "s2tw", "HK": "s2hk", "MO": "s2hk"}
_SAMPLE = 4000
"""Characters that are looked at to see which script a text is in."""


def writes_chinese(language: Language) -> bool:
    """Whether a text in a language can be put into the other Chinese script."""
    return language.primary in _CHINESE


def converts(source: Language, wanted: Language) -> bool:
    """Whether ``wanted`` is ``source`` in the other script, and nothing else."""
    return (
        writes_chinese(source)
        and Language(str(source.primary)).serves(Language(str(wanted.primary)))
        and wanted.states_script
        and source.script != wanted.script
    )


def other_script(language: Language) -> Language | None:
    """The same Chinese in the other script; None for any other language, or for ``zh`` alone."""
    if not writes_chinese(language) or not language.states_script:
        return None
    return Language(f"{language.primary}-{HANS if language.script == HANT else HANT}")


def script_of(text: str) -> str:
    """The script of a Chinese text: the one whose conversion changes fewer of its characters."""
    sample = "".join(filter(_is_han, text))[:_SAMPLE]
    to_simple = _differing(sample, _converter("t2s").convert(sample))
    to_full = _differing(sample, _converter("s2t").convert(sample))
    return HANT if to_simple > to_full else HANS


def in_script(texts: Sequence[str], wanted: Language) -> list[str]:
    """Chinese texts as ``wanted`` writes them; what is written so already stays as it is."""
    if not writes_chinese(wanted) or not wanted.states_script:
        return list(texts)
    if script_of("".join(texts)) == wanted.script:
        return list(texts)
    region = str(wanted).rpartition("-")[2]
    name = "t2s" if wanted.script == HANS else _TO_HANT.get(region, "s2t")
    converter = _converter(name)
    return [converter.convert(text) for text in texts]


def subtitle_in(subtitle: Subtitle, wanted: Language) -> Subtitle:
    """A subtitle under the name ``wanted``; a Chinese one in its script, words and all."""
    cues = in_script([cue.text for cue in subtitle.cues], wanted)
    words = in_script([word.text for word in subtitle.words], wanted)
    return replace(
        subtitle,
        language=wanted,
        cues=tuple(_with(subtitle.cues, cues)),
        words=tuple(
            replace(word, text=text) for word, text in zip(subtitle.words, words, strict=True)
        ),
    )


def _with(cues: Sequence[Cue], texts: Sequence[str]) -> Iterable[Cue]:
    return (replace(cue, text=text) for cue, text in zip(cues, texts, strict=True))


@functools.cache
def _converter(name: str) -> opencc.OpenCC:
    import opencc

    return opencc.OpenCC(name)


def _differing(before: str, after: str) -> int:
    return sum(one != other for one, other in zip(before, after, strict=False))


def _is_han(character: str) -> bool:
    return "㐀" <= character <= "鿿" or "𠀀" <= character <= "𲎯"
