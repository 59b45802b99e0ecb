"""What ``generate`` takes from the configuration."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

from subtitled.cli.generate import with_library_settings
from subtitled.config.load import load_config
from subtitled.config.settings import LibrarySettings


def test_a_file_of_a_library_has_the_shape_of_cues_that_the_library_asks_for(
    tmp_path: Path,
) -> None:
    file = tmp_path / "c.toml"
    file.write_text(
        '[libraries.films]\npath = "/films"\nformats = ["ass"]\n'
        "hallucination_filter = false\nsnap_to_shots = true\n"
        '[libraries.films.cues]\nprofile = "bbc"\nmax_line_length = 25\n'
    )
    configuration = load_config(file)
    wishes = LibrarySettings(path=Path("/"))
    mine = with_library_settings(Path("/films/a/b.mkv"), wishes, configuration)
    assert (mine.cues.profile, mine.cues.max_line_length) == ("bbc", 25)
    assert (mine.hallucination_filter, mine.snap_to_shots) == (False, True)
    assert mine.formats == ("srt",), "what was asked for on the command line stays"
    elsewhere = with_library_settings(Path("/elsewhere/b.mkv"), wishes, configuration)
    assert elsewhere == wishes.model_copy(update={"path": Path("/elsewhere")})


def test_an_option_that_makes_no_sense_is_named_with_what_would(
    subtitled: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ran = subtitled("generate", "a.mkv", "--to", "xx,en", "--format", "doc")
    assert ran.returncode == 2
    first, second = ran.stderr.strip().splitlines()
    assert first.startswith("error: --to: 'xx' is not a language tag")
    assert second.startswith("--format: must be 'srt'")
