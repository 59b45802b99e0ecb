"""Right-to-left lines: marked for players without bidi support, stored in reading order."""

from __future__ import annotations

import pytest

from subtitled.plugin import Language, Word
from subtitled.subtitles.formats.text import embed_rtl_lines
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.segmenter import segment_words

HEBREW = Language("he")


@pytest.mark.parametrize(
    ("tag", "text"),
    [
        ("he", "שלום!"),
        ("ar", "أين أنت؟"),
        ("fa", "کجایی؟"),
        ("ur", "آپ کہاں ہیں؟"),
        ("ckb", "لە کوێیت؟"),
        ("ku-Arab", "لە کوێیت؟"),
        ("yi", "וואו ביסטו?"),
        ("dv", "ކިހިނެއް؟"),
    ],
)
def test_each_line_is_embedded_by_the_script_of_its_language(tag: str, text: str) -> None:
    assert embed_rtl_lines(f"{text}\n- {text}", Language(tag)) == (
        f"\u202b{text}\u202c\n\u202b- {text}\u202c"
    )


def test_left_to_right_text_is_unchanged() -> None:
    assert embed_rtl_lines("OK, 42!", HEBREW) == "OK, 42!"
    assert embed_rtl_lines("\u202bשלום!\u202c", HEBREW) == "\u202bשלום!\u202c"
    assert embed_rtl_lines("\u200fשלום!\u200f", HEBREW) == "\u200fשלום!\u200f"
    assert embed_rtl_lines("Er sagte שלום!", Language("de")) == "Er sagte שלום!"
    assert embed_rtl_lines("Merhaba!", Language("ku")) == "Merhaba!"


def test_cues_hold_punctuation_where_it_is_read_and_no_marks_of_the_recogniser() -> None:
    texts = ["\u202bשלום,", " אני", " אוהב", " YouTube", " וגם", " קולנוע!\u202c"]
    words = [Word(text=text, start=1 + n * 0.5, end=1.5 + n * 0.5) for n, text in enumerate(texts)]
    (cue,) = segment_words(words, HEBREW, select_cue_rules(HEBREW, translation=False), 9)
    assert cue.text == "שלום, אני אוהב YouTube וגם קולנוע!"
