"""The language that a library assumes where nobody can tell the one spoken."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.errors import ConfigurationError
from subtitled.config.load import Configuration, load_config


def load(folder: Path, language: str, engines: str = "") -> Configuration:
    config = folder / "config.toml"
    config.write_text(
        f'{engines}\n[libraries.films]\npath = "/films"\nassumed_language = "{language}"\n'
    )
    return load_config(config)


@pytest.mark.parametrize("text", ["en", "English", "eng", "en-GB"])
def test_it_is_written_as_any_other_language(tmp_path: Path, text: str) -> None:
    assumed = load(tmp_path, text).settings.libraries["films"].assumed_language
    assert assumed is not None
    assert assumed.primary == "en"


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("und", "und names no language; write one such as en"),
        ("mul", "mul names no language; write one such as en"),
        ("no such language", "is not a language tag; write one such as en"),
        ("original", "is not a language tag; write one such as en"),
    ],
)
def test_what_names_no_language_is_refused_with_what_to_write(
    tmp_path: Path, text: str, cure: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load(tmp_path, text)
    assert "libraries.films.assumed_language" in str(refused.value)
    assert cure in str(refused.value)


def test_a_language_that_no_engine_of_the_library_knows_is_warned_of(tmp_path: Path) -> None:
    english_only = '[engines.whisper]\nmodel = "tiny.en"\n'
    (warning,) = load(tmp_path, "cy", english_only).warnings
    assert warning.startswith("libraries.films.assumed_language is cy, which no engine")
    assert load(tmp_path, "en-GB", english_only).warnings == ()
    assert load(tmp_path, "cy").warnings == (), "Whisper knows Welsh"
