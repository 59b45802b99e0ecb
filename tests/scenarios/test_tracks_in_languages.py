"""Mono tracks of one programme in several languages: each is a track of its own."""

from __future__ import annotations

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest

from subtitled.daemon.answers.file_inspection import inspect_now
from subtitled.db.records import FileState
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.errors import NoAudioError
from subtitled.plugin import SAMPLE_RATE, Language
from subtitled.subtitles.formats import read_cues
from support.tone_engine import DE, EN, PITCHES, RU, TEXTS, configure
from support.tone_place import Place

PITCH_OF = {language: pitch for pitch, language in PITCHES.items()}
BURSTS = 12


def voice(path: Path, language: Language | None, seed: int, late: bool = False) -> Path:
    """Write half a minute in which somebody "speaks" with changing loudness, or nobody."""
    random = np.random.default_rng(seed)
    parts = [np.zeros(SAMPLE_RATE // 2)]
    for number in range(BURSTS):
        level = np.repeat(0.3 * 10 ** random.uniform(-0.6, 0.0, 8), SAMPLE_RATE // 4)
        phase = np.arange(len(level)) * 2 * np.pi / SAMPLE_RATE
        is_on = language is not None and (not late or number >= BURSTS // 2)
        pitch = PITCH_OF[language] if language is not None else 0
        parts += [level * np.sin(phase * pitch) * is_on, np.zeros(SAMPLE_RATE // 2)]
    sound = (np.concatenate(parts) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path


def make(folder: Path, *languages: Language | None, tag: str = "") -> Path:
    """Write a QuickTime file with a mono track for each language."""
    voices = [voice(folder / f"v{n}.wav", one, n) for n, one in enumerate(languages)]
    target = folder / "show.mov"
    subprocess.run(
        [
            *("ffmpeg", "-v", "error", "-y"),
            *(word for path in voices for word in ("-i", path)),
            *(word for n in range(len(voices)) for word in ("-map", str(n))),
            *("-c:a", "pcm_s24le", "-ar", "48000"),
            *(("-metadata:s:a", f"language={tag}") if tag else ()),
            target,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    for path in voices:
        path.unlink()
    return target


def words_of(path: Path) -> set[str]:
    return {word for cue in read_cues(path.read_bytes(), "srt") for word in cue.text.split()}


@pytest.mark.parametrize("tag", ["", "eng"])
def test_tracks_in_other_languages_are_tracks_of_their_own(tmp_path: Path, tag: str) -> None:
    place = Place(tmp_path, configure(detects=True))
    film = make(tmp_path, None, EN, DE, RU, tag=tag)
    done = place.make(film, languages=["original", "de", "ru"])
    assert done.state is FileState.DONE, done.reason
    for language in (EN, DE, RU):
        words = words_of(film.with_suffix(f".{language}.srt"))
        assert len(words & set(TEXTS[language].split())) > len(words) / 2, (language, words)
    assert place.analysis(film, 0).versions == (2, 3)
    assert place.analysis(film, 2).language == DE
    told = inspect_now(place.services.config, place.database, film)["audio"]
    assert any("track 0" in line and "no speech" in line for line in told), told
    for track, name in ((1, "English"), (2, "German"), (3, "Russian")):
        assert any(
            line.startswith(f"track {track}: ") and name in line and "dB" in line for line in told
        ), told
    assert any("track 2" in line and "a track of its own" in line for line in told), told


def test_a_stated_language_is_that_of_the_first_version(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(detects=True))
    film = make(tmp_path, EN, DE)
    done = place.make(film, spoken=EN, languages=["en", "de"])
    assert done.state is FileState.DONE, done.reason
    assert words_of(film.with_suffix(".de.srt")) & set(TEXTS[DE].split())
    assert place.analysis(film, 0).language == EN
    assert place.analysis(film, 1).language == DE


def test_a_sound_that_was_cleared_away_is_decoded_again(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(detects=True))
    film = make(tmp_path, EN, DE)
    assert place.make(film, languages=["original"]).state is FileState.DONE
    for path in place.services.scratch.iterdir():
        path.unlink()
    assert place.make(film, languages=["original", "de"]).state is FileState.DONE
    assert words_of(film.with_suffix(".de.srt")) & set(TEXTS[DE].split())


def test_only_the_tracks_that_the_library_names_are_listened_to(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(detects=True))
    film = make(tmp_path, EN, DE)
    assert place.make(film).state is FileState.DONE
    place.make(film, tracks=[2], languages=["original"])
    assert words_of(film.with_suffix(".de.srt")) & set(TEXTS[DE].split())
    fingerprint = content_fingerprint(film)
    assert place.services.store.tracks(fingerprint) == [1]
    with pytest.raises(NoAudioError, match="none that the setting tracks names"):
        place.make(film, tracks=[7])


def test_one_side_of_a_track_in_two_languages_is_listened_to_if_the_library_says_so(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, configure(detects=True))
    film = make(tmp_path, EN, DE)
    stereo = tmp_path / "stereo.wav"
    join = ("-filter_complex", "[0:0][0:1]amerge=inputs=2[o]", "-map", "[o]")
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", film, *join, stereo], check=True, stdin=subprocess.DEVNULL
    )
    place.make(stereo, channels=[2], languages=["original"])
    assert words_of(stereo.with_suffix(".de.srt")) & set(TEXTS[DE].split())
