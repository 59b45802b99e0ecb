"""Media: what ffprobe finds, what is refused with which cure, sound from the medium's time 0."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.decode import decode
from subtitled.media.probe import probe
from subtitled.media.problems import Gone, NoAudio, NotMedia, Truncated
from subtitled.media.stretches import cut_into_stretches, detection_windows
from subtitled.media.tracks import choose_audio
from subtitled.media.vad import find_speech
from subtitled.plugin import Audio, Interval, Language, Misconfigured

Film = Callable[..., Path]

NAMES = [
    "[brackets] (2020).mkv",
    "-dash.mkv",
    "new\nline.mkv",
    "quote'\".mkv",
    "100%.mkv",
    "a:b.mkv",
    "é" * 120 + ".mkv",
    os.fsdecode(b"caf\xe9.mkv"),
    "\u202erlm.mkv",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_name_of_any_bytes_is_probed_and_decoded(film: Film, tmp_path: Path, name: str) -> None:
    medium = tmp_path / name
    film("plain.mkv").rename(medium)
    facts = probe(medium)
    audio = decode(medium, facts.audio[0], tmp_path / "out.s16")
    assert audio.duration == pytest.approx(3.0, abs=0.1)


def test_what_is_no_medium_is_refused_and_said_why(tmp_path: Path) -> None:
    (tmp_path / "text.mkv").write_text("not a film\n" * 100)
    (tmp_path / "empty.mkv").touch()
    (tmp_path / "folder.mkv").mkdir()
    for name in ("text.mkv", "empty.mkv", "folder.mkv"):
        with pytest.raises(NotMedia, match=name):
            probe(tmp_path / name)
    with pytest.raises(Gone):
        probe(tmp_path / "gone.mkv")


def test_without_ffmpeg_the_cure_is_said(
    film: Film, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    medium = film("a.mkv")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Misconfigured, match="apt install ffmpeg"):
        probe(medium)


def test_a_film_without_sound_has_nothing_to_listen_to(film: Film) -> None:
    with pytest.raises(NoAudio):
        choose_audio(probe(film("silent.mkv", sound=None)))


def test_a_truncated_film_is_refused_and_a_short_track_is_not(film: Film, tmp_path: Path) -> None:
    whole = film("whole.mkv", "sine=d=60", ("-t", "60"))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 5])
    facts = probe(cut)
    with pytest.raises(Truncated, match="cut off"):
        decode(cut, facts.audio[0], tmp_path / "cut.s16")
    short = tmp_path / "short.mkv"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=5:d=60"),
            *("-f", "lavfi", "-i", "sine=d=20", "-c:v", "libx264", "-preset", "ultrafast", short),
        ],
        check=True,
    )
    facts = probe(short)
    assert decode(short, facts.audio[0], tmp_path / "s.s16").duration == pytest.approx(20, abs=0.2)


def test_a_track_that_starts_late_is_heard_at_its_time(film: Film, tmp_path: Path) -> None:
    source = film("a.mkv", "sine=d=3")
    late = tmp_path / "late.mkv"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-i", source, "-itsoffset", "2", "-i", source),
            *("-map", "0:v", "-map", "1:a", "-c", "copy", late),
        ],
        check=True,
    )
    audio = decode(late, probe(late).audio[0], tmp_path / "late.s16")
    loud = np.abs(audio.samples(Interval(0, 5))) > 0.01
    assert int(np.argmax(loud)) / 16_000 == pytest.approx(2.0, abs=0.1)


def test_commentary_and_nonsense_tags_are_seen_for_what_they_are(tmp_path: Path) -> None:
    medium = tmp_path / "a.mkv"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=1", "-map", "0", "-map", "0"),
            *("-map", "0", "-metadata:s:a:0", "title=Director's Commentary"),
            *("-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=qqq1"),
            *("-disposition:a:0", "default", medium),
        ],
        check=True,
    )
    facts = probe(medium)
    assert [str(t.language) for t in facts.audio] == ["und", "de", "und"]
    choice = choose_audio(facts)
    assert choice.track.index == 1
    assert dict(choice.passed_over)[0] == "commentary"
    assert choose_audio(facts, [Language("de")]).reason == "in the preferred language de"


def test_speech_is_found_and_noise_is_not(speech: Path, tmp_path: Path) -> None:
    jfk = speech / "jfk.flac"
    audio = decode(jfk, probe(jfk).audio[0], tmp_path / "jfk.s16")
    found = find_speech(audio)
    assert sum(part.duration for part in found) > 6
    assert all(a.end < b.start for a, b in zip(found, found[1:], strict=False))
    for sound in ("anoisesrc=c=pink:a=0.2:d=20", "sine=d=20", "anullsrc=d=20"):
        pcm = tmp_path / "noise.s16"
        subprocess.run(
            [
                "ffmpeg",
                "-v",
                "error",
                "-y",
                "-f",
                "lavfi",
                "-i",
                sound,
                "-t",
                "20",
                "-ar",
                "16000",
                "-ac",
                "1",
                "-f",
                "s16le",
                pcm,
            ],
            check=True,
        )
        assert find_speech(Audio(pcm)) == []


_gaps = st.lists(st.tuples(st.floats(0.01, 30), st.floats(0.05, 90)), min_size=1, max_size=60)


@given(_gaps, st.floats(5, 600))
def test_stretches_follow_each_other_and_hold_all_speech_once(
    gaps: list[tuple[float, float]], length: float
) -> None:
    speech, now = [], 0.0
    for pause, spoken in gaps:
        speech.append(Interval(now + pause, now + pause + spoken))
        now += pause + spoken
    stretches = cut_into_stretches(speech, length, now + 1)
    assert stretches[0].interval.start == 0
    assert stretches[-1].interval.end == pytest.approx(now + 1)
    for one, following in zip(stretches, stretches[1:], strict=False):
        assert one.interval.end == following.interval.start
    held = [part for stretch in stretches for part in stretch.speech]
    assert sum(p.duration for p in held) == pytest.approx(sum(p.duration for p in speech))
    for stretch in stretches:
        assert sum(p.duration for p in stretch.speech) <= length + 1e-6
        for part in stretch.speech:
            assert stretch.interval.start <= part.start + 1e-9
            assert part.end <= stretch.interval.end + 1e-9
    windows = detection_windows(speech)
    assert 1 <= len(windows) <= 5
    assert all(a.end <= b.start for a, b in zip(windows, windows[1:], strict=False))
