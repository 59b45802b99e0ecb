"""A fake of Alibaba Cloud's Model Studio (DashScope), on loopback.

It implements the interfaces of the service by the source of its SDK and the API references: upload
policy and form post, tasks, the list of tasks, the result file, synchronous transcription and
translation. It refuses invalid requests as the real one does, counts what it would charge, and has
configurable faults. ``recognise`` makes the text, a canned one by default. ``whisper_recogniser``
has Whisper.

    with serve_dashscope(FakeDashScope()) as service:
        ...  # base_url = service.url, api_key = KEY
"""

from __future__ import annotations

import base64
import math
import re
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

from subtitled.plugin.testing import Recogniser, Sentence
from support.fakes.dashscope_http import PREFIX, handler
from support.fakes.dashscope_shapes import (
    CODES,
    FUN_FILE_PARAMETERS,
    LANGUAGES,
    MODELS,
    QWEN_FILE_PARAMETERS,
    Fault,
    RefusedError,
    Task,
    audio_of,
    bad,
    canned,
    sentence_json,
)
from support.fakes.dashscope_storage import Storage

__all__ = ["KEY", "FakeDashScope", "Fault", "Recogniser", "Sentence", "canned", "serve_dashscope"]

KEY = "sk-0123456789abcdef0123456789abcdef"


