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
from support.recorded_speech import Recording

Run = Callable[..., subprocess.CompletedProcess[str]]
FRENCH = {
    "number": "Le numéro que vous avez composé n'est pas en service.",
    "check": "Veuillez vérifier le numéro et essayer de nouveau.",
    "household": "Tous les représentants de la maison sont actuellement en train d'aider d'autres "
    "télévendeurs.",
    "hold": "Veuillez patienter et on répondra à votre appel dans l'ordre de son arrivée.",
}
"""Translations of the sentences by a word that each contains. Of two, the later one counts."""


LIVE = bool(os.environ.get("SUBTITLED_TEST_LIVE"))


@pytest.fixture(scope="module")
def hearing(request: pytest.FixtureRequest) -> Iterator[FakeDashScope | None]:
    """The fake; None for the service itself."""
    if LIVE:
        yield None
        return
    service = FakeDashScope(recognise=whisper_recogniser(request.getfixturevalue("model_base")))
    service.translate = lambda text, source, target: "\n".join(map(_translate, text.splitlines()))
    with serve_dashscope(service):
        yield service


def _translate(line: str) -> str:
    words = re.findall(r"\w+", line.lower())
    return [french for word, french in FRENCH.items() if word in words][-1]


def _normalise(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", text.lower()))


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
@pytest.mark.parametrize("protocol", ["file", pytest.param("sync", marks=pytest.mark.slow)])
def test_a_recording_becomes_subtitles_in_its_language_and_another(
    protocol: str,
    hearing: FakeDashScope | None,
    configured: Callable[[str], Path],
    subtitled: Run,
    english_speech: Recording,
    home: Path,
) -> None:
    charged = len(hearing.billed) if hearing else 0
    target = home / "films"
    target.mkdir()
    (target / "Prompts.flac").symlink_to(english_speech.path)
    file = configured(protocol)
    ran = subtitled(
        "--config",
        file,
        "generate",
        target / "Prompts.flac",
        "--languages",
        "original,fr",
    )
    assert ran.returncode == 0, ran.stderr
    cues = read_cues((target / "Prompts.en.srt").read_bytes(), "srt")
    assert _normalise(" ".join(cue.text for cue in cues)) == _normalise(english_speech.text)
    # With the protocol "sync" there are no word times, so they are estimated.
    slack = 0.4 if protocol == "file" else 1.0
    assert cues[0].start == pytest.approx(english_speech.prompts[0].start, abs=slack)
    assert cues[-1].end == pytest.approx(english_speech.prompts[-1].end, abs=1.0)
    french = read_cues((target / "Prompts.fr.srt").read_bytes(), "srt")
    # A sentence is translated as a whole and laid over the same speech.
    assert french[0].start == pytest.approx(cues[0].start, abs=0.1)
    assert french[-1].end == pytest.approx(cues[-1].end, abs=1.5)
    assert "numéro" in " ".join(cue.text for cue in french)
    assert hearing is None or len(hearing.billed) == charged + 1
    assert os.environ["QWEN_KEY"] not in ran.stdout + ran.stderr


def test_the_doctor_tries_the_key_of_each_section(
    configured: Callable[[str], Path], subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configured("file")
    assert "the key is accepted" in subtitled("--config", file, "doctor").stdout
    monkeypatch.setenv("QWEN_KEY", "sk-of-another-region")
    findings = subtitled("--config", file, "doctor").stdout
    assert "refuses the key" in findings and "engines.qwen.region" in findings
    assert "translators.qwen.api_key" in findings
    assert "sk-of-another-region" not in findings
