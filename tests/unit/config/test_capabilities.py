"""Components that lie about themselves are left out when the configuration is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.plugin import EngineCapabilities
from subtitled_plugins.whisper.engine import WhisperEngine


def _load(tmp_path: Path) -> tuple[list[str], list[str]]:
    configuration = load_config(
        None,
        overrides={
            "daemon": {"state_dir": str(tmp_path / "state")},
            "libraries": {"films": {"path": str(tmp_path)}},
        },
    )
    return list(configuration.engines), [str(one) for one in configuration.unavailable]


@pytest.mark.parametrize(
    "lie",
    [RuntimeError("no"), SystemExit(3), None, "text", EngineCapabilities(max_concurrency=-1)],
    ids=lambda lie: str(lie)[:20],
)
def test_an_engine_that_lies_about_itself_is_left_out_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: object
) -> None:
    assert _load(tmp_path)[0] == ["whisper"]

    def capabilities(cls: object, settings: object) -> object:
        if isinstance(lie, BaseException):
            raise lie
        return lie

    monkeypatch.setattr(WhisperEngine, "capabilities", classmethod(capabilities))
    engines, unavailable = _load(tmp_path)
    assert engines == []
    assert len(unavailable) == 1
    assert "whisper" in unavailable[0]
