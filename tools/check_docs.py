"""Report commands, configuration keys and names in the docs that do not exist.

Checked are command lines that begin with ``subtitled``, TOML examples against
``docs/configuration.md`` (which is made from the schema), and dotted names of modules, classes and
functions in ``docs/contributing``. Run from the root of the tree::

    python tools/check_docs.py      # exit status 1 if something does not exist
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import shlex
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import typer

import subtitled.cli
from subtitled.cli.app import app

ROOT = Path(__file__).resolve().parent.parent
CODE = ROOT / "daemon" / "subtitled"
PAGES = [
    *(page for page in sorted(ROOT.glob("docs/**/*.md")) if page.name != "configuration.md"),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
]
_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^ {4}.*\n|^\n(?= {4}))+", re.MULTILINE)
_DOTTED = re.compile(r"`(?:subtitled\.)?([a-z_]+(?:\.\w+)+)(?:\(\))?`")


def examples(text: str) -> Iterator[tuple[int, str]]:
    """Yield line number and dedented text of each code block of a page."""
    for match in _FENCED.finditer(text):
        yield text.count("\n", 0, match.start(3)) + 1, textwrap.dedent(match.group(3))
    blank = _FENCED.sub(lambda match: re.sub(r"[^\n]", "", match.group()), text)
    for match in _INDENTED.finditer(blank):
        yield blank.count("\n", 0, match.start()) + 1, textwrap.dedent(match.group())


def command_error(line: str) -> str:
    """Return what is wrong with a command line, or nothing."""
    if not re.match(r"\s*(sudo )?[\w./]*\bsubtitled \w", line):
        return ""
    try:
        words = shlex.split(line.replace("...", ""), comments=True)
    except ValueError as error:
        return str(error)
    words = words[words[0] == "sudo" :]
    command: Any = typer.main.get_command(app)
    for word in words[1 : words.index("&&") if "&&" in words else None]:
        if word.startswith("--"):
            options = {name for param in command.params for name in param.opts}
            if word.split("=")[0] not in options | {"--help"}:
                return f"{command.name} has no option {word}"
        elif isinstance(command, click.Group) or hasattr(command, "commands"):
            if word not in command.commands:
                return f"{command.name} has no command {word}"
            command = command.commands[word]
    return ""


def known_keys() -> dict[str, set[str]]:
    """Return the keys of each section of the configuration reference."""
    sections: dict[str, set[str]] = {}
    names: list[str] = []
    for line in (ROOT / "docs" / "configuration.md").read_text("utf-8").splitlines():
        if line.startswith("## "):
            names = re.findall(r"\[([a-z][\w.]*)\]", line)
            sections |= {name: set() for name in names}
        elif match := re.match(r"\| `(\w+)` \|", line):
            for name in names:
                sections[name].add(match.group(1))
    return sections


def toml_errors(table: dict[str, Any], sections: dict[str, set[str]]) -> Iterator[str]:
    """Yield the keys of an example that no section of the reference has."""
    for top, content in table.items():
        if isinstance(content, dict) and top in {s.partition(".")[0] for s in sections}:
            yield from _section_errors((top,), content, sections)


def _section_errors(
    path: tuple[str, ...], table: dict[str, Any], sections: dict[str, set[str]]
) -> Iterator[str]:
    named = ".".join(path[:1] + ("NAME",) * (len(path) > 1) + path[2:])
    if path[0] in {"engines", "translators", "servers", "notifiers"} and len(path) > 1:
        named = f"{path[0]}.{table.get('plugin', path[1])}"
        if len(path) > 2:
            return  # the reference shows it as one key
    elif path[:2] in {("schedule", "libraries"), ("schedule", "engines"), ("web", "webhooks")}:
        named = ".".join((*path[:2], "NAME")) if len(path) > 2 else ""
    known = sections.get(named, set())
    for key, value in table.items():
        inner = (*path, key)
        rows = (
            value if isinstance(value, list) and value and isinstance(value[0], dict) else [value]
        )
        if all(
            isinstance(row, dict) and not row.keys() & {"env", "file", "credential"} for row in rows
        ):
            for row in rows:
                yield from _section_errors(inner, row, sections)
        elif named in sections and key not in known | {"plugin"}:
            yield f"[{'.'.join(path)}] has no key {key}"


def name_error(dotted: str, sections: dict[str, set[str]]) -> str:
    """Return what is wrong with a dotted name of the code, or nothing."""
    parts = dotted.split(".")
    if not (CODE / parts[0]).is_dir() or parts[-1] in {"py", "md", "toml", "sqlite"}:
        return ""
    if parts[1] in sections.get(parts[0], set()):
        return ""  # a configuration key
    at = CODE
    while parts and (at / parts[0]).is_dir():
        at /= parts.pop(0)
    module = at / "__init__.py"
    if parts and (at / f"{parts[0]}.py").is_file():
        module = at / f"{parts.pop(0)}.py"
    scope: Any = ast.parse(module.read_text("utf-8"))
    for part in parts:
        found = [node for node in ast.walk(scope) if getattr(node, "name", None) == part]
        if not found:
            return f"{module.relative_to(ROOT)} has no {part}"
        scope = found[0]
    return ""


def problems(page: Path, sections: dict[str, set[str]]) -> Iterator[tuple[int, str]]:
    """Yield line number and problem of everything on a page that does not exist."""
    text = page.read_text("utf-8")
    for start, example in examples(text):
        for offset, line in enumerate(example.splitlines()):
            if error := command_error(line):
                yield start + offset, error
        if re.search(r"^\[+\w", example, re.MULTILINE):
            try:
                table = tomllib.loads(example)
            except tomllib.TOMLDecodeError:
                continue
            for error in toml_errors(table, sections):
                yield start, error
    if "contributing" in page.parts or page.name == "CONTRIBUTING.md":
        for match in _DOTTED.finditer(text):
            if error := name_error(match.group(1), sections):
                yield text.count("\n", 0, match.start()) + 1, error


def main() -> int:
    """Print every problem; return the exit status."""
    for module in pkgutil.iter_modules(subtitled.cli.__path__):
        importlib.import_module(f"subtitled.cli.{module.name}")  # commands register themselves
    sections = known_keys()
    count = 0
    for page in PAGES:
        for line, error in problems(page, sections):
            print(f"{page.relative_to(ROOT)}:{line}: {error}")
            count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
