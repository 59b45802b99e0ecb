"""``review``: the queue, one review, its text, corrections from a file, and approval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

import subtitled.cli.review_approve  # noqa: F401 - adds its commands, and those of review
from subtitled.cli.app import app
from subtitled.db.review_records import CueEstimate, SubtitleEstimate
from subtitled.plugin import Cue, Language, Subtitle
from subtitled.subtitles.formats import read_cues, render_subtitle
from subtitled.subtitles.ownership import Ownership
from support.review_library import CUES, ENGLISH, FULL, ReviewLibrary, publish


class CommandLine:
    """A library, and the commands about its reviews."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = ReviewLibrary(folder)

    def run(self, *arguments: object) -> Result:
        """Run a command."""
        config = ["--config", str(self.folder / "config.toml")]
        return CliRunner().invoke(app, [*config, "review", *map(str, arguments)])

    def read(self, *arguments: object) -> Any:
        """Return what a command answers as JSON."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def write(self, cues: tuple[Cue, ...], name: str = "corrected.srt") -> Path:
        """Write a corrected file."""
        path = self.folder / name
        fmt = path.suffix[1:]
        path.write_bytes(render_subtitle(Subtitle(language=ENGLISH, cues=cues), fmt))
        return path


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def _estimate(cli: CommandLine, name: str, errors: float) -> int:
    record, sidecar = cli.library.add(name)
    own = cli.library.db.sidecars.get(sidecar)
    assert own is not None
    return cli.library.db.reviews.keep_estimate(
        SubtitleEstimate(
            file_id=record.id,
            language=ENGLISH,
            kind=FULL,
            sha256=own.sha256,
            expected_errors=errors,
            flagged=1,
            cue_count=3,
            cues=[CueEstimate(index=0, probability=0.8, reasons=[{"text": "unsure of Schuffa"}])],
            elsewhere=[{"start": 7.0, "end": 7.9, "text": "somebody speaks"}],
        )
    )


def test_the_worst_subtitle_is_listed_first(cli: CommandLine) -> None:
    assert "nothing to review" in cli.run("list").output
    better, worse = _estimate(cli, "Better", 1.0), _estimate(cli, "Worse", 4.0)
    listed = cli.read("list")
    assert [one["id"] for one in listed] == [worse, better]
    shown = cli.run("list", "--limit", 1).output
    assert "Worse" in shown
    assert "Better" not in shown
    assert cli.read("list", "--language", "de") == []
    assert cli.read("list", "--library", "series") == []


def test_a_review_is_named_by_number_sidecar_or_film(cli: CommandLine) -> None:
    number = _estimate(cli, "Film", 2.0)
    film, sidecar = cli.library.films / "Film.mkv", cli.library.films / "Film.en.srt"
    for name in (number, sidecar, film):
        assert cli.read("show", name)["id"] == number
    publish(cli.library.db, film, language=Language("de"))
    ambiguous = cli.run("show", film)
    assert ambiguous.exit_code == 1
    assert "--language" in ambiguous.output.replace("\n", " ")
    assert cli.read("show", film, "--language", "de")["language"] == "de"
    assert cli.read("show", film, "--language", "en")["id"] == number


@pytest.mark.parametrize("name", ["9999", "nothing.mkv", "1" * 30])
def test_what_is_no_review_is_named_with_a_hint(cli: CommandLine, name: str) -> None:
    for command in ("show", "export", "approve", "unlock"):
        result = cli.run(command, name)
        assert result.exit_code == 1, result.output
        assert "error:" in result.output


def test_doubtful_cues_are_shown_with_their_reasons(cli: CommandLine) -> None:
    number = _estimate(cli, "Film", 2.0)
    shown = cli.run("show", number, "--flagged").output
    assert "unsure of Schuffa" in shown
    assert "somebody speaks" in shown
    assert "So they say" not in shown
    everything = cli.run("show", number).output
    assert "So they say" in everything
    assert "doubt" in everything and " %" in everything
    assert "00:00:01.000" in everything


def test_a_review_without_doubts_says_so(cli: CommandLine) -> None:
    calm = (Cue(1.0, 3.0, "He lives here."), Cue(4.0, 6.0, "She lives there."))
    _, sidecar = cli.library.add("Film", calm)
    assert "no cue is doubtful or edited" in cli.run("show", sidecar, "--flagged").output
    shown = cli.run("show", sidecar).output
    assert "She lives there" in shown
    assert "no cue is doubtful" not in shown


def test_a_corrected_file_is_imported_as_one_edit_and_exported_again(cli: CommandLine) -> None:
    cli.library.add()
    corrected = (
        Cue(1.0, 3.0, "The Schufa said no."),
        Cue(4.25, 6.5, "He lives in New York."),
        Cue(11.0, 12.0, "The end."),
    )
    film = cli.library.films / "Film.mkv"
    file = cli.write(corrected)
    planned = cli.read("import", film, file, "--dry-run")
    assert planned["edit"] is None
    assert [part["kind"] for part in planned["operations"]] == [
        "text",
        "times",
        "delete",
        "insert",
    ]
    assert cli.read("show", film)["version"] == 0
    result = cli.run("import", film, file, "--by", "ana")
    assert "version 1" in result.output
    for fmt in ("srt", "vtt"):
        out = cli.folder / f"exported.{fmt}"
        assert cli.run("export", film, "--format", fmt, "--out", out).exit_code == 0
        assert read_cues(out.read_bytes(), fmt) == corrected
    assert "nothing to import" in cli.run("import", film, file).output
    assert cli.read("show", film)["version"] == 1


def test_an_exported_review_is_imported_as_no_edit_in_every_format(cli: CommandLine) -> None:
    cli.library.add()
    film = cli.library.films / "Film.mkv"
    for fmt in ("srt", "vtt", "ttml", "ass"):
        out = cli.folder / f"same.{fmt}"
        assert cli.run("export", film, "--format", fmt, "--out", out).exit_code == 0
        assert "nothing to import" in cli.run("import", film, out).output, fmt


def test_the_text_goes_to_standard_output_and_never_over_a_file(cli: CommandLine) -> None:
    cli.library.add()
    film = cli.library.films / "Film.mkv"
    assert read_cues(cli.run("export", film).stdout_bytes, "srt") == CUES
    kept = cli.folder / "kept.srt"
    kept.write_text("mine")
    result = cli.run("export", film, "--out", kept)
    assert (result.exit_code, kept.read_text()) == (2, "mine")
    assert cli.run("export", film, "--format", "doc").exit_code == 1


@pytest.mark.parametrize("content", [b"", b"<html>nothing</html>", b"\0\1\2\3", b"1\n\n2\n"])
def test_a_file_that_is_no_subtitle_is_not_imported(cli: CommandLine, content: bytes) -> None:
    cli.library.add()
    film = cli.library.films / "Film.mkv"
    file = cli.folder / "broken.srt"
    file.write_bytes(content)
    result = cli.run("import", film, file)
    assert result.exit_code == 1, result.output
    assert cli.read("show", film)["version"] == 0
    assert cli.run("import", film, cli.folder / "absent.srt").exit_code == 2
    assert cli.run("import", film, cli.folder).exit_code == 2


def test_a_review_is_approved_with_the_name_and_unlocked(cli: CommandLine) -> None:
    _, sidecar = cli.library.add()
    cli.run("import", sidecar, cli.write((Cue(1.0, 3.0, "The Schufa said no."),)))
    result = cli.run("approve", sidecar, "--by", "Ana Ivić", "--accept-warnings")
    assert result.exit_code == 0, result.output
    assert read_cues(sidecar.read_bytes(), "srt")[0].text == "The Schufa said no."
    signature = cli.library.db.sidecars.approval(sidecar)
    assert signature is not None
    assert signature.approved is not None
    assert signature.approved.by == "Ana Ivić"
    assert cli.read("list") == []
    assert [one["approved_by"] for one in cli.read("list", "--status", "approved")] == ["Ana Ivić"]
    assert cli.run("unlock", sidecar).exit_code == 0
    assert cli.library.db.sidecars.ownership(sidecar) is Ownership.EDITED
    assert "was not approved" in cli.run("unlock", sidecar).output


def test_an_approved_text_is_reopened_for_a_correction_and_its_file_stays_locked(
    cli: CommandLine,
) -> None:
    cli.library.add()
    sidecar = cli.library.films / "Film.en.srt"
    assert cli.run("approve", sidecar, "--accept-warnings").exit_code == 0
    approved = sidecar.read_bytes()
    file = cli.write((Cue(1.0, 3.0, "The Schufa said no."),))
    refused = cli.run("import", sidecar, file)
    assert refused.exit_code == 1 and "reopen" in refused.output
    assert "open again" in cli.run("reopen", sidecar).output
    assert "open already" in cli.run("reopen", sidecar).output
    assert cli.run("import", sidecar, file).exit_code == 0
    assert sidecar.read_bytes() == approved
    assert cli.library.db.sidecars.approval(sidecar) is not None


def test_errors_and_changed_files_keep_a_review_from_being_approved(cli: CommandLine) -> None:
    _, sidecar = cli.library.add()
    overlapping = (Cue(1.0, 5.0, "The Schuffa said no."), *CUES[1:])
    cli.run("import", sidecar, cli.write(overlapping))
    refused = cli.run("approve", sidecar, "--accept-warnings")
    assert refused.exit_code == 1
    assert "overlaps the next" in refused.output.replace("\n", " ")
    cli.run("import", sidecar, cli.write(CUES))
    theirs = sidecar.read_bytes() + b"\n4\n00:00:20,000 --> 00:00:21,000\nTheirs\n"
    sidecar.write_bytes(theirs)
    changed = cli.run("approve", sidecar, "--accept-warnings")
    assert changed.exit_code == 1
    assert "--replace" in changed.output
    assert sidecar.read_bytes() == theirs


def test_several_reviews_are_approved_and_those_with_errors_are_named(cli: CommandLine) -> None:
    good, bad, other = (cli.library.add(name)[1] for name in ("Good", "Bad", "Other"))
    publish(cli.library.db, bad.with_name("Bad.mkv"), (*CUES, Cue(9.5, 12.0, "Too early.")))
    result = cli.run("approve", good, bad, "999", "No such.mkv", "--accept-warnings")
    assert result.exit_code == 1
    text = " ".join(result.output.split())
    assert f"{good}: approved" in "".join(result.output.split("\n"))
    assert "not approved: 1 cue is wrong" in text
    assert "999: not approved: there is no such review" in text
    assert "No such.mkv: not approved" in text
    wanted = cli.run("approve", good, other, "--accept-warnings", "--json")
    told = json.loads(wanted.stdout)
    assert [one["review"] for one in told["approved"]] == [str(other)]
    assert "approved this subtitle already" in told["left"][0]["reason"]
    assert cli.run("approve", good, other, "--replace", "0" * 64).exit_code == 2
