"""A stand-in for Alibaba Cloud's Model Studio (DashScope), on loopback.

It speaks the wire formats of the service as its SDK's source and the API references give them:
upload policy and form post, submission of a task, polling, the list of tasks, the result file,
recognition and translation within the request. It refuses what the real one refuses, counts what
it would charge, and can be told to misbehave. It recognises by ``recognise``, which is a canned
text by default; :mod:`standins.hearing` brings Whisper.

By hand: ``python tests/standins/dashscope.py 8000 [--whisper]``.
"""

from __future__ import annotations

import base64
import email.parser
import email.policy
import json
import math
import re
import subprocess
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

KEY = "sk-0123456789abcdef0123456789abcdef"
PREFIX = "/api/v1"
CODES = frozenset(
    "zh yue en ja de ko ru fr pt ar it es hi id th tr uk vi cs da fil fi is ms no pl sv".split()
)
QWEN_FILE_PARAMETERS = {"channel_id", "language", "enable_itn", "enable_words", "corpus"}
FUN_FILE_PARAMETERS = {
    *("channel_id", "language_hints", "diarization_enabled", "speaker_count", "vocabulary_id"),
    *("vocabulary", "special_word_filter", "disfluency_removal_enabled"),
    "timestamp_alignment_enabled",
}
MODELS = {
    "beijing": {
        *("qwen3-asr-flash", "qwen3-asr-flash-filetrans", "qwen-audio-3.1-asr-flash-filetrans"),
        *("qwen-audio-3.0-asr-flash-filetrans", "fun-asr", "fun-asr-mtl", "paraformer-v2"),
        *("qwen-mt-plus", "qwen-mt-flash", "qwen-mt-turbo"),
    },
    "us": {"qwen3-asr-flash-us", "qwen-mt-lite-us"},
}
MODELS["singapore"] = MODELS["beijing"] - {"paraformer-v2"}
LANGUAGES = frozenset({"auto", "English", "French", "German", "Spanish", "Chinese", "Japanese"})
PUNCTUATION = ".,!?;:。，！？"


@dataclass(frozen=True, slots=True)
class Sentence:
    """What was heard: words with seconds; the text is the words as they stand."""

    words: tuple[tuple[str, float, float], ...]
    language: str = "en"

    @property
    def text(self) -> str:
        return "".join(word for word, _, _ in self.words).strip()


Recogniser = Callable[[bytes], list[Sentence]]
"""Sound as 16-bit mono at 16 kHz to what is said in it."""


def canned(sound: bytes) -> list[Sentence]:
    """A sentence for each two seconds begun, that says which it is."""
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


@dataclass(slots=True)
class Fault:
    """A misbehaviour of the next request whose path holds ``route``."""

    route: str
    status: int = 0
    code: str = ""
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Said instead of anything else."""
    wait: float = 0.0
    """Seconds before it."""
    cut: str = ""
    """``before``: the connection is cut, nothing is done. ``after``: it is done, nobody hears."""
    times: int = 1


@dataclass(slots=True)
class Task:
    """One file being recognised."""

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


class Refused(Exception):
    """An answer with an error's status, code and message."""


