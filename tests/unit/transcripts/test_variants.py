"""Tests of variants: what is stored is found again, and never counts as another plugin's."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import pytest

from subtitled.config.plugin_loader import PluginLoader
from subtitled.config.plugins import UNMARKED_PLUGINS, ConfiguredComponent
from subtitled.plugin import (
    Engine,
    EngineCapabilities,
    Language,
    Settings,
    SubtitledError,
    Transcript,
)
from subtitled.transcripts.variants import component_variant


class Loud(Engine):
    """An engine of a third party, without settings."""

    @classmethod
    def capabilities(cls, settings: Settings) -> EngineCapabilities:
        """Return the defaults."""
        return EngineCapabilities()

    def transcribe(self, audio: Any, request: Any) -> Transcript:
        """Return nothing."""
        return Transcript(language=request.language, words=())


class Louder(Loud):
    """Its next revision."""

    revision: ClassVar[int] = 2


def _bundled(kind: str, plugin: str, section: str = "", **options: Any) -> ConfiguredComponent[Any]:
    """Configure a bundled plugin as the configuration file does."""
    loader = PluginLoader()
    component = loader.find_component(kind, section, plugin)
    assert isinstance(component, type)
    return ConfiguredComponent(
        name=section or plugin,
        plugin=plugin,
        component_class=component,
        settings=component.Settings.model_validate(options),
        entry_point=loader.find_entry_point(plugin),
    )


def _third_party(
    plugin: str, component: type[Engine] = Loud, registered: str = "", section: str = "mine"
) -> ConfiguredComponent[Any]:
    return ConfiguredComponent(
        name=section,
        plugin=plugin,
        component_class=component,
        settings=Settings(),
        entry_point=f"{plugin}_module",
        registered_name=registered,
    )


SERVICE = {"url": "http://localhost:8000/v1", "model": "m"}
KEY = {"api_key": {"env": "K"}}
ENGINES: list[tuple[str, dict[str, Any]]] = [("whisper", {}), ("openai", SERVICE), ("qwen", KEY)]
TRANSLATORS: list[tuple[str, dict[str, Any]]] = [
    ("openai", SERVICE),
    ("qwen", KEY),
    ("libretranslate", {"url": "http://localhost:5000"}),
    ("apertium", {}),
]


@pytest.mark.parametrize(
    ("plugin", "options", "into", "variant"),
    [
        ("whisper", {}, None, "whisper-613bec5bd87d"),
        ("whisper", {"model": "small", "device": "cuda"}, "en", "whisper-e3f5d3e03080"),
        ("openai", SERVICE, None, "openai-062aad8d132f"),
        ("qwen", KEY, None, "qwen-f4548bc43cae"),
    ],
)
def test_transcripts_stored_before_variants_named_the_plugin_are_still_found(
    plugin: str, options: dict[str, Any], into: str | None, variant: str
) -> None:
    configured = _bundled("engines", plugin, **options)
    assert component_variant(configured, Language(into) if into else None) == variant


@pytest.mark.parametrize(
    ("kind", "all_of_them"), [("engines", ENGINES), ("translators", TRANSLATORS)]
)
def test_bundled_plugins_in_the_same_section_have_other_variants(
    kind: str, all_of_them: list[tuple[str, dict[str, Any]]]
) -> None:
    configured = [_bundled(kind, plugin, "same", **options) for plugin, options in all_of_them]
    assert {one.entry_point for one in configured} <= UNMARKED_PLUGINS
    assert len({component_variant(one, None) for one in configured}) == len(configured)
    # Whatever their values: the keys alone tell them apart.
    for one, other in itertools.combinations(configured, 2):
        assert set(one.settings.result_fields()) != set(other.settings.result_fields())


def test_words_of_another_plugin_are_never_reused_after_plugin_of_a_section_changes() -> None:
    variants = [
        component_variant(one, None)
        for one in (
            _third_party("moonshine"),
            _third_party("vosk"),
            _third_party("vosk", registered="fast"),
            _third_party("moonshine", Louder),
            _bundled("engines", "whisper", "mine"),
            _bundled("translators", "apertium", "mine"),
        )
    ]
    assert len(set(variants)) == len(variants)
    assert component_variant(_third_party("vosk"), None) == variants[1]


def test_a_higher_revision_of_a_bundled_plugin_is_another_variant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whisper = _bundled("engines", "whisper")
    before = component_variant(whisper, None)
    monkeypatch.setattr(whisper.component_class, "revision", 2)
    assert component_variant(whisper, None) != before


@pytest.mark.parametrize("revision", [0, -1, 1.5, "2", None, True])
def test_a_revision_that_is_no_number_is_a_fault_of_the_plugin(
    revision: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Louder, "revision", revision)
    with pytest.raises(SubtitledError, match=r"Louder\.revision is no whole number") as raised:
        _third_party("loud", Louder).ask_statements()
    assert "revision = 2" in raised.value.hint
