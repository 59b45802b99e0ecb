"""Which services are used where nobody knows the language: those whose reference says they can."""

from __future__ import annotations

import pytest

from subtitled_plugins.openai.engine import TranscriptionEngine, TranscriptionSettings
from subtitled_plugins.qwen.catalogue import MODELS


@pytest.mark.parametrize(
    ("url", "stated", "needs"),
    [
        ("https://api.openai.com/v1", None, False),
        ("https://api.groq.com/openai/v1", None, False),
        ("http://localhost:8080/v1", None, True),
        ("https://api.openai.com.example.org/v1", None, True),
        ("http://localhost:8000/v1", False, False),
        ("https://api.openai.com/v1", True, True),
    ],
)
def test_a_server_of_ones_own_is_asked_without_a_language_only_if_that_is_stated(
    url: str, stated: bool | None, needs: bool
) -> None:
    settings = TranscriptionSettings(url=url, model="m", needs_language=stated)
    assert TranscriptionEngine.capabilities(settings).needs_language is needs


def test_of_the_models_of_model_studio_those_called_qwen3_find_the_language() -> None:
    found = {model.prefix for model in MODELS if model.identifies_language}
    assert found == {model.prefix for model in MODELS if model.prefix.startswith("qwen3-")}
