"""Requests to a service with OpenAI's HTTP interface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from subtitled.plugin import LOCAL, CheckResult, Secret, SetupError, SubtitledError
from subtitled.plugin.http import (
    HttpService,
    get_host,
    is_loopback,
    parse_answer,
    refusal_error,
    send_request,
)
from subtitled.plugin.limits import clean_text, read_objects

if TYPE_CHECKING:
    import httpx


MAX_MODELS = 10_000
"""Most models of a service that are looked at."""


class ServiceSettings(Protocol):
    """The settings that every component of this plugin has."""

    @property
    def url(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def api_key(self) -> Secret | None: ...

    @property
    def is_local(self) -> bool | None: ...

    @property
    def timeout(self) -> float: ...

    @property
    def verify_tls(self) -> bool: ...


def is_local(settings: ServiceSettings) -> bool:
    """Check whether the service is the user's own: as configured, else if it is this machine."""
    return is_loopback(settings.url) if settings.is_local is None else settings.is_local


def get_destination(settings: ServiceSettings) -> str:
    """Return the destination of what is sent, such as ``openai:api.example.org``."""
    return LOCAL if is_local(settings) else f"openai:{get_host(settings.url)}"


class OpenAIClient:
    """The service of one section of the configuration."""

    def __init__(self, name: str, settings: ServiceSettings) -> None:
        """Create a client.

        Args:
            name: The name of the section, for messages.
            settings: The settings of the section.
        """
        self._settings = settings
        self.host = get_host(settings.url)
        self.service_name = f"{name} at {self.host}"

    def send_request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with the key.

        Args:
            method: The HTTP method.
            path: The path below the configured url.
            **options: Passed to httpx, as by :func:`subtitled.plugin.http.send_request`.

        Returns:
            The response.

        Raises:
            SetupError: The key or the url is invalid.
            TransientError: The service does not answer now.
        """
        settings, headers = self._settings, {}
        if settings.api_key is not None:
            key = settings.api_key.reveal()
            if not (key.isascii() and key.isprintable()):
                raise SetupError("the given key is no key", "Set api_key to a key, by reference")
            headers["Authorization"] = f"Bearer {key}"
        service = HttpService(
            name=self.service_name, timeout=settings.timeout, verify=settings.verify_tls
        )
        url = settings.url.rstrip("/") + path
        return send_request(service, method, url, headers=headers, **options)

    def run_checks(self) -> Sequence[CheckResult]:
        """Check that the service answers, accepts the key and has the model."""
        model = self._settings.model
        subject = f"{model} at {self._settings.url}"
        try:
            response = self.send_request("GET", "/models")
            if response.status_code in (401, 403):
                raise refusal_error(self.service_name, response)
            names = _list_models(parse_answer(response)) if response.is_success else []
        except SubtitledError as error:
            return [CheckResult(subject, False, error.message, error.hint)]
        except ValueError:
            return [
                CheckResult(subject, False, "it does not answer as OpenAI does", "Check the url")
            ]
        if names and not {model, f"{model}:latest"} & set(names):
            available = ", ".join(sorted(names)[:8])
            hint = "Set model to one of these, or install it there"
            return [CheckResult(subject, False, f"it has no such model, but {available}", hint)]
        return [CheckResult(subject, True, "it answers")]


def parse_object(response: httpx.Response) -> dict[str, Any]:
    """Parse a response as a JSON object. Return an empty one if it is anything else."""
    try:
        payload = parse_answer(response)
    except ValueError:
        return {}
    return payload if isinstance(payload, dict) else {}


def get_error_code(payload: dict[str, Any]) -> str:
    """Return the code of an error. Its message may quote the request, so it is not used."""
    error = payload.get("error", payload)
    if not isinstance(error, dict):
        return ""
    code = error.get("code") or error.get("type") or ""
    return clean_text(str(code) if isinstance(code, int) else code, 60)


def _list_models(payload: Any) -> list[str]:
    entries = payload.get("data") if isinstance(payload, dict) else None
    return [clean_text(entry.get("id")) for entry in read_objects(entries, MAX_MODELS)]
