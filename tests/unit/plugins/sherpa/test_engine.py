"""What the engine makes of the results of each family.

The results have the shapes that the installed sherpa-onnx gives, with words of our own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from subtitled.plugin import (
    UNDETERMINED,
    Audio,
    Chunk,
    ComponentContext,
    InputRejectedError,
    Language,
    SetupError,
    TimeSpan,
    Transcript,
    TranscriptionRequest,
)
from subtitled_plugins.sherpa.engine import (
    SherpaEngine,
    SherpaSettings,
    choose_card,
    parse_language,
)

TIMED = SimpleNamespace(
    text=" Good day.", tokens=[" Good", " day", "."], timestamps=[0.2, 0.6, 0.9]
)


class FakeRecognizer:
    """Gives the same result for each stream, and remembers how it was opened."""

    def __init__(self, result: Any, opened: list[dict[str, Any]]) -> None:
        self._result, self._opened = result, opened

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if not name.startswith("from_"):
            raise AttributeError(name)

        def open_model(**arguments: Any) -> FakeRecognizer:
            self._opened.append({"factory": name, **arguments})
            return self

        return open_model

    def create_stream(self) -> Any:
        return SimpleNamespace(accept_waveform=lambda rate, samples: None, result=self._result)

    def decode_stream(self, stream: Any) -> None: ...


class Recognizing:
    """The engine with a fake of sherpa-onnx, and a track of half a minute."""

    def __init__(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = tmp_path
        self.opened: list[dict[str, Any]] = []
        self._monkeypatch = monkeypatch
        path = tmp_path / "track.s16"
        path.write_bytes(np.zeros(16_000 * 30, np.int16).tobytes())
        self._audio = Audio(path)

    def engine(self, model: str, result: Any, device: str = "auto") -> SherpaEngine:
        module = ModuleType("sherpa_onnx")
        module.OfflineRecognizer = FakeRecognizer(result, self.opened)  # type: ignore[attr-defined]
        self._monkeypatch.setitem(sys.modules, "sherpa_onnx", module)
        context = ComponentContext("sherpa", 2, {model: self.folder}, device)
        engine = SherpaEngine(SherpaSettings(model=model), context)
        engine.load()
        return engine

    def transcribe(self, engine: SherpaEngine, language: str = "en") -> Transcript:
        spans = (TimeSpan(2.0, 9.0), TimeSpan(15.0, 19.5))
        chunk = Chunk(TimeSpan(0.0, 30.0), spans)
        return engine.transcribe(
            self._audio, TranscriptionRequest(chunk=chunk, language=Language(language))
        )


@pytest.fixture
def recognizing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recognizing:
    return Recognizing(tmp_path, monkeypatch)


def test_words_of_parakeet_have_the_times_of_the_track(recognizing: Recognizing) -> None:
    engine = recognizing.engine("parakeet-tdt-0.6b-v3", TIMED)
    transcript = recognizing.transcribe(engine)
    assert transcript.text == "Good day."
    assert transcript.engine == "sherpa parakeet-tdt-0.6b-v3"
    assert 1.5 < transcript.words[0].start < transcript.words[1].start < 4.0
    (opened,) = recognizing.opened
    assert (opened["factory"], opened["model_type"]) == ("from_transducer", "nemo_transducer")
    assert opened["num_threads"] == 2


def test_a_model_without_times_gives_a_segment_for_each_window(recognizing: Recognizing) -> None:
    result = SimpleNamespace(text="Good day.", tokens=[" Good"], timestamps=[])
    transcript = recognizing.transcribe(recognizing.engine("moonshine-tiny-en", result))
    (segment,) = transcript.words
    assert (segment.text, segment.start, segment.end) == (" Good day.", 2.0, 19.5)
    assert not SherpaEngine.capabilities(SherpaSettings(model="moonshine-tiny-en")).word_timestamps


def test_sense_voice_tells_the_language_that_it_found(recognizing: Recognizing) -> None:
    result = SimpleNamespace(text="开放", tokens=["开", "放"], timestamps=[0.1, 0.4], lang="<|zh|>")
    engine = recognizing.engine("sense-voice", result)
    assert recognizing.transcribe(engine, "und").language == "zh"
    assert recognizing.transcribe(engine, "yue").language == "yue"
    assert [opened["language"] for opened in recognizing.opened] == ["en", "", "yue"]


def test_canary_is_opened_again_for_another_language(recognizing: Recognizing) -> None:
    result = SimpleNamespace(text="Guten Tag.", tokens=[], timestamps=[])
    engine = recognizing.engine("canary-180m-flash", result)
    for language in ("de-AT", "de", "en"):
        recognizing.transcribe(engine, language)
    codes = [(opened["src_lang"], opened["tgt_lang"]) for opened in recognizing.opened]
    assert codes == [("en", "en"), ("de", "de"), ("en", "en")]


def test_a_model_that_could_not_be_opened_for_a_language_is_opened_for_the_next(
    recognizing: Recognizing,
) -> None:
    engine = recognizing.engine("canary-180m-flash", TIMED)
    works = sys.modules["sherpa_onnx"].OfflineRecognizer

    def fail(**_: Any) -> Any:
        raise RuntimeError("no memory")

    sys.modules["sherpa_onnx"].OfflineRecognizer = SimpleNamespace(from_nemo_canary=fail)  # type: ignore[attr-defined]
    for _ in range(2):
        with pytest.raises(SetupError, match="cannot be opened: no memory"):
            recognizing.transcribe(engine, "de")
    sys.modules["sherpa_onnx"].OfflineRecognizer = works  # type: ignore[attr-defined]
    assert recognizing.transcribe(engine, "en").words


def test_capitals_alone_become_small_letters(recognizing: Recognizing) -> None:
    result = SimpleNamespace(text="GOOD DAY", tokens=[" GOOD", " DAY"], timestamps=[0.2, 0.6])
    assert recognizing.transcribe(recognizing.engine("zipformer-en", result)).text == "good day"


def test_nothing_recognised_is_an_empty_transcript(recognizing: Recognizing) -> None:
    result = SimpleNamespace(text=" ", tokens=[], timestamps=[])
    assert recognizing.transcribe(recognizing.engine("qwen3-asr-0.6b", result)).words == ()


def test_a_language_that_the_model_does_not_know_goes_to_another_engine(
    recognizing: Recognizing,
) -> None:
    engine = recognizing.engine("parakeet-tdt-0.6b-v3", TIMED)
    with pytest.raises(InputRejectedError, match="does not know Japanese"):
        recognizing.transcribe(engine, "ja")


def test_a_model_that_cannot_be_opened_is_named(recognizing: Recognizing) -> None:
    def fail(**_: Any) -> Any:
        raise RuntimeError("bad protobuf")

    engine = recognizing.engine("sense-voice", TIMED)
    sys.modules["sherpa_onnx"].OfflineRecognizer = SimpleNamespace(from_sense_voice=fail)  # type: ignore[attr-defined]
    with pytest.raises(SetupError, match="sense-voice cannot be opened: bad protobuf"):
        engine.load()


def test_without_the_package_its_extra_is_named(
    recognizing: Recognizing, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = recognizing.engine("sense-voice", TIMED)
    monkeypatch.setitem(sys.modules, "sherpa_onnx", None)
    with pytest.raises(SetupError, match=r"subtitled\[sherpa\]"):
        engine.load()


def test_doctor_tells_a_missing_package(
    recognizing: Recognizing, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = recognizing.engine("sense-voice", TIMED)
    monkeypatch.setattr("subtitled_plugins.sherpa.engine.find_spec", lambda name: None)
    (result,) = engine.self_check()
    assert not result.ok
    assert "subtitled[sherpa]" in result.hint


def test_names_of_languages_are_understood_in_every_form() -> None:
    assert [parse_language(x) for x in ("<|yue|>", "en", "Chinese")] == ["yue", "en", "zh"]
    assert [parse_language(x) for x in ("", "<|nospeech|>")] == [UNDETERMINED] * 2


@pytest.mark.parametrize(
    ("device", "provider", "shown"),
    [
        ("auto", "cpu", "7,3"),
        ("cuda", "cuda", "7,3"),
        ("cuda:0", "cuda", "7"),
        ("cuda:1", "cuda", "3"),
    ],
)
def test_the_process_sees_only_the_card_of_its_section(
    device: str,
    provider: str,
    shown: str,
    recognizing: Recognizing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "7,3")
    recognizing.engine("parakeet-tdt-0.6b-v3", TIMED, device)
    assert recognizing.opened[-1]["provider"] == provider
    assert os.environ["CUDA_VISIBLE_DEVICES"] == shown
    assert choose_card(1, "") == "1"
    with pytest.raises(SetupError, match="no cuda:2"):
        choose_card(2, "7,3")
