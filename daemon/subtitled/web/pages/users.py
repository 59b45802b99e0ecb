"""The page of users and API keys, for admins."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subtitled.plugin import SubtitledError

from ..auth.accounts import Accounts, TooManySignInsError
from ..auth.identity import Identity
from ..auth.roles import Role, Scope
from ..auth.users import User
from ..i18n import RejectedInputError, Text
from ..i18n import mark_text as _
from . import labels
from .services import SiteServices, identity_of
from .site import call_of, read_form, render, text_field

KEY_DAYS = ("30", "90", "365", "0")
"""How long a key may be valid; 0 is for ever."""


class UsersPage:
    """The page of users and keys."""

    def __init__(self, services: SiteServices, accounts: Accounts) -> None:
        self._services = services
        self._accounts = accounts

    def routes(self) -> list[Route]:
        """Return the routes of the page."""
        return [
            Route("/users", self.show, methods=["GET"]),
            Route("/users", self.change, methods=["POST"]),
        ]

    def show(self, request: Request) -> Response:
        """Show the page."""
        return self._page(request)

    async def change(self, request: Request) -> Response:
        """Change a user or a key, and show the page."""
        form = await read_form(request)
        actions: dict[str, Callable[[FormData], tuple[Text, str]]] = {
            "add-user": self._add_user,
            "password": self._set_password,
            "role": self._set_role,
            "remove-user": self._remove_user,
            "sign-out": self._sign_out,
            "add-key": lambda given: self._add_key(given, identity_of(request)),
            "remove-key": self._remove_key,
        }
        name = text_field(form, "action")
        action = actions.get(name)
        if action is None:
            return await run_in_threadpool(
                lambda: self._page(request, 400, error=Text(_("there is no such action")))
            )
        try:
            if name in ("add-user", "password"):
                done, key = await self._accounts.hash_in_thread(lambda: action(form))
            else:
                done, key = await run_in_threadpool(action, form)
        except TooManySignInsError:
            return await run_in_threadpool(
                lambda: self._page(request, 503, error=Text(_("The machine is busy. Try again.")))
            )
        except (RejectedInputError, SubtitledError) as error:
            text = (
                error.text
                if isinstance(error, RejectedInputError)
                else Text(
                    "%(message)s. %(hint)s",
                    {"message": Text(error.message), "hint": Text(error.hint)},
                )
            )
            return await run_in_threadpool(lambda: self._page(request, 400, error=text))
        actor, address = identity_of(request).name, call_of(request).peer.address
        await run_in_threadpool(self._accounts.audit.administered, actor, str(done), address)
        return await run_in_threadpool(lambda: self._page(request, notice=done, key=key))

    def _page(
        self,
        request: Request,
        status: int = 200,
        *,
        error: Text | None = None,
        notice: Text | None = None,
        key: str = "",
    ) -> Response:
        accounts = self._accounts
        return render(
            request,
            "users",
            status,
            labels=labels,
            roles=tuple(Role),
            scopes=tuple(Scope),
            key_days=KEY_DAYS,
            libraries=list(self._services.configuration.settings.libraries),
            users=[(user, len(accounts.sessions.list_of(user.id))) for user in _sorted(accounts)],
            keys=accounts.keys.list_all(),
            error=error,
            notice=notice,
            key=key,
        )

    def _add_user(self, form: FormData) -> tuple[Text, str]:
        role = _read_role(form)
        user = self._accounts.users.add(
            text_field(form, "name"), text_field(form, "password"), role, self._libraries(form)
        )
        return Text(
            _("added the user %(name)s as %(role)s"),
            {"name": user.name, "role": Text(labels.ROLES[role])},
        ), ""

    def _set_password(self, form: FormData) -> tuple[Text, str]:
        user = self._user(form)
        self._accounts.users.set_password(user.id, text_field(form, "password"))
        self._accounts.throttle.record_success(user.name, None)
        return Text(_("gave %(name)s a new password"), {"name": user.name}), ""

    def _set_role(self, form: FormData) -> tuple[Text, str]:
        user, role = self._user(form), _read_role(form)
        self._accounts.users.set_role(user.id, role)
        return Text(
            _("made %(name)s %(role)s"), {"name": user.name, "role": Text(labels.ROLES[role])}
        ), ""

    def _remove_user(self, form: FormData) -> tuple[Text, str]:
        user = self._user(form)
        if len(self._accounts.users.list_all()) == 1:
            raise RejectedInputError(_("the last user cannot be removed here"))
        self._accounts.users.remove(user.id)
        return Text(_("removed the user %(name)s"), {"name": user.name}), ""

    def _sign_out(self, form: FormData) -> tuple[Text, str]:
        user = self._user(form)
        self._accounts.sessions.end_all(user.id)
        return Text(_("ended all sessions of %(name)s"), {"name": user.name}), ""

    def _add_key(self, form: FormData, identity: Identity) -> tuple[Text, str]:
        grant, days = text_field(form, "grant"), text_field(form, "days")
        if days not in KEY_DAYS:
            raise RejectedInputError(_("choose how long the key is valid"))
        name = text_field(form, "name")
        key = self._accounts.keys.add(
            name,
            [Scope(grant)] if grant in set(Scope) else _read_role(form, "grant"),
            created_by=identity.name,
            owner=identity.name if identity.is_ambient else identity.owner,
            expires_at=time.time() + int(days) * 86400 if days != "0" else None,
            libraries=self._libraries(form),
        )
        return Text(_("added the key %(name)s"), {"name": name}), key

    def _remove_key(self, form: FormData) -> tuple[Text, str]:
        name = text_field(form, "name")
        if not self._accounts.keys.remove(name):
            raise RejectedInputError(_("there is no such key"))
        return Text(_("removed the key %(name)s"), {"name": name}), ""

    def _user(self, form: FormData) -> User:
        """Return the user that a form is about, or raise :class:`RejectedInputError`."""
        user = self._accounts.users.get(text_field(form, "user"))
        if user is None:
            raise RejectedInputError(_("there is no such user"))
        return user

    def _libraries(self, form: FormData) -> list[str] | None:
        """Return the chosen libraries; None for all."""
        known = self._services.configuration.settings.libraries
        chosen = [str(name) for name in form.getlist("library")]
        if not all(name in known for name in chosen):
            raise RejectedInputError(_("there is no such library"))
        return chosen or None


def _read_role(form: FormData, field: str = "role") -> Role:
    try:
        return Role(text_field(form, field))
    except ValueError:
        raise RejectedInputError(_("there is no such role")) from None


def _sorted(accounts: Accounts) -> list[User]:
    return sorted(accounts.users.list_all(), key=lambda user: user.name.casefold())
