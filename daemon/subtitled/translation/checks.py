"""Checks of translated lines. No line is believed because it came back."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from subtitled.plugin import Batch, Language, Line
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.subtitles.language_id import language_mismatch_of_line
from subtitled.subtitles.letters import script_share

from .shift_check import extract_numbers, letter_count, shifted_lines


@dataclass(frozen=True, slots=True)
class LineIssue:
    """Why a line is rejected.

    ``is_minor``: it may be right, for example if a number is spelled out, so its ``text`` is better
    than none.
    """

    reason: str
    text: str = ""
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class CheckedBatch:
    """The checked lines of a batch. Each id is in exactly one of the two."""

    accepted: dict[int, str] = field(default_factory=dict)
    rejected: dict[int, LineIssue] = field(default_factory=dict)


def check_batch(batch: Batch, answer: Sequence[Line]) -> CheckedBatch:
    """Check the answer to a batch, each line by itself and beside the others."""
    wanted = [line.id for line in batch.lines]
    if {line.id for line in answer} - set(wanted):
        # The lines may be renumbered, so each text may belong to another line.
        return CheckedBatch(rejected=dict.fromkeys(wanted, LineIssue("the answer has unknown ids")))
    texts, rejected = _match_ids(wanted, answer)
    sources = {line.id: line.text for line in batch.lines}
    for number, text in texts.items():
        issue = find_issue(sources[number], text, batch.source, batch.target)
        if issue is not None:
            rejected[number] = issue
    for number, issue in _check_neighbours(wanted, sources, texts).items():
        rejected.setdefault(number, issue)
    for number in _shifted_ids(wanted, sources, texts, rejected):
        rejected.setdefault(number, LineIssue("it seems to belong to the line before or after"))
    whole = " ".join(text for number, text in texts.items() if number not in rejected)
    if (other := language_mismatch_of_line(whole, batch.target)) is not None and len(wanted) > 1:
        issue = LineIssue(f"the answer is in {other.english_name}")
        rejected |= {number: issue for number in texts if number not in rejected}
    accepted = {number: texts[number] for number in wanted if number not in rejected}
    return CheckedBatch(accepted, rejected)


def _match_ids(
    wanted: Sequence[int], answer: Sequence[Line]
) -> tuple[dict[int, str], dict[int, LineIssue]]:
    texts: dict[int, str] = {}
    bad: dict[int, LineIssue] = {}
    for line in answer:
        text = " ".join(line.text.split())
        if not text:
            continue
        if texts.setdefault(line.id, text) != text:
            bad[line.id] = LineIssue("it came back twice, with different texts")
    for before, number in zip([None, *wanted], wanted, strict=False):
        if number not in texts:
            bad[number] = LineIssue("it did not come back")
            if before is not None and before in texts:
                bad.setdefault(before, LineIssue("the next line is missing: it may hold both"))
    return texts, bad


def _check_neighbours(
    wanted: Sequence[int], sources: Mapping[int, str], texts: Mapping[int, str]
) -> dict[int, LineIssue]:
    """Return issues that only show beside the lines before and after."""
    bad: dict[int, LineIssue] = {}
    for one, other in itertools.pairwise(wanted):
        mine = texts.get(one)
        if (
            mine is not None
            and _is_same_text(mine, sources[other])
            and not _is_same_text(mine, sources[one])
        ):
            bad[one] = LineIssue("it is the next line, not translated")
    for alike in _repeated_lines(texts).values():
        # "Yes." and "Yeah." may well have the same translation.
        long = any(letter_count(sources[number]) > 15 for number in alike)
        if long and any(not _is_same_text(sources[alike[0]], sources[number]) for number in alike):
            bad |= dict.fromkeys(alike, LineIssue("several lines came back with the same text"))
    return bad


def _shifted_ids(
    wanted: Sequence[int],
    sources: Mapping[int, str],
    texts: Mapping[int, str],
    bad: Mapping[int, LineIssue],
) -> set[int]:
    """Return the ids of lines whose texts seem to belong to other lines."""
    bad_places = [place for place, number in enumerate(wanted) if number in bad]
    ordered_texts = [texts.get(number) for number in wanted]
    return {
        wanted[place]
        for place in shifted_lines([sources[n] for n in wanted], ordered_texts, bad_places)
    }


def _repeated_lines(texts: Mapping[int, str]) -> dict[str, list[int]]:
    """Return the ids of lines with the same text, by that text."""
    ids_by_text: dict[str, list[int]] = {}
    for number, text in texts.items():
        if letter_count(text) >= 4:
            ids_by_text.setdefault(normalise_text(text), []).append(number)
    return ids_by_text


def _is_same_text(first: str, second: str) -> bool:
    first, second = normalise_text(first), normalise_text(second)
    return first == second or (min(len(first), len(second)) > 20 and fuzz.ratio(first, second) > 90)


def find_issue(
    source: str, text: str, source_language: Language, target: Language
) -> LineIssue | None:
    """Return what is wrong with a line by itself, or None."""
    if _markup_counts(text) - _markup_counts(source):
        return LineIssue("it has markup that the source has not")
    if _ASSISTANT_TALK.search(text) and not _ASSISTANT_TALK.search(source):
        return LineIssue("it is about the task and no translation")
    mine, theirs = letter_count(source), letter_count(text)
    if not any(c.isalpha() for c in text) and mine > 8:
        return LineIssue("it has no words")
    if theirs > 4.0 * mine + 20 or theirs < 0.25 * mine - 2:
        return LineIssue("its length is impossible for a translation")
    if script_share(text, target) < 0.5 and not _is_only_names(source):
        return LineIssue(f"it is not written as {target.english_name} is")
    related = source_language.primary == target.primary
    if not related and _is_untranslated(source, text):
        return LineIssue("it was not translated")
    if not related and (other := language_mismatch_of_line(text, target)) is not None:
        return LineIssue(f"it is in {other.english_name}")
    if not theirs and mine:
        return LineIssue("it has no words")
    lost = Counter(n for n in extract_numbers(source) if len(n) > 2) - Counter(
        extract_numbers(text)
    )
    if lost:
        return LineIssue("a number is missing in it", text, is_minor=True)
    if theirs > 2.5 * mine + 15 or theirs < 0.4 * mine - 4:
        return LineIssue("its length is unusual", text, is_minor=True)
    return None


_MARKUP = re.compile(
    r"</?[a-z][^<>]*>|\{\\[^{}]*\}|-->|```|\*\*|\u27e6|\u27e7|^\s*[\[{]\s*\"|\"\s*[\]}]\s*$",
    re.IGNORECASE,
)
"""Tags, overrides, time codes, fences, bold type and pieces of JSON."""
_ASSISTANT_TALK = re.compile(
    r"""
      \b(as|being) \s an? \s ai\b | \blanguage \s model\b | \btranslator['’]?s \s note\b
    | \bi (\s am|['’]m) \s sorry, \s (but \s)? i \s can(['’]t|not) \b
    | \bi \s (can['’]t|cannot|can \s not) \s (assist|help \s with|translate|comply)\b
    | \bhere (\s is|['’]s|\s are) \s (the|your) \s translat | ^ translation \s* : | ^ \(? note \s* :
    | \bmodelo \s de \s (lenguaje|linguagem)\b | \bmod[eè]le \s de \s langage\b
    | \bmodello \s linguistico\b | \bsprachmodell\b | \bals \s ki\b | \btaalmodel\b
    | \blo \s siento, \s (pero \s)? no \s puedo \s (ayudar|traducir|asistir)
    | \bje \s suis \s désolée?, \s (mais \s)? je \s ne \s peux \s pas \s (aider|traduire)
    | \bes \s tut \s mir \s leid, \s (aber \s)? ich \s kann \b .{0,200} \b(übersetzen|helfen)
    | языков\w+ \s модел | 语言模型 | 語言模型 | 言語モデル | 언어 \s? 모델
    | (作为|作為)(一个|一個)?(AI|人工智能|人工智慧)
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""What models say about themselves and their task.

In a film about robots it is dialogue, so it counts only where the source has nothing like it.
"""


def _markup_counts(text: str) -> Counter[str]:
    return Counter(match.casefold() for match in _MARKUP.findall(text))


def _is_only_names(text: str) -> bool:
    """Return whether a text is all names and numbers, which may stay.

    A single word counts as a name.
    """
    words = [word for word in re.findall(r"[^\W\d_]+", text) if len(word) > 1]
    return len(words) < 2 or all(
        word[0].isupper() or word[0].lower() == word[0].upper() == word[0] for word in words
    )


def _is_untranslated(source: str, text: str) -> bool:
    """Return whether a line came back unchanged although it had to be translated."""
    if _is_only_names(source) or len(re.findall(r"[^\W\d_]{2,}", source)) < 4:
        return False
    return _is_same_text(source, text)
