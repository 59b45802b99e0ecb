"""Report calls that a reader cannot check: dataclasses and literal tuples without names.

A dataclass with more than four fields must be ``kw_only=True``, and no literal tuple or list may be
unpacked into the arguments of a call. Run from anywhere::

    python tools/check_calls.py      # exit status 1 if something is found
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("daemon", "plugins", "tests", "benchmarks", "demo", "tools")
MAX_POSITIONAL_FIELDS = 4


def find_problems(source: str) -> Iterator[tuple[int, str]]:
    """Yield the line and the description of each problem in a module.

    Args:
        source: The text of the module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            count = _count_fields(node)
            if count > MAX_POSITIONAL_FIELDS and _is_positional_dataclass(node):
                yield node.lineno, f"{node.name} has {count} fields: make it kw_only=True"
        elif isinstance(node, ast.Call):
            for argument in node.args:
                if isinstance(argument, ast.Starred) and isinstance(
                    argument.value, ast.Tuple | ast.List
                ):
                    yield argument.lineno, "a literal is unpacked into a call: write its elements"


def _is_positional_dataclass(node: ast.ClassDef) -> bool:
    for decorator in node.decorator_list:
        call = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "")
        if name == "dataclass":
            keywords = decorator.keywords if isinstance(decorator, ast.Call) else []
            return not any(keyword.arg == "kw_only" for keyword in keywords)
    return False


def _count_fields(node: ast.ClassDef) -> int:
    return sum(
        isinstance(statement, ast.AnnAssign) and "ClassVar" not in ast.unparse(statement.annotation)
        for statement in node.body
    )


def main() -> int:
    """Print the problems of all files and return the exit status."""
    has_problems = False
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for line, problem in find_problems(path.read_text("utf-8")):
                print(f"{path.relative_to(ROOT)}:{line}: {problem}")
                has_problems = True
    return int(has_problems)


if __name__ == "__main__":
    sys.exit(main())
