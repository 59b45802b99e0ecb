"""Notifiers tell people what happened."""

from __future__ import annotations

from abc import ABC, abstractmethod

from .component import Component
from .events import Event


class Notifier(Component, ABC):
    """Tells somebody what happened."""

    @abstractmethod
    def notify(self, event: Event) -> None:
        """Pass on one event, or leave it."""
