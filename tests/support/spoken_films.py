"""Media files for the fault tests: speech in real containers, and the expected subtitles."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

SPOKEN = (
    "The harbour was empty when the ferry came in. Nobody waited on the pier. "
    "Only the lamps were lit, and somewhere a dog barked at the rain.",
    "Seven bridges cross the river, and I have walked over every one of them. "
    "The oldest is made of wood. It sings when the wind comes from the north.",
    "My grandmother kept bees behind the harness. In summer the whole garden hummed. "
    "She said that bees forget nothing, least of all a promise.",
)
"""The text of each film. Every sentence is followed by a pause."""


@dataclass(frozen=True, slots=True)
class Film:
    """A media file that can be copied into a library."""

    path: Path
    subtitle: bytes = b""
    """The expected SubRip file, made by an undisturbed daemon."""


def make_film(folder: Path, number: int, repeats: int = 1) -> Path:
    """Make a film of about ten seconds with speech, repeated ``repeats`` times."""
    target = folder / f"source-{number}-{repeats}.mkv"
    voice = folder / f"voice-{number}.wav"
    subprocess.run(
        ["espeak-ng", "-v", "en", "-s", "150", "-w", voice, SPOKEN[number]],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    _ffmpeg(
        *"-f lavfi -i testsrc2=s=160x90:r=5".split(),
        "-stream_loop",
        str(repeats - 1),
        "-i",
        f"file:{voice}",
        "-shortest",
        *"-c:v libx264 -preset ultrafast -c:a flac -ar 16000".split(),
        f"file:{target}",
    )
    return target


def without_duration(source: Path, target: Path) -> Path:
    """Make the same film without a stated length, as an interrupted recorder leaves it."""
    with target.open("wb") as file:
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-i",
                f"file:{source}",
                "-c",
                "copy",
                *"-f matroska -live 1 pipe:1".split(),
            ],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=file,
        )
    return target


def _ffmpeg(*arguments: str) -> None:
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", *arguments], check=True, stdin=subprocess.DEVNULL
    )
