"""Choosing the code page of a text that is not Unicode.

chardet proposes code pages, the language of the file's name and of the text proposes others. The
letters that each gives are judged by the alphabet of the language that the text is in. If none
gives letters that belong there, or several do that differ, the text is refused: wrong letters would
be translated and published.
"""

from __future__ import annotations

import codecs
import functools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import chain

from subtitled.plugin import Language

from ..language_id import rank_languages
from .alphabets import CODE_PAGES, USUAL_CODE_PAGES, alphabet_of, has_own_script
from .doubts import has_rival
from .letter_shares import compare_pages, is_compared
from .readings import MIN_SCORE, Reading, rate_characters, score_letters

SAMPLE_BYTES = 2000
"""Bytes that are looked at, in lines with letters outside ASCII."""
MAX_SAMPLE_BYTES = 8000
_LINES_AT_ONCE = 32
"""Lines that are searched together for bytes that no line before has."""
MAX_BROKEN_SHARE = 0.002
"""Largest share of bytes outside ASCII that may be undefined in the code page."""
_CERTAIN_LETTERS = 800
_CERTAIN_SCRIPTS = ("ja", "ko")
"""Languages in whose letters bytes of another code page do not come out by chance."""
_MIN_GOOD = 0.9
"""Score of some letters from which all need not be judged."""
_MIN_WESTERN = 0.9
"""Score from which Western letters without a strange sign are certain. In a wrong code page some
of them are signs; in those of other regions they are letters of a neighbour."""
OUTSIDE_ASCII = bytes(range(128, 256))
_MIN_RARE = 8
"""Fewest letters from which a code page of long ago is found by the shares of its letters."""
_MAX_GUESSES = 6
_MIN_LANGUAGE_PROBABILITY = 0.1
_NEARLY_AS_GOOD = 0.06
_MIN_RATIO = 0.8
_CLEAR_SHARE = 0.8
_RIVAL_SHARE = 0.1
"""Probability from which a reading makes one in an unlikely language doubtful."""
_MIN_CONTEXT_LETTERS = 100
_MIN_CONTEXT_PROBABILITY = 0.95
_SUPERSETS = {
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859_1": "cp1252",
    "iso8859_9": "cp1254",
    "iso8859_11": "cp874",
    "tis_620": "cp874",
}
"""Code pages that are a part of another, which is what programs write."""


_CONTROLS = re.compile("[\x7f-\x9f]")


def find_code_page(data: bytes, language: Language | None = None) -> str | None:
    """Return the code page of a text, or None if it cannot be known.

    Args:
        data: The text. It has bytes outside ASCII and is no UTF-8.
        language: The language that the file's name states.
    """
    reading = find_reading(data, language)
    return None if reading is None else reading.code_page


def find_reading(data: bytes, language: Language | None = None) -> Reading | None:
    """Return the best reading of a text, or None if there is none or several that differ."""
    sample = _sample(data)
    stated = str(language.primary) if language else ""
    reading = _find_certain(sample, stated)
    if reading is not None and reading.language in _CERTAIN_SCRIPTS:
        return reading
    reading = reading or _find_by_alphabet(data, sample, stated)
    confirmed = _confirm_shares(reading, sample, stated)
    if confirmed is not None and has_rival(confirmed, sample, decode_as, stated):
        return None
    return confirmed


def _confirm_shares(reading: Reading | None, sample: bytes, stated: str) -> Reading | None:
    """Return the reading whose letters are as frequent as in its language.

    Returns:
        Another reading than the given one if that is clearly better, None if it is not clear.
    """
    compared = compare_pages(sample, decode_as, stated)
    if compared is None:
        return reading
    best = compared.best
    if reading is not None and reading.text.startswith(best.text):
        return reading if compared.is_clear else None
    if not compared.is_good:
        return None if reading is None or _is_implausible(reading) else reading
    text = decode_as(sample, best.code_page)
    if not compared.is_clear or text is None:
        return None
    share = dict(rank_languages(text)).get(best.language, 0.0)
    found = score_letters(best.code_page, text, best.language, share, min_rare=_MIN_RARE)
    return None if found is None or found.has_few_letters else found


def _is_implausible(reading: Reading) -> bool:
    """Check for letters that no text in the language has so often."""
    if has_own_script(reading.language):
        return is_compared(reading.language)
    letters = [character for character in reading.text if character.isalpha()]
    return 2 * sum(letter > "\x7f" for letter in letters) > len(letters)


