"""Endpoints that are wrong: what they state, and what they answer."""

from __future__ import annotations

from .mistake import Mistake, other_mistake

_STATES = "        return EndpointCapabilities()"
_APPLICATION = "        return answer"
_START = '    await send({"type": "http.response.start", "status": 200, "headers": []})'


def _mistake(name: str, old: str, new: str, message: str, cure: str, called: str = "") -> Mistake:
    return other_mistake("endpoints", name, old, new, message, cure, called)


STATING = (
    _mistake(
        "endpoint_states_error",
        "    def capabilities(cls, settings):\n" + _STATES,
        "    def capabilities(cls, settings):\n        return {}['port']  # HERE",
        "KeyError: 'port'",
        "Correct that line",
    ),
    _mistake(
        "endpoint_states_method",
        "    def capabilities(cls, settings):\n" + _STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        '        return EndpointCapabilities(methods={"FETCH"})',
        "states the methods FETCH",
        "It must be some of DELETE, GET",
    ),
    _mistake(
        "endpoint_states_role",
        "    def capabilities(cls, settings):\n" + _STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        '        return EndpointCapabilities(role="root")',
        "str as role, not an EndpointRole",
        "capabilities() must return an EndpointCapabilities",
    ),
    _mistake(
        "endpoint_states_hours",
        "    def capabilities(cls, settings):\n" + _STATES,
        "    def capabilities(cls, settings):  # HERE\n"
        "        return EndpointCapabilities(timeout_seconds=3600)",
        "states timeout_seconds = 3600",
        "It must be more than 0, up to 300",
    ),
    _mistake(
        "endpoint_is_async",
        "    def application(self):",
        "    async def application(self):  # HERE",
        "Mine.application is async",
        "Write def application(self) without async",
    ),
)
"""Mistakes that loading the configuration shows."""

ANSWERING = (
    _mistake(
        "endpoint_has_none",
        _APPLICATION,
        "        return None",
        "application() returned NoneType, not an application of ASGI 3",
        "",
        "application",
    ),
    _mistake(
        "endpoint_answers_error",
        _START,
        "    raise KeyError('x')  # HERE",
        "KeyError",
        "Correct that line",
        "application",
    ),
    _mistake(
        "endpoint_sends_text",
        '"body": b"hello"',
        '"body": "hello"',
        "it sent str as a body, not bytes",
        "within the limits",
        "application",
    ),
    _mistake(
        "endpoint_sends_nothing",
        _START,
        "    return",
        "it sent no complete answer",
        "within the limits",
        "application",
    ),
)
"""Mistakes that a request shows."""
