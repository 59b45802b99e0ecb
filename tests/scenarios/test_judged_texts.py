"""A text that somebody else made counts, or is translated, as what it is and not as it is named."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from scenarios import test_production_paths as paths
from scenarios.test_production_paths import SAID, Place
from subtitled.db.records import FileState
from subtitled.plugin import Language
from support.dialogue import encode, lines_of, make_srt

EN, ES = Language("en"), Language("es")
place, fluent = paths.place, paths.fluent
HTML = b"<!DOCTYPE html>\n<html><body>Too many downloads today</body></html>\n"


def film(place: Place, tmp_path: Path, *subtitles: tuple[str, Sequence[str]]) -> None:
    """Write an English film of about 50 s with text tracks, each with its options."""
    sound = paths._sound(tmp_path / "en.wav", 440, bursts=24)
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(sound)]
    for number, (text, _) in enumerate(subtitles):
        source = tmp_path / f"text{number}.srt"
        source.write_text(text)
        command += ["-i", str(source)]
    picture = len(subtitles) + 1
    command += ["-f", "lavfi", "-i", "color=c=gray:s=64x36:r=2:d=50", "-map", f"{picture}:v"]
    command += ["-map", "0:a", "-metadata:s:a:0", "language=eng", "-c:a", "flac"]
    for number, (_, options) in enumerate(subtitles):
        command += ["-map", f"{number + 1}:s"]
        for option in options:
            kind = "disposition" if option.startswith("+") else "metadata:s"
            stream = f"-{kind}:s:{number}"
            command += [stream, option.removeprefix("+")]
    subprocess.run([*command, "-c:s", "srt", str(place.film)], check=True)


def spoken(language: Language, cues: int = 12) -> str:
    words = itertools.cycle(SAID[language].split())
    return make_srt([" ".join(next(words) for _ in range(6)) for _ in range(cues)])


def count(place: Place, *languages: str) -> dict[str, str]:
    """Return why each existing subtitle does not count, by its location."""
    return {s.location: s.problem for s in place.examine(*languages).existing_subtitles}


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (HTML, "web page")],
)
def test_what_is_no_subtitle_is_not_there_and_ours_is_made_beside_it(
    place: Place, tmp_path: Path, content: bytes, reason: str
) -> None:
    film(place, tmp_path)
    (place.folder / "Film.en.srt").write_bytes(content)
    assert reason in count(place, "en")["Film.en.srt"]
    assert place.make("en").state is FileState.DONE
    assert place.names() == ["Film.en.srt", "Film.subtitled.en.srt"]
    assert (place.folder / "Film.en.srt").read_bytes() == content
    assert place.make("en").state is FileState.UP_TO_DATE


def test_a_text_with_a_wrong_label_counts_for_its_own_language(
    fluent: Place, tmp_path: Path
) -> None:
    film(fluent, tmp_path)
    (fluent.folder / "Film.en.srt").write_text(spoken(ES))
    fluent.make("en", "es")
    assert fluent.names() == ["Film.en.srt", "Film.subtitled.en.srt"]
    assert fluent.make("en", "es").state is FileState.UP_TO_DATE


def test_a_text_without_a_language_is_read(fluent: Place, tmp_path: Path) -> None:
    film(fluent, tmp_path)
    (fluent.folder / "Film.srt").write_text(spoken(ES))
    outcome = fluent.make("original", "es")
    assert outcome.state is FileState.DONE
    assert fluent.names() == ["Film.en.srt", "Film.srt"]
    assert fluent.how("Film.en.srt").startswith("transcribed")


@pytest.mark.parametrize("word", ["Unverständlich", "2"])
def test_a_word_that_is_no_language_is_none(fluent: Place, tmp_path: Path, word: str) -> None:
    film(fluent, tmp_path)
    (fluent.folder / f"Film.{word}.srt").write_text(spoken(ES))
    (existing,) = fluent.examine("en", "es").existing_subtitles
    assert (existing.language, existing.problem) == ("es", "")


@pytest.mark.parametrize(
    ("options", "has_plain"),
    [
        (["language=eng", "title=Director's Commentary"], True),
        (["language=eng", "title=Director's Commentary"], False),
        (["language=eng", "+comment"], True),
        (["language=eng", "title=Signs & Songs"], True),
        (["language=eng", "title=Lyrics"], False),
    ],
)
def test_the_directors_talk_and_signs_are_never_the_films_text(
    fluent: Place, tmp_path: Path, options: list[str], has_plain: bool
) -> None:
    plain = [(spoken(EN), ["language=eng", "title=English"])] if has_plain else []
    film(fluent, tmp_path, (spoken(EN), options), *plain)
    report = fluent.examine("en", "es")
    assert "its title says" in report.existing_subtitles[0].problem
    wanted = {
        str(requirement.language): requirement for requirement in report.decision.requirements
    }
    assert ("en" in wanted) is not has_plain
    source = wanted["es"].sources[0]
    assert (source.origin, source.location) == (("embedded", "3") if has_plain else ("audio", ""))


@pytest.mark.parametrize(("language", "is_wanted"), [(EN, False), (ES, True)])
def test_an_untagged_text_track_counts_as_what_it_is_in(
    fluent: Place, tmp_path: Path, language: Language, is_wanted: bool
) -> None:
    film(fluent, tmp_path, (spoken(language), []))
    report = fluent.examine("en", "es")
    assert report.existing_subtitles[0].language == language
    wanted = {str(requirement.language) for requirement in report.decision.requirements}
    assert ("en" in wanted) is is_wanted
    assert ("es" in wanted) is not is_wanted


@pytest.mark.parametrize(("language", "page"), [("pl", "cp1250"), ("tr", "cp1254")])
def test_a_text_in_a_code_page_is_translated_from_its_own_letters(
    tmp_path: Path, language: str, page: str
) -> None:
    paths.Noting.given.clear()
    noting = Place(tmp_path, {"mt": paths.Noting})
    film(noting, tmp_path)
    text = make_srt(lines_of(language) + lines_of(language)[:4])
    (noting.folder / f"Film.{language}.srt").write_bytes(encode(text, page))
    noting.make("es", sources={"order": ["text"], "pivot_languages": [language]})
    assert noting.how("Film.es.srt") == f"translated by mt from Film.{language}.srt ({language})"
    assert set(paths.Noting.given) <= set(lines_of(language))


def test_times_that_are_ten_hours_late_are_shifted(fluent: Place, tmp_path: Path) -> None:
    film(fluent, tmp_path)
    words = itertools.cycle(SAID[EN].split())
    paragraphs = "".join(
        f'<p begin="10:00:{second:02}.000" end="10:00:{second + 2:02}.000">'
        f"{' '.join(next(words) for _ in range(6))}</p>"
        for second in range(1, 45, 4)
    )
    (fluent.folder / "Film.en.ttml").write_text(
        f'<tt xmlns="http://www.w3.org/ns/ttml"><body><div>{paragraphs}</div></body></tt>'
    )
    assert "late" in count(fluent, "es")["Film.en.ttml"]
    fluent.make("es")
    assert fluent.how("Film.es.srt") == "translated by mt from Film.en.ttml (en)"
    assert [cue.start for cue in fluent.cues("Film.es.srt")] == [*range(1, 45, 4)]


def test_a_text_is_read_once(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(place, tmp_path, (spoken(EN), []))
    (place.folder / "Film.es.srt").write_text(spoken(ES))
    before = count(place, "en", "es")

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError("it is read again")

    monkeypatch.setattr("subtitled.pipeline.text_judge.judge_text", refuse)
    monkeypatch.setattr("subtitled.pipeline.text_judge.extract_text", refuse)
    assert count(place, "en", "es") == before == {"2": "", "Film.es.srt": ""}


def test_notes_are_no_subtitle_and_mpl2_named_txt_is_one(fluent: Place, tmp_path: Path) -> None:
    film(fluent, tmp_path)
    (fluent.folder / "Film.txt").write_text("Downloaded from a site.\nPassword: none\n")
    assert count(fluent, "en", "es") == {}
    lines = [line for line in spoken(ES).split("\n") if line[:1].isalpha()]
    mpl2 = (f"[{40 * n}][{40 * n + 25}]{line}" for n, line in enumerate(lines))
    (fluent.folder / "Film.txt").write_text("\n".join(mpl2))
    assert fluent.make("original", "es").state is FileState.DONE
    assert fluent.names() == ["Film.en.srt", "Film.txt"]
