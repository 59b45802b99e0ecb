"""The language that a library assumes where nobody can tell the one spoken."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from subtitled.config.errors import ConfigurationError
from subtitled.config.load import Configuration, load_config
from subtitled.pipeline.decision_digests import settings_digest


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


FIRST_RESULT_SETTINGS = frozenset(
    "languages forced bilingual formats preferred_audio_languages sources counts_as_existing "
    "on_human_subtitle translate_corrections engines translators hallucination_filter "
    "snap_to_shots allowed_destinations routes second_opinion summaries".split()
)
"""What the digest of decisions was made of before a library could assume a language."""


def test_an_upgrade_examines_no_file_again_where_no_language_is_assumed(tmp_path: Path) -> None:
    configuration = load(tmp_path, "en")
    films = configuration.settings.libraries["films"]
    plain = films.model_copy(update={"assumed_language": None})
    engines = [
        (name, one.settings.model_dump_json()) for name, one in configuration.engines.items()
    ]
    policy = plain.model_dump_json(include=set(FIRST_RESULT_SETTINGS))
    phrases = str(configuration.settings.daemon.hallucination_phrases)
    before = hashlib.sha256(repr((policy, engines, phrases)).encode()).hexdigest()[:16]
    assert settings_digest(configuration, plain) == before
    assert settings_digest(configuration, films) != before
