"""The script that runs other tools: one line of JSON a file, whatever the tool prints itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "words_peer.py"
STABLE_TS = """
from types import SimpleNamespace
def load_faster_whisper(model, **options):
    def transcribe(path, verbose=False):
        print("progress")
        segment = SimpleNamespace(start=0.5, end=2.0, text=" " + path)
        return SimpleNamespace(language="english", segments=[segment])
    return SimpleNamespace(transcribe=transcribe)
"""
TOKENIZER = 'TO_LANGUAGE_CODE = {"english": "en"}'
WHISPERX = """
class Pipeline:
    def transcribe(self, path):
        print("progress")
        return {"language": "en", "segments": [{"start": 0.5, "end": 2.0, "text": " " + path}]}
def load_model(model, device, **options):
    return Pipeline()
"""


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Stand-ins for the tools, with what the script calls of them."""
    (tmp_path / "stable_whisper.py").write_text(STABLE_TS, "utf-8")
    (tmp_path / "whisperx.py").write_text(WHISPERX, "utf-8")
    (tmp_path / "whisper").mkdir()
    (tmp_path / "whisper" / "__init__.py").touch()
    (tmp_path / "whisper" / "tokenizer.py").write_text(TOKENIZER, "utf-8")
    for name, release in (("stable_ts", "2.19.1"), ("whisperx", "3.8.6")):
        folder = tmp_path / f"{name}-{release}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {release}\n", "utf-8"
        )
    return tmp_path


def run(packages: Path, *arguments: str) -> str:
    return subprocess.run(
        [sys.executable, SCRIPT, *arguments],
        env=os.environ | {"PYTHONPATH": str(packages)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("way", ["stable-ts", "whisperx"])
def test_each_file_is_a_line_of_its_own(packages: Path, way: str) -> None:
    lines = run(packages, way, "model", "a.opus", "b.opus").splitlines()
    heard = [json.loads(line) for line in lines]
    assert [each["cues"] for each in heard] == [[[0.5, 2.0, "a.opus"]], [[0.5, 2.0, "b.opus"]]]
    assert {each["language"] for each in heard} == {"en"}


@pytest.mark.parametrize(("way", "release"), [("stable-ts", "2.19.1"), ("whisperx", "3.8.6")])
def test_results_are_kept_by_the_version_of_the_tool(
    packages: Path, way: str, release: str
) -> None:
    assert run(packages, way, "--version").startswith(f"{release}-fw")
