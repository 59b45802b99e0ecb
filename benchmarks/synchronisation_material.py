"""What `synchronisation.py` measures on: programmes made of recordings, with their right cues.

Utterances of recordings are put in a random order with pauses, music, noise and speech that has no
cue. Voice activity is really detected in that sound, once; what was found stays in a folder.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from material import SPEECH, model
from subtitled.media.vad import SpeechActivity, detect_speech
from subtitled.plugin import SAMPLE_RATE, Audio, Cue, Language, TimeSpan, Word
from subtitled.subtitles.formats import read_cues

MIN_CUES_PER_MINUTE = 4.0
"""Recordings with fewer have cues as long as paragraphs, which no subtitle has."""
MAX_UNIT_CUES = 6
"""Cues of a recording that stay together."""
MUSIC_LEVELS = (0.0, 0.0, 0.01, 0.025)
"""Loudness of the music below the speech of a programme, of which one is taken."""
NOISE_LEVELS = (0.0005, 0.002, 0.006)
VERSION = 4
"""Increased when programmes are made in another way."""

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Some seconds of a recording with what is said in it, from its own beginning."""

    sound: Samples
    cues: tuple[Cue, ...]
    words: tuple[Word, ...]
    """What a recogniser heard."""
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """A programme: what was found in its sound, and the cues that are right."""

    name: str
    duration: float
    speech: SpeechActivity
    cues: tuple[Cue, ...]
    words: tuple[Word, ...]
    language: Language


def programmes(part: str, count: int, cache: Path) -> list[Programme]:
    """Return programmes made of the recordings of a part, as they were made before or made now."""
    units: list[Unit] = []
    found = []
    for number in range(count):
        path = cache / f"{part}-{number}-v{VERSION}.json"
        if not path.exists():
            if not units:
                units = _read_units(part, cache)
                untold = _read_untold(part)
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, _make(number, units, untold))
        found.append(_read(path, f"{part}-{number}"))
    return found


def _read_units(part: str, cache: Path) -> list[Unit]:
    index = json.loads((SPEECH / "index.json").read_text("utf-8"))
    units: list[Unit] = []
    for name, about in index.items():
        if about["split"] != part or about["timing"] not in ("built", "hand"):
            continue
        if about["cues"] / about["seconds"] * 60 < MIN_CUES_PER_MINUTE:
            continue
        folder = SPEECH / part / name
        sound = _decode(folder / "audio.opus")
        cues = read_cues((folder / "reference.srt").read_bytes(), "srt")
        words = _recognise(folder / "audio.opus", about["lang"], cache / "words" / f"{name}.json")
        rng = np.random.default_rng(len(units))
        first = 0
        while first < len(cues):
            last = min(len(cues), first + int(rng.integers(1, MAX_UNIT_CUES + 1)))
            begin = (cues[first - 1].end + cues[first].start) / 2 if first else 0.0
            end = len(sound) / SAMPLE_RATE
            if last < len(cues):
                end = (cues[last - 1].end + cues[last].start) / 2
            units.append(
                Unit(
                    sound=sound[round(begin * SAMPLE_RATE) : round(end * SAMPLE_RATE)],
                    cues=tuple(
                        Cue(c.start - begin, c.end - begin, c.text) for c in cues[first:last]
                    ),
                    words=tuple(
                        Word(text=w.text, start=w.start - begin, end=w.end - begin)
                        for w in words
                        if begin <= w.start < end
                    ),
                    language=about["lang"],
                )
            )
            first = last
    return units


def _read_untold(part: str) -> dict[str, list[Samples]]:
    """Return the sounds that have no cues: speech, and music."""
    index = json.loads((SPEECH / "index.json").read_text("utf-8"))
    sounds: dict[str, list[Samples]] = {"speech": [], "music": []}
    for name, about in index.items():
        if about["split"] == part and ("-lid-" in name or name.startswith("xx-music")):
            kind = "music" if name.startswith("xx") else "speech"
            sounds[kind].append(_decode(SPEECH / part / name / "audio.opus"))
    return sounds


