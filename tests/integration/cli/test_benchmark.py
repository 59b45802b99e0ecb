"""``benchmark``: what is here is measured and kept, and nothing is sent, fetched or lost."""

from __future__ import annotations

import contextlib
import hashlib
import json
import wave
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from subtitled.cli import benchmark as command
from subtitled.cli.app import app
from subtitled.config.load import load_config
from subtitled.config.plugin_paths import PluginPaths
from subtitled.daemon.answers.backlog import describe_backlog
from subtitled.daemon.benchmark import speech
from subtitled.daemon.benchmark.advice import advise
from subtitled.daemon.benchmark.machine import read_machine
from subtitled.daemon.benchmark.measurements import Measurement
from subtitled.daemon.doctor.capacity import check_capacity
from subtitled.db.records import FileState
from subtitled.db.schema import files
from subtitled.jobcontext.database import open_database
from subtitled.media.vad import SpeechActivity
from subtitled.plugin import Language, TimeSpan
from subtitled.routing.cost_estimate import engine_speeds
from support.seen_files import record_seen

SENTENCE = "one two three four"
WEIGHTS = b"weights"
EARS = f'''
from subtitled.plugin import *
from pydantic import Field

SUBTITLED_API = "1"
SPECS = {{
    name: ModelSpec(name=name, files={{"w": "{hashlib.sha256(WEIGHTS).hexdigest()}"}}, size_bytes=7,
                    memory_mb=memory)
    for name, memory in (("usual", 1), ("huge", 10**9), ("absent", 1))
}}

class EarsSettings(Settings):
    model: str = "usual"
    says: str = "{SENTENCE}"
    remote: bool = False
    broken: bool = False
    languages: tuple[Language, ...] = ()

class Ears(Engine[EarsSettings]):
    @classmethod
    def capabilities(cls, settings):
        return EngineCapabilities(
            languages=frozenset(settings.languages) or None,
            destination="ears:far" if settings.remote else LOCAL,
            price=Price(3.6, "EUR") if settings.remote else None,
            max_concurrency=2,
        )

    @classmethod
    def models(cls, settings):
        return () if settings.remote else (SPECS[settings.model],)

    @classmethod
    def catalogue(cls):
        return tuple(SPECS.values())

    def load(self):
        if self.settings.broken:
            raise SetupError("the model is of no use", "Use another")

    def transcribe(self, audio, request):
        span = request.chunk.span
        return Transcript(language=request.language, words=(
            Word(text=" " + self.settings.says, start=span.start, end=span.end),))

@hookimpl
def register_engines(register):
    register(Ears)
'''

MEASURED = Measurement(
    engine="good",
    plugin="ears",
    model="usual",
    device="auto",
    sound_seconds=60.0,
    work_seconds=6.0,
)


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A configuration whose only plugin is a file, with two of its three models installed."""
    plugins = tmp_path / "plugins"
    plugins.mkdir(mode=0o755)
    (plugins / "ears.py").write_text(EARS)
    (plugins / "ears.py").chmod(0o644)
    for model in ("usual", "huge"):
        folder = tmp_path / "models" / "ears" / model
        folder.mkdir(parents=True)
        (folder / "w").write_bytes(WEIGHTS)
    path = tmp_path / "config.toml"
    path.write_text(
        f'[daemon]\nstate_dir = "{tmp_path}/state"\nmodels_dir = "{tmp_path}/models"\nthreads = 1\n'
        f'[libraries.films]\npath = "{tmp_path}/films"\n[engines.good]\nplugin = "ears"\n'
    )
    monkeypatch.setattr(
        command,
        "find_speech",
        lambda configuration, sample: SpeechActivity((TimeSpan(0.0, sample.audio.duration),)),
    )
    yield path
    PluginPaths().apply()


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """A minute of sound of one's own."""
    path = tmp_path / "own.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes(b"\x10\x20" * 16000 * 60)
    return path


def add(config: Path, *sections: str) -> None:
    with config.open("a") as file:
        file.write("\n".join(sections))


def run(config: Path, *arguments: object, **options: Any) -> Result:
    words = ["--config", str(config), "benchmark", *map(str, arguments)]
    return CliRunner().invoke(app, words, **options)


