"""A real daemon with Whisper base: the calls of Bazarr and OpenAI's clients, with real speech."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pysubs2
import pytest
import requests

from support.ports import find_free_port
from support.recorded_speech import Recording

from ...daemon.test_daemon import Daemon

pytestmark = pytest.mark.model

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def daemon(home: Path, subtitled: Run, model_base: Path) -> Iterator[tuple[Daemon, str]]:
    port = find_free_port()
    started = Daemon(home, subtitled, f"[web]\nport = {port}\n[web.asr]\nenabled = true\n")
    started.start()
    yield started, f"127.0.0.1:{port}"
    started.end()


def test_speech_from_bazarr_and_for_openai(
    daemon: tuple[Daemon, str], subtitled: Run, french_speech: Recording
) -> None:
    started, address = daemon
    arguments = ("web", "keys", "add", "bazarr", "--scope", "transcribe")
    key = subtitled("--config", started.config, *arguments).stdout.strip()
    deadline = time.monotonic() + 60
    while True:  # until the port is open
        try:
            status = requests.get(f"http://bazarr:{key}@{address}/status", timeout=5)
            break
        except requests.ConnectionError:
            assert time.monotonic() < deadline, started.log.read_text()
            time.sleep(0.2)
    assert status.json()["version"].startswith("subtitled ")
    decode = ["ffmpeg", "-v", "error", "-i", str(french_speech.path)]
    decode += ["-f", "s16le", "-acodec", "pcm_s16le", "-ac", "1", "-ar", "16000", "-"]
    sound = subprocess.run(decode, capture_output=True, check=True).stdout
    found = requests.post(
        f"http://bazarr:{key}@{address}/detect-language",
        params={"encode": "false"},
        files={"audio_file": sound},
        timeout=(60, 240),
    ).json()
    assert (found["language_code"], found["detected_language"]) == ("fr", "french")
    asked = {"task": "transcribe", "language": "fr", "output": "srt", "encode": "false"}
    made = requests.post(
        f"http://bazarr:{key}@{address}/asr",
        params=asked,
        files={"audio_file": sound},
        timeout=(60, 240),
    )
    assert made.status_code == 200, started.log.read_text()
    text = " ".join(line.plaintext for line in pysubs2.SSAFile.from_string(made.text))
    assert french_speech.phrase in " ".join(text.split())
    with french_speech.path.open("rb") as file:
        verbose = httpx.post(
            f"http://{address}/v1/audio/transcriptions",
            data={
                "model": "whisper-1",
                "response_format": "verbose_json",
                "timestamp_granularities[]": ["word", "segment"],
            },
            files={"file": (french_speech.path.name, file)},
            headers={"Authorization": f"Bearer {key}"},
            timeout=120,
        ).json()
    assert verbose["language"] == "french"
    assert french_speech.phrase in verbose["text"]
    assert verbose["segments"][0]["avg_logprob"] < 0
    first = verbose["words"][0]
    assert first["start"] == pytest.approx(french_speech.prompts[0].start, abs=0.5)
    # Nothing is published, and no library knows of it.
    assert list(started.library.iterdir()) == []
    assert sum(started.ask("status")["files"].values()) == 0
