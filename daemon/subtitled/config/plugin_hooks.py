"""The hooks of plugins and their settings: the sections ``[plugins.NAME]``."""

from __future__ import annotations

from dataclasses import dataclass, field

from subtitled.plugin import Settings

from .errors import ConfigIssue, format_key
from .plugin_loader import PluginLoader
from .plugin_validation import validate_options
from .plugins import UnavailableComponent
from .settings import PluginsSettings


@dataclass(frozen=True, slots=True)
class ConfiguredHooks:
    """What became of the sections."""

    settings: dict[str, Settings] = field(default_factory=dict)
    """The settings that hooks get, by the name of the plugin."""
    unavailable: list[UnavailableComponent] = field(default_factory=list)
    issues: list[ConfigIssue] = field(default_factory=list)


def configure_hooks(plugins: PluginLoader, section: PluginsSettings, text: str) -> ConfiguredHooks:
    """Load the plugins that are used for their hooks, and give all hooks their settings.

    A plugin that another section names has hooks too. Without a section of their own they get the
    defaults.

    Args:
        plugins: The loader, which has loaded the plugins of all other sections.
        section: The section ``[plugins]``.
        text: The file, in which the lines are looked up.
    """
    result = ConfiguredHooks()
    for name in section.sections:
        if error := plugins.load(name):
            title = "plugins.enabled" if name in section.enabled else format_key(("plugins", name))
            result.unavailable.append(UnavailableComponent(title, name, error.message, error.hint))
    for name in plugins.loaded():
        _configure(plugins, name, section, text, result)
    return result


def _configure(
    plugins: PluginLoader, name: str, section: PluginsSettings, text: str, result: ConfiguredHooks
) -> None:
    model, options = plugins.hook_settings(name), section.sections.get(name, {})
    if model is None and not options:
        return
    path = ("plugins", name)
    settings = validate_options(name, model or Settings, options, path, text)
    if isinstance(settings, Settings):
        plugins.hooks.set_settings(plugins.module(name), settings)
        result.settings[name] = settings
        return
    plugins.disable_hooks(name)
    if isinstance(settings, UnavailableComponent):
        result.unavailable.append(settings)
    elif name in (section.model_extra or {}):
        result.issues.extend(settings)
    else:  # a key that is needed is missing, and so is the section
        title = format_key(path)
        first = settings[0]
        result.unavailable.append(
            UnavailableComponent(
                title,
                name,
                f"the hooks of the plugin {name!r} have settings: {first.key}: {first.message}",
                f"Add a section [{title}]. subtitled plugins show {name} prints it",
            )
        )
