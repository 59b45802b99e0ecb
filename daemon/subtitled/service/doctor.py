"""What is wrong with this machine: each usual mistake looked for, each with its cure."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from subtitled.config.isolation import guarded
from subtitled.config.load import Configuration, missing_folders
from subtitled.config.places import ensure_private, models_dir, state_dir
from subtitled.library.mailbox import WATCHING
from subtitled.library.mounts import how_to_watch
from subtitled.library.watch import SAID
from subtitled.plugin import Component, Context, Finding, MediaServer, Problem
from subtitled.subtitles.guards import load_phrases
from subtitled.subtitles.publish import can_write
from subtitled.work.models import ModelStore
from subtitled.work.workshop import open_ledger

from .lock import holder
from .servers import same_files

LEAST_FREE = 2 * 1024**3
"""Bytes that the state folder should have free: ten hours of decoded sound and some."""


def examine_machine(configuration: Configuration, path: Path | None) -> list[Finding]:
    """All findings, in the order in which one would look."""
    return [
        Finding("configuration", True, str(path or "no file: the defaults")),
        *_ffmpeg(),
        *_state(configuration),
        *_libraries(configuration),
        *_watching(configuration),
        *_phrases(configuration),
        *(
            Finding(broken.section, False, broken.what, broken.cure)
            for broken in configuration.broken
        ),
        *_models(configuration),
        *_components(configuration),
    ]


def _ffmpeg() -> Iterator[Finding]:
    for program in ("ffmpeg", "ffprobe"):
        if shutil.which(program) is None:
            yield Finding(program, False, "not installed", "Install it: apt install ffmpeg")
            continue
        said = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
        yield Finding(program, said.returncode == 0, said.stdout.splitlines()[0][:60])


def _state(configuration: Configuration) -> Iterator[Finding]:
    folder = state_dir(configuration.settings)
    try:
        can_write(ensure_private(folder))
    except (OSError, Problem) as error:
        cure = (
            error.cure
            if isinstance(error, Problem)
            else "Set daemon.state_dir to a folder of yours"
        )
        yield Finding("state folder", False, f"{folder}: {error}", cure)
        return
    free = shutil.disk_usage(folder).free
    yield Finding(
        "state folder",
        free >= LEAST_FREE,
        f"{folder}: {free / 1024**3:.1f} GiB free",
        "Make room: sound is decoded there, 115 MB an hour",
    )
    running = holder(folder)
    yield Finding("daemon", True, f"runs as process {running['pid']}" if running else "not running")


def _libraries(configuration: Configuration) -> Iterator[Finding]:
    if not configuration.settings.libraries:
        yield Finding(
            "libraries", False, "none is configured", "Write a [libraries.NAME] section with a path"
        )
    missing = {mistake.key: mistake for mistake in missing_folders(configuration)}
    for name, library in configuration.settings.libraries.items():
        gone = next((m for key, m in missing.items() if key.startswith(f"libraries.{name}.")), None)
        if gone is not None:
            yield Finding(f"library {name}", False, gone.what, gone.cure)
            continue
        try:
            can_write(library.path)
        except Problem as problem:
            yield Finding(f"library {name}", False, problem.what, problem.cure)
        else:
            yield Finding(f"library {name}", True, f"{library.path} can be written")


def watched(configuration: Configuration, name: str) -> str:
    """How a library is watched, and why: as the daemon says, if it runs, else as it would be."""
    with contextlib.suppress(Problem, OSError):  # of the state folder others tell
        if holder(state_dir(configuration.settings)):
            ledger = open_ledger(configuration)
            said = ledger.mailbox.get_control(f"{WATCHING}{name}")
            ledger.close()
            if said:
                return said
    watching = how_to_watch(configuration.settings.libraries[name])
    return f"{SAID[watching.how]}: {watching.why}"


def _watching(configuration: Configuration) -> Iterator[Finding]:
    for name, library in configuration.settings.libraries.items():
        if library.path.is_dir():
            said = watched(configuration, name)
            what, _, cure = said.partition("; raise it with: ")
            yield Finding(f"watching {name}", not cure, what, f"{cure}; then reload the daemon")


def _phrases(configuration: Configuration) -> Iterator[Finding]:
    path = configuration.settings.daemon.phrases
    if path is None:
        return
    try:
        load_phrases(path)
    except Problem as problem:
        yield Finding("phrases", False, problem.what, problem.cure)
    else:
        yield Finding("phrases", True, f"{path} can be read")


def _models(configuration: Configuration) -> Iterator[Finding]:
    store = ModelStore(models_dir(configuration.settings))
    for name, configured in configuration.engines.items():
        for spec in configured.component.models(configured.settings):
            if not store.is_here(spec):
                yield Finding(
                    f"model {spec.name} of engine {name}",
                    True,
                    "not here yet: fetched at the first use",
                )
                continue
            wrong = [
                f"{file}: {verdict}" for file, verdict in store.verify(spec) if verdict != "ok"
            ]
            yield Finding(
                f"model {spec.name} of engine {name}",
                not wrong,
                "; ".join(wrong) or "digests are right",
                f"Run: subtitled models pull {spec.name}",
            )


def _components(configuration: Configuration) -> Iterator[Finding]:
    kinds = ("engines", "translators", "servers", "notifiers")
    for kind in kinds:
        for name, configured in getattr(configuration, kind).items():
            what = f"{kind[:-1]} {name}"
            try:
                component: Component = configured.component(configured.settings, Context(name))
                findings = guarded(name, component.check, 15.0)
            except Problem as problem:
                yield Finding(what, False, problem.what, problem.cure)
                continue
            yield from findings or (Finding(what, True, "loaded"),)
            if isinstance(component, MediaServer) and all(finding.ok for finding in findings):
                yield from same_files(configuration, name, component)
