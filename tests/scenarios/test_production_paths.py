"""The sources of subtitles, with real files: tracks, streams, sidecars and language changes.

Tones stand for speech and their pitch for the language. The engine returns a sentence in that
language.
"""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import wave
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from subtitled.config.load import load_config
from subtitled.config.plugins import ConfiguredComponent
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.db.records import FileState
from subtitled.db.review_records import ReviewFilter
from subtitled.db.sidecars import SidecarStatus
from subtitled.jobcontext.job import InlineRunner, Job, JobResult
from subtitled.jobcontext.services import Services
from subtitled.library.fingerprint import content_fingerprint
from subtitled.media.probe import probe_media
from subtitled.pipeline.pipeline import run_job
from subtitled.pipeline.planning import InspectionRequest, MediaReport, inspect_media
from subtitled.plugin import (
    SAMPLE_RATE,
    Audio,
    Batch,
    Cue,
    Language,
    LanguageGuess,
    Line,
    Settings,
    SubtitleKind,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
    Translation,
    Translator,
    TranslatorCapabilities,
    Word,
)
from subtitled.subtitles.formats import read_cues
from subtitled.transcripts.store import TranscriptStore
from support.harness import FakeEngine
from support.seen_files import record_seen

EN, ES, DE = Language("en"), Language("es"), Language("de")
PITCHES = {440: EN, 660: ES, 880: DE}
SAID = {
    EN: "I do not know what you want me to say but we have been waiting here for many hours and "
    "nobody has told us anything about where they put the keys",
    ES: "No sé qué quieres que te diga pero llevamos muchas horas esperando aquí y nadie nos ha "
    "dicho nada sobre dónde han puesto las llaves del coche",
    DE: "Ich weiß nicht was ich dir sagen soll aber wir warten hier schon seit vielen Stunden und "
    "niemand hat uns gesagt wohin sie die Schlüssel gelegt haben",
}
NORWEGIAN = "Jeg vet ikke hva du vil at jeg skal si, men vi har ventet her i mange timer nå."


class Polyglot(FakeEngine):
    """An engine that recognises the language of a tone and can translate it into English."""

    def __init__(self, configured: Any) -> None:
        super().__init__(configured)
        self.asked: list[tuple[Language, Language | None, Language]] = []
        """Requested language, requested translation, and the true language of each call."""

    def detect_language(self, audio: Audio, windows: Sequence[TimeSpan]) -> list[LanguageGuess]:
        return [LanguageGuess(window, {_tongue(audio, window): 0.97}) for window in windows]

    def transcribe(self, audio: Audio, request: TranscriptionRequest) -> Transcript:
        self.recognised += 1
        for one in request.chunk.speech:
            self.asked.append((request.language, request.translate_to, _tongue(audio, one)))
        language = request.translate_to or request.language
        text = itertools.cycle(SAID[language].split())
        words = tuple(
            Word(text=f" {next(text)} {next(text)}", start=one.start, end=one.end)
            for one in request.chunk.speech
        )
        return Transcript(language=language, words=words, engine="polyglot")


def _tongue(audio: Audio, window: TimeSpan) -> Language:
    spectrum = np.abs(np.fft.rfft(audio.read_samples(window)))
    pitch = np.argmax(spectrum) * SAMPLE_RATE / (2 * (len(spectrum) - 1))
    return PITCHES[min(PITCHES, key=lambda known: abs(known - pitch))]


class Fluent(Translator):
    """Returns a sentence in the requested language."""

    calls = 0

    @classmethod
    def capabilities(cls, settings: object) -> TranslatorCapabilities:
        return TranslatorCapabilities(max_batch_lines=10)

    def translate(self, batch: Batch) -> Translation:
        type(self).calls += 1
        text = itertools.cycle(SAID.get(batch.target, NORWEGIAN).split())
        return Translation(
            tuple(
                Line(one.id, " ".join(next(text) for _ in one.text.split())) for one in batch.lines
            )
        )


class Noting(Fluent):
    """Records what it is given."""

    given: ClassVar[list[str]] = []

    def translate(self, batch: Batch) -> Translation:
        type(self).given += (line.text for line in batch.lines)
        return super().translate(batch)


