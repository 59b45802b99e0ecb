"""One address that speaks OpenAI's wire format: who it is, its key, and what it says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from subtitled.plugin import LOCAL, Finding, Misconfigured, Problem, Secret

from .._http import ask, host_of, is_loopback, refused

if TYPE_CHECKING:
    import httpx


class Place(Protocol):
    """What the settings of every section have that asks such a service."""

    @property
    def url(self) -> str: ...

    @property
    def model(self) -> str: ...

    @property
    def key(self) -> Secret | None: ...

    @property
    def local(self) -> bool | None: ...

    @property
    def timeout(self) -> float: ...

    @property
    def verify_tls(self) -> bool: ...


def stays(settings: Place) -> bool:
    """Whether what goes there stays with the user."""
    return is_loopback(settings.url) if settings.local is None else settings.local


def destination(settings: Place) -> str:
    """Where it goes, by the name that libraries allow it under."""
    return LOCAL if stays(settings) else f"openai:{host_of(settings.url)}"


class Service:
    """The service of one section, called ``name`` in messages."""

    def __init__(self, name: str, settings: Place) -> None:
        self._settings = settings
        self.host = host_of(settings.url)
        self.who = f"{name} at {self.host}"

    def ask(self, method: str, path: str, **said: Any) -> httpx.Response:
        """The answer to a request with the key, as :func:`..http.ask` gives it."""
        settings, headers = self._settings, {}
        if settings.key is not None:
            key = settings.key.reveal()
            if not (key.isascii() and key.isprintable()):
                raise Misconfigured("what is given as the key is none", "Set key to where it lies")
            headers["Authorization"] = f"Bearer {key}"
        return ask(
            self.who,
            method,
            settings.url.rstrip("/") + path,
            timeout=settings.timeout,
            verify=settings.verify_tls,
            headers=headers,
            **said,
        )

    def findings(self) -> Sequence[Finding]:
        """Whether it answers, takes the key and has the model, for ``subtitled doctor``."""
        wanted = self._settings.model
        what = f"{wanted} at {self._settings.url}"
        try:
            answer = self.ask("GET", "/models")
            if answer.status_code in (401, 403):
                raise refused(self.who, answer)
            names = _models(answer.json()) if answer.is_success else []
        except Problem as problem:
            return [Finding(what, False, problem.what, problem.cure)]
        except ValueError:
            return [Finding(what, False, "it does not answer as OpenAI does", "Check the url")]
        if names and not {wanted, f"{wanted}:latest"} & set(names):
            known = ", ".join(sorted(names)[:8])
            cure = "Set model to one of these, or install it there"
            return [Finding(what, False, f"it has no such model, but {known}", cure)]
        return [Finding(what, True, "it answers")]


def object_of(answer: httpx.Response) -> dict[str, Any]:
    """An answer as a JSON object; an empty one for whatever else it is."""
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def code_of(said: dict[str, Any]) -> str:
    """The code of an error. Its message may quote what was sent, so that is not passed on."""
    error = said.get("error", said)
    if not isinstance(error, dict):
        return ""
    return str(error.get("code") or error.get("type") or "")[:60]


def _models(said: Any) -> list[str]:
    entries = said.get("data") if isinstance(said, dict) else None
    return [str(one.get("id")) for one in entries or () if isinstance(one, dict)]
