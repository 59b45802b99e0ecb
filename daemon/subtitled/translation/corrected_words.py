"""The words that were said as a person approved them, so that a translation is made of these.

The text is that of the approved cues, word by word. Whatever is as the recogniser wrote it keeps
its times and its speaker; so sentences without a correction are the same as before, and their
translations are found again.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from subtitled.plugin import Cue, Language, Word
from subtitled.subtitles.chinese import convert_texts
from subtitled.subtitles.markup import strip_tags
from subtitled.subtitles.scripts import is_spaceless

MAX_PART_WORDS = 2000
"""Words that are compared at once. Longer texts are cut between two cues."""
_DIGEST_CHARACTERS = 12
_DASHES = "-‐‑–—"
_TYPOGRAPHIC = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})


def digest_text(cues: Sequence[Cue], language: Language) -> str:
    """Return a short hash of the words of a subtitle, whatever their times and line breaks."""
    texts = [token.text for token in _approved_tokens(cues, language)]
    return hashlib.sha256("\n".join(map(_plain, texts)).encode()).hexdigest()[:_DIGEST_CHARACTERS]


def correct_words(
    words: Sequence[Word], approved: Sequence[Cue], language: Language
) -> tuple[Word, ...]:
    """Return the words of the approved cues with the times of those that were recognised.

    Args:
        words: What was recognised: repaired words, in order of time.
        approved: The approved cues.
        language: The language of both.

    Returns:
        The approved words in order. One that was corrected has a part of the time of what it
        replaces; one that was added lies between its neighbours.
    """
    spoken = list(_split_words(words, language))
    tokens = _approved_tokens(approved, language)
    corrected: list[Word] = []
    first = 0
    for part, until in _parts(tokens):
        last = first
        while last < len(spoken) and (until is None or _middle(spoken[last]) < until):
            last += 1
        corrected += _correct_part(spoken[first:last], part, language)
        first = last
    return tuple(_in_order(corrected))


def _correct_part(
    spoken: Sequence[Word], tokens: Sequence[Word], language: Language
) -> Iterator[Word]:
    converted = convert_texts([word.text for word in spoken], language)
    codes = Levenshtein.opcodes([_key(text) for text in converted], [_key(t.text) for t in tokens])
    for code in codes:
        said = spoken[code.src_start : code.src_end]
        wanted = tokens[code.dest_start : code.dest_end]
        if code.tag == "equal":
            texts = converted[code.src_start : code.src_end]
            for word, text, token in zip(said, texts, wanted, strict=True):
                is_same = _plain(text) == _plain(token.text)
                yield word if is_same else replace(word, text=token.text)
        elif code.tag == "replace":
            for word, token in zip(said, wanted, strict=True):
                yield replace(token, start=word.start, end=word.end, speaker=word.speaker)
        elif code.tag == "insert":
            near = spoken[max(0, code.src_start - 1) : code.src_start + 1]
            speaker = near[0].speaker if near else None
            at = near[0].end if near and code.src_start else None
            for token in wanted:
                start = token.start if at is None else at
                yield replace(token, start=start, end=start, speaker=speaker)


def _approved_tokens(cues: Sequence[Cue], language: Language) -> list[Word]:
    """Return the words of cues with the times of these, without the dashes of speakers."""
    glue = "" if is_spaceless(language) else " "
    tokens = []
    for cue in sorted(cues, key=lambda cue: (cue.start, cue.end)):
        for line in strip_tags(cue.text).splitlines():
            parts = line.split()
            if parts and parts[0][:1] in _DASHES:
                parts[0] = parts[0].lstrip(_DASHES)
            texts = list("".join(parts)) if is_spaceless(language) else [p for p in parts if p]
            tokens += [Word(text=f"{glue}{text}", start=cue.start, end=cue.end) for text in texts]
    return tokens


def _split_words(words: Sequence[Word], language: Language) -> Iterator[Word]:
    """Yield words in the units that are compared: between spaces, or characters without spaces.

    Parts of a word that an engine gives one by one are joined.
    """
    if is_spaceless(language):
        for word in words:
            texts = word.text.split()
            characters = list("".join(texts))
            for number, character in enumerate(characters):
                yield _share(word, character, number, len(characters))
        return
    pending: Word | None = None
    for word in words:
        parts = word.text.split()
        for number, part in enumerate(parts):
            piece = _share(word, f" {part}", number, len(parts))
            if number == 0 and pending is not None and not word.text[:1].isspace():
                is_one = pending.speaker == word.speaker
                if is_one:
                    pending = replace(pending, text=pending.text + part, end=piece.end)
                    continue
            if pending is not None:
                yield pending
            pending = piece
    if pending is not None:
        yield pending


def _share(word: Word, text: str, number: int, count: int) -> Word:
    """Return one of several parts of a word, with its part of the time."""
    seconds = (word.end - word.start) / count
    start = word.start + number * seconds
    end = word.end if number == count - 1 else start + seconds
    return replace(word, text=text, start=start, end=end)


def _parts(tokens: Sequence[Word]) -> Iterator[tuple[Sequence[Word], float | None]]:
    """Yield parts of a text, each with the time at which the next one begins."""
    first = 0
    while len(tokens) - first > MAX_PART_WORDS:
        last = first + MAX_PART_WORDS
        while last < len(tokens) and tokens[last].start == tokens[last - 1].start:
            last += 1
        if last == len(tokens):
            break
        yield tokens[first:last], tokens[last].start
        first = last
    yield tokens[first:], None


def _in_order(words: Sequence[Word]) -> Iterator[Word]:
    """Yield words none of which begins before the one before it."""
    latest = 0.0
    for word in words:
        start = max(word.start, latest)
        yield replace(word, start=start, end=max(word.end, start))
        latest = start


def _middle(word: Word) -> float:
    return (word.start + word.end) / 2


def _plain(text: str) -> str:
    """Return a word without what typography alone changes."""
    return unicodedata.normalize("NFC", text.strip().translate(_TYPOGRAPHIC))


def _key(text: str) -> str:
    """Return what two spellings of a word have in common but for case and marks."""
    letters = "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))
    return letters or text.strip()
