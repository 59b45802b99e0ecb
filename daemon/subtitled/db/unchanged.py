"""Results of queries that stay the same until the database changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class UntilChange(Generic[T]):
    """The result of a query, which is read again only after the database has changed.

    It is for counts of whole tables, which a page asks for at each visit. Threads may share it.
    """

    def __init__(self, version: Callable[[], str], read: Callable[[], T]) -> None:
        """Create it.

        Args:
            version: Returns a text that changes with every write to the database.
            read: Reads the result. Nobody may change what it returns.
        """
        self._version = version
        self._read = read
        self._kept: tuple[str, T] | None = None

    def get(self) -> T:
        """Return the result as it is in the database now."""
        # A write between the version and the result only makes the next call read again.
        version, kept = self._version(), self._kept
        if kept is None or kept[0] != version:
            kept = self._kept = (version, self._read())
        return kept[1]
