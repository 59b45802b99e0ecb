"""Which language is spoken: engines that find it, engines that do not, and people who know it."""

from __future__ import annotations

import dataclasses
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import typer

from subtitled.cli.generate import read_spoken_language
from subtitled.config.load import load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.daemon.answers.file_inspection import inspect_now
from subtitled.db.records import FileState
from subtitled.jobcontext.services import open_database
from subtitled.plugin import (
    UNDETERMINED,
    Audio,
    Engine,
    Language,
    Transcript,
    TranscriptionRequest,
    TransientError,
)
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.models import LanguageOrigin
from support import harness
from support.harness import Harness
from support.spoken_films import make_film
from support.tone_engine import DE, EN, RU, TEXTS, configure, write_tones
from support.tone_place import HerePool, Place


def read_text(path: Path) -> str:
    return " ".join(" ".join(cue.text.split()) for cue in read_cues(path.read_bytes(), "srt"))


@pytest.mark.parametrize("says", ["what it hears", "nothing"])
def test_an_engine_that_finds_the_language_itself_does_the_whole_job_alone(
    tmp_path: Path, says: str
) -> None:
    place = Place(tmp_path, configure(needs_language=False, says=says))
    film = write_tones(tmp_path / "Film.wav", DE)
    result = place.make(film)
    assert (result.state, result.spoken) == (FileState.DONE, DE)
    assert read_text(tmp_path / "Film.de.srt").startswith("Ich weiß nicht")
    assert place.asked()[0] == UNDETERMINED, "the windows, by which the language is found"
    assert place.asked()[-1] == DE, "the film, in the language that was found"
    analysis = place.analysis(film)
    assert analysis.language_origin is LanguageOrigin.AUDIO
    assert "by what tone transcribed" in analysis.language_reason
    assert analysis.confidence > 0.85


def test_the_text_of_an_engine_that_lies_about_the_language_counts(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(needs_language=False, says="en"))
    film = write_tones(tmp_path / "Film.wav", RU)
    assert place.make(film).spoken == RU
    assert read_text(tmp_path / "Film.ru.srt").startswith("Я не знаю")
    reason = place.analysis(film).language_reason
    assert "tone said English, but its text is Russian" in reason


def test_each_part_of_a_film_in_two_languages_is_transcribed_in_its_own(tmp_path: Path) -> None:
    place = Place(tmp_path, configure(needs_language=False))
    film = write_tones(tmp_path / "Film.wav", DE, EN, bursts=30)
    place.make(film)
    segments = place.analysis(film).language_segments
    assert segments is not None
    assert {segment.language for segment in segments} == {DE, EN}
    assert {DE, EN} <= set(place.asked())
    before = len(place.asked())
    place.make(film, spoken=DE, languages=["en", "original"])
    assert set(place.asked()[before:]) <= {DE}, "all of it is German, somebody says"
    assert place.analysis(film).language_segments is None


def test_an_engine_that_is_told_a_language_tries_those_that_the_library_names(
    tmp_path: Path,
) -> None:
    """It writes whatever language it is told, and is unsure of what it did not hear."""
    place = Place(tmp_path, configure(writes="what it is told"))
    film = write_tones(tmp_path / "Film.wav", DE)
    result = place.make(film, languages=["original", "en", "de"])
    assert result.spoken == DE
    assert "by what tone transcribed as en, de" in place.analysis(film).language_reason
    assert set(place.asked()) == {EN, DE}


ENGLISH_ONLY = partial(configure, languages=("en",))


def test_an_english_engine_alone_does_the_job_where_somebody_says_that_it_is_english(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, ENGLISH_ONLY())
    film = write_tones(tmp_path / "Film.wav", EN)
    refused = place.make(film)
    assert refused.state is FileState.IMPOSSIBLE
    assert "set assumed_language of the library" in refused.reason
    assert "generate --language" in refused.reason
    assert place.asked() == [], "it is not asked without a language"
    assumed = place.make(film, assumed_language="English")
    assert (assumed.state, assumed.spoken) == (FileState.DONE, EN)
    assert place.analysis(film).language_origin is LanguageOrigin.ASSUMPTION
    assert "assumed_language" in place.analysis(film).language_reason
    other = write_tones(tmp_path / "Other.wav", EN, EN)
    assert place.make(other, spoken=EN).state is FileState.DONE
    assert place.analysis(other).language_reason == "stated by the caller"


