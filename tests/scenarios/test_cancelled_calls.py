"""Running calls of engines: how far they are, and their end when their job is cancelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.engines.protocol import CallCancelledError
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from support.fake_engines import calls, scripted_services
from support.harness import film


def test_a_long_chunk_shows_a_number_and_ends_soon_when_its_job_is_cancelled(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = film(tmp_path / "film.wav", 7)
    shown: list[tuple[str, float]] = []

    def is_cancelled() -> bool:
        return any(what.startswith("transcribing 1/1") and share > 0 for what, share in shown)

    job = Job(
        media=media,
        library=LibrarySettings.model_validate({"path": "/"}),
        fingerprint=content_fingerprint(media),
        output_folder=tmp_path,
        is_cancelled=is_cancelled,
    )
    engine = {"endless": True, "whole": True}
    with scripted_services(tmp_path, monkeypatch, slow=engine) as services:
        services = replace(services, progress=lambda job, what, share: shown.append((what, share)))
        with pytest.raises(CallCancelledError):
            run_job(job, services, InlineRunner())
        assert services.engines.loaded_names() == ("slow",), "the engine is ready for the next job"
        assert not services.breakers.open_states(), "a cancelled call is no failure of the engine"
    assert ("transcribing 1/1", pytest.approx(0.25)) in shown
    assert not list(tmp_path.glob("*.srt"))


class RoomMadeError(BaseException):
    """Stands for what the runner of jobs raises."""


def job_for_room(folder: Path, **callbacks: Any) -> Job:
    """Return the job of a film that lasts 7 seconds."""
    media = film(folder / "film.wav", 7)
    return Job(
        media=media,
        library=LibrarySettings.model_validate({"path": "/", "allowed_destinations": "any"}),
        fingerprint=content_fingerprint(media),
        output_folder=folder,
        **callbacks,
    )


def test_a_chunk_that_an_engine_here_has_ends_for_a_film_that_somebody_watches(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []

    def must_make_room() -> bool:
        return any(what.startswith("transcribing 1/1") for what in shown)

    def make_room() -> None:
        if must_make_room():
            raise RoomMadeError

    job = job_for_room(tmp_path, must_make_room=must_make_room, make_room=make_room)
    with scripted_services(
        tmp_path, monkeypatch, slow={"endless": True, "whole": True}
    ) as services:
        services = replace(services, progress=lambda job, what, share: shown.append(what))
        with pytest.raises(RoomMadeError):
            run_job(job, services, InlineRunner())
        assert services.engines.loaded_names() == ("slow",), "the other film needs it now"
        assert not services.breakers.open_states()


def test_a_chunk_goes_on_if_no_room_is_needed_any_more_when_the_engine_has_stopped(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def must_make_room() -> bool:
        asked.append("once a second")
        return len(asked) == 1

    job = job_for_room(tmp_path, must_make_room=must_make_room)
    engine = {"takes": 1.5, "whole": True}
    with scripted_services(tmp_path, monkeypatch, slow=engine) as services:
        run_job(job, services, InlineRunner())
    assert len(calls(tmp_path, "slow")) == 2
    assert len(list(tmp_path.glob("*.srt"))) == 1


def test_a_chunk_that_a_remote_engine_has_is_waited_for_as_it_may_be_billed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = job_for_room(tmp_path, must_make_room=lambda: True)
    engine = {"takes": 2.5, "whole": True, "remote": True}
    with scripted_services(tmp_path, monkeypatch, far=engine) as services:
        run_job(job, services, InlineRunner())
    assert len(calls(tmp_path, "far")) == 1
