"""Texts that are hung up at the port beside the webhooks, behind the same token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextEndpoint:
    """A text that is made anew whenever somebody asks for it."""

    render: Callable[[], str]
    """Called in a thread of its own kind; what it raises is logged and answered with 500."""
    media_type: str = "text/plain; charset=utf-8"


TextEndpoints = Mapping[str, TextEndpoint]
"""By route, such as ``/metrics``."""
