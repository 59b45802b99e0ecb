"""Tests of ``subtitled export``."""

from __future__ import annotations

import json
import subprocess
import wave
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import subtitled.cli.explain
import subtitled.cli.export  # noqa: F401 - adds the command
from subtitled.cli.app import app
from subtitled.config.paths import resolve_state_dir
from subtitled.db.operations import CueVerdict, ErrorSeverity, Verdict
from subtitled.db.signatures import SignatureStore
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.plugin import Chunk, Language, TimeSpan, Transcript, Word
from subtitled.subtitles.broadcast import ebu_stl
from subtitled.subtitles.makers import Maker, Makers
from subtitled.subtitles.ownership import ApprovalMark, SidecarDescription, Signature, sign
from support.review_library import CUES, ReviewLibrary, estimate

Run = Callable[..., subprocess.CompletedProcess[str]]
SRT = "1\n00:00:01,000 --> 00:00:03,000\n{}\n\n"


def _run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def test_each_file_has_the_timecode_of_the_media_beside_it(subtitled: Run, tmp_path: Path) -> None:
    film = tmp_path / "Ein Film (2001).mov"
    source = "-f lavfi -i testsrc2=s=64x64:r=25:d=1 -timecode 10:00:00:00 -c:v mpeg2video"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source.split(), str(film)], check=True)
    good, bad = tmp_path / "Ein Film (2001).de.srt", tmp_path / "Ein Film (2001).ja.srt"
    good.write_text(SRT.format("Grüße"), "utf-8")
    bad.write_text(SRT.format("日本"), "utf-8")
    done = subtitled("export", bad, good, "--format", "ebu-stl", "--output-dir", tmp_path / "out")
    assert done.returncode == 1
    assert "U+65E5" in done.stderr
    assert "ebu-tt-d" in done.stderr
    (written,) = (tmp_path / "out").iterdir()
    assert written.name == "Ein Film (2001).de.stl"
    start, cues = ebu_stl.read(written.read_bytes())
    assert str(start) == "10:00:00:00"
    assert [(cue.start, cue.text) for cue in cues] == [(1.0, "Grüße")]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == ["", ".mov", ".srt", ".srt"]


def test_wrong_timecode_is_told_with_its_cure_and_nothing_is_written(
    subtitled: Run, tmp_path: Path
) -> None:
    file = tmp_path / "a.en.srt"
    file.write_text(SRT.format("Hello"), "utf-8")
    done = subtitled("export", file, "--format", "scc", "--start", "10:00:00;00", "--rate", "25")
    assert done.returncode == 1
    assert "29.97" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


def test_a_rate_that_is_no_number_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.en.srt"
    file.write_text(SRT.format("Hello"), "utf-8")
    for rate in ("nan", "inf", "0"):
        done = _run("export", file, "--format", "scc", "--rate", rate)
        assert done.exit_code == 2
        assert "--rate" in done.output


def test_no_export_replaces_another_one_of_the_same_command(subtitled: Run, tmp_path: Path) -> None:
    files = [tmp_path / "one" / "a.en.srt", tmp_path / "two" / "a.en.srt"]
    for file in files:
        file.parent.mkdir()
        file.write_text(SRT.format(file.parent.name), "utf-8")
    done = subtitled("export", *files, "--format", "ebu-stl", "--output-dir", tmp_path / "out")
    assert done.returncode == 1
    assert "--output-dir" in done.stderr
    (written,) = (tmp_path / "out").iterdir()
    assert [cue.text for cue in ebu_stl.read(written.read_bytes())[1]] == ["one"]


def _make_film(folder: Path) -> Path:
    film = folder / "Ein Film (2001).mov"
    source = "-f lavfi -i testsrc2=s=64x64:r=30000/1001:d=1 -timecode 01:00:00;00 -c:v mpeg2video"
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *source.split(), str(film)], check=True)
    return film


