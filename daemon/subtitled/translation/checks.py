"""What is wrong with the lines of an answer. Nothing is believed because it came back."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from subtitled.plugin import Batch, Language, Line
from subtitled.subtitles.guards.passages import bare

from .shifts import letters, moved, numbers
from .tongues import in_its_script, other_language


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a line is not taken. A slight fault may be none, so its ``text`` is better than nothing:
    a number that is spelled out, a language that says it in half the letters."""

    reason: str
    text: str = ""
    slight: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """The lines of a batch: each id is in exactly one of the two."""

    good: dict[int, str] = field(default_factory=dict)
    bad: dict[int, Fault] = field(default_factory=dict)


def check(batch: Batch, answer: Sequence[Line]) -> Checked:
    """Judge what came back for a batch, each line by itself and beside its neighbours."""
    wanted = [line.id for line in batch.lines]
    if {line.id for line in answer} - set(wanted):
        # Numbered anew, perhaps: then each text is another's.
        return Checked(bad=dict.fromkeys(wanted, Fault("ids came back that were not asked for")))
    texts, bad = _by_id(wanted, answer)
    sources = {line.id: line.text for line in batch.lines}
    for number, text in texts.items():
        fault = fault_of(sources[number], text, batch.source, batch.target)
        if fault is not None:
            bad[number] = fault
    for number, fault in _beside(wanted, sources, texts).items():
        bad.setdefault(number, fault)
    for number in _moved(wanted, sources, texts, bad):
        bad.setdefault(number, Fault("it seems to belong to the line before or after"))
    whole = " ".join(text for number, text in texts.items() if number not in bad)
    if (other := other_language(whole, batch.target)) is not None and len(wanted) > 1:
        fault = Fault(f"the answer is in {other.english_name}")
        bad |= {number: fault for number in texts if number not in bad}
    good = {number: texts[number] for number in wanted if number not in bad}
    return Checked(good, bad)


def _by_id(
    wanted: Sequence[int], answer: Sequence[Line]
) -> tuple[dict[int, str], dict[int, Fault]]:
    texts: dict[int, str] = {}
    bad: dict[int, Fault] = {}
    for line in answer:
        text = " ".join(line.text.split())
        if not text:
            continue
        if texts.setdefault(line.id, text) != text:
            bad[line.id] = Fault("two different lines came back for it")
    for before, number in zip([None, *wanted], wanted, strict=False):
        if number not in texts:
            bad[number] = Fault("no line came back for it")
            if before is not None and before in texts:
                bad.setdefault(before, Fault("the next line is missing: it may hold both"))
    return texts, bad


def _beside(
    wanted: Sequence[int], sources: Mapping[int, str], texts: Mapping[int, str]
) -> dict[int, Fault]:
    """Faults that show only beside the lines before and after."""
    bad: dict[int, Fault] = {}
    for one, other in itertools.pairwise(wanted):
        mine = texts.get(one)
        if mine is not None and _same(mine, sources[other]) and not _same(mine, sources[one]):
            bad[one] = Fault("it is the next line, not translated")
    for alike in _alike(texts).values():
        # "Yes." and "Yeah." may well be the same word.
        long = any(letters(sources[number]) > 15 for number in alike)
        if long and any(not _same(sources[alike[0]], sources[number]) for number in alike):
            bad |= dict.fromkeys(alike, Fault("several lines came back as one and the same"))
    return bad


def _moved(
    wanted: Sequence[int],
    sources: Mapping[int, str],
    texts: Mapping[int, str],
    bad: Mapping[int, Fault],
) -> set[int]:
    """The ids of lines that seem to be another's."""
    wrong = [place for place, number in enumerate(wanted) if number in bad]
    said = [texts.get(number) for number in wanted]
    return {wanted[place] for place in moved([sources[n] for n in wanted], said, wrong)}


def _alike(texts: Mapping[int, str]) -> dict[str, list[int]]:
    """The ids of lines that say the same, by what they say."""
    found: dict[str, list[int]] = {}
    for number, text in texts.items():
        if letters(text) >= 4:
            found.setdefault(bare(text), []).append(number)
    return found