def test_what_is_here_is_measured_and_all_else_is_named_with_its_reason(
    config: Path, sound: Path, tmp_path: Path
) -> None:
    add(
        config,
        '[engines.other]\nplugin = "ears"\nmodel = "absent"',
        '[engines.broken]\nplugin = "ears"\nbroken = true',
        '[engines.german]\nplugin = "ears"\nlanguages = ["de"]',
        '[engines.cloud]\nplugin = "ears"\nremote = true\nmodel = "far"',
    )
    text = tmp_path / "said.txt"
    text.write_text(SENTENCE)
    ran = run(config, "--file", sound, "--text", text, "--json")
    assert ran.exit_code == 1, "a part of it failed"
    told = json.loads(ran.stdout)
    assert [(one["engine"], one["model"]) for one in told["results"]] == [("good", "usual")]
    (good,) = told["results"]
    assert (good["words"], good["word_errors"]) == (4, 0)
    assert good["speed"] > 0
    assert good["load_seconds"] > 0
    assert good["processor_seconds"] >= 0
    assert good["peak_memory_mb"] > 10
    assert [(one["name"], one["reason"]) for one in told["failed"]] == [
        ("broken usual", "the model is of no use")
    ]
    left_out = {one["name"]: one for one in told["left_out"]}
    assert left_out["german usual"]["reason"].startswith("it does not know English")
    assert "of memory, and" in left_out["good huge"]["reason"]
    assert left_out["other absent"]["reason"] == "its model is not on this machine"
    assert left_out["other absent"]["hint"].endswith("subtitled models pull ears/absent")
    assert left_out["cloud far"]["reason"] == (
        "a service: 60 s of sound go to ears:far, at most 0.0600 EUR"
    )
    assert not (tmp_path / "models" / "ears" / "absent").exists()
    configuration = load_config(config)
    with contextlib.closing(open_database(configuration)) as db:
        assert list(db.egress_log.entries()) == [], "a service got sound without consent"
        assert engine_speeds(db.kv)["good"] == pytest.approx(good["speed"], rel=0.01)


def test_a_service_is_asked_only_after_its_price_was_told_and_agreed_to(
    config: Path, sound: Path
) -> None:
    add(config, '[engines.cloud]\nplugin = "ears"\nremote = true\nmodel = "far"')
    no = run(config, "cloud", "--file", sound, "--paid", input="n\n")
    assert "60 s of sound go to ears:far, at most 0.0600 EUR" in no.stderr
    assert "cloud far: a service, and you did not agree" in no.stdout
    assert no.exit_code == 1
    yes = run(config, "cloud", "--file", sound, "--paid", "--yes", "--json")
    assert yes.exit_code == 0, yes.output
    (result,) = json.loads(yes.stdout)["results"]
    assert (result["processor_seconds"], result["peak_memory_mb"]) == (None, None)
    with contextlib.closing(open_database(load_config(config))) as db:
        (entry,) = db.egress_log.entries()
        assert (entry.component, entry.path, entry.amount) == ("cloud", sound, 60.0)
    add(config, "\n[budgets.all]\nmax_audio_hours = 0.01\n")
    spent = run(config, "cloud", "--file", sound, "--paid", "--yes")
    assert "cloud far: the budget all is spent" in spent.stdout, spent.stderr


def test_a_file_of_a_library_goes_to_no_service_that_the_library_forbids(
    config: Path, sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = tmp_path / "films"
    films.mkdir()
    sound.rename(films / sound.name)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "link").symlink_to(films)
    add(config, '[engines.cloud]\nplugin = "ears"\nremote = true\nmodel = "far"')
    for folder, name in ((films, ""), (elsewhere, "../films/"), (elsewhere, "link/")):
        monkeypatch.chdir(folder)
        ran = run(config, "cloud", "--file", name + sound.name, "--paid", "--yes")
        assert ran.exit_code == 1, name
        assert "cloud far: cloud would send audio to ears:far, which the library does not" in (
            ran.stdout
        )
    monkeypatch.chdir(films)
    text = config.read_text()
    config.write_text(
        text.replace("[engines.good]", 'allowed_destinations = "ears"\n[engines.good]')
    )
    ran = run(config, "cloud", "--file", sound.name, "--paid", "--yes")
    assert ran.exit_code == 0, ran.output


