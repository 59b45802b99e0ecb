"""The routes of OpenAI's API for audio, and its list of models: the configured engines."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subtitled.config.egress_settings import is_destination_allowed
from subtitled.daemon.audio_requests.questions import AudioAnswer, AudioQuestion, AudioTask
from subtitled.engines.protocol import ResourceUnavailableError
from subtitled.media.errors import NoAudioError
from subtitled.plugin import InputRejectedError, SubtitledError, TransientError
from subtitled.subtitles.formats import render_subtitle

from ..program_refusals import openai_error
from .questions import Desk, read_flag, read_hotwords, read_language
from .transcripts import list_segments, list_words, plain_text, whisper_name
from .uploads import BadFormError, ReceivedForm
from .waiting import AnswerForm, WaitingResponse

_log = logging.getLogger(__name__)

TRANSCRIPTIONS_PATH = "/v1/audio/transcriptions"
TRANSLATIONS_PATH = "/v1/audio/translations"
MODELS_PATH = "/v1/models"
MODEL_PATH = "/v1/models/{id}"
FILE_FIELD = "file"
RETRY_SECONDS = 60
_GRANULARITIES = ("word", "segment")
_VTT_HEAD = b"WEBVTT\n"


class OpenAiRoutes:
    """The routes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return the routes."""
        paths = {
            TRANSCRIPTIONS_PATH: AudioTask.TRANSCRIBE,
            TRANSLATIONS_PATH: AudioTask.TRANSLATE,
        }
        return [
            *(Route(path, _explain, methods=["GET"]) for path in paths),
            *(
                Route(path, partial(self._answer, task), methods=["POST"], name=task)
                for path, task in paths.items()
            ),
            Route(MODELS_PATH, self._list_models, methods=["GET"]),
            Route(MODEL_PATH, self._show_model, methods=["GET"]),
        ]

    async def _answer(self, task: AudioTask, request: Request) -> Response:
        asked: list[AnswerForm] = []

        def build(form: ReceivedForm) -> AudioQuestion:
            asked.append(_read_form(task, form))
            return self._question(task, form, request.state.identity.name)

        try:
            ticket = await self._desk.ask(request, FILE_FIELD, build)
        except (BadFormError, SubtitledError, ClientDisconnect) as error:
            return _refuse(error)
        return WaitingResponse(ticket, asked[0])

    def _question(self, task: AudioTask, form: ReceivedForm, caller: str) -> AudioQuestion:
        model = form.last("model").strip()
        if not model:
            raise BadFormError(400, "you must provide a model parameter", "model")
        spoken = form.last("language") if task is AudioTask.TRANSCRIBE else ""
        return AudioQuestion(
            audio=form.digest,
            task=task,
            spoken=read_language(spoken),
            hotwords=read_hotwords(form.last("hotwords"), form.last("prompt")),
            engine=model if model in self._desk.configuration.engines else "",
            caller=caller,
        )

    def _models(self) -> list[dict[str, Any]]:
        settings = self._desk.settings
        return [
            {"id": name, "object": "model", "created": 0, "owned_by": configured.plugin}
            for name, configured in self._desk.configuration.engines.items()
            if settings.engine in ("", name)
            and is_destination_allowed(
                settings.allowed_destinations, configured.capabilities().destination
            )
        ]

    def _list_models(self, request: Request) -> Response:
        return JSONResponse({"object": "list", "data": self._models()})

    def _show_model(self, request: Request) -> Response:
        wanted = request.path_params["id"]
        for model in self._models():
            if model["id"] == wanted:
                return JSONResponse(model)
        message = f"The model {wanted!r:.80} does not exist"
        return JSONResponse(openai_error(404, message, "model", "model_not_found"), 404)


def _explain(request: Request) -> Response:
    """Tell a person who opens the address in a browser what it is for."""
    message = "Programs send audio here by POST, with an API key of the scope transcribe"
    return JSONResponse(openai_error(405, message), 405, {"Allow": "POST"})


def _read_form(task: AudioTask, form: ReceivedForm) -> AnswerForm:
    """Return how the answer is to be written.

    Raises:
        BadFormError: The form asks for what there is not.
    """
    name = form.last("response_format", "json")
    granularities = form.fields.get("timestamp_granularities[]") or ["segment"]
    for granularity in granularities:
        if granularity not in _GRANULARITIES:
            raise BadFormError(
                400,
                f"timestamp_granularities[] is {' or '.join(_GRANULARITIES)}",
                "timestamp_granularities[]",
            )
    writers: dict[str, Callable[[AudioAnswer], bytes]] = {
        "json": _write_json,
        "text": lambda answer: plain_text(answer.subtitle).encode() + b"\n",
        "srt": partial(_write_format, "srt"),
        "vtt": partial(_write_format, "vtt"),
        "verbose_json": partial(_write_verbose, task, frozenset(granularities)),
    }
    if name not in writers:
        raise BadFormError(
            400, f"response_format is one of {', '.join(writers)}", "response_format"
        )
    if read_flag({"stream": form.last("stream")}, "stream", False) and name in ("json", "text"):
        return AnswerForm(
            render=_write_events,
            refuse=_refuse,
            media_type="text/event-stream",
            keep_alive=b": still working\n\n",
            late_failure=_write_error_event,
        )
    is_json = name in ("json", "verbose_json")
    return AnswerForm(
        render=writers[name],
        refuse=_refuse,
        media_type="application/json" if is_json else "text/plain; charset=utf-8",
        head=_VTT_HEAD if name == "vtt" else b"",
        late_failure=_break_off,
    )


def _usage(answer: AudioAnswer) -> dict[str, Any]:
    return {"type": "duration", "seconds": math.ceil(answer.duration)}


def _write_json(answer: AudioAnswer) -> bytes:
    return _dump({"text": plain_text(answer.subtitle), "usage": _usage(answer)})


def _write_verbose(task: AudioTask, granularities: frozenset[str], answer: AudioAnswer) -> bytes:
    subtitle = answer.subtitle
    language = subtitle.language if subtitle is not None else answer.spoken
    document: dict[str, Any] = {
        "task": task,
        "language": whisper_name(language) if language is not None else "",
        "duration": round(answer.duration, 3),
        "text": plain_text(subtitle),
        "usage": _usage(answer),
    }
    if "segment" in granularities:
        document["segments"] = [
            {key: value for key, value in segment.items() if key != "words"}
            | {"seek": 0, "tokens": [], "temperature": 0.0}
            for segment in list_segments(answer)
        ]
    if "word" in granularities:
        document["words"] = list_words(subtitle)
    return _dump(document)


def _write_format(name: str, answer: AudioAnswer) -> bytes:
    if answer.subtitle is None:
        return _VTT_HEAD if name == "vtt" else b""
    return render_subtitle(answer.subtitle, name)


def _write_events(answer: AudioAnswer) -> bytes:
    """Return the text as events: a delta for each cue, then the whole."""
    subtitle = answer.subtitle
    text = plain_text(subtitle)
    events: list[dict[str, Any]] = []
    rest = text
    for segment in list_segments(answer):
        # The deltas together are the text, whatever stands between two cues.
        at = rest.find(segment["text"])
        if at >= 0:
            length = at + len(segment["text"])
            events.append({"type": "transcript.text.delta", "delta": rest[:length]})
            rest = rest[length:]
    if rest:
        events.append({"type": "transcript.text.delta", "delta": rest})
    events.append({"type": "transcript.text.done", "text": text, "usage": _usage(answer)})
    return b"".join(map(_to_event, events))


def _write_error_event(error: Exception) -> bytes:
    return _to_event({"type": "error", **json.loads(bytes(_refuse(error).body))})


def _to_event(payload: dict[str, Any]) -> bytes:
    return b"data: " + _dump(payload) + b"\n\n"


def _dump(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, allow_nan=False).encode()


def _break_off(error: Exception) -> None:
    _refuse(error)  # for the log


def _refuse(error: Exception) -> Response:
    """Answer a failure in OpenAI's form."""
    _log.warning("OpenAI: refused: %s", str(error) or type(error).__name__)
    if isinstance(error, BadFormError):
        body = openai_error(error.status, error.message, error.param)
        return JSONResponse(body, error.status)
    if isinstance(error, InputRejectedError):
        status = 415 if isinstance(error, NoAudioError) else 400
        return JSONResponse(openai_error(status, str(error), FILE_FIELD), status)
    if not isinstance(error, TransientError):
        return JSONResponse(openai_error(500, str(error) or "the caller is gone"), 500)
    status = 429 if isinstance(error, ResourceUnavailableError) else 503
    seconds = RETRY_SECONDS if error.retry_after is None else round(error.retry_after)
    return JSONResponse(
        openai_error(status, str(error)), status, {"Retry-After": str(max(1, seconds))}
    )
