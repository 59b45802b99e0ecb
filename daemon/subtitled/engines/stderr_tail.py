"""What the stderr of an engine process says about its end."""

from __future__ import annotations

import re

from subtitled.config.plugin_paths import FILE_PACKAGE, current_plugin_paths

_FRAME = re.compile(r'  File "(.+)", line (\d+) in (\S+)')
_DUMP = "Fatal Python error: "


class StderrTail:
    """The last line of a process, and the line of the plugin in the dump of faulthandler."""

    def __init__(self, module: str) -> None:
        """Create one for a process.

        Args:
            module: The module of the engine, such as ``subtitled_mine.engine``, or that of a
                plugin of one file.
        """
        self._package = module.partition(".")[0]
        folder = current_plugin_paths().folder if self._package == FILE_PACKAGE else None
        self._file_folder = folder
        self._last_line = ""
        self._place = ""
        self._is_in_dump = False

    def add(self, line: str) -> None:
        """Take the next line, without its line break."""
        if line.startswith(_DUMP):
            self._is_in_dump = True
        if not self._is_in_dump:
            self._last_line = line
        elif not self._place and (frame := _FRAME.fullmatch(line)):
            name = self._short_name(frame[1])
            self._place = f"{name}:{frame[2]}, in {frame[3]}" if name else ""

    def _short_name(self, file: str) -> str:
        """Return a file of the plugin as messages name it; empty for a file of somebody else."""
        if self._file_folder is not None:
            inside = file.removeprefix(f"{self._file_folder}/")
            return f"{self._file_folder.name}/{inside}" if inside != file else ""
        _, slash, inside = file.rpartition(f"/{self._package}/")
        if slash:
            return f"{self._package}/{inside}"
        return f"{self._package}.py" if file.endswith(f"/{self._package}.py") else ""

    def describe(self, *, has_text: bool = False) -> str:
        """Return the place and the last line, as a suffix of a message.

        Args:
            has_text: Whether the process may have printed subtitles. The last line is then left
                out.
        """
        place = f" ({self._place})" if self._place else ""
        return place + (f": {self._last_line}" if self._last_line and not has_text else "")
