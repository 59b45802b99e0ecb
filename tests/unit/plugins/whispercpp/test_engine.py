"""What the engine asks of whisper.cpp, and what it makes of the answers.

The functions of whisper.cpp are replaced. Their names and parameters are compared with those of the
installed package. A test of the integration runs it with real weights.
"""

from __future__ import annotations

import inspect
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from subtitled.plugin import (
    Audio,
    Chunk,
    ComponentContext,
    InputRejectedError,
    Language,
    SetupError,
    TimeSpan,
    TranscriptionRequest,
)
from subtitled_plugins.whispercpp.catalogue import MODELS
from subtitled_plugins.whispercpp.engine import (
    ALIGNMENT_HEADS,
    WhisperCppEngine,
    WhisperCppSettings,
)

EOT = 50257
TOKENS = [(50364, b"", 0, -1), (2425, b" Good", 20, 24), (786, b" day", 60, 66), (13, b".", 90, 95)]
FUNCTIONS = (
    "whisper_token_eot",
    "whisper_full_n_segments",
    "whisper_full_n_tokens",
    "whisper_full_get_token_data",
    "whisper_token_to_bytes",
)


class FakeModel:
    """Takes what the installed model takes."""

    opened: list[dict[str, Any]]
    asked: list[dict[str, Any]]
    context: object = object()

    def __init__(self, model: str, **options: Any) -> None:
        self.opened.append({"model": model, **options})
        self._ctx = self.context

    def transcribe(self, media: Any, **options: Any) -> None:
        assert media.dtype == np.float32
        self.asked.append(options)

    def auto_detect_language(self, media: Any) -> Any:
        return ("de", 0.9), {"de": np.float32(0.9), "jw": np.float32(0.05), "xx": 0.04, "fr": 0.0}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> type[FakeModel]:
    class Model(FakeModel):
        opened: list[dict[str, Any]] = []  # noqa: RUF012 - of this test
        asked: list[dict[str, Any]] = []  # noqa: RUF012

    bindings = SimpleNamespace(
        whisper_token_eot=lambda context: EOT,
        whisper_full_n_segments=lambda context: 1,
        whisper_full_n_tokens=lambda context, segment: len(TOKENS),
        whisper_full_get_token_data=lambda context, segment, number: SimpleNamespace(
            id=TOKENS[number][0],
            t0=TOKENS[number][2],
            t1=TOKENS[number][2] + 10,
            t_dtw=TOKENS[number][3],
            plog=-0.2,
        ),
        whisper_token_to_bytes=lambda context, token: {t[0]: t[1] for t in TOKENS}[token],
        **{heads: heads for heads in ALIGNMENT_HEADS.values()},
    )
    module = ModuleType("pywhispercpp.model")
    module.Model = Model  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pywhispercpp", ModuleType("pywhispercpp"))
    monkeypatch.setitem(sys.modules, "pywhispercpp.model", module)
    monkeypatch.setitem(sys.modules, "_pywhispercpp", bindings)
    return Model


def load(tmp_path: Path, device: str = "auto", **options: Any) -> WhisperCppEngine:
    settings = WhisperCppSettings(**options)
    (spec,) = WhisperCppEngine.models(settings)
    context = ComponentContext("cpp", 2, {spec.name: spec.folder or tmp_path}, device)
    engine = WhisperCppEngine(settings, context)
    engine.load()
    return engine


def request(language: str = "en", to: str | None = None) -> TranscriptionRequest:
    chunk = Chunk(TimeSpan(0.0, 30.0), (TimeSpan(2.0, 9.0),))
    return TranscriptionRequest(
        chunk=chunk,
        language=Language(language),
        translate_to=Language(to) if to else None,
    )


@pytest.fixture
def audio(tmp_path: Path) -> Audio:
    path = tmp_path / "track.s16"
    path.write_bytes(np.zeros(16_000 * 30, np.int16).tobytes())
    return Audio(path)


