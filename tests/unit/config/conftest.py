"""Plugins that a test installs for itself."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.config.plugin_paths import PluginPaths


@pytest.fixture(autouse=True)
def _no_plugin_paths() -> Iterator[None]:
    yield
    PluginPaths().apply()


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install a module as a plugin of its own distribution."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def put(name: str, source: str, distribution: str = "", requires: str = "") -> None:
        distribution = distribution or f"dist-{name}"
        module = f"plugin_{name}_{tmp_path.name}_{distribution}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source, "utf-8")
        info = tmp_path / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        if requires:
            metadata += f"Requires-Dist: {requires}\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(f"[subtitled]\n{name} = {module}\n")

    yield put
    for module in [m for m in sys.modules if m.startswith("plugin_")]:
        del sys.modules[module]
