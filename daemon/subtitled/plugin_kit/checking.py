"""The checks of ``subtitled plugins check``, one result for each."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from subtitled.config.errors import explain_validation_error
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.config.plugin_faults import CORRECT_LINE
from subtitled.config.plugin_loader import SLOW_IMPORT_HINT, SLOW_IMPORT_SECONDS, PluginLoader
from subtitled.config.plugin_registration import (
    RegisteredComponent,
    explain_missing_component,
    list_known_hooks,
)
from subtitled.config.plugin_sources import find_source
from subtitled.config.plugin_validation import validate_options
from subtitled.config.plugins import ConfiguredComponent, UnavailableComponent
from subtitled.engines.protocol import EngineLoadError
from subtitled.models.store import ModelStore
from subtitled.plugin import CheckResult, Settings, SubtitledError

from .questions import (
    HOOKS,
    HookSubject,
    NotApplicableError,
    Question,
    list_questions,
    sends_away,
)
from .subject import Subject

IMPORT_SECONDS: Final = 60.0
"""Seconds that the import in a process of its own may take."""
VALIDATION_SECONDS: Final = 30.0
HEAVY_PACKAGES: Final = (
    "torch", "tensorflow", "transformers", "jax", "onnxruntime", "ctranslate2", "faster_whisper",
    "sherpa_onnx", "librosa", "scipy", "pandas",
)  # fmt: skip
"""Packages that a plugin should import in ``load()``."""
_IMPORT = """
import contextlib, importlib, io, json, sys, time
printed, begin = io.StringIO(), time.process_time()
with contextlib.redirect_stdout(printed):
    importlib.import_module(sys.argv[1])
