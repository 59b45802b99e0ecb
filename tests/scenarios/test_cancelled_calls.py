"""Running calls of engines: how far they are, and their end when their job is cancelled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.config.settings import LibrarySettings
from subtitled.engines.protocol import CallCancelledError
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from support.fake_engines import scripted_services
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
