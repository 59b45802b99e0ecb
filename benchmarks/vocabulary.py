"""What hotwords cost and bring: words lost, names found, names invented, time.

The embedded Whisper through the engine itself, on recordings in six languages whose text is known.
Each is transcribed without hotwords and then with 1, 3, 10, 50 and 500, first with the right names
(those of its text, filled up with wrong ones), then with wrong ones only. Hotwords must cost no
words: at most 0.2 of 100. About 25 minutes; ``--quick`` does English and German only.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import jiwer

from material import SPEECH, model, normalised, own_folder
from subtitled.media.vad import detect_speech
from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    Language,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.whisper.engine import WhisperEngine, WhisperSettings

COUNTS = (1, 3, 10, 50, 500)
MAX_LOST_SHARE = 0.002
"""Words that hotwords may cost, as a share of the words of the text."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording with a known text, and the names in it."""

    folder: str
    language: str
    names: tuple[str, ...] = ()


RECORDINGS = (
    Recording(
        "reporting/en-mobydick-001",
        "en",
        (
            *("Ishmael", "Manhattoes", "Cato", "Corlears Hook", "Coenties Slip", "Whitehall"),
            *("Saco", "Rockaway Beach", "Van Rensselaers", "Randolphs", "Hardicanutes", "Seneca"),
            *("Narcissus", "Pythagorean", "Patagonian", "Niagara", "Tennessee", "Jove"),
            *("Stoics", "Persians"),
        ),
    ),
    Recording(
        "reporting/en-valentin-0012",
        "en",
        ("Theresia", "Paradis", "Haüy", "Weissenburg", "Saunderson", "Vienna", "Wolfgang"),
    ),
    Recording(
        "reporting/de-simplicissimus",
        "de",
        ("Simplicissimus", "Sternfels", "Grimmelshausen", "Simplicius", "Melchior", "Jakob"),
    ),
    Recording("reporting/fr-prompts-b", "fr", ("Digium", "Asterisk", "Inter-Asterisk eXchange")),
    Recording("reporting/ru-prompts-b", "ru", ("Линукс", "Астериск")),
    Recording("reporting/nl-fillets-c", "nl"),
    Recording("reporting/cs-fillets-c", "cs"),
)
_FIRST = (
    "Tyrion Daenerys Olivia Walter Jesse Skyler Saul Hermione Severus Draco Neville Frodo Samwise "
    "Legolas Aragorn Boromir Galadriel Arwen Faramir Morpheus Trinity Katniss Peeta Leia Anakin"
).split()
_LAST = (
    "Lannister Targaryen Dunham White Pinkman Goodman Schrader Granger Snape Malfoy Longbottom "
    "Baggins Gamgee Everdeen Mellark Organa Skywalker Winterfell Kubernetes Mordor"
).split()
WRONG = (
    *("Breaking Bad", "The Matrix", "Pilot", "Home", "Winterfell", "Gollum", "Minas Tirith"),
    *(f"{first} {last}" for first, last in itertools.product(_FIRST, _LAST)),
)
"""Names that nobody says in any of the recordings, and titles that are common words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one transcription of a recording came to."""

    text: str
    words: int
    substituted: int
    lost: int
    inserted: int
    cpu_seconds: float


