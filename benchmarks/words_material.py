"""The recordings of the word benchmarks: real speech with references, and sounds without speech."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from material import SPEECH
from subtitled.plugin import Cue
from subtitled.subtitles.formats import read_cues

NO_SPEECH = "xx"
"""The language of recordings in which nobody speaks."""
UNWRITABLE = frozenset({"bn"})
"""Languages that Whisper base cannot write. They stand in no sum over languages."""
TIMED_ONLY = frozenset({"ja-watasi"})
"""Recordings whose reference is spelled otherwise than a recogniser writes (kana, no kanji)."""
TITLES = (
    "Moby Dick (1851)",
    "Breaking Bad - S01E01 - Pilot",
    "The Matrix (1999)",
    "Home (2009)",
    "Die Welle (2008)",
    "Le Fabuleux Destin d'Amelie Poulain (2001)",
)
SYNTHETIC_SECONDS = 30
SYNTHETIC = {
    "xx-white-noise": "anoisesrc=colour=white:seed=20:amplitude=0.05",
    "xx-pink-noise": "anoisesrc=colour=pink:seed=20:amplitude=0.3",
    "xx-brown-noise": "anoisesrc=colour=brown:seed=20:amplitude=0.5",
    "xx-tone": "sine=frequency=440",
    "xx-hum": "sine=frequency=50",
    "xx-sweep": "aevalsrc=0.3*sin(2*PI*(200*t+40*t*t))",
    "xx-beeps": "aevalsrc=0.3*sin(2*PI*1000*t)*lt(mod(t\\,1)\\,0.2)",
    "xx-silence": "anullsrc",
}
"""Sounds without speech that ffmpeg generates: name -> source."""


@dataclass(frozen=True, kw_only=True)
class Recording:
    """One recording, and what is known about it."""

    name: str
    media: Path
    language: str
    """The language spoken, or :data:`NO_SPEECH`."""
    kind: str
    """The kind of speech, in a few words."""
    title: str
    """What its file is called in the way ``ours-named``."""
    seconds: float
    text: str | None = None
    """What is said. None if only the language is known."""
    cues: tuple[Cue, ...] = ()
    """What is said, with times, as far as there are any."""
    timing: str = "-"
    """How the times were made: hand, coarse, built or - (none)."""

    @cached_property
    def digest(self) -> str:
        """Return what identifies the sound."""
        return hashlib.sha256(self.media.read_bytes()).hexdigest()[:20]

    @property
    def is_silent(self) -> bool:
        """Whether nobody speaks in it."""
        return self.language == NO_SPEECH

    @property
    def is_scored(self) -> bool:
        """Whether its words are counted."""
        return bool(self.text) and not self.is_silent and self.name not in TIMED_ONLY


def load_recordings(part: str, only: Sequence[str] = ()) -> list[Recording]:
    """Return the recordings of one part, in the order of their names.

    Args:
        part: ``tuning`` or ``reporting``.
        only: The names to take, or their beginnings. Empty takes all.
    """
    index = json.loads((SPEECH / "index.json").read_text("utf-8"))
    names = [name for name, entry in index.items() if entry["split"] == part]
    return [
        _load(SPEECH / part / name, index[name], TITLES[number % len(TITLES)])
        for number, name in enumerate(names)
        if not only or name.startswith(tuple(only))
    ]


def _load(folder: Path, entry: dict[str, object], title: str) -> Recording:
    reference, subtitle = folder / "reference.txt", folder / "reference.srt"
    language, kind = str(entry["lang"]), str(entry["kind"])
    has_text = entry["whisper_base"] is not None
    return Recording(
        name=folder.name,
        media=folder / "audio.opus",
        language=language,
        kind=re.split(r" ?[(,:;]", kind)[0].lower(),
        title=title,
        seconds=float(str(entry["seconds"])),
        text=reference.read_text("utf-8") if has_text else None,
        cues=read_cues(subtitle.read_bytes(), "srt") if subtitle.exists() else (),
        timing=str(entry["timing"]).split()[0],
    )


def make_synthetic_silence(folder: Path, only: Sequence[str] = ()) -> list[Recording]:
    """Generate the sounds without speech as files in a folder, unless they are there."""
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for number, (name, source) in enumerate(SYNTHETIC.items()):
        if only and not name.startswith(tuple(only)):
            continue
        media = folder / f"{name}.wav"
        if not media.exists():
            make_sound("-f", "lavfi", "-i", source, "-t", str(SYNTHETIC_SECONDS), target=media)
        made.append(
            Recording(
                name=name,
                media=media,
                language=NO_SPEECH,
                kind="no speech",
                title=TITLES[number % len(TITLES)],
                seconds=SYNTHETIC_SECONDS,
            )
        )
    return made


def make_sound(*arguments: str, target: Path) -> None:
    """Let ffmpeg write a 16 kHz mono file, whole or not at all."""
    unfinished = target.with_name(f"unfinished-{target.name}")
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y", "-bitexact", *arguments),
            *("-ac", "1", "-ar", "16000", str(unfinished)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    unfinished.rename(target)
