"""Which plugins are installed, and importing one by its name."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

from subtitled import __version__
from subtitled.plugin import SetupError
from subtitled.plugin.paths import display_path

from .errors import suggest
from .plugin_paths import current_plugin_paths, file_module, list_plugin_files
from .plugin_registration import ENTRY_POINT_GROUP, check_api_version

_CORE = "subtitled"
"""The distribution of the core and of the bundled plugins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginSource:
    """A plugin that is installed, in a distribution or as a file."""

    name: str
    module: str
    """The module, such as ``subtitled_plugins.whisper``."""
    distribution: str
    """The distribution that brings it, or the file."""
    version: str = ""
    entry: EntryPoint | None = None
    """Its entry point; None for a file."""

    def __str__(self) -> str:
        if self.entry is None:
            return f"the file {self.distribution}"
        return f"the package {' '.join(filter(None, (self.distribution, self.version)))}"


def list_sources() -> list[PluginSource]:
    """List the installed plugins, sorted by name. None is imported."""
    entries = importlib.metadata.entry_points(group=ENTRY_POINT_GROUP)
    some_entry = {id(entry.dist): entry for entry in entries}  # reading each again takes long
    distributions = {key: _find_distribution(entry) for key, entry in some_entry.items()}
    sources = {
        (entry.name, entry.value, distribution): PluginSource(
            name=entry.name,
            module=entry.value,
            distribution=distribution,
            version=version,
            entry=entry,
        )
        for entry in entries
        for distribution, version in (distributions[id(entry.dist)],)
    }
    files = [
        PluginSource(
            name=name,
            module=file_module(name),
            distribution=display_path(file),
            version=_hash_file(file),
        )
        for name, file in list_plugin_files().items()
    ]
    return sorted([*sources.values(), *files], key=lambda source: (source.name, str(source)))


def list_installed() -> list[tuple[str, str, str]]:
    """List the installed plugins as (name, distribution or file, version). None is imported."""
    return [(source.name, source.distribution, source.version) for source in list_sources()]


def _hash_file(file: Path) -> str:
    """Return what stands for the version of a file: it changes with every change of the text."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:8]
    except OSError:
        return ""


def find_source(plugin: str) -> PluginSource:
    """Find an installed plugin.

    Args:
        plugin: Its name.

    Raises:
        SetupError: There is none of that name, or there are several.
    """
    sources = list_sources()
    matches = [source for source in sources if source.name == plugin]
    if len(matches) > 1:
        raise SetupError(
            f"several packages bring a plugin called {plugin!r}: {', '.join(map(str, matches))}",
            "Uninstall or rename all but one of them",
        )
    if matches:
        return matches[0]
    installed = sorted({source.name for source in sources})
    hint = suggest(plugin, installed)
    is_listed = not hint.startswith("Did")
    listed = "." if is_listed else f" Installed are: {', '.join(installed)}."
    folder = current_plugin_paths().folder
    where = f", or put {plugin}.py into {display_path(folder)}" if folder else ""
    raise SetupError(
        f"no plugin is called {plugin!r}",
        f"{hint.removesuffix('.')}{listed} Else install the package that brings it{where}",
    )


def import_plugin(source: PluginSource) -> ModuleType:
    """Import a plugin and check its API version.

    Raises:
        SetupError: It is no module, is for another API version, or needs other packages.
    """
    plugin, entry = source.name, source.entry
    if entry is not None and entry.attr:
        raise SetupError(
            f"the entry point of the plugin {plugin!r} is no module: {entry.value}",
            f'Name the module alone in its pyproject.toml: {plugin} = "{entry.module}"',
        )
    _check_requirements(source)
    try:
        module = importlib.import_module(source.module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{source.module}.".startswith(f"{error.name}."):
            raise
        raise SetupError(
            f"the entry point of the plugin {plugin!r} names the module {source.module!r}, which "
            "is not there",
            "Correct [project.entry-points.subtitled] in the pyproject.toml of "
            f"{source.distribution}, and install it again",
        ) from error
    check_api_version(plugin, getattr(module, "SUBTITLED_API", None))
    return module


def _find_distribution(entry: EntryPoint) -> tuple[str, str]:
    try:
        return (entry.dist.name, entry.dist.version) if entry.dist else ("?", "")
    except Exception:  # noqa: BLE001 - the metadata of a half-removed package
        return "?", ""


def _check_requirements(source: PluginSource) -> None:
    """Raise :class:`SetupError` if the distribution needs a package that is not there so."""
    if source.entry is None or source.entry.dist is None or source.distribution in ("?", _CORE):
        return
    from packaging.requirements import InvalidRequirement, Requirement  # bundled plugins need none

    for text in source.entry.dist.requires or ():
        try:
            requirement = Requirement(text)
            if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
                continue
        except (InvalidRequirement, ValueError):
            continue  # what it needs shows when it is imported
        version = _installed_version(requirement.name)
        if version is None or not requirement.specifier.contains(version, prereleases=True):
            needed = f"{requirement.name}{requirement.specifier}"
            have = "not installed" if version is None else f"installed as {version}"
            raise SetupError(
                f"the plugin {source.name!r} needs {needed}, which is {have}",
                _requirement_hint(source, requirement, version),
            )


def _installed_version(package: str) -> str | None:
    from packaging.utils import canonicalize_name

    if canonicalize_name(package) == _CORE:
        return __version__
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _requirement_hint(source: PluginSource, needed: Requirement, version: str | None) -> str:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    if canonicalize_name(needed.name) == _CORE:
        return f"Update subtitled, or install an older version of {source.distribution}"
    if version is None:
        return f"Install {source.distribution} again with pip, which installs {needed.name} too"
    own = {canonicalize_name(Requirement(text).name) for text in _core_requirements()}
    if canonicalize_name(needed.name) in own:
        return (
            f"subtitled itself uses {needed.name} {version}: update subtitled, or install a "
            f"version of {source.distribution} for it"
        )
    return f"Install {source.distribution} again with pip, which updates {needed.name} too"


def _core_requirements() -> list[str]:
    try:
        return importlib.metadata.requires(_CORE) or []
    except importlib.metadata.PackageNotFoundError:
        return []