class Lazy(Fluent):
    """Returns its input."""

    def translate(self, batch: Batch) -> Translation:
        return Translation(batch.lines)


class Place:
    """A folder with one film, and the services that make its subtitles."""

    def __init__(self, folder: Path, translators: dict[str, type[Translator]]) -> None:
        self.folder = folder / "films"
        self.folder.mkdir()
        config = folder / "config.toml"
        config.write_text(f'[daemon]\nstate_dir = "{folder / "state"}"\n')
        Fluent.calls = 0
        configuration = dataclasses.replace(
            load_config(config),
            translators={
                name: ConfiguredComponent(
                    name=name, plugin=name, component_class=component, settings=Settings()
                )
                for name, component in translators.items()
            },
        )
        (folder / "state" / "scratch").mkdir(parents=True)
        self.engine = Polyglot(configuration)
        self.services = Services(
            config=configuration,
            engines=self.engine,  # type: ignore[arg-type]
            store=TranscriptStore(folder / "state" / "transcripts"),
            db=Database(folder / "state" / "subtitled.sqlite"),
            scratch=folder / "state" / "scratch",
        )
        self.film = self.folder / "Film.mkv"

    def library_settings(self, *languages: str, **more: Any) -> LibrarySettings:
        return LibrarySettings(path=self.folder, languages=languages, **more)

    def make(self, *languages: str, **more: Any) -> JobResult:
        job = Job(
            media=self.film,
            library=self.library_settings(*languages, **more),
            fingerprint=content_fingerprint(self.film),
        )
        return run_job(job, self.services, InlineRunner())

    def examine(self, *languages: str, **more: Any) -> MediaReport:
        request = InspectionRequest(
            media=self.film,
            facts=probe_media(self.film),
            library=self.library_settings(*languages, **more),
            fingerprint=content_fingerprint(self.film),
        )
        services = self.services
        db = services.db
        return inspect_media(request, services.config, services.store, db.sidecars, db.judgements)

    def sidecar(self, name: str, text: str, seconds: Iterable[float] = range(0, 60, 5)) -> Path:
        words = itertools.cycle(text.split())
        path = self.folder / name
        path.write_text(_srt(" ".join(next(words) for _ in range(6)) for _ in seconds), "utf-8")
        return path

    def cues(self, name: str) -> tuple[Cue, ...]:
        return read_cues((self.folder / name).read_bytes(), "srt")

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir() if path != self.film)

    def how(self, name: str) -> str:
        record = self.services.db.sidecars.get(self.folder / name)
        assert record is not None
        return record.variant


def _srt(texts: Iterable[str]) -> str:
    """Return cues of three seconds, one every five."""
    return "".join(
        f"{n + 1}\n{_clock(n * 5)},500 --> {_clock(n * 5 + 3)},500\n{text}\n\n"
        for n, text in enumerate(texts)
    )


def _clock(seconds: int) -> str:
    return f"00:{seconds // 60:02}:{seconds % 60:02}"


def _sound(path: Path, *pitches: int, bursts: int = 12) -> Path:
    """Write twelve tones of each pitch in turn, about a minute for two."""
    parts = []
    for pitch in pitches:
        for number in range(bursts):
            length = round((1.2 + 0.1 * (number % 5)) * SAMPLE_RATE)
            parts.append(np.sin(np.arange(length) * 2 * np.pi * pitch / SAMPLE_RATE) * 0.3)
            parts.append(np.zeros(round(0.9 * SAMPLE_RATE)))
    sound = (np.concatenate(parts) * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(sound.tobytes())
    return path


def _film(place: Place, tracks: Sequence[tuple[Path, Sequence[str]]], *more: object) -> None:
    """Write a Matroska file with these tracks, each with options such as ``language=eng``."""
    inputs = [word for path, _ in tracks for word in ("-i", path)]
    maps = [word for n in range(len(tracks)) for word in ("-map", f"{n}:a")]
    marks = [
        word
        for n, (_, options) in enumerate(tracks)
        for option in options
        for word in (
            (f"-disposition:a:{n}", option.removeprefix("+"))
            if option.startswith("+")
            else (f"-metadata:s:a:{n}", option)
        )
    ]
    arguments = [*inputs, *more[:2], *maps, *more[2:], "-c:a", "flac", *marks, place.film]
    subprocess.run(["ffmpeg", "-v", "error", "-nostdin", "-y", *map(str, arguments)], check=True)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, {})