def test_a_stated_language_that_no_engine_knows_is_refused_by_name(tmp_path: Path) -> None:
    place = Place(tmp_path, ENGLISH_ONLY())
    film = write_tones(tmp_path / "Film.wav", EN)
    result = place.make(film, spoken=Language("cy"))
    assert result.state is FileState.IMPOSSIBLE
    assert "no configured engine or translator makes it from cy" in result.reason


def test_a_film_is_transcribed_again_in_the_language_that_somebody_states_later(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, configure(writes="what it is told"))
    film = write_tones(tmp_path / "Film.wav", DE)
    place.make(film, spoken=EN)
    assert read_text(tmp_path / "Film.en.srt").startswith("I do not know")
    result = place.make(film, spoken=DE)
    assert result.spoken == DE
    assert read_text(tmp_path / "Film.de.srt").startswith("Ich weiß nicht")
    before = len(place.asked())
    place.make(film)
    assert len(place.asked()) == before, "what was stated is remembered, and the words are stored"


def test_no_window_of_a_tagged_film_is_sent_away_to_be_transcribed(tmp_path: Path) -> None:
    remote = partial(configure, needs_language=False, destination="cloud:east")
    place = Place(tmp_path, remote())
    sound = write_tones(tmp_path / "Sound.wav", DE)
    film = tmp_path / "Film.mka"
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(sound)]
    command += ["-metadata:s:a:0", "language=ger", "-c:a", "flac", str(film)]
    subprocess.run(command, check=True)
    assert place.make(film, allowed_destinations="any").spoken == DE
    assert UNDETERMINED not in place.asked()
    assert place.make(sound, allowed_destinations="any").spoken == DE
    assert UNDETERMINED in place.asked(), "nobody knows the language of this one"


def test_each_window_that_is_sent_away_stands_in_the_log_with_who_got_it(tmp_path: Path) -> None:
    """Also if another engine got it before, and it is not known what became of that."""
    remote = partial(configure, needs_language=False, destination="cloud:east")
    place = Place(tmp_path, remote("one"))
    film = write_tones(tmp_path / "Film.wav", DE)

    def lose(audio: Audio, request: TranscriptionRequest) -> Transcript:
        raise TransientError("the answer was lost")

    place.pool["one"].engine.transcribe = lose  # type: ignore[method-assign]
    with pytest.raises(TransientError):
        place.make(film, allowed_destinations="any")
    place.use(remote("two"))
    assert place.make(film, allowed_destinations="any").spoken == DE
    entries = place.database.egress_log.entries()
    receivers = [entry.component for entry in entries if "/language/" in entry.key]
    assert receivers.count("one") == 1
    assert receivers.count("two") == place.asked("two").count(UNDETERMINED)


# In the daemon


class Library(Harness):
    """A library of the daemon with some engines, which a restart may change."""

    def __init__(self, folder: Path, *engines: ConfiguredComponent[Engine]) -> None:
        self.engines = engines
        super().__init__(folder)

    def open(self) -> None:
        self.configuration = dataclasses.replace(
            self.configuration, engines={engine.name: engine for engine in self.engines}
        )
        super().open()

    def restart(self, *engines: ConfiguredComponent[Engine], **settings: Any) -> None:
        self.close()
        self.engines = engines
        loaded = self.configuration.settings
        library = loaded.libraries["films"].model_copy(update=settings)
        self.configuration = dataclasses.replace(
            self.configuration, settings=loaded.model_copy(update={"libraries": {"films": library}})
        )
        self.open()
        self.settle()

    def history(self, path: Path) -> str:
        entries = self.database.history.newest(100)
        return "\n".join(entry.reason for entry in entries if entry.path == path)


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setattr(harness, "FakeEngine", HerePool)
    made = Library(tmp_path, ENGLISH_ONLY())
    yield made
    made.close()


