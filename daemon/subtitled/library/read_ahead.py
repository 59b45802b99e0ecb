"""Reading ahead: what an iterator yields is made in another thread before it is wanted."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

DEPTH = 2
"""How many items are made before they are wanted."""


@dataclass(frozen=True, slots=True)
class _End:
    """The end of the items, and the error that ended them."""

    error: BaseException | None = None


def read_ahead(items: Iterable[T], depth: int = DEPTH) -> Generator[T, None, None]:
    """Yield items while a thread makes the next ones.

    So a disk is read while the database is written. Close the iterator if not all of it is read:
    the thread then ends after the item that it is making, which is waited for.

    Args:
        items: What is yielded. It is iterated in the thread.
        depth: How many items may be ready. Memory holds two more: the one that is made, and the
            one that is used.

    Yields:
        The items in their order.

    Raises:
        BaseException: What ``items`` raised, after the items before it.
    """
    ready: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    places, is_closed = threading.Semaphore(depth), threading.Event()

    def make() -> None:
        try:
            for item in items:
                places.acquire()
                if is_closed.is_set():
                    return
                ready.put(item)
        except BaseException as error:  # noqa: BLE001 - it is raised where the items are used
            ready.put(_End(error))
        else:
            ready.put(_End())

    thread = threading.Thread(target=make, name="read-ahead", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            places.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        is_closed.set()
        places.release()
        thread.join()