seconds = time.process_time() - begin
heavy = [name for name in sys.argv[2:] if name in sys.modules]
print(json.dumps({"seconds": seconds, "heavy": heavy, "printed": bool(printed.getvalue())}))
"""


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """What is checked, and how far."""

    plugin: str
    """The plugin's name."""
    options: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Section, such as ``engines`` -> its keys. Without one the defaults are used."""
    shared_options: Mapping[str, Any] | None = None
    """Keys for each section that has them, instead of ``options``."""
    folder: Path
    """An empty folder for audio."""
    models: Path
    """The folder of models."""
    speech: dict[str, Path] = field(default_factory=dict)
    """Language -> recording."""
    loads: bool = False
    """Whether models are downloaded."""
    sends: bool = False
    """Whether calls are made that send something to other machines."""


def check_plugin(request: CheckRequest) -> Iterator[CheckResult]:
    """Check an installed plugin step by step. What comes after a mistake may depend on it.

    Args:
        request: What is checked, and how far.

    Yields:
        One result for each check.
    """
    name = request.plugin
    loader = PluginLoader()
    error = loader.load(name)
    if error is not None:
        yield CheckResult(f"plugin {name}", False, error.message, error.hint)
        return
    source = find_source(name)
    yield CheckResult("installed", True, f"module {source.module} of {source}")
    if source.entry is not None:  # a file has no module without its folder
        yield _check_import(source.module)
    for warning in loader.warnings:
        yield CheckResult("hooks", False, warning, "Correct the name of the function")
    components = loader.components(name)
    if not components and not list_known_hooks(loader.module(name)):
        message, hint = explain_missing_component(name, "engines", loader.module(name))
        yield CheckResult("hooks", False, message, hint)
    hook_settings = loader.hook_settings(name) or Settings
    models = [hook_settings, *(one.component_class.Settings for one in components)]
    known = {key for model in models for key in model.model_fields}
    for component in components:
        options = _options_of(request, component.kind, component.component_class.Settings, known)
        yield from _check_component(request, component, options, source.module)
    options = _options_of(request, "plugins", hook_settings, None if components else known)
    checked = validate_options(name, hook_settings, options, ("plugins", name), "")
    if not isinstance(checked, Settings):
        for wrong in [checked] if isinstance(checked, UnavailableComponent) else checked:
            yield CheckResult(f"plugins.{name}", False, str(wrong), "Correct that section")
        return
    loader.hooks.set_settings(loader.module(name), checked)
    hooks = HookSubject(name, loader.hooks)
    for question in list_questions(HOOKS):
        if question.name.replace(" ", "_") not in list_known_hooks(loader.module(name)):
            continue
        if request.sends:
            yield ask(question, hooks, f"hook {question.name}")
        else:
            yield CheckResult(f"hook {question.name}", True, "not called: use --send")


def _options_of(
    request: CheckRequest, section: str, model: type[Settings], known: Collection[str] | None
) -> Mapping[str, Any]:
    """Return the keys of a section. Shared keys that are not known are kept: they are wrong."""
    if request.shared_options is None:
        return request.options.get(section, {})
    return {
        key: value
        for key, value in request.shared_options.items()
        if key in model.model_fields or (known is not None and key not in known)
    }


def _check_import(module: str) -> CheckResult:
    """Import a plugin in a fresh interpreter, as every command does."""
    command = [sys.executable, "-c", _IMPORT, module, *HEAVY_PACKAGES]
    path = os.pathsep.join(filter(None, sys.path))
    try:
        completed = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=IMPORT_SECONDS,
            env=os.environ | {"PYTHONPATH": path},
            check=False,
        )
        found = json.loads(completed.stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError):
        return CheckResult("import", False, "it cannot be imported alone", SLOW_IMPORT_HINT)
    if found["printed"]:
        hint = "Use self.context.log. What is printed at import comes with every command"
        return CheckResult("import", False, "it prints when it is imported", hint)
    if found["heavy"]:
        heavy = ", ".join(found["heavy"])
        return CheckResult("import", False, f"it imports {heavy}", SLOW_IMPORT_HINT)
    return CheckResult(
        "import",
        found["seconds"] <= SLOW_IMPORT_SECONDS,
        f"takes {found['seconds']:.1f} s",
        SLOW_IMPORT_HINT,
    )


def configure(
    plugin: str, component: RegisteredComponent, options: Mapping[str, Any], entry_point: str
) -> ConfiguredComponent[Any]:
    """Configure a component as a section of the configuration does.

    Raises:
        SubtitledError: The plugin raised an error, or states nonsense.
        ValidationError: The options are wrong.
    """
    model = component.component_class.Settings

    def validate() -> Any:
        try:
            return model.model_validate(options)
        except ValidationError as error:
            return error

    settings = call_with_timeout(plugin, validate, VALIDATION_SECONDS)
    if isinstance(settings, ValidationError):
        raise settings
    configured: ConfiguredComponent[Any] = ConfiguredComponent(
        name=plugin,
        plugin=plugin,
        component_class=component.component_class,
        settings=settings,
        entry_point=entry_point,
        registered_name=component.name,
    )
    configured.ask_statements()
    return configured


def _check_component(
    request: CheckRequest,
    component: RegisteredComponent,
    options: Mapping[str, Any],
    entry_point: str,
) -> Iterator[CheckResult]:
    name = f"{request.plugin}:{component.name}" if component.name else request.plugin
    title = f"{component.kind}.{name}"
    try:
        configured = configure(request.plugin, component, options, entry_point)
    except ValidationError as error:
        model = component.component_class.Settings
        for issue in explain_validation_error(error, model, options, ""):
            hint = f"{issue.hint}. Give it with --settings" if issue.hint else "Use --settings"
            yield CheckResult(title, False, f"{issue.key}: {issue.message}", hint)
        return
    except SubtitledError as error:
        yield CheckResult(title, False, error.message, error.hint)
        return
    subject = Subject(
        configured=configured,
        folder=request.folder,
        models=request.models,
        speech=request.speech,
        sends=request.sends,
    )
    try:
        yield from _ask_all(request, subject, component.kind, title)
    finally:
        subject.close()


def _ask_all(
    request: CheckRequest, subject: Subject, kind: str, title: str
) -> Iterator[CheckResult]:
    destination = sends_away(kind, subject.configured)
    missing: list[str] = []
    is_stuck = False
    for question in list_questions(kind):
        name = f"{title} {question.name}"
        if question.is_call and destination and not request.sends:
            yield CheckResult(name, True, f"not called: it sends to {destination}; use --send")
        elif question.is_call and missing and not request.loads:
            yield CheckResult(name, True, f"not called without {', '.join(missing)}; use --load")
        elif question.is_call and is_stuck:
            yield CheckResult(name, True, "not called: it does not load")
        else:
            try:
                result = ask(question, subject, name)
            except EngineLoadError as error:
                result = CheckResult(name, False, error.message, CORRECT_LINE)
                is_stuck = True  # each further call would take as long
            yield result
            if question.name.startswith("lists") and result.ok:
                store = ModelStore(request.models).of_plugin(request.plugin)
                missing = [
                    f"the model {spec.name}"
                    for spec in subject.needed_models(kind)
                    if not store.is_installed(spec)
                ]


def ask(question: Question, subject: Subject | HookSubject, name: str) -> CheckResult:
    """Ask a question.

    Args:
        question: The question.
        subject: The component, or the hooks.
        name: The subject of the result.

    Raises:
        EngineLoadError: It did not load in time.
    """
    try:
        question.ask(subject)
    except NotApplicableError as reason:
        return CheckResult(name, True, f"not needed: {reason}")
    except AssertionError as error:
        is_cured = ". " in str(error)  # it says what to write
        hint = "" if is_cured else "The API reference says what it must return"
        return CheckResult(name, False, f"{str(error) or 'the answer is wrong'}", hint)
    except EngineLoadError:
        raise
    except SubtitledError as error:
        return CheckResult(name, False, error.message, error.hint)
    return CheckResult(name, True, "ok")
