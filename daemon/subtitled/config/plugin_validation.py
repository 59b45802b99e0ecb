"""Validating a section of the configuration by the settings class of a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from subtitled.plugin import Settings, SubtitledError

from .errors import ConfigIssue, explain_validation_error, format_key
from .plugin_calls import call_with_timeout
from .plugins import UnavailableComponent

VALIDATION_TIMEOUT = 30.0
"""Seconds that a plugin may take to validate its settings."""


def validate_options(
    plugin: str,
    model: type[Settings],
    options: Mapping[str, Any],
    section: tuple[str, ...],
    text: str,
) -> Settings | UnavailableComponent | list[ConfigIssue]:
    """Validate the keys of a section.

    Args:
        plugin: The plugin's name.
        model: Its settings class.
        options: The keys.
        section: The key of the section, such as ``("engines", "mine")``.
        text: The file, in which the lines are looked up.

    Returns:
        The settings; or why the plugin cannot be used; or the mistakes of the user.
    """

    def validate() -> Settings | ValidationError:
        try:
            return model.model_validate(options)
        except ValidationError as error:
            return error

    try:
        settings = call_with_timeout(plugin, validate, VALIDATION_TIMEOUT)
    except SubtitledError as error:
        message = f"its settings: {error.message}"
        return UnavailableComponent(format_key(section), plugin, message, error.hint)
    if isinstance(settings, ValidationError):
        return list(explain_validation_error(settings, model, options, text, section))
    return settings
