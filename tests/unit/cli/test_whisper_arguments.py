"""The arguments of ``subtitled-whisper`` are those of openai-whisper."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitled.cli.whisper_arguments import (
    FORMATS,
    WhisperArgumentError,
    build_parser,
    parse_arguments,
)
from subtitled.daemon.audio_requests.questions import AudioTask
from subtitled.plugin import Language

RELEASED = (
    "audio model model_dir device output_dir output_format verbose task language temperature "
    "best_of beam_size patience length_penalty suppress_tokens initial_prompt carry_initial_prompt "
    "condition_on_previous_text fp16 temperature_increment_on_fallback "
    "compression_ratio_threshold logprob_threshold no_speech_threshold word_timestamps "
    "prepend_punctuations append_punctuations highlight_words max_line_width max_line_count "
    "max_words_per_line threads clip_timestamps hallucination_silence_threshold"
).split()
"""The arguments of openai-whisper 20250625."""


def test_every_argument_of_the_released_command_is_known() -> None:
    assert {action.dest for action in build_parser()._actions} - {"help"} == set(RELEASED)


def test_the_call_of_opencast_is_understood() -> None:
    """Opencast adds the arguments of whisper-ctranslate2 if its configuration says so."""
    words = "/in/talk.mp4 --model base --output_dir /work --language de --compute_type int8"
    arguments = parse_arguments([*words.split(), "--vad_filter", "true"])
    assert arguments.audio == (Path("/in/talk.mp4"),)
    assert (arguments.model, arguments.output_dir) == ("base", Path("/work"))
    assert (arguments.language, arguments.formats) == (Language("de"), FORMATS)
    assert [warning.split()[0] for warning in arguments.warnings] == [
        "--compute_type",
        "--vad_filter",
    ]


def test_an_unknown_option_does_not_turn_its_value_into_a_file() -> None:
    arguments = parse_arguments(
        ["--batched", "--hf_token", "x", "a.wav", "--diarize=True", "b.wav"]
    )
    assert arguments.audio == (Path("a.wav"), Path("b.wav"))
    assert len(arguments.warnings) == 3


def test_options_may_stand_anywhere_and_a_value_may_begin_with_a_minus() -> None:
    arguments = parse_arguments(
        [
            "--suppress_tokens",
            "-1",
            "a.wav",
            "-f",
            "srt",
            "-o",
            "out",
            "--logprob_threshold",
            "-1.0",
        ]
    )
    assert (arguments.formats, arguments.output_dir) == (("srt",), Path("out"))
    assert arguments.warnings == ()


def test_what_differs_from_a_default_without_effect_is_told_at_once() -> None:
    arguments = parse_arguments("a.wav --temperature 0.4 --fp16 False --best_of 5".split())
    assert arguments.warnings == ("without effect here: --temperature, --fp16",)


@pytest.mark.parametrize(
    ("options", "language"),
    [
        ("--language German", Language("de")),
        ("--language jw", Language("jv")),
        ("--language None", None),
        ("", None),
        ("--model tiny.en", Language("en")),
        ("--model base.en --language de", Language("en")),
    ],
)
def test_languages_are_codes_or_names_and_english_models_mean_english(
    options: str, language: Language | None
) -> None:
    assert parse_arguments(["a.wav", *options.split()]).language == language


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ("--max_line_width 40", "requires --word_timestamps"),
        ("--highlight_words True", "requires --word_timestamps"),
        ("--clip_timestamps 10,20", "whole files are transcribed"),
        ("--language gibberish", "is no language"),
        ("--output_format pdf", "invalid choice"),
        ("--task sing", "invalid choice"),
        ("--verbose maybe", "neither True nor False"),
        ("--word_timestamps True --max_line_width wide", "no number"),
    ],
)
def test_contradictory_arguments_are_refused(options: str, problem: str) -> None:
    with pytest.raises(WhisperArgumentError, match=problem):
        parse_arguments(["a.wav", *options.split()])


def test_nothing_to_transcribe_is_refused() -> None:
    with pytest.raises(WhisperArgumentError, match="audio"):
        parse_arguments([])


def test_lines_and_words_are_taken_with_word_timestamps() -> None:
    arguments = parse_arguments(
        "a.wav --word_timestamps True --max_line_width 32 --max_line_count 1 -o x "
        "--task translate".split()
    )
    assert (arguments.max_line_width, arguments.max_line_count) == (32, 1)
    assert (arguments.has_words, arguments.task) == (True, AudioTask.TRANSLATE)