@pytest.fixture
def fluent(tmp_path: Path) -> Place:
    return Place(tmp_path, {"mt": Fluent})


def test_a_dub_is_written_down_for_its_language_and_never_for_the_original(
    fluent: Place, tmp_path: Path
) -> None:
    english, spanish = _sound(tmp_path / "en.wav", 440), _sound(tmp_path / "es.wav", 660)
    german = _sound(tmp_path / "de.wav", 880)
    _film(
        fluent,
        [
            (spanish, ["language=spa", "+default+dub"]),
            (english, ["language=eng", "+original"]),
            (german, ["language=ger", "title=Audiokommentar"]),
            (german, ["language=ger", "+visual_impaired"]),
        ],
    )
    outcome = fluent.make("original", "es", "de")
    assert outcome.spoken == EN
    assert fluent.names() == ["Film.de.srt", "Film.en.srt", "Film.es.srt"]
    assert fluent.how("Film.en.srt") == "transcribed by whisper"
    assert fluent.how("Film.es.srt") == "transcribed by whisper, track 0"
    assert fluent.how("Film.de.srt") == "transcribed by whisper, translated by mt"
    assert {received for received, _, _ in fluent.engine.asked} == {EN, ES}
    assert all(received == truth for received, _, truth in fluent.engine.asked)
    assert fluent.examine("original", "es", "de").decision.requirements == ()


def test_embedded_text_is_translated_with_its_times_and_without_transcription(
    fluent: Place, tmp_path: Path
) -> None:
    english = _sound(tmp_path / "en.wav", 440, bursts=24)
    (tmp_path / "s.srt").write_text(fluent.sidecar("x", SAID[EN]).read_text())
    (fluent.folder / "x").unlink()
    _film(
        fluent,
        [(english, ["language=eng"])],
        "-i",
        tmp_path / "s.srt",
        "-map",
        "1:s",
        "-c:s",
        "ass",
        "-metadata:s:s:0",
        "language=eng",
    )
    outcome = fluent.make("es")
    assert (outcome.state, outcome.spoken) == (FileState.DONE, None)
    assert fluent.how("Film.es.srt") == "translated by mt from stream 1 (en)"
    cues = fluent.cues("Film.es.srt")
    assert [cue.start for cue in cues] == [n * 5 + 0.5 for n in range(12)]
    assert cues[0].text.split()[:3] == ["No", "sé", "qué"]
    assert fluent.engine.recognised == 0
    assert not list(fluent.services.store.folder.rglob("analysis.json"))