def _make_words(film: Path) -> Path:
    """Write the JSON of a subtitle with two speakers, of whom one says a doubtful word."""
    words = [
        {"word": " Good", "start": 1.0, "end": 1.4, "probability": 0.9, "speaker": "Anna"},
        {"word": " evening.", "start": 1.4, "end": 2.0, "probability": 0.9, "speaker": "Anna"},
        {"word": " Hallo?", "start": 2.5, "end": 3.0, "probability": 0.2, "speaker": "Ben"},
    ]
    segment = {"start": 1.0, "end": 3.0, "text": "Good evening. Hallo?", "words": words}
    file = film.with_name(f"{film.stem}.en.json")
    file.write_text(json.dumps({"segments": [segment]}), "utf-8")
    return file


def test_sentences_chapters_and_findings_are_markers_at_the_timecode_of_the_media(
    tmp_path: Path,
) -> None:
    film = _make_film(tmp_path)
    chapters = film.with_name(f"{film.stem}.en.chapters.vtt")
    chapters.write_text("WEBVTT\n\n00:00.000 --> 00:09.000\nThe &amp; beginning\n", "utf-8")
    file = _make_words(film)
    short = film.with_name(f"{film.stem}.en.srt")
    short.write_text("1\n00:00:01,000 --> 00:00:01,100\nMuch too fast\n\n", "utf-8")
    out = tmp_path / "out"
    done = _run("export", file, "--format", "avid-markers", "--output-dir", out)
    assert done.exit_code == 0, done.output
    text = (out / "Ein Film (2001).en.markers.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines()]
    assert [(row[1], row[4]) for row in rows] == [
        ("01:00:00;00", "chapter: The & beginning"),
        ("01:00:01;00", "sentence: Anna: Good evening."),
        ("01:00:02;15", "sentence: Ben: Hallo?"),
    ]
    done = _run(
        "export", short, "--format", "resolve-edl", "--mark", "finding", "--output-dir", out
    )
    assert done.exit_code == 0, done.output
    edl = (out / "Ein Film (2001).en.edl").read_text("utf-8")
    assert "FCM: DROP FRAME" in edl
    assert edl.count("|M:") == 1
    assert "|M:too fast to read: 130.0 a second; too short: 0.100 s" in edl


def test_a_transcript_has_the_timecode_of_the_media_and_marks_doubtful_words(
    tmp_path: Path,
) -> None:
    file = _make_words(_make_film(tmp_path))
    done = _run("export", file, "--format", "txt", "--output-dir", tmp_path / "out")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out" / "Ein Film (2001).en.transcript.txt").read_text("utf-8")
    assert text.endswith("\n\n01:00:01;00  Anna: Good evening.\n\n01:00:02;15  Ben: [Hallo?]?\n")


def test_lines_with_a_dash_are_paragraphs_of_their_own_in_a_transcript(tmp_path: Path) -> None:
    file = tmp_path / "a.en.srt"
    cues = ("<i>- Who is it?\n- Me\x01.</i>", "Come in and\nsit down.", "Thanks.\n– No.")
    blocks = (
        f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n{text}\n\n" for n, text in enumerate(cues, 1)
    )
    file.write_text("".join(reversed(list(blocks))), "utf-8")
    done = _run("export", file, "--format", "txt", "--output-dir", tmp_path / "out")
    assert done.exit_code == 0, done.output
    text = (tmp_path / "out" / "a.en.transcript.txt").read_text("utf-8")
    assert text.rstrip().split("\n\n")[2:] == [
        "00:00:01  – Who is it?",
        "00:00:01  – Me. Come in and sit down. Thanks.",
        "00:00:03  – No.",
    ]


def test_a_forced_subtitle_is_known_by_its_name(tmp_path: Path) -> None:
    for name in ("a.en.forced.srt", "a.en.srt"):
        (tmp_path / name).write_text(SRT.format("Hello"), "utf-8")
    out = tmp_path / "out"
    files = [tmp_path / "a.en.forced.srt", tmp_path / "a.en.srt"]
    assert _run("export", *files, "--format", "imsc", "--output-dir", out).exit_code == 0
    assert "forcedDisplay" in (out / "a.en.forced.imsc.ttml").read_text("utf-8")
    assert "forcedDisplay" not in (out / "a.en.imsc.ttml").read_text("utf-8")


def test_hls_without_a_media_file_says_that_its_length_is_unknown(tmp_path: Path) -> None:
    file = tmp_path / "a.en.srt"
    file.write_text(SRT.format("Hello"), "utf-8")
    out = tmp_path / "out"
    done = _run("export", file, "--format", "hls", "--output-dir", out)
    assert "--duration" in done.output
    assert len(list((out / "a.en.hls").glob("*.vtt"))) == 1
    done = _run("export", file, "--format", "hls", "--output-dir", out, "--duration", "60.5")
    assert "--duration" not in done.output
    assert len(list((out / "a.en.hls").glob("*.vtt"))) == 11


class OwnSubtitle:
    """A subtitle of ours in a library, with its review and its transcript."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.library = ReviewLibrary(folder)
        self.record, self.file = self.library.add("Film")
        with wave.open(str(self.library.films / "Film.mkv"), "wb") as film:
            film.setnchannels(1)
            film.setsampwidth(2)
            film.setframerate(16_000)
            film.writeframes(bytes(32_000))
        self.fingerprint = content_fingerprint(self.library.films / "Film.mkv")
        self.review = estimate(self.library.db, self.record, self.file, (0.8, 0.1))

    @property
    def state(self) -> Path:
        """The state folder."""
        return resolve_state_dir(self.library.configuration.settings)

    def sign(self, approved: ApprovalMark | None = None) -> bool:
        """Sign the file as it is, and return whether the disk keeps the signature with it."""
        description = SidecarDescription(
            name=self.file.name,
            fingerprint=self.fingerprint,
            language=Language("en"),
            format="srt",
            variant="test",
            makers=Makers(engine=Maker("whisper", "base", "1.0")),
        )
        signature = Signature.create(self.file.read_bytes(), description, approved)
        SignatureStore(self.state / "signatures").save(signature)
        return sign(self.file, signature)

    def export(self, fmt: str, *more: str) -> str:
        """Export the subtitle, and return the text of the file."""
        out = self.folder / fmt
        config = ["--config", str(self.folder / "config.toml")]
        command = ["export", str(self.file), "--format", fmt, "--output-dir", str(out), *more]
        result = CliRunner().invoke(app, [*config, *command])
        assert result.exit_code == 0, result.output
        (written,) = out.iterdir()
        return written.read_text("utf-8")


@pytest.fixture
def own(tmp_path: Path) -> OwnSubtitle:
    return OwnSubtitle(tmp_path)


def test_what_a_review_found_is_marked_once_a_cue(own: OwnSubtitle) -> None:
    own.sign()
    said = {"note": "It is Schufa", "actor": "Eva", "at": 1.0, "severity": ErrorSeverity.MAJOR}
    verdict = CueVerdict(cue="1", verdict=Verdict.WRONG, **said)
    assert own.library.db.operations.set_verdict(own.review, verdict)
    rows = own.export("avid-markers", "--mark", "finding").splitlines()
    assert [row.split("\t")[1:5] for row in rows] == [
        [
            *("00:00:01:00", "A1", "red"),
            "finding: The Schuffa said no.: wrong (major), says Eva: It is Schufa; "
            "doubtful, 80%; The recogniser was unsure of word 0.",
        ]
    ]


@pytest.mark.parametrize("is_changed", [False, True])
def test_a_transcript_says_who_made_and_approved_it_and_what_was_unsure(
    own: OwnSubtitle, is_changed: bool
) -> None:
    has_attributes = own.sign(ApprovalMark(by="Eva", at=1e9, of=""))
    if is_changed and not has_attributes:
        pytest.skip("the disk keeps no attributes")
    if is_changed:
        own.file.write_text(own.file.read_text("utf-8").replace("Schuffa", "Schufa"), "utf-8")
    words = tuple(
        Word(text=f" {text}", start=cue.start + n / 4, end=cue.start + n / 4 + 0.2,
             confidence=0.2 if text in ("Schuffa", "York.") else 0.9, speaker=speaker)
        for cue, speaker in zip(CUES, ("Anna", "Ben", "Ben"), strict=True)
        for n, text in enumerate(cue.text.split())
    )  # fmt: skip
    store = open_transcript_store(own.state)
    chunk = Chunk(TimeSpan(0.0, 12.0), [TimeSpan(0.0, 12.0)])
    transcript = Transcript(language=Language("en"), words=words, engine="whisper base")
    store.save_chunk(own.fingerprint, 0, "whisper-1", chunk, transcript)
    other = replace(transcript, words=tuple(replace(w, speaker="X") for w in words))
    store.save_chunk(own.fingerprint, 0, "other-1", chunk, other)
    text = own.export("txt")
    changed = "; changed since" if is_changed else ""
    assert "Speech recognised by: whisper/base@1.0\n" in text
    assert f"Approved: by Eva on 2001-09-09{changed}\n" in text
    first = "The Schufa said no." if is_changed else "The [Schuffa?] said no."
    assert text.split("\n\n")[2:] == [
        f"00:00:01  Anna: {first}",
        "00:00:04  Ben: He lives in New [York?].",
        "00:00:08  Ben: So they say.\n",
    ]


def test_programmes_begin_where_the_library_or_a_ready_file_says(own: OwnSubtitle) -> None:
    config, film = own.folder / "config.toml", own.library.films / "Film.mkv"
    text = config.read_text("utf-8").replace(
        "[libraries.series]", 'start_timecode = "10:00:00:00"\n[libraries.series]'
    )
    config.write_text(text, "utf-8")
    chosen = ("avid-markers", "--mark", "sentence")
    assert own.export(*chosen).split("\t")[1] == "10:00:01:00"
    assert own.export(*chosen, "--start", "01:00:00:00").split("\t")[1] == "01:00:01:00"
    transcript = own.export("txt").split("\n\n")
    assert "Timecode: begins at 10:00:00:00, 25 frames per second\n" in transcript[1]
    assert transcript[2].startswith("10:00:01:00  ")
    explained = _run("--config", config, "explain", film)
    assert "10:00:00:00 by its settings" in explained.output.replace("\n", " ")
    film.with_name("Film.mkv.ready.json").write_text('{"start": "09:58:30:00"}', "utf-8")
    assert own.export(*chosen).split("\t")[1] == "09:58:31:00"


def test_several_formats_are_written_at_once_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / "a.en.srt"
    file.write_text(SRT.format("Hello"), "utf-8")
    done = _run("export", file, "--format", "ebu-stl, scc,txt", "--output-dir", tmp_path / "out")
    assert done.exit_code == 0, done.output
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"a.en.stl", "a.en.scc", "a.en.transcript.txt"}
    (tmp_path / "full" / "a.en.stl").mkdir(parents=True)
    taken = _run("export", file, "--format", "ebu-stl", "--output-dir", tmp_path / "full")
    assert taken.exit_code == 1
    assert "a.en.stl cannot be written" in taken.output
    wrong = _run("export", file, "--format", "scc,ebustl")
    assert wrong.exit_code == 2
    assert "ebu-stl" in wrong.output


def test_a_media_file_and_ebu_stl_are_no_subtitles_that_can_be_exported(tmp_path: Path) -> None:
    film = tmp_path / "a.mkv"
    film.write_bytes(b"film")
    stl = tmp_path / "a.en.stl"
    stl.write_bytes(b"850STL25.01" + b"1" * 1013)
    done = _run("export", film, stl, tmp_path, "--format", "txt", "--output-dir", tmp_path / "out")
    assert done.exit_code == 1
    for reason in ("it is a media file", "EBU STL is written and not read", "it is a folder"):
        assert reason in done.output
