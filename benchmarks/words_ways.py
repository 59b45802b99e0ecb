"""Ways to write down a recording: ours, raw faster-whisper, stable-ts, whisperX; and their cache.

What a peer heard is kept by the digest of the recording, the way and its version, so that a change
of ours is compared without running the peers again. What ours heard is kept under a label.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from material import model
from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.assembly import list_stored_parts
from subtitled.transcripts.store import TranscriptStore
from words_material import Recording

CACHE = Path(__file__).parents[1] / "build" / "words"
OURS = ("ours-named", "ours-unnamed")
RAW = ("raw-sequential", "raw-batched")
PEERS = ("stable-ts", "whisperx")
UNNAMED = "1234"
"""What a file is called in the way ``ours-unnamed``."""
_TRACK = 0


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What one way wrote down of one recording."""

    language: str
    """The language that it found by itself, BCP 47; ``und`` if none."""
    cues: list[tuple[float, float, str]]
    """Start, end and text of each cue or segment."""
    cpu_seconds: float = 0.0
    """Processor seconds; for ours those of the whole run, in proportion to the durations."""
    note: str = ""
    """Why nothing was written, for people."""
    detected: str = ""
    """The language of the sound, before the text was checked. Ours only."""
    confidence: float = 0.0
    """How sure it was of the language, 0 to 1."""
    speech: list[tuple[float, float]] = field(default_factory=list)
    """Where voice activity detection found speech. Ours only."""
    words: list[tuple[float, float, str]] = field(default_factory=list)
    """The words that the engine heard, before anything was removed. Ours only."""
    removed: list[tuple[float, float, str, str]] = field(default_factory=list)
    """Start, end, text and reason of what the guards removed. Ours only."""

    @property
    def text(self) -> str:
        """Return the whole text."""
        return " ".join(text for _, _, text in self.cues)

    @property
    def as_cues(self) -> tuple[Cue, ...]:
        """Return the cues as cues."""
        return tuple(Cue(start, end, text) for start, end, text in self.cues)


