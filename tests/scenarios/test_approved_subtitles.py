"""Approved subtitles in a library: the daemon counts them, and never writes to them again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from subtitled.daemon.answers.file import explain_file
from subtitled.db.records import FileState
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.approval import Approval, ApprovalRequest, approve
from subtitled.pipeline.pipeline import run_job
from subtitled.pipeline.unlocking import unlock
from subtitled.plugin import Audio, Cue, Transcript, TranscriptionRequest
from subtitled.plugin.files import hash_file
from subtitled.subtitles.ownership import Ownership
from support.harness import Harness, film

CUES = (Cue(1.0, 3.0, "This is what she said."),)


def approves(harness: Harness, sidecar: Path, *formats: str) -> bytes:
    """Approve a text, and return the bytes of its file."""
    request = ApprovalRequest(
        sidecar=sidecar,
        cues=CUES,
        user="ana",
        base_sha256=hash_file(sidecar),
        formats=formats or ("srt",),
    )
    assert isinstance(approve(harness.database, request), Approval)
    return sidecar.read_bytes()


def generate(harness: Harness, media: Path) -> JobResult:
    """Run ``subtitled generate --overwrite``."""
    engines: Any = harness.engine
    services = Services(
        config=harness.configuration,
        engines=engines,
        store=harness.transcripts,
        db=harness.database,
        scratch=harness.state / "scratch",
    )
    job = Job(
        media=media,
        library=harness.configuration.settings.libraries["films"],
        fingerprint=content_fingerprint(media),
        force=True,
        user_requested=True,
    )
    return run_job(job, services, InlineRunner())


def test_no_retry_setting_overwrite_better_copy_or_lost_database_changes_it(tmp_path: Path) -> None:
    harness = Harness(tmp_path, 'languages = ["en"]')
    media = film(harness.root / "a.wav", 1)
    harness.scan()
    sidecar = harness.root / "a.en.srt"
    approved = approves(harness, sidecar)
    harness.settle()
    made = harness.engine.recognised
    record = harness.the(media)
    assert record.state is FileState.UP_TO_DATE
    (row,) = harness.database.overview.coverage_of(record.id)
    assert row.ownership == Ownership.APPROVED
    harness.jobs.retry(record)
    harness.settle()
    assert sidecar.read_bytes() == approved

    result = generate(harness, media)
    assert "a.en.srt was approved by ana" in result.reason
    assert "subtitled review unlock a.en.srt" in result.reason
    assert result.state is FileState.IMPOSSIBLE
    assert (sidecar.read_bytes(), harness.engine.recognised) == (approved, made)

    harness.close()
    harness = Harness(tmp_path, 'languages = ["en"]', 'formats = ["vtt", "srt"]')
    harness.scan()
    assert harness.names() == ["a.en.srt", "a.wav"]
    film(media, 2)  # a better copy
    harness.scan()
    assert harness.the(media).state is FileState.UP_TO_DATE
    renamed = media.rename(harness.root / "b.wav")
    harness.scan()
    sidecar = harness.root / "b.en.srt"
    harness.lose_the_database()
    harness.scan()
    assert harness.names() == ["b.en.srt", "b.wav"]
    assert sidecar.read_bytes() == approved
    fingerprint = harness.the(renamed).fingerprint
    assert harness.database.sidecars.ownership(sidecar, fingerprint) is Ownership.APPROVED
    facts = explain_file(harness.configuration, harness.database, renamed).facts
    assert "b.en.srt was approved by ana" in str(facts["our_sidecars"])
    assert "b.en.srt (approved by a person; it is locked)" in str(facts["subtitles"])
    assert harness.engine.recognised == 0

    unlock(harness.database, sidecar, "ana")
    assert generate(harness, renamed).state is FileState.DONE
    assert sidecar.read_bytes() != approved
    harness.close()


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_film_whose_extension_changes_keeps_its_subtitle(
    tmp_path: Path, is_approved: bool
) -> None:
    harness = Harness(tmp_path, 'languages = ["en"]')
    media = film(harness.root / "a.wav", 1)
    harness.scan()
    sidecar = harness.root / "a.en.srt"
    content = approves(harness, sidecar) if is_approved else sidecar.read_bytes()
    made, inode = harness.engine.recognised, sidecar.stat().st_ino
    renamed = media.rename(harness.root / "a.mka")
    harness.scan()
    assert harness.names() == ["a.en.srt", "a.mka"]
    assert (sidecar.read_bytes(), sidecar.stat().st_ino) == (content, inode)
    assert harness.engine.recognised == made
    record = harness.the(renamed)
    assert record.state is FileState.UP_TO_DATE
    (ours,) = harness.database.sidecars.of_media(renamed)
    assert ours.path == sidecar
    expected = Ownership.APPROVED if is_approved else Ownership.OURS
    assert harness.database.sidecars.ownership(sidecar, record.fingerprint) is expected
    harness.close()


def test_a_job_whose_subtitle_is_approved_meanwhile_ends_without_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = Harness(tmp_path, 'languages = ["en"]')
    media = film(harness.root / "a.wav", 1)
    harness.scan()
    sidecar = harness.root / "a.en.srt"
    approved: list[bytes] = []
    transcribe = harness.engine.transcribe

    def transcribe_meanwhile(audio: Audio, request: TranscriptionRequest) -> Transcript:
        if not approved:
            assert harness.the(media).state is FileState.WORKING
            approved.append(approves(harness, sidecar))
        return transcribe(audio, request)

    monkeypatch.setattr(harness.engine, "transcribe", transcribe_meanwhile)
    film(media, 2)
    harness.scan()
    assert approved == [sidecar.read_bytes()]
    record = harness.the(media)
    assert record.state is FileState.UP_TO_DATE
    assert record.attempts == 0
    (row,) = harness.database.overview.coverage_of(record.id)
    assert row.ownership == Ownership.APPROVED
    harness.close()
