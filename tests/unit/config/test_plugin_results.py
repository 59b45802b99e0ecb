"""What a plugin returned is converted, or refused with the name of its field, not its value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from subtitled.config.plugin_faults import PluginFaultError, explain_exception, find_definition
from subtitled.config.plugin_results import convert_result
from subtitled.plugin import (
    DeliverySchedule,
    EngineCapabilities,
    Language,
    LanguageGuess,
    MediaMetadata,
    SetupError,
    SubtitledError,
    TimeSpan,
    Transcript,
    TransientError,
    Word,
)

EN = Language("en")


def transcribe(value: object, expected: Any = Transcript) -> Any:
    """Convert a value as the result of this function."""
    return convert_result("the plugin mine", transcribe, "transcribe", value, expected)


def _word(**fields: Any) -> Word:
    values: dict[str, Any] = {"text": " Moby", "start": 0.0, "end": 1.0}
    return Word(**values | fields)


@pytest.mark.parametrize(
    "words",
    [
        [_word()],
        (word for word in [_word()]),
        np.array([_word()]),
        [_word(start=np.float32(0), end=np.float64(1))],
        [_word(start=np.array(0.0), end=np.int64(1))],
        [_word(start=0, end=True + 0)],
        [_word(text=np.str_(" Moby"))],
    ],
    ids=range(7),
)
def test_lists_and_numbers_of_numpy_are_taken_for_what_they_mean(words: Any) -> None:
    converted = transcribe(Transcript(language=EN, words=words))
    assert converted == Transcript(language=EN, words=(_word(),))
    assert type(converted.words) is tuple
    assert type(converted.words[0].start) is float


def test_a_tag_is_taken_for_a_language_and_a_list_for_a_set() -> None:
    stated = EngineCapabilities(languages=["en", "ger"], max_chunk_seconds=28)  # type: ignore[arg-type]
    converted = transcribe(stated, EngineCapabilities)
    assert converted.languages == {EN, Language("de")}
    assert all(isinstance(language, Language) for language in converted.languages)


def test_a_path_that_is_not_utf_8_stays_as_it_is() -> None:
    odd = Path("/films/\udcff.mkv")
    assert transcribe([odd, "/films/\udcfe.mkv"], Sequence[Path]) == (
        odd,
        Path("/films/\udcfe.mkv"),
    )


@pytest.mark.parametrize(
    ("value", "expected", "told"),
    [
        ("Moby Dick", Transcript, "transcribe() returned str, not a Transcript"),
        (None, Transcript, "returned None, not a Transcript"),
        ({"words": []}, Transcript, "returned dict, not a Transcript"),
        (Transcript(language=EN, words=None), Transcript, "NoneType as words"),  # type: ignore[arg-type]
        (Transcript(language=EN, words="Moby"), Transcript, "str as words, not"),  # type: ignore[arg-type]
        (Transcript(language=EN, words=(_word(text=b"x"),)), Transcript, "bytes as words[0].text"),
        (Transcript(language=EN, words=(_word(end="1"),)), Transcript, "str as words[0].end"),
        (Transcript(language=EN, words=(_word(end=True),)), Transcript, "bool as words[0].end"),
        (Transcript(language=EN, words=(_word(confidence="0.9"),)), Transcript, "confidence"),
        (Transcript(language="Moby", words=()), Transcript, "str as language, not a Lang"),  # type: ignore[arg-type]
        ([LanguageGuess(TimeSpan(0, 1), {"whale": 1.0})], Sequence[LanguageGuess], "(a key)"),  # type: ignore[dict-item]
        ([{"en": 0.9}], Sequence[LanguageGuess], "dict as [0], not a LanguageGuess"),
        (DeliverySchedule(quiet_hours=(1,)), DeliverySchedule, "quiet_hours"),  # type: ignore[arg-type]
        (7, MediaMetadata | None, "int, not a MediaMetadata or None"),
        (object(), EngineCapabilities, "object, not an EngineCapabilities"),
    ],
)
def test_another_type_is_refused_with_field_line_and_cure(
    value: object, expected: Any, told: str
) -> None:
    with pytest.raises(PluginFaultError) as caught:
        transcribe(value, expected)
    told = told.replace("NoneType", "None")
    assert told in caught.value.message
    assert "test_plugin_results.py:" in caught.value.message
    assert "transcribe() must return" in caught.value.hint
    assert "Moby" not in str(caught.value), "no message repeats what was recognised"


@pytest.fixture
def raised(tmp_path: Path) -> Callable[[str], BaseException]:
    """Return what the function of a plugin raises."""

    def call(body: str) -> BaseException:
        file = tmp_path / f"mine_{len(list(tmp_path.iterdir()))}.py"
        file.write_text(f"def call(word):\n    {body}\n")
        namespace: dict[str, Any] = {"__name__": file.stem}
        exec(compile(file.read_text(), str(file), "exec"), namespace)
        try:
            namespace["call"]("Moby")
        except BaseException as error:  # noqa: BLE001 - it is what is looked at
            assert error.__traceback__ is not None
            return error.with_traceback(error.__traceback__.tb_next)
        raise AssertionError("nothing was raised")

    return call


@pytest.mark.parametrize(
    "body",
    [
        "{}[word]",
        "float(word)",
        """int("it's " + word)""",
        "(word + chr(0xdcff)).encode()",
        "assert not word, word",
        "raise ValueError(f'no time for {word}')",
        "raise RuntimeError(word)",
        "raise OSError(word)",
        "raise ConnectionError(f'failed: /translate?q={word}')",
        "raise OSError(5, word)",
        "[].remove(word)",
        "__import__('json').loads(word)",
        "__import__('datetime').date.fromisoformat(word)",
    ],
)
def test_no_message_of_a_call_with_text_repeats_the_text(
    raised: Callable[[str], BaseException], body: str
) -> None:
    error = raised(body)
    told = explain_exception("engine mine", error, has_text=True)
    assert "Moby" not in str(told)
    assert type(error).__name__ in told.message
    assert ".py:2, in call)" in told.message


@pytest.mark.parametrize(
    ("body", "is_told"), [("raise ValueError(word)", True), ("raise ValueError()", False)]
)
def test_the_hint_says_how_to_read_a_message_that_was_left_out(
    raised: Callable[[str], BaseException], body: str, is_told: bool
) -> None:
    error = raised(body)
    assert ("--here" in explain_exception("x", error, has_text=True).hint) == is_told
    assert "--here" not in explain_exception("x", error).hint


def test_a_fault_of_code_is_not_tried_again_and_a_failure_of_the_world_is() -> None:
    for fault in (TypeError(), KeyError("x"), SystemExit(2), ValueError("x"), ImportError("x")):
        assert isinstance(explain_exception("x", fault), SetupError)
    for failure in (
        OSError(28, "No space left on device"),
        FileNotFoundError(2, "No such file or directory", "model.bin"),
        ConnectionError("gone"),
        RuntimeError("CUDA"),
        MemoryError(),
    ):
        told = explain_exception("x", failure, has_text=True)
        assert isinstance(told, TransientError)
        assert str(failure) in told.message
    own = InputError()
    assert explain_exception("x", own) is own


class Endless:
    """An object that has every attribute."""

    def __getattr__(self, name: str) -> Endless:
        return Endless()


def test_an_object_with_every_attribute_is_defined_nowhere() -> None:
    assert find_definition(Endless()) == ""


class InputError(SubtitledError):
    """An error of a plugin's own class."""

    def __init__(self) -> None:
        super().__init__("it is too long")