def _make(number: int, units: list[Unit], untold: dict[str, list[Samples]]) -> Programme:
    """Put a programme together and find the speech in it."""
    rng = np.random.default_rng(1000 + number)
    seconds = float(rng.choice([240, 360, 600, 900, 1200, 1500, 2700]))
    languages = sorted({unit.language for unit in units})
    weights = np.array([sum(len(u.cues) for u in units if u.language == one) for one in languages])
    language = str(rng.choice(languages, p=weights / weights.sum()))
    own = [unit for unit in units if unit.language == language]
    sound = [_quiet(float(rng.uniform(1, 45)))]
    at = len(sound[0]) / SAMPLE_RATE
    cues: list[Cue] = []
    words: list[Word] = []
    order: list[Unit] = []
    while at < seconds:
        if not order:
            # A language alone would be the same few minutes again and again.
            others = [units[i] for i in rng.permutation(len(units))[: len(own)]]
            order = [*own, *others]
            rng.shuffle(order)
        if rng.random() < 0.04:
            piece, told = untold["speech"][int(rng.integers(len(untold["speech"])))], None
        elif rng.random() < 0.04:
            piece, told = untold["music"][int(rng.integers(len(untold["music"])))] * 0.7, None
        else:
            told = order.pop()
            piece = told.sound * float(rng.uniform(0.3, 1.0))
        if told is not None:
            cues += [Cue(c.start + at, c.end + at, c.text) for c in told.cues]
            words += [Word(text=w.text, start=w.start + at, end=w.end + at) for w in told.words]
        pause = float(rng.choice([0.1, 0.4, 0.8, 1.5, 3.0, 8.0, 25.0], p=_PAUSES)) * float(
            rng.uniform(0.7, 1.3)
        )
        sound += [piece, _quiet(pause)]
        at += len(piece) / SAMPLE_RATE + len(sound[-1]) / SAMPLE_RATE
    whole = np.concatenate(sound)
    whole += rng.standard_normal(len(whole)).astype(np.float32) * float(rng.choice(NOISE_LEVELS))
    level = float(rng.choice(MUSIC_LEVELS))
    if level:
        music = np.concatenate(untold["music"])
        music *= level / float(np.sqrt((music**2).mean()))
        whole += np.tile(music, len(whole) // len(music) + 1)[: len(whole)]
    with tempfile.TemporaryDirectory(prefix="subtitled-bench-") as folder:
        pcm = Path(folder) / "sound.s16"
        (np.clip(whole, -1, 1) * 32767).astype("<i2").tofile(pcm)
        speech = detect_speech(Audio(pcm))
    return Programme(
        name=str(number),
        duration=len(whole) / SAMPLE_RATE,
        speech=speech,
        cues=tuple(cues),
        words=tuple(words),
        language=Language.parse(language),
    )


_PAUSES = (0.15, 0.2, 0.25, 0.2, 0.12, 0.06, 0.02)


def _quiet(seconds: float) -> Samples:
    return np.zeros(round(seconds * SAMPLE_RATE), np.float32)


def _decode(path: Path) -> Samples:
    command = ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", str(SAMPLE_RATE)]
    pcm = subprocess.run([*command, "-f", "f32le", "-"], capture_output=True, check=True).stdout
    sound = np.frombuffer(pcm, np.float32).copy()
    loud = float(np.abs(sound).max())
    return sound / loud * 0.7 if loud else sound


def _recognise(path: Path, language: str, kept: Path) -> list[Word]:
    """Return what Whisper base hears in a recording."""
    if not kept.exists():
        from faster_whisper import WhisperModel

        whisper = WhisperModel(str(model()), device="cpu", compute_type="int8", cpu_threads=1)
        segments, _ = whisper.transcribe(
            str(path), language=language, word_timestamps=True, beam_size=1
        )
        heard = [(w.word, w.start, w.end) for s in segments for w in s.words or ()]
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(heard), "utf-8")
    return [
        Word(text=text, start=start, end=end)
        for text, start, end in json.loads(kept.read_text("utf-8"))
    ]


def _write(path: Path, programme: Programme) -> None:
    content = {
        "duration": programme.duration,
        "language": str(programme.language),
        "speech": [(s.start, s.end) for s in programme.speech.spans],
        "quiet": [(s.start, s.end) for s in programme.speech.low_energy],
        "cues": [(c.start, c.end, c.text) for c in programme.cues],
        "words": [(w.text, w.start, w.end) for w in programme.words],
    }
    path.write_text(json.dumps(content), "utf-8")


def _read(path: Path, name: str) -> Programme:
    content = json.loads(path.read_text("utf-8"))
    return Programme(
        name=name,
        duration=content["duration"],
        speech=SpeechActivity(
            tuple(TimeSpan(*span) for span in content["speech"]),
            tuple(TimeSpan(*span) for span in content["quiet"]),
        ),
        cues=tuple(Cue(*cue) for cue in content["cues"]),
        words=tuple(Word(text=t, start=a, end=b) for t, a, b in content["words"]),
        language=Language.parse(content["language"]),
    )
