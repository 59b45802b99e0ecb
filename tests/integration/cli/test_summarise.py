"""Tests of ``subtitled summarise`` with a fake chat model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Chunk, Language, TimeSpan, Transcript, Word
from subtitled.plugin.testing import FakeChat, serve_chat
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

Run = Callable[..., Any]
ANSWER = json.dumps(
    {
        "synopsis": "Two sentences are said.",
        "chapters": [{"sentence": 0, "title": "One"}, {"sentence": 1, "title": "Two"}],
        "keywords": ["sentence"],
    }
)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "films" / "Film.mkv"
    path.parent.mkdir()
    path.write_bytes(b"a film" * 1000)
    return path


def hear(film: Path, state: Path) -> None:
    """Store the transcript of a film."""
    store, content = TranscriptStore(state / "transcripts"), content_fingerprint(film)
    whole = TimeSpan(0.0, 10.0)
    store.save_analysis(
        content,
        1,
        TrackAnalysis(duration=10.0, speech=(whole,), language=Language("en"), confidence=1.0),
    )
    words = (
        Word(text=" Good", start=1.0, end=1.4),
        Word(text=" morning.", start=1.4, end=2.0),
        Word(text=" Go", start=6.0, end=6.2),
        Word(text=" away.", start=6.2, end=7.0),
    )
    result = Transcript(language=Language("en"), words=words, engine="toy", variant="toy-1")
    store.save_chunk(content, 1, "toy-1", Chunk(whole, (whole,)), result)


def configure(tmp_path: Path, url: str, privacy: str = "", model: str = "") -> Path:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}/state"\n[libraries.films]\npath = "{tmp_path}/films"\n'
        f'{privacy}[translators.openai]\nurl = "{url}"\nmodel = "tiny"\n{model}'
    )
    return config


def test_summary_is_generated_once_and_written_on_request(
    subtitled: Run, tmp_path: Path, film: Path
) -> None:
    with serve_chat(FakeChat(translate=str.upper, write=lambda text: ANSWER)) as chat:
        config = configure(tmp_path, chat.url)
        early = subtitled("--config", config, "summarise", film)
        assert early.returncode == 1
        assert "subtitled generate" in early.stderr
        hear(film, tmp_path / "state")
        result = subtitled("--config", config, "summarise", film)
        assert result.returncode == 0, result.stderr
        assert "00:00:06  Two" in result.stdout
        assert [item.name for item in film.parent.iterdir()] == ["Film.mkv"]
        json_result = subtitled("--config", config, "summarise", film, "--json", "--beside")
        assert json.loads(json_result.stdout)[0]["chapters"][1] == {
            "start": 6.0,
            "end": 10.0,
            "title": "Two",
        }
        assert sorted(item.name for item in film.parent.iterdir()) == [
            "Film.en.chapters.vtt",
            "Film.en.ffmeta",
            "Film.en.summary.json",
            "Film.mkv",
        ]
        assert len(chat.requests) == 1, "what was written once is kept"
        (film.parent / "Film.en.chapters.vtt").write_text("mine")
        again = subtitled("--config", config, "summarise", film, "--beside")
        assert again.returncode == 1
        assert "somebody else" in again.stderr
        assert (film.parent / "Film.en.chapters.vtt").read_text() == "mine"
        elsewhere = tmp_path / "out"
        elsewhere.mkdir()
        assert (
            subtitled("--config", config, "summarise", film, "--output-dir", elsewhere).returncode
            == 0
        )
        assert (elsewhere / "Film.en.ffmeta").read_text().startswith(";FFMETADATA1")
        assert len(chat.requests) == 1
        spanish = subtitled("--config", config, "summarise", film, "--languages", "es", "--json")
        assert [item["language"] for item in json.loads(spanish.stdout)] == ["es"]
        assert "in Spanish" in str(chat.requests[-1])
        undo_result = subtitled("--config", config, "undo", film, "--json")
        outcomes = {item["path"]: item["outcome"] for item in json.loads(undo_result.stdout)}
        assert outcomes[str(film.parent / "Film.en.summary.json")] == "removed"
        assert "it was edited" in outcomes[str(film.parent / "Film.en.chapters.vtt")]


def test_local_library_sends_nothing(subtitled: Run, tmp_path: Path, film: Path) -> None:
    hear(film, tmp_path / "state")
    config = configure(tmp_path, "https://far.example/v1")
    result = subtitled("--config", config, "summarise", film)
    assert result.returncode == 2
    assert "no translator that the library may use supports instructions" in result.stderr


def test_remote_requests_are_in_egress_log(subtitled: Run, tmp_path: Path, film: Path) -> None:
    hear(film, tmp_path / "state")
    with serve_chat(
        FakeChat(translate=str.upper, write=lambda text: ANSWER, manners=["refuse", "well"])
    ) as chat:
        allowed = 'allowed_destinations = ["openai"]\n'
        config = configure(tmp_path, chat.url, allowed, "is_local = false\n")
        failed = subtitled("--config", config, "summarise", film)
        assert failed.returncode == 1
        assert subtitled("--config", config, "summarise", film).returncode == 0
        assert len(chat.requests) == 2
    entries = json.loads(subtitled("--config", config, "egress", "--json").stdout)["entries"]
    assert entries
    assert {item["path"] for item in entries} == {str(film)}
    assert {item["destination"].partition(":")[0] for item in entries} == {"openai"}
    assert "chatcmpl-2" in {item["request_id"] for item in entries}
