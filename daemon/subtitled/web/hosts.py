"""The hosts under which the port may be called.

A page of a foreign name that resolves to this machine (DNS rebinding) sends its own name as the
host. An address cannot be rebound, so addresses are allowed.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterable

_NAME = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_MAX_HOST_LENGTH = 255


class AllowedHosts:
    """Addresses, names without a dot, this machine's own names, and those of ``web.hosts``.

    Nobody can register a name without a dot, such as the name of a container.
    """

    def __init__(self, configured: Iterable[str] = (), machine: str | None = None) -> None:
        own_name = (socket.gethostname() if machine is None else machine).lower().rstrip(".")
        short_name = own_name.partition(".")[0]
        own_names = {own_name, short_name, f"{short_name}.local"} if short_name else set()
        self._names = {
            "localhost",
            *own_names,
            *(name.lower().rstrip(".") for name in configured),
        }

    def allows(self, host: str) -> bool:
        """Return whether a request with this ``Host`` is answered."""
        name, _ = split_host(host)
        if name is None:
            return False
        return name in self._names or "." not in name or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def split_host(host: str) -> tuple[str | None, int | None]:
    """Split ``Host`` into the name in lower case, and the port if there is one.

    Returns:
        (None, None) for what is no host.
    """
    if len(host) > _MAX_HOST_LENGTH or not host.isascii():
        return None, None
    text = host.lower()
    if text.startswith("["):
        address, bracket, rest = text[1:].partition("]")
        name = f"[{address}]"
        try:
            ipaddress.IPv6Address(address if bracket else "")
        except ValueError:
            return None, None
    else:
        name, colon, port_text = text.partition(":")
        rest = colon + port_text
        name = name.removesuffix(".")
        if _NAME.fullmatch(name) is None:
            return None, None
    if not rest:
        return name, None
    port = rest.removeprefix(":")
    if not rest.startswith(":") or not port.isdecimal() or not 0 < int(port[:6]) < 65536:
        return None, None
    return name, int(port)
