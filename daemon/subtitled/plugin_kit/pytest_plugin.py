"""The pytest plugin behind the suites of :mod:`subtitled.plugin.testing`.

``conftest.py`` of an author: ``pytest_plugins = ["subtitled.plugin_kit.pytest_plugin"]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from subtitled.config.paths import resolve_models_dir
from subtitled.config.plugins import PluginLoader
from subtitled.config.settings import AppSettings
from subtitled.plugin import SubtitledError
from subtitled.plugin.testing import PluginSuite

from .checking import configure
from .questions import HOOKS, HookSubject, NotApplicableError, list_questions
from .subject import Subject


class Kit:
    """A component under test, and the questions to it."""

    def __init__(self, suite: PluginSuite, folder: Path) -> None:
        """Load the plugin that a suite names.

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
            configured=configure(plugin, component, suite.settings, entry_point),
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


@pytest.fixture(scope="class")
def subtitled_kit(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """Load the plugin that the suite names, once for all its tests."""
    try:
        kit = Kit(request.cls(), tmp_path_factory.mktemp("subtitled"))
    except (SubtitledError, ValidationError) as error:
        pytest.fail(str(error), pytrace=False)
    yield kit
    kit.close()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each question to a component of the suite's kind."""
    if "subtitled_question" in metafunc.fixturenames and metafunc.cls is not None:
        names = [question.name for question in list_questions(metafunc.cls.kind)]
        metafunc.parametrize("subtitled_question", names)
