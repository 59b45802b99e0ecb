"""Bazarr's provider Whisper, as its code calls it: with requests, the key in the address, and PCM
without a header in a form field.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from pathlib import Path
from typing import Any

import pysubs2
import pytest
import requests

from subtitled.plugin import InputRejectedError, Language, SetupError, TransientError
from subtitled.subtitles.formats import read_cues
from subtitled.web.endpoints import waiting
from support.audio_port import AudioPort, tones, wait_until

SPEECH = tones((0.5, 2.0), (6.0, 8.0), seconds=10.0)
SILENCE = tones()


def ask(
    port: AudioPort, key: str, path: str = "/asr", body: bytes = SPEECH, **query: Any
) -> requests.Response:
    """Send what Bazarr sends."""
    asked = {"encode": "false"} | ({"output": "srt"} if path == "/asr" else {}) | query
    return requests.post(
        port.url(path, key), params=asked, files={"audio_file": body}, timeout=(60, 120)
    )


def test_the_calls_of_a_search_in_their_order(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    status = requests.get(port.url("/status", key), timeout=60)
    assert status.json()["version"].startswith("subtitled ")
    found = ask(port, key, "/detect-language")
    assert found.status_code == 200
    assert found.json() == {
        "detected_language": "english",
        "language_code": "en",
        "confidence": pytest.approx(0.97, abs=0.005),
    }
    made = ask(port, key, task="transcribe", language="en")
    assert (made.status_code, made.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    subtitle = pysubs2.SSAFile.from_string(made.text)
    assert [line.text for line in subtitle] == ["w1.50", "w2.00"]
    assert [line.start for line in subtitle] == pytest.approx([500, 6000], abs=60)


def test_the_stated_language_is_taken_without_a_detection(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    port.engine.language = Language("fr")
    assert ask(port, key, language="de").ok
    assert {request.language for request in port.engine.requests} == {"de"}
    # Another language for the same sound is another question.
    assert ask(port, key, language="nl").ok
    assert {request.language for request in port.engine.requests} == {"de", "nl"}
    assert ask(port, key).ok
    assert {request.language for request in port.engine.requests} == {"de", "nl", "fr"}


def test_a_translation_is_into_english(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    made = ask(port, key, task="translate", language="fr", output="json").json()
    assert made["language"] == "en"
    assert {request.translate_to for request in port.engine.requests} == {"en"}


def test_nobody_speaks(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    assert ask(port, key, "/detect-language", SILENCE).json() == {}
    made = ask(port, key, body=SILENCE)
    assert (made.status_code, made.content) == (200, b"")
    assert json.loads(ask(port, key, body=SILENCE, output="json").text)["segments"] == []


def test_each_output(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    made = {
        output: ask(port, key, language="en", output=output)
        for output in ("txt", "vtt", "srt", "tsv", "json")
    }
    assert {answer.status_code for answer in made.values()} == {200}
    for output in ("vtt", "srt"):
        assert [cue.text for cue in read_cues(made[output].content, output)] == ["w1.50", "w2.00"]
    assert made["txt"].text == "w1.50\nw2.00\n"
    head, first, _ = made["tsv"].text.splitlines()
    start, end, text = first.split("\t")
    assert (head, text) == ("start\tend\ttext", "w1.50")
    assert int(start) == pytest.approx(500, abs=60)
    assert int(end) > int(start)
    segment = made["json"].json()["segments"][0]
    assert {"avg_logprob", "no_speech_prob", "compression_ratio"} <= segment.keys()
    assert [word["word"].strip() for word in segment["words"]] == ["w1.50"]
    assert port.engine.recognised == 1


def test_other_programs_send_a_container_and_more_parameters(
    shared: tuple[AudioPort, str], tmp_path: Path
) -> None:
    port, key = shared
    film = tmp_path / "a film.mkv"
    command = ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "-"]
    subprocess.run([*command, "-c:a", "flac", str(film)], input=SPEECH, check=True)
    more = {"word_timestamps": "true", "vad_filter": "true", "diarize": "false", "unheard_of": "1"}
    with film.open("rb") as file:
        made = requests.post(
            port.url("/asr"),
            params={"output": "srt", "initial_prompt": "Anya, Kaer Morhen. Geralt", **more},
            files={"audio_file": (film.name, file)},
            headers={"Authorization": f"Bearer {key}"},
            timeout=60,
        )
    assert [cue.text for cue in read_cues(made.content, "srt")] == ["w1.50", "w2.00"]
    assert port.engine.requests[0].hotwords == ("Anya", "Kaer Morhen", "Geralt")


def test_two_who_send_the_same_at_the_same_time_are_answered_by_one_work(
    shared: tuple[AudioPort, str],
) -> None:
    port, key = shared
    port.engine.go.clear()
    answers: list[requests.Response] = []
    callers = [
        threading.Thread(target=lambda: answers.append(ask(port, key, language="en")))
        for _ in range(2)
    ]
    for caller in callers:
        caller.start()
    wait_until(lambda: [w.waiting for w in list(port.audio_requests._works.values())] == [2])
    port.engine.go.set()
    for caller in callers:
        caller.join()
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].content == answers[1].content
    assert port.engine.recognised == 1


def test_what_was_sent_is_kept_for_the_next_question(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    assert ask(port, key, "/detect-language").ok
    first = ask(port, key, language="en")
    again = ask(port, key, language="en", output="vtt")
    assert first.ok
    assert [cue.text for cue in read_cues(again.content, "vtt")] == ["w1.50", "w2.00"]
    assert port.engine.recognised == 1
    assert len(list(port.scratch.iterdir())) == 1


def send(port: AudioPort, key: str, body: bytes) -> socket.socket:
    """Send what Bazarr sends, and return the connection, in which the answer would come."""
    prepared = requests.Request(
        "POST",
        port.url("/asr"),
        params={"encode": "false", "output": "srt", "language": "en"},
        files={"audio_file": body},
        auth=("bazarr", key),
    ).prepare()
    caller = socket.create_connection(("127.0.0.1", port.web.port), timeout=60)
    head = [f"POST {prepared.path_url} HTTP/1.1", "Host: 127.0.0.1"]
    head += [f"{name}: {value}" for name, value in prepared.headers.items()]
    assert isinstance(prepared.body, bytes)
    caller.sendall("\r\n".join([*head, "", ""]).encode() + prepared.body)
    return caller


def test_work_for_a_caller_who_left_is_dropped(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    port.engine.go.clear()
    long = tones(*((n, n + 0.9) for n in range(0, 90, 2)), seconds=100)  # several chunks
    with send(port, key, long):
        wait_until(port.engine.began.is_set)
    wait_until(lambda: not port.audio_requests._works)
    port.engine.go.set()
    assert ask(port, key, language="en").ok  # the next one is served
    assert port.engine.recognised == 2  # one chunk of the long one, and the short one
    wait_until(lambda: not port.runner.active_jobs)


def test_who_still_waits_keeps_the_work_that_another_left(
    shared: tuple[AudioPort, str],
) -> None:
    port, key = shared
    port.engine.go.clear()
    stays: list[requests.Response] = []
    caller = threading.Thread(target=lambda: stays.append(ask(port, key, language="en")))
    caller.start()

    def waiting() -> list[int]:
        return [work.waiting for work in list(port.audio_requests._works.values())]

    with send(port, key, SPEECH):
        wait_until(lambda: waiting() == [2])
    wait_until(lambda: waiting() == [1])
    port.engine.go.set()
    caller.join()
    assert [cue.text for cue in read_cues(stays[0].content, "srt")] == ["w1.50", "w2.00"]
    assert port.engine.recognised == 1


def test_a_failure_has_an_empty_body(
    shared: tuple[AudioPort, str], caplog: pytest.LogCaptureFixture
) -> None:
    port, key = shared
    for error, retry in (
        (TransientError("busy", retry_after=7), "7"),
        (SetupError("the key is wrong"), "300"),
        (InputRejectedError("it will not transcribe this"), "300"),
        (RuntimeError("a fault of ours"), "300"),
        (SystemExit("a plugin that ends the program"), "300"),
    ):
        port.engine.error = error
        made = ask(port, key, language="en")
        assert (made.status_code, made.content, made.headers["Retry-After"]) == (503, b"", retry)
        assert str(error) in caplog.text
    port.engine.error = None
    assert ask(port, key, language="en").status_code == 200


def test_what_is_no_media_has_an_empty_body(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    for body in (b"this is no film", b"#EXTM3U\nhttp://127.0.0.1/x.ts\n"):
        made = ask(port, key, body=body, encode="true")
        assert (made.status_code, made.content) == (503, b"")
        found = ask(port, key, "/detect-language", body, encode="true")
        assert (found.status_code, found.json()) == (503, {})


def test_a_parameter_that_makes_no_sense_has_an_empty_body(
    shared: tuple[AudioPort, str],
) -> None:
    port, key = shared
    for wrong in ("task=summarise", "language=xx-nonsense", "output=docx", "encode=perhaps"):
        name, _, value = wrong.partition("=")
        made = ask(port, key, **{name: value})
        assert (made.status_code, made.content, wrong) == (400, b"", wrong)
    assert list(port.scratch.iterdir()) == []


def begin(port: AudioPort, key: str, output: str) -> requests.Response:
    """Ask, and return as soon as the answer begins."""
    return requests.post(
        port.url("/asr", key),
        params={"encode": "false", "output": output, "language": "en"},
        files={"audio_file": SPEECH},
        timeout=60,
        stream=True,
    )


def test_long_work_sends_signs_of_life_and_stays_readable(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "KEEP_ALIVE_SECONDS", 0.05)
    port, key = shared
    port.engine.go.clear()
    made = {output: begin(port, key, output=output) for output in ("srt", "vtt", "json", "tsv")}
    port.engine.go.set()
    assert {answer.status_code for answer in made.values()} == {200}
    assert [one["text"] for one in made["json"].json()["segments"]] == ["w1.50", "w2.00"]
    assert made["tsv"].text.startswith("start\tend\ttext\n")
    assert made["tsv"].text.rstrip().endswith("w2.00")
    assert made["vtt"].content.startswith(b"WEBVTT\n\n")
    assert made["srt"].content.startswith(b"\n")
    for output in ("srt", "vtt"):
        lines = pysubs2.SSAFile.from_string(made[output].text)
        assert [line.text for line in lines] == ["w1.50", "w2.00"]


def test_work_that_fails_after_a_long_time_is_no_subtitle(
    shared: tuple[AudioPort, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "KEEP_ALIVE_SECONDS", 0.1)
    port, key = shared
    port.engine.error = TransientError("the engine fails")
    port.engine.go.clear()
    began = begin(port, key, output="srt")
    port.engine.go.set()
    assert (began.status_code, began.content.strip()) == (200, b"")


@pytest.mark.parametrize("path", ["/asr", "/detect-language"])
def test_a_person_in_a_browser_gets_a_sentence(shared: tuple[AudioPort, str], path: str) -> None:
    port, _ = shared
    shown = requests.get(port.url(path), headers={"Accept": "text/html"}, timeout=60)
    assert (shown.status_code, shown.headers["Allow"]) == (405, "POST")
    assert "Bazarr" in shown.text