def test_an_interrupted_run_keeps_what_it_has_measured(
    config: Path, sound: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(config, '[engines.second]\nplugin = "ears"')

    def interrupt(configuration: Any, candidate: Any, *rest: Any) -> Measurement:
        if candidate.configured.name == "second":
            raise KeyboardInterrupt
        return MEASURED

    monkeypatch.setattr(command, "measure", interrupt)
    ran = run(config, "usual", "--file", sound)
    assert ran.exit_code == 1
    assert "interrupted; the results so far are kept" in ran.stdout
    configuration = load_config(config)
    details = {one.subject: one.detail for one in check_capacity(configuration)}
    assert details["benchmark"].startswith("good usual ")


def test_a_benchmark_is_the_first_estimate_of_how_long_the_backlog_takes(
    config: Path, sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "measure", lambda *arguments: MEASURED)
    film = tmp_path / "film.mkv"
    film.write_bytes(b"x")
    configuration = load_config(config)
    with contextlib.closing(open_database(configuration)) as db:
        record_seen(db, "films", film, film.stat())
        with db.files._engine.begin() as c:
            c.execute(files.update().values(state=FileState.QUEUED, duration=3600.0))
        before = describe_backlog(configuration, db)
        assert before.work is None
        assert run(config, "usual", "--file", sound).exit_code == 0
        after = describe_backlog(configuration, db)
    assert after.work is not None
    assert (after.work.low, after.work.high) == pytest.approx((3600 * 0.03, 3600 * 0.12))
    assert after.basis == "a first estimate: the speed of good usual was measured by benchmark"
    assert after.done_at is not None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nothing",), "no engine or model called 'nothing' is here. Here are: good usual"),
        (("--text", "x"), "--text needs --file"),
        (("--language", "xx-"), "--language: "),
    ],
)
def test_wrong_use_is_told_before_anything_runs(
    config: Path, arguments: tuple[str, ...], message: str
) -> None:
    ran = run(config, *arguments)
    assert ran.exit_code == 2
    assert message in ran.stderr


def test_without_any_speech_the_cure_is_told(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(speech, "PROMPTS_FOLDER", tmp_path / "none")
    monkeypatch.setattr(speech, "which", lambda program: None)
    ran = run(config)
    assert ran.exit_code == 1
    assert "there is no speech for the benchmark on this machine" in ran.stderr
    assert "subtitled benchmark --file FILM" in ran.stderr
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"no film")
    ran = run(config, "--file", broken)
    assert ran.exit_code == 1
    assert "broken.mkv" in ran.stderr
    ran = run(config, "--file", tmp_path / "missing.mkv")
    assert ran.exit_code == 1
    assert "missing.mkv" in ran.stderr


def test_languages_that_nobody_knows_leave_no_engine_out(config: Path, tmp_path: Path) -> None:
    add(config, 'languages = ["de"]')
    configuration = load_config(config)
    with contextlib.closing(open_database(configuration)) as db:
        for name, language in (("one", "und"), ("two", "zxx"), ("three", "de")):
            film = tmp_path / f"{name}.mkv"
            film.write_bytes(b"x")
            record_seen(db, "films", film, film.stat())
            with db.files._engine.begin() as c:
                this = files.update().where(files.c.path == bytes(film))
                c.execute(this.values(spoken_language=language))
        assert advise(configuration).needs.spoken == {Language("de")}


def test_a_broken_database_is_no_reason_to_recommend_nothing(config: Path) -> None:
    configuration = load_config(config)
    with contextlib.closing(open_database(configuration)) as db, db.files._engine.begin() as c:
        c.exec_driver_sql("DROP TABLE job_runs")
    assert [one.subject for one in check_capacity(configuration)][:2] == ["machine", "benchmark"]


def test_a_configured_model_that_can_never_fit_is_wrong_for_the_doctor(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = config.read_text()
    config.write_text(text + 'model = "huge"\n')
    wrong = [one for one in check_capacity(load_config(config)) if not one.ok]
    assert [one.subject for one in wrong] == ["memory for good huge"]
    assert "stated by the plugin" in wrong[0].detail
    config.write_text(text)
    small = replace(read_machine(), memory_limit_mb=64)
    monkeypatch.setattr("subtitled.daemon.benchmark.advice.read_machine", lambda: small)
    assert all(one.ok for one in check_capacity(load_config(config)))
