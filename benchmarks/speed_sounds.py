"""The sounds of ``speed.py``: recordings in a loop, or with references end to end."""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from material import SPEECH, looped
from words_material import Recording, load_recordings, make_sound

LOOPED = ("jfk.flac", "sonnet.en.mp3", "apollo11.mp3")
"""The recordings that are repeated for a length without a reference. The first is 11 s long."""
LOOPED_SECONDS = 7600.0
"""Seconds that :func:`material.looped` can fill with them."""
CLEAR = ("en-valentin-", "en-mobydick-001")
"""The beginnings of the names of recordings of clear English, with references."""
SECONDS = (11.0, 60.0, 660.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What is transcribed, and what is said in it if that is known."""

    name: str
    path: Path
    seconds: float
    language: str = "en"
    text: str | None = None


def join_recordings(recordings: list[Recording], target: Path, seconds: float = 0.0) -> Sound:
    """Put recordings of one language end to end.

    Their text counts only if that of each is known.

    Args:
        recordings: The recordings.
        target: The file to write.
        seconds: They are repeated, each as a whole, until there are so many.
    """
    languages = {recording.language for recording in recordings}
    if len(languages) != 1:
        sys.exit(f"the recordings are in several languages: {', '.join(sorted(languages))}")
    names = f"{len(recordings)} recordings, {recordings[0].name} ..."
    endless, total = itertools.cycle(recordings), sum(one.seconds for one in recordings)
    recordings = list(recordings)
    while total < seconds:
        recordings.append(next(endless))
        total += recordings[-1].seconds
    inputs = [word for recording in recordings for word in ("-i", str(recording.media))]
    graph = f"concat=n={len(recordings)}:v=0:a=1"
    make_sound(*inputs, "-filter_complex", graph, target=target)
    texts = [recording.text for recording in recordings]
    return Sound(
        name=names,
        path=target,
        seconds=total,
        language=languages.pop(),
        text=None if None in texts else " ".join(text for text in texts if text),
    )


def find_recordings(names: Sequence[str]) -> list[Recording]:
    """Return the recordings whose names begin with these, of both parts.

    If one is missing, the benchmark ends and says so.
    """
    if not (SPEECH / "index.json").exists():
        sys.exit(f"--speech: there is no {SPEECH / 'index.json'}; leave the option out, or get it")
    known = {
        recording.name: recording
        for part in ("tuning", "reporting")
        for recording in load_recordings(part, names)
    }
    if missing := [name for name in names if not any(one.startswith(name) for one in known)]:
        sys.exit(f"--speech: not in {SPEECH / 'index.json'}: {', '.join(missing)}")
    return [one for name in names for one in known.values() if one.name.startswith(name)]


def make_sounds(options: argparse.Namespace, folder: Path) -> list[Sound]:
    """Make the sounds that the options ask for."""
    if options.speech or options.clear:
        recordings = find_recordings(options.speech.split(",") if options.speech else CLEAR)
        return [
            join_recordings(recordings, folder / f"joined-{seconds:.0f}.flac", seconds)
            for seconds in options.seconds or [0.0]
        ]
    if missing := [name for name in LOOPED if not (SPEECH / name).exists()]:
        sys.exit(f"{SPEECH} lacks {', '.join(missing)}: set SUBTITLED_TEST_SPEECH")
    sounds = []
    for seconds in options.seconds or SECONDS:
        path = looped(list(LOOPED), seconds, folder / f"looped-{seconds:.0f}.flac")
        sounds.append(Sound(name="looped", path=path, seconds=seconds))
    return sounds
