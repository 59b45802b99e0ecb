"""The real command with the real SDK: a recording becomes subtitles through the stand-in, which
hears it with the embedded Whisper."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from qwen_house import KEY

from standins.dashscope import DashScope, standing_in
from standins.hearing import whisper
from subtitled.subtitles.formats import read

Run = Callable[..., subprocess.CompletedProcess[str]]
SAID = (
    "and so my fellow americans ask not what your country can do for you "
    "ask what you can do for your country"
)
FRENCH = [
    "Ainsi, mes chers compatriotes américains,",
    "ne demandez pas ce que votre pays peut faire pour vous,",
    "demandez ce que vous pouvez faire pour votre pays.",
]


@pytest.fixture(scope="module")
def hearing(model_base: Path) -> Iterator[DashScope]:
    service = DashScope(recognise=whisper(model_base))
    with standing_in(service):
        yield service


@pytest.fixture
def configured(
    hearing: DashScope, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    def write(protocol: str) -> Path:
        monkeypatch.setenv("QWEN_KEY", KEY)
        account = f'base_url = "{hearing.url}"\napi_key = {{env = "QWEN_KEY"}}\n'
        file = home / "config.toml"
        file.write_text(
            f'[engines.qwen]\nprotocol = "{protocol}"\n{account}'
            f"[engines.whisper]\n[translators.qwen]\n{account}"
        )
        return file

    return write


@pytest.mark.model
@pytest.mark.parametrize("protocol", ["file", "sync"])
def test_a_recording_becomes_subtitles_in_its_language_and_another(
    protocol: str,
    hearing: DashScope,
    configured: Callable[[str], Path],
    subtitled: Run,
    speech: Path,
    tmp_path: Path,
) -> None:
    hearing.translate = lambda text, source, target: "\n".join(
        FRENCH[number % 3] for number, _ in enumerate(text.splitlines())
    )
    hearing.billed.clear()
    target = tmp_path / "made"
    target.mkdir()
    ran = subtitled(
        *("--config", configured(protocol), "generate", speech / "jfk.flac"),
        *("--to", "original,fr", "--output-dir", target),
    )
    assert ran.returncode == 0, ran.stderr
    cues = read((target / "jfk.en.srt").read_bytes(), "srt")
    told = " ".join(re.findall(r"[a-z]+", " ".join(cue.text for cue in cues).lower()))
    assert told == SAID
    # Whisper hears it from 0.3 to 10.5 s; what is laid over the speech is a guess.
    slack = 0.4 if protocol == "file" else 1.0
    assert cues[0].start == pytest.approx(0.3, abs=slack)
    assert cues[-1].end == pytest.approx(10.6, abs=slack)
    french = read((target / "jfk.fr.srt").read_bytes(), "srt")
    assert [cue.start for cue in french] == [cue.start for cue in cues]
    assert "compatriotes" in french[0].text
    assert len(hearing.billed) == 1
    assert KEY not in ran.stdout + ran.stderr


def test_the_doctor_tries_the_key_of_each_section(
    configured: Callable[[str], Path], subtitled: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = configured("file")
    assert "the key is taken" in subtitled("--config", file, "doctor").stdout
    monkeypatch.setenv("QWEN_KEY", "sk-of-another-region")
    said = subtitled("--config", file, "doctor").stdout
    assert "refuses the key" in said and "engines.qwen.region" in said
    assert "translators.qwen.api_key" in said
    assert "sk-of-another-region" not in said
