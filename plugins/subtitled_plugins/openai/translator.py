"""A translator over ``/chat/completions``: lines go out as data and come back as JSON by id."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from subtitled.plugin import (
    Batch,
    Finding,
    Line,
    Rejected,
    Secret,
    Sent,
    Settings,
    Temporary,
    Translation,
    Translator,
    TranslatorCapabilities,
    Writing,
)

from .._http import refused
from . import prompts
from .answers import message_of, read_lines, without_thoughts
from .service import Service, code_of, destination, object_of, stays

FORMATS = ("json_schema", "json_object", "text")
"""How the shape of an answer is asked for; a server that refuses one is asked in the next."""


class ChatSettings(Settings):
    """``[translators.openai]``"""

    INCIDENTAL: ClassVar[frozenset[str]] = frozenset({"local", "batch", "timeout", "verify_tls"})

    url: str = Field(
        pattern=r"^https?://",
        description="Where it answers, up to the version: http://localhost:11434/v1 for Ollama.",
    )
    model: str = Field(min_length=1, description="The model, as the service calls it.")
    key: Secret | None = Field(None, description="Its key, by reference; local servers need none.")
    local: bool | None = Field(
        None,
        description="Whether text that goes there stays with you. Unset: if it is this machine.",
    )
    batch: int = Field(
        24, ge=1, le=200, description="Lines of a request; 5 to 8 for models below 4 GB."
    )
    condense: bool = Field(
        False, description="Have lines shortened that would be too long to read in their time."
    )
    style: str = Field(
        "", description="A sentence on how to translate, such as: Use the informal du."
    )
    temperature: float | None = Field(0.2, ge=0, le=2, description="How freely it chooses words.")
    timeout: float = Field(240.0, gt=0, le=290, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Insist on a valid certificate.")


class ChatTranslator(Translator):
    """One model behind one address."""

    Settings = ChatSettings
    settings: ChatSettings

    _format = 0
    """Which of :data:`FORMATS` the server takes, as far as it was found out."""

    @classmethod
    def capabilities(cls, settings: Any) -> TranslatorCapabilities:
        where = destination(settings)
        return TranslatorCapabilities(batch=settings.batch, writes=True, destination=where)

    def translate(self, batch: Batch) -> Translation:
        system = prompts.system(batch, self.settings.style, self.settings.condense)
        user = prompts.lines(batch, self.settings.condense)
        text, sent = self._chat(system, user, prompts.schema(batch))
        found = read_lines(text)
        return Translation(tuple(Line(number, line) for number, line in found), tuple(sent))

    def write(self, instruction: str, text: str) -> Writing:
        written, sent = self._chat(prompts.writing(instruction), prompts.fenced(text), None)
        return Writing(without_thoughts(written), tuple(sent))

    def check(self) -> Sequence[Finding]:
        return self._service.findings()

    def _chat(
        self, system: str, user: str, schema: dict[str, Any] | None
    ) -> tuple[str, list[Sent]]:
        """The text of the answer, and receipts of all that was sent for it."""
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
        }
        if self.settings.temperature is not None:
            body["temperature"] = self.settings.temperature
        sent: list[Sent] = []
        who = self._service.who
        while True:
            form = FORMATS[self._format] if schema is not None else "text"
            answer = self._service.ask(
                "POST", "/chat/completions", json=body | _asked_as(form, schema)
            )
            said = object_of(answer)
            if not stays(self.settings):
                number = said.get("id")
                sent.append(
                    Sent(
                        kind="text",
                        amount=float(len(system) + len(user)),
                        host=self._service.host,
                        request_id=number if isinstance(number, str) else "",
                    )
                )
            if answer.is_success:
                return self._text(said), sent
            code = code_of(said)
            if any(word in code for word in ("content", "inspection", "moderation")):
                raise Rejected(
                    f"{self._service.who} refuses the text ({code})", "Another may take it"
                )
            if answer.status_code in (400, 422) and form != "text":
                self._format += 1
                continue
            raise refused(who, answer, code)

    def _text(self, said: dict[str, Any]) -> str:
        text, why = message_of(said)
        if text is None:
            raise Temporary(
                f"{self._service.who} does not answer as OpenAI does",
                "Check that the url ends in /v1 or what the service says",
            )
        if why == "content_filter":
            raise Rejected(
                f"{self._service.who} refuses the text", "Another translator may take it"
            )
        return text

    @cached_property
    def _service(self) -> Service:
        return Service(self.context.name, self.settings)


def _asked_as(form: str, schema: dict[str, Any] | None) -> dict[str, Any]:
    if form == "json_schema":
        named = {"name": "lines", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": named}}
    return {"response_format": {"type": "json_object"}} if form == "json_object" else {}
