"""A fake of servers of ``/v1/chat/completions``, with configurable faults.

It refuses other paths, a wrong key, a body without ``model`` or ``messages``, an unknown
``response_format``, and JSON output that no message mentions. A function makes the translations, so
that tests know the right lines.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

from .serving import serving


@dataclass(kw_only=True)
class FakeChat:
    """A fake of a server of ``/v1/chat/completions``, as OpenAI, Ollama or vLLM is one."""

    translate: Callable[[str], str] = str.upper
    """Makes the translation of a line."""
    key: str | None = None
    """The key that a request must have; None for any."""
    formats: tuple[str, ...] = ("json_schema", "json_object")
    """The types of ``response_format`` that it supports."""
    manners: list[str | int] = field(default_factory=list)
    """Faults, one for each request, and the last one stays: ``merge``, ``drop``, ``renumber``,
    ``stop``, ``english``, ``obey``, ``refuse``, ``prose``, ``think`` or a status."""
    retry_after: str = ""
    """The header ``Retry-After`` of each response."""
    port: int = 0
    """Its port, once it runs."""
    requests: list[dict[str, Any]] = field(default_factory=list)
    """The valid requests, in order."""
    models: tuple[str, ...] = ("tiny",)
    """What ``/v1/models`` lists."""
    write: Callable[[str], str] = "Of: {}".format
    """Makes the answer to any other instruction about a text."""

    @property
    def url(self) -> str:
        """The base URL, with ``/v1``."""
        return f"http://127.0.0.1:{self.port}/v1"

    def next_manner(self) -> str | int:
        """Return how the next request is answered: ``well``, a fault, or a status."""
        if len(self.manners) > 1:
            return self.manners.pop(0)
        return self.manners[0] if self.manners else "well"


def _answer(chat: FakeChat, asked: dict[str, str], manner: str | int) -> tuple[str, str]:
    """Make the text of an answer and its ``finish_reason``."""
    output = {number: chat.translate(text) for number, text in asked.items()}
    ids, texts = list(output), list(output.values())
    if manner == "merge" and len(ids) > 1:
        # Two lines are merged and the rest renumbered, so the later lines have wrong ids.
        texts = [f"{texts[0]} {texts[1]}", *texts[2:]]
        output = dict(zip(ids, texts, strict=False))
    elif manner == "drop":
        output = {number: output[number] for number in ids[1:]}
    elif manner == "renumber":
        output = {str(number): text for number, text in enumerate(texts, 1 + int(ids[0]))}
    elif manner == "english":
        output = dict(asked)
    elif manner == "obey" and any("ignore" in text.casefold() for text in asked.values()):
        output = dict.fromkeys(ids, "HACKED")
    whole = json.dumps(output, ensure_ascii=False)
    if manner == "stop":
        return whole[: len(whole) * 2 // 3], "length"
    if manner == "prose":
        return "Sure! Here is the translation you asked for.", "stop"
    if manner == "think":
        whole = f"<think>Which {{words}}?</think>\n```json\n{whole}\n```"
    return whole, "stop"


def _handler(chat: FakeChat) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None: ...

        def do_GET(self) -> None:
            if self.allowed():
                models = [{"id": name, "object": "model"} for name in chat.models]
                known = self.path == "/v1/models"
                self.reply(200 if known else 404, {"object": "list", "data": models})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if not self.allowed():
                return
            if self.path != "/v1/chat/completions":
                self.reply(404, {"error": {"message": "not found"}})
                return
            payload = json.loads(body)
            if (wrong := self.wrong(payload)) is not None:
                self.reply(400, {"error": {"message": wrong, "type": "invalid_request_error"}})
                return
            chat.requests.append(payload)
            manner = chat.next_manner()
            if isinstance(manner, int):
                code = "content_filter" if manner == 400 else "busy"
                self.reply(manner, {"error": {"message": "no", "code": code}})
                return
            user = json.loads(payload["messages"][-1]["content"])
            message: dict[str, Any] = {"role": "assistant"}
            if manner == "refuse":
                message |= {"content": None, "refusal": "I cannot"}
                ended = "stop"
            elif "lines" in user:
                message["content"], ended = _answer(chat, user["lines"], manner)
            else:
                message["content"], ended = f"<think>hm</think>{chat.write(user['text'])}", "stop"
            choice = {"index": 0, "message": message, "finish_reason": ended}
            number = f"chatcmpl-{len(chat.requests)}"
            self.reply(200, {"id": number, "object": "chat.completion", "choices": [choice]})

        def wrong(self, payload: Any) -> str | None:
            """Return why a request is invalid, or None."""
            messages = payload.get("messages")
            if not payload.get("model") or not isinstance(messages, list) or not messages:
                return "model and messages are required"
            if any(set(one) != {"role", "content"} for one in messages):
                return "a message has a role and a content"
            form = payload.get("response_format", {"type": "text"})
            if form["type"] not in (*chat.formats, "text"):
                return f"response_format {form['type']} is not supported"
            if form["type"] == "json_schema":
                named = form["json_schema"]
                schema = named["schema"]
                if not named["name"] or schema["additionalProperties"] is not False:
                    return "a strict schema needs a name and no additional properties"
                if set(schema["required"]) != set(schema["properties"]):
                    return "in a strict schema every property is required"
            if form["type"] == "json_object" and "json" not in str(messages).lower():
                return "the messages must contain the word json"
            return None

        def allowed(self) -> bool:
            if chat.key is None or self.headers.get("Authorization") == f"Bearer {chat.key}":
                return True
            self.reply(401, {"error": {"message": f"Incorrect API key {chat.key}"}})
            return False

        def reply(self, status: int, payload: object) -> None:
            data = json.dumps(payload).encode()
            self.send_response(status)
            if chat.retry_after:
                self.send_header("Retry-After", chat.retry_after)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@contextmanager
def serve_chat(chat: FakeChat) -> Iterator[FakeChat]:
    """Run the fake while the context is open."""
    with serving(_handler(chat)) as chat.port:
        yield chat