def test_sounds_and_names_of_speakers_are_not_translated(tmp_path: Path) -> None:
    Noting.given.clear()
    place = Place(tmp_path, {"mt": Noting})
    _film(place, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    words = SAID[EN].split()
    texts = [f"[door slams]\nJOHN: {' '.join(words[n : n + 5])}" for n in range(0, 25, 5)]
    texts.insert(2, "[thunder rumbles]")
    texts.append("♪ ♪")
    (place.folder / "Film.en.sdh.srt").write_text(_srt(texts))
    place.make("es")
    assert place.how("Film.es.srt") == "translated by mt from Film.en.sdh.srt (en)"
    assert [text.split() for text in Noting.given] == [words[n : n + 5] for n in range(0, 25, 5)]
    assert [cue.start for cue in place.cues("Film.es.srt")] == [0.5, 5.5, 15.5, 20.5, 25.5]


def test_a_text_of_sounds_alone_is_no_source(fluent: Place, tmp_path: Path) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    (fluent.folder / "Film.en.sdh.srt").write_text(_srt(["[thunder rumbles]"] * 12))
    fluent.make("es")
    assert fluent.how("Film.es.srt") == "transcribed by whisper, translated by mt"


def test_sidecar_in_another_language_than_its_name_is_no_source(
    fluent: Place, tmp_path: Path
) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    fluent.sidecar("Film.en.srt", NORWEGIAN * 2)
    fluent.make("es")
    assert fluent.how("Film.es.srt") == "transcribed by whisper, translated by mt"
    assert fluent.engine.recognised > 0


def test_what_a_translator_left_as_it_was_is_not_published(tmp_path: Path) -> None:
    place = Place(tmp_path, {"lazy": Lazy})
    _film(place, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    outcome = place.make("es")
    assert outcome.state is FileState.IMPOSSIBLE
    assert "is not in Spanish: it is English" in outcome.reason
    assert place.names() == []


def test_the_next_translator_is_tried_where_the_first_gave_another_language(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path, {"lazy": Lazy, "mt": Fluent})
    _film(place, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    assert place.make("es").state is FileState.DONE
    assert place.how("Film.es.srt") == "transcribed by whisper, translated by mt"


def test_chinese_changes_its_script_without_a_translator(place: Place, tmp_path: Path) -> None:
    _film(place, [(_sound(tmp_path / "en.wav", 440), ["language=eng"])])
    place.sidecar("Film.zh-Hans.srt", "我们的头发很长 皇后在后面 恭喜发财 干净的里面")
    place.make("zh-TW")
    assert "我們的頭髮很長" in place.cues("Film.zh-TW.srt")[0].text
    assert place.engine.recognised == 0


def test_a_track_whose_tag_is_wrong_gives_way_to_the_next_source(
    fluent: Place, tmp_path: Path
) -> None:
    english, german = _sound(tmp_path / "en.wav", 440), _sound(tmp_path / "de.wav", 880)
    _film(fluent, [(english, ["language=eng", "+original"]), (german, ["language=spa"])])
    fluent.make("es")
    assert fluent.how("Film.es.srt") == "transcribed by whisper, translated by mt"


@pytest.mark.parametrize(
    ("tag", "text", "wanted"),
    [
        ("spa", "Film.es.srt", "de"),
        ("ger", "Film.de.sdh.srt", "es"),
        ("fre", "Film.it.srt", "en"),
    ],
)
def test_a_wrong_tag_that_is_found_out_in_the_middle_is_followed_at_once(
    fluent: Place, tmp_path: Path, tag: str, text: str, wanted: str
) -> None:
    """The text is tried first, so nobody listens until it is refused."""
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), [f"language={tag}"])])
    fluent.sidecar(text, NORWEGIAN * 2)
    outcome = fluent.make(wanted)
    assert (outcome.state, outcome.spoken) == (FileState.DONE, EN)
    how = "transcribed by whisper" + (", translated by mt" if wanted != "en" else "")
    assert fluent.how(f"Film.{wanted}.srt") == how
    assert {received for received, _, _ in fluent.engine.asked} == {EN}


