"""Microphones on tracks of their own: both people are written, and it is told what was taken."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from subtitled.config.load import load_config
from subtitled.config.paths import resolve_state_dir
from subtitled.daemon.answers.coverage import count_coverage
from subtitled.db.records import FileState
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Language, TimeSpan
from subtitled.policy.requirements import NOBODY_SPEAKS
from subtitled.transcripts.models import ChannelShare, TrackAnalysis
from support.harness import Harness

# Tones stand for speech: at 1 and 9 s one person speaks, at 5 and 13 s the other.
FIRST = "aevalsrc='0.3*sin(2*PI*440*t)*(between(t,1,2)+between(t,9,10.5))':d=16:s=48000"
SECOND = "aevalsrc='0.2*sin(2*PI*550*t)*(between(t,5,6.2)+between(t,13,14))':d=16:s=48000"
SILENT = "anullsrc=r=48000:cl=mono:d=16"


@pytest.fixture
def harness(tmp_path: Path) -> Iterator[Harness]:
    built = Harness(tmp_path, 'languages = ["en"]')
    yield built
    built.close()


def make(
    target: Path,
    *sources: str,
    graph: str = "",
    options: Sequence[str] = ("-c:a", "pcm_s16le"),
) -> Path:
    inputs = [word for source in sources for word in ("-f", "lavfi", "-i", source)]
    maps = [word for n in range(len(sources)) for word in ("-map", str(n))]
    mixing = ["-filter_complex", graph, "-map", "[o]"] if graph else maps
    subprocess.run(
        ["ffmpeg", "-v", "error", *inputs, *mixing, *options, target],
        check=True,
        stdin=subprocess.DEVNULL,
    )
    return target


def cue_starts(harness: Harness, medium: Path) -> list[float]:
    text = medium.with_name(f"{medium.stem}.en.srt").read_text("utf-8")
    times = [line.split(" --> ")[0] for line in text.splitlines() if "-->" in line]
    return [float(time[6:].replace(",", ".")) for time in times]


def test_both_people_are_written_and_the_choice_is_stored(harness: Harness) -> None:
    medium = make(harness.root / "talk.mov", SILENT, FIRST, SECOND)
    harness.scan()
    assert cue_starts(harness, medium) == pytest.approx([1.0, 5.0, 9.0, 13.0], abs=0.05)
    fingerprint = harness.the(medium).fingerprint
    assert fingerprint is not None
    analysis = harness.transcripts.analysis(fingerprint, 0)
    assert analysis is not None
    assert [share.gain > 0 for share in analysis.channel_shares] == [False, True, True]
    assert "no speech" in analysis.channel_shares[0].reason
    left = [path.name for path in (harness.state / "scratch").iterdir()]
    assert not any(name.endswith((".channels", ".channel", ".mix")) for name in left), left


def test_the_mix_is_made_again_where_it_was_cleared_away(harness: Harness) -> None:
    medium = make(harness.root / "talk.mov", FIRST, SECOND)
    harness.scan()
    medium.with_name("talk.en.srt").unlink()
    for path in (harness.state / "scratch").iterdir():
        path.unlink()
    fingerprint = harness.the(medium).fingerprint
    assert fingerprint is not None
    harness.transcripts.clear_transcripts(fingerprint)
    harness.jobs.retry(harness.the(medium))
    harness.settle()
    assert cue_starts(harness, medium) == pytest.approx([1.0, 5.0, 9.0, 13.0], abs=0.05)


def test_nobody_on_any_track_is_no_speech_with_a_reason_for_each(harness: Harness) -> None:
    medium = make(harness.root / "empty.mov", SILENT, SILENT)
    harness.scan()
    record = harness.the(medium)
    assert record.state is FileState.NO_SPEECH
    assert record.fingerprint is not None
    analysis = harness.transcripts.analysis(record.fingerprint, 0)
    assert analysis is not None
    assert len(analysis.channel_shares) == 2


def test_the_player_is_on_the_second_track_and_the_game_on_the_first(harness: Harness) -> None:
    sources = [SILENT, SILENT, FIRST, SILENT]
    medium = make(harness.root / "game.mkv", *sources, options=("-c:a", "flac", "-ac", "2"))
    harness.scan()
    assert cue_starts(harness, medium) == pytest.approx([1.0, 9.0], abs=0.05)
    record = harness.the(medium)
    assert record.state is FileState.DONE
    assert record.fingerprint is not None
    assert harness.transcripts.silent_tracks(record.fingerprint) == {0, 1}


def test_two_microphones_on_the_sides_of_stereo_are_both_written(harness: Harness) -> None:
    room = "anoisesrc=a=0.001:d=16:r=48000:seed="
    sides = (
        f"{FIRST}[a];{SECOND},volume=0.3[b];{room}1[r];{room}2[s];"
        "[a][r]amix=normalize=0[l];[b][s]amix=normalize=0[m];"
        "[l][m]join=inputs=2:channel_layout=stereo[o]"
    )
    medium = make(harness.root / "talk.mp4", graph=sides, options=("-c:a", "aac"))
    harness.scan()
    assert cue_starts(harness, medium) == pytest.approx([1.0, 5.0, 9.0, 13.0], abs=0.1)
    fingerprint = harness.the(medium).fingerprint
    assert fingerprint is not None
    analysis = harness.transcripts.analysis(fingerprint, 0)
    assert analysis is not None
    assert [share.channel for share in analysis.channel_shares] == [1, 2]
    assert all(share.gain > 0 for share in analysis.channel_shares)


def test_two_microphones_on_tracks_of_a_matroska_file_are_both_written(harness: Harness) -> None:
    medium = make(harness.root / "talk.mkv", FIRST, SECOND, options=("-c:a", "flac"))
    harness.scan()
    assert cue_starts(harness, medium) == pytest.approx([1.0, 5.0, 9.0, 13.0], abs=0.05)


def test_the_sound_of_a_silent_film_is_listened_to_and_its_commentary_is_not(
    harness: Harness,
) -> None:
    titled = ("-c:a", "flac", "-metadata:s:a:1", "title=Commentary by a historian")
    medium = make(harness.root / "silent.mkv", SILENT, FIRST, options=titled)
    harness.scan()
    assert harness.the(medium).state is FileState.NO_SPEECH


def test_a_silent_analysis_of_before_counts_only_where_nothing_more_is_found_now(
    harness: Harness,
) -> None:
    graph = f"{FIRST},pan=stereo|c0=c0|c1=-1*c0[o]"
    inverted = make(harness.root / "inverted.wav", graph=graph)
    mono = make(harness.root / "mono.wav", FIRST)
    silent = TrackAnalysis(duration=16.0, speech=())
    for medium in (inverted, mono):
        harness.transcripts.save_analysis(content_fingerprint(medium), 0, silent)
    harness.scan()
    assert cue_starts(harness, inverted) == pytest.approx([1.0, 9.0], abs=0.05)
    assert harness.the(mono).state is FileState.NO_SPEECH


def test_after_an_update_a_silent_file_is_tried_again_once(harness: Harness) -> None:
    graph = f"{FIRST},pan=stereo|c0=c0|c1=-1*c0[o]"
    inverted = make(harness.root / "inverted.wav", graph=graph)
    mono = make(harness.root / "mono.wav", SILENT)
    harness.scan()
    assert harness.the(mono).state is FileState.NO_SPEECH
    silent = TrackAnalysis(duration=16.0, speech=())
    for medium in (inverted, mono):
        harness.transcripts.save_analysis(content_fingerprint(medium), 0, silent)
    inverted.with_name("inverted.en.srt").unlink()
    harness.database.sidecars.delete(inverted.with_name("inverted.en.srt"))
    record = harness.the(inverted)
    harness.jobs._results.record(
        record, FileState.NO_SPEECH, record.settings_digest or "", reason=""
    )
    harness.close()
    harness.open()
    harness.settle()
    assert cue_starts(harness, inverted) == pytest.approx([1.0, 9.0], abs=0.05)
    assert harness.the(mono).state is FileState.NO_SPEECH
    assert not harness.transcripts.has_outdated_silence(content_fingerprint(mono))


def test_explain_tells_what_is_on_each_track_and_why_it_was_taken(
    subtitled: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    medium = make(tmp_path / "talk.mov", SILENT, FIRST)
    shares = [
        ChannelShare(
            track=track,
            channel=None,
            speech_seconds=4.0 * gain,
            gain=gain,
            level=level,
            reason=f"track {track}: {why}",
        )
        for track, gain, level, why in (
            (0, 0.0, -90.0, "not taken: no speech in it"),
            (1, 1.0, -20.0, "taken: 3 s"),
        )
    ]
    analysis = TrackAnalysis(
        duration=16.0,
        speech=(TimeSpan(1.0, 2.0),),
        channel_shares=tuple(shares),
        language=Language("en"),
    )
    store = open_transcript_store(resolve_state_dir(load_config(None).settings))
    store.save_analysis(content_fingerprint(medium), 0, analysis)
    explained = json.loads(subtitled("explain", medium, "--json").stdout)
    assert "track 0: not taken: no speech in it (0% speech, -90 dB)" in explained["audio"]
    assert "track 1: taken: 3 s (25% speech, -20 dB, English)" in explained["audio"]
    assert explained["rejected_tracks"] == []


def test_a_film_in_which_nobody_speaks_misses_nothing(harness: Harness) -> None:
    medium = make(harness.root / "quiet.mkv", SILENT, options=("-c:a", "flac"))
    harness.scan()
    record = harness.the(medium)
    assert record.state is FileState.NO_SPEECH
    rows = harness.database.overview.requirements_of(record.id)
    assert rows
    assert {row.status for row in rows} == {"nothing-to-write"}
    harness.jobs.plan(harness.the(medium))
    again = harness.the(medium)
    assert again.state is FileState.NO_SPEECH
    assert NOBODY_SPEAKS in again.reason
    answer = count_coverage(harness.configuration.settings, harness.database)
    (counted,) = answer.libraries[0].languages
    assert (counted.met, counted.missing, counted.nothing_to_write) == (0, 0, 1)
