"""Decoded sound made small again, for engines that send it away."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

from .errors import Misconfigured, Temporary
from .speech import SAMPLE_RATE, Audio, Interval

CODECS = {
    "opus": ("libopus", "-b:a", "32k", "-compression_level", "0", "-f", "ogg"),
    "flac": ("flac", "-sample_fmt", "s16", "-f", "flac"),
}
"""Opus at 32 kbit/s is 14 MB an hour and what recognisers lose nothing by; FLAC is exact, 50 MB.

An hour takes 9 s of one core as Opus, which at its most careful would take 55 and be heard no
better (29 wrong words of 314 either way with Whisper base), and 3 s as FLAC."""
ENDINGS = {"opus": "ogg", "flac": "flac"}
"""Of the files, without the dot."""
_CORES = threading.BoundedSemaphore(os.cpu_count() or 1)
"""More encoders at once would all end late, and the first be sent no sooner than the last."""


def encode(audio: Audio, interval: Interval, codec: str, target: Path) -> None:
    """Write an interval of a track into ``target``, mono and without a word of metadata.

    ``codec`` is a key of :data:`CODECS`. Raises :class:`~subtitled.plugin.Misconfigured` if ffmpeg
    is missing or cannot do it, :class:`~subtitled.plugin.Temporary` if it hangs.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise Misconfigured("ffmpeg is not installed", "Install it: apt install ffmpeg")
    with _CORES:
        _run(ffmpeg, audio, interval, codec, target)


def _run(ffmpeg: str, audio: Audio, interval: Interval, codec: str, target: Path) -> None:
    limit = 60.0 + interval.duration
    try:
        ran = subprocess.run(
            [
                ffmpeg,
                "-v",
                "error",
                "-nostdin",
                "-y",
                "-protocol_whitelist",
                "file",
                "-f",
                "s16le",
                "-ar",
                str(SAMPLE_RATE),
                "-ac",
                "1",
                "-ss",
                f"{interval.start:.6f}",
                "-t",
                f"{interval.duration:.6f}",
                "-i",
                b"file:" + os.fsencode(audio.path),
                *"-map_metadata -1 -fflags +bitexact -flags:a +bitexact".split(),
                "-c:a",
                *CODECS[codec],
                b"file:" + os.fsencode(target),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Temporary(
            f"ffmpeg did not encode {interval.duration:.0f} s of sound within {limit:.0f} s",
            "Check that the disk answers",
        ) from None
    if ran.returncode != 0:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Misconfigured(
            f"ffmpeg cannot encode {codec}: {said[-1] if said else ran.returncode}",
            f"Check that the disk is not full and that this ffmpeg has {CODECS[codec][0]}",
        )
