"""The data of the fake DashScope: sentences, faults, tasks, and their JSON."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from subtitled.plugin.testing import Sentence

PUNCTUATION = ".,!?;:。，！？"
CODES = frozenset(
    "zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv".split()
)
QWEN_FILE_PARAMETERS = {"channel_id", "language", "enable_itn", "enable_words", "corpus"}
FUN_FILE_PARAMETERS = {
    "channel_id",
    "language_hints",
    "diarization_enabled",
    "speaker_count",
    "vocabulary_id",
    "vocabulary",
    "special_word_filter",
    "disfluency_removal_enabled",
    "timestamp_alignment_enabled",
}
MODELS = {
    "beijing": {
        "qwen3-asr-flash",
        "qwen3-asr-flash-filetrans",
        "qwen-audio-3.1-asr-flash-filetrans",
        "qwen-audio-3.0-asr-flash-filetrans",
        "fun-asr",
        "fun-asr-mtl",
        "paraformer-v2",
        "qwen-mt-plus",
        "qwen-mt-flash",
        "qwen-mt-turbo",
    },
    "us": {"qwen3-asr-flash-us", "qwen-mt-lite-us"},
}
MODELS["singapore"] = MODELS["beijing"] - {"paraformer-v2"}
LANGUAGES = frozenset({"auto", "English", "French", "German", "Spanish", "Chinese", "Japanese"})


def canned(sound: bytes) -> list[Sentence]:
    """Make a numbered sentence for each two seconds."""
    total = len(sound) / 32_000
    return [
        Sentence(
            (
                (" This", 2.0 * n, 2.0 * n + 0.4),
                (" is", 2.0 * n + 0.4, 2.0 * n + 0.6),
                (f" sentence {n + 1}.", 2.0 * n + 0.6, min(total, 2.0 * n + 1.4)),
            )
        )
        for n in range(max(1, round(total / 2)))
        if 2.0 * n + 0.6 < total
    ]


@dataclass(slots=True, kw_only=True)
class Fault:
    """A fault of the next request whose path contains ``route``."""

    route: str
    status: int = 0
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """The body of the response."""
    wait: float = 0.0
    """Seconds to wait before the response."""
    cut: str = ""
    """``before`` cuts the connection before the request is executed, ``after`` afterwards."""
    times: int = 1


@dataclass(slots=True, kw_only=True)
class Task:
    """A task that transcribes a file."""

    number: str
    model: str
    url: str
    created: float
    due: float
    seconds: float = 0.0
    code: str = ""
    file_name: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    sentences: list[Sentence] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    @property
    def status(self) -> str:
        if time.monotonic() < self.due or not self.done.is_set():
            return "RUNNING" if time.monotonic() > self.created + 0.05 else "PENDING"
        return "FAILED" if self.code else "SUCCEEDED"


class RefusedError(Exception):
    """An error response: status, code and message."""


def bad(message: str) -> RefusedError:
    return RefusedError(
        400, "InvalidParameter", f"<400> InternalError.Algo.InvalidParameter: {message}"
    )


def audio_of(messages: Any) -> str:
    """Find the audio of a request, which may have a system message."""
    try:
        roles = [message["role"] for message in messages]
        parts = messages[-1]["content"]
        right = roles in (["user"], ["system", "user"]) and [set(part) for part in parts]
        if right != [{"audio"}]:
            raise bad("The input messages do not contain exactly one audio")
        if roles[0] == "system" and not isinstance(messages[0]["content"][0]["text"], str):
            raise bad("The context is no text")
        return str(parts[0]["audio"])
    except (KeyError, TypeError, IndexError):
        raise bad("The input messages are not as they should be") from None


def sentence_json(
    number: int, sentence: Sentence, fun: bool, words: bool, parameters: dict[str, Any]
) -> dict[str, Any]:
    """Write a sentence of a result file, in the format of either family."""

    def ms(seconds: float) -> int:
        return round(seconds * 1000)

    output: dict[str, Any] = {
        "sentence_id": number + fun,
        "begin_time": ms(sentence.words[0][1]),
        "end_time": ms(sentence.words[-1][2]),
        "text": sentence.text,
    }
    if not fun:
        output |= {"language": sentence.language, "emotion": "neutral"}
    elif parameters.get("diarization_enabled"):
        output["speaker_id"] = number % 2
    if words:
        output["words"] = []
        for word, start, end in sentence.words:
            bare = word.strip().rstrip(PUNCTUATION)
            mark = word.strip()[len(bare) :]
            output["words"].append(
                {
                    "begin_time": ms(start),
                    "end_time": ms(end),
                    "text": f"{bare} " if fun else bare,
                    "punctuation": mark,
                }
            )
    return output
