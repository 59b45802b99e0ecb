"""The routes of whisper-asr-webservice, which Bazarr calls as its provider Whisper.

Bazarr never looks at the status, and takes any text for a subtitle. So a failure has an empty body.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from subtitled import __version__
from subtitled.daemon.audio_requests.questions import AudioAnswer, AudioQuestion, AudioTask
from subtitled.plugin import SubtitledError, TransientError
from subtitled.subtitles.formats import render_subtitle

from ..program_refusals import ASR_PATH, DETECT_LANGUAGE_PATH, STATUS_PATH, build_program_refusal
from .questions import Desk, read_flag, read_hotwords, read_language, read_task
from .transcripts import (
    TSV_HEAD,
    list_segments,
    plain_text,
    to_lines,
    to_tsv,
    whisper_code,
    whisper_name,
)
from .uploads import BadFormError, ReceivedForm
from .waiting import AnswerForm, WaitingResponse

_log = logging.getLogger(__name__)

FILE_FIELD = "audio_file"
RETRY_SECONDS = 300
"""Seconds after which a caller may try again, where nothing else is known."""
_SENTENCE = (
    "Programs send audio here by POST, with an API key of the scope transcribe. In Bazarr, the "
    "endpoint of the provider Whisper is the address of this port without a path.\n"
)
_HEADS = {"vtt": b"WEBVTT\n", "tsv": TSV_HEAD.encode()}
"""How each answer in a format begins."""


class BazarrRoutes:
    """The routes."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route(STATUS_PATH, self._report_status, methods=["GET"]),
            *(Route(path, _explain, methods=["GET"]) for path in (ASR_PATH, DETECT_LANGUAGE_PATH)),
            Route(ASR_PATH, self._transcribe, methods=["POST"]),
            Route(DETECT_LANGUAGE_PATH, self._detect_language, methods=["POST"]),
        ]

    def _report_status(self, request: Request) -> Response:
        return JSONResponse({"version": f"subtitled {__version__}"})

    async def _transcribe(self, request: Request) -> Response:
        query = request.query_params
        try:
            output = query.get("output", "txt")
            if output not in _WRITERS:
                raise BadFormError(400, f"output is one of {', '.join(_WRITERS)}", "output")
            build = partial(
                self._question,
                request,
                task=read_task(query.get("task", AudioTask.TRANSCRIBE)),
                spoken=read_language(query.get("language", "")),
                hotwords=read_hotwords(query.get("initial_prompt", "")),
            )
            is_pcm = not read_flag(query, "encode", True)
            ticket = await self._desk.ask(request, FILE_FIELD, build, is_pcm=is_pcm)
        except (BadFormError, SubtitledError, ClientDisconnect) as error:
            return _refuse(ASR_PATH, error)
        form = AnswerForm(
            render=partial(_render, output),
            refuse=partial(_refuse, ASR_PATH),
            media_type="application/json" if output == "json" else "text/plain; charset=utf-8",
            head=_HEADS.get(output, b""),
            late_failure=partial(_fail_late, ASR_PATH),
        )
        return WaitingResponse(ticket, form)

    async def _detect_language(self, request: Request) -> Response:
        build = partial(self._question, request, task=AudioTask.DETECT_LANGUAGE)
        try:
            is_pcm = not read_flag(request.query_params, "encode", True)
            ticket = await self._desk.ask(request, FILE_FIELD, build, is_pcm=is_pcm)
        except (BadFormError, SubtitledError, ClientDisconnect) as error:
            return _refuse(DETECT_LANGUAGE_PATH, error)
        form = AnswerForm(
            render=_render_language,
            refuse=partial(_refuse, DETECT_LANGUAGE_PATH),
            media_type="application/json",
            late_failure=partial(_fail_late, DETECT_LANGUAGE_PATH),
        )
        return WaitingResponse(ticket, form)

    def _question(self, request: Request, form: ReceivedForm, **asked: Any) -> AudioQuestion:
        identity = request.state.identity
        media = self._desk.find_media(request.query_params.get("video_file", ""), identity)
        return AudioQuestion(audio=form.digest, media=media, caller=identity.name, **asked)


def _explain(request: Request) -> Response:
    """Tell a person who opens the address in a browser what it is for."""
    return PlainTextResponse(_SENTENCE, 405, {"Allow": "POST"})


def _write_json(answer: AudioAnswer) -> bytes:
    subtitle = answer.subtitle
    language = subtitle.language if subtitle is not None else answer.spoken
    document = {
        "text": plain_text(subtitle),
        "language": whisper_code(language) if language is not None else "",
        "segments": list_segments(answer),
    }
    return json.dumps(document, ensure_ascii=False).encode()


def _write_by(
    write: Callable[[Any], str],
) -> Callable[[AudioAnswer], bytes]:
    return lambda answer: write(answer.subtitle).encode() if answer.subtitle else b""


def _write_format(name: str) -> Callable[[AudioAnswer], bytes]:
    return lambda answer: render_subtitle(answer.subtitle, name) if answer.subtitle else b""


_WRITERS: dict[str, Callable[[AudioAnswer], bytes]] = {
    "txt": _write_by(to_lines),
    "vtt": _write_format("vtt"),
    "srt": _write_format("srt"),
    "tsv": _write_by(to_tsv),
    "json": _write_json,
}
"""How each value of ``output`` is written. Where nobody speaks, a text is empty."""


def _render(output: str, answer: AudioAnswer) -> bytes:
    return _WRITERS[output](answer)


def _render_language(answer: AudioAnswer) -> bytes:
    """Return the language; an empty object if it is not known, which Bazarr takes for just that."""
    if answer.spoken is None or not answer.spoken.is_known:
        return b"{}"
    return json.dumps(
        {
            "detected_language": whisper_name(answer.spoken),
            "language_code": whisper_code(answer.spoken),
            "confidence": round(answer.confidence, 4),
        }
    ).encode()


def _refuse(path: str, error: Exception) -> Response:
    """Answer a failure. The reason is in the log, since no body can hold it."""
    _log.warning("%s: refused: %s", path, str(error) or type(error).__name__)
    status, headers = 503, {"Retry-After": str(RETRY_SECONDS)}
    if isinstance(error, BadFormError):
        status, headers = error.status, {}
    elif isinstance(error, TransientError) and error.retry_after is not None:
        headers = {"Retry-After": str(round(error.retry_after))}
    response = build_program_refusal(path, status, str(error), headers)
    assert response is not None
    return response


def _fail_late(path: str, error: Exception) -> bytes:
    """Return the rest of an answer that has begun: nothing, which is no subtitle."""
    return bytes(_refuse(path, error).body)
