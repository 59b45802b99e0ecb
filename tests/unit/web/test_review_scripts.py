"""The scripts of the review page: their size, their keys, and what they may not do."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

import subtitled.web
from subtitled.web.pages.review_editor import WAVEFORM_SCRIPTS
from subtitled.web.pages.review_editor_texts import COMMANDS, TEXTS
from subtitled.web.pages.static_files import has_static_file

STATIC = Path(subtitled.web.__file__).parent / "static"
DOCS = Path(__file__).parents[3] / "docs" / "users" / "review.md"
OWN = sorted([*STATIC.glob("review*.js"), STATIC / "live.js"])
MAX_BYTES = 75_000
MAX_OWN_BYTES = 40_000


def compressed(path: Path) -> int:
    return len(gzip.compress(path.read_bytes(), 9, mtime=0))


def test_the_scripts_of_the_review_page_are_small() -> None:
    own = sum(map(compressed, OWN))
    assert 10_000 < own < MAX_OWN_BYTES
    if all(map(has_static_file, (*WAVEFORM_SCRIPTS, "htmx.min.js"))):
        names = (*WAVEFORM_SCRIPTS, "htmx.min.js")
        others = sum(compressed(STATIC / "vendor" / name) for name in names)
        print(f"own {own} bytes, others {others} bytes")
        assert own + others < MAX_BYTES


def default_keys() -> dict[str, dict[str, list[str]]]:
    """Return the keys by place and command."""
    source = (STATIC / "review-keys.js").read_text("utf-8")
    source = source[: source.index("const MODIFIERS")]
    places = re.findall(r"^  (\w+): \{\n(.*?)^  \},", source, re.MULTILINE | re.DOTALL)
    return {
        place: {
            command: re.findall(r'"([^"]+)"', keys)
            for command, keys in re.findall(r'^    "?([\w-]+)"?: \[(.*)\],$', body, re.MULTILINE)
        }
        for place, body in places
    }


def test_each_command_has_a_name_and_each_name_a_command() -> None:
    commands = {command for keys in default_keys().values() for command in keys}
    assert len(commands) > 40
    assert commands | {"take"} == set(COMMANDS)


def test_no_key_has_two_commands() -> None:
    for keys in default_keys().values():
        used = [key for command in keys.values() for key in command]
        assert sorted(set(used)) == sorted(used)


def test_the_documentation_names_every_key() -> None:
    page = DOCS.read_text("utf-8")
    table = page[page.index("| in the list | does |") : page.index("## How edits are kept")]
    told = set(re.findall(r"`([^`]+)`", table))
    signs = {"ArrowDown": "↓", "ArrowUp": "↑", "Escape": "Esc", "Delete": "Del"}
    frames = {f"Alt+{key}" for key in "[]{}"} | {"?"}  # told in words; "?" stands above it
    for place, keys in default_keys().items():
        for command, names in keys.items():
            first = names[0]
            for long, short in signs.items():
                first = first.replace(long, short)
            assert first in told | frames, f"{place}: {command}"


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.name)
def test_no_script_makes_markup_of_text_or_needs_a_weaker_policy(path: Path) -> None:
    source = path.read_text("utf-8")
    forbidden = r"innerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\"style\""
    assert re.findall(forbidden, source) == []
    assert len(source.splitlines()) <= 300


def test_each_text_that_a_script_says_is_there() -> None:
    said = {
        name for path in OWN for name in re.findall(r'\bsay\(\s*"(\w+)"', path.read_text("utf-8"))
    }
    chosen = {"very_doubtful", "doubtful", "very_doubtful_letter", "doubtful_letter"}
    chosen |= {"error_letter", "warning_letter", "pause", "play", "take_mine", "insert_mine"}
    chosen |= {"key_taken", "key_types", "key_moves"}
    assert said - set(TEXTS) == set()
    assert set(TEXTS) - said - chosen == set()
