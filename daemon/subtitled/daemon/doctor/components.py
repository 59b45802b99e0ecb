"""What the configuration names: phrases, models, keys, and every plugin's own self-check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugins import COMPONENT_KINDS, ConfiguredComponent, call_with_timeout
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    CheckResult,
    Component,
    ComponentContext,
    MediaServer,
    Secret,
    SubtitledError,
)
from subtitled.subtitles.hallucination import load_phrases

from .path_mapping import check_path_mapping

CHECK_TIMEOUT_SECONDS = 15.0
"""Seconds that a plugin may look at itself."""


def check_phrases(configuration: Configuration) -> Iterator[CheckResult]:
    """Whether the phrases of one's own can be read."""
    path = configuration.settings.daemon.hallucination_phrases
    if path is None:
        return
    try:
        load_phrases(path)
    except SubtitledError as error:
        yield CheckResult("phrases", False, error.message, error.hint)
    else:
        yield CheckResult("phrases", True, f"{path} can be read")


def check_plugins_loaded(configuration: Configuration) -> Iterator[CheckResult]:
    """Plugins that could not be loaded."""
    for one in configuration.unavailable:
        yield CheckResult(one.section, False, one.message, one.hint)


def check_models(configuration: Configuration) -> Iterator[CheckResult]:
    """Whether each model's files are as their publisher made them."""
    store = ModelStore(resolve_models_dir(configuration.settings))
    for name, configured in configuration.engines.items():
        subject = f"models of engine {name}"
        try:
            specs = call_with_timeout(
                configured.plugin,
                lambda: configured.component_class.models(configured.settings),  # noqa: B023 - called at once
                CHECK_TIMEOUT_SECONDS,
            )
        except SubtitledError as error:
            yield CheckResult(subject, False, error.message, error.hint)
            continue
        for spec in specs:
            subject = f"model {spec.name} of engine {name}"
            if not store.is_installed(spec):
                yield CheckResult(subject, True, "not here yet: fetched at the first use")
                continue
            wrong = [f"{file}: {said}" for file, said in store.verify(spec) if said != "ok"]
            hint = f"Run: subtitled models pull {spec.name}"
            yield CheckResult(subject, not wrong, "; ".join(wrong) or "digests are right", hint)


def check_credentials(configuration: Configuration) -> Iterator[CheckResult]:
    """Whether every secret that is named can be read. None is shown."""
    for section, configured in _all_components(configuration):
        for key, secret in _iter_secrets(configured.settings):
            subject = f"key {section}.{key}"
            if _is_service_credential(secret):
                detail = f"credential {secret.credential!r}: systemd hands it to the service only"
                yield CheckResult(subject, True, detail)
                continue
            try:
                secret.reveal()
            except SubtitledError as error:
                yield CheckResult(subject, False, error.message, error.hint)
            else:
                yield CheckResult(subject, True, "can be read")


def check_components(configuration: Configuration) -> Iterator[CheckResult]:
    """Every plugin's look at its own surroundings; a server's key is really tried there."""
    for section, configured in _all_components(configuration):
        subject = section.replace("s.", " ", 1)
        if any(_is_service_credential(secret) for _, secret in _iter_secrets(configured.settings)):
            yield CheckResult(subject, True, "not tried: its key is the service's alone")
            continue
        try:
            component: Component = configured.component_class(
                configured.settings, ComponentContext(configured.name)
            )
            findings = call_with_timeout(
                configured.name, component.self_check, CHECK_TIMEOUT_SECONDS
            )
        except SubtitledError as error:
            yield CheckResult(subject, False, error.message, error.hint)
            continue
        yield from findings or (CheckResult(subject, True, "loaded"),)
        if isinstance(component, MediaServer) and all(finding.ok for finding in findings):
            yield from check_path_mapping(configuration, configured.name, component)


def _all_components(configuration: Configuration) -> Iterator[tuple[str, ConfiguredComponent[Any]]]:
    """Every component with its section, such as ``servers.jellyfin``."""
    for kind in COMPONENT_KINDS:
        for name, configured in getattr(configuration, kind).items():
            yield f"{kind}.{name}", configured


def _is_service_credential(secret: Secret) -> bool:
    """Whether this process is not the one that systemd gives the credential."""
    return secret.credential is not None and not os.environ.get("CREDENTIALS_DIRECTORY")


def _iter_secrets(settings: object, key: str = "") -> Iterator[tuple[str, Secret]]:
    """The secrets in a component's settings, wherever they are, with their keys."""
    if isinstance(settings, Secret):
        yield key, settings
    elif isinstance(settings, BaseModel):
        for name in type(settings).model_fields:
            yield from _iter_secrets(getattr(settings, name), f"{key}.{name}".strip("."))
    elif isinstance(settings, dict):
        for name, value in settings.items():
            yield from _iter_secrets(value, f"{key}.{name}".strip("."))
    elif isinstance(settings, list | tuple):
        for number, value in enumerate(settings):
            yield from _iter_secrets(value, f"{key}.{number}".strip("."))