def test_the_installed_package_takes_what_is_passed(
    tmp_path: Path, model: type[FakeModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    load(tmp_path)
    options = model.opened[0]
    monkeypatch.undo()
    bindings = pytest.importorskip("_pywhispercpp")
    from pywhispercpp.model import ContextParams, Model

    inspect.signature(Model.__init__).bind(None, **options)
    inspect.signature(Model.transcribe).bind(None, np.zeros(1), language="en", translate=False)
    inspect.signature(Model.auto_detect_language).bind(None, np.zeros(1))
    assert set(options["context_params"]) <= set(ContextParams.__annotations__)
    parameters = set(Model.get_params_schema()) | {"beam_search"}
    named = set(inspect.signature(Model.__init__).parameters)
    assert set(options) - named <= parameters
    assert all(hasattr(bindings, name) for name in (*FUNCTIONS, *ALIGNMENT_HEADS.values()))
    assert set(ALIGNMENT_HEADS) == set(MODELS)
    assert {"id", "t0", "t1", "t_dtw", "plog"} <= set(dir(bindings.whisper_token_data))


def test_words_have_the_times_of_the_track(
    tmp_path: Path, audio: Audio, model: type[FakeModel]
) -> None:
    transcript = load(tmp_path, beam_size=1).transcribe(audio, request())
    assert transcript.text == "Good day."
    assert transcript.engine == "whisper.cpp base"
    first, second = transcript.words
    assert 1.5 < first.start < first.end <= second.start < second.end < 4.0
    assert transcript.segment_scores[0].avg_logprob == pytest.approx(-0.2)
    assert model.opened[0]["model"] == str(tmp_path / "ggml-base.bin")
    assert model.opened[0]["context_params"]["dtw_aheads_preset"] == "WHISPER_AHEADS_BASE"
    assert model.asked == [{"language": "en", "translate": False}]


def test_speech_is_translated_by_models_that_can(
    tmp_path: Path, audio: Audio, model: type[FakeModel]
) -> None:
    transcript = load(tmp_path).transcribe(audio, request("de-AT", to="en"))
    assert transcript.language == "en"
    assert model.asked == [{"language": "de", "translate": True}]
    turbo = WhisperCppEngine.capabilities(WhisperCppSettings(model="large-v3-turbo-q5_0"))
    assert not turbo.translates_to


def test_the_device_of_the_core_is_used(tmp_path: Path, model: type[FakeModel]) -> None:
    for device in ("auto", "cpu", "vulkan:1"):
        load(tmp_path, device)
    params = [opened["context_params"] for opened in model.opened]
    assert [(p["use_gpu"], p["gpu_device"]) for p in params] == [(True, 0), (False, 0), (True, 1)]


def test_languages_are_identified_by_their_tags(
    tmp_path: Path, audio: Audio, model: type[FakeModel]
) -> None:
    (guess,) = load(tmp_path).detect_language(audio, [TimeSpan(2.0, 9.0)])
    assert guess.probabilities == pytest.approx({"de": 0.9, "jv": 0.05})


def test_a_file_or_folder_of_the_users_is_opened_in_place(
    tmp_path: Path, model: type[FakeModel]
) -> None:
    (tmp_path / "ggml-tuned.en-q8_0.bin").write_bytes(b"ggml")
    for path in (tmp_path, tmp_path / "ggml-tuned.en-q8_0.bin"):
        engine = load(tmp_path, model=path)
        assert model.opened[-1]["model"] == str(tmp_path / "ggml-tuned.en-q8_0.bin")
        assert "dtw_token_timestamps" not in model.opened[-1]["context_params"]
        assert engine.capabilities(engine.settings).languages == frozenset({"en"})
    (missing,) = WhisperCppEngine.models(WhisperCppSettings(model=tmp_path / "none"))
    assert list(missing.files) == ["ggml-model.bin"]


def test_other_languages_go_to_another_engine(
    tmp_path: Path, audio: Audio, model: type[FakeModel]
) -> None:
    with pytest.raises(InputRejectedError, match=r"tiny\.en does not know German"):
        load(tmp_path, model="tiny.en").transcribe(audio, request("de"))


def test_a_model_that_cannot_be_opened_is_named(tmp_path: Path, model: type[FakeModel]) -> None:
    model.context = None
    with pytest.raises(SetupError, match=r"cannot open the model .*ggml-base\.bin"):
        load(tmp_path)


def test_a_name_that_is_no_model_is_refused_with_those_that_are() -> None:
    with pytest.raises(ValidationError, match=r"no such model; there are: tiny, tiny\.en, base"):
        WhisperCppSettings(model="huge")
