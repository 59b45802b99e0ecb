"""Decoding one track to what engines listen to: mono, 16 kHz, 16 bit, from the medium's time 0."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import ffmpeg

from subtitled.plugin import SAMPLE_RATE, Audio, Temporary

from .arriving import part_of
from .probe import AudioTrack, probe
from .problems import NotMedia, Truncated, shown
from .run import run, url
from .shots import cut_in, watching

BYTES_PER_SECOND = SAMPLE_RATE * 2
SLOWEST_SOUND, SLOWEST_PICTURE = 4.0, 20.0
"""Seconds that decoding a second may take before it counts as hung."""
MISSING_SHARE = 0.05
MISSING_SECONDS = 10.0
"""Sound that ends by both too early makes us look whether the file is whole."""


def decode(
    path: Path,
    track: AudioTrack,
    into: Path,
    *,
    limit: float | None = None,
    on_progress: Callable[[float], None] | None = None,
    on_cut: Callable[[float], None] | None = None,
) -> Audio:
    """Decode a track into the file ``into``, which appears only when it is whole.

    A track that starts late is padded with silence, so that times in the sound are times in the
    medium. ``on_progress`` is told the seconds decoded so far. ``on_cut``, if it is given, is told
    each second at which the picture cuts, for which the picture is decoded too.

    Raises :class:`Truncated` when the end of the file is missing, :class:`Temporary` when the disk
    is full.
    """
    part = part_of(into)
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        duration = probe(path).duration
        _room_for(duration, into.parent)
        on_line, cuts = _told(on_progress, on_cut), on_cut is not None
        ran = run(
            "ffmpeg",
            _arguments(path, track.index, part, cuts),
            limit or decoding_limit(duration, cuts),
            on_line,
        )
        if "No space left on device" in ran.stderr:
            raise _full(duration, into.parent)
        if ran.status != 0 and cuts:
            # A picture that cannot be decoded is no reason to give up the sound.
            return decode(path, track, into, limit=limit, on_progress=on_progress)
        if ran.status != 0 or not part.exists() or part.stat().st_size == 0:
            last = ran.stderr.splitlines()[-1] if ran.stderr else "no sound came out"
            raise NotMedia(
                f"track {track.index} of {shown(path)} cannot be decoded: {last}",
                "Play the file to see whether it is whole; get it again if not",
            )
        audio = Audio(part)
        _whole(path, audio.duration, duration)
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    return Audio(into)


def decoding_limit(duration: float, picture: bool) -> float:
    """Seconds after which decoding so many counts as hung."""
    return max(600.0, (SLOWEST_PICTURE if picture else SLOWEST_SOUND) * duration)


def _arguments(path: Path, index: int, part: Path, cuts: bool) -> list[str | bytes]:
    """ffmpeg-python builds the command; the paths go in as bytes, since not all are text."""
    unread: dict[str, None] = {"sn": None, "dn": None} | ({} if cuts else {"vn": None})
    source = ffmpeg.input("SOURCE", protocol_whitelist="file,pipe", **unread)
    sound = source[str(index)].filter("aresample", **{"async": 1, "first_pts": 0})
    output = ffmpeg.output(
        sound, "TARGET", format="s16le", acodec="pcm_s16le", ac=1, ar=SAMPLE_RATE, map_metadata=-1
    )
    both = ffmpeg.merge_outputs(output, watching(source)) if cuts else output
    said = both.global_args("-nostdin", "-hide_banner", "-v", "error", "-progress", "pipe:1")
    places = {"SOURCE": url(path), "TARGET": url(part)}
    compiled: list[str] = ffmpeg.compile(said, overwrite_output=True)[1:]
    return [places.get(word, word) for word in compiled]


def _told(
    told: Callable[[float], None] | None, on_cut: Callable[[float], None] | None
) -> Callable[[str], None]:
    def line(said: str) -> None:
        cut = cut_in(said)
        if on_cut is not None and cut is not None:
            on_cut(cut)
        name, _, value = said.partition("=")
        if told is not None and name == "out_time_us" and value.lstrip("-").isdigit():
            told(max(0.0, int(value) / 1e6))

    return line


def _room_for(duration: float, folder: Path) -> None:
    if shutil.disk_usage(folder).free < duration * BYTES_PER_SECOND:
        raise _full(duration, folder)


def _full(duration: float, folder: Path) -> Temporary:
    need = duration * BYTES_PER_SECOND / 1e6
    return Temporary(
        f"the disk is full: decoding needs {need:.0f} MB in {shown(folder)}",
        "Make room there, or give daemon.state_dir a larger disk",
    )


def _whole(path: Path, heard: float, stated: float) -> None:
    """Sound may end before the picture; but if nothing at all is there, the file was cut off."""
    missing = stated - heard
    if missing <= max(MISSING_SECONDS, MISSING_SHARE * stated):
        return
    # A seek lands on the key frame before, so more than one packet is looked at.
    ran = run(
        "ffprobe",
        [
            *"-v error -protocol_whitelist file,pipe".split(),
            "-read_intervals",
            f"{heard + missing / 2:.3f}%+#3000",
            *"-show_entries packet=pts_time -of csv=p=0".split(),
            url(path),
        ],
        120.0,
    )
    times = [float(t) for t in os.fsdecode(ran.stdout).replace(",", " ").split() if _is_number(t)]
    if not any(time > heard + 1.0 for time in times):
        raise Truncated(
            f"{shown(path)} is cut off: it states {stated:.0f} s and ends after {heard:.0f} s",
            "Get the file again; it is looked at anew when it changes",
        )


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).lstrip("-").isdigit()
