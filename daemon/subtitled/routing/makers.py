"""What makes a text by a production path: the engine and the translator, with their models."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.plugin_sources import list_sources
from subtitled.config.plugins import ConfiguredComponent
from subtitled.plugin.limits import clean_text
from subtitled.subtitles.makers import NOBODY, Maker, Makers

from .production_plan import ProductionPath, TargetPlan


def describe_maker(configured: ConfiguredComponent[Any] | None) -> Maker:
    """Return an engine or translator with its model and the version of its plugin."""
    if configured is None:
        return NOBODY
    return Maker(configured.name, configured.model, _version_of(configured.plugin))


def find_makers(configuration: Configuration, path: ProductionPath) -> Makers:
    """Return what makes a text by a path. Of several parts, the first is the main one."""
    route = path.segments[0].route if path.segments else None
    if route is None:
        return Makers()
    return Makers(
        describe_maker(configuration.engines.get(route.engine)),
        describe_maker(configuration.translators.get(route.translator)),
    )


def find_first_makers(configuration: Configuration, target: TargetPlan) -> Makers:
    """Return what makes a subtitle by its best path; nobody if there is none."""
    return find_makers(configuration, target.paths[0]) if target.paths else Makers()


@lru_cache(maxsize=256)
def _version_of(plugin: str) -> str:
    """Return the version of a plugin. It is asked once, because a running one does not change."""
    versions = [source.version for source in list_sources() if source.name == plugin]
    return clean_text(versions[0]) if len(versions) == 1 else ""
