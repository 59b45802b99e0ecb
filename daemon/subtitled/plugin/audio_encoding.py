"""Compressing decoded audio, for engines that send it to a service."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from pathlib import Path

from .confinement import Limits, start_confined
from .errors import SetupError, TransientError
from .types import SAMPLE_RATE, Audio, TimeSpan

CODECS = {
    "opus": ("libopus", "-b:a", "32k", "-compression_level", "0", "-f", "ogg"),
    "flac": ("flac", "-sample_fmt", "s16", "-f", "flac"),
}
"""Codec -> arguments of ffmpeg.

Opus at 32 kbit/s takes 14 MB per hour. FLAC is lossless and takes 50 MB. Encoding an hour takes 9 s
of one core as Opus and 3 s as FLAC. Opus at its highest complexity takes 55 s and is recognised no
better: 29 wrong words of 314 either way, with Whisper base."""
EXTENSIONS = {"opus": "ogg", "flac": "flac"}
"""Codec -> file extension without the dot."""
_ENCODER_SLOTS = threading.BoundedSemaphore(os.cpu_count() or 1)
"""Limits the number of encoders, so that the first file is ready early."""


def encode_audio(audio: Audio, span: TimeSpan, codec: str, target: Path) -> None:
    """Write a time span of a track to a file: mono, 16 kHz, without metadata.

    Needs ffmpeg.

    Args:
        audio: The decoded track.
        span: Seconds of the track.
        codec: A key of :data:`CODECS`.
        target: The file to write.

    Raises:
        SetupError: ffmpeg is missing, cannot encode, or the disk is full.
        TransientError: ffmpeg took longer than a minute plus the length of the audio.
    """
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        raise SetupError("ffmpeg is not installed", "Install it: apt install ffmpeg")
    with _ENCODER_SLOTS:
        _run_ffmpeg(ffmpeg, audio, span, codec, target)


def _run_ffmpeg(ffmpeg: str, audio: Audio, span: TimeSpan, codec: str, target: Path) -> None:
    timeout_seconds = 60.0 + span.duration
    command: list[str | bytes] = [
        ffmpeg,
        *"-v error -nostdin -y -protocol_whitelist file -format_whitelist s16le".split(),
        *f"-f s16le -ar {SAMPLE_RATE} -ac 1".split(),
        *f"-ss {span.start:.6f} -t {span.duration:.6f} -i".split(),
        b"file:" + os.fsencode(audio.path),
        *"-map_metadata -1 -fflags +bitexact -flags:a +bitexact -c:a".split(),
        *CODECS[codec],
        b"file:" + os.fsencode(target),
    ]
    process = start_confined(
        command,
        Limits(reads=(audio.path,), writes=(target,)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            _, stderr = process.communicate(timeout=timeout_seconds)
        except BaseException as error:
            process.kill()
            if not isinstance(error, subprocess.TimeoutExpired):
                raise
            raise TransientError(
                f"ffmpeg did not encode {span.duration:.0f} s of audio within "
                f"{timeout_seconds:.0f} s",
                "Check that the disk answers",
            ) from None
    if process.returncode != 0:
        stderr_lines = stderr.decode("utf-8", "replace").strip().splitlines()
        reason = stderr_lines[-1] if stderr_lines else f"status {process.returncode}"
        raise SetupError(
            f"ffmpeg cannot encode {codec}: {reason}",
            f"Check that the disk is not full and that this ffmpeg has {CODECS[codec][0]}",
        )
