"""A late subtitle of somebody else: a job corrects a copy, and nothing of theirs changes."""

from __future__ import annotations

import subprocess
from pathlib import Path
from statistics import median

import pytest
from typer.testing import CliRunner

import subtitled.cli.check  # noqa: F401 - adds its command
from subtitled.cli.app import app
from subtitled.daemon.answers.file import describe_file, explain_file
from subtitled.daemon.answers.undo import undo_file
from subtitled.plugin import Audio, Cue, Language, Subtitle, Transcript, TranscriptionRequest, Word
from subtitled.subtitles.formats import read_cues, render_subtitle
from subtitled.subtitles.synchronisation import SyncVerdict
from support.harness import Harness, film

THEIRS = "Film.eng.srt"
COPY = "Film.subtitled.en.srt"
TEXT = (
    "we were walking along the river when the old man told us that nobody had seen his daughter "
    "since the night of the storm and that every boat which left the harbour had come back empty"
).split()


def say_text(audio: Audio, request: TranscriptionRequest) -> Transcript:
    """Hear three words of a text in each tone."""
    words = []
    for span in request.chunk.speech:
        first = round(span.start * 100)
        step = span.duration / 3
        words += [
            Word(
                text=f" {TEXT[(first + n * n) % len(TEXT)]}",
                start=span.start + step * n,
                end=span.start + step * (n + 1),
            )
            for n in range(3)
        ]
    return Transcript(language=request.language, words=tuple(words), engine="fake_engine")


def open_library(folder: Path, *settings: str) -> tuple[Harness, Path, tuple[Cue, ...]]:
    """Return a library with one film, and what is said in it."""
    harness = Harness(folder, 'languages = ["en"]', *settings)
    harness.engine.transcribe = say_text  # type: ignore[method-assign]
    media = film(harness.root / "Film.wav", 3)
    harness.scan()
    fingerprint = harness.the(media).fingerprint or ""
    track = harness.transcripts.tracks(fingerprint)[0]
    variant = harness.transcripts.variants(fingerprint, track)[0]
    words: list[Word] = []
    for begin, end in harness.transcripts.stored_spans(fingerprint, track, variant):
        part = harness.transcripts.effective_by_name(fingerprint, track, variant, f"{begin}-{end}")
        words += part.words if part is not None else ()
    cues = tuple(
        Cue(words[n].start, words[n + 2].end, "".join(w.text for w in words[n : n + 3]).strip())
        for n in range(0, len(words), 3)
    )
    return harness, media, cues


def place_theirs(harness: Harness, cues: tuple[Cue, ...], late: float) -> bytes:
    moved = tuple(Cue(cue.start + late, cue.end + late, cue.text) for cue in cues)
    content = render_subtitle(Subtitle(language=Language("en"), cues=moved), "srt")
    (harness.root / THEIRS).write_bytes(content)
    return content


def run_again(harness: Harness, media: Path) -> None:
    """Take ours away, so that the film has a job again."""
    undo_file(harness.configuration, harness.database, media, restore=False, actor="ana")
    harness.jobs.retry(harness.the(media))
    harness.settle()


def test_a_job_corrects_a_copy_of_a_late_subtitle_and_leaves_the_original(tmp_path: Path) -> None:
    settings = ("resync = true", "counts_as_existing.sidecars = false")
    harness, media, cues = open_library(tmp_path, *settings)
    original = place_theirs(harness, cues, 3.0)
    run_again(harness, media)

    assert COPY in harness.names()
    assert (harness.root / THEIRS).read_bytes() == original
    corrected = read_cues((harness.root / COPY).read_bytes(), "srt")
    assert [cue.text for cue in corrected] == [cue.text for cue in cues]
    errors = [abs(one.start - two.start) for one, two in zip(corrected, cues, strict=True)]
    assert median(errors) < 0.2
    known = describe_file(harness.configuration, harness.database, harness.the(media))
    (check,) = known.checks
    assert check.location == THEIRS
    assert check.report.verdict is SyncVerdict.OFFSET
    assert known.to_dict()["subtitle_checks"][0]["offset"] == pytest.approx(-3.0, abs=0.2)
    assert any(COPY in entry.reason for entry in known.history)
    explained = explain_file(harness.configuration, harness.database, media).facts
    (line,) = explained["subtitle_times"]
    assert "Film.eng.srt: early or late: it is" in line and "s too late" in line

    undo_file(
        harness.configuration, harness.database, harness.root / COPY, restore=False, actor="ana"
    )
    assert COPY not in harness.names()
    assert THEIRS in harness.names()
    harness.close()


def test_a_right_subtitle_gets_no_copy(tmp_path: Path) -> None:
    settings = ("resync = true", "counts_as_existing.sidecars = false")
    harness, media, cues = open_library(tmp_path, *settings)
    place_theirs(harness, cues, 0.0)
    run_again(harness, media)
    assert COPY not in harness.names()
    known = describe_file(harness.configuration, harness.database, harness.the(media))
    assert [check.report.verdict for check in known.checks] == [SyncVerdict.IN_SYNC]
    harness.close()


def test_a_library_that_does_not_ask_for_it_checks_nothing(tmp_path: Path) -> None:
    harness, media, cues = open_library(tmp_path, "counts_as_existing.sidecars = false")
    place_theirs(harness, cues, 3.0)
    run_again(harness, media)
    assert COPY not in harness.names()
    known = describe_file(harness.configuration, harness.database, harness.the(media))
    assert known.checks == ()
    harness.close()


