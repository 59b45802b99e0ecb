"""Questions of other programs and the rules of the daemon: hours, pauses, libraries, leftovers."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
import requests

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.settings import LibrarySettings
from subtitled.daemon.audio_requests import answering, service
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobs.pauses import pause
from subtitled.jobs.throttle_state import Throttle
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.web.auth.roles import Scope
from support.audio_port import DEADLINE, AudioPort, wait_until
from support.harness import film
from support.ports import find_free_port

from .conftest import OpenAudioPort
from .test_bazarr import SPEECH, ask, send

NEVER = {"timezone": "UTC", "quiet_hours": ["00:00-24:00"]}


def test_working_hours_do_not_concern_callers_unless_they_are_told_so(
    open_port: OpenAudioPort,
) -> None:
    port, key = open_port(sections={"schedule": NEVER})
    assert ask(port, key, language="en").status_code == 200
    port, key = open_port(hours="schedule", sections={"schedule": NEVER})
    refused = ask(port, key, language="en")
    assert (refused.status_code, refused.content) == (503, b"")
    assert 1 <= int(refused.headers["Retry-After"]) <= 3600
    assert ask(port, key, "/detect-language").json() == {}


def test_hours_of_an_engine_always_count(open_port: OpenAudioPort) -> None:
    closed = {"timezone": "UTC", "engines": {"whisper": {"quiet_hours": ["00:00-24:00"]}}}
    port, key = open_port(sections={"schedule": closed})
    assert ask(port, key, language="en").status_code == 503


def test_while_work_is_paused_by_hand_callers_are_told_to_come_back(
    open_port: OpenAudioPort,
) -> None:
    port, key = open_port()
    pause(port.db.kv, until=time.time() + 90)
    refused = ask(port, key, language="en")
    assert (refused.status_code, refused.content) == (503, b"")
    assert 1 <= int(refused.headers["Retry-After"]) <= 90


def test_a_throttle_is_waited_for(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    port.runner.throttles.put("load", Throttle("the load is high"))
    with send(port, key, SPEECH) as caller:
        wait_until(lambda: port.runner.active_jobs)
        assert port.engine.recognised == 0
        port.runner.throttles.put("load", None)
        assert caller.recv(100).startswith(b"HTTP/1.1 200 ")


def test_jobs_of_libraries_wait_while_a_caller_is_served(shared: tuple[AudioPort, str]) -> None:
    port, key = shared
    port.engine.go.clear()
    gate = port.runner.gate
    assert gate.blocked_for_all() is None
    with send(port, key, SPEECH):
        wait_until(port.engine.began.is_set)
        blocked = gate.blocked_for_all()
        assert blocked is not None
        assert "waits for the text" in blocked.reason
    port.engine.go.set()
    wait_until(lambda: gate.blocked_for_all() is None)
    assert port.runner.active_jobs == set()


def transcribe(port: AudioPort, media: Path) -> None:
    """Do what the daemon's job for a file of the library does."""
    library: LibrarySettings = port.configuration.settings.libraries["films"]
    assert library.languages == (ORIGINAL,)
    job = Job(media=media, library=library, fingerprint=content_fingerprint(media))
    assert run_job(job, port.services, InlineRunner()).made


def test_a_file_of_a_library_is_answered_from_its_transcript(open_port: OpenAudioPort) -> None:
    port, key = open_port(path_map=[])
    media = film(port.films / "a film.wav", 7)
    transcribe(port, media)
    before = port.engine.recognised
    assert before > 0
    port.engine.error = AssertionError("no engine is needed")
    sidecar = media.with_name("a film.en.srt").read_bytes()
    made = ask(port, key, language="en", video_file=str(media))
    assert (made.status_code, made.content) == (200, sidecar)
    found = ask(port, key, "/detect-language", video_file=str(media))
    assert found.json()["language_code"] == "en"
    into_english = ask(port, key, language="en", task="translate", video_file=str(media))
    assert into_english.content == sidecar
    port.engine.error = None
    assert port.engine.recognised == before
    # The audio of another track, or of a file that is not known, is what counts then.
    for other in (
        {"language": "de", "video_file": str(media)},
        {"language": "en", "video_file": "/etc/passwd"},
        {"language": "en", "video_file": f"{port.films}/../state/x"},
    ):
        assert "w1.50" in ask(port, key, **other).text


