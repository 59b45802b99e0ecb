"""Old names of keys, and the issues that name the new ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from .errors import ConfigIssue, find_line, format_key
from .plugin_registration import COMPONENT_KINDS

RENAMED_KEYS = {
    "neighbour": "throttle",
    "vocabulary": "glossary",
    "web.sources": "web.webhooks",
    "libraries.*.existing": "libraries.*.counts_as_existing",
    "libraries.*.names": "libraries.*.filenames",
    "daemon.stretch": "daemon.chunk_duration",
    "daemon.unload_after": "daemon.model_idle_timeout",
    "daemon.models_at_once": "daemon.max_loaded_models",
    "daemon.phrases": "daemon.hallucination_phrases",
    "daemon.lost_after": "daemon.worker_timeout",
    "daemon.rescan": "daemon.scan_interval",
    "daemon.retry_after": "daemon.retry_delay",
    "schedule.quiet": "schedule.quiet_hours",
    "schedule.libraries.*.quiet": "schedule.libraries.*.quiet_hours",
    "schedule.engines.*.quiet": "schedule.engines.*.quiet_hours",
    "neighbour.watching": "throttle.pause_during_playback",
    "neighbour.ask_every": "throttle.playback_poll_interval",
    "neighbour.linger": "throttle.playback_cooldown",
    "neighbour.load": "throttle.max_load",
    "neighbour.temperature": "throttle.max_temperature",
    "neighbour.free_memory": "throttle.min_free_memory_mb",
    "neighbour.memory_pressure": "throttle.max_memory_pressure",
    "neighbour.on_battery": "throttle.pause_on_battery",
    "neighbour.state_space": "throttle.min_free_state_mb",
    "neighbour.library_space": "throttle.min_free_library_mb",
    "neighbour.idle_io": "throttle.io_idle",
    "neighbour.engine_memory": "throttle.engine_memory_limit_mb",
    "web.size_limit": "web.max_body_bytes",
    "libraries.*.audio": "libraries.*.preferred_audio_languages",
    "libraries.*.guards": "libraries.*.hallucination_filter",
    "libraries.*.shots": "libraries.*.snap_to_shots",
    "libraries.*.privacy": "libraries.*.allowed_destinations",
    "libraries.*.settle": "libraries.*.stability_delay",
    "libraries.*.forget_after": "libraries.*.forget_missing_after",
    "libraries.*.yielding": "libraries.*.on_human_subtitle",
    "libraries.*.symlinks": "libraries.*.follow_symlinks",
    "libraries.*.sources.pivots": "libraries.*.sources.pivot_languages",
    "libraries.*.sources.changes": "libraries.*.sources.detect_language_changes",
    "libraries.*.names.mark": "libraries.*.filenames.tag",
    "libraries.*.summaries.writers": "libraries.*.summaries.translators",
    "libraries.*.cues.line_length": "libraries.*.cues.max_line_length",
    "libraries.*.cues.lines": "libraries.*.cues.max_lines",
    "libraries.*.cues.cps": "libraries.*.cues.max_cps",
    "libraries.*.cues.best_cps": "libraries.*.cues.target_cps",
    "libraries.*.cues.gap": "libraries.*.cues.min_gap",
    "libraries.*.cues.chain": "libraries.*.cues.chain_gap",
    "libraries.*.cues.linger": "libraries.*.cues.max_extension",
    "libraries.*.routes.*.longer_than": "libraries.*.routes.*.min_duration",
    "libraries.*.routes.*.shorter_than": "libraries.*.routes.*.max_duration",
    "libraries.*.routes.*.max_price": "libraries.*.routes.*.max_price_per_hour",
    "vocabulary.glossaries": "glossary.files",
    "vocabulary.names": "glossary.use_nfo",
    "vocabulary.servers": "glossary.use_media_servers",
    "vocabulary.characters": "glossary.max_hotword_chars",
    "budgets.*.money": "budgets.*.max_cost",
    "budgets.*.hours": "budgets.*.max_audio_hours",
    "budgets.*.when_spent": "budgets.*.on_exhausted",
    "engines.openai.key": "engines.openai.api_key",
    "engines.openai.local": "engines.openai.is_local",
    "engines.openai.times": "engines.openai.timestamps",
    "engines.openai.audio": "engines.openai.audio_codec",
    "engines.openai.longest": "engines.openai.max_seconds",
    "engines.openai.size_limit": "engines.openai.max_upload_mb",
    "engines.openai.at_once": "engines.openai.concurrency",
    "engines.qwen.audio": "engines.qwen.audio_codec",
    "engines.qwen.speakers": "engines.qwen.diarization",
    "translators.openai.key": "translators.openai.api_key",
    "translators.openai.local": "translators.openai.is_local",
    "translators.openai.batch": "translators.openai.max_batch_lines",
    "translators.libretranslate.key": "translators.libretranslate.api_key",
    "translators.libretranslate.local": "translators.libretranslate.is_local",
    "translators.libretranslate.batch": "translators.libretranslate.max_batch_lines",
    "translators.apertium.local": "translators.apertium.is_local",
    "translators.apertium.data": "translators.apertium.data_dir",
    "notifiers.apprise.tell": "notifiers.apprise.events",
    "notifiers.apprise.digest": "notifiers.apprise.batch_interval",
    "notifiers.apprise.quiet": "notifiers.apprise.quiet_hours",
}
"""The new name of each old key.

