"""The difference between two versions of a text: both can be read from it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Language
from subtitled.subtitles.review.word_differences import (
    DifferenceKind,
    compare_words,
    write_marked,
)

_LANGUAGES = st.sampled_from(("en", "de", "ar", "zh", "th", "hi"))
_TEXTS = st.text(st.sampled_from("ab é-\n.,'<i>字二ไม่हिन्"), max_size=30)


@given(_TEXTS, _TEXTS, _LANGUAGES)
def test_both_versions_can_be_read_from_their_difference(
    before: str, after: str, language: str
) -> None:
    parts = compare_words(before, after, Language(language))
    kinds = DifferenceKind
    assert "".join(one.text for one in parts if one.kind is not kinds.INSERTED) == before
    assert "".join(one.text for one in parts if one.kind is not kinds.DELETED) == after
    assert all(one.text for one in parts)
    if before == after:
        assert {one.kind for one in parts} <= {kinds.SAME}


@pytest.mark.parametrize(
    ("language", "before", "after", "marked"),
    [
        ("en", "A Schuffa is.", "A SCHUFA is!", "A [-Schuffa-]{+SCHUFA+} is[-.-]{+!+}"),
        ("en", "", "New.", "{+New.+}"),
        ("de", "Er ging", "Er ging fort", "Er ging{+ fort+}"),
        ("ar", "قال لا", "قال نعم", "قال [-لا-]{+نعم+}"),
        ("zh", "他说不行", "她说不行", "[-他-]{+她+}说不行"),
        ("hi", "हिन्दी भाषा", "हिन्दी भाषाएँ", "हिन्दी [-भाषा-]{+भाषाएँ+}"),
    ],
)  # fmt: skip
def test_whole_words_differ_or_characters_where_there_are_no_spaces(
    language: str, before: str, after: str, marked: str
) -> None:
    assert write_marked(compare_words(before, after, Language(language))) == marked
