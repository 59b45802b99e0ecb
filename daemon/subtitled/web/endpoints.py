"""Text endpoints beside the webhooks, behind the same token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextEndpoint:
    """A text that is rendered for each request."""

    render: Callable[[], str]
    """Returns the text. Runs in a worker thread; an error is logged and answered with 500."""
    media_type: str = "text/plain; charset=utf-8"


TextEndpoints = Mapping[str, TextEndpoint]
"""Text endpoints by route, such as ``/metrics``."""