def test_the_command_tells_by_its_status_and_writes_a_copy_when_asked(tmp_path: Path) -> None:
    harness, _, cues = open_library(tmp_path)
    original = place_theirs(harness, cues, 3.0)
    harness.close()
    base = ["--config", str(tmp_path / "config.toml"), "check"]
    theirs = str(harness.root / THEIRS)

    told = CliRunner().invoke(app, [*base, theirs])
    assert told.exit_code == 1, told.output
    assert "early or late" in told.output
    assert COPY not in harness.names()
    written = CliRunner().invoke(app, [*base, "--resync", theirs])
    assert written.exit_code == 1, written.output
    assert COPY in harness.names()
    assert (harness.root / THEIRS).read_bytes() == original

    check_ass(harness, cues)

    renamed = (harness.root / THEIRS).rename(harness.root / "Film.b.eng.srt")
    known = CliRunner().invoke(app, [*base, str(renamed)])
    assert "Film.b.eng.srt: early or late" in known.output
    renamed.unlink()

    place_theirs(harness, cues, 0.0)
    assert CliRunner().invoke(app, [*base, theirs]).exit_code == 0
    (harness.root / THEIRS).write_bytes(b"1\n00:00:01,000 --> 00:00:02,000\nOnly this.\n")
    assert CliRunner().invoke(app, [*base, theirs]).exit_code == 3
    (harness.root / THEIRS).write_bytes(b"<html>not found</html>")
    refused = CliRunner().invoke(app, [*base, theirs])
    assert refused.exit_code == 2, refused.output
    lost = CliRunner().invoke(app, [*base, str(harness.root / "Other.en.srt")])
    assert lost.exit_code == 2
    assert "Other.en.srt does not exist" in lost.output
    (harness.root / "Other.en.srt").write_bytes(original)
    strange = CliRunner().invoke(app, [*base, str(harness.root / "Other.en.srt")])
    assert strange.exit_code == 2
    assert "--media" in strange.output


def test_the_copy_of_one_subtitle_does_not_replace_that_of_another(tmp_path: Path) -> None:
    harness, media, cues = open_library(tmp_path)
    place_theirs(harness, cues, 3.0)
    (harness.root / THEIRS).rename(harness.root / "Film.a.eng.srt")
    place_theirs(harness, cues, 5.0)
    harness.close()
    arguments = ["--config", str(tmp_path / "config.toml"), "check", "--resync", str(media)]
    written = CliRunner().invoke(app, arguments)
    assert written.exit_code == 1, written.output
    assert written.output.count("corrected copy: ") == 1
    assert f"{COPY} was just written for another subtitle" in " ".join(written.output.split())


def test_what_cannot_be_read_keeps_nobody_from_the_checks_of_the_others(tmp_path: Path) -> None:
    harness, media, cues = open_library(tmp_path)
    harness.close()
    empty, broken = tmp_path / "empty.srt", tmp_path / "broken.srt"
    empty.write_text("1\n00:00:01,000 --> 00:00:02,000\n<i></i>\n", "utf-8")
    # The container says UTF-8, so this track cannot be decoded.
    broken.write_bytes("1\n00:00:01,000 --> 00:00:02,000\nD\u00e9j\u00e0 vu\n".encode("latin-1"))
    both = harness.root / "Both.mkv"
    sources = ["-i", str(media), "-i", str(broken), "-i", str(empty)]
    streams = ["-map", "0", "-map", "1", "-map", "2", "-c:s", "copy"]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *sources, *streams, str(both)], check=True)
    (harness.root / "Both.de.srt").write_bytes(b"<html>not found</html>")
    content = render_subtitle(Subtitle(language=Language("en"), cues=cues), "srt")
    (harness.root / "Both.en.srt").write_bytes(content)
    arguments = ["--config", str(tmp_path / "config.toml"), "check", str(both)]
    told = CliRunner().invoke(app, arguments)
    assert told.exit_code in (0, 3), told.output
    assert "Both.en.srt: " in told.output
    assert "Both.de.srt: cannot tell: it is a web page" in told.output
    assert "track 1: cannot tell: subtitle stream 1 of " in told.output
    assert "track 2: cannot tell: it has no cue" in told.output


ASS_HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: 640

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, Italic
Style: Default,Gentium,42,&H00FFFFFF,0
Style: Sign,Impact,60,&H0000FFFF,-1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,translated by ana
"""


def check_ass(harness: Harness, cues: tuple[Cue, ...]) -> None:
    """Check that the copy of a late ASS file has its styles and comments."""
    events = [
        f"Dialogue: 0,{_ass_time(cue.start + 3)},{_ass_time(cue.end + 3)},"
        f"{'Sign' if number % 3 else 'Default'},,0,0,0,,{{\\fad(200,200)}}{cue.text}"
        for number, cue in enumerate(cues)
    ]
    theirs = harness.root / "Film.eng.ass"
    theirs.write_text(ASS_HEAD + "\n".join(events) + "\n", "utf-8")
    config = str(harness.root.parent / "config.toml")
    told = CliRunner().invoke(app, ["--config", config, "check", "--resync", str(theirs)])
    assert told.exit_code == 1, told.output
    copy = (harness.root / "Film.subtitled.en.ass").read_text("utf-8")
    assert copy.startswith(ASS_HEAD.partition("Comment:")[0])
    assert "translated by ana" in copy
    assert copy.count("{\\fad(200,200)}") == len(cues)
    assert copy.count(",Sign,,0,0,0,,") == theirs.read_text("utf-8").count(",Sign,,0,0,0,,") > 0
    corrected = read_cues(copy.encode(), "ass")
    errors = [abs(one.start - two.start) for one, two in zip(corrected, cues, strict=True)]
    assert median(errors) < 0.2


def _ass_time(seconds: float) -> str:
    return f"0:{int(seconds // 60):02}:{seconds % 60:05.2f}"
