"""The HTTP interface of the fake FakeDashScope: routes, keys and faults."""

from __future__ import annotations

import email.parser
import email.policy
import json
import time
import uuid
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from support.fakes.dashscope_shapes import RefusedError

if TYPE_CHECKING:
    from support.fakes.dashscope import FakeDashScope

PREFIX = "/api/v1"


def handler(service: FakeDashScope) -> type[BaseHTTPRequestHandler]:
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
                payload = json.loads(body) if body[:1] == b"{" else None
            except ValueError:
                payload = None
            with service.lock:
                service.requests.append((self.command, self.path, headers, payload))
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
                status, answer = 200, self.routed(headers, payload, body)
            except RefusedError as refused:
                status, code, message = refused.args
                answer = {"code": code, "message": message}
            if fault is not None and fault.cut == "after":
                return self.hang_up()
            if isinstance(answer, dict) and not self.path.startswith("/result/"):
                answer = {"request_id": str(uuid.uuid4()), **answer}
            return self.reply(status, answer)

        def routed(self, headers: dict[str, str], payload: Any, body: bytes) -> Any:
            parts = urlsplit(self.path)
            query = parse_qs(parts.query)
            if parts.path == "/oss" and self.command == "POST":
                service.form_post(multipart(headers.get("content-type", ""), body))
                return b""
            if parts.path.startswith("/result/"):
                if "authorization" in headers:
                    raise RefusedError(400, "InvalidArgument", "a signed address takes no key")
                return service.result(parts.path.removeprefix("/result/").removesuffix(".json"))
            if parts.path.startswith("/bucket/"):
                return service.bucket(self.command, parts.path, query, body)
            if headers.get("authorization") != f"Bearer {service.key}":
                raise RefusedError(401, "InvalidApiKey", "Invalid API-key provided.")
            path = parts.path.removeprefix(PREFIX)
            if self.command == "GET" and path == "/uploads":
                return service.policy(query)
            if self.command == "GET" and path in ("/tasks", "/tasks/"):
                return service.list_tasks(query)
            if self.command == "GET" and path.startswith("/tasks/"):
                return service.poll(path.removeprefix("/tasks/"))
            return self.paid(path, headers, payload)

        def paid(self, path: str, headers: dict[str, str], payload: Any) -> Any:
            if self.command != "POST" or not isinstance(payload, dict):
                raise RefusedError(404, "NotFound", "")
            with service.lock:
                service.at_once += 1
                service.most_at_once = max(service.most_at_once, service.at_once)
            try:
                time.sleep(service.latency)
                if path == "/services/audio/asr/transcription":
                    return service.submit(headers, payload)
                if path == "/services/aigc/multimodal-generation/generation":
                    return service.recognised(payload)
                if path == "/services/aigc/text-generation/generation":
                    return service.translated(payload)
            finally:
                with service.lock:
                    service.at_once -= 1
            raise RefusedError(404, "NotFound", "")

        def reply(self, status: int, payload: Any, more: dict[str, str] | None = None) -> None:
            data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
            kind = "text/plain" if isinstance(payload, bytes) else "application/json"
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
    """Parse the fields of a form."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields = {}
    for part in form.iter_parts():
        name = part.get_param("name", header="content-disposition")
        fields[str(name)] = part.get_payload(decode=True)
    return fields
