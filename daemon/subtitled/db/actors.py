"""Who acts: a user, an API key or an account of the machine, told apart by more than a name."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class ActorKind(StrEnum):
    """What acts."""

    USER = "user"
    """A user of the pages, also one that a proxy signed in, and the API keys that they own."""
    KEY = "key"
    """An API key that no user owns."""
    ACCOUNT = "account"
    """An account of the machine, at the command line."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who edits, takes or approves something.

    Two actors may have the same name. They are the same person only if kind and id are the same.
    """

    name: str
    """The name that others see."""
    kind: ActorKind
    id: str
    """What tells this one from others of its kind."""

    @classmethod
    def user(cls, name: str, shown: str = "") -> Actor:
        """Return a user, or an API key that a user owns.

        Args:
            name: The name of the user.
            shown: The name of the key; empty for the user.
        """
        return cls(shown or name, ActorKind.USER, name_key(name))

    @classmethod
    def key(cls, key_id: int, name: str) -> Actor:
        """Return an API key that no user owns. A later key of the same name is another one."""
        return cls(name, ActorKind.KEY, str(key_id))

    @classmethod
    def account(cls, account: str, name: str = "") -> Actor:
        """Return an account of the machine.

        Args:
            account: The name of the account.
            name: What the person calls themselves; empty for the name of the account.
        """
        return cls(name or account, ActorKind.ACCOUNT, name_key(account))

    @classmethod
    def stored(cls, name: str, person: str) -> Actor:
        """Return the actor that is stored under a name and a :attr:`person`.

        Raises:
            ValueError: It is none.
        """
        kind, _, number = person.partition(":")
        return cls(name, ActorKind(kind), number)

    @property
    def person(self) -> str:
        """Kind and id as one text, as the database keeps them."""
        return f"{self.kind}:{self.id}"

    def is_author(self, name: str | None, person: str | None) -> bool:
        """Return whether this actor did what is stored under a name and a person.

        Only the name is known of what was stored before persons were.
        """
        return person == self.person if person else name == self.name

    def may_be(self, name: str, person: str) -> bool:
        """Return whether somebody may be behind both this actor and a stored one.

        In doubt they are: an account of the machine may belong to the user of the same name.
        """
        if self.is_author(name, person):
            return True
        kind, _, number = person.partition(":")
        named = {ActorKind.USER, ActorKind.ACCOUNT}
        return self.id == number and self.kind in named and kind in named


def name_key(name: str) -> str:
    """Return what names have in common that people would take for the same."""
    return unicodedata.normalize("NFKC", name).strip().casefold()
