"""Which models a configuration needs, and by which names users find them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from subtitled.config.load import Configuration
from subtitled.config.plugins import ConfiguredComponent
from subtitled.models.inventory import Inventory, take_inventory
from subtitled.plugin import Engine, EngineCapabilities, Language, ModelSpec, Settings, SetupError

NAMES = ("tiny", "base", "de-base", "fr-base")
MODELS = {name: ModelSpec(name=name, files={"m": None}) for name in NAMES}


class Listing(Engine[Settings]):
    @classmethod
    def capabilities(cls, settings: Settings) -> EngineCapabilities:
        return EngineCapabilities()

    @classmethod
    def models(cls, settings: Settings) -> list[ModelSpec]:
        return [MODELS["base"]]

    @classmethod
    def models_for_language(cls, settings: Settings, language: Language) -> list[ModelSpec]:
        return [spec for name, spec in MODELS.items() if name.startswith(f"{language}-")]

    @classmethod
    def catalogue(cls) -> list[ModelSpec]:
        return list(MODELS.values())

    def transcribe(self, audio: Any, request: Any) -> Any:
        raise NotImplementedError


class Failing(Listing):
    @classmethod
    def catalogue(cls) -> list[ModelSpec]:
        raise KeyError("list")


Take = Callable[..., Inventory]


@pytest.fixture
def take() -> Take:
    """Take the inventory of engines, each ``name = (plugin, class)``."""

    def run(
        languages: tuple[str, ...] = (), assumed: str | None = None, **engines: tuple[str, Any]
    ) -> Inventory:
        library = SimpleNamespace(
            assumed_language=Language(assumed) if assumed else None, languages=("original",)
        )
        configuration = SimpleNamespace(
            settings=SimpleNamespace(libraries={"films": library}),
            engines={
                name: ConfiguredComponent(
                    name=name, plugin=plugin, component_class=cls, settings=Settings()
                )
                for name, (plugin, cls) in engines.items()
            },
            translators={},
        )
        return take_inventory(cast(Configuration, configuration), map(Language, languages))

    return run


def needed(inventory: Inventory) -> list[str]:
    return [model.label for model in inventory.needed()]


def test_models_of_the_catalogue_are_known_and_those_of_the_settings_needed(take: Take) -> None:
    inventory = take(mine=("mine", Listing))
    assert [model.spec.name for model in inventory.models] == list(NAMES)
    assert needed(inventory) == ["mine/base"]


def test_a_model_of_one_language_is_needed_if_that_is_spoken(take: Take) -> None:
    assert needed(take(("de",), mine=("mine", Listing))) == ["mine/base", "mine/de-base"]
    assert needed(take(assumed="fr", mine=("mine", Listing))) == ["mine/base", "mine/fr-base"]


def test_a_name_alone_is_enough_if_only_one_plugin_has_it(take: Take) -> None:
    one = take(mine=("mine", Listing))
    assert one.find("base") == one.find("mine/base")
    two = take(mine=("mine", Listing), other=("other", Listing))
    assert two.find("other/base").plugin == "other"
    with pytest.raises(SetupError, match="mine/base, other/base"):
        two.find("base")
    with pytest.raises(SetupError, match=r"no model is called 'huge'. Models: mine/tiny"):
        one.find("huge")


def test_two_sections_of_one_plugin_share_their_models(take: Take) -> None:
    inventory = take(day=("mine", Listing), night=("mine", Listing))
    assert inventory.find("base").components == ("engine day", "engine night")


def test_a_plugin_that_fails_hides_no_other(take: Take) -> None:
    inventory = take(bad=("bad", Failing), mine=("mine", Listing))
    assert [section for section, _ in inventory.errors] == ["engine bad"]
    assert needed(inventory) == ["bad/base", "mine/base"]


def test_folders_of_users_are_models_of_their_own(take: Take, tmp_path: Path) -> None:
    class Own(Listing):
        @classmethod
        def models(cls, settings: Settings) -> list[ModelSpec]:
            return [ModelSpec.in_folder(tmp_path, ["m"])]

    (model,) = take(mine=("mine", Own)).needed()
    assert (model.label, model.spec.folder) == ("mine/own", tmp_path)