def _find_by_alphabet(data: bytes, sample: bytes, stated: str) -> Reading | None:
    context = _context_languages(data)
    texts: dict[str, tuple[list[str], Sequence[tuple[str, float]]]] = {}
    tried: set[str] = set()
    identified: list[str] = []
    for code_page in chain(_candidates(sample, stated, context), _usual_pages(identified)):
        text = None if code_page in tried else decode_as(sample, code_page)
        tried.add(code_page)
        if text is None:
            continue
        if text in texts:
            texts[text][0].append(code_page)
            continue
        ranked = rank_languages(text)[:3]
        identified += (label for label, share in ranked[:1] if share > 0.5)
        texts[text] = ([code_page], ranked)
    # Foreign names and songs are not in the language of the lines around them.
    for around in (context, frozenset[str]()) if context else (context,):
        judged = (
            _judge(code_page, text, ranked, stated, around)
            for text, (code_pages, ranked) in texts.items()
            for code_page in code_pages
        )
        readings = [reading for reading in judged if reading is not None]
        if not all(reading.has_few_letters for reading in readings):
            return _choose(readings, stated)
    return None


def _find_certain(sample: bytes, stated: str) -> Reading | None:
    """Return the reading by the usual code page of the stated language if none can be better."""
    for code_page in USUAL_CODE_PAGES.get(stated, ())[:1]:
        text = decode_as(sample, code_page)
        if text is None:
            return None
        label, share = rank_languages(text[:_CERTAIN_LETTERS])[0]
        total, sum_of_scores, strange = rate_characters(text, stated)
        if label != stated or share < _CLEAR_SHARE or strange or not total:
            return None
        needed = 1.0 if code_page != "cp1252" else _MIN_WESTERN if alphabet_of(stated) else 0.0
        if sum_of_scores >= needed * total:
            return score_letters(code_page, text, stated, share, min_rare=2)
    return None


def is_good_reading(data: bytes, code_page: str, language: Language | None = None) -> bool:
    """Check whether a code page gives letters that belong in the language of the text."""
    sample = _sample(data)
    text = decode_as(sample, code_page)
    if text is None:
        return False
    stated = str(language.primary) if language else ""
    compared = compare_pages(sample, decode_as, stated)
    if compared and compared.is_good and compared.is_clear:
        return text.startswith(compared.best.text)
    if code_page in USUAL_CODE_PAGES.get(stated, ()):
        reading = score_letters(code_page, text[:_CERTAIN_LETTERS], stated, 0.0, min_rare=2)
        if reading is not None and reading.score >= _MIN_GOOD:
            return True
    reading = _judge(code_page, text, rank_languages(text)[:3], stated, frozenset())
    return reading is not None and reading.score >= MIN_SCORE


def _choose(readings: list[Reading], stated: str) -> Reading | None:
    """Choose among readings of equal score that with the fewest strange characters.

    Those with few letters only make others doubtful.
    """
    known = [reading for reading in readings if not reading.has_few_letters]
    top = max(known, key=lambda reading: reading.score)
    tolerance = top.tolerance
    best = [reading for reading in known if reading.score >= top.score - tolerance]
    if has_own_script(top.language):
        best = [reading for reading in best if reading.language == stated] or best
    # Chance makes characters that are in the language, but not its frequent ones.
    most = max(reading.ratio for reading in best)
    best = [reading for reading in best if reading.ratio >= (_MIN_RATIO - tolerance) * most]
    languages = {reading.language for reading in best}
    if has_own_script(top.language) and len(languages) > 1 and stated not in languages:
        return None
    # Of code pages whose letters are equally good, that of the stated language is right.
    chosen = min(
        best,
        key=lambda r: (r.strange, r.language != stated, r.share < _CLEAR_SHARE, _frequency_rank(r)),
    )
    if chosen.share < _MIN_LANGUAGE_PROBABILITY and not has_own_script(chosen.language):
        # A name that is wrong makes letters right that are not in the text's own language.
        rivals = (r for r in readings if r.text != chosen.text and r.share > _RIVAL_SHARE)
        if any(r.score >= chosen.score - _NEARLY_AS_GOOD for r in rivals):
            return None
    return chosen


