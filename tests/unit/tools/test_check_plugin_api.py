"""A change of the plugin API that would break a plugin is found."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import griffe
import pytest

ROOT = Path(__file__).parents[3]
SOURCE = '''
"""A module."""
from dataclasses import dataclass
@dataclass
class Chunk:
    """A chunk."""
    span: float
    """Its span."""
    speech: tuple = ()
    """Its speech."""
class Engine:
    """An engine."""
    def transcribe(self, audio: str, request: int = 0) -> str:
        """Transcribe."""
'''


@pytest.fixture(scope="module")
def checker() -> Any:
    path = ROOT / "tools" / "check_plugin_api.py"
    spec = importlib.util.spec_from_file_location("check_plugin_api", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def describe(checker: Any, tmp_path: Path) -> Any:
    """Return a function that describes a module as the API."""

    def run(source: str) -> dict[str, bool]:
        with griffe.temporary_visited_module(source) as module:
            return {
                line: breaks
                for name, member in module.members.items()
                if not member.is_alias
                for line, breaks in checker.lines_of(name, member)
            }

    return run


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("class Engine:", "class Recogniser:", "Engine"),
        ("    span: float", "    spans: float", "Chunk.span: float"),
        ("    span: float", "    span: str", "Chunk.span: float"),
        ("def transcribe", "def recognise", "Engine.transcribe -> str"),
        ("-> str", "-> int", "Engine.transcribe -> str"),
        ("audio: str, ", "", "Engine.transcribe(audio: str)"),
        ("audio: str, ", "audio: str, language: str, ", "Engine.transcribe(language: str)"),
        ("    speech: tuple", "    low: bool\n    speech: tuple", "Chunk.low: bool"),
    ],
)
def test_what_would_break_a_plugin_is_named(
    checker: Any, describe: Any, old: str, new: str, name: str
) -> None:
    before, after = describe(SOURCE), describe(SOURCE.replace(old, new, 1))
    assert any(problem.startswith(f"{name}") for problem in checker.compare(set(before), after))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("class Engine:", "class Other:\n    x: int\nclass Engine:"),
        ("request: int = 0", "request: int = 0, limit: int = 1"),
        ("    speech: tuple = ()", "    speech: tuple = ()\n    low: bool = False"),
    ],
)
def test_what_is_added_with_a_default_breaks_nothing(
    checker: Any, describe: Any, old: str, new: str
) -> None:
    before, after = describe(SOURCE), describe(SOURCE.replace(old, new, 1))
    assert len(after) > len(before)
    assert list(checker.compare(set(before), after)) == []


@pytest.mark.parametrize(
    ("tags", "at_tag", "expected"),
    [
        ("", "", {"now"}),
        ("v0.2.0\nv0.1.0\n", "then\n", {"then"}),
        ("v0.1.0\n", "", {"now"}),  # a release of before the file
    ],
)
def test_the_last_release_counts_if_it_recorded_the_api(
    checker: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tags: str,
    at_tag: str,
    expected: set[str],
) -> None:
    surface = tmp_path / "surface.txt"
    surface.write_text("now\n")
    asked = []

    def git(*arguments: str) -> str:
        asked.append(arguments)
        return tags if arguments[0] == "tag" else at_tag

    monkeypatch.setattr(checker, "SURFACE", surface)
    monkeypatch.setattr(checker, "ROOT", tmp_path)
    monkeypatch.setattr(checker, "_git", git)
    assert checker.baseline()[1] == expected
    assert all(call[1] in ("--list", "v0.2.0:surface.txt", "v0.1.0:surface.txt") for call in asked)