class DashScope:
    """The service: what it was sent, what it would charge, and how it behaves."""

    def __init__(self, region: str = "singapore", recognise: Recogniser = canned) -> None:
        self.region = region
        self.recognise = recognise
        self.key = KEY
        self.latency = 0.0
        """Seconds that each paid request takes."""
        self.task_seconds = 0.1
        """Seconds that a task takes at least."""
        self.lists_tasks = True
        self.no_annotations = False
        """As dated snapshots: neither language nor seconds, only tokens."""
        self.truncates_above = math.inf
        """Seconds of sound above which the text is cut off."""
        self.translate: Callable[[str, str, str], str] = lambda text, source, target: "\n".join(
            f"{target}: {t}" for t in text.splitlines()
        )
        self.uploads: dict[str, bytes] = {}
        self.tasks: dict[str, Task] = {}
        self.requests: list[tuple[str, str, dict[str, str], Any]] = []
        """Method, path, headers, and body as JSON, of all that was asked."""
        self.billed: list[float] = []
        """Seconds of sound of each request that would be charged."""
        self.at_once = 0
        self.most_at_once = 0
        self.faults: list[Fault] = []
        self.policies: dict[str, str] = {}
        self.lock = threading.Lock()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{PREFIX}"

    def asked(self, path: str) -> list[Any]:
        """The bodies of the requests whose path ends so."""
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

    # What each route does. Each returns the body of its answer or raises Refused.

    def policy(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if query.get("action") != ["getPolicy"] or "model" not in query:
            raise Refused(400, "InvalidParameter", "action and model are needed")
        self.known(query["model"][0])
        folder = f"dashscope-instant/{uuid.uuid4().hex}/2026-11-24/{uuid.uuid4()}"
        with self.lock:
            self.policies[folder] = query["model"][0]
        return {
            "data": {
                "policy": base64.b64encode(folder.encode()).decode(),
                "signature": "c2lnbmF0dXJl",
                "upload_dir": folder,
                "upload_host": f"http://127.0.0.1:{self.port}/oss",
                "expire_in_seconds": 300,
                "max_file_size_mb": 100,
                "capacity_limit_mb": 999999999,
                "oss_access_key_id": "LTAIstandin",
                "x_oss_object_acl": "private",
                "x_oss_forbid_overwrite": "true",
            }
        }

    def form_post(self, fields: dict[str, bytes]) -> None:
        names = {"OSSAccessKeyId", "Signature", "policy", "key", "success_action_status", "file"}
        if not names <= set(fields):
            raise Refused(400, "InvalidArgument", "a field is missing")
        key = fields["key"].decode()
        folder = key.rpartition("/")[0]
        if base64.b64decode(fields["policy"]).decode() != folder or folder not in self.policies:
            raise Refused(403, "AccessDenied", "Invalid according to Policy")
        with self.lock:
            if key in self.uploads:
                raise Refused(409, "FileAlreadyExists", "The object you specified already exists")
            self.uploads[key] = fields["file"]

    def submit(self, headers: dict[str, str], body: dict[str, Any]) -> dict[str, Any]:
        model, given = str(body.get("model")), body.get("input") or {}
        parameters = body.get("parameters") or {}
        self.known(model)
        if headers.get("x-dashscope-async") != "enable":
            raise Refused(
                403, "AccessDenied", "current user api does not support synchronous calls."
            )
        qwen = model.startswith("qwen3-asr-flash-filetrans")
        if not qwen and "filetrans" not in model and not model.startswith(("fun-", "para")):
            raise Refused(400, "InvalidParameter", "url error, does not support asynchronous calls")
        allowed = QWEN_FILE_PARAMETERS if qwen else FUN_FILE_PARAMETERS
        if unknown := set(parameters) - allowed:
            raise Refused(400, "InvalidParameter", f"unknown parameter: {sorted(unknown)[0]}")
        if qwen and parameters.get("language", "en") not in CODES:
            raise Refused(400, "InvalidParameter", "language is not supported")
        urls = [given.get("file_url")] if qwen else given.get("file_urls")
        if set(given) != {"file_url" if qwen else "file_urls"} or not isinstance(urls, list):
            raise Refused(400, "InvalidParameter", "The input is not as it should be")
        if len(urls) != 1 or not isinstance(urls[0], str):
            raise Refused(400, "InvalidParameter", "one url is needed")
        url = urls[0]
        resolves = headers.get("x-dashscope-ossresourceresolve") == "enable"
        if url.startswith("oss://") and not resolves:
            raise Refused(400, "InvalidParameter.DataInspection", "oss:// is not resolved")
        now = time.monotonic()
        task = Task(str(uuid.uuid4()), model, url, now, now + self.task_seconds)
        task.parameters = parameters
        with self.lock:
            self.tasks[task.number] = task
        threading.Thread(target=self.work, args=(task,), daemon=True).start()
        return {"output": {"task_id": task.number, "task_status": "PENDING"}}

    def work(self, task: Task) -> None:
        """Recognise the file of a task; what it does is charged when it succeeds."""
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
        except Refused as refused:
            task.code = refused.args[1]
        finally:
            task.done.set()

    def fetched(self, task: Task) -> bytes:
        if task.url.startswith("oss://"):
            key = task.url.removeprefix("oss://")
            task.file_name = key
            if key not in self.uploads:
                raise Refused(400, "FILE_404_NOT_FOUND", "")
            if self.policies[key.rpartition("/")[0]] != task.model:
                raise Refused(400, "FILE_403_FORBIDDEN", "")
            return self.uploads[key]
        try:
            with urllib.request.urlopen(task.url, timeout=10) as answer:
                return bytes(answer.read())
        except OSError:
            raise Refused(400, "FILE_DOWNLOAD_FAILED", "") from None

    def decoded(self, file: bytes) -> bytes:
        """A file as 16-bit mono at 16 kHz."""
        if len(file) > 2 * 2**30:
            raise Refused(400, "FILE_TOO_LARGE", "")
        ran = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", "-", "-f", "s16le", "-ar", "16000", "-ac", "1", "-"],
            input=file,
            capture_output=True,
            check=False,
        )
        if ran.returncode != 0:
            raise Refused(400, "UNSUPPORTED_FORMAT", "")
        return ran.stdout

    def poll(self, number: str) -> dict[str, Any]:
        task = self.tasks.get(number)
        if task is None:
            return {"output": {"task_id": number, "task_status": "UNKNOWN"}}
        said: dict[str, Any] = {"task_id": number, "task_status": task.status}
        result = {"transcription_url": f"http://127.0.0.1:{self.port}/result/{number}.json?Sig=x"}
        fun = not task.model.startswith("qwen3-")
        if task.status == "SUCCEEDED":
            if fun:
                said["results"] = [{"file_url": task.url, "subtask_status": "SUCCEEDED", **result}]
                return {"output": said, "usage": {"duration": task.seconds}}
            said["result"] = result
            return {"output": said, "usage": {"seconds": task.seconds}}
        if task.status == "FAILED" and fun:
            failed = {"file_url": task.url, "subtask_status": "FAILED"}
            said["results"] = [{**failed, "code": task.code, "message": task.code}]
        elif task.status == "FAILED":
            said |= {"code": task.code, "message": task.code}
        return {"output": said}

    def list_tasks(self, query: dict[str, list[str]]) -> dict[str, Any]:
        if not self.lists_tasks:
            raise Refused(403, "AccessDenied", "no permission to list tasks")
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
            raise Refused(404, "NoSuchKey", "")
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
            raise Refused(400, "InvalidParameter", "format is empty")
        messages = (body.get("input") or {}).get("messages")
        options = (body.get("parameters") or {}).get("asr_options") or {}
        if unknown := set(options) - {"language", "enable_itn", "enable_lid"}:
            raise Refused(400, "InvalidParameter", f"unknown option: {sorted(unknown)[0]}")
        if options.get("language", "en") not in CODES:
            raise Refused(400, "InvalidParameter", "The language is not supported")
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
        said = " ".join(sentence.text for sentence in sentences)
        cut = seconds > self.truncates_above
        charged = self.charge(seconds)
        message: dict[str, Any] = {
            "role": "assistant",
            "content": [{"text": said[: len(said) // 2] if cut else said}] if said else [],
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
        said = self.translate(text, options["source_lang"], options["target_lang"])
        choice = {"finish_reason": "stop", "message": {"role": "assistant", "content": said}}
        usage = {"input_tokens": len(text) // 3, "output_tokens": len(said) // 3}
        return {"output": {"choices": [choice]}, "usage": usage}

    def known(self, model: str) -> None:
        if model not in MODELS[self.region]:
            raise Refused(404, "ModelNotFound", f"Model {model} does not exist.")


def bad(message: str) -> Refused:
    return Refused(400, "InvalidParameter", f"<400> InternalError.Algo.InvalidParameter: {message}")


def audio_of(messages: Any) -> str:
    """The one piece of sound of a request; a system message may go before it."""
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
    """A sentence of a result file, as either family writes it."""

    def ms(seconds: float) -> int:
        return round(seconds * 1000)

    said: dict[str, Any] = {
        "sentence_id": number + fun,
        "begin_time": ms(sentence.words[0][1]),
        "end_time": ms(sentence.words[-1][2]),
        "text": sentence.text,
    }
    if not fun:
        said |= {"language": sentence.language, "emotion": "neutral"}
    elif parameters.get("diarization_enabled"):
        said["speaker_id"] = number % 2
    if words:
        said["words"] = []
        for word, start, end in sentence.words:
            bare = word.strip().rstrip(PUNCTUATION)
            mark = word.strip()[len(bare) :]
            said["words"].append(
                {
                    "begin_time": ms(start),
                    "end_time": ms(end),
                    "text": f"{bare} " if fun else bare,
                    "punctuation": mark,
                }
            )
    return said


def handler(service: DashScope) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            self.answer(b"")

        def do_PUT(self) -> None:
            self.answer(self.read())

        def do_DELETE(self) -> None:
            self.answer(b"")

        def do_POST(self) -> None:
            self.answer(self.read())

        def read(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def answer(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                said = json.loads(body) if body[:1] == b"{" else None
            except ValueError:
                said = None
            with service.lock:
                service.requests.append((self.command, self.path, headers, said))
            fault = service.take_fault(self.path)
            if fault is not None:
                time.sleep(fault.wait)
                if fault.cut == "before":
                    return self.hang_up()
                if fault.body is not None:
                    return self.reply(fault.status or 200, fault.body, fault.headers)
                if fault.status:
                    refusal = {"code": fault.code, "message": fault.message, "request_id": "r-1"}
                    return self.reply(fault.status, refusal, fault.headers)
            try:
                status, answer = 200, self.routed(headers, said, body)
            except Refused as refused:
                status, code, message = refused.args
                answer = {"code": code, "message": message}
            if fault is not None and fault.cut == "after":
                return self.hang_up()
            if isinstance(answer, dict) and not self.path.startswith("/result/"):
                answer = {"request_id": str(uuid.uuid4()), **answer}
            return self.reply(status, answer)

        def routed(self, headers: dict[str, str], said: Any, body: bytes) -> Any:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            if parts.path == "/oss" and self.command == "POST":
                service.form_post(multipart(headers.get("content-type", ""), body))
                return b""
            if parts.path.startswith("/result/"):
                if "authorization" in headers:
                    raise Refused(400, "InvalidArgument", "a signed address takes no key")
                return service.result(parts.path.removeprefix("/result/").removesuffix(".json"))
            if parts.path.startswith("/bucket/"):
                return bucket(service, self.command, parts.path, query, body)
            if headers.get("authorization") != f"Bearer {service.key}":
                raise Refused(401, "InvalidApiKey", "Invalid API-key provided.")
            path = parts.path.removeprefix(PREFIX)
            if self.command == "GET" and path == "/uploads":
                return service.policy(query)
            if self.command == "GET" and path in ("/tasks", "/tasks/"):
                return service.list_tasks(query)
            if self.command == "GET" and path.startswith("/tasks/"):
                return service.poll(path.removeprefix("/tasks/"))
            return self.paid(path, headers, said)

        def paid(self, path: str, headers: dict[str, str], said: Any) -> Any:
            if self.command != "POST" or not isinstance(said, dict):
                raise Refused(404, "NotFound", "")
            with service.lock:
                service.at_once += 1
                service.most_at_once = max(service.most_at_once, service.at_once)
            try:
                time.sleep(service.latency)
                if path == "/services/audio/asr/transcription":
                    return service.submit(headers, said)
                if path == "/services/aigc/multimodal-generation/generation":
                    return service.recognised(said)
                if path == "/services/aigc/text-generation/generation":
                    return service.translated(said)
            finally:
                with service.lock:
                    service.at_once -= 1
            raise Refused(404, "NotFound", "")

        def reply(self, status: int, said: Any, more: dict[str, str] | None = None) -> None:
            data = said if isinstance(said, bytes) else json.dumps(said).encode()
            kind = "text/plain" if isinstance(said, bytes) else "application/json"
            self.send_response(status)
            for name, value in {"Content-Type": kind, **(more or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def hang_up(self) -> None:
            self.close_connection = True
            self.connection.close()

    return Handler


def multipart(kind: str, body: bytes) -> dict[str, bytes]:
    """The fields of a form."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = part.get_payload(decode=True)
    return fields


def bucket(
    service: DashScope, method: str, path: str, query: dict[str, list[str]], body: bytes
) -> bytes:
    """A bucket of the user's own: takes and gives what has a signature."""
    if "X-Amz-Signature" not in query:
        raise Refused(403, "AccessDenied", "")
    if method == "PUT":
        service.uploads[path] = body
    elif path not in service.uploads:
        raise Refused(404, "NoSuchKey", "")
    elif method == "DELETE":
        del service.uploads[path]
    return service.uploads.get(path, b"")


@contextmanager
def standing_in(service: DashScope) -> Iterator[DashScope]:
    """The service on a free port of loopback, until the end."""
    server = ThreadingHTTPServer(("127.0.0.1", service.port), handler(service))
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
