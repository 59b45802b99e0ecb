"""The weights of a CTranslate2 model, read from its file without loading the model.

The layout is that of ``ModelSpec.save`` in ``ctranslate2.specs.model_spec``, binary version 6: a
header, the variables one after the other, and the aliases.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

BINARY_VERSION = 6
_TYPES = ("<f4", "<i1", "<i2", "<i4", "<f2")
"""numpy's name for each type of number, in the order of CTranslate2's numbers for them."""


class UnknownLayoutError(Exception):
    """A model whose file is of another layout, or has other weights than expected."""


@dataclass(slots=True)
class _Reader:
    """Reads numbers and names one after the other."""

    data: mmap.mmap
    position: int = 0

    def number(self, form: str) -> int:
        (value,) = struct.unpack_from(f"<{form}", self.data, self.position)
        self.position += struct.calcsize(f"<{form}")
        return int(value)

    def name(self) -> str:
        length = self.number("H")
        self.position += length
        return self.data[self.position - length : self.position - 1].decode()


def read_variables(path: Path, prefix: str) -> dict[str, npt.NDArray[np.generic]]:
    """Read the variables whose name begins with a prefix.

    Args:
        path: The file ``model.bin``.
        prefix: The beginning of the names, such as ``encoder/``.

    Returns:
        The arrays by name, without the prefix. They are views of the file, read as they are used.

    Raises:
        UnknownLayoutError: The file is of another version, or cut short, or has other numbers.
        OSError: The file cannot be read.
    """
    import numpy as np

    try:
        with path.open("rb") as file:
            reader = _Reader(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        version = reader.number("I")
        if version != BINARY_VERSION:
            raise UnknownLayoutError(f"the model file is of version {version}")
        reader.name()
        reader.number("I")
        found: dict[str, npt.NDArray[np.generic]] = {}
        for _ in range(reader.number("I")):
            name = reader.name()
            shape = [reader.number("I") for _ in range(reader.number("B"))]
            kind, size = reader.number("B"), reader.number("I")
            if name.startswith(prefix):
                count = int(np.prod(shape, dtype=np.int64))
                found[name.removeprefix(prefix)] = np.frombuffer(
                    reader.data, _TYPES[kind], count, reader.position
                ).reshape(shape)
            reader.position += size
    except (IndexError, UnicodeDecodeError, ValueError, struct.error) as error:
        raise UnknownLayoutError(f"the model file has another layout: {error}") from error
    return found


def read_matrix(
    variables: dict[str, npt.NDArray[np.generic]], name: str
) -> npt.NDArray[np.float32]:
    """Return a variable in float32, whether or not it is stored in eight bits.

    Raises:
        UnknownLayoutError: There is no such variable, or no scale where it is in whole numbers.
    """
    import numpy as np

    try:
        stored = variables[name]
        values = stored.astype(np.float32)
        if stored.dtype.kind == "i" and stored.ndim:
            scale = variables[f"{name}_scale"].astype(np.float32)
            values /= scale.reshape(-1, *(1,) * (values.ndim - 1)) if scale.ndim else scale
    except KeyError as error:
        raise UnknownLayoutError(f"the model has no {error.args[0]}") from error
    return values
