"""Terms that corrections suggest: what a person wrote instead of what the machine understood.

The two texts are compared word by word, so new times, split and merged cues and other line breaks
suggest nothing. A word is suggested if it was corrected several times, or if it looks like a name,
resembles what stood there, and the machine wrote it nowhere. A word that the machine wrote right
more often than it was corrected is known to it, and is not suggested.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any

from rapidfuzz.distance import Indel, Levenshtein

from subtitled.plugin import Cue, Language
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.scripts import is_spaceless

from .terms import mentions_term

MIN_REPEATS = 2
"""How often a word is corrected before it is suggested, unless it looks like a name."""
MAX_PHRASE_WORDS = 4
"""Words of a correction, or characters without spaces. A longer one is another sentence."""
MIN_LETTERS = 3
"""Shorter words are no terms, unless they have a capital letter; 2 without spaces."""
MIN_SIMILARITY = 0.4
"""How much of a name has to resemble what stood there."""
MAX_PART_WORDS = 4000
"""Words of a part without a common cue. A longer one is another text, and suggests nothing."""
MAX_SUGGESTIONS = 50
MAX_PLACES = 5
"""Times that are named as evidence."""

_SPACED = re.compile(r"\w+(?:[-'’.&]\w+)*")
_UNSPACED = re.compile(r"[A-Za-z0-9]+|\w")
_SENTENCE_END = re.compile(r"[.!?…:。！？]\W*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class TermSuggestion:
    """A term that a correction suggests. Nothing is kept before a person says so."""

    text: str
    """What the person wrote."""
    translations: tuple[tuple[Language, str], ...]
    """The languages of the term; empty if it is the same in all."""
    replaced: tuple[tuple[str, int], ...]
    """What the machine wrote instead, and how often; the most frequent first."""
    count: int
    """How often it was corrected."""
    at: tuple[float, ...]
    """When the first of them are shown, in seconds of the media clock."""

    def to_dict(self) -> dict[str, Any]:
        """Return the suggestion as JSON has it."""
        return {
            "text": self.text,
            "translations": {str(language): text for language, text in self.translations},
            "replaced": [{"text": text, "count": count} for text, count in self.replaced],
            "count": self.count,
            "at": list(self.at),
        }


@dataclass(frozen=True, slots=True)
class SourceText:
    """The text in the language spoken, of which a translation was made."""

    language: Language
    text: str


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    begins_sentence: bool
    at: float


@dataclass(slots=True)
class _Correction:
    """What is known of one right form."""

    replaced: Counter[str] = field(default_factory=Counter)
    places: list[float] = field(default_factory=list)
    is_name: bool = False


def suggest_terms(
    machine: Sequence[Cue],
    approved: Sequence[Cue],
    language: Language,
    known: Iterable[str] = (),
    source: SourceText | None = None,
) -> tuple[TermSuggestion, ...]:
    """Return the terms that the corrections of a subtitle suggest, the most frequent first.

    Args:
        machine: The cues as the machine made them.
        approved: The cues as a person approved them.
        language: Their language.
        known: Terms of the glossary, which are not suggested again.
        source: The text that they were translated from; None if nothing was translated. Then a
            correction is only suggested if the wrong or the right form is in it.
    """
    is_unspaced = is_spaceless(language)
    known_forms = {form.casefold() for form in known}
    before = _tokens(machine, is_unspaced)
    after = _tokens(approved, is_unspaced)
    glue = "" if is_unspaced else " "
    written = glue.join(token.text for cue in before for token in cue)
    corrections: dict[str, _Correction] = {}
    for wrong, right in _replacements(before, after, is_unspaced):
        text = glue.join(token.text for token in right)
        former = glue.join(token.text for token in wrong)
        if text.casefold() in known_forms or not _may_be_term(text, is_unspaced):
            continue
        if text.casefold() == former.casefold() and _is_only_sentence_case(wrong, right):
            continue
        correction = corrections.setdefault(text, _Correction())
        correction.replaced[former] += 1
        correction.places.append(right[0].at)
        correction.is_name |= _is_name(right) and _resembles(former, text)
    found = []
    for text, correction in corrections.items():
        count = correction.replaced.total()
        times_written = _count(written, text, is_unspaced)
        is_repeated = count >= MIN_REPEATS and times_written < count
        is_new_name = correction.is_name and times_written == 0
        if not (is_repeated or is_new_name):
            continue
        replaced = tuple(correction.replaced.most_common())
        translations = _languages(text, [form for form, _ in replaced], language, source)
        if translations is not None:
            found.append(
                TermSuggestion(
                    text=text,
                    translations=translations,
                    replaced=replaced,
                    count=count,
                    at=tuple(sorted(correction.places)[:MAX_PLACES]),
                )
            )
    found.sort(key=lambda one: (-one.count, one.at, one.text))
    return tuple(found[:MAX_SUGGESTIONS])


def _languages(
    text: str, replaced: Sequence[str], language: Language, source: SourceText | None
) -> tuple[tuple[Language, str], ...] | None:
    """Return the languages of a term; None if a translation does not say what was translated."""
    if source is None:
        return ((language, text),)
    for form in replaced:
        if mentions_term(source.text, form):
            return ((source.language, form), (language, text))
    return () if mentions_term(source.text, text) else None


def _tokens(cues: Sequence[Cue], is_unspaced: bool) -> list[tuple[_Token, ...]]:
    """Return the words of each cue, in order of time."""
    pattern = _UNSPACED if is_unspaced else _SPACED
    result = []
    begins = True
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        text = " ".join(strip_tags(cue.text).split())
        tokens = []
        last = 0
        for match in pattern.finditer(text):
            between = text[last : match.start()]
            begins = begins or bool(_SENTENCE_END.search(between)) or "-" in between
            tokens.append(_Token(match[0], begins, cue.start))
            begins, last = False, match.end()
        begins = begins or bool(_SENTENCE_END.search(text[last:]))
        result.append(tuple(tokens))
    return result


def _replacements(
    before: Sequence[tuple[_Token, ...]],
    after: Sequence[tuple[_Token, ...]],
    is_unspaced: bool,
) -> Iterator[tuple[Sequence[_Token], Sequence[_Token]]]:
    """Yield the words that stand where others stood, each with those."""
    plain_before = [tuple(token.text for token in cue) for cue in before]
    plain_after = [tuple(token.text for token in cue) for cue in after]
    matcher = SequenceMatcher(None, plain_before, plain_after, autojunk=False)
    for tag, first, last, from_, to in matcher.get_opcodes():
        if tag != "replace":
            continue
        wrong = [token for cue in before[first:last] for token in cue]
        right = [token for cue in after[from_:to] for token in cue]
        if max(len(wrong), len(right)) <= MAX_PART_WORDS:
            yield from _replaced_words(wrong, right, is_unspaced)


def _replaced_words(
    before: Sequence[_Token], after: Sequence[_Token], is_unspaced: bool
) -> Iterator[tuple[Sequence[_Token], Sequence[_Token]]]:
    opcodes = Levenshtein.opcodes([one.text for one in before], [one.text for one in after])
    blocks: list[tuple[int, int, int, int]] = []
    ends_block = True
    for code in opcodes:
        if code.tag == "equal":
            ends_block = True
            continue
        part = (code.src_start, code.src_end, code.dest_start, code.dest_end)
        if ends_block:
            blocks.append(part)
        else:
            blocks[-1] = (blocks[-1][0], part[1], blocks[-1][2], part[3])
        ends_block = False
    for src, src_end, dest, dest_end in blocks:
        wrong, right = before[src:src_end], after[dest:dest_end]
        if not wrong or not right or max(len(wrong), len(right)) > MAX_PHRASE_WORDS:
            continue
        if len(wrong) == len(right) and not is_unspaced:
            yield from (((one,), (other,)) for one, other in zip(wrong, right, strict=True))
        else:
            yield wrong, right


def _may_be_term(text: str, is_unspaced: bool) -> bool:
    letters = sum(map(str.isalpha, text))
    if is_unspaced:
        return letters >= MIN_LETTERS - 1
    return letters >= MIN_LETTERS or (letters >= MIN_LETTERS - 1 and text != text.lower())


def _is_only_sentence_case(wrong: Sequence[_Token], right: Sequence[_Token]) -> bool:
    """Return whether only the first letter differs, where a sentence begins."""
    is_first_letter = (
        "".join(one.text for one in wrong)[1:] == "".join(one.text for one in right)[1:]
    )
    return is_first_letter and (wrong[0].begins_sentence or right[0].begins_sentence)


def _is_name(tokens: Sequence[_Token]) -> bool:
    """Return whether a word has a capital letter, or digits and letters, as names have."""
    return any(
        token.text[1:] != token.text[1:].lower()
        or (token.text[0].isupper() and not token.begins_sentence)
        or (any(map(str.isdigit, token.text)) and any(map(str.isalpha, token.text)))
        for token in tokens
    )


def _resembles(wrong: str, right: str) -> bool:
    """Return whether one may have been understood as the other."""
    one, other = ("".join(filter(str.isalnum, text.casefold())) for text in (wrong, right))
    return Indel.normalized_similarity(one, other) >= MIN_SIMILARITY


def _count(text: str, term: str, is_unspaced: bool) -> int:
    """Return how often a text has a term as whole words, in any case."""
    if is_unspaced:
        return text.casefold().count(term.casefold())
    return f" {text.casefold()} ".replace(" ", "  ").count(
        f" {term.casefold().replace(' ', '  ')} "
    )
