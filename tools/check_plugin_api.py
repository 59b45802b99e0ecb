"""Compare the plugin API with its recorded description, so that no plugin breaks unawares.

``docs/plugins/surface.txt`` has one line for each public name, parameter and field. The latest
released tag counts if it has that file, else the one in the tree. Run from the root of the tree::

    python tools/check_plugin_api.py            # exit status 1 if something is wrong
    python tools/check_plugin_api.py --record   # write the file anew
    python tools/check_plugin_api.py --count    # how many names are documented
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import griffe

ROOT = Path(__file__).resolve().parent.parent
SURFACE = ROOT / "docs" / "plugins" / "surface.txt"
PAGE = ROOT / "docs" / "plugins" / "api.md"
PACKAGE = "subtitled.plugin"
CURE = (
    "A plugin for this version may use it: keep the old name or form beside the new one. If no\n"
    "plugin can use it, or the major version is raised, run: make docs/plugins/surface.txt"
)


def load() -> Any:
    """Load the package as it is in the tree, without importing it."""
    return griffe.load(PACKAGE, search_paths=[ROOT / "daemon"], resolve_aliases=True)


def public_modules(package: Any) -> list[Any]:
    """Return the modules that the API reference shows."""
    names = re.findall(rf"^::: {re.escape(PACKAGE)}\.(\w+)", PAGE.read_text("utf-8"), re.MULTILINE)
    modules = [package[name] for name in names]
    return modules + [package["fakes"][name] for name in package["fakes"].modules]


def public_names(package: Any) -> Iterator[tuple[str, Any]]:
    """Yield the path of each public class, function and constant, and what it is."""
    for name in sorted(map(str, package.exports or ())):
        yield f"{PACKAGE}.{name}", _target(package[name])
    for module in public_modules(package):
        for name, member in sorted(module.members.items()):
            if not name.startswith("_") and not member.is_alias and not member.is_module:
                yield f"{module.path}.{name}", member


def _target(member: Any) -> Any:
    return member.final_target if member.is_alias else member


def lines_of(path: str, member: Any) -> Iterator[tuple[str, bool]]:
    """Yield the lines of a name, and whether a plugin breaks where one is added."""
    if member.is_function:
        abstract = any("abstractmethod" in str(one.value) for one in member.decorators)
        yield f"{path} -> {member.returns}{' (abstract)' if abstract else ''}", abstract
        for parameter in member.parameters:
            if parameter.name in ("self", "cls"):
                continue
            default = "" if parameter.default is None else f" = {parameter.default}"
            is_required = parameter.default is None and "variadic" not in str(parameter.kind)
            yield f"{path}({parameter.name}: {parameter.annotation}{default})", is_required
    elif member.is_class:
        bases = ", ".join(map(str, member.bases))
        yield f"{path}({bases})" if bases else path, False
        for name, inner in sorted(member.members.items()):
            if not (name.startswith("_") or name == "model_config" or inner.is_alias):
                for line, breaks in lines_of(f"{path}.{name}", inner):
                    is_field = inner.is_attribute and "dataclass" in member.labels
                    yield line, breaks and (is_field or inner.is_function)
    else:
        value = "" if member.value is None else " = ..."
        is_field = member.value is None and "property" not in member.labels
        yield f"{path}: {member.annotation}{value}", is_field


def describe(package: Any) -> dict[str, bool]:
    """Return each line of the surface, and whether a plugin breaks where it is added."""
    return {
        " ".join(line.split()): breaks
        for path, member in public_names(package)
        for line, breaks in lines_of(path, member)
    }


def undocumented(package: Any) -> tuple[list[str], int]:
    """Return the public names without a docstring, and the number of all."""
    bare, total = [], 0
    for path, member in public_names(package):
        inner = list(member.members.values()) if member.is_class else []
        for one in (member, *inner):
            hidden = one.name.startswith("_") or one.name == "model_config" or one.is_alias
            if one is not member and hidden:
                continue
            total += 1
            if not one.has_docstring and not _inherits_docstring(member, one):
                bare.append(path if one is member else f"{path}.{one.name}")
    return sorted(set(bare)), total


def _inherits_docstring(owner: Any, member: Any) -> bool:
    """Check whether a base class of the API documents what a class overrides."""
    if owner is member or not owner.is_class:
        return False
    return any(
        base.members[member.name].has_docstring
        for base in owner.mro()
        if member.name in base.members
    )


def not_on_the_page(package: Any) -> list[str]:
    """Return the exported names whose module the API reference does not show."""
    shown = {module.path for module in public_modules(package)}
    exported = {str(export) for export in package.exports or ()}
    return sorted(
        name for name in exported if _target(package[name]).module.path not in {*shown, PACKAGE}
    )


def baseline() -> tuple[str, set[str]]:
    """Return what is compared with, and its lines."""
    name = str(SURFACE.relative_to(ROOT))
    tags = _git("tag", "--list", "v[0-9]*", "--sort=-version:refname").split()
    for tag in tags[:1]:
        if text := _git("show", f"{tag}:{name}"):
            return f"the release {tag}", set(text.splitlines())
    return name, set(SURFACE.read_text("utf-8").splitlines()) if SURFACE.exists() else set()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(ROOT), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def compare(recorded: set[str], now: dict[str, bool]) -> Iterator[str]:
    """Yield what a plugin for the recorded surface would miss or lack."""
    for line in sorted(recorded - now.keys()):
        name = re.split(r"[(:]| ->", line)[0]
        near = sorted(other for other in now if other.startswith(f"{name}(") or other == name)
        near += sorted(other for other in now if re.match(rf"{re.escape(name)}(:| ->)", other))
        yield f"{line}\n    is {'changed: ' + near[0] if near else 'gone'}"
    owners = {re.split(r"[(:]| ->", line)[0] for line in recorded}
    for line, breaks in sorted(now.items()):
        owner = re.split(r"[(:]| ->", line)[0]
        if line not in recorded and breaks and {owner, owner.rpartition(".")[0]} & owners:
            yield f"{line}\n    is new and has no default"


def main() -> int:
    """Print what is wrong; return the exit status."""
    package = load()
    now = describe(package)
    if "--record" in sys.argv:
        SURFACE.write_text("\n".join(sorted(now)) + "\n", "utf-8")
        return 0
    bare, total = undocumented(package)
    if "--count" in sys.argv:
        print(f"{total - len(bare)} of {total} public names have a docstring")
    what, recorded = baseline()
    broken = list(compare(recorded, now))
    for problem in broken:
        print(problem)
    if broken:
        print(f"The plugin API differs from {what}.\n{CURE}")
    elif SURFACE.read_text("utf-8").splitlines() != sorted(now):
        print("docs/plugins/surface.txt lacks new names. Run: make docs/plugins/surface.txt")
        broken.append("new names")
    for name in bare:
        print(f"{name} has no docstring. Say what it is: it is on docs/plugins/api.md")
    missing = not_on_the_page(package)
    for name in missing:
        print(f"{PACKAGE}.{name} is exported, and docs/plugins/api.md does not show its module")
    return 1 if broken or bare or missing else 0


if __name__ == "__main__":
    sys.exit(main())
