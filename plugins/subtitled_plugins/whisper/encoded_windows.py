"""What the encoder made of windows, so that none is encoded twice.

The language of a window is identified before its words are recognised, and a part of a broken
window may be the same by two ways to cut it.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

KEPT_WINDOWS = 8
"""How many windows are kept. One takes 3 MB with Whisper base, 7.7 MB with the largest model."""


class EncodedWindows:
    """Encodes windows, and keeps the last ones. Threads may share it."""

    def __init__(self, encode: Callable[[Floats], Floats]) -> None:
        """Create it.

        Args:
            encode: Encodes log-mel features of shape (1, bands, frames).
        """
        self._encode = encode
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, bytes], Floats] = OrderedDict()

    def encode(self, windows: Floats) -> Floats:
        """Return what the encoder makes of windows.

        Args:
            windows: Log-mel features of shape (windows, bands, frames).

        Returns:
            An array of shape (windows, frames / 2, size).
        """
        import numpy as np

        return np.concatenate([self._find(window[np.newaxis]) for window in windows])

    def _find(self, window: Floats) -> Floats:
        sound = window.tobytes()
        key = len(sound), hashlib.blake2b(sound, digest_size=16).digest()
        with self._lock:
            if (known := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return known
        output = self._encode(window)
        with self._lock:
            self._kept[key] = output
            if len(self._kept) > KEPT_WINDOWS:
                self._kept.popitem(last=False)
        return output
