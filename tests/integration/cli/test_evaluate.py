"""Tests of ``subtitled evaluate``."""

from __future__ import annotations

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
