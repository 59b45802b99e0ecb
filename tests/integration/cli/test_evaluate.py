"""Tests of ``subtitled evaluate``."""

from __future__ import annotations

import csv
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.dialogue import lines_of, make_srt

Run = Callable[..., subprocess.CompletedProcess[str]]

GOOD = "1\n00:00:01,000 --> 00:00:03,000\nWir gehen.\n\n2\n00:00:03,084 --> 00:00:05,000\nJetzt.\n"
OVERLAPPING = GOOD.replace("00:00:03,000", "00:00:03,500")


@pytest.fixture
def film(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(name: str, text: str) -> Path:
        (tmp_path / name).write_text(text, "utf-8")
        return tmp_path / name

    return make


def test_valid_file_exits_0_and_file_with_errors_exits_1(
    subtitled: Run, film: Callable[[str, str], Path]
) -> None:
    good = subtitled("evaluate", film("Film.de.srt", GOOD))
    assert good.returncode == 0, good.stderr
    assert "German" in good.stdout
    assert "2 of 2 cues inside all limits" in good.stdout
    bad = subtitled("evaluate", film("Film.de.vtt", OVERLAPPING))
    assert bad.returncode == 1
    assert "ends before the next begins" in bad.stdout


def test_profiles_have_different_limits(subtitled: Run, film: Callable[[str, str], Path]) -> None:
    fast = film("a.en.srt", GOOD.replace("Wir gehen.", "x" * 39))
    assert subtitled("evaluate", fast).returncode == 0
    document = json.loads(subtitled("evaluate", fast, "--json", "--profile", "bbc").stdout)
    (file,) = document["files"]
    assert file["rules"]["line_length"] == {"error": False, "counts": True, "cues": [1]}
    assert {"cue": 1, "rule": "line_length", "found": "39 columns"} in file["findings"]
    assert file["inside_all_limits"] == 0.5


def test_comparison_with_reference_and_html_report(
    subtitled: Run, film: Callable[[str, str], Path], tmp_path: Path
) -> None:
    late = film("a.srt", GOOD.replace("00:00:01,000", "00:00:01,300"))
    right, html = film("right.srt", GOOD), tmp_path / "report.html"
    ran = subtitled(
        "evaluate",
        late,
        "--reference",
        right,
        "--language",
        "German",
        "--report",
        html,
        "--json",
    )
    assert ran.returncode == 0, ran.stderr
    against = json.loads(ran.stdout)["files"][0]["comparison"]
    assert (against["wer"], against["suber"]) == (0, 0)
    assert against["in_times"] == {"cues": 2, "median": 0.15, "p90": 0.3, "signed_median": 0.15}
    assert html.read_text("utf-8").count("<svg") == 3


def test_unreadable_files_are_reported_and_others_evaluated(
    subtitled: Run, film: Callable[[str, str], Path], tmp_path: Path
) -> None:
    ran = subtitled("evaluate", tmp_path / "no.srt", film("x.srt", "no"), film("a.srt", GOOD))
    assert ran.returncode == 1
    assert "no.srt" in ran.stderr
    assert "no line in it has times" in ran.stderr
    assert "language unknown" in ran.stdout
    assert subtitled("evaluate", "a.srt", "--language", "engrish").returncode == 2
    assert subtitled("evaluate", "a.srt", "--profile", "none").returncode == 2


def test_what_could_not_be_read_is_told_with_its_line(
    subtitled: Run, film: Callable[[str, str], Path]
) -> None:
    damaged = film("Film.[x].de.srt", GOOD.replace("00:00:03,084", "00:00:O3,084"))
    done = subtitled("evaluate", damaged)
    assert "its times cannot be read" in done.stderr
    assert "line 6" in done.stderr
    assert "1 of 1 cues inside all limits" in done.stdout


@pytest.mark.parametrize("language", ["pl", "tr"])
def test_a_text_in_a_code_page_is_evaluated_in_its_letters(
    subtitled: Run, tmp_path: Path, language: str
) -> None:
    page = {"pl": "cp1250", "tr": "cp1254"}[language]
    file = tmp_path / f"Film.{language}.srt"
    file.write_bytes(make_srt(lines_of(language) * 3).encode(page))
    finished = subtitled("evaluate", file)
    assert page in finished.stdout + finished.stderr


def test_a_label_that_is_wrong_is_told(subtitled: Run, tmp_path: Path) -> None:
    file = tmp_path / "Film.de.srt"
    file.write_text(make_srt(lines_of("es") * 3))
    finished = subtitled("evaluate", file)
    assert "labelled German, but it is in Spanish" in finished.stderr
    assert "Spanish, limits" in finished.stdout


@pytest.fixture
def delivery(tmp_path: Path) -> Path:
    """Return a folder with a good subtitle, one with long lines, a damaged one and a binary one."""
    folder = tmp_path / "delivery"
    (folder / "Series [1]").mkdir(parents=True)
    (folder / "good.de.srt").write_text(GOOD, "utf-8")
    (folder / "Series [1]" / "=long.de.srt").write_text(GOOD.replace("Wir gehen.", "x" * 39))
    (folder / "Series [1]" / "bad.de.vtt").write_text(OVERLAPPING, "utf-8")
    (folder / "binary.srt").write_bytes(bytes(range(256)) * 20)
    (folder / "notes.txt").write_text("no subtitle")
    return folder


def test_a_folder_gives_a_row_with_a_verdict_for_each_subtitle(
    subtitled: Run, delivery: Path, tmp_path: Path
) -> None:
    table, page = tmp_path / "qc.csv", tmp_path / "qc.html"
    ran = subtitled("evaluate", delivery, "--profile", "ebu", "--csv", table, "--index", page)
    assert ran.returncode == 1
    with table.open(encoding="utf-8", newline="") as file:
        rows = {row["file"].lstrip("'"): row for row in csv.DictReader(file)}
    assert {name: row["verdict"] for name, row in rows.items()} == {
        "good.de.srt": "warning",  # EBU wants four frames between two cues
        "Series [1]/=long.de.srt": "warning",
        "Series [1]/bad.de.vtt": "failed",
        "binary.srt": "unreadable",
    }
    assert rows["Series [1]/=long.de.srt"]["line_length"] == "1"
    assert rows["binary.srt"]["reason"]
    assert rows["binary.srt"]["cues"] == ""
    assert "1 failed, 1 unreadable" in ran.stdout
    html = page.read_text("utf-8")
    assert html.index("binary.srt") < html.index("good.de.srt")
    assert "EBU Tech 3264" in html


def test_a_good_delivery_exits_0_unless_fewer_cues_may_be_outside(
    subtitled: Run, delivery: Path
) -> None:
    (delivery / "binary.srt").unlink()
    (delivery / "Series [1]" / "bad.de.vtt").unlink()
    assert subtitled("evaluate", delivery, "--profile", "ard").returncode == 0
    strict = subtitled("evaluate", delivery, "--profile", "ard", "--max-outside", "10", "--json")
    assert strict.returncode == 1
    document = json.loads(strict.stdout)
    assert document["verdicts"] == {"ok": 1, "failed": 1}
    assert not document["passed"]
    assert "daserste.de" in document["source"]
    assert "50.0% of the cues" in strict.stdout


def test_what_cannot_be_a_batch_is_refused(subtitled: Run, delivery: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    nothing = subtitled("evaluate", tmp_path / "empty")
    assert (nothing.returncode, "no subtitle file in" in nothing.stderr) == (2, True)
    both = subtitled("evaluate", delivery, "--report", tmp_path / "x.html")
    assert both.returncode == 2
    assert "--report" in both.stderr
    nowhere = subtitled("evaluate", delivery, "--csv", tmp_path / "no" / "qc.csv")
    assert (nowhere.returncode, "cannot be written" in nowhere.stderr) == (2, True)
