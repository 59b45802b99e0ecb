"""Text tracks and containers of subtitles are judged by their content."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from subtitled.db.database import Database
from subtitled.media.extract import extract_text
from subtitled.media.probe import MediaInfo, probe_media
from subtitled.pipeline import text_judge
from subtitled.pipeline.text_judge import TextJudge
from subtitled.plugin import Language, SubtitleKind, TimeSpan
from subtitled.policy.coverage import EMBEDDED, SIDECAR, ExistingSubtitle, existing_subtitles
from subtitled.subtitles.judgement import MediaLength
from subtitled.subtitles.ownership import Ownership
from support.dialogue import lines_of, make_srt

LONG_SECONDS = 1440
Judge = Callable[[str], ExistingSubtitle]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "state.sqlite")
    yield opened
    opened.close()


def make_film(folder: Path, text: str, name: str = "Film.mkv", *options: str) -> Path:
    """Write a silent film of 24 minutes with a text track."""
    (folder / "text.srt").write_text(text)
    path = folder / name
    codec = "mov_text" if name.endswith(".mp4") else "srt"
    subprocess.run(
        [
            *"ffmpeg -v error -nostdin -y -f lavfi -i".split(),
            f"anullsrc=r=8000:cl=mono:d={LONG_SECONDS}",
            *("-i", str(folder / "text.srt"), "-map", "0:a", "-map", "1:s"),
            *("-c:a", "aac", "-b:a", "8k", "-c:s", codec, *options, str(path)),
        ],
        check=True,
    )
    return path


def judge(database: Database, film: Path) -> tuple[ExistingSubtitle, MediaInfo]:
    facts = probe_media(film)
    judge = TextJudge(
        judgements=database.judgements,
        media=film,
        facts=facts,
        fingerprint="fingerprint",
        folder=film.parent,
    )
    found = existing_subtitles(film, facts, [], lambda path: Ownership.HUMAN)
    length = MediaLength(facts.duration, has_video=True)
    return judge.judge(found, length, (Language("en"),))[0], facts


def dialogue(language: str, cues: int) -> list[str]:
    return list(itertools.islice(itertools.cycle(lines_of(language)), cues))


def test_of_a_long_film_three_minutes_are_read(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows: list[TimeSpan | None] = []
    real = extract_text

    def extract(
        path: Path, stream: int, duration: float, target: Path, codec: str, window: TimeSpan | None
    ) -> bytes:
        windows.append(window)
        return real(path, stream, duration, target, codec, window)

    monkeypatch.setattr(text_judge, "extract_text", extract)
    film = make_film(tmp_path, make_srt(dialogue("de", 300), 4.7))
    found, _ = judge(database, film)
    assert (found.language, found.problem) == ("de", "")
    assert [window.start for window in windows if window] == pytest.approx([288, 648, 1008], abs=1)
    judge(database, film)
    assert len(windows) == 3


def test_three_cues_in_24_minutes_are_not_the_whole_text(
    database: Database, tmp_path: Path
) -> None:
    film = make_film(tmp_path, make_srt(dialogue("en", 3), 400), "Film.mkv")
    found, _ = judge(database, film)
    assert "only 3 cues in 24 minutes" in found.problem


@pytest.mark.parametrize(("cues", "gap", "counts"), [(3, 400.0, False), (300, 4.7, True)])
def test_where_the_container_counts_the_cues_nothing_is_read(
    database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cues: int,
    gap: float,
    counts: bool,
) -> None:
    def refuse(*arguments: object) -> bytes:
        raise AssertionError("it is read")

    monkeypatch.setattr(text_judge, "extract_text", refuse)
    language = ("-metadata:s:s:0", "language=eng")
    film = make_film(tmp_path, make_srt(dialogue("en", cues), gap), "Film.mp4", *language)
    found, facts = judge(database, film)
    assert facts.subtitle_tracks[0].cue_count in (cues, 2 * cues, 2 * cues + 1)
    assert (found.language, found.problem == "") == ("en", counts)


def test_tracks_in_languages_that_nobody_wants_are_not_read(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(text_judge, "extract_text", lambda *arguments: pytest.fail("it is read"))
    film = make_film(
        tmp_path, make_srt(dialogue("de", 9)), "Film.mkv", "-metadata:s:s:0", "language=ger"
    )
    found, _ = judge(database, film)
    assert (found.language, found.problem, found.is_text) == ("de", "", True)


def test_containers_and_pictures_beside_a_film_are_judged(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "text.srt").write_text(make_srt(dialogue("en", 12)))
    source, target = tmp_path / "text.srt", tmp_path / "Film.en.mks"
    command = "ffmpeg -v error -nostdin -y -i".split()
    options = ("-c:s", "srt", "-f", "matroska")
    subprocess.run([*command, str(source), *options, str(target)], check=True)
    contents = {
        "Film.es.sub": b"\0\0\1\xba" + b"x" * 99,
        "Film.es.idx": b"# VobSub index file, v7\n",
        "Film.fr.sub": b"{1}{1}25.000\n{25}{75}Bonjour !\n",
        "Film.de.sup": b"<html>404</html>",
        "Film.it.sup": b"PG\0\0\0\0\0\0\0\0\x16\0\x13",
        "Film.pt.sub": b"",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    facts = MediaInfo(
        duration=50.0, format="matroska", audio_tracks=(), subtitle_tracks=(), has_video=True
    )
    names = [*contents, "Film.en.mks"]
    film = tmp_path / "Film.mkv"
    found = existing_subtitles(film, facts, names, lambda path: Ownership.HUMAN)
    judged = TextJudge(
        judgements=database.judgements, media=film, facts=facts, fingerprint=None, folder=tmp_path
    ).judge(found, MediaLength(50.0), ())
    assert {s.location: (s.is_text, s.problem == "") for s in judged} == {
        "Film.en.mks": (True, True),
        "Film.es.sub": (False, True),
        "Film.es.idx": (False, True),
        "Film.fr.sub": (True, True),
        "Film.de.sup": (True, False),
        "Film.it.sup": (False, True),
        "Film.pt.sub": (True, False),
    }


def test_a_track_that_cannot_be_read_now_counts_by_its_tags(
    database: Database, tmp_path: Path
) -> None:
    film = make_film(tmp_path, make_srt(dialogue("en", 9)))
    _, facts = judge(database, film)
    missing = tmp_path / "away.mkv"
    subtitle = ExistingSubtitle(
        language=Language("en"),
        kind=SubtitleKind.FULL,
        origin=EMBEDDED,
        location="1",
        format="subrip",
    )
    judge_ = TextJudge(
        judgements=database.judgements,
        media=missing,
        facts=facts,
        fingerprint="other",
        folder=tmp_path,
    )
    assert judge_.judge([subtitle], MediaLength(), (Language("en"),))[0].problem == ""
    ours = replace(subtitle, origin=SIDECAR, location="Film.en.srt", is_ours=True)
    assert judge_.judge([ours], MediaLength(), ()) == (ours,)
