"""The variant: the name of what an engine or translator gives with these settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from subtitled.config.plugins import ConfiguredComponent
from subtitled.plugin import Language


def component_variant(
    configured: ConfiguredComponent[Any],
    into: Language | None,
    facts: Mapping[str, Any] | None = None,
) -> str:
    """Return the variant under which the results of a component are stored.

    It changes with the plugin, its revision and every setting that changes a result. So the words
    of one plugin never count as those of another that has the same section.

    Args:
        configured: The engine or translator.
        into: The language into which it translates, or None.
        facts: What else changes a result. The keys begin with a space, so that no setting has them.
    """
    everything = configured.settings.result_fields() | configured.identity() | dict(facts or {})
    return variant_key(configured.name, everything, into)


def variant_key(name: str, facts: dict[str, Any], into: Language | None) -> str:
    """Return a short name for a component with everything that changes its results.

    Args:
        name: The configured name of the engine or translator.
        facts: Everything that changes a result.
        into: The language into which it translates, or None.

    Returns:
        The name, which is safe as the name of a folder.
    """
    key_json = json.dumps([name, facts, into], sort_keys=True, default=str)
    return f"{name}-{hashlib.sha256(key_json.encode()).hexdigest()[:12]}"
