"""The real command with the real SDK, against a fake service with Whisper.

``make test-live`` runs it against the real service.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitled.subtitles.formats import read_cues
from support.fakes.dashscope import FakeDashScope, serve_dashscope
from support.fakes.whisper_recogniser import whisper_recogniser
from support.qwen_harness import KEY

Run = Callable[..., subprocess.CompletedProcess[str]]
SAID = (
    "and so my fellow americans ask not what your country can do for you "
    "ask what you can do for your country"
)
FRENCH = (
    "Ainsi, mes chers compatriotes américains, ne demandez pas ce que votre pays peut faire pour "
    "vous, demandez ce que vous pouvez faire pour votre pays."
)


LIVE = bool(os.environ.get("SUBTITLED_TEST_LIVE"))


@pytest.fixture(scope="module")
def hearing(request: pytest.FixtureRequest) -> Iterator[FakeDashScope | None]:
    """The fake; None for the service itself."""
    if LIVE:
        yield None
        return
    service = FakeDashScope(recognise=whisper_recogniser(request.getfixturevalue("model_base")))
    service.translate = lambda text, source, target: "\n".join(FRENCH for _ in text.splitlines())
    with serve_dashscope(service):
        yield service


@pytest.fixture
def configured(
    hearing: FakeDashScope | None, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    def write(protocol: str) -> Path:
        monkeypatch.setenv("QWEN_KEY", KEY if hearing else os.environ["DASHSCOPE_API_KEY"])
        region = os.environ.get("DASHSCOPE_REGION", "singapore")
        where = f'base_url = "{hearing.url}"' if hearing else f'region = "{region}"'
        account = f'{where}\napi_key = {{env = "QWEN_KEY"}}\n'
        file = home / "config.toml"
        file.write_text(
            f'[engines.qwen]\nprotocol = "{protocol}"\n{account}'
            f"[engines.whisper]\n[translators.qwen]\n{account}"
            f'[libraries.films]\npath = "{home / "films"}"\nallowed_destinations = ["qwen"]\n'
        )
        return file

    return write


@pytest.mark.model
@pytest.mark.parametrize("protocol", ["file", "sync"])
def test_a_recording_becomes_subtitles_in_its_language_and_another(
    protocol: str,
    hearing: FakeDashScope | None,
    configured: Callable[[str], Path],
    subtitled: Run,
    speech: Path,
    home: Path,
) -> None:
    charged = len(hearing.billed) if hearing else 0
    target = home / "films"
    target.mkdir()
    (target / "jfk.flac").symlink_to(speech / "jfk.flac")
    file = configured(protocol)
    ran = subtitled(
        "--config",
        file,
        "generate",
        target / "jfk.flac",
        "--languages",
        "original,fr",
    )
    assert ran.returncode == 0, ran.stderr
    cues = read_cues((target / "jfk.en.srt").read_bytes(), "srt")
    told = " ".join(re.findall(r"[a-z]+", " ".join(cue.text for cue in cues).lower()))
    assert told == SAID
    # Whisper hears it from 0.3 to 10.5 s; what is laid over the speech is a guess.
    slack = 0.4 if protocol == "file" else 1.0
    assert cues[0].start == pytest.approx(0.3, abs=slack)
    assert cues[-1].end == pytest.approx(10.6, abs=slack)
    french = read_cues((target / "jfk.fr.srt").read_bytes(), "srt")
    # A sentence is translated as a whole and laid over the same speech.
    assert french[0].start == pytest.approx(cues[0].start, abs=0.1)
    assert french[-1].end == pytest.approx(cues[-1].end, abs=1.5)
    assert "pays" in " ".join(cue.text for cue in french)
    assert hearing is None or len(hearing.billed) == charged + 1
    assert os.environ["QWEN_KEY"] not in ran.stdout + ran.stderr


def test_the_doctor_tries_the_key_of_each_section(
    configured: Callable[[str], Path], subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configured("file")
    assert "the key is accepted" in subtitled("--config", file, "doctor").stdout
    monkeypatch.setenv("QWEN_KEY", "sk-of-another-region")
    said = subtitled("--config", file, "doctor").stdout
    assert "refuses the key" in said and "engines.qwen.region" in said
    assert "translators.qwen.api_key" in said
    assert "sk-of-another-region" not in said
