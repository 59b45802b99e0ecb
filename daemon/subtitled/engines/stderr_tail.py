"""What the stderr of an engine process says about its end."""

from __future__ import annotations

import re

_FRAME = re.compile(r'  File "(.+)", line (\d+) in (\S+)')
_DUMP = "Fatal Python error: "


class StderrTail:
    """The last line of a process, and the line of the plugin in the dump of faulthandler."""

    def __init__(self, module: str) -> None:
        """Create one for a process.

        Args:
            module: The module of the engine, such as ``subtitled_mine.engine``.
        """
        self._package = module.partition(".")[0]
        self._last_line = ""
        self._place = ""
        self._is_in_dump = False

    def add(self, line: str) -> None:
        """Take the next line, without its line break."""
        if line.startswith(_DUMP):
            self._is_in_dump = True
        if not self._is_in_dump:
            self._last_line = line
        elif (frame := _FRAME.fullmatch(line)) and not self._place:
            file = frame[1]
            _, slash, inside = file.rpartition(f"/{self._package}/")
            if slash:
                self._place = f"{self._package}/{inside}:{frame[2]}, in {frame[3]}"
            elif file.endswith(f"/{self._package}.py"):
                self._place = f"{self._package}.py:{frame[2]}, in {frame[3]}"

    def describe(self, *, has_text: bool = False) -> str:
        """Return the place and the last line, as a suffix of a message.

        Args:
            has_text: Whether the process may have printed subtitles. The last line is then left
                out.
        """
        place = f" ({self._place})" if self._place else ""
        return place + (f": {self._last_line}" if self._last_line and not has_text else "")
