"""The section [web.asr]."""

from __future__ import annotations

from typing import Any

import pytest

from subtitled.config.load import ConfigurationError, load_config
from subtitled.config.settings import AppSettings


def load(asr: dict[str, Any], **web: Any) -> AppSettings:
    return load_config(None, overrides={"web": {"port": 8085, "asr": asr} | web}).settings


def test_it_is_off_and_keeps_audio_here_unless_the_configuration_says_otherwise() -> None:
    asr = load_config(None).settings.web.asr
    assert (asr.enabled, asr.allowed_destinations, asr.hours) == (False, "local", "always")
    assert (asr.max_body_bytes, asr.keep) == (4 * 1024**3, 3600.0)
    assert load({"enabled": True, "keep": "10m"}).web.asr.keep == 600.0


@pytest.mark.parametrize(
    ("asr", "message"),
    [
        ({"engine": "whispre"}, r"web\.asr\.engine: 'whispre' is not configured"),
        ({"hours": "night"}, r"web\.asr\.hours"),
        ({"max_body_bytes": "4 GB"}, r"web\.asr\.max_body_bytes"),
        ({"size_limit": 1}, r"web\.asr\.size_limit: there is no such key"),
    ],
)
def test_a_mistake_is_named(asr: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        load(asr)


def test_without_a_port_nobody_could_call_it() -> None:
    with pytest.raises(ConfigurationError, match=r"nothing is listened on; set web\.port"):
        load({"enabled": True}, port=None)
    assert load({"enabled": True}, port=None, address="unix:/run/x.sock").web.asr.enabled


def test_an_engine_that_only_callers_may_use_is_not_reported_as_unused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("X", "a key")
    cloud = {
        "plugin": "openai",
        "url": "https://speech.example.org/v1",
        "model": "whisper-1",
        "api_key": {"env": "X"},
    }
    sections: dict[str, Any] = {
        "engines": {"cloud": cloud},
        "libraries": {"films": {"path": "/srv/films"}},
        "web": {"port": 8085, "asr": {"enabled": True}},
    }
    assert "engines.cloud is never used" in str(load_config(None, overrides=sections).warnings)
    sections["web"]["asr"]["allowed_destinations"] = "any"
    assert "engines.cloud" not in str(load_config(None, overrides=sections).warnings)