``*`` stands for a name that a person gives, or for the number of a table in a list. The second
part of a plugin's key, such as ``openai``, is the name of the plugin; the section may have
another name.
"""

RENAMED_VALUES = {"budgets.*.on_exhausted": {"next": "fallback"}}
"""The new spelling of each old value, by the key."""


def find_renamed_keys(data: Mapping[str, Any], text: str) -> Iterator[ConfigIssue]:
    """Find the old keys and values in a configuration.

    Args:
        data: The configuration as TOML has it.
        text: The file, in which the lines are looked up.

    Yields:
        An issue for each old key, with the new name as its hint.
    """
    for path, value in _walk(data, ()):
        general_path = _with_plugin_name(path, data)
        for old_key, new_key in RENAMED_KEYS.items():
            if _matches(old_key, general_path):
                yield ConfigIssue(
                    format_key(path),
                    "this key has another name now",
                    f"Rename it to {format_key(_fill(new_key, path))}",
                    find_line(text, path),
                )
        for key, new_values in RENAMED_VALUES.items():
            if isinstance(value, str) and value in new_values and _matches(key, general_path):
                yield ConfigIssue(
                    format_key(path),
                    f"the value {value!r} has another name now",
                    f"Write {new_values[value]!r}",
                    find_line(text, path),
                )


def _with_plugin_name(path: tuple[str, ...], data: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a path with the name of the plugin in the place of a component section's name."""
    if len(path) < 3 or path[0] not in COMPONENT_KINDS:
        return path
    kind, name, *rest = path
    sections = data[kind]
    section = sections[name] if isinstance(sections, Mapping) else None
    plugin = section.get("plugin") if isinstance(section, Mapping) else None
    return (kind, str(plugin or name).partition(":")[0], *rest)


def _matches(pattern: str, path: tuple[str, ...]) -> bool:
    parts = pattern.split(".")
    return len(parts) == len(path) and all(
        part in ("*", key) for part, key in zip(parts, path, strict=True)
    )


def _fill(pattern: str, path: tuple[str, ...]) -> tuple[str, ...]:
    """Return a new key with the names that a person gave in an old one."""
    parts = pattern.split(".")
    given = {1} if parts[0] in COMPONENT_KINDS else set()
    given |= {index for index, part in enumerate(parts) if part == "*"}
    return tuple(path[index] if index in given else part for index, part in enumerate(parts))


def _walk(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield every key below a value, with its path and its own value."""
    if isinstance(value, Mapping):
        children = [(str(key), child) for key, child in value.items()]
    elif isinstance(value, list):
        children = [(str(index), child) for index, child in enumerate(value)]
    else:
        return
    for key, child in children:
        yield (*path, key), child
        yield from _walk(child, (*path, key))