def _same(one: str, other: str) -> bool:
    one, other = bare(one), bare(other)
    return one == other or (min(len(one), len(other)) > 20 and fuzz.ratio(one, other) > 90)


def fault_of(source: str, text: str, spoken: Language, target: Language) -> Fault | None:
    """What is wrong with one line by itself, or None."""
    if _markup(text) - _markup(source):
        return Fault("it has marks that what was said has not")
    if _TALK.search(text) and not _TALK.search(source):
        return Fault("it is talk about the task, not a translation")
    mine, theirs = letters(source), letters(text)
    if not any(c.isalpha() for c in text) and mine > 8:
        return Fault("there is no word in it")
    if theirs > 4.0 * mine + 20 or theirs < 0.25 * mine - 2:
        return Fault("its length cannot be that of a translation")
    if in_its_script(text, target) < 0.5 and not _only_names(source):
        return Fault(f"it is not written as {target.english_name} is")
    related = spoken.primary == target.primary
    if not related and _untranslated(source, text):
        return Fault("it was not translated")
    if not related and (other := other_language(text, target)) is not None:
        return Fault(f"it is in {other.english_name}")
    if not theirs and mine:
        return Fault("there is no word in it")
    lost = Counter(n for n in numbers(source) if len(n) > 2) - Counter(numbers(text))
    if lost:
        return Fault("a number is missing in it", text, slight=True)
    if theirs > 2.5 * mine + 15 or theirs < 0.4 * mine - 4:
        return Fault("its length is unusual", text, slight=True)
    return None


_MARKUP = re.compile(
    r"</?[a-z][^<>]*>|\{\\[^{}]*\}|-->|```|\*\*|\u27e6|\u27e7|^\s*[\[{]\s*\"|\"\s*[\]}]\s*$",
    re.IGNORECASE,
)
"""Tags, overrides, time codes, fences, bold type and pieces of JSON."""
_TALK = re.compile(
    r"""
      \b(as|being) \s an? \s ai\b | \blanguage \s model\b | \btranslator['’]?s \s note\b
    | \bi (\s am|['’]m) \s sorry, \s (but \s)? i \s can(['’]t|not) \b
    | \bi \s (can['’]t|cannot|can \s not) \s (assist|help \s with|translate|comply)\b
    | \bhere (\s is|['’]s|\s are) \s (the|your) \s translat | ^ translation \s* : | ^ \(? note \s* :
    | \bmodelo \s de \s (lenguaje|linguagem)\b | \bmod[eè]le \s de \s langage\b
    | \bmodello \s linguistico\b | \bsprachmodell\b | \bals \s ki\b | \btaalmodel\b
    | \blo \s siento, \s (pero \s)? no \s puedo \s (ayudar|traducir|asistir)
    | \bje \s suis \s désolée?, \s (mais \s)? je \s ne \s peux \s pas \s (aider|traduire)
    | \bes \s tut \s mir \s leid, \s (aber \s)? ich \s kann \b .* \b(übersetzen|helfen)
    | языков\w+ \s модел | 语言模型 | 語言模型 | 言語モデル | 언어 \s? 모델
    | (作为|作為)(一个|一個)?(AI|人工智能|人工智慧)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What models say of themselves and of their task. In a film about robots it is dialogue: it
counts only where what was said has nothing of the kind."""


def _markup(text: str) -> Counter[str]:
    return Counter(match.casefold() for match in _MARKUP.findall(text))


def _only_names(text: str) -> bool:
    """Whether a text is all names and numbers, which may stay as they are; a lone word is one."""
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1]
    return len(words) < 2 or all(
        word[0].isupper() or word[0].lower() == word[0].upper() == word[0] for word in words
    )


def _untranslated(source: str, text: str) -> bool:
    """Whether a line came back as it was, and that cannot be its translation."""
    if _only_names(source) or len(re.findall(r"[^\W\d_]{2,}", source)) < 4:
        return False
    return _same(source, text)
