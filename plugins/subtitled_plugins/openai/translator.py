"""A translator over ``/chat/completions``. Lines are sent and returned as JSON, by id."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

from pydantic import Field

from subtitled.plugin import (
    Batch,
    CheckResult,
    Generation,
    InputRejectedError,
    Line,
    Secret,
    Settings,
    TransientError,
    Translation,
    Translator,
    TranslatorCapabilities,
    UsageRecord,
)
from subtitled.plugin.http import refusal_error

from . import prompts
from .client import OpenAIClient, get_destination, get_error_code, is_local, parse_object
from .llm_output import parse_lines, parse_message, strip_thinking

RESPONSE_FORMATS = ("json_schema", "json_object", "text")
"""Response formats, in the order in which they are tried until the server accepts one."""


class ChatSettings(Settings):
    """The settings in ``[translators.openai]``."""

    NON_RESULT_FIELDS: ClassVar[frozenset[str]] = frozenset(
        {"is_local", "max_batch_lines", "timeout", "verify_tls"}
    )

    url: str = Field(
        pattern=r"^https?://",
        description="The address up to the version, such as http://localhost:11434/v1 for Ollama.",
    )
    model: str = Field(min_length=1, description="The name of the model at the service.")
    api_key: Secret | None = Field(
        None, description="The key, by reference. Local servers need none."
    )
    is_local: bool | None = Field(
        None,
        description="Whether the server is yours, so that the text does not leave your network. "
        "Unset: true for this machine.",
    )
    max_batch_lines: int = Field(
        24, ge=1, le=200, description="Lines of one request. 5 to 8 for models below 4 GB."
    )
    condense: bool = Field(
        False, description="Shorten lines that are too long to read in their time."
    )
    style: str = Field(
        "", description="A sentence on how to translate, such as: Use the informal du."
    )
    temperature: float | None = Field(0.2, ge=0, le=2, description="The sampling temperature.")
    timeout: float = Field(240.0, gt=0, le=290, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(True, description="Require a valid certificate.")


class ChatTranslator(Translator[ChatSettings]):
    """A chat model of a service."""

    _format_index = 0
    """Index of the first of :data:`RESPONSE_FORMATS` that the server has not refused."""

    @classmethod
    def capabilities(cls, settings: ChatSettings) -> TranslatorCapabilities:
        where = get_destination(settings)
        return TranslatorCapabilities(
            max_batch_lines=settings.max_batch_lines, supports_instructions=True, destination=where
        )

    def translate(self, batch: Batch) -> Translation:
        system = prompts.build_system_prompt(batch, self.settings.style, self.settings.condense)
        user = prompts.build_lines_message(batch, self.settings.condense)
        text, usage = self._complete(system, user, prompts.build_schema(batch))
        lines = parse_lines(text)
        return Translation(tuple(Line(number, line) for number, line in lines), tuple(usage))

    def generate(self, instruction: str, text: str) -> Generation:
        output, usage = self._complete(
            prompts.build_generation_prompt(instruction), prompts.build_text_message(text), None
        )
        return Generation(strip_thinking(output), tuple(usage))

    def self_check(self) -> Sequence[CheckResult]:
        return self._client.run_checks()

    def _complete(
        self, system: str, user: str, schema: dict[str, Any] | None
    ) -> tuple[str, list[UsageRecord]]:
        """Send a chat request. Return the text, and one usage record for each request."""
        body: dict[str, Any] = {
            "model": self.settings.model,
            "messages": [
                {"role": "system", "content": system},
                {"role": "user", "content": user},
            ],
        }
        if self.settings.temperature is not None:
            body["temperature"] = self.settings.temperature
        usage: list[UsageRecord] = []
        service = self._client.service_name
        while True:
            response_format = RESPONSE_FORMATS[self._format_index] if schema is not None else "text"
            response = self._client.send_request(
                "POST",
                "/chat/completions",
                json=body | _build_response_format(response_format, schema),
            )
            payload = parse_object(response)
            if not is_local(self.settings):
                request_id = payload.get("id")
                usage.append(
                    UsageRecord(
                        kind="text",
                        amount=float(len(system) + len(user)),
                        host=self._client.host,
                        request_id=request_id if isinstance(request_id, str) else "",
                    )
                )
            if response.is_success:
                return self._get_text(payload), usage
            code = get_error_code(payload)
            if any(word in code for word in ("content", "inspection", "moderation")):
                raise InputRejectedError(
                    f"{self._client.service_name} refuses the text ({code})", "Another may take it"
                )
            if response.status_code in (400, 422) and response_format != "text":
                self._format_index += 1
                continue
            raise refusal_error(service, response, code)

    def _get_text(self, payload: dict[str, Any]) -> str:
        text, finish_reason = parse_message(payload)
        if text is None:
            raise TransientError(
                f"{self._client.service_name} does not answer as OpenAI does",
                "Check that the url ends in /v1 or what the service says",
            )
        if finish_reason == "content_filter":
            raise InputRejectedError(
                f"{self._client.service_name} refuses the text", "Another translator may take it"
            )
        return text

    @cached_property
    def _client(self) -> OpenAIClient:
        return OpenAIClient(self.context.name, self.settings)


def _build_response_format(response_format: str, schema: dict[str, Any] | None) -> dict[str, Any]:
    if response_format == "json_schema":
        json_schema = {"name": "lines", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": json_schema}}
    return {"response_format": {"type": "json_object"}} if response_format == "json_object" else {}
