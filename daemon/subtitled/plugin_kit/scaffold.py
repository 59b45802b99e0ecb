"""A new distribution with a plugin that works as made."""

from __future__ import annotations

import keyword
import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import Final

from subtitled.plugin import API_VERSION, SetupError
from subtitled.plugin.paths import display_path

KINDS: Final = ("engine", "translator", "server", "notifier", "endpoint", "hooks")
"""What a new plugin may be."""
_SUITES = {
    "engine": "EngineSuite",
    "translator": "TranslatorSuite",
    "server": "MediaServerSuite",
    "notifier": "NotifierSuite",
    "endpoint": "EndpointSuite",
}
_SECTIONS = {kind: f"{kind}s" for kind in _SUITES}
_NAME = re.compile(r"[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*")


def create_project(kind: str, name: str, parent: Path) -> list[Path]:
    """Write a project whose plugin can be installed, checked and used at once.

    Args:
        kind: One of :data:`KINDS`.
        name: The plugin's name. The distribution is ``subtitled-NAME``.
        parent: The folder in which the project's folder is made.

    Returns:
        The files that were written, the folder of the project first.

    Raises:
        SetupError: The name cannot be used, or the folder exists or cannot be made.
    """
    module = name.replace("-", "_")
    if not _NAME.fullmatch(name) or keyword.iskeyword(module):
        raise SetupError(
            f"{name!r} cannot be the name of a plugin",
            "Use lower case letters, digits and hyphens, such as my-engine",
        )
    root = parent / f"subtitled-{name}"
    values = {
        "name": name,
        "module": f"subtitled_{module}",
        "class_name": "".join(part.capitalize() for part in re.split("[_-]", name)),
        "api": API_VERSION.partition(".")[0],
        "kind": kind,
        "suite": _SUITES.get(kind, ""),
        "section": section_of(kind, name),
    }
    files = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        ".github/workflows/ci.yml": "ci.yml",
        f"src/{values['module']}/__init__.py": f"{kind}.py",
        "tests/test_plugin.py": "test_hooks.py" if kind == "hooks" else "test_plugin.py",
    }
    try:
        root.mkdir(parents=True)
        return [root, *(_write(root / path, source, values) for path, source in files.items())]
    except FileExistsError:
        raise SetupError(
            f"{display_path(root)} exists already", "Use another name, or remove it"
        ) from None
    except OSError as error:
        raise SetupError(
            f"{display_path(root)} cannot be written: {error.strerror}", "Use another folder"
        ) from error


def section_of(kind: str, name: str) -> str:
    """Return the section that enables a plugin.

    Args:
        kind: One of :data:`KINDS`.
        name: The plugin's name.
    """
    if kind == "hooks":
        return f"[plugins.{name}]"
    return f"[{_SECTIONS[kind]}.{name}]"


def _write(path: Path, source: str, values: dict[str, str]) -> Path:
    template = resources.files(__package__).joinpath("templates", f"{source}.template")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(Template(template.read_text("utf-8")).substitute(values), "utf-8")
    return path