def decode(source: Path, target: Path) -> Audio:
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-i", str(source)),
            *("-ac", "1", "-ar", "16000", "-f", "s16le", str(target)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return Audio(target)


def transcribe(
    engine: WhisperEngine, audio: Audio, chunk: Chunk, language: str, hotwords: Sequence[str]
) -> tuple[str, float]:
    """Return the text, and the processor seconds that it took."""
    begin = time.process_time()
    request = TranscriptionRequest(
        chunk=chunk, language=Language(language), hotwords=tuple(hotwords)
    )
    text = engine.transcribe(audio, request).text
    return text, time.process_time() - begin


def compare(reference: str, text: str, cpu_seconds: float) -> Result:
    output = jiwer.process_words(normalised(reference), normalised(text))
    words = len(normalised(reference).split())
    return Result(
        text=text,
        words=words,
        substituted=output.substitutions,
        lost=output.deletions,
        inserted=output.insertions,
        cpu_seconds=cpu_seconds,
    )


def count_names(names: Sequence[str], text: str) -> int:
    plain = f" {normalised(text)} "
    return sum(plain.count(f" {normalised(name)} ") for name in names)


def count_found(names: Sequence[str], text: str, reference: str) -> int:
    """Count the names of a reference that a text has, each as often as it is said."""
    return sum(min(count_names([name], text), count_names([name], reference)) for name in names)


def count_invented(hotwords: Sequence[str], text: str, reference: str) -> int:
    """Count the hotwords that a text has and its reference has not."""
    return sum(
        max(0, count_names([name], text) - count_names([name], reference)) for name in hotwords
    )


def measure(
    engine: WhisperEngine, recording: Recording, folder: Path, counts: Sequence[int]
) -> list[dict[str, object]]:
    source = SPEECH / recording.folder
    reference = (source / "reference.txt").read_text("utf-8")
    audio = decode(source / "audio.opus", folder / f"{source.name}.s16")
    found = detect_speech(audio)
    chunk = Chunk(TimeSpan(0.0, audio.duration), found.spans, found.low_energy)
    plain = compare(reference, *transcribe(engine, audio, chunk, recording.language, ()))
    rows: list[dict[str, object]] = []

    def report(label: str, hotwords: Sequence[str], result: Result) -> None:
        row = {
            "recording": source.name,
            "hotwords": label,
            "words": result.words,
            "substituted": result.substituted,
            "lost": result.lost,
            "more_lost": result.lost - plain.lost,
            "inserted": result.inserted,
            "names_said": count_names(recording.names, reference),
            "names_found": count_found(recording.names, result.text, reference),
            "names_invented": count_invented(hotwords, result.text, reference)
            - count_invented(hotwords, plain.text, reference),
            "cpu_ratio": round(result.cpu_seconds / plain.cpu_seconds, 3),
        }
        rows.append(row)
        print(
            f"{source.name:20} {label:12} substituted {result.substituted:4} lost "
            f"{result.lost:4} ({row['more_lost']:+}) inserted {result.inserted:3}  names "
            f"{row['names_found']}/{row['names_said']} invented {row['names_invented']}  "
            f"time {row['cpu_ratio']:.2f}",
            flush=True,
        )

    report("none", (), plain)
    for kind, names in (("right", recording.names), ("wrong", ())):
        for count in counts:
            if kind == "right" and not names:
                continue
            hotwords = (*names, *WRONG)[:count]
            text = transcribe(engine, audio, chunk, recording.language, hotwords)
            report(f"{count} {kind}", hotwords, compare(reference, *text))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two recordings only")
    options = parser.parse_args()
    engine = WhisperEngine(WhisperSettings(), ComponentContext("whisper", 2, {"base": model()}))
    engine.load()
    recordings = [RECORDINGS[1], RECORDINGS[2]] if options.quick else RECORDINGS
    rows: list[dict[str, object]] = []
    with own_folder() as folder:
        audio = decode(SPEECH / "hotwords.mp3", folder / "hotwords.s16")
        chunk = Chunk(TimeSpan(0.0, audio.duration), detect_speech(audio).spans)
        for hotwords in ((), ("ComfyUI",), ("ComfyUI", *WRONG[:10]), WRONG[:10]):
            text, _ = transcribe(engine, audio, chunk, "en", hotwords)
            print(f"hotwords.mp3, told {len(hotwords)}: {text.count('ComfyUI')} of 2: {text}")
        for recording in recordings:
            rows += measure(engine, recording, folder, COUNTS)
    words = sum(int(str(row["words"])) for row in rows)
    more = sum(int(str(row["more_lost"])) for row in rows)
    print(f"words lost to hotwords: {more} of {words} ({more / words:.3%})")
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
