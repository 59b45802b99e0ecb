"""Recognition of callers: by an API key, the token, the cookie of a session, or a named proxy."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope as AsgiScope

from .csrf import is_from_browser
from .identity import Identity, IdentityKind
from .keys import ApiKey, ApiKeys
from .proxies import Peer, Proxies
from .roles import TOKEN_SCOPES, Scope
from .sessions import Sessions, csrf_token
from .store import AuthStore
from .token import iter_header_tokens, matches_token
from .users import Users

_MAX_COOKIES = 8
"""Most cookies of our name that are looked up."""
_PROXY_CSRF_SECRET = "csrf of proxy users"  # noqa: S105 - the name of a secret


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows to be recognised."""

    headers: Headers
    query: Mapping[str, str]
    peer: Peer
    is_for_programs: bool
    """Whether the route is for webhooks, metrics or transcription.

    Only there a token may be in the address, for senders that cannot send headers, or in the
    password of basic authentication. Elsewhere that may be the password of a proxy.
    """


class Authenticator:
    """Recognises callers."""

    def __init__(
        self,
        store: AuthStore,
        proxies: Proxies,
        token: str | None,
        *,
        base_path: str = "",
        trusts_local_programs: bool = False,
    ) -> None:
        """Create the authenticator.

        Args:
            store: The database of users, sessions and keys.
            proxies: The named proxies.
            token: The token of webhooks and metrics, or None if none is configured.
            base_path: The path below which the port is shown by a proxy.
            trusts_local_programs: Whether programs that show nothing may send webhooks. It is for a
                loopback address without a token.
        """
        self._store = store
        self._users = Users(store)
        self._sessions = Sessions(store)
        self._keys = ApiKeys(store)
        self._proxies = proxies
        self._token = token
        self._base_path = base_path
        self._trusts_local_programs = trusts_local_programs
        self._proxy_secret: bytes | None = None

    def peer_of(self, scope: AsgiScope) -> Peer:
        """Return the caller as far as the connection and named proxies tell."""
        return self._proxies.peer_of(scope)

    def has_users(self) -> bool:
        """Return whether there is any user, so that somebody can sign in."""
        return self._users.exist()

    def identify(self, credentials: Credentials) -> Identity | None:
        """Return who calls, or None. The database is read, so this runs in a thread.

        If a key or a token is shown, it alone counts, also if it is wrong.
        """
        headers, is_for_programs = credentials.headers, credentials.is_for_programs
        shown = list(iter_header_tokens(headers, allows_basic=is_for_programs))
        if shown:
            return self._by_secrets(shown, credentials)
        if is_for_programs and (query_token := credentials.query.get("token")):
            return self._by_secrets([query_token], credentials, is_in_address=True)
        name = cookie_name(credentials.peer.scheme, self._base_path)
        if (identity := self._by_cookies(read_cookies(headers, name))) is not None:
            return identity
        if credentials.peer.user is not None:
            return self._by_proxy(credentials.peer)
        if self._trusts_local_programs and not is_from_browser(credentials.headers):
            return Identity(kind=IdentityKind.LOCAL, name="a local program", scopes=TOKEN_SCOPES)
        return None

    def _by_cookies(self, cookies: list[str]) -> Identity | None:
        """Return the user of a session; None if there is none, or if there are two."""
        found = [
            (cookie, session)
            for cookie in dict.fromkeys(cookies[:_MAX_COOKIES])
            if (session := self._sessions.find(cookie)) is not None
        ]
        if len(found) != 1:
            return None
        ((cookie, session),) = found
        return Identity(
            kind=IdentityKind.SESSION,
            name=session.user.name,
            role=session.user.role,
            libraries=session.user.libraries,
            csrf_token=csrf_token(cookie),
            user_id=session.user.id,
            session_id=session.id,
        )

    def _by_secrets(
        self, shown: list[str], credentials: Credentials, *, is_in_address: bool = False
    ) -> Identity | None:
        if self._token is not None and matches_token(self._token, shown):
            return Identity(kind=IdentityKind.TOKEN, name="the token", scopes=TOKEN_SCOPES)
        for secret in shown:
            key = self._keys.find(secret, credentials.peer.address)
            # Addresses stand in logs, so only a key for nothing but webhooks may be in one.
            if key is not None and (not is_in_address or _is_for_webhooks_only(key)):
                return Identity(
                    kind=IdentityKind.KEY,
                    name=key.name,
                    role=key.role,
                    scopes=key.scopes,
                    libraries=key.libraries,
                    key_id=key.id,
                    owner=key.owner,
                )
        return None

    def _by_proxy(self, peer: Peer) -> Identity | None:
        assert peer.user is not None
        user = self._users.get(peer.user.name)
        role = self._proxies.role_of(peer.user) or (user.role if user is not None else None)
        if role is None:
            return None
        if self._proxy_secret is None:
            self._proxy_secret = self._store.secret(_PROXY_CSRF_SECRET)
        token = hmac.new(self._proxy_secret, peer.user.name.encode(), hashlib.sha256).hexdigest()
        return Identity(
            kind=IdentityKind.PROXY,
            name=peer.user.name,
            role=role,
            libraries=user.libraries if user is not None else None,
            csrf_token=token,
        )


def _is_for_webhooks_only(key: ApiKey) -> bool:
    return key.role is None and key.scopes == {Scope.WEBHOOKS}


def cookie_name(scheme: str, base_path: str) -> str:
    """Return the name of the cookie of a session.

    By https it has a prefix with which browsers take it by https only, and without a base path from
    this host only. A page of plain http cannot set it then.
    """
    if scheme != "https":
        return "subtitled"
    return "__Secure-subtitled" if base_path else "__Host-subtitled"


def read_cookies(headers: Headers, name: str) -> list[str]:
    """Return the values of all cookies of a name.

    All ports of a host share its cookies. So others may have any form, and there may be another one
    of this name: left from another base path, or planted.
    """
    return [
        value.strip()
        for line in headers.getlist("cookie")
        for key, _, value in (part.partition("=") for part in line.split(";"))
        if key.strip() == name
    ]
