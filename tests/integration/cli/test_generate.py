"""Tests of the settings that ``generate`` uses."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.cli.generate import GenerateRequest, find_media_files, settings_for
from subtitled.config.load import load_config
from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language

DE = Language("de")


def test_file_in_library_uses_library_settings_except_requirements(
    tmp_path: Path,
) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        '[libraries.films]\npath = "/films"\nformats = ["ass"]\nforced = ["en"]\n'
        "hallucination_filter = false\nsnap_to_shots = true\nsecond_opinion = true\n"
        'allowed_destinations = ["cloud"]\n'
        '[libraries.films.cues]\nprofile = "bbc"\nmax_line_length = 25\n'
    )
    configuration = load_config(file)
    library = settings_for(
        Path("/films/a/b.mkv"), GenerateRequest(languages=("de",)), configuration
    )
    assert (library.cues.profile, library.cues.max_line_length) == ("bbc", 25)
    assert (library.hallucination_filter, library.snap_to_shots) == (False, True)
    assert library.second_opinion
    assert library.path == Path("/films")
    assert (library.languages, library.formats, library.forced) == ((DE,), ("srt",), ())


def test_file_outside_libraries_stays_local_unless_engine_is_named(
    tmp_path: Path,
) -> None:
    configuration = load_config(None)
    media = Path("/elsewhere/b.mkv")
    library = settings_for(media, GenerateRequest(), configuration)
    assert library == LibrarySettings(path=Path("/elsewhere"), servers=())
    assert library.allowed_destinations == "local"
    named = settings_for(media, GenerateRequest(engine="whisper"), configuration)
    assert (named.engines, named.allowed_destinations) == (("whisper",), "any")


@pytest.mark.parametrize("typed", ["Film.mkv", "../films/Film.mkv", "../link/Film.mkv", "../films"])
def test_what_a_library_forbids_holds_however_its_file_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    films, elsewhere = tmp_path / "films", tmp_path / "elsewhere"
    films.mkdir()
    elsewhere.mkdir()
    (films / "Film.mkv").touch()
    (tmp_path / "link").symlink_to(films)
    file = tmp_path / "c.toml"
    file.write_text(
        f'[libraries.films]\npath = "{films}"\n'
        f'[libraries.open]\npath = "{elsewhere}"\nallowed_destinations = "any"\n'
    )
    configuration = load_config(file)
    monkeypatch.chdir(films if typed == "Film.mkv" else elsewhere)
    (media,) = find_media_files([Path(typed)], configuration)
    assert media == films / "Film.mkv"
    library = settings_for(media, GenerateRequest(engine="whisper"), configuration)
    assert library.allowed_destinations == "local"


def test_named_engine_overrides_routes_but_not_destinations(
    tmp_path: Path,
) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        '[engines.whisper]\n[engines.other]\nplugin = "whisper"\n'
        '[libraries.films]\npath = "/films"\n'
        '[[libraries.films.routes]]\nengines = ["other"]\n'
    )
    request = GenerateRequest(engine="whisper")
    library = settings_for(Path("/films/b.mkv"), request, load_config(file))
    assert (library.engines, library.routes) == (("whisper",), ())
    assert library.allowed_destinations == "local"


def test_invalid_options_are_reported_with_valid_values(
    subtitled: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ran = subtitled("generate", "a.mkv", "--languages", "xx,en", "--format", "doc")
    assert ran.returncode == 2
    first, second = ran.stderr.strip().splitlines()
    assert first.startswith("error: --languages: 'xx' is not a language tag")
    assert second.startswith("--format: must be 'srt'")
