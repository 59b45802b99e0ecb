"""Checks of a configuration that concern several sections."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .daemon_settings import find_local_timezone_error
from .egress_settings import is_destination_allowed
from .errors import ConfigIssue, find_line, format_key, suggest
from .plugins import ConfiguredComponent
from .settings import AppSettings


def find_unknown_names(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    """Find engines, translators and servers that a library names and that have no section.

    This reads the raw data, so that these issues are reported together with all others.
    """
    libraries = data.get("libraries")
    for name, library in libraries.items() if isinstance(libraries, dict) else ():
        if not isinstance(library, dict):
            continue  # the validation reports it
        for key, kind, names in _iter_name_lists(library):
            known = data.get(kind, getattr(AppSettings(), kind))
            if not isinstance(known, dict) or not isinstance(names, list):
                continue
            for used_name in names:
                if isinstance(used_name, str) and used_name not in known:
                    path = ("libraries", name, *key)
                    yield _missing_section(path, kind, used_name, known, text)
    yield from _find_unknown_project_names(data, text)
    yield from _find_unknown_asr_engine(data, text)


def _find_unknown_project_names(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    """Find projects that a library names, and what a project names, without a section."""
    projects, libraries = data.get("projects", {}), data.get("libraries")
    if not isinstance(projects, dict):
        return  # the validation reports it
    for name, library in libraries.items() if isinstance(libraries, dict) else ():
        used = library.get("project") if isinstance(library, dict) else None
        if isinstance(used, str) and used and used not in projects:
            yield _missing_section(("libraries", name, "project"), "projects", used, projects, text)
    budgets = data.get("budgets")
    for name, budget in budgets.items() if isinstance(budgets, dict) else ():
        names = budget.get("projects") if isinstance(budget, dict) else None
        for used in names if isinstance(names, list) else ():
            if isinstance(used, str) and used not in projects:
                path = ("budgets", name, "projects")
                yield _missing_section(path, "projects", used, projects, text)
    for name, project in projects.items():
        for kind in ("engines", "translators"):
            known = data.get(kind, getattr(AppSettings(), kind))
            names = project.get(kind) if isinstance(project, dict) else None
            for used in names if isinstance(names, list) and isinstance(known, dict) else ():
                if isinstance(used, str) and used not in known:
                    yield _missing_section(("projects", name, kind), kind, used, known, text)


def _find_unknown_asr_engine(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    section: Any = data
    for key in ("web", "asr"):
        section = section.get(key) if isinstance(section, dict) else None
    engine = section.get("engine") if isinstance(section, dict) else None
    known = data.get("engines", AppSettings().engines)
    if isinstance(engine, str) and engine and isinstance(known, dict) and engine not in known:
        yield _missing_section(("web", "asr", "engine"), "engines", engine, known, text)


def _iter_name_lists(library: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    """Yield every list of names in a library, with its key and the kind of section it names."""
    for kind in ("engines", "translators", "servers"):
        yield (kind,), kind, library.get(kind)
    yield ("subtitle_while_playing",), "servers", library.get("subtitle_while_playing")
    summaries = library.get("summaries")
    if isinstance(summaries, dict):
        yield ("summaries", "translators"), "translators", summaries.get("translators")
    routes = library.get("routes")
    for number, route in enumerate(routes if isinstance(routes, list) else ()):
        if isinstance(route, dict):
            yield ("routes", str(number), "engines"), "engines", route.get("engines")


def find_unknown_hours(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    """Find libraries and engines that have working hours and no section."""
    schedule = data.get("schedule")
    for kind in ("libraries", "engines"):
        known = data.get(kind, getattr(AppSettings(), kind))
        hours = schedule.get(kind) if isinstance(schedule, dict) else None
        if not isinstance(known, dict) or not isinstance(hours, dict):
            continue  # the validation reports it
        for name in hours:
            if name not in known:
                yield _missing_section(("schedule", kind, name), kind, name, known, text)


def _missing_section(
    path: tuple[str, ...], kind: str, name: str, known: Iterable[str], text: str
) -> ConfigIssue:
    """Return the issue of a key that names a component or a library without a section."""
    return ConfigIssue(
        format_key(path),
        f"{name!r} is not configured",
        f"Add a section [{format_key((kind, name))}]. {suggest(name, known)}",
        find_line(text, path),
    )


def find_relative_paths(settings: AppSettings, text: str) -> Iterator[ConfigIssue]:
    """Find relative paths. They would depend on the folder that the daemon is started in."""
    folders: dict[tuple[str, ...], Path | None] = {
        ("libraries", name, "path"): library.path for name, library in settings.libraries.items()
    }
    folders[("daemon", "state_dir")] = settings.daemon.state_dir
    folders[("daemon", "models_dir")] = settings.daemon.models_dir
    folders[("daemon", "hallucination_phrases")] = settings.daemon.hallucination_phrases
    folders[("plugins", "folder")] = settings.plugins.folder
    for key, folder in folders.items():
        if folder is not None and not folder.is_absolute():
            hint = "Write it from the root, such as /srv/media, or from ~"
            yield ConfigIssue(format_key(key), "this path is relative", hint, find_line(text, key))


def find_delivery_issues(settings: AppSettings, text: str) -> Iterator[ConfigIssue]:
    """Find folders of finished files that a scan would find again, and relative ones."""
    libraries = [Path(os.path.normpath(library.path)) for library in settings.libraries.values()]
    for name, library in settings.libraries.items():
        for field in ("done_folder", "failed_folder"):
            folder: Path | None = getattr(library.ingest, field)
            if folder is None:
                continue
            key = ("libraries", name, "ingest", field)
            if not folder.is_absolute():
                problem, hint = "this path is relative", "Write it from the root, or from ~"
            elif any(Path(os.path.normpath(folder)).is_relative_to(one) for one in libraries):
                problem = f"{folder} is inside a library, which would find its files again"
                hint = "Name a folder beside the library, such as /srv/watch/done for /srv/watch/in"
            else:
                continue
            yield ConfigIssue(format_key(key), problem, hint, find_line(text, key))


def find_timezone_issue(settings: AppSettings) -> Iterator[ConfigIssue]:
    """Find out whether the working hours need the time zone of a machine that has none."""
    if not settings.schedule.timezone and (error := find_local_timezone_error()):
        hint = "Write one here or into TZ, such as Europe/Berlin"
        yield ConfigIssue("schedule.timezone", error, hint)


def warn_overlaps(settings: AppSettings) -> Iterator[str]:
    """Warn about libraries with the same files. Symbolic links are not followed."""
    folders = [
        (name, Path(os.path.normpath(library.path))) for name, library in settings.libraries.items()
    ]
    for number, (name, folder) in enumerate(folders):
        for other, other_folder in folders[number + 1 :]:
            if folder == other_folder:
                yield f"libraries {name} and {other} have the same path {folder}: remove one"
            elif folder.is_relative_to(other_folder) or other_folder.is_relative_to(folder):
                yield (
                    f"libraries {name} and {other} overlap: a file belongs to the one whose "
                    "path is longer"
                )


def warn_unspoken(
    settings: AppSettings, engines: Mapping[str, ConfiguredComponent[Any]]
) -> Iterator[str]:
    """Warn about libraries that assume a language which none of their engines knows."""
    for name, library in settings.libraries.items():
        assumed = library.assumed_language
        names = library.engines or tuple(engines)
        known = [engines[name].capabilities().languages for name in names if name in engines]
        if assumed is None or not known or None in known:
            continue
        if not any(
            language.primary == assumed.primary for some in known for language in some or ()
        ):
            yield (
                f"libraries.{name}.assumed_language is {assumed}, which no engine of the library "
                "knows: configure one that does, or write another language"
            )


def warn_unreachable(
    settings: AppSettings, components: Mapping[str, Mapping[str, ConfiguredComponent[Any]]]
) -> Iterator[str]:
    """Warn about engines and translators whose destination nothing allows."""
    allowed = [library.allowed_destinations for library in settings.libraries.values()]
    if settings.web.asr.enabled:
        allowed.append(settings.web.asr.allowed_destinations)
    if not settings.web.is_enabled:
        for name in components["endpoints"]:
            yield f"endpoints.{name} is never used: web.port is not set"
    for kind in ("engines", "translators"):
        for name, configured in components[kind].items():
            destination = configured.capabilities().destination
            if settings.libraries and not any(
                is_destination_allowed(destinations, destination) for destinations in allowed
            ):
                yield (
                    f"{kind}.{name} is never used: no library allows {destination}. "
                    f'Set allowed_destinations = ["{destination}"] in the libraries whose '
                    "audio may be sent there"
                )
