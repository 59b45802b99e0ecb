"""mpv lists each sidecar that we write by its name alone, and ffmpeg decodes it.

What mpv 0.35 makes of a name is written down here as it is: by default it loads only names with
nothing but two or three letters after the stem; ``sub-auto=fuzzy`` loads all. A later one that does
better fails the second test, and docs/users/filenames.md is to be told.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from subtitled.config.library_settings import FilenameSettings
from subtitled.plugin import Cue, Language, Subtitle, SubtitleKind
from subtitled.subtitles.filenames import build_sidecar_path
from subtitled.subtitles.formats import render_subtitle

pytestmark = [
    pytest.mark.players,
    pytest.mark.skipif(shutil.which("mpv") is None, reason="mpv is not installed"),
]
CUES = tuple(Cue(0.2 + second, 0.9 + second, f"Word {second}") for second in range(3))
WISHES = [
    ("en", SubtitleKind.FULL),
    ("hi", SubtitleKind.SDH),
    ("en", SubtitleKind.FORCED),
    ("zh-Hans", SubtitleKind.FULL),
]
STYLES = [("standard", ""), ("iso639-2", ""), ("standard", "machine"), ("iso639-2", "machine")]


def written(folder: Path, style: str, mark: str, fmt: str = "srt") -> list[Path]:
    """Every wish beside a film of three seconds, in one style of names."""
    film = folder / "Film (2020).mkv"
    if not film.exists():
        picture = ["-f", "lavfi", "-i", "color=black:s=16x16:r=5:d=3"]
        command = ["ffmpeg", "-v", "error", *picture, "-c:v", "ffv1", str(film)]
        subprocess.run(command, check=True, timeout=60)
    naming = FilenameSettings.model_validate({"style": style, "tag": mark})
    paths = []
    for tag, kind in WISHES:
        path = build_sidecar_path(film, Language(tag), kind, fmt, settings=naming)
        path.write_bytes(
            render_subtitle(Subtitle(language=Language(tag), cues=CUES, kind=kind), fmt)
        )
        paths.append(path)
    return paths


def listed(film: Path, auto: str) -> dict[str, Any]:
    """The external subtitles of mpv's track list, as it says them, by file name."""
    script = film.parent / "tell.lua"
    script.write_text(
        'mp.register_event("file-loaded", function()\n'
        '  local tracks = mp.get_property_native("track-list")\n'
        '  print("TRACKS" .. require("mp.utils").format_json(tracks))\n'
        '  mp.commandv("quit")\nend)\n'
    )
    command = [
        "mpv",
        "--no-config",
        "--vo=null",
        "--ao=null",
        f"--sub-auto={auto}",
        f"--script={script}",
        "--msg-level=all=error,tell=info",
        str(film),
    ]
    output = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    tracks = json.loads(output.partition("TRACKS")[2].splitlines()[0])
    print(json.dumps(tracks, indent=1))  # with pytest -s
    return {Path(one["external-filename"]).name: one for one in tracks if one["external"]}


@pytest.mark.parametrize(("style", "mark"), STYLES)
def test_mpv_lists_every_name_when_it_looks_beyond_the_exact(
    tmp_path: Path, style: str, mark: str
) -> None:
    paths = written(tmp_path, style, mark)
    tracks = listed(tmp_path / "Film (2020).mkv", "fuzzy")
    assert tracks.keys() == {path.name for path in paths}
    assert {track["codec"] for track in tracks.values()} == {"subrip"}
    assert tracks[paths[0].name]["lang"] == ("en" if style == "standard" else "eng")


@pytest.mark.parametrize(("style", "code"), [("standard", "en"), ("iso639-2", "eng")])
def test_mpv_as_it_comes_lists_whole_subtitles_with_short_codes_alone(
    tmp_path: Path, style: str, code: str
) -> None:
    paths = written(tmp_path, style, "")
    tracks = listed(tmp_path / "Film (2020).mkv", "exact")
    assert {name: track["lang"] for name, track in tracks.items()} == {paths[0].name: code}


@pytest.mark.parametrize(
    ("fmt", "style"), [("srt", "iso639-2"), ("vtt", "standard"), ("ass", "standard")]
)
def test_ffmpeg_decodes_every_cue_without_a_word(tmp_path: Path, fmt: str, style: str) -> None:
    for path in written(tmp_path, style, "machine", fmt):
        count = [
            *"ffprobe -v error -count_packets -of csv=p=0".split(),
            "-show_entries",
            "stream=nb_read_packets",
            str(path),
        ]
        probed = subprocess.run(count, capture_output=True, text=True, timeout=60, check=True)
        assert (probed.stdout.strip(), probed.stderr) == (str(len(CUES)), "")
        decode = ["ffmpeg", "-v", "warning", "-i", str(path), "-map", "0:s", "-c:s", "ass"]
        decode += ["-f", "null", "-"]
        decoded = subprocess.run(decode, capture_output=True, text=True, timeout=60, check=True)
        assert decoded.stderr == ""
