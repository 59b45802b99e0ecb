"""``terms``: keeping, listing and removing glossary terms, and what an approval offers."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner, Result

import subtitled.cli.glossary
import subtitled.cli.review_approve
import subtitled.cli.terms  # noqa: F401 - they add their commands
from subtitled.cli.app import app
from subtitled.plugin import Cue, Subtitle
from subtitled.subtitles.formats import render_subtitle
from support.review_library import ENGLISH, ReviewLibrary

HEARD = (Cue(1.0, 3.0, "Then comfy UI starts."), Cue(4.0, 6.5, "Open comfy UI now."))


def run(folder: Path, *arguments: object) -> Result:
    """Run a command."""
    config = ["--config", str(folder / "config.toml")]
    return CliRunner().invoke(app, [*config, *map(str, arguments)])


def test_an_approval_names_the_command_that_keeps_a_correction(tmp_path: Path) -> None:
    library = ReviewLibrary(tmp_path)
    record, _ = library.add("Film", HEARD)
    corrected = tmp_path / "corrected.srt"
    cues = tuple(Cue(one.start, one.end, one.text.replace("comfy UI", "ComfyUI")) for one in HEARD)
    corrected.write_bytes(render_subtitle(Subtitle(language=ENGLISH, cues=cues), "srt"))
    assert run(tmp_path, "review", "import", record.path, corrected).exit_code == 0
    approved = run(tmp_path, "review", "approve", record.path, "--accept-warnings")
    assert "ComfyUI: instead of comfy UI 2×, at 00:00:01.000, 00:00:04.000" in approved.stdout
    assert run(tmp_path, "terms", "list").stdout.startswith("nobody keeps a term")
    kept = run(
        tmp_path,
        "terms",
        "add",
        "ComfyUI",
        "--scope",
        "title",
        "--file",
        record.path,
        "--by",
        "ana",
    )
    assert kept.stdout == "ComfyUI is kept for title Film.mkv in library films\n"
    (term,) = json.loads(run(tmp_path, "terms", "list", "--json").stdout)
    assert (term["text"], term["by"], term["scope"]) == ("ComfyUI", "ana", "title")
    shown = json.loads(run(tmp_path, "glossary", record.path, "--json").stdout)
    assert ("ComfyUI", "kept by ana") in {(one["term"], one["origin"]) for one in shown["terms"]}
    assert run(tmp_path, "terms", "remove", term["id"]).exit_code == 0
    assert run(tmp_path, "terms", "remove", term["id"]).exit_code == 2
    assert json.loads(run(tmp_path, "terms", "list", "--json").stdout) == []


def test_a_term_may_have_a_text_for_each_language_and_a_wrong_one_names_the_cure(
    tmp_path: Path,
) -> None:
    ReviewLibrary(tmp_path)
    pairs = ["--in", "en=dragon", "--in", "es=dragón"]
    assert run(tmp_path, "terms", "add", "--library", "films", *pairs).exit_code == 0
    (term,) = json.loads(run(tmp_path, "terms", "list", "--json").stdout)
    assert term["translations"] == {"en": "dragon", "es": "dragón"}
    for arguments, reason in (
        (["--in", "dragón", "--library", "films"], "Write it as es=dragón"),
        (["Zoë", "--library", "none"], "Name one of: films"),
        (["Zoë", "--scope", "title", "--file", tmp_path / "no.mkv"], "no media file of a library"),
    ):
        result = run(tmp_path, "terms", "add", *arguments)
        assert result.exit_code == 2
        assert reason in " ".join(result.stderr.split())
