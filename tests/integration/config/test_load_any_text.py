"""Property tests: any configuration loads or raises ``ConfigurationError``."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitled.config.daemon_settings import DaemonSettings
from subtitled.config.load import ConfigurationError, load_config
from subtitled.config.reference import build_json_schema, dump_settings
from subtitled.config.settings import (
    AppSettings,
    ExistingSubtitleSettings,
    LibrarySettings,
)

_KEYS = sorted(
    {
        "plugin",
        "model",
        "url",
        "api_key",
        "path_map",
        "whisper",
        "jellyfin",
        "original",
        "x",
        "a[b]",
    }
    | set(DaemonSettings.model_fields)
    | set(LibrarySettings.model_fields)
    | set(ExistingSubtitleSettings.model_fields)
)
_VALUES = st.recursive(
    st.one_of(
        st.text(max_size=8),
        st.sampled_from(["en", "srt", "30s", "/a", "whisper", "base"]),
        st.integers(),
        st.booleans(),
        st.floats(),
        st.datetimes(),
        st.dates(),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(_KEYS), inner, max_size=4),
    ),
    max_leaves=10,
)
_SECTIONS = st.sampled_from(
    ["daemon", "libraries", "engines", "translators", "servers", "notifiers", "nonsense"]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.dictionaries(
        _SECTIONS,
        st.one_of(_VALUES, st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=3)),
        max_size=4,
    )
)
def test_any_data_loads_or_raises_configuration_error(data: dict[str, Any]) -> None:
    _loads_or_says(None, data)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=40), st.text("[]{}=.,'\"#\\ \n\ufeffab1e-", max_size=40)))
def test_any_bytes_load_or_raise_configuration_error(content: bytes | str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "c.toml"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        _loads_or_says(file, {})


def _loads_or_says(file: Path | None, data: dict[str, Any]) -> None:
    try:
        loaded = load_config(file, overrides=data)
    except ConfigurationError as error:
        assert error.issues
        assert all(mistake.message for mistake in error.issues)
        assert str(error)
    else:
        assert isinstance(loaded.settings, AppSettings)
        json.dumps(dump_settings(loaded))
        build_json_schema(loaded)
