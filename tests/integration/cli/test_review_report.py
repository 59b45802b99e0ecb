"""``review report``: CSV and HTML of one review, or of all of a time."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import subtitled.cli.review_report  # noqa: F401 - adds its command
from subtitled.cli.app import app
from subtitled.daemon.reviews.versions import VersionTag
from subtitled.db.operations import CueVerdict, Verdict
from support.review_library import ReviewLibrary


class CommandLine:
    """A library with a review in which a cue was judged, and the command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = ReviewLibrary(folder)
        self.number = self.library.open()
        verdict = CueVerdict(cue="1", verdict=Verdict.WRONG, note="=1+1", actor="ana", at=1e9)
        review = self.library.service.load(self.number)
        self.library.service.set_verdict(self.number, verdict, VersionTag.of(review))

    def run(self, *arguments: object) -> Result:
        config = ["--config", str(self.folder / "config.toml")]
        return CliRunner().invoke(app, [*config, "review", "report", *map(str, arguments)])

    def rows(self, *arguments: object) -> list[dict[str, str]]:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return list(csv.DictReader(io.StringIO(result.stdout, newline="")))


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    return CommandLine(tmp_path)


def test_one_review_is_written_as_a_table_and_as_a_page(cli: CommandLine) -> None:
    media = cli.library.films / "Film.mkv"
    rows = cli.rows(media, "--csv")
    assert [row["note"] for row in rows if row["verdict"]] == ["'=1+1"]
    out = cli.folder / "report.html"
    assert cli.run(cli.number, "--html", "--out", out).exit_code == 0
    assert out.read_text("utf-8").startswith("<!doctype html>")
    again = cli.run(cli.number, "--html", "--out", out)
    assert again.exit_code == 2 and "exists" in again.output


def test_a_library_and_a_time_choose_the_reviews(cli: CommandLine) -> None:
    assert cli.rows("--csv", "--library", "films", "--since", "2001-09-01")
    assert cli.rows("--csv", "--until", "2001-09-01") == []
    assert cli.rows("--counts", "--library", "series") == []
    shown = cli.run()
    assert "Film.mkv" in shown.output.replace("\n", "")
    assert "nobody edited" in cli.run("--since", "2020-01-01").output


def test_what_cannot_be_meant_is_refused_with_a_cure(cli: CommandLine) -> None:
    for arguments, cure in (
        (("--csv", "--html"), "choose one"),
        ((cli.number, "--library", "films"), "either one review"),
        (("--out", cli.folder / "x"), "say what to write"),
        (("--since", "yesterday"), "Write one such as 2026-11-01"),
    ):
        refused = cli.run(*arguments)
        assert refused.exit_code == 2 and cure in refused.output