class FakeDashScope(Storage):
    """The state of the fake: its requests, its charges and its faults."""

    def __init__(self, region: str = "singapore", recognise: Recogniser = canned) -> None:
        super().__init__()
        self.region = region
        self.recognise = recognise
        self.key = KEY
        self.latency = 0.0
        """Seconds that each paid request takes."""
        self.task_seconds = 0.1
        """Seconds that each task takes at least."""
        self.lists_tasks = True
        self.no_annotations = False
        """Whether responses have tokens only, as those of dated snapshots do."""
        self.truncates_above = math.inf
        """Seconds of audio above which the text is truncated."""
        self.translate: Callable[[str, str, str], str] = lambda text, source, target: "\n".join(
            f"{target}: {t}" for t in text.splitlines()
        )
        self.tasks: dict[str, Task] = {}
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        """Method, path, headers and JSON body of all requests."""
        self.billed: list[float] = []
        """Seconds of audio of each request that would be charged."""
        self.at_once = 0
        self.most_at_once = 0
        self.faults: list[Fault] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    def asked(self, path: str) -> list[Any]:
        """List the bodies of the requests whose path ends so."""
        return [body for _, asked, _, body in self.requests if asked.split("?")[0].endswith(path)]

    def take_fault(self, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.route in path and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def charge(self, seconds: float) -> float:
        with self.lock:
            self.billed.append(float(math.ceil(seconds)))
            return self.billed[-1]

    # The routes. Each returns the body of its response or raises RefusedError.

    def policy(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if query.get("action") != ["getPolicy"] or "model" not in query:
            raise RefusedError(400, "InvalidParameter", "action and model are needed")
        self.known(query["model"][0])
        return self.certificate(query["model"][0])

    def submit(self, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        model, given = str(body.get("model")), body.get("input") or {}
        parameters = body.get("parameters") or {}
        self.known(model)
        if headers.get("x-dashscope-async") != "enable":
            raise RefusedError(
                403, "AccessDenied", "current user api does not support synchronous calls."
            )
        qwen = model.startswith("qwen3-asr-flash-filetrans")
        if not qwen and "filetrans" not in model and not model.startswith(("fun-", "para")):
            raise RefusedError(
                400, "InvalidParameter", "url error, does not support asynchronous calls"
            )
        allowed = QWEN_FILE_PARAMETERS if qwen else FUN_FILE_PARAMETERS
        if unknown := set(parameters) - allowed:
            raise RefusedError(400, "InvalidParameter", f"unknown parameter: {sorted(unknown)[0]}")
        if qwen and parameters.get("language", "en") not in CODES:
            raise RefusedError(400, "InvalidParameter", "language is not supported")
        urls = [given.get("file_url")] if qwen else given.get("file_urls")
        if set(given) != {"file_url" if qwen else "file_urls"} or not isinstance(urls, list):
            raise RefusedError(400, "InvalidParameter", "The input is not as it should be")
        if len(urls) != 1 or not isinstance(urls[0], str):
            raise RefusedError(400, "InvalidParameter", "one url is needed")
        url = urls[0]
        resolves = headers.get("x-dashscope-ossresourceresolve") == "enable"
        if url.startswith("oss://") and not resolves:
            raise RefusedError(400, "InvalidParameter.DataInspection", "oss:// is not resolved")
        now = time.monotonic()
        task = Task(
            number=str(uuid.uuid4()), model=model, url=url, created=now, due=now + self.task_seconds
        )
        task.parameters = parameters
        with self.lock:
            self.tasks[task.number] = task
        threading.Thread(target=self.work, args=(task,), daemon=True).start()
        return {"output": {"task_id": task.number, "task_status": "PENDING"}}

    def work(self, task: Task) -> None:
        """Transcribe the file of a task, and charge for it if that succeeds."""
        try:
            sound = self.decoded(self.fetched(task))
            seconds = len(sound) / 32_000
            if seconds > 12 * 3600:
                task.code = "AUDIO_DURATION_TOO_LONG"
            elif seconds <= 0:
                task.code = "NO_VALID_AUDIO_ERROR"
            else:
                task.sentences = self.recognise(sound)
                if not task.sentences:
                    task.code = "SUCCESS_WITH_NO_VALID_FRAGMENT"
                task.seconds = self.charge(seconds)
        except RefusedError as refused:
            task.code = refused.args[1]
        finally:
            task.done.set()

    def decoded(self, file: bytes) -> bytes:
        """Decode a file to 16-bit mono at 16 kHz."""
        if len(file) > 2 * 2**30:
            raise RefusedError(400, "FILE_TOO_LARGE", "")
        ran = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", "-", "-f", "s16le", "-ar", "16000", "-ac", "1", "-"],
            input=file,
            capture_output=True,
            check=False,
        )
        if ran.returncode != 0:
            raise RefusedError(400, "UNSUPPORTED_FORMAT", "")
        return ran.stdout

    def poll(self, number: str) -> dict[str, Any]:
        task = self.tasks.get(number)
        if task is None:
            return {"output": {"task_id": number, "task_status": "UNKNOWN"}}
        output: dict[str, Any] = {"task_id": number, "task_status": task.status}
        result = {"transcription_url": f"http://127.0.0.1:{self.port}/result/{number}.json?Sig=x"}
        fun = not task.model.startswith("qwen3-")
        if task.status == "SUCCEEDED":
            if fun:
                output["results"] = [
                    {"file_url": task.url, "subtask_status": "SUCCEEDED", **result}
                ]
                return {"output": output, "usage": {"duration": task.seconds}}
            output["result"] = result
            return {"output": output, "usage": {"seconds": task.seconds}}
        if task.status == "FAILED" and fun:
            failed = {"file_url": task.url, "subtask_status": "FAILED"}
            output["results"] = [{**failed, "code": task.code, "message": task.code}]
        elif task.status == "FAILED":
            output |= {"code": task.code, "message": task.code}
        return {"output": output}

    def list_tasks(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if not self.lists_tasks:
            raise RefusedError(403, "AccessDenied", "no permission to list tasks")
        model = query.get("model_name", [""])[0]
        page, size = (int(query.get(k, ["10"])[0]) for k in ("page_no", "page_size"))
        started = time.time() - time.monotonic()
        rows = [
            {
                "task_id": task.number,
                "model_name": task.model,
                "status": task.status,
                "gmt_create": int((started + task.created) * 1000),
                "region": self.region,
            }
            for task in reversed(self.tasks.values())
            if model in ("", task.model)
        ]
        shown = rows[(page - 1) * size : page * size]
        pages = max(1, math.ceil(len(rows) / size))
        return {"data": shown, "total": len(rows), "total_page": pages, "page_no": page}

    def result(self, number: str) -> dict[str, Any]:
        task = self.tasks.get(number)
        if task is None or task.status != "SUCCEEDED":
            raise RefusedError(404, "NoSuchKey", "")
        fun = not task.model.startswith("qwen3-")
        words = fun or task.parameters.get("enable_words") is True
        sentences = [
            sentence_json(n, sentence, fun, words, task.parameters)
            for n, sentence in enumerate(task.sentences)
        ]
        text = " ".join(sentence["text"] for sentence in sentences)
        return {
            "file_url": f"https://bucket.example/{task.file_name}?sig"
            if task.file_name
            else task.url,
            "audio_info": {"format": "ogg", "sample_rate": 16000},
            "transcripts": [{"channel_id": 0, "text": text, "sentences": sentences}],
        }

    def recognised(self, body: dict[str, Any]) -> dict[str, Any]:
        model = str(body.get("model"))
        self.known(model)
        if not model.startswith("qwen3-asr-flash") or "filetrans" in model:
            raise RefusedError(400, "InvalidParameter", "format is empty")
        messages = (body.get("input") or {}).get("messages")
        options = (body.get("parameters") or {}).get("asr_options") or {}
        if unknown := set(options) - {"language", "enable_itn", "enable_lid"}:
            raise RefusedError(400, "InvalidParameter", f"unknown option: {sorted(unknown)[0]}")
        if options.get("language", "en") not in CODES:
            raise RefusedError(400, "InvalidParameter", "The language is not supported")
        data = audio_of(messages)
        if len(data) > 10_000_000:
            raise bad("Multimodal file size is too large")
        head, _, text = data.partition(",")
        if not re.fullmatch(r"data:audio/[a-z0-9-]+;base64", head):
            raise bad("The audio is no data URI")
        sound = self.decoded(base64.b64decode(text))
        seconds = len(sound) / 32_000
        if seconds > 300:
            raise bad("The audio is too long")
        sentences = self.recognise(sound)
        output = " ".join(sentence.text for sentence in sentences)
        cut = seconds > self.truncates_above
        charged = self.charge(seconds)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": [{"text": output[: len(output) // 2] if cut else output}] if output else [],
        }
        usage: dict[str, Any] = {"input_tokens_details": {"text_tokens": 0}}
        if self.no_annotations:
            usage["input_tokens_details"]["audio_tokens"] = math.ceil(seconds * 25)
        else:
            usage["seconds"] = charged
            language = sentences[0].language if sentences else "en"
            message["annotations"] = [
                {
                    "type": "audio_info",
                    "language": options.get("language", language),
                    "emotion": "neutral",
                }
            ]
        choice = {"finish_reason": "length" if cut else "stop", "message": message}
        return {"output": {"choices": [choice]}, "usage": usage}

    def translated(self, body: dict[str, Any]) -> dict[str, Any]:
        model = str(body.get("model"))
        self.known(model)
        messages = (body.get("input") or {}).get("messages") or []
        options = (body.get("parameters") or {}).get("translation_options") or {}
        if [message.get("role") for message in messages] != ["user"]:
            raise bad("Only one user message is supported")
        text = messages[0].get("content")
        if not isinstance(text, str) or not text:
            raise bad("The content is empty")
        known = {"source_lang", "target_lang", "terms", "tm_list", "domains"}
        if set(options) - known or not {"source_lang", "target_lang"} <= set(options):
            raise bad("translation_options")
        if not {options["source_lang"], options["target_lang"]} <= LANGUAGES:
            raise bad("The currently set language is not supported!")
        for pair in (*options.get("terms", ()), *options.get("tm_list", ())):
            if set(pair) != {"source", "target"}:
                raise bad("terms")
        translation = self.translate(text, options["source_lang"], options["target_lang"])
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": translation}}
        usage = {"input_tokens": len(text) // 3, "output_tokens": len(translation) // 3}
        return {"output": {"choices": [choice]}, "usage": usage}

    def known(self, model: str) -> None:
        if model not in MODELS[self.region]:
            raise RefusedError(404, "ModelNotFound", f"Model {model} does not exist.")


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect, such as killed processes."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve_dashscope(service: FakeDashScope) -> Iterator[FakeDashScope]:
    """Run the fake on a free port of loopback."""
    server = _Server(("127.0.0.1", service.port), handler(service))
    server.daemon_threads = True
    service.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
