"""Repetitive text costs every reader and cleaner time in proportion to its length.

The time that the processor works for this thread is measured, so that other work on the machine
does not count. With quadratic cost, a text of 10 000 characters takes a second and more.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import pytest

from subtitled.glossary import nfo
from subtitled.glossary.terms import mentions_term
from subtitled.media.marks import find_marks, strip_technical_name
from subtitled.plugin import InputRejectedError, Language, Word
from subtitled.subtitles import markup, rules, sdh
from subtitled.subtitles.encodings import decode_text
from subtitled.subtitles.evaluation.words import split_words
from subtitled.subtitles.formats import read_text, tidy_text
from subtitled.subtitles.formats.xmltree import parse_xml
from subtitled.subtitles.hallucination import load_phrases
from subtitled.subtitles.hallucination.loops import collapse_repeats
from subtitled.subtitles.hallucination.non_speech_tokens import remove_non_speech_tokens
from subtitled.subtitles.hallucination.passages import normalise_text
from subtitled.subtitles.language_id import find_language_mismatch
from subtitled.subtitles.language_tokens import parse_language_token
from subtitled.subtitles.segmentation import line_breaking, word_repair
from subtitled.subtitles.segmentation.phrase_boundaries import split_phrases
from subtitled.translation import checks, shift_check
from subtitled_plugins.openai.llm_output import parse_lines

LENGTH = 10_000
"""Characters of a text."""
MAX_SECONDS = 0.3
"""Processor time of one call. The slowest takes a tenth of it."""
EN, ES, FR = Language("en"), Language("es"), Language("fr")

UNITS = [
    *'[<{(♪ \n\r1&a-#|."`*Aé字ด\u200f\x00\u00a0\t',
    *("<i>", "</i>", "{\\", "{\\p1}", "<a ", "<c.", "<!--", "[a", "(A", "- [", "AB: ", "! - "),
    *("\\N", "&#1", "&a", "<0:0", "00:00:00,000 --> ", "1:", "->", "[00:01]", "{1}{2}", "[1][2]"),
    *("<p>", "<sync start=1>", "<br>", "<rt>", "<font color=", "a\n", "1\n", " #", "www.", "_"),
    *("< i >", "{/i}", "{\\alpha&HFF&}", "^I", "@1 @2 \\\n", "-->> 1\n", "[00:00:01]\n", "```\n"),
    *("<think>", "es tut mir leid, ich kann ", "</movie>", "{y:", "=", "<!DOCTYPE ", "\n \n"),
]

WRAPPERS = {
    "srt": "1\n00:00:01,000 --> 00:00:02,000\n{}\n",
    "vtt": "WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n",
    "ass": "[Script Info]\n[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,D,,0,0,0,,{}\n",
    "smi": "<SAMI><BODY><SYNC Start=1><P Class=X>{}<SYNC Start=900>",
    "lrc": "[00:01.00]{}\n",
    "sub": "{{1}}{{2}}{}\n{{3}}{{4}}x\n{{5}}{{6}}y",
    "jss": "0:00:01.00 0:00:02.00 D {}\n",
    "aqt": "-->> 1\n{}\n\n-->> 9\n",
    "mpsub": "FORMAT=TIME\n1 2\n{}\n",
    "stl": "00:00:01:00 , 00:00:02:00 , {}\n",
    "mpl": "[1][2]{}\n[3][4]x\n[5][6]y",
    "ttml": '<tt xmlns="http://www.w3.org/ns/ttml"><body><p begin="0s" end="1s">{}</p></body></tt>',
}


def _reader(suffix: str, wrapper: str = "{}") -> Callable[[str], object]:
    return lambda text: read_text(wrapper.format(text), suffix, frame_rate=25.0)


def _remove_tokens(text: str) -> object:
    word = Word(text=text, start=0.0, end=1.0)
    return remove_non_speech_tokens([word], load_phrases())


FUNCTIONS: dict[str, Callable[[str], object]] = {
    **{f"a file named {suffix}": _reader(suffix) for suffix in (*WRAPPERS, "json")},
    **{f"a cue of {name}": _reader(name, wrapper) for name, wrapper in WRAPPERS.items()},
    "parse_language_token": parse_language_token,
    "find_marks": find_marks,
    "strip_technical_name": strip_technical_name,
    "tidy_text": tidy_text,
    "normalise_markup": markup.normalise_markup,
    "strip_tags": markup.strip_tags,
    "unescape": markup.unescape,
    "restore_markup": lambda text: markup.restore_markup(f"<i>a</i> b {text}", text),
    "strip_sdh_text": sdh.strip_sdh_text,
    "measure_width": lambda text: rules.measure_width(text, EN),
    "decode_text": lambda text: decode_text(text.encode()),
    "parse_xml": parse_xml,
    "extract_root": nfo._extract_root,
    "split_roles": nfo._split_roles,
    "mentions_term": lambda text: mentions_term(text, "a b", is_case_sensitive=False),
    "find_language_mismatch": lambda text: find_language_mismatch([text] * 3, EN),
    "normalise_text": normalise_text,
    "remove_non_speech_tokens": _remove_tokens,
    "collapse_repeats": lambda text: collapse_repeats([Word(text=text, start=0.0, end=1.0)]),
    "find_issue": lambda text: checks.find_issue("Hello there my friend", text, EN, ES),
    "find_issue of a source": lambda text: checks.find_issue(text, f"{text} x", EN, ES),
    "extract_numbers": lambda text: list(shift_check.extract_numbers(text)),
    "parse_lines of an answer": parse_lines,
    "break_lines": lambda text: line_breaking.break_lines(text, FR, rules.CueRules()),
    "split_turns": line_breaking.split_turns,
    "clean_text": word_repair.clean_text,
    "split_phrases": lambda text: split_phrases(text, EN),
    "split_words": lambda text: split_words(text, EN),
}


def _measure(function: Callable[[str], object], text: str) -> float:
    before = time.thread_time()
    with contextlib.suppress(InputRejectedError):
        function(text)
    return time.thread_time() - before


@pytest.mark.thorough
@pytest.mark.parametrize("name", FUNCTIONS)
def test_repetitive_text_costs_time_in_proportion_to_its_length(name: str) -> None:
    slow = {}
    for unit in UNITS:
        text = unit * (LENGTH // len(unit))
        seconds = _measure(FUNCTIONS[name], text)
        # A text of twice the length takes twice the time, unless the cost is quadratic.
        if seconds > MAX_SECONDS and _measure(FUNCTIONS[name], text * 2) > 3 * seconds:
            slow[unit] = seconds
    assert not slow


def test_a_cue_of_a_million_brackets_is_read_and_cleaned_at_once() -> None:
    data = WRAPPERS["srt"].format("[" * 1_000_000)
    text = read_text(data, "srt").cues[0].text
    assert _measure(sdh.strip_sdh_text, text) < 5
    assert _measure(lambda text: find_language_mismatch([text], EN), text) < 5


def test_a_file_of_tags_that_never_end_is_read_at_once() -> None:
    data = WRAPPERS["vtt"].format("<" * 200_000)
    assert _measure(_reader("vtt"), data) < 2
