"""Digests by which a decision about a media file is known to be outdated."""

from __future__ import annotations

import hashlib
from typing import Any

from subtitled.config.load import Configuration
from subtitled.config.plugin_sources import list_installed
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.routing.table import RoutingTable, routing_for
from subtitled.transcription.known_language import find_means


def engines_digest(configuration: Configuration, library: LibrarySettings) -> str:
    """Return a digest that changes when what was impossible may have become possible.

    That is when an engine or translator of the library is updated, or a translator learns a
    language pair.
    """
    routing = routing_for(configuration, library)
    plugins = {configuration.engines[name].plugin for name in routing.transcribing_engines}
    plugins |= {configuration.translators[name].plugin for name in _all_translators(routing)}
    versions = [version for version in list_installed() if version[0] in plugins]
    pairs = [
        (name, sorted(capabilities.language_pairs or ()))
        for name, capabilities in routing.translators
    ]
    return hashlib.sha256(repr((versions, pairs)).encode()).hexdigest()[:16]


_RESULT_SETTINGS = (
    "languages",
    "forced",
    "bilingual",
    "formats",
    "preferred_audio_languages",
    "tracks",
    "channels",
    "assumed_language",
    "sources",
    "counts_as_existing",
    "on_human_subtitle",
    "translate_corrections",
    "engines",
    "translators",
    "hallucination_filter",
    "snap_to_shots",
    "allowed_destinations",
    "routes",
    "second_opinion",
    "summaries",
)
"""Settings of a library that can change a result."""
assert set(_RESULT_SETTINGS) <= set(LibrarySettings.model_fields)
_LATER_SETTINGS = ("assumed_language", "tracks", "channels")
"""Those that earlier versions had not. Unset they are no part of the digest: else all files of all
libraries would be examined again after the upgrade."""


def settings_digest(configuration: Configuration, library: LibrarySettings) -> str:
    """Return a digest that changes exactly when settings change that can change a result."""
    routing = routing_for(configuration, library)
    components: list[tuple[object, ...]] = [
        _describe_component(configuration.engines[name]) for name in routing.transcribing_engines
    ] + [_describe_component(configuration.translators[name]) for name in _all_translators(routing)]
    means = find_means(configuration, library, routing)
    components += [(key,) for key in means.keys_of_others(routing.transcribing_engines)]
    unset = {name for name in _LATER_SETTINGS if not getattr(library, name)}
    policy = library.model_dump_json(include=set(_RESULT_SETTINGS) - unset)
    phrases = (
        str(configuration.settings.daemon.hallucination_phrases)
        if library.hallucination_filter
        else ""
    )
    return hashlib.sha256(repr((policy, components, phrases)).encode()).hexdigest()[:16]


def _describe_component(configured: ConfiguredComponent[Any]) -> tuple[object, ...]:
    """Return the name and settings of a component, and its plugin unless results lack it."""
    described = (configured.name, configured.settings.model_dump_json())
    identity = configured.identity()
    return (*described, sorted(identity.items())) if identity else described


def _all_translators(routing: RoutingTable) -> tuple[str, ...]:
    """Return every translator that a library uses, for translations or summaries."""
    return tuple(dict.fromkeys(name for name, _ in (*routing.translators, *routing.generators)))
