"""Fifty plugins that authors get wrong, and what each is told: the call, the line, the cure."""

from .calling import CALLING, FORGIVEN, HANGING, OUTSIDE, SEGFAULT
from .endpoints import ANSWERING
from .loading import LOADING
from .mistake import ENGINE, SOURCES, Mistake, install_plugin

__all__ = [
    "ANSWERING",
    "CALLING",
    "ENGINE",
    "FORGIVEN",
    "HANGING",
    "LOADING",
    "OUTSIDE",
    "SEGFAULT",
    "SOURCES",
    "Mistake",
    "install_plugin",
]
