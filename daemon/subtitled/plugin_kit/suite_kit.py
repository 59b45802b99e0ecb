"""The component that a suite tests, and the questions to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugin_loader import PluginLoader
from subtitled.config.settings import AppSettings
from subtitled.plugin import SubtitledError
from subtitled.plugin.testing import PluginSuite

from .checking import configure
from .questions import HOOKS, HookSubject, NotApplicableError, list_questions
from .subject import Subject


class SuiteKit:
    """A component under test, and the questions to it."""

    def __init__(self, suite: PluginSuite, settings: dict[str, Any], folder: Path) -> None:
        """Load the plugin that a suite names.

        Args:
            suite: The suite.
            settings: The keys of the plugin's section.
            folder: An empty folder for audio.

        Raises:
            SubtitledError: It cannot be used.
            ValidationError: The settings of the suite are wrong.
        """
        loader = PluginLoader()
        self._questions = {question.name: question for question in list_questions(suite.kind)}
        self._subject: Subject | HookSubject
        if suite.kind == HOOKS:
            if error := loader.load(suite.plugin):
                raise error
            model = loader.hook_settings(suite.plugin)
            if model is not None:
                module = loader.module(suite.plugin)
                loader.hooks.set_settings(module, model.model_validate(settings))
            self._subject = HookSubject(suite.plugin, loader.hooks)
            return
        plugin, _, name = suite.plugin.partition(":")
        found = loader.find_component(suite.kind, f"{suite.kind}.{plugin}", suite.plugin)
        if not isinstance(found, type):
            raise SubtitledError(found.message, found.hint)
        component = next(
            one for one in loader.components(plugin) if (one.kind, one.name) == (suite.kind, name)
        )
        entry_point = loader.find_entry_point(plugin)
        self._subject = Subject(
            configured=configure(plugin, component, settings, entry_point),
            folder=folder,
            models=suite.models or resolve_models_dir(AppSettings()),
            speech={language: Path(file) for language, file in suite.speech.items()},
        )

    def ask(self, question: str) -> None:
        """Ask a question. Fail, or skip, the test with the answer.

        Args:
            question: Its name, such as ``transcribes silence``.
        """
        problem = ""
        try:
            self._questions[question].ask(self._subject)
        except NotApplicableError as reason:
            pytest.skip(str(reason))
        except (AssertionError, SubtitledError) as error:
            problem = str(error)
        if problem:
            pytest.fail(problem, pytrace=False)

    def close(self) -> None:
        """End the process of an engine."""
        self._subject.close()
