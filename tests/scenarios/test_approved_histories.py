"""Random histories in which people also approve, unlock and take back.

They are the histories of a library, with everything that people, other programs and the daemon do
there: edits, renames, better copies, deletions, crashes, other settings, a lost database, retries,
and ``generate --overwrite``. An approved file keeps its bytes until a person unlocks it, takes it
back, edits or deletes it.
"""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import seed, settings
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from scenarios import test_library_histories as histories
from scenarios.test_library_histories import MANY, SHELF, Histories, configured
from subtitled.db.records import FileState
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.paths import library_containing
from subtitled.pipeline.approval import Approval, ApprovalRequest, NotOursError, approve
from subtitled.pipeline.pipeline import run_job
from subtitled.pipeline.unlocking import restore_machine_version, unlock
from subtitled.plugin import Cue, Language
from subtitled.plugin.files import hash_file
from subtitled.subtitles.filenames import parse_sidecar_name
from subtitled.subtitles.ownership import Ownership
from subtitled.transcripts.store import TranscriptStore

somewhere = histories.somewhere


class ApprovedHistories(Histories):
    """What people, the daemon and other programs do around approved sidecars."""

    def __init__(self) -> None:
        super().__init__()
        self.approved: set[bytes] = set()
        """The contents of the approved files. Each is a text of its own."""

    @initialize(
        languages=st.sampled_from([("original",), ("original", "en")]),
        media=st.lists(
            st.tuples(
                st.sampled_from(["films", "series"]),
                st.sampled_from(histories.NAMES),
                st.sampled_from([speech for speech in histories.SPEECHES if speech]),
            ),
            min_size=1,
            max_size=2,
        ),
    )
    def begin_with_approved_files(
        self, languages: tuple[str, ...], media: list[tuple[str, str, str]]
    ) -> None:
        """Begin with a library at rest in which people approved everything."""
        super().begin(languages, media, rested=True)
        for path in self.all_sidecars():
            self.approves(path, self.formats)
        assert self.approved

    begin = None  # type: ignore[assignment]

    # What people do.

    @rule(data=st.data(), formats=st.sampled_from([("srt",), ("srt", "vtt")]))
    def somebody_approves(self, data: st.DataObject, formats: tuple[str, ...]) -> None:
        there = self.all_sidecars()
        if there:
            self.approves(data.draw(st.sampled_from(there)), formats)

    @rule(data=st.data(), steps=st.integers(0, 26))
    def somebody_will_approve_amid_the_work(self, data: st.DataObject, steps: int) -> None:
        there = self.all_sidecars()
        if there:
            path = data.draw(st.sampled_from(there))
            SHELF.surprise = steps, lambda: self.approves(path, self.formats)

    @rule(data=st.data())
    @precondition(lambda self: self.media)
    def somebody_will_approve_a_moment_before_it_is_published(self, data: st.DataObject) -> None:
        media_file = data.draw(st.sampled_from(sorted(self.media)))

        def act(ending: str) -> None:
            self.approves(media_file.with_name(f"{media_file.stem}.{ending}"), self.formats)

        SHELF.before_publishing = act

    @rule(data=st.data())
    def somebody_unlocks(self, data: st.DataObject) -> None:
        there = self.approved_paths()
        if there:
            for path in unlock(self.database, data.draw(st.sampled_from(there)), "ben"):
                self.approved.discard(path.read_bytes())
                self.theirs[path] = path.read_bytes()
                self.once_ours.add(path)

    @rule(data=st.data())
    def somebody_wants_our_version_back(self, data: st.DataObject) -> None:
        there = self.approved_paths()
        if not there:
            return
        path = data.draw(st.sampled_from(there))
        before = {path: path.read_bytes() for path in there}
        for result in restore_machine_version(self.database, path):
            if not result.outcome.startswith("kept"):
                self.approved.discard(before[result.path])

    @rule(data=st.data())
    @precondition(lambda self: self.media)
    def somebody_generates_everything_again(self, data: st.DataObject) -> None:
        """Run ``subtitled generate --overwrite`` where no human file would be overwritten."""
        media_file = data.draw(st.sampled_from(sorted(self.media)))
        if any(path in self.theirs for path in self.sidecars_of(media_file)):
            return
        configuration = configured(self.home, self.languages, self.formats, self.yielding)
        name = library_containing(media_file, configuration.settings.libraries)
        assert name is not None
        scratch = self.state / "generate"
        scratch.mkdir(exist_ok=True)
        engines: Any = histories.FakeEngines(configuration, self.recognised)
        services = Services(
            config=configuration,
            engines=engines,
            store=TranscriptStore(self.state / "transcripts"),
            db=self.database,
            scratch=scratch,
        )
        job = Job(
            media=media_file,
            library=configuration.settings.libraries[name],
            fingerprint=content_fingerprint(media_file),
            force=True,
            user_requested=True,
        )
        run_job(job, services, InlineRunner())

    def approves(self, path: Path, formats: tuple[str, ...]) -> None:
        """Approve a text for a sidecar as it is now, if it is one of ours."""
        if not path.exists():
            return
        self.versions += 1
        before = {other: other.read_bytes() for other in self.all_sidecars()}
        request = ApprovalRequest(
            sidecar=path,
            cues=(Cue(1.0, 2.0, f"Approved {self.versions}."),),
            user="ana",
            base_sha256=hash_file(path),
            formats=formats,
        )
        try:
            result = approve(self.database, request)
        except NotOursError:
            return
        assert isinstance(result, Approval)
        for written in result.paths:
            self.approved.discard(before.get(written, b""))
            if written == path:
                self.theirs.pop(written, None)
            assert written not in self.theirs, "a file of theirs in another format is kept"
            self.approved.add(written.read_bytes())

    def by_hand(self, path: Path, content: bytes, is_reported: bool) -> None:
        if path.exists():
            self.approved.discard(path.read_bytes())
        super().by_hand(path, content, is_reported)

    @rule(data=st.data())
    def somebody_deletes_a_subtitle(self, data: st.DataObject) -> None:
        before = {path: path.read_bytes() for path in self.all_sidecars()}
        super().somebody_deletes_a_subtitle(data)
        for path, content in before.items():
            if not path.exists():
                self.approved.discard(content)

    # What must hold.

    @invariant()
    def approved_files_are_there_as_they_were_approved(self) -> None:
        there = {path.read_bytes() for path in self.all_sidecars()}
        assert self.approved <= there

    @invariant()
    def every_subtitle_of_ours_is_whole(self) -> None:
        for path in self.all_sidecars():
            if path not in self.theirs and path.read_bytes() not in self.approved:
                assert self.speech_in(path) in histories.SPEECHES, path.read_text("utf-8")

    @invariant()
    def no_job_fails(self) -> None:
        failed = (FileState.FAILED, FileState.QUARANTINED)
        assert not [path for path, state in self.remembered().items() if state in failed]

    def has(self, media_file: Path, speech: str, language: Language, fmt: str) -> None:
        for path in self.approved_paths():
            parsed = parse_sidecar_name(media_file.name, path.name)
            if path.parent == media_file.parent and parsed and parsed.language == language:
                return
        super().has(media_file, speech, language, fmt)

    def all_is_right(self) -> None:
        super().all_is_right()
        # One that stayed behind when its film moved, and whose record was lost, is a human one.
        possible = (Ownership.APPROVED, Ownership.HUMAN)
        for path in self.approved_paths():
            assert self.database.sidecars.ownership(path) in possible

    def the_coverage_is_what_an_examination_finds(self) -> None:
        """Check that the coverage shows what is approved.

        Whoever approves has the file examined. Edits that nobody reports are not seen.
        """
        for record in self.database.states.by_state(*FileState):
            for row in self.database.overview.coverage_of(record.id):
                path = record.path.with_name(row.location)
                if path in self.approved_paths() and not self.was_put_there(path, record.path):
                    assert row.ownership == Ownership.APPROVED, path

    def approved_paths(self) -> list[Path]:
        return [path for path in self.all_sidecars() if path.read_bytes() in self.approved]


@pytest.mark.parametrize(
    "count", [6, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(3600)])]
)
@pytest.mark.usefixtures("somewhere")
def test_no_history_changes_an_approved_file(count: int) -> None:
    number = int(os.environ.get("SUBTITLED_TEST_SEED", random.randrange(1 << 30)))
    print(f"SUBTITLED_TEST_SEED={number}")
    run_state_machine_as_test(
        seed(number)(ApprovedHistories), settings=settings(MANY, max_examples=count)
    )
