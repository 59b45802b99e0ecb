"""Words in file names that look like languages, and languages that look like words."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Kind
from subtitled.subtitles.names import SidecarName, parse_sidecar


@pytest.mark.parametrize(
    "word", ["dub", "sub", "cut", "avi", "mkv", "www", "the", "Even", "Mono", "Latin American"]
)
def test_a_word_that_is_an_obscure_code_is_a_title(word: str) -> None:
    assert parse_sidecar("Film.mkv", f"Film.{word}.srt") == SidecarName(
        None, Kind.FULL, "srt", word
    )
    beside = parse_sidecar("Film.mkv", f"Film.en.{word}.srt")
    assert beside is not None
    assert beside.language == "en"


@pytest.mark.parametrize(
    ("word", "tag"),
    [
        ("pob", "pt-BR"),
        ("pt_BR", "pt-BR"),
        ("Brazilian", "pt-BR"),
        ("Simplified Chinese", "zh-Hans"),
        ("cht", "zh-Hant"),
        ("zh-TW", "zh-TW"),
        ("Deutsch", "de"),
        ("Español", "es"),
        ("yue", "yue"),
        ("fil", "fil"),
        ("es-419", "es-419"),
    ],
)
def test_what_people_write_for_a_language_is_understood(word: str, tag: str) -> None:
    parsed = parse_sidecar("Film.mkv", f"Film.{word}.srt")
    assert parsed is not None
    assert parsed.language == tag


def test_hi_twice_is_hindi_for_the_hard_of_hearing() -> None:
    assert parse_sidecar("F.mkv", "F.hi.hi.srt") == SidecarName(
        parse_sidecar("F.mkv", "F.hin.srt").language,  # type: ignore[union-attr]
        Kind.SDH,
        "srt",
        "",
    )


@given(st.binary(max_size=30).map(os.fsdecode).filter(lambda text: "/" not in text))
def test_any_name_is_parsed_without_a_fault(middle: str) -> None:
    parsed = parse_sidecar("Film.mkv", f"Film.{middle}.srt")
    assert parsed is not None
    assert parsed.format == "srt"
