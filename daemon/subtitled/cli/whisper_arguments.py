"""The arguments of openai-whisper's command, and which of them mean something here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from subtitled.daemon.audio_requests.questions import AudioTask
from subtitled.plugin import Language

FORMATS: Final = ("txt", "vtt", "srt", "tsv", "json")
"""In the order in which openai-whisper writes them."""
MODELS: Final = {
    "tiny": "base",
    "base.en": "base",
    "small.en": "small",
    "medium.en": "medium",
    "large": "large-v3",
    "large-v1": "large-v3",
    "large-v2": "large-v3",
    "turbo": "large-v3-turbo",
}
"""Models of openai-whisper by the nearest that there is here, where the names differ."""
_NO_EFFECT: Final = {
    "model_dir": "",
    "temperature": "0",
    "best_of": "5",
    "beam_size": "5",
    "patience": "",
    "length_penalty": "",
    "suppress_tokens": "-1",
    "carry_initial_prompt": "false",
    "condition_on_previous_text": "true",
    "fp16": "true",
    "temperature_increment_on_fallback": "0.2",
    "compression_ratio_threshold": "2.4",
    "logprob_threshold": "-1.0",
    "no_speech_threshold": "0.6",
    "prepend_punctuations": "\"'“¿([{-",
    "append_punctuations": "\"'.。,，!！?？:：”)]}、",
    "hallucination_silence_threshold": "",
}
"""Arguments that change how openai-whisper recognises, with their defaults. The result is right
without them, so they are accepted."""
_WORD_OPTIONS: Final = ("highlight_words", "max_line_count", "max_line_width", "max_words_per_line")
"""Arguments that openai-whisper refuses without ``--word_timestamps True``."""
_CODES: Final = {"jw": "jv", "none": "", "auto": ""}
"""Whisper's codes of languages that are not those of BCP 47; "" is to be identified."""


