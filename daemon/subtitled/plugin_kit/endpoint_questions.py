"""What endpoints are asked: requests as callers send them, and such as only fools send."""

from __future__ import annotations

from subtitled.config.plugin_endpoints import EndpointAnswer, EndpointRequest, open_endpoint
from subtitled.plugin import EndpointCaller

from .subject import NotApplicableError, Subject

_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_PATHS = ("", "/", "/no such page/\N{SNOWMAN}", "/../..")


def answers_each_method(subject: Subject) -> None:
    """Every request gets one complete answer, whatever its path is."""
    for path in _PATHS:
        for method in _list_methods(subject):
            _ask(subject, method, path)


def answers_odd_requests(subject: Subject) -> None:
    """A query and a body that make no sense are answered too, and not with an error of its own."""
    limit = min(subject.configured.capabilities().max_body_bytes, 100_000)
    for body in (b"", b"{", b"\xff\x00", b"[" * limit):
        for method in _list_methods(subject):
            answer = _ask(subject, method, "/", body)
            assert answer.status < 500, (
                f"{method} with a body that makes no sense is answered with {answer.status}. "
                "Answer with 400, so that the sender knows"
            )


def _list_methods(subject: Subject) -> list[str]:
    """List the methods that may be asked: without ``--send`` those that change nothing.

    Raises:
        NotApplicableError: There is none.
    """
    methods: frozenset[str] = subject.configured.capabilities().methods
    allowed = sorted(methods if subject.sends else methods & _SAFE_METHODS)
    if not allowed:
        raise NotApplicableError("each of its methods may change something; use --send")
    return allowed


def _ask(subject: Subject, method: str, path: str, body: bytes = b"") -> EndpointAnswer:
    configured = subject.configured
    capabilities = configured.capabilities()
    runner = open_endpoint(configured)
    root = f"/x/{configured.name}"
    request = EndpointRequest(
        method=method,
        root_path=root,
        path=root + path,
        query=b"a=%ff&a=&b",
        headers=[(b"content-type", b"application/json"), (b"user-agent", b"\xff")],
        body=body,
        caller=EndpointCaller(name="ana", role=capabilities.role, libraries=("films",)),
    )
    return runner.ask(request)


FOR_ENDPOINTS = (answers_each_method, answers_odd_requests)