def read_heard(path: Path) -> Heard | None:
    """Read what was kept; None if nothing was."""
    try:
        return Heard(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None


def write_heard(path: Path, heard: Heard) -> None:
    """Keep what was heard."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(heard), ensure_ascii=False, indent=1), "utf-8")


def label_path(way: str, label: str, recording: Recording) -> Path:
    """Return where what ours heard under a label is kept."""
    return CACHE / f"{way}@{label}" / f"{recording.name}.{recording.digest}.json"


def listen_raw(way: str, recordings: Sequence[Recording]) -> Iterator[tuple[Recording, Heard]]:
    """Let faster-whisper write recordings down, int8, with its defaults but for VAD."""
    folder = CACHE / f"{way}-{version('faster-whisper')}"
    engine: Callable[..., Any] | None = None
    for recording in recordings:
        path = folder / f"{recording.name}.{recording.digest}.json"
        heard = read_heard(path)
        if heard is None:
            engine = engine or _load_raw(way)
            heard = _hear_raw(engine, recording.media)
            write_heard(path, heard)
        yield recording, heard


def _load_raw(way: str) -> Callable[..., Any]:
    from faster_whisper import BatchedInferencePipeline, WhisperModel

    # One thread: several spin while they wait, which is no work but counts as processor time.
    whisper = WhisperModel(str(model()), device="cpu", compute_type="int8", cpu_threads=1)
    if way == "raw-batched":
        return BatchedInferencePipeline(whisper).transcribe  # type: ignore[no-any-return]
    return lambda path: whisper.transcribe(path, vad_filter=True)


def _hear_raw(engine: Callable[..., Any], media: Path) -> Heard:
    before = time.process_time()
    found, info = engine(str(media))
    segments = [(each.start, each.end, each.text.strip()) for each in found]
    return Heard(
        language=info.language,
        confidence=info.language_probability,
        cues=segments,
        cpu_seconds=round(time.process_time() - before, 2),
    )


def listen_ours(
    way: str,
    label: str,
    recordings: Sequence[Recording],
    settings: str = "",
    tree: Path | None = None,
) -> Iterator[tuple[Recording, Heard]]:
    """Let one ``subtitled generate`` write recordings down, and keep the results under a label.

    Args:
        way: ``ours-named``: files have the titles of films; ``ours-unnamed``: a number.
        label: What the results are kept under.
        recordings: The recordings.
        settings: The configuration, in TOML.
        tree: The source tree to run; None for the one that is installed.
    """
    with TemporaryDirectory(prefix="subtitled-words-") as name:
        folder = Path(name)
        (folder / "config.toml").write_text(settings, "utf-8")
        media = [
            _link(recording, folder / str(number), way)
            for number, recording in enumerate(recordings)
        ]
        outcomes, cpu_seconds = _generate(folder, media, tree)
        store = TranscriptStore(folder / "state" / "subtitled" / "transcripts")
        total = sum(recording.seconds for recording in recordings)
        for recording, link in zip(recordings, media, strict=True):
            heard = _read_ours(store, link, outcomes.get(link, "nothing was said about it"))
            share = cpu_seconds * recording.seconds / total
            heard = Heard(**asdict(heard) | {"cpu_seconds": round(share, 2)})
            write_heard(label_path(way, label, recording), heard)
            yield recording, heard


def _link(recording: Recording, folder: Path, way: str) -> Path:
    title = UNNAMED if way == "ours-unnamed" else recording.title
    link = folder / title / f"{title}{recording.media.suffix}"
    link.parent.mkdir(parents=True)
    link.symlink_to(recording.media.resolve())
    return link


def _generate(
    folder: Path, media: Sequence[Path], tree: Path | None
) -> tuple[dict[Path, str], float]:
    """Run the command; return what it says of each file, and the processor seconds it took."""
    environment = {key: value for key, value in os.environ.items() if key != "STATE_DIRECTORY"}
    if tree is not None:
        folders = [tree.resolve() / name for name in ("daemon", "plugins")]
        environment["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    before = os.times()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "subtitled", "--config", str(folder / "config.toml")),
            *("generate", "--languages", "original", *map(str, media)),
        ],
        env=environment | {"XDG_STATE_HOME": str(folder / "state")},
        capture_output=True,
        text=True,
        errors="replace",
        stdin=subprocess.DEVNULL,
    )
    after = os.times()
    outcomes = {}
    for line in (*done.stdout.splitlines(), *done.stderr.splitlines()):
        path, _, outcome = line.partition(": ")
        if path.startswith(str(folder)):
            outcomes[Path(path)] = outcome
    if not outcomes:
        sys.exit(f"generate failed with status {done.returncode}:\n{done.stderr[-3000:]}")
    cpu_seconds = after.children_user + after.children_system
    return outcomes, cpu_seconds - before.children_user - before.children_system


def _read_ours(store: TranscriptStore, media: Path, outcome: str) -> Heard:
    fingerprint = content_fingerprint(media)
    analysis = store.analysis(fingerprint, _TRACK)
    parts = [
        part
        for variant in store.variants(fingerprint, _TRACK)
        for part in list_stored_parts(store, fingerprint, _TRACK, variant)
    ]
    removed = [
        (item.start, item.end, item.text, item.reason)
        for items in store.removals(fingerprint, _TRACK).values()
        for item in items
    ]
    sidecars = sorted(media.parent.glob("*.srt"))
    language = sidecars[0].name.removesuffix(".srt").rpartition(".")[2] if sidecars else "und"
    cues = [cue for path in sidecars for cue in read_cues(path.read_bytes(), "srt")]
    detected = str(analysis.language or "und") if analysis else "und"
    return Heard(
        language=language,
        cues=[(cue.start, cue.end, cue.text.replace("\n", " ")) for cue in cues],
        note="" if sidecars else re.sub(r"\s+", " ", outcome),
        detected=detected,
        confidence=analysis.confidence if analysis else 0.0,
        speech=[(span.start, span.end) for span in analysis.speech] if analysis else [],
        words=[(word.start, word.end, word.text) for part in parts for word in part.words],
        removed=removed,
    )


def listen_peer(
    way: str, python: Path, recordings: Sequence[Recording]
) -> Iterator[tuple[Recording, Heard]]:
    """Let another tool write recordings down, in its own environment (``words_peer.py``)."""
    script = Path(__file__).with_name("words_peer.py")
    release = subprocess.run(
        [python, script, way, "--version"], capture_output=True, text=True, check=True
    ).stdout.strip()
    folder = CACHE / f"{way}-{release}"
    paths = {each.name: folder / f"{each.name}.{each.digest}.json" for each in recordings}
    missing = [each for each in recordings if not paths[each.name].exists()]
    if missing:
        with subprocess.Popen(
            [python, script, way, str(model()), *(str(each.media) for each in missing)],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            for recording, line in zip(missing, process.stdout, strict=False):
                write_heard(paths[recording.name], Heard(**json.loads(line)))
        if process.returncode:
            print(f"{way} stopped with status {process.returncode}", file=sys.stderr)
    for recording in recordings:
        heard = read_heard(paths[recording.name])
        if heard is not None:
            yield recording, heard
