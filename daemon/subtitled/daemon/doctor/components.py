"""Checks of what the configuration names: phrases, models, keys, and every plugin's self-check."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugin_endpoints import open_endpoint
from subtitled.config.plugin_registration import COMPONENT_KINDS
from subtitled.config.plugins import ConfiguredComponent
from subtitled.db.kv import NOTIFIER_ERROR_KEY, SERVER_ERROR_KEY
from subtitled.engines.breaker import CircuitBreakers
from subtitled.jobcontext.database import open_existing_database
from subtitled.models.inventory import KnownModel, take_inventory
from subtitled.models.store import VERIFIED, ModelStore
from subtitled.plugin import (
    CheckResult,
    Component,
    MediaServer,
    Secret,
    SubtitledError,
)
from subtitled.subtitles.hallucination import load_phrases

from .path_mapping import check_path_mapping

CHECK_TIMEOUT_SECONDS = 15.0
"""Seconds that a plugin's self-check may take."""

CHECKED = "can be created with these settings"
"""Said of a component without checks of its own."""


def check_phrases(configuration: Configuration) -> Iterator[CheckResult]:
    """Check that the user's list of hallucination phrases can be read."""
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
    """Report the plugins that could not be loaded."""
    for component in configuration.unavailable:
        yield CheckResult(component.section, False, component.message, component.hint)


def check_models(configuration: Configuration) -> Iterator[CheckResult]:
    """Check that the files of each model are those that were published, or that they exist."""
    store = ModelStore(resolve_models_dir(configuration.settings))
    inventory = take_inventory(configuration)
    for section, error in inventory.errors:
        yield CheckResult(f"models of {section}", False, error.message, error.hint)
    for model in inventory.needed():
        models = store.of_plugin(model.plugin)
        yield _check_model(models, model, f"model {model.spec.name} of {model.components[0]}")


def _check_model(store: ModelStore, model: KnownModel, subject: str) -> CheckResult:
    spec = model.spec
    if spec.folder is not None:
        try:
            return CheckResult(subject, True, f"used in {store.path(spec)}")
        except SubtitledError as error:
            return CheckResult(subject, False, error.message, error.hint)
    if not store.is_installed(spec):
        return CheckResult(subject, True, "not installed: downloaded at the first use")
    errors = [f"{file}: {result}" for file, result in store.verify(spec) if result != VERIFIED]
    hint = f"Run: subtitled models pull {model.label}"
    return CheckResult(subject, not errors, "; ".join(errors) or "digests are right", hint)


def check_last_calls(configuration: Configuration) -> Iterator[CheckResult]:
    """Report the engines, media servers and notifiers whose last call failed, and why.

    A call that succeeds ends that.
    """
    opened = open_existing_database(configuration)
    if opened is None:
        return  # Another check reports errors of the state folder.
    try:
        with contextlib.closing(opened) as db:
            states = CircuitBreakers(db.kv).open_states()
            errors = {
                "server": db.kv.get_prefix(SERVER_ERROR_KEY),
                "notifier": db.kv.get_prefix(NOTIFIER_ERROR_KEY),
            }
    except (SubtitledError, SQLAlchemyError):
        return  # Another check reports errors of the state folder.
    for name in configuration.engines:
        state = states.get(name)
        if state is not None and state.failures and state.reason:
            yield CheckResult(
                f"calls of engine {name}",
                False,
                f"{state.failures} failed in a row, the last: {state.reason}",
                state.hint,
            )
    for kind, keys in errors.items():
        for key, error in sorted(keys.items()):
            subject = f"calls of {kind} {key.partition(':')[2]}"
            yield CheckResult(subject, False, error, "What it was not told is kept, and sent later")


def check_credentials(configuration: Configuration) -> Iterator[CheckResult]:
    """Check that every configured secret can be read. No secret is shown."""
    sections = [(section, one.settings) for section, one in _all_components(configuration)]
    sections += [(f"plugins.{name}", one) for name, one in configuration.hook_settings.items()]
    for section, settings in sections:
        for key, secret in _iter_secrets(settings):
            subject = f"key {section}.{key}"
            if _is_service_credential(secret):
                detail = f"credential {secret.credential!r}: systemd gives it to the service only"
                yield CheckResult(subject, True, detail)
                continue
            try:
                secret.reveal()
            except SubtitledError as error:
                yield CheckResult(subject, False, error.message, error.hint)
            else:
                yield CheckResult(subject, True, "can be read")


def check_components(configuration: Configuration) -> Iterator[CheckResult]:
    """Run every plugin's self-check. A server plugin tries its key there."""
    for section, configured in _all_components(configuration):
        subject = section.replace("s.", " ", 1)
        if any(_is_service_credential(secret) for _, secret in _iter_secrets(configured.settings)):
            yield CheckResult(subject, True, "not checked: only the service can read its key")
            continue
        try:
            component: Component = configured.create()
            if section.startswith("endpoints."):
                open_endpoint(configured)
            results = call_with_timeout(
                configured.name, component.self_check, CHECK_TIMEOUT_SECONDS
            )
        except SubtitledError as error:
            yield CheckResult(subject, False, error.message, error.hint)
            continue
        yield from results or (CheckResult(subject, True, CHECKED),)
        if isinstance(component, MediaServer) and all(result.ok for result in results):
            yield from check_path_mapping(configuration, configured.name, component)


def _all_components(configuration: Configuration) -> Iterator[tuple[str, ConfiguredComponent[Any]]]:
    """Yield every component with its section, such as ``servers.jellyfin``."""
    for kind in COMPONENT_KINDS:
        for name, configured in getattr(configuration, kind).items():
            yield f"{kind}.{name}", configured


def _is_service_credential(secret: Secret) -> bool:
    """Check whether a secret is a systemd credential that this process did not get."""
    return secret.credential is not None and not os.environ.get("CREDENTIALS_DIRECTORY")


def _iter_secrets(settings: object, key: str = "") -> Iterator[tuple[str, Secret]]:
    """Yield the secrets in a component's settings, at any depth, with their keys."""
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
