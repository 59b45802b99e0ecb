"""Parser of Dockerfiles, so that tests execute the real instructions."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Instruction:
    """Such as ``COPY --chmod=755 a b /there/``: name, flags, and the text after them."""

    name: str
    text: str
    flags: dict[str, str] = field(default_factory=dict)

    @property
    def words(self) -> list[str]:
        """Split the text: a JSON list, else words as in a shell."""
        if self.text.startswith("["):
            return [str(word) for word in json.loads(self.text)]
        return shlex.split(self.text)


def instructions(text: str) -> Iterator[Instruction]:
    """Yield every instruction, without comments and with continued lines joined."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith("#"))
    for line in lines:
        whole = line
        while whole.endswith("\\"):
            whole = whole[:-1] + next(lines)
        name, _, rest = whole.partition(" ")
        flags: dict[str, str] = {}
        # RUN's dashes are the shell's own.
        while name != "RUN" and rest.startswith("--"):
            flag, rest = rest.split(maxsplit=1)
            key, _, value = flag[2:].partition("=")
            flags[key] = value
        yield Instruction(name, rest.strip(), flags)
