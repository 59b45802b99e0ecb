"""Fifty broken plugins at once: each is told with its line and its cure, the others are used."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitled.config import plugin_loader
from subtitled.config.load import Configuration, load_config
from subtitled.config.plugin_faults import PluginFaultError
from subtitled.config.plugins import UnavailableComponent
from subtitled.plugin import SubtitledError
from support import broken_plugins
from support.broken_plugins import CALLING, FORGIVEN, HANGING, LOADING, Mistake

FORGIVEN_NAMES = sorted(FORGIVEN)


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Configuration]:
    """A configuration that names every broken plugin, those that are forgiven, and Whisper."""
    site = tmp_path_factory.mktemp("site")
    mistakes = (*LOADING, *CALLING)
    for mistake in mistakes:
        mistake.install(site)
    for name, source in FORGIVEN.items():
        broken_plugins.install_plugin(site, name, source, f"broken_{name}")
    sections = [f"[{mistake.kind}.{mistake.name}]" for mistake in mistakes]
    sections += [f"[engines.{name}]" for name in (*FORGIVEN, "whisper")]
    file = site / "config.toml"
    file.write_text("\n".join(sections))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(site))
        yield load_config(file)
    for module in [name for name in sys.modules if name.startswith("broken_")]:
        del sys.modules[module]


@pytest.fixture(scope="module")
def unavailable(configuration: Configuration) -> dict[str, UnavailableComponent]:
    return {component.section: component for component in configuration.unavailable}


def _check(mistake: Mistake, message: str, hint: str) -> None:
    assert mistake.message in message
    assert mistake.place in message, "the line of the author's code is named"
    assert mistake.cure in hint
    assert mistake.name in message


@pytest.mark.parametrize("mistake", LOADING, ids=lambda mistake: mistake.name)
def test_a_mistake_is_told_when_the_configuration_is_loaded(
    unavailable: dict[str, UnavailableComponent], mistake: Mistake
) -> None:
    component = unavailable[f"{mistake.kind}.{mistake.name}"]
    assert component.plugin == mistake.name
    _check(mistake, component.message, component.hint)


def test_all_others_are_used(
    configuration: Configuration, unavailable: dict[str, UnavailableComponent]
) -> None:
    assert set(unavailable) == {f"{mistake.kind}.{mistake.name}" for mistake in LOADING}
    calling = {mistake.name for mistake in CALLING if mistake.kind == "engines"}
    assert set(configuration.engines) == {"whisper", *FORGIVEN, *calling}
    assert configuration.engines["text_languages"].capabilities().languages == {"en"}


def test_there_are_fifty_mistakes() -> None:
    names = [mistake.name for mistake in (*LOADING, *CALLING, broken_plugins.SEGFAULT)]
    assert len(set(names)) == len(names) >= 50


def test_an_import_that_hangs_is_told_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(plugin_loader, "IMPORT_TIMEOUT", 5.0)
    HANGING.install(tmp_path)
    error = plugin_loader.PluginLoader().load(HANGING.name)
    assert error is not None
    _check(HANGING, error.message, error.hint)


IN_DAEMON = [
    mistake
    for mistake in CALLING
    if mistake.called not in ("load", "transcribe", "detect_language")
]


@pytest.mark.parametrize("mistake", IN_DAEMON, ids=lambda mistake: mistake.name)
def test_a_mistake_in_a_call_is_told_by_the_call(
    configuration: Configuration, mistake: Mistake
) -> None:
    from support.plugin_calls import call_component

    configured = getattr(configuration, mistake.kind)[mistake.name]
    with pytest.raises(SubtitledError) as caught:
        call_component(configured, mistake.called)
    assert isinstance(caught.value, PluginFaultError)
    _check(mistake, caught.value.message, caught.value.hint)
