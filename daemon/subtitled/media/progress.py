"""How far ffmpeg has decoded, by the lines of its option ``-progress``."""

from __future__ import annotations


class ProgressReader:
    """Reads how many seconds of PCM are written.

    ffmpeg 7 tells the time of the output that is furthest behind. That of the shot changes stands
    still from one to the next. So the bytes of the first output are counted, which is the PCM, and
    the time only where ffmpeg does not tell them.
    """

    def __init__(self, bytes_per_second: int) -> None:
        """Set how many bytes a second of PCM has."""
        self._bytes_per_second = bytes_per_second
        self._time = self._written = self._told = 0.0

    def read_line(self, line: str) -> float | None:
        """Read a line.

        Returns:
            The seconds, if the line ends a report and they are more than before.
        """
        name, _, value = line.strip().partition("=")
        if name == "total_size" and value.isdigit():
            self._written = int(value) / self._bytes_per_second
        elif name == "out_time_us" and value.isdigit():
            self._time = int(value) / 1e6
        elif name == "progress" and (seconds := self._written or self._time) > self._told:
            self._told = seconds
            return seconds
        return None
