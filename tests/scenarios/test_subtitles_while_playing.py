"""A film that somebody watches gets its subtitle while it plays: from the viewer on, and partial
until it is whole."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitled.daemon.answers.file import explain_file
from subtitled.db.kv import PARTIAL_KEY
from subtitled.db.records import FileState
from subtitled.jobcontext.job import Job
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.rebuild import rebuild_sidecars
from subtitled.media.errors import ShutdownRequested
from subtitled.pipeline import partial_subtitle
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import PlaybackSession, Sidecar, TranscriptionRequest, TransientError
from subtitled.subtitles.partial import is_partial_file, mark_partial
from subtitled.transcription import transcriber, viewed_parts
from support.dying_runner import DyingRunner
from support.harness import Harness, film


def lengthen(media: Path) -> None:
    """Join two films into one of about two and a half minutes."""
    with wave.open(str(media)) as one, wave.open(str(film(media.with_name("2"), 2))) as other:
        parameters = one.getparams()
        sound = one.readframes(one.getnframes()) + other.readframes(other.getnframes())
    media.with_name("2").unlink()
    with wave.open(str(media), "wb") as file:
        file.setparams(parameters)
        file.writeframes(sound)


SETTINGS = (
    'subtitle_while_playing = ["tv"]',
    '[servers.tv]\nplugin = "kodi"\nurl = "http://127.0.0.1:9"',
)
POSITION = 40.0


class Watched:
    """A harness whose film somebody watches. It keeps what the engine is given and viewers see."""

    def __init__(self, folder: Path, *settings: str) -> None:
        self.harness = Harness(folder, *(settings or SETTINGS))
        self.film = film(self.harness.root / "Film.wav", 1)
        self.sidecar = self.film.with_suffix(".en.srt")
        self.asked: list[tuple[float, float]] = []
        self.shown: list[tuple[bool, bytes]] = []
        self.before_chunk: Callable[[int], object] = lambda number: None
        self.listen()

    def listen(self) -> None:
        """Follow the engine and the viewers of the harness, which may have been opened again."""
        engine: Any = self.harness.engine
        transcribe = engine.transcribe

        def follow(audio: Any, request: TranscriptionRequest) -> Any:
            self.before_chunk(len(self.asked))
            speech = request.chunk.speech
            self.asked.append((speech[0].start, speech[-1].end))
            return transcribe(audio, request)

        engine.transcribe = follow
        self.harness.working.services.viewers.show = self._see

    def _see(self, media: Path, sidecar: Sidecar, is_whole: bool) -> None:
        assert (media, sidecar.path) == (self.film, self.sidecar)
        self.shown.append((is_whole, self.sidecar.read_bytes()))

    def watch(self, *positions: float | None) -> None:
        """Have somebody watch the film at each position, paused; or nobody."""
        sessions = [
            PlaybackSession(id=f"{number}", media=self.film, position=position, is_paused=True)
            for number, position in enumerate(positions)
        ]
        self.harness.working.services.viewers.update("tv", sessions)

    def cues(self, content: bytes) -> list[str]:
        """Return the lines with the times of the cues of a film of two minutes."""
        return [
            line for line in content.decode().splitlines() if "-->" in line and line[:2] == "00"
        ]


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    monkeypatch.setattr(partial_subtitle, "MIN_SECONDS", 0.0)
    watched = Watched(tmp_path)
    yield watched
    watched.harness.close()


def test_what_follows_the_viewer_comes_first_and_nothing_is_transcribed_twice(
    watched: Watched,
) -> None:
    watched.watch(POSITION)
    watched.harness.scan()
    assert watched.harness.the(watched.film).state is FileState.DONE
    assert watched.asked[0][0] >= POSITION - 3
    spans = sorted(watched.asked)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
    *growing, (is_whole, last) = watched.shown
    assert growing, "the sidecar grew before it was whole"
    assert is_whole
    assert not is_partial_file(watched.sidecar)
    for is_whole, content in growing:
        assert not is_whole
        assert len(watched.cues(content)) < len(watched.cues(last))


def test_without_a_viewer_or_without_the_setting_nothing_grows(
    watched: Watched, tmp_path: Path
) -> None:
    watched.harness.scan()
    assert watched.shown == []
    assert watched.asked == sorted(watched.asked)
    whole = watched.sidecar.read_bytes()
    (tmp_path / "off").mkdir()
    off = Watched(tmp_path / "off", SETTINGS[1])
    off.watch(POSITION)
    off.harness.scan()
    assert off.shown == []
    assert off.sidecar.read_bytes() == whole
    off.harness.close()


@pytest.mark.parametrize("positions", [(None,), (40.0, 5.0, 5000.0)])
def test_any_viewers_end_with_a_whole_subtitle(
    watched: Watched, positions: tuple[float | None, ...]
) -> None:
    watched.watch(*positions)
    watched.harness.scan()
    assert watched.harness.the(watched.film).state is FileState.DONE
    assert not is_partial_file(watched.sidecar)
    spans = sorted(watched.asked)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))


def test_a_viewer_who_stops_at_once_leaves_the_rest_in_its_order(watched: Watched) -> None:
    watched.watch(POSITION)
    watched.before_chunk = lambda number: watched.watch()
    watched.harness.scan()
    first, *rest = watched.asked
    assert first[0] >= POSITION - 3
    assert rest == sorted(rest)
    assert watched.harness.the(watched.film).state is FileState.DONE


def test_a_viewer_who_comes_while_the_film_is_worked_on_moves_what_is_left(
    watched: Watched,
) -> None:
    lengthen(watched.film)

    def come(number: int) -> None:
        if number == 0:
            watched.watch(110.0)

    watched.before_chunk = come
    watched.harness.scan()
    starts = [start for start, _ in watched.asked]
    assert starts[0] < 10
    assert starts[1] > 60
    assert starts[-1] < starts[1], "what was left out comes at the end"
    assert watched.shown


def test_a_partial_sidecar_counts_as_absent_also_after_the_database_was_lost(
    watched: Watched,
) -> None:
    harness = watched.harness
    watched.watch(POSITION)
    partial: list[bytes] = []
    told: list[dict[str, Any]] = []

    def fail(number: int) -> None:
        if number:
            partial.append(watched.sidecar.read_bytes())
            told.append(explain_file(harness.configuration, harness.database, watched.film).facts)
            raise TransientError("the engine has had enough", "Wait")

    watched.before_chunk = fail
    harness.intake.scan("films")
    for record in harness.intake.ready_files(1e12):
        harness.jobs.plan(record)
    until(lambda: harness.the(watched.film).state in (FileState.RETRYING, FileState.WAITING))
    assert partial, "it was there while the job ran"
    assert "not whole" in told[0]["growing_sidecars"][0]
    assert not told[0]["subtitles"]
    assert not watched.sidecar.exists(), "a job that ends without the whole one removes it"
    watched.sidecar.write_bytes(partial[0])  # as a crash would leave it
    harness.lose_the_database()
    assert rebuild_sidecars(harness.database, {"films": _library(harness)}).foreign == 0
    watched.before_chunk = lambda number: None
    watched.listen()
    harness.scan()
    assert harness.the(watched.film).state is FileState.DONE
    assert not is_partial_file(watched.sidecar)
    assert harness.names() == ["Film.en.srt", "Film.wav"]


def test_a_cancelled_job_removes_its_partial_sidecar(watched: Watched) -> None:
    harness = watched.harness
    watched.watch(POSITION)
    seen: list[bool] = []

    def cancel(number: int) -> None:
        if number == 1:
            seen.append(is_partial_file(watched.sidecar))
            harness.jobs.cancel(harness.the(watched.film))

    watched.before_chunk = cancel
    harness.scan()
    until(lambda: not watched.sidecar.exists())
    assert seen == [True]
    assert harness.the(watched.film).state is FileState.FAILED
    until(lambda: not harness.database.kv.get_prefix(PARTIAL_KEY))


def until(condition: Callable[[], object], limit: float = 60.0) -> None:
    deadline = time.monotonic() + limit
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _library(harness: Harness) -> Any:
    return harness.configuration.settings.libraries["films"]


def test_a_partial_sidecar_that_no_job_continues_is_removed_at_the_next_start(
    watched: Watched,
) -> None:
    harness = watched.harness
    harness.intake.scan("films")
    content = mark_partial(b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "srt")
    watched.sidecar.write_bytes(content)
    harness.database.kv.set(partial_subtitle._key(watched.sidecar), bytes(watched.film).hex())
    other = watched.film.with_suffix(".de.srt")
    other.write_bytes(content.replace(b"Hello", b"Hullo"))  # a person changed it
    harness.database.kv.set(partial_subtitle._key(other), bytes(watched.film).hex())
    harness.close()
    harness.open()
    assert not watched.sidecar.exists()
    assert other.exists()
    assert harness.database.kv.get_prefix(PARTIAL_KEY) == {}


@pytest.mark.parametrize("after", [False, True], ids=["before a step", "before its result is kept"])
@pytest.mark.parametrize("late", [False, True], ids=["from the beginning", "after two chunks"])
def test_a_job_that_is_killed_goes_on_wherever_the_viewer_is_by_then(
    watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
    *,
    after: bool,
    late: bool,
) -> None:
    # Chunks are cut for a viewer who comes late.
    monkeypatch.setattr(viewed_parts, "_LONG_PART_SECONDS", 10.0)
    monkeypatch.setattr(transcriber, "PART_SECONDS", 8.0)
    lengthen(watched.film)
    services = watched.harness.working.services
    job = Job(
        media=watched.film,
        library=_library(watched.harness),
        fingerprint=content_fingerprint(watched.film),
    )
    stored: list[tuple[str, Any]] = []
    was_partial: list[bool] = []
    for number in range(100):
        is_early = late and len(watched.asked) < 2
        watched.watch(*([] if is_early else ([110.0], [20.0], [])[number % 3]))
        runner = DyingRunner(stored, len(stored), after=after, error=ShutdownRequested)
        if number % 2:
            runner.dies_at = len(stored) + 1
        try:
            result = run_job(job, services, runner)
            break
        except ShutdownRequested:
            was_partial.append(is_partial_file(watched.sidecar))
    assert result.state is FileState.DONE
    assert was_partial.count(True) > 3, "it stayed for the next start"
    assert len(watched.asked) == len(set(watched.asked))
    spans = sorted(watched.asked)
    assert all(one[1] <= other[0] for one, other in zip(spans, spans[1:], strict=False))
    assert not is_partial_file(watched.sidecar)
    assert services.db.kv.get_prefix(PARTIAL_KEY) == {}


def test_a_subtitle_of_a_person_at_the_place_is_never_touched(watched: Watched) -> None:
    watched.watch(POSITION)
    human = b"1\n00:00:01,000 --> 00:00:02,000\nHello\n"

    def write(number: int) -> None:
        if number == 1:
            watched.sidecar.unlink()
            watched.sidecar.write_bytes(human)

    watched.before_chunk = write
    watched.harness.scan()
    assert watched.sidecar.read_bytes() == human
