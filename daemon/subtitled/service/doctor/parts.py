"""What the configuration names: phrases, models, keys, and every plugin's own self-check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from subtitled.config.isolation import guarded
from subtitled.config.load import Configuration
from subtitled.config.places import models_dir
from subtitled.config.plugins import KINDS, Configured
from subtitled.models.store import ModelStore
from subtitled.plugin import Component, Context, Finding, MediaServer, Problem, Secret
from subtitled.subtitles.guards import load_phrases

from ..servers import same_files

CHECK_LIMIT = 15.0
"""Seconds that a plugin may look at itself."""


def phrases(configuration: Configuration) -> Iterator[Finding]:
    """Whether the phrases of one's own can be read."""
    path = configuration.settings.daemon.phrases
    if path is None:
        return
    try:
        load_phrases(path)
    except Problem as problem:
        yield Finding("phrases", False, problem.what, problem.cure)
    else:
        yield Finding("phrases", True, f"{path} can be read")


def broken(configuration: Configuration) -> Iterator[Finding]:
    """Plugins that could not be loaded."""
    for one in configuration.broken:
        yield Finding(one.section, False, one.what, one.cure)


def models(configuration: Configuration) -> Iterator[Finding]:
    """Whether each model's files are as their publisher made them."""
    store = ModelStore(models_dir(configuration.settings))
    for name, configured in configuration.engines.items():
        what = f"models of engine {name}"
        try:
            specs = guarded(
                configured.plugin,
                lambda: configured.component.models(configured.settings),  # noqa: B023 - called at once
                CHECK_LIMIT,
            )
        except Problem as problem:
            yield Finding(what, False, problem.what, problem.cure)
            continue
        for spec in specs:
            what = f"model {spec.name} of engine {name}"
            if not store.is_here(spec):
                yield Finding(what, True, "not here yet: fetched at the first use")
                continue
            wrong = [f"{file}: {said}" for file, said in store.verify(spec) if said != "ok"]
            cure = f"Run: subtitled models pull {spec.name}"
            yield Finding(what, not wrong, "; ".join(wrong) or "digests are right", cure)


def credentials(configuration: Configuration) -> Iterator[Finding]:
    """Whether every secret that is named can be read. None is shown."""
    for section, configured in _all(configuration):
        for key, secret in _secrets(configured.settings):
            what = f"key {section}.{key}"
            if _for_the_service_only(secret):
                detail = f"credential {secret.credential!r}: systemd hands it to the service only"
                yield Finding(what, True, detail)
                continue
            try:
                secret.reveal()
            except Problem as problem:
                yield Finding(what, False, problem.what, problem.cure)
            else:
                yield Finding(what, True, "can be read")


def components(configuration: Configuration) -> Iterator[Finding]:
    """Every plugin's look at its own surroundings; a server's key is really tried there."""
    for section, configured in _all(configuration):
        what = section.replace("s.", " ", 1)
        if any(_for_the_service_only(secret) for _, secret in _secrets(configured.settings)):
            yield Finding(what, True, "not tried: its key is the service's alone")
            continue
        try:
            component: Component = configured.component(
                configured.settings, Context(configured.name)
            )
            findings = guarded(configured.name, component.check, CHECK_LIMIT)
        except Problem as problem:
            yield Finding(what, False, problem.what, problem.cure)
            continue
        yield from findings or (Finding(what, True, "loaded"),)
        if isinstance(component, MediaServer) and all(finding.ok for finding in findings):
            yield from same_files(configuration, configured.name, component)


def _all(configuration: Configuration) -> Iterator[tuple[str, Configured[Any]]]:
    """Every component with its section, such as ``servers.jellyfin``."""
    for kind in KINDS:
        for name, configured in getattr(configuration, kind).items():
            yield f"{kind}.{name}", configured


def _for_the_service_only(secret: Secret) -> bool:
    """Whether this process is not the one that systemd gives the credential."""
    return secret.credential is not None and not os.environ.get("CREDENTIALS_DIRECTORY")


def _secrets(settings: object, key: str = "") -> Iterator[tuple[str, Secret]]:
    """The secrets in a component's settings, wherever they are, with their keys."""
    if isinstance(settings, Secret):
        yield key, settings
    elif isinstance(settings, BaseModel):
        for name in type(settings).model_fields:
            yield from _secrets(getattr(settings, name), f"{key}.{name}".strip("."))
    elif isinstance(settings, dict):
        for name, value in settings.items():
            yield from _secrets(value, f"{key}.{name}".strip("."))
    elif isinstance(settings, list | tuple):
        for number, value in enumerate(settings):
            yield from _secrets(value, f"{key}.{number}".strip("."))
