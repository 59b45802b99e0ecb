"""The plugin API is documented completely, and is all that a plugin imports."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
import tomli

import subtitled
import subtitled.plugin as api
from subtitled.plugin import Component, Engine, MediaServer, Notifier, Translator, hookspecs

ROOT = Path(__file__).parents[3]
MODULES = {
    f"subtitled.plugin.{module.name}": importlib.import_module(f"subtitled.plugin.{module.name}")
    for module in pkgutil.iter_modules(api.__path__)
}


def public_objects() -> Iterator[tuple[str, Any]]:
    """Each public class and function, and each public method and property of a class."""
    for module_name, module in MODULES.items():
        yield module_name, module
        for name, value in vars(module).items():
            if name.startswith("_") or getattr(value, "__module__", "") != module_name:
                continue
            if inspect.isclass(value) or inspect.isfunction(value):
                yield f"{module_name}.{name}", value
            if inspect.isclass(value):
                for method_name, method in list(vars(value).items()):
                    if is_documented_method(value, method_name, method):
                        yield f"{module_name}.{name}.{method_name}", method


def is_documented_method(owner: type, name: str, method: Any) -> bool:
    if name == "__init__":
        is_written = not (dataclasses.is_dataclass(owner) or issubclass(owner, Protocol))
        return is_written and inspect.isfunction(method)
    return (not name.startswith("_") or name == "__call__") and (
        inspect.isfunction(method) or isinstance(method, classmethod | staticmethod | property)
    )


OBJECTS = dict(public_objects())


def unwrap(value: Any) -> Any:
    return getattr(value, "__func__", value)


@pytest.mark.parametrize("name", OBJECTS)
def test_each_public_name_has_a_docstring_with_its_parameters_and_results(name: str) -> None:
    value = unwrap(OBJECTS[name])
    text = inspect.cleandoc(value.__doc__ or "")
    assert text, f"{name} has no docstring"
    if not inspect.isfunction(value):
        return
    signature = inspect.signature(value)
    parameters = [p for p in signature.parameters if p not in ("self", "cls", "options")]
    documented = re.search(r"^Args:\n((?:    .*\n?|\n)*)", text, re.MULTILINE)
    names = re.findall(r"^    \**(\w+):", documented[1], re.MULTILINE) if documented else []
    assert [n for n in names if n != "options"] == parameters, f"{name}: Args"
    returns = signature.return_annotation
    if returns not in (None, "None", inspect.Signature.empty):
        assert re.search(r"^(Returns|Yields):$", text, re.MULTILINE), f"{name}: Returns"


@pytest.mark.parametrize("base", [Component, Engine, Translator, MediaServer, Notifier])
def test_each_method_of_a_component_states_whether_it_must_be_implemented(base: type) -> None:
    for name, method in vars(base).items():
        if is_documented_method(base, name, method):
            text = unwrap(method).__doc__ or ""
            is_abstract = getattr(method, "__isabstractmethod__", False)
            phrase = "Must be implemented." if is_abstract else "May be implemented."
            assert phrase in text, f"{base.__name__}.{name}"


def test_each_hook_has_parameters_and_an_example() -> None:
    hooks = [
        value
        for value in vars(hookspecs).values()
        if inspect.isfunction(value) and hasattr(value, "subtitled_spec")
    ]
    assert len(hooks) == 10
    for hook in hooks:
        assert "Example::" in (hook.__doc__ or ""), hook.__name__


@pytest.mark.parametrize("name", MODULES)
def test_each_field_of_a_public_class_is_described(name: str) -> None:
    tree = ast.parse(inspect.getsource(MODULES[name]))
    for owner in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        if owner.name.startswith("_"):
            continue
        documented_in_class = ast.get_docstring(owner) or ""
        for field, following in zip(owner.body, [*owner.body[1:], None], strict=True):
            if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
                continue
            field_name = field.target.id
            described = isinstance(following, ast.Expr) or f"{field_name}:" in documented_in_class
            assert field_name.startswith("_") or described, f"{name}.{owner.name}.{field_name}"


def test_the_exported_names_are_public_and_sorted_by_group() -> None:
    assert len(set(api.__all__)) == len(api.__all__)
    assert all(hasattr(api, name) for name in api.__all__)


def test_plugins_may_import_no_other_package_of_the_project() -> None:
    project = tomli.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (contract,) = (
        contract
        for contract in project["tool"]["importlinter"]["contracts"]
        if contract["type"] == "forbidden" and contract["source_modules"] == ["subtitled_plugins"]
    )
    packages = {
        f"subtitled.{module.name}"
        for module in pkgutil.iter_modules(subtitled.__path__)
        if module.name not in ("plugin", "__main__")
    }
    assert packages <= set(contract["forbidden_modules"])
