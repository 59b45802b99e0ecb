"""A text in the language spoken that a person approved, as far as translations depend on it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from subtitled.plugin import Language


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedSource:
    """An approved sidecar in the language spoken, made of the speech of the main track."""

    name_bytes: str
    """The bytes of its name as hexadecimal digits, since not every name is valid text."""
    format: str
    language: Language
    sha256: str
    """Of the file."""
    digest: str
    """A short hash of its words, without times and line breaks."""
    at: float
    """When it was approved, in seconds since 1970."""
    is_corrected: bool
    """Whether the words are others than those that were recognised."""

    @classmethod
    def encode_name(cls, name: str) -> str:
        """Return a name as it is stored."""
        return os.fsencode(name).hex()

    @property
    def name(self) -> str:
        """The name of the sidecar."""
        return os.fsdecode(bytes.fromhex(self.name_bytes))

    @property
    def mark(self) -> str:
        """What is said of a subtitle that was made of this text."""
        return f"from the approved text {self.digest}"
