"""Text endpoints beside the webhooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .auth.access import Access


@dataclass(frozen=True, slots=True)
class TextEndpoint:
    """A text that is rendered for each request."""

    render: Callable[[], str]
    """Returns the text. Runs in a worker thread; an error is logged and answered with 500."""
    media_type: str = "text/plain; charset=utf-8"
    access: Access = Access.METRICS
    """What a caller needs."""


TextEndpoints = Mapping[str, TextEndpoint]
"""Text endpoints by route, such as ``/metrics``."""
