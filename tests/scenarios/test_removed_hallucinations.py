"""Hallucinations, from the engine to the sidecar without them and to ``explain``."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitled.config.load import Configuration, load_config
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.engines import protocol
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import Services, open_database, open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.vad import SpeechActivity
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import (
    Audio,
    Chunk,
    EngineCapabilities,
    Language,
    SegmentScores,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Word,
)
from subtitled.subtitles.formats import read_cues
from subtitled.subtitles.hallucination import RemovedText
from subtitled.transcripts.models import TrackAnalysis
from subtitled.transcripts.store import TranscriptStore

Run = Callable[..., subprocess.CompletedProcess[str]]
EN = Language("en")
RAW = Transcript(
    language=EN,
    words=(
        Word(text=" Good", start=0.4, end=0.7, confidence=0.9),
        Word(text=" evening.", start=0.7, end=1.2, confidence=0.9),
        Word(text=" Thanks", start=2.2, end=2.3, confidence=0.3),
        Word(text=" for", start=2.3, end=2.4, confidence=0.3),
        Word(text=" watching!", start=2.4, end=2.5, confidence=0.3),
    ),
    engine="odd",
    segment_scores=(
        SegmentScores(
            start=0.4, end=1.2, avg_logprob=-0.1, no_speech_prob=0.0, compression_ratio=1.1
        ),
    ),
)


class _Engines:
    """A fake of the engine pool that returns a given transcript and counts calls."""

    name = "whisper"
    capabilities = EngineCapabilities()

    def __init__(self) -> None:
        self.calls = 0

    def __getitem__(self, name: str) -> _Engines:
        return self

    @property
    def configured(self) -> object:
        return self._configuration.engines["whisper"]

    def on(self, configuration: Configuration) -> _Engines:
        self._configuration = configuration
        return self

    def preload(self, *, only_in_free_room: bool = False) -> None:
        return

    def find_speech(self, audio: Audio, limit: float | None = None) -> SpeechActivity:
        return SpeechActivity((TimeSpan(0.2, 1.5), TimeSpan(2.0, 2.8)), (TimeSpan(2.0, 2.8),))

    def detect_language(self, audio: Audio, windows: object) -> list[object]:
        return []

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.calls += 1
        assert list(request.chunk.low_energy) == [TimeSpan(2.0, 2.8)]
        return RAW


@pytest.fixture
def make_subtitle(home: Path, film: Callable[..., Path]) -> Callable[..., str]:
    """Return a function that runs a job with library settings and returns the text of its
    sidecar."""
    media = film("a.mkv", "sine=d=3", ("-metadata:s:a:0", "language=eng"))
    configuration = load_config(None)
    engines = _Engines().on(configuration)
    database: Database = open_database(configuration)

    def do(**settings: object) -> str:
        library = LibrarySettings.model_validate({"path": media.parent, **settings})
        state = home / "state" / "subtitled"
        services = Services(
            config=configuration,
            engines=engines,
            store=open_transcript_store(state),
            db=database,
            scratch=state / "scratch",  # type: ignore[arg-type]
        )
        outcome = run_job(
            Job(media=media, library=library, fingerprint=content_fingerprint(media), force=True),
            services,
            InlineRunner(),
        )
        assert outcome.state is FileState.DONE, outcome
        assert engines.calls == 1  # what was once heard is never recognised again
        return " ".join(c.text for c in read_cues(outcome.made[0].sidecar.read_bytes(), "srt"))

    return do


def test_hallucinations_are_removed_stored_with_the_reason_and_shown(
    make_subtitle: Callable[..., str], subtitled: Run, tmp_path: Path
) -> None:
    assert make_subtitle() == "Good evening."
    log_file = json.loads(subtitled("explain", tmp_path / "a.mkv", "--json").stdout)
    (line,) = log_file["hallucinations_removed"]
    assert line.startswith(
        "00:00:02.200 Thanks for watching! (a phrase that recognisers hallucinate"
    )
    assert "whisper-" in line
    assert "hallucinations_removed:" in subtitled("explain", tmp_path / "a.mkv").stdout


def test_the_transcript_keeps_all_so_that_the_guards_can_be_taken_off(
    make_subtitle: Callable[..., str], home: Path
) -> None:
    make_subtitle()
    (stored,) = (home / "state").rglob("*-*/0-*.json")
    assert protocol.TRANSCRIPT.validate_json(stored.read_bytes()) == RAW
    assert make_subtitle(hallucination_filter=False) == "Good evening. Thanks for watching!"
    (removed,) = (home / "state").rglob("hallucinations.json")
    assert json.loads(removed.read_bytes()) == []


def test_shots_are_looked_for_once_where_they_are_wanted(
    make_subtitle: Callable[..., str], home: Path
) -> None:
    make_subtitle()
    assert not list((home / "state").rglob("shot_cuts.json"))
    make_subtitle(snap_to_shots=True)
    (kept,) = (home / "state").rglob("shot_cuts.json")
    assert json.loads(kept.read_bytes()) == {"frame_rate": 5.0, "cuts": []}
    before = kept.stat().st_mtime_ns
    make_subtitle(snap_to_shots=True)
    assert kept.stat().st_mtime_ns == before


def test_cues_begin_at_the_cut_that_the_picture_has(
    make_subtitle: Callable[..., str], tmp_path: Path
) -> None:
    picture = "color=c=white:s=192x108:r=25,trim=duration=0.6[a];mandelbrot=s=192x108:r=25,"
    subprocess.run(
        [
            *"ffmpeg -v error -y -f lavfi -i sine=d=3 -filter_complex".split(),
            f"{picture}trim=duration=2.4[b];[a][b]concat[v]",
            *"-map [v] -map 0:a -c:v libx264 -preset ultrafast".split(),
            "-c:a",
            "flac",
            "-metadata:s:a:0",
            "language=eng",
            tmp_path / "a.mkv",
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    make_subtitle(snap_to_shots=True)
    (cue,) = read_cues((tmp_path / "a.en.srt").read_bytes(), "srt")
    assert cue.start == 0.6
    make_subtitle()
    (cue,) = read_cues((tmp_path / "a.en.srt").read_bytes(), "srt")
    assert cue.start == 0.4


def test_a_cue_before_a_pause_goes_just_after_the_voice_not_when_the_engine_says(
    make_subtitle: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faint = TimeSpan(2.0, 2.8)
    until_1_6 = SpeechActivity((TimeSpan(0.2, 1.9), faint), (faint,))
    monkeypatch.setattr(_Engines, "find_speech", lambda *_: until_1_6)
    make_subtitle()
    (cue,) = read_cues((tmp_path / "a.en.srt").read_bytes(), "srt")
    assert (cue.start, cue.end) == (0.4, 1.7)


def test_transcripts_of_earlier_versions_are_read(tmp_path: Path) -> None:
    store = TranscriptStore(tmp_path)
    chunk = Chunk(TimeSpan(0, 12.5), (TimeSpan(1, 2),))
    track = tmp_path / "ab" / "ab12" / "1"
    (track / "r").mkdir(parents=True)
    (track / "r" / "0-12500.json").write_text(
        '{"language":"en","words":[{"text":" Hi","start":1.0,"end":1.5,"confidence":0.5,'
        '"speaker":null,"estimated":false}],"engine":"x","recipe":""}'
    )
    (track / "listened.json").write_text(
        '{"duration":12.5,"speech":[{"start":1.0,"end":2.0}],"language":"en","confidence":0.9,'
        '"why":"heard"}'
    )
    word = Word(text=" Hi", start=1.0, end=1.5, confidence=0.5)
    assert store.chunk_transcript("ab12", 1, "r", chunk) == Transcript(
        language=EN, words=(word,), engine="x"
    )
    assert store.analysis("ab12", 1) == TrackAnalysis(
        duration=12.5,
        speech=(TimeSpan(1, 2),),
        language=EN,
        confidence=0.9,
        language_reason="heard",
    )
    assert store.removals("ab12", 1) == {}
    removal = RemovedText(1.0, 1.5, "Hi", "a reason")
    store.save_removals("ab12", 1, "r", (removal,), ())
    assert store.removals("ab12", 1) == {"r": (removal,)}


def test_evidence_passes_between_processes_as_it_was_given() -> None:
    payload = json.loads(json.dumps(protocol.TRANSCRIPT.dump_python(RAW, mode="json")))
    assert protocol.TRANSCRIPT.validate_python(payload) == RAW
