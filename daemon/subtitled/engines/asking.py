"""Around each call of an engine: its breaker learns from how it ends, what was done is counted."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subtitled.pipeline.making import Workshop


@contextmanager
def asking(
    shop: Workshop, engine: str, medium: str, seconds: float, *, proves: bool = True
) -> Iterator[None]:
    """Inside, an engine is asked about so many seconds of a medium (its content identity).

    ``proves`` as for :meth:`.breaker.Breakers.watching`. The time that an engine was stopped for
    others is not counted.
    """
    clock = shop.pace.now
    began = clock()
    with shop.breakers.watching(engine, medium, proves=proves):
        yield
    shop.tally.add("audio seconds", engine, seconds)
    shop.tally.add("engine seconds", engine, clock() - began)