@pytest.mark.parametrize(
    ("silent_tag", "spoken_tag", "wanted"),
    [("ger", "ger", "es"), ("ger", "eng", "en"), ("spa", "spa", "en"), ("eng", "eng", "en")],
)
def test_a_silent_track_that_is_found_out_in_the_middle_gives_way_to_the_next(
    fluent: Place, tmp_path: Path, silent_tag: str, spoken_tag: str, wanted: str
) -> None:
    """The plan follows the tags, so nobody listens until it is carried out."""
    english, silence = _sound(tmp_path / "en.wav", 440), tmp_path / "silence.wav"
    with wave.open(str(silence), "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes(bytes(60 * SAMPLE_RATE))
    _film(
        fluent,
        [(silence, [f"language={silent_tag}"]), (english, [f"language={spoken_tag}"])],
    )
    outcome = fluent.make(wanted)
    assert outcome.state is FileState.DONE, outcome.reason
    assert fluent.how(f"Film.{wanted}.srt").startswith("transcribed by whisper")
    assert {received for received, _, _ in fluent.engine.asked} == {EN}


def test_sidecars_published_before_a_wrong_tag_was_found_are_not_repeated(
    fluent: Place, tmp_path: Path
) -> None:
    english, german = _sound(tmp_path / "en.wav", 440), _sound(tmp_path / "de.wav", 880)
    _film(fluent, [(english, ["language=spa", "+original"]), (german, ["language=ger"])])
    fluent.sidecar("Film.it.srt", NORWEGIAN * 2)
    job = Job(
        media=fluent.film,
        library=fluent.library_settings("de", "en"),
        fingerprint=content_fingerprint(fluent.film),
        force=True,
    )
    outcome = run_job(job, fluent.services, InlineRunner())
    assert [one.language for one in outcome.made] == [DE, EN]
    assert fluent.how("Film.de.srt") == "transcribed by whisper, track 1"
    assert sum(received == DE for received, _, _ in fluent.engine.asked) == 12, "each sentence once"


def test_each_part_is_recognised_in_its_language_and_foreign_parts_have_a_sidecar(
    place: Place, tmp_path: Path
) -> None:
    _film(place, [(_sound(tmp_path / "s.wav", 440, 440, 880), ["language=eng"])])
    outcome = place.make("original", forced=("original",))
    assert outcome.spoken == EN
    assert place.names() == ["Film.en.forced.srt", "Film.en.srt"]
    assert {(received, truth) for received, _, truth in place.engine.asked} == {(EN, EN), (DE, DE)}
    assert {into for received, into, _ in place.engine.asked if received == EN} == {None}
    whole, forced = place.cues("Film.en.srt"), place.cues("Film.en.forced.srt")
    change = (
        place.services.store.analysis(content_fingerprint(place.film), 0)
        .language_segments[1]
        .span.start
    )
    assert forced
    assert all(cue.start >= change for cue in forced)
    assert {"I", "know"} <= set(" ".join(cue.text for cue in forced).split())
    assert "Ich" in " ".join(cue.text for cue in whole if cue.start >= change)
    assert outcome.made[1].kind is SubtitleKind.FORCED
    assert place.examine("original", forced=("original",)).decision.requirements == ()


def test_a_film_in_one_language_has_no_foreign_parts_and_is_not_asked_again(
    place: Place, tmp_path: Path
) -> None:
    _film(place, [(_sound(tmp_path / "s.wav", 440), ["language=eng"])])
    place.make("original", forced=("en",))
    assert place.names() == ["Film.en.srt"]
    decision = place.examine("original", forced=("en",)).decision
    assert (decision.requirements, decision.needs_analysis) == ((), False)
    assert "en forced: no speech is in another language" in decision.reasons


def test_all_of_a_film_in_two_languages_is_translated_each_from_its_own(
    fluent: Place, tmp_path: Path
) -> None:
    _film(fluent, [(_sound(tmp_path / "s.wav", 440, 440, 880), ["language=eng"])])
    fluent.make("es")
    assert {(received, into) for received, into, _ in fluent.engine.asked} == {
        (EN, None),
        (DE, None),
    }
    cues = fluent.cues("Film.es.srt")
    assert all(a.end <= b.start for a, b in itertools.pairwise(cues))
    assert cues[-1].start > 45


def test_two_languages_in_one_file_out_of_one_recognition_and_one_translation(
    fluent: Place, tmp_path: Path
) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    wanted: dict[str, Any] = {"bilingual": [("original", "es")]}
    outcome = fluent.make("original", "es", **wanted)
    assert outcome.reason == "made en, es, en+es"
    assert fluent.names() == ["Film.bilingual-es.en.srt", "Film.en.srt", "Film.es.srt"]
    assert len(set(fluent.engine.asked)) == 1
    assert fluent.engine.recognised == 1
    english, both = fluent.cues("Film.en.srt"), fluent.cues("Film.bilingual-es.en.srt")
    words = [set(" ".join(cue.text for cue in cues).split()) for cues in (english, both)]
    assert words[0] | {"sé", "llevamos"} <= words[1]
    assert both[0].text.startswith("I do")
    assert all(a.end <= b.start for a, b in itertools.pairwise(both))
    how = fluent.how("Film.bilingual-es.en.srt")
    assert how == ("transcribed by whisper; below it transcribed by whisper, translated by mt")
    decision = fluent.examine("original", "es", **wanted).decision
    assert (decision.requirements, decision.needs_analysis) == ((), False)
    assert "en+es: covered by Film.bilingual-es.en.srt (ours)" in decision.reasons


def test_the_pair_is_no_subtitle_in_either_of_its_languages(fluent: Place, tmp_path: Path) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    fluent.make("original", bilingual=[("en", "es")])
    assert fluent.names() == ["Film.bilingual-es.en.srt", "Film.en.srt"]
    calls, transcript = Fluent.calls, fluent.engine.recognised
    (fluent.folder / "Film.en.srt").unlink()
    decision = fluent.examine("en", "es", bilingual=[("es", "en")]).decision
    assert [str(requirement.language) for requirement in decision.requirements] == [
        "en",
        "es",
        "es",
    ]
    fluent.make("en", "es", bilingual=[("es", "en")])
    assert "Film.bilingual-en.es.srt" in fluent.names()
    assert (Fluent.calls, fluent.engine.recognised) == (calls, transcript)


def test_human_subtitle_is_one_half_of_a_bilingual_with_its_times(
    fluent: Place, tmp_path: Path
) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    fluent.sidecar("Film.en.srt", SAID[EN])
    outcome = fluent.make("en", bilingual=[("es", "en")])
    assert (outcome.state, outcome.spoken) == (FileState.DONE, None)
    assert fluent.names() == ["Film.bilingual-en.es.srt", "Film.en.srt"]
    how = fluent.how("Film.bilingual-en.es.srt")
    assert how == ("translated by mt from Film.en.srt (en); below it taken from Film.en.srt (en)")
    both = fluent.cues("Film.bilingual-en.es.srt")
    assert [cue.start for cue in both] == [n * 5 + 0.5 for n in range(12)]
    assert both[0].text.split("\n")[0].startswith("No sé")
    assert both[0].text.split("\n")[-1].startswith("I do not know")
    assert fluent.engine.recognised == 0


def test_a_pair_is_estimated_for_review_until_its_upper_language_has_a_subtitle_of_its_own(
    fluent: Place, tmp_path: Path
) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    fluent.sidecar("Film.en.srt", SAID[EN])
    db = fluent.services.db
    record_seen(db, "films", fluent.film, fluent.film.stat())
    for languages, name in ((("en",), "Film.bilingual-en.es.srt"), (("en", "es"), "Film.es.srt")):
        fluent.make(*languages, bilingual=[("es", "en")])
        (review,) = db.reviews.page(ReviewFilter())
        record = db.sidecars.get(fluent.folder / name)
        assert record is not None
        assert (str(review.language), review.estimated_sha256) == ("es", record.sha256)
        assert review.cue_count == len(fluent.cues(name))


def test_impossible_bilingual_is_reported_and_the_rest_produced(
    place: Place, tmp_path: Path
) -> None:
    _film(place, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    outcome = place.make("original", bilingual=[("original", "es")])
    assert place.names() == ["Film.en.srt"]
    assert outcome.reason == "made en; en+es: no configured engine makes es from en"


def test_a_pair_with_a_side_in_the_wrong_language_is_not_published(tmp_path: Path) -> None:
    place = Place(tmp_path, {"lazy": Lazy})
    _film(place, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    outcome = place.make("original", bilingual=[("en", "es")])
    assert place.names() == ["Film.en.srt"]
    assert "is not in Spanish: it is English" in outcome.reason


def test_edited_or_undone_bilingual_stays_as_it_is(fluent: Place, tmp_path: Path) -> None:
    _film(fluent, [(_sound(tmp_path / "en.wav", 440, bursts=24), ["language=eng"])])
    wanted: dict[str, Any] = {"bilingual": [("en", "es")]}
    fluent.make("en", **wanted)
    path = fluent.folder / "Film.bilingual-es.en.srt"
    sidecars = fluent.services.db.sidecars
    sidecars.set_status(path, SidecarStatus.REMOVED_BY_USER)
    kept = path.read_bytes()
    path.unlink()
    reasons = fluent.examine("en", **wanted).decision.reasons
    assert "en+es: Film.bilingual-es.en.srt was removed by a user" in reasons
    sidecars.set_status(path, SidecarStatus.PRESENT)
    path.write_bytes(kept + b"\n99\n00:02:00,000 --> 00:02:01,000\nMine.\n\n")
    assert fluent.make("en", **wanted).state is FileState.UP_TO_DATE
    assert path.read_bytes() != kept