def test_a_film_of_unknown_language_is_looked_at_again_when_an_engine_can_tell_it(
    library: Library,
) -> None:
    film = write_tones(library.root / "Film.wav", DE)
    library.scan()
    assert library.the(film).state is FileState.IMPOSSIBLE
    library.restart(ENGLISH_ONLY())
    assert library.the(film).state is FileState.IMPOSSIBLE, "nothing changed"
    library.restart(ENGLISH_ONLY(), configure("finder", needs_language=False))
    assert (library.the(film).state, library.the(film).spoken_language) == (FileState.DONE, DE)
    assert "looked for again: nobody could tell it before" in library.history(film)
    assert "what finder transcribed may tell it now" in library.history(film)


def test_a_film_of_unknown_language_is_looked_at_again_when_the_library_assumes_one(
    library: Library,
) -> None:
    film = write_tones(library.root / "Film.wav", EN)
    library.scan()
    assert library.the(film).state is FileState.IMPOSSIBLE
    library.restart(ENGLISH_ONLY(), assumed_language=EN)
    assert (library.the(film).state, library.the(film).spoken_language) == (FileState.DONE, EN)
    assert "the library assumes en now" in library.history(film)
    library.jobs.retry(library.the(film))
    forgotten = library.transcripts.analysis(library.the(film).fingerprint or "", 0)
    assert forgotten is not None
    assert forgotten.language is None, "a person has it looked for again"
    library.settle()
    assert library.the(film).state in (FileState.DONE, FileState.UP_TO_DATE)


def test_an_assumption_is_corrected_when_an_engine_can_tell_the_language(library: Library) -> None:
    film = write_tones(library.root / "Film.wav", DE)
    told = configure(writes="what it is told")
    library.restart(told, assumed_language=EN)
    library.scan()
    assert library.the(film).spoken_language == EN
    library.restart(told, configure("ear", detects=True))
    assert (library.the(film).state, library.the(film).spoken_language) == (FileState.DONE, DE)
    assert "it was only assumed (en)" in library.history(film)
    assert read_text(film.with_suffix(".de.srt")).startswith("Ich weiß nicht")


# By the command


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install the engine as pip does, and return a configuration that names it alone."""
    site = tmp_path / "site"
    info = site / "subtitled_tone-1.0.dist-info"
    info.mkdir(parents=True)
    source = Path(__file__).parents[1] / "support" / "tone_engine.py"
    (site / "tone_engine.py").write_bytes(source.read_bytes())
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: subtitled-tone\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[subtitled]\ntone = tone_engine\n")
    monkeypatch.setenv("PYTHONPATH", str(site), prepend=":")
    monkeypatch.syspath_prepend(str(site))
    config = tmp_path / "config.toml"
    config.write_text("[engines.tone]\nneeds_language = false\n")
    return config


@pytest.mark.slow
def test_generate_and_explain_with_an_engine_that_finds_the_language(
    installed: Path,
    subtitled: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    """The engine hears a real voice as one of its tones, in processes of its own."""
    film = make_film(installed.parent, 0)
    ran = subtitled("--config", installed, "generate", film)
    assert ran.returncode == 0, ran.stderr
    (made,) = installed.parent.glob("*.srt")
    language = Language(made.name.split(".")[-2])
    assert set(read_text(made).split()) <= set(TEXTS[language].split())
    configuration = load_config(installed)
    explained = inspect_now(configuration, open_database(configuration), film)
    assert "by what tone transcribed" in explained["spoken_language"]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("no such language", "--language: 'no such language' is not a language tag"),
        ("und", "--language: und names no language"),
        ("original", "--language: 'original' is not a language tag"),
    ],
)
def test_a_language_that_is_none_is_refused_with_what_to_write(
    option: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit):
        read_spoken_language(option)
    assert message in capsys.readouterr().err