class WhisperArgumentError(Exception):
    """The arguments contradict each other or ask for what there is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WhisperArguments:
    """What a caller of ``subtitled-whisper`` wants."""

    audio: tuple[Path, ...]
    model: str
    """The name that was given; "" if none was."""
    output_dir: Path
    formats: tuple[str, ...]
    task: AudioTask
    language: Language | None
    """The language spoken; None: it is identified."""
    is_verbose: bool
    has_words: bool
    """Whether the JSON has the words with their times."""
    max_line_width: int | None
    max_line_count: int | None
    prompt: str
    device: str
    """Where the engine runs; "" as configured."""
    threads: int
    """Processor threads; 0 as configured."""
    warnings: tuple[str, ...]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise WhisperArgumentError(message)


def parse_arguments(words: Sequence[str]) -> WhisperArguments:
    """Read the arguments as openai-whisper does.

    Args:
        words: The words after the command.

    Returns:
        What is wanted. What is unknown or has no effect is named among the warnings.

    Raises:
        WhisperArgumentError: They are contradictory, or ask for what there is not.
    """
    parser = build_parser()
    known, unknown = _split_unknown(words, parser)
    options = parser.parse_args(known)
    warnings = [f"{name} is unknown here and has no effect" for name in unknown]
    _refuse_contradictions(options)
    language = _read_language(options.language)
    if options.model.endswith(".en") and (language is None or str(language.primary) != "en"):
        if language is not None:
            warnings.append(
                f"the model {options.model} knows English alone, so {language} counts as English"
            )
        language = Language("en")
    without_effect = [
        f"--{name}"
        for name, default in _NO_EFFECT.items()
        if (value := getattr(options, name)) is not None and value.lower() != default
    ]
    without_effect += [
        f"--{name}" for name in ("highlight_words", "max_words_per_line") if getattr(options, name)
    ]
    if without_effect:
        warnings.append(f"without effect here: {', '.join(without_effect)}")
    if options.max_line_count and not options.max_line_width:
        warnings.append("--max_line_count has no effect without --max_line_width")
    has_lines = bool(options.max_line_width)
    return WhisperArguments(
        audio=tuple(map(Path, options.audio)),
        model=options.model,
        output_dir=Path(options.output_dir),
        formats=FORMATS if options.output_format == "all" else (options.output_format,),
        task=AudioTask(options.task),
        language=language,
        is_verbose=options.verbose,
        has_words=options.word_timestamps,
        max_line_width=options.max_line_width,
        max_line_count=options.max_line_count if has_lines else None,
        prompt=options.initial_prompt or "",
        device=options.device or "",
        threads=options.threads or 0,
        warnings=tuple(warnings),
    )


def build_parser() -> argparse.ArgumentParser:
    """Build the parser of the arguments."""
    parser = _Parser(
        prog="subtitled-whisper",
        description="Transcribe audio with subtitled, called as openai-whisper is. Arguments that "
        "only change how openai-whisper recognises are accepted.",
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("audio", nargs="+", help="audio or video files")
    add("--model", default="", help="a model of openai-whisper, or an engine of the configuration")
    add("--device", help="where the engine runs: cpu, cuda. Default: as configured")
    add("--threads", type=_read_number, help="processor threads. Default: as configured")
    add("--output_dir", "-o", default=".", help="where to write. It is made if needed")
    add("--output_format", "-f", default="all", choices=(*FORMATS, "all"), help="default: all")
    add("--verbose", type=_read_bool, default=True, help="print the text. Default: True")
    add(
        "--task",
        default="transcribe",
        choices=("transcribe", "translate"),
        help="translate: the text in English",
    )
    add("--language", help="the language spoken, as a code or an English name. Default: identified")
    add("--initial_prompt", help="terms that the recogniser is told to expect")
    add("--word_timestamps", type=_read_bool, default=False, help="words in the JSON file")
    add("--max_line_width", type=_read_number, help="characters on a line, at most")
    add("--max_line_count", type=_read_number, help="lines of a cue, at most")
    add("--highlight_words", type=_read_bool, default=False, help=argparse.SUPPRESS)
    add("--max_words_per_line", type=_read_number, help=argparse.SUPPRESS)
    add("--clip_timestamps", default="0", help=argparse.SUPPRESS)
    for name in _NO_EFFECT:
        add(f"--{name}", help=argparse.SUPPRESS)
    return parser


def _split_unknown(
    words: Sequence[str], parser: argparse.ArgumentParser
) -> tuple[list[str], list[str]]:
    """Return the words that the parser knows, and the unknown options without their values.

    Every option of openai-whisper and of its relatives has one value.
    """
    options = {name for action in parser._actions for name in action.option_strings}
    known: list[str] = []
    unknown: list[str] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, _, value = word.partition("=")
        if word == "--":
            known += [word, *rest]
            break
        if not word.startswith("--"):
            known.append(word)
        elif name not in options:
            unknown.append(name)
            if not value and rest and not rest[0].startswith("--"):
                rest.pop(0)
        else:
            known.append(word)
            # A value may begin with a minus, as that of --suppress_tokens does.
            if "=" not in word and rest and name not in ("--help",):
                known[-1] = f"{word}={rest.pop(0)}"
    return known, unknown


def _refuse_contradictions(options: argparse.Namespace) -> None:
    for name in _WORD_OPTIONS:
        if getattr(options, name) and not options.word_timestamps:
            raise WhisperArgumentError(f"--{name} requires --word_timestamps True")
    if options.clip_timestamps.strip() not in ("", "0"):
        raise WhisperArgumentError(
            "--clip_timestamps cannot be done: whole files are transcribed. Cut the audio with "
            "ffmpeg first"
        )


def _read_language(text: str | None) -> Language | None:
    code = (text or "").strip()
    code = _CODES.get(code.lower(), code)
    if not code:
        return None
    try:
        language = Language.parse(code)
    except ValueError:
        language = Language("und")
    if not language.is_known:
        raise WhisperArgumentError(
            f"--language: {text!r:.40} is no language; write a code such as en, or English"
        )
    return language


def _read_bool(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise argparse.ArgumentTypeError(f"{text!r:.40} is neither True nor False")
    return text.lower() == "true"


def _read_number(text: str) -> int | None:
    if text.lower() in ("none", "0"):
        return None
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r:.40} is no number from 1 on")
    return number
