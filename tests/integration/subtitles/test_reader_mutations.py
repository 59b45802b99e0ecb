"""Damaged SubRip and WebVTT is read as a person would read it, and as ffmpeg does.

Where ffmpeg reads a file in another way, the table of mutations says why ours is on purpose.
"""

from __future__ import annotations

import re
import subprocess
import warnings
from pathlib import Path

import pysubs2
import pytest

from subtitled.subtitles.formats import drop_unusable, read_text
from subtitled.subtitles.markup import strip_tags
from support.reader_mutations import (
    CUES,
    SRT,
    SRT_MUTATIONS,
    VTT,
    VTT_MUTATIONS,
    Mutation,
    Read,
)

_CUE = re.compile(
    r"\d+\n(\d+):(\d\d):(\d\d),(\d{3}) --> (\d+):(\d\d):(\d\d),(\d{3})\n(.*?)\n"
    r"(?=\n\d+\n|\n*\Z)",
    re.DOTALL,
)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|\{\\[^{}]*\}")
CASES = [
    *(("srt", name, SRT, mutation) for name, mutation in SRT_MUTATIONS.items()),
    *(("vtt", name, VTT, mutation) for name, mutation in VTT_MUTATIONS.items()),
]
IDS = [f"{fmt}: {name}" for fmt, name, _, _ in CASES]


def _one_line(text: str) -> str:
    lines = (" ".join(line.split(" ")).strip() for line in text.split("\n"))
    return "|".join(line for line in lines if line)


def read_by_us(text: str, fmt: str) -> list[Read]:
    result = drop_unusable(read_text(text, fmt))
    found = [(cue.start, cue.end, _one_line(strip_tags(cue.text))) for cue in result.cues]
    return sorted(cue for cue in found if cue[2])


@pytest.fixture(scope="module")
def read_by_ffmpeg(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Read]]:
    """Return what ffmpeg reads in each file that it reads as we do. One process reads them all."""
    folder = tmp_path_factory.mktemp("damaged")
    inputs: list[str] = []
    outputs: list[str] = []
    read: dict[str, Path] = {}
    for case, (fmt, _, good, mutation) in zip(IDS, CASES, strict=True):
        if mutation.ffmpeg_differs:
            continue
        source, target = (folder / f"{len(read)}.{suffix}" for suffix in (fmt, "out"))
        source.write_bytes(mutation.change(good).encode())
        # Players choose the reader by the extension.
        inputs += ["-f", {"srt": "srt", "vtt": "webvtt"}[fmt], "-i", str(source)]
        outputs += ["-map", f"{len(read)}:0", "-f", "srt", str(target)]
        read[case] = target
    subprocess.run(["ffmpeg", "-v", "quiet", *inputs, *outputs], check=True)
    return {case: _parse_ffmpeg(path.read_text()) for case, path in read.items()}


def _parse_ffmpeg(output: str) -> list[Read]:
    cues = []
    for match in _CUE.finditer(output):
        numbers = [int(match[n]) for n in range(1, 9)]
        start, end = (
            hours * 3600 + minutes * 60 + seconds + ms / 1000
            for hours, minutes, seconds, ms in (numbers[:4], numbers[4:])
        )
        text = _TAG.sub("", match[9].replace("\\h", "\u00a0"))
        cues.append((round(start, 3), round(end, 3), _one_line(text)))
    return sorted(cue for cue in cues if cue[2])


def read_by_pysubs2(text: str, fmt: str) -> list[Read]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            events = pysubs2.SSAFile.from_string(text, format_=fmt)
    except Exception:  # noqa: BLE001  Its readers raise any exception.
        return []
    found = [(event.start / 1000, event.end / 1000, _one_line(event.plaintext)) for event in events]
    return sorted(cue for cue in found if cue[2])


@pytest.mark.parametrize(
    ("case", "fmt", "good", "mutation"),
    [
        (case, fmt, good, mutation)
        for case, (fmt, _, good, mutation) in zip(IDS, CASES, strict=True)
    ],
    ids=IDS,
)
def test_a_damaged_file_is_read_as_a_person_and_ffmpeg_read_it(
    case: str, fmt: str, good: str, mutation: Mutation, read_by_ffmpeg: dict[str, list[Read]]
) -> None:
    damaged = mutation.change(good)
    assert damaged != good or case.endswith("untouched")
    ours = read_by_us(damaged, fmt)
    assert ours == sorted(mutation.expected)
    if not mutation.ffmpeg_differs:
        assert ours == read_by_ffmpeg[case]


@pytest.mark.parametrize(("fmt", "name", "good", "mutation"), CASES, ids=IDS)
def test_no_text_is_left_out_without_a_word(
    fmt: str, name: str, good: str, mutation: Mutation
) -> None:
    if len(mutation.expected) < len(CUES) and name != "cut off before the last times":
        assert drop_unusable(read_text(mutation.change(good), fmt)).dropped


def test_pysubs2_loses_numbers_and_comments_which_is_why_it_does_not_read_these_formats() -> None:
    assert read_by_pysubs2(SRT, "srt") == read_by_us(SRT, "srt")
    unnumbered = SRT_MUTATIONS["no numbers"].change(SRT)
    assert read_by_us(unnumbered, "srt") == list(CUES)
    assert read_by_pysubs2(unnumbered, "srt") != list(CUES)
    assert read_by_pysubs2(VTT, "vtt") != read_by_us(VTT, "vtt")