def _context_languages(data: bytes) -> frozenset[str]:
    """Return the languages that lines without bytes outside ASCII are in.

    They say what the few others are in. Empty if they are too few, or their language is not clear.
    """
    lines = data.split(b"\n")
    plain = [
        line for line in lines if line.isascii() and b"-->" not in line and _WORDS.search(line)
    ]
    text = b"\n".join(plain[:: max(1, len(plain) // 40)]).decode()
    others = sum(len(line) for line in lines if not line.isascii())
    if sum(map(len, plain)) < max(_MIN_CONTEXT_LETTERS, others):
        return frozenset()
    ranked = [(label, share) for label, share in rank_languages(text)[:3] if share > 0.01]
    if sum(share for _, share in ranked) < _MIN_CONTEXT_PROBABILITY or len(ranked) > 2:
        return frozenset()
    return frozenset(label for label, _ in ranked)


_WORDS = re.compile(rb"[A-Za-z]{2}")


def _usual_pages(languages: list[str]) -> Iterator[str]:
    for language in dict.fromkeys(languages):
        yield from USUAL_CODE_PAGES.get(language, ())


def _frequency_rank(reading: Reading) -> int:
    return USUAL_CODE_PAGES[reading.language].index(reading.code_page)


def decode_as(data: bytes, code_page: str) -> str | None:
    """Decode bytes in a code page.

    Returns:
        The text, composed, or None if too many bytes are undefined or it has control characters.
    """
    try:
        text = data.decode(code_page)
    except (UnicodeDecodeError, LookupError):
        try:
            text = data.decode(code_page, "replace")
        except LookupError:
            return None
        outside = len(data) - len(data.translate(None, OUTSIDE_ASCII))
        if text.count("\ufffd") > max(1, MAX_BROKEN_SHARE * outside) or outside < 100:
            return None
    if _CONTROLS.search(text):
        return None
    return unicodedata.normalize("NFC", text) if code_page == "cp1258" else text


def _sample(data: bytes) -> bytes:
    """Return lines with bytes outside ASCII, spread over the text, with every such byte."""
    lines = [line for line in data.split(b"\n") if not line.isascii()]
    share = min(1.0, SAMPLE_BYTES / max(1, sum(map(len, lines))))
    sample: list[bytes] = []
    seen, size, has_new = b"", 0, True
    for number, line in enumerate(lines):
        if number % _LINES_AT_ONCE == 0:
            has_new = bool(b"".join(lines[number : number + _LINES_AT_ONCE]).translate(None, seen))
        new = line.translate(None, seen) if has_new else b""
        if new or int((number + 1) * share) > int(number * share):
            seen += new
            sample.append(line[:MAX_SAMPLE_BYTES])
            size += len(line)
            if size >= MAX_SAMPLE_BYTES:
                break
    return b"\n".join(sample)


def _candidates(sample: bytes, stated: str, context: frozenset[str]) -> Iterator[str]:
    """Yield code pages: those of the stated language, those that are guessed, those of others."""
    for language in (stated, *sorted(context)):
        yield from USUAL_CODE_PAGES.get(language, ())[:4]
    yield from ("cp1252", "cp1250")
    import chardet  # most texts are Unicode

    guesses = chardet.detect_all(sample, ignore_threshold=True, include_encodings=_guessed_pages())
    for guess in guesses[:_MAX_GUESSES]:
        if guess["encoding"] is not None:
            yield _canonical(guess["encoding"])


def _canonical(name: str) -> str:
    """Return Python's name of a code page, or of the larger one that it is a part of."""
    name = codecs.lookup(name).name.replace("-", "_")
    return _SUPERSETS.get(name, name)


@functools.cache
def _guessed_pages() -> tuple[str, ...]:
    """Return the code pages that chardet may guess, by its names."""
    from chardet.registry import REGISTRY

    known = {*CODE_PAGES, *_SUPERSETS}
    return tuple(name for name in REGISTRY if codecs.lookup(name).name.replace("-", "_") in known)


def _judge(
    code_page: str,
    text: str,
    ranked: Sequence[tuple[str, float]],
    stated: str,
    context: frozenset[str],
) -> Reading | None:
    """Judge a reading by the languages it may be in; None if it is in none of them."""
    shares = {
        label: share
        for label, share in ranked
        if share >= _MIN_LANGUAGE_PROBABILITY
        and (not context or label in context or has_own_script(label))
    }
    for primary in (*context, stated):
        if primary:
            shares.setdefault(primary, 1.0 if primary in context else 0.0)
    best: Reading | None = None
    for primary, share in shares.items():
        if code_page not in USUAL_CODE_PAGES.get(primary, ()):
            continue
        reading = score_letters(code_page, text, primary, share, min_rare=1 if context else 2)
        if reading is not None and (best is None or reading.score > best.score):
            best = reading
    return best
