"""What a proxy says about a caller: believed only from peers that the configuration names.

A peer is the other end of the connection. Headers can be written by anybody, so without a named
peer they change nothing, on the loopback address too.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from .roles import Role

_log = logging.getLogger(__name__)

UNIX_PEER = "unix"
"""The name of callers by a unix socket."""
MAX_HOPS = 20
"""Most entries of ``X-Forwarded-For`` that are read."""
MAX_NAME_LENGTH = 255
"""Characters. A longer name of a user is none: it must not be taken for one that begins so."""
_FORWARDED_HEADERS = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class ProxyUser:
    """A user that a named proxy has signed in."""

    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A caller as far as the connection and named proxies tell."""

    address: str
    """The address of the caller: the nearest hop that is no named proxy."""
    is_shared: bool
    """Whether many callers may have this address, so that one must not hold up the others."""
    scheme: str
    """``http`` or ``https``, as the browser sees it."""
    host: str
    """The host and the port, as the browser sees them."""
    user: ProxyUser | None = None


class Proxies:
    """The named proxies of one configuration."""

    def __init__(
        self,
        trusted: Sequence[str],
        user_header: str | None,
        groups_header: str | None,
        roles: Mapping[str, Role],
    ) -> None:
        """Create the view of the proxies.

        Args:
            trusted: Addresses and networks of the proxies, or ``unix``.
            user_header: The header with the name of the user; None if proxies vouch for nobody.
            groups_header: The header with the user's groups.
            roles: The role of each group. ``*`` is everybody that a proxy has signed in.
        """
        self._networks = [
            ipaddress.ip_network(entry, strict=False) for entry in trusted if entry != UNIX_PEER
        ]
        self._trusts_unix = UNIX_PEER in trusted
        self._user_header = user_header.lower() if user_header else None
        self._groups_header = groups_header.lower() if groups_header else None
        self._roles = roles
        self._warned: set[str] = set()

    @property
    def are_named(self) -> bool:
        """Whether any proxy is named."""
        return bool(self._networks) or self._trusts_unix

    def peer_of(self, scope: AsgiScope) -> Peer:
        """Return the caller of a request."""
        headers = Headers(scope=scope)
        client = scope.get("client")
        address = str(client[0]) if client and client[0] else UNIX_PEER
        host, scheme = headers.get("host", ""), str(scope.get("scheme", "http"))
        if not self._is_trusted(address):
            self._warn_once(address, headers)
            return Peer(address=address, is_shared=_is_shared(address), scheme=scheme, host=host)
        forwarded = [
            hop.strip() for line in headers.getlist("x-forwarded-for") for hop in line.split(",")
        ]
        caller, is_known = address, False
        for hop in reversed(forwarded[-MAX_HOPS:]):
            caller = _plain_address(hop)
            is_known = caller != "" and not self._is_trusted(caller)
            if is_known or not caller:
                break  # The entries to the left of it may be forged.
        last_scheme = _last(headers, "x-forwarded-proto").lower()
        return Peer(
            address=caller if is_known else address,
            is_shared=not is_known or _is_shared(caller),
            scheme=last_scheme if last_scheme in ("http", "https") else scheme,
            host=_last(headers, "x-forwarded-host") or host,
            user=self._user_of(headers),
        )

    def role_of(self, user: ProxyUser) -> Role | None:
        """Return the highest role of a user's groups, or None."""
        roles = [self._roles[group] for group in (*user.groups, "*") if group in self._roles]
        return max(roles, key=list(Role).index, default=None)

    def _user_of(self, headers: Headers) -> ProxyUser | None:
        if self._user_header is None:
            return None
        names = headers.getlist(self._user_header)
        name = _decode(names[0]).strip() if len(names) == 1 else ""
        if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
            return None
        groups = [
            group.strip()
            for line in (headers.getlist(self._groups_header) if self._groups_header else ())
            for group in _decode(line).replace(";", ",").split(",")
        ]
        return ProxyUser(name, tuple(filter(None, groups)))

    def _is_trusted(self, address: str) -> bool:
        if address == UNIX_PEER:
            return self._trusts_unix
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
            parsed = parsed.ipv4_mapped
        return any(parsed in network for network in self._networks)

    def _warn_once(self, address: str, headers: Headers) -> None:
        names = [*_FORWARDED_HEADERS, *filter(None, (self._user_header, self._groups_header))]
        present = [name for name in names if name in headers]
        if present and not self._warned:
            self._warned.add(address)
            _log.warning(
                "%s sends %s, which is ignored: it is not in web.proxy.trusted",
                address,
                ", ".join(present),
            )


def _decode(value: str) -> str:
    """Return the text of a header, which proxies write as UTF-8; else as it was received."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _last(headers: Headers, name: str) -> str:
    """Return the entry that the nearest proxy wrote."""
    lines = headers.getlist(name)
    return lines[-1].split(",")[-1].strip() if lines else ""


def _plain_address(hop: str) -> str:
    """Return the address of an entry, without port and brackets; "" if it has none."""
    text = hop.strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return ""


def _is_shared(address: str) -> bool:
    """Return whether an address may be that of a proxy of this machine that nobody named."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return True
