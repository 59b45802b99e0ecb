"""Memory that is given back to the system when it has not been used for a while."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])

_caches: list[Any] = []
_MAX_ARENAS_OPTION = -8
"""``M_ARENA_MAX`` of glibc."""
_MAPPING_OPTION = -3
"""``M_MMAP_THRESHOLD`` of glibc."""


def released_when_idle(cached: F) -> F:
    """Register a function of :func:`functools.cache` whose results are large and made again easily.

    :func:`release_memory` forgets them. Use it as the outermost decorator.

    Args:
        cached: The function.

    Returns:
        The same function.
    """
    _caches.append(cached)
    return cached


def count_cache_calls() -> int:
    """Return how often the registered functions were called since memory was released last.

    The number grows while work goes on.
    """
    return sum(info.hits + info.misses for info in (cached.cache_info() for cached in _caches))


def release_memory() -> None:
    """Forget the results of the registered functions, and give free memory back to the system."""
    for cached in _caches:
        cached.cache_clear()
    gc.collect()
    if trim := _find_function("malloc_trim"):
        trim(0)


def limit_arenas(number: int = 2) -> None:
    """Have threads share so many heaps. Each heap keeps free memory of its own.

    Call it before threads are started. Does nothing where the C library has no such setting.

    Args:
        number: The heaps.
    """
    if mallopt := _find_function("mallopt"):
        mallopt(_MAX_ARENAS_OPTION, number)


def map_large_blocks(min_bytes: int = 256 * 1024) -> None:
    """Have each large block of memory given back to the system as soon as it is free.

    By default the C library does so for the first one only. Then it keeps as much as that took, in
    each heap, for the next. Does nothing where the C library has no such setting.

    Args:
        min_bytes: The size from which a block is large.
    """
    if mallopt := _find_function("mallopt"):
        mallopt(_MAPPING_OPTION, min_bytes)


def _find_function(name: str) -> Callable[..., int] | None:
    """Find a function of the C library; None on systems whose library has none of that name."""
    return getattr(ctypes.CDLL(None), name, None)


class IdleRelease:
    """Releases memory once after work, when nothing was done for some time."""

    def __init__(self, seconds: float = 60.0, release: Callable[[], None] = release_memory) -> None:
        self._seconds = seconds
        self._release = release
        self._last_calls = 0
        self._last_work_at: float | None = None
        """When work was last seen; None if memory was released since."""

    def tick(self, is_busy: bool, now: float) -> None:
        """Look whether there was work, and release memory if there was none for long enough.

        Args:
            is_busy: Whether a job runs.
            now: Seconds of a clock that never goes back.
        """
        calls = count_cache_calls()
        if is_busy or calls != self._last_calls:
            self._last_calls, self._last_work_at = calls, now
        elif self._last_work_at is not None and now - self._last_work_at >= self._seconds:
            self._release()
            self._last_calls, self._last_work_at = count_cache_calls(), None