def test_the_paths_of_bazarr_are_mapped_and_a_key_for_other_libraries_sees_nothing(
    open_port: OpenAudioPort, tmp_path: Path
) -> None:
    port, key = open_port(path_map=[[str(tmp_path / "0" / "films"), "/tv"]])
    media = film(port.films / "b.wav", 8)
    transcribe(port, media)
    before = port.engine.recognised
    text = media.with_name("b.en.srt").read_text()
    assert ask(port, key, language="en", video_file="/tv/b.wav").text == text
    assert port.engine.recognised == before
    # A link may lead to a library that a key is not for.
    (port.films / "link.wav").symlink_to(media)
    assert "w1.50" in ask(port, key, language="en", video_file="/tv/link.wav").text
    other = port.add_key("for others", Scope.TRANSCRIBE, "shows")
    made = ask(port, other, language="en", video_file="/tv/b.wav")
    assert "w1.50" in made.text
    assert made.text != text


def test_the_words_of_another_model_do_not_count_and_are_not_made_behind_the_queue(
    open_port: OpenAudioPort,
) -> None:
    port, key = open_port()
    media = film(port.films / "c.wav", 9)
    transcribe(port, media)
    (variant,) = port.store.folder.glob("*/*/*/whisper-*")
    variant.rename(variant.with_name("whisper-of-another-model"))
    before = port.engine.recognised
    assert "w1.50" in ask(port, key, language="en", video_file=str(media)).text  # of its own audio
    assert port.engine.recognised == before + 1


def test_a_library_that_hangs_holds_up_neither_the_caller_nor_the_port(
    open_port: OpenAudioPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "LOOK_UP_SECONDS", 0.2)
    port, key = open_port()
    hangs = threading.Event()

    def hang(media: Path) -> bool:
        return hangs.wait(DEADLINE)

    monkeypatch.setattr(answering, "fingerprint_of", lambda db, media: hang(media))
    media = film(port.films / "d.wav", 10)
    for task in ("transcribe", "translate"):
        made = ask(port, key, language="en", task=task, video_file=str(media))
        assert "w1.50" in made.text
    hangs.set()


CLOUD = {
    "plugin": "openai",
    "url": "https://speech.example.org/v1",
    "model": "whisper-1",
    "api_key": {"env": "X"},
}


def test_audio_of_callers_stays_here_unless_that_is_allowed(
    open_port: OpenAudioPort, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("X", "a key of the cloud")
    port, key = open_port(sections={"engines": {"cloud": CLOUD}})
    destination = port.engine.capabilities.destination
    assert destination != "local"
    refused = ask(port, key, language="en")
    assert (refused.status_code, refused.content) == (503, b"")
    assert port.engine.recognised == 0
    assert "transcribe of bazarr" in caplog.text
    headers = {"Authorization": f"Bearer {key}"}
    models = requests.get(port.url("/v1/models"), headers=headers, timeout=60)
    assert models.json()["data"] == []
    port, key = open_port(
        allowed_destinations=[destination], sections={"engines": {"cloud": CLOUD}}
    )
    assert ask(port, key, language="en").status_code == 200
    (entry,) = list(port.db.egress_log.entries())
    assert (entry.component, entry.destination, entry.library) == ("cloud", destination, None)


def test_a_spent_budget_holds_for_callers_too(
    open_port: OpenAudioPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("X", "a key of the cloud")
    budget = {"period": "day", "max_audio_hours": 0.0001}
    port, key = open_port(
        allowed_destinations="any",
        sections={"engines": {"cloud": CLOUD}, "budgets": {"all": budget}},
    )
    refused = ask(port, key, language="en")
    assert (refused.status_code, refused.content) == (503, b"")
    assert int(refused.headers["Retry-After"]) > 0
    assert port.engine.recognised == 0


def test_what_a_killed_daemon_left_is_deleted_at_the_next_start(tmp_path: Path) -> None:
    port = AudioPort(tmp_path, find_free_port())
    (port.scratch / "0123" / "question-1").mkdir(parents=True)
    (port.scratch / "receiving-x").write_bytes(b"x")
    port.start()
    assert list(port.scratch.iterdir()) == []
    port.stop()


def test_nothing_is_kept_for_longer_than_is_wished(
    open_port: OpenAudioPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PRUNE_SECONDS", 0.05)
    port, key = open_port(keep="0s")
    assert ask(port, key, language="en").ok
    wait_until(lambda: list(port.scratch.iterdir()) == [])


def test_who_waits_when_the_daemon_stops_is_told_to_come_back(open_port: OpenAudioPort) -> None:
    port, key = open_port()
    port.engine.go.clear()
    answers: list[requests.Response] = []
    callers = [
        threading.Thread(target=lambda lang=lang: answers.append(ask(port, key, language=lang)))
        for lang in ("en", "de")
    ]
    for caller in callers:
        caller.start()
    wait_until(lambda: len(port.audio_requests._works) == 2 and port.engine.began.is_set())
    port.audio_requests.request_stop()
    port.engine.go.set()
    for caller in callers:
        caller.join()
    # So is who has sent its audio while the port is still open.
    answers.append(ask(port, key, language="fr"))
    assert [(answer.status_code, answer.content) for answer in answers] == [(503, b"")] * 3
