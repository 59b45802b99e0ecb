"""The role table: what a caller needs for each route and method. It is data, read by the wall.

A route without a row is an error when the port is opened, and a row is the only way to a route.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from starlette.convertors import Convertor, register_url_convertor
from starlette.routing import BaseRoute, Mount, Route, compile_path

from .auth.access import Access


class _NumberConvertor(Convertor[int]):
    """The number of a file in a path, as ``{id:number}``. One that is too long fits no route.

    Starlette's own ``int`` takes any number of digits, and fails at more than Python converts.
    """

    regex = "[0-9]{1,16}"

    def convert(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_string(self, value: int) -> str:
        """Return its digits."""
        return str(value)


register_url_convertor("number", _NumberConvertor())


@dataclass(frozen=True, slots=True)
class AccessRule:
    """A row of the role table."""

    path: str
    """The path of the route, with ``{parameters}`` as in the route itself."""
    methods: frozenset[str]
    access: Access
    max_body_bytes: int | None = None
    """Largest request body; None: that of the port."""


def rule(path: str, methods: str, access: Access, max_body_bytes: int | None = None) -> AccessRule:
    """Write a row. Methods are separated by blanks; HEAD comes with GET."""
    names = frozenset(methods.split())
    names |= {"HEAD"} if "GET" in names else set()
    return AccessRule(path, names, access, max_body_bytes)


ACCESS_RULES: tuple[AccessRule, ...] = (
    rule("/health", "GET", Access.OPEN),
    rule("/static/{name}", "GET", Access.OPEN),
    rule("/login", "GET POST", Access.OPEN),
    rule("/setup", "GET POST", Access.OPEN),
    rule("/hooks/{source}", "POST PUT", Access.WEBHOOKS),
    rule("/logout", "POST", Access.VIEWER),
    rule("/me", "GET", Access.VIEWER),
    rule("/me/password", "POST", Access.VIEWER),
    rule("/me/sessions", "POST", Access.VIEWER),
    rule("/", "GET", Access.VIEWER),
    rule("/files", "GET", Access.VIEWER),
    rule("/files/{id:number}", "GET", Access.VIEWER),
    rule("/files/{id:number}/look", "GET", Access.VIEWER),
    rule("/files/{id:number}/undo", "GET POST", Access.OPERATOR),
    rule("/files/{id:number}/servers", "POST", Access.OPERATOR),
    rule("/files/actions", "POST", Access.OPERATOR),
    rule("/coverage", "GET", Access.VIEWER),
    rule("/coverage/origins", "GET", Access.VIEWER),
    rule("/coverage/upgrades", "GET", Access.VIEWER),
    rule("/coverage/upgrades", "POST", Access.OPERATOR),
    rule("/history", "GET", Access.VIEWER),
    rule("/queue", "GET", Access.VIEWER),
    rule("/queue/pauses", "POST", Access.OPERATOR),
    rule("/health-page", "GET", Access.VIEWER),
    rule("/health-page/actions", "POST", Access.OPERATOR),
    rule("/health-page/log", "GET", Access.ADMIN),
    rule("/health-page/check", "POST", Access.OPERATOR),
    rule("/spending", "GET", Access.VIEWER),
    rule("/spending/csv", "GET", Access.VIEWER),
    rule("/glossary", "GET", Access.VIEWER),
    rule("/glossary", "POST", Access.REVIEWER),
    rule("/review", "GET", Access.VIEWER),
    rule("/review/approve", "POST", Access.REVIEWER),
    rule("/review/{id:number}", "GET", Access.VIEWER),
    rule("/review/{id:number}/cues", "POST", Access.REVIEWER),
    rule("/review/{id:number}/holder", "POST", Access.REVIEWER),
    rule("/review/{id:number}/approve", "GET POST", Access.REVIEWER),
    rule("/review/{id:number}/tools", "GET POST", Access.REVIEWER),
    rule("/review/{id:number}/ask", "GET POST", Access.REVIEWER),
    rule("/review/{id:number}/notes", "GET", Access.VIEWER),
    rule("/review/{id:number}/notes", "POST", Access.REVIEWER),
    rule("/review/{id:number}/terms", "GET", Access.VIEWER),
    rule("/review/{id:number}/terms", "POST", Access.REVIEWER),
    rule("/review/{id:number}/reopen", "POST", Access.REVIEWER),
    rule("/review/{id:number}/unlock", "POST", Access.REVIEWER),
    rule("/files/{id:number}/review", "POST", Access.REVIEWER),
    rule("/engine-errors", "GET", Access.ADMIN),
    rule("/settings", "GET", Access.ADMIN),
    rule("/settings/toml", "GET", Access.ADMIN),
    rule("/settings/plan", "GET POST", Access.ADMIN),
    rule("/users", "GET POST", Access.ADMIN),
)
"""The routes of this package. Endpoints that the daemon adds bring their own rows."""


class RouteWithoutAccessError(Exception):
    """Raised for a route and method without a row. It is a fault of the program."""


class AccessTable:
    """The rows, found by path and method."""

    def __init__(self, rules: Sequence[AccessRule]) -> None:
        self._rules = [(compile_path(row.path)[0], row) for row in rules]
        self._methods: dict[str, frozenset[str]] = {}
        for row in rules:
            self._methods[row.path] = self._methods.get(row.path, frozenset()) | row.methods
        if len({(row.path, method) for row in rules for method in row.methods}) != sum(
            len(row.methods) for row in rules
        ):
            raise RouteWithoutAccessError("two rows have the same path and method")

    def find(self, path: str, method: str) -> Access | None:
        """Return what a request needs; None if no route has this path and method.

        Of several rows that fit, the one that asks for most counts.
        """
        matches = [
            row.access
            for pattern, row in self._rules
            if method in row.methods and pattern.fullmatch(path) is not None
        ]
        return max(matches, key=list(Access).index, default=None)

    def max_body_bytes(self, path: str, method: str, usual: int) -> int:
        """Return the largest body that a request may have, ``usual`` unless a row says more."""
        limits = (
            row.max_body_bytes
            for pattern, row in self._rules
            if method in row.methods and pattern.fullmatch(path) is not None
        )
        return max((limit for limit in limits if limit is not None), default=usual)

    def methods_of(self, path: str) -> frozenset[str]:
        """Return the methods that a path has."""
        found = (row.methods for pattern, row in self._rules if pattern.fullmatch(path) is not None)
        return frozenset[str]().union(*found)

    def check_routes(self, routes: Iterable[BaseRoute]) -> None:
        """Check that each route has a row for each of its methods.

        Raises:
            RouteWithoutAccessError: One has none.
        """
        for path, methods in list_routes(routes):
            missing = methods - self._methods.get(path, frozenset())
            if missing:
                names = ", ".join(sorted(missing))
                raise RouteWithoutAccessError(f"the role table has no row for {names} of {path}")


def list_routes(routes: Iterable[BaseRoute], prefix: str = "") -> list[tuple[str, frozenset[str]]]:
    """Return path and methods of all routes, with those of mounted applications.

    Raises:
        RouteWithoutAccessError: There is a route of a kind whose methods are not known.
    """
    found: list[tuple[str, frozenset[str]]] = []
    for route in routes:
        if isinstance(route, Mount) and route.routes:
            found += list_routes(route.routes, prefix + route.path)
        elif isinstance(route, Route) and route.methods:
            found.append((prefix + route.path, frozenset(route.methods)))
        else:
            raise RouteWithoutAccessError(f"the methods of the route {route!r} are not known")
    return found
