"""A griffe extension: docstrings with the markup of Python's own docs, for mkdocstrings.

``:class:`~subtitled.plugin.Engine``` becomes ```Engine```, and ``::`` before an example a colon.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_ROLE = re.compile(r":(?:class|func|meth|mod|attr|data|exc):`~?([\w.]+)`")


class DocstringMarkup(griffe.Extension):
    """Rewrites the docstring of every object before it is parsed."""

    def on_instance(self, *, obj: griffe.Object, **kwargs: Any) -> None:
        """Replace roles by the last part of their name, and ``::`` by a colon."""
        if obj.docstring is not None:
            text = _ROLE.sub(
                lambda match: f"`{match.group(1).rpartition('.')[2]}`", obj.docstring.value
            )
            obj.docstring.value = re.sub(r"::$", ":", text, flags=re.MULTILINE)
