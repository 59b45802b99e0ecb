"""Speech that is taken for the wrong language: its text tells the right one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scenarios.test_spoken_language import Place, read_text
from subtitled.config.settings import LibrarySettings
from subtitled.daemon.answers.file_inspection import inspect_now
from subtitled.db.records import FileState
from subtitled.jobcontext.job import Job
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import (
    Audio,
    Language,
    LanguageGuess,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    TransientError,
    Word,
)
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.models import LanguageOrigin
from support.dying_runner import DyingRunner
from support.tone_engine import DE, EN, RU, configure, write_tones

HALF_SECONDS = 12 * 2.3
"""Seconds of one part of a sound of tones, roughly."""


def hear_russian_later(audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
    """Hear German in the first part, and Russian in the second."""
    return [
        LanguageGuess(window, {RU if window.start > HALF_SECONDS else DE: 0.95})
        for window in windows
    ]


@pytest.mark.parametrize("spoken", [DE, RU])
def test_what_is_taken_for_english_is_heard_again_in_the_language_of_its_text(
    tmp_path: Path, spoken: Language
) -> None:
    """An assumption is what was wrong here; a tag or the sound may be, too."""
    place = Place(tmp_path, configure())
    film = write_tones(tmp_path / "Film.wav", spoken)
    result = place.make(film, assumed_language="en")
    assert (result.state, result.spoken) == (FileState.DONE, spoken)
    assert [made.sidecar.name for made in result.made] == [f"Film.{spoken}.srt"]
    assert place.asked() == [EN, spoken], "once more and no oftener"
    assert place.analysis(film).language_origin is LanguageOrigin.TEXT
    explained = inspect_now(place.services.config, place.database, film)["spoken_language"]
    name = spoken.english_name
    assert (
        f"transcribed again as {name}, because what was written as English is {name}" in explained
    )
    again = place.make(film, assumed_language="en")
    assert (again.state, len(place.asked())) == (FileState.UP_TO_DATE, 2), "it is remembered"


def test_what_the_sound_is_taken_for_gives_way_to_the_text(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(detects=True))
    ear = place.pool["tone"]
    ear.detect_language = lambda audio, windows: [LanguageGuess(w, {RU: 0.9}) for w in windows]  # type: ignore[method-assign]
    film = write_tones(tmp_path / "Film.wav", DE)
    assert place.make(film).spoken == DE
    assert place.asked() == [RU, DE]
    assert read_text(tmp_path / "Film.de.srt").startswith("Ich weiß nicht")
    assert "detected ru" in place.analysis(film).language_reason


def test_the_first_text_stays_if_the_second_transcription_writes_a_worse_one(
    tmp_path: Path,
) -> None:
    """The engine writes German when it is told English, and English when it is told German."""
    place = Place(tmp_path, configure(writes="what it is told"))
    client = place.pool["tone"]
    hear = client.transcribe
    swapped = {EN: DE, DE: EN}

    def confuse(audio: Audio, request: TranscriptionRequest) -> Transcript:
        return hear(audio, replace(request, language=swapped[request.language]))

    client.transcribe = confuse  # type: ignore[method-assign]
    film = write_tones(tmp_path / "Film.wav", DE)
    result = place.make(film, assumed_language="en")
    assert (result.state, result.spoken) == (FileState.DONE, DE)
    assert place.asked() == [DE, EN]
    assert read_text(tmp_path / "Film.de.srt").startswith("Ich weiß nicht")


def test_what_a_person_states_is_not_heard_again(tmp_path: Path) -> None:
    place = Place(tmp_path, configure())
    film = write_tones(tmp_path / "Film.wav", RU)
    result = place.make(film, spoken=EN)
    assert result.state is FileState.IMPOSSIBLE
    assert place.asked() == [EN]


def test_nothing_is_heard_again_in_a_language_that_no_engine_knows(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(languages=("en",)))
    film = write_tones(tmp_path / "Film.wav", RU)
    result = place.make(film, assumed_language="en")
    assert result.state is FileState.IMPOSSIBLE
    assert "is not in English" in result.reason
    assert place.asked() == [EN]


def test_each_chunk_is_heard_again_once_though_the_work_is_interrupted(tmp_path: Path) -> None:
    place = Place(tmp_path, configure())
    settings = place.services.config.settings
    daemon = settings.daemon.model_copy(update={"chunk_duration": 10.0})
    object.__setattr__(settings, "daemon", daemon)
    film = write_tones(tmp_path / "Film.wav", DE)
    client = place.pool["tone"]
    hear = client.transcribe
    calls: list[tuple[Language, TimeSpan]] = []
    failures: list[tuple[Language, TimeSpan]] = []

    def fail_once(audio: Audio, request: TranscriptionRequest) -> Transcript:
        calls.append((request.language, request.chunk.span))
        if [language for language, _ in calls].count(DE) == 2 and not failures:
            failures.append(calls.pop())
            raise TransientError("the power failed")
        return hear(audio, request)

    client.transcribe = fail_once  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        place.make(film, assumed_language="en")
    assert len({span for _, span in calls}) > 1
    assert place.make(film, assumed_language="en").spoken == DE
    assert failures[0] in calls
    assert len(calls) == len(set(calls)), "nothing that was stored is transcribed again"
    assert {language for language, _ in calls} == {EN, DE}


def make_film(folder: Path, runner: DyingRunner, place: Place | None = None) -> Place:
    """Run the job of a German film that is assumed to be English."""
    place = place or Place(folder, configure())
    return run_german_film(runner, place, {"assumed_language": "en"}, DE)


def make_film_of_two_parts(folder: Path, runner: DyingRunner, place: Place | None = None) -> Place:
    """Run the job of a German film whose second half sounds Russian."""
    place = place or Place(folder, configure(detects=True))
    place.pool["tone"].detect_language = hear_russian_later  # type: ignore[method-assign]
    return run_german_film(
        runner, place, {"sources": {"detect_language_changes": "always"}}, DE, DE
    )


def run_german_film(
    runner: DyingRunner, place: Place, settings: dict[str, Any], *parts: Language
) -> Place:
    """Run a job until it ends or dies."""
    film = place.folder / "Film.wav"
    if not film.exists():
        write_tones(film, *parts)
    library = LibrarySettings.model_validate({"path": place.folder, **settings})
    job = Job(media=film, library=library, fingerprint=content_fingerprint(film))
    try:
        result = run_job(job, place.services, runner)
        assert (result.state, result.spoken) == (FileState.DONE, DE)
    except KeyboardInterrupt:
        assert runner.dies_at is not None
    return place


@pytest.mark.parametrize("after", [False, True], ids=["before a step", "before its result is kept"])
def test_a_job_that_is_killed_while_it_hears_again_continues_as_it_was(
    tmp_path: Path, after: bool
) -> None:
    undisturbed = DyingRunner([], None, after=after)
    (tmp_path / "whole").mkdir()
    make_film(tmp_path / "whole", undisturbed)
    names = [name for name, _ in undisturbed.stored]
    transcribed = [n for n, name in enumerate(names) if name.startswith("transcribing")]
    assert len(transcribed) == 2
    for number in range(transcribed[0] + 1, transcribed[1] + 2):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        dying = DyingRunner([], number, after=after)
        place = make_film(folder, dying)
        assert not (folder / "Film.de.srt").exists() or after
        make_film(folder, DyingRunner(dying.stored, None, after=after), place)
        assert read_text(folder / "Film.de.srt").startswith("Ich weiß nicht")
        assert place.asked() == [EN, DE], names[number]
        place.database.close()


def test_what_is_heard_again_joins_the_parts_that_were_in_its_language_from_the_start(
    tmp_path: Path,
) -> None:
    """The German part is transcribed before the text of the next shows that it is German, too."""
    place = Place(tmp_path, configure(detects=True))
    film = write_tones(tmp_path / "Film.wav", DE, DE)
    place.pool["tone"].detect_language = hear_russian_later  # type: ignore[method-assign]
    result = place.make(film, sources={"detect_language_changes": "always"})
    assert (result.state, result.spoken) == (FileState.DONE, DE)
    assert set(place.asked()) == {DE, RU}
    cues = read_cues((tmp_path / "Film.de.srt").read_bytes(), "srt")
    assert cues[0].start < 5.0, "the part that was German from the start"
    assert cues[-1].end > 1.8 * HALF_SECONDS, "the part that was taken for Russian"


def test_a_job_that_is_killed_while_it_hears_one_part_again_joins_all_the_same(
    tmp_path: Path,
) -> None:
    undisturbed = DyingRunner([], None, after=True)
    (tmp_path / "whole").mkdir()
    whole = make_film_of_two_parts(tmp_path / "whole", undisturbed)
    text = read_text(tmp_path / "whole" / "Film.de.srt")
    names = [name for name, _ in undisturbed.stored]
    for number in range(names.index("compare text and sound of ru in track 0"), len(names)):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        dying = DyingRunner([], number, after=True)
        place = make_film_of_two_parts(folder, dying)
        make_film_of_two_parts(folder, DyingRunner(dying.stored, None, after=True), place)
        assert read_text(folder / "Film.de.srt") == text, names[number]
        assert place.asked() == whole.asked(), names[number]
        place.database.close()


RIGHT, MISREAD = "I do not know", "The ships of the harbour"


def translated(place: Place) -> list[Language]:
    """Return the spoken languages that the engine was told when it translated."""
    return place.pool["tone"].engine.translated


def test_what_the_engine_translated_before_the_text_told_the_language_is_made_again_once(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, configure(translates=True))
    film = write_tones(tmp_path / "Film.wav", DE)
    place.make(film, assumed_language="ru", languages=["en"])
    assert read_text(tmp_path / "Film.en.srt").startswith(MISREAD)
    assert translated(place) == [RU]

    result = place.make(film, assumed_language="ru", languages=["en", "original"])
    assert (result.state, result.spoken) == (FileState.DONE, DE)
    assert read_text(tmp_path / "Film.de.srt").startswith("Ich weiß nicht")
    # The German text showed that the speech was not Russian, after English was there.
    assert read_text(tmp_path / "Film.en.srt").startswith(RIGHT), result.reason
    last = place.make(film, assumed_language="ru", languages=["en", "original"])
    assert (last.state, translated(place)) == (FileState.UP_TO_DATE, [RU, DE])


def test_one_job_makes_it_again_and_a_forced_one_too(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(translates=True))
    film = write_tones(tmp_path / "Film.wav", DE)
    result = place.make(film, assumed_language="ru", languages=["en", "original"])
    assert result.spoken == DE
    assert translated(place) == [RU, DE]
    assert read_text(tmp_path / "Film.en.srt").startswith(RIGHT)
    explained = inspect_now(place.services.config, place.database, film)
    assert "before the text showed its language" not in json.dumps(explained, default=str)
    job = Job(
        media=film,
        library=LibrarySettings.model_validate({"path": tmp_path, "languages": ["en"]}),
        fingerprint=content_fingerprint(film),
        force=True,
    )
    assert run_job(job, place.services, DyingRunner([], None, after=True)).state is FileState.DONE
    assert read_text(tmp_path / "Film.en.srt").startswith(RIGHT)
    assert translated(place) == [RU, DE]


def test_what_a_person_edited_stays_though_it_is_of_another_reading(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(translates=True))
    film = write_tones(tmp_path / "Film.wav", DE)
    place.make(film, assumed_language="ru", languages=["en"])
    sidecar = tmp_path / "Film.en.srt"
    edited = sidecar.read_text("utf-8").replace("harbour", "port")
    sidecar.write_text(edited, "utf-8")
    assert place.make(film, assumed_language="ru", languages=["en", "original"]).spoken == DE
    assert translated(place) == [RU]
    assert sidecar.read_text("utf-8") == edited


def test_a_kill_leaves_no_translation_of_the_earlier_reading(tmp_path: Path) -> None:
    library = {"assumed_language": "ru", "languages": ["en", "original"]}
    undisturbed = DyingRunner([], None, after=True)
    (tmp_path / "whole").mkdir()
    place = Place(tmp_path / "whole", configure(translates=True))
    run_german_film(undisturbed, place, library, DE)
    names = [name for name, _ in undisturbed.stored]
    compared = names.index("compare text and sound of ru in track 0")
    for number in (compared, compared + 1, len(names) - 1):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        place = Place(folder, configure(translates=True))
        dying = DyingRunner([], number, after=True)
        run_german_film(dying, place, library, DE)
        run_german_film(DyingRunner(dying.stored, None, after=True), place, library, DE)
        assert read_text(folder / "Film.en.srt").startswith(RIGHT), names[number]
        assert translated(place) == [RU, DE], names[number]
        place.database.close()


BRAZIL = (
    "Você viu o ônibus? Estou esperando aqui há uma hora e ninguém me disse nada. Cadê o meu "
    "celular? Ele está conversando com a equipe do outro time."
).split()


@pytest.mark.parametrize(
    ("languages", "names"),
    [
        (["original"], ["Film.pt-BR.srt"]),
        (["pt"], ["Film.pt.srt"]),
        (["pt-PT"], ["Film.pt-PT.srt"]),
    ],
)
def test_the_words_tell_the_variety_unless_the_library_names_another(
    tmp_path: Path, languages: list[str], names: list[str]
) -> None:
    place = Place(tmp_path, configure())
    calls: list[Language] = []

    def say_brazilian(audio: Audio, request: TranscriptionRequest) -> Transcript:
        calls.append(request.language)
        words = tuple(
            Word(text="".join(f" {BRAZIL[(n * 4 + k) % len(BRAZIL)]}" for k in range(4)),
                 start=span.start, end=span.end, confidence=0.9)
            for n, span in enumerate(request.chunk.speech)
        )  # fmt: skip
        return Transcript(language=request.language, words=words, engine="tone")

    place.pool["tone"].transcribe = say_brazilian  # type: ignore[method-assign]
    film = write_tones(tmp_path / "Film.wav", DE, bursts=16)
    result = place.make(film, assumed_language="pt", languages=languages)
    assert result.state is FileState.DONE, result.reason
    assert [made.sidecar.name for made in result.made] == names
    assert len(set(calls)) == len(calls), "the words are transcribed once"
    again = place.make(film, assumed_language="pt", languages=languages)
    assert again.state is FileState.UP_TO_DATE
    explained = inspect_now(place.services.config, place.database, film)["spoken_language"]
    is_told = "Portuguese (Brazil) by its words" in explained
    assert is_told is (languages != ["pt-PT"])
