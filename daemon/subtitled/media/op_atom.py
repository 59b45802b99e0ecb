"""OP-Atom: MXF files with one track each, whose header names the clip that they are part of.

Cameras and editors write the picture and each channel of a clip as a file of its own (SMPTE ST
390). All of them have the identifier of the clip, the UMID of its material package.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from pathlib import Path

HEADER_BYTES = 64 * 1024
"""Bytes in which the header's metadata are looked for. That of one track is a few kilobytes."""
_PARTITION = bytes.fromhex("060e2b34020501010d0102010102")
_PATTERN_OFFSET = 64
"""Where the operational pattern stands in the value of a partition pack."""
_OP_ATOM = bytes.fromhex("060e2b34040101")
_OP_ATOM_BYTE, _OP_ATOM_VALUE = 12, 0x10
_SET = bytes.fromhex("060e2b34025301010d0101010101")
_MATERIAL_PACKAGE = 0x36
_PICTURES, _SOUNDS = frozenset({0x27, 0x28, 0x29, 0x51}), frozenset({0x42, 0x47, 0x48})
"""Essence descriptors (SMPTE ST 377-1, annex F)."""
_PACKAGE_UID = 0x4401


@dataclass(frozen=True, slots=True, kw_only=True)
class Essence:
    """The track of an OP-Atom file."""

    clip: bytes
    """The UMID of the material package."""
    is_picture: bool
    is_sound: bool


def read_essence(path: Path) -> Essence | None:
    """Return what an OP-Atom file holds; None for any other file or an unreadable one."""
    try:
        stat = path.stat()
        return _read_essence(os.fsencode(path), stat.st_size, stat.st_mtime_ns)
    except OSError:
        return None


@functools.lru_cache(maxsize=4096)
def _read_essence(path: bytes, _size: int, _mtime_ns: int) -> Essence | None:
    with Path(os.fsdecode(path)).open("rb") as file:
        return parse_essence(file.read(HEADER_BYTES))


def parse_essence(head: bytes) -> Essence | None:
    """Return what the header of an OP-Atom file says, or None."""
    start = head.find(_PARTITION)
    value = _value_at(head, start) if start >= 0 else b""
    pattern = value[_PATTERN_OFFSET : _PATTERN_OFFSET + 16]
    if len(pattern) < 16 or not pattern.startswith(_OP_ATOM):
        return None
    if pattern[_OP_ATOM_BYTE] != _OP_ATOM_VALUE:
        return None
    kinds, clip = set[int](), b""
    at = head.find(_SET, start)
    while at >= 0 and at + 16 <= len(head):
        kind = head[at + 14]
        kinds.add(kind)
        if kind == _MATERIAL_PACKAGE and not clip:
            clip = _find_property(_value_at(head, at), _PACKAGE_UID)
        at = head.find(_SET, at + 16)
    if len(clip) != 32 or not any(clip):
        return None
    return Essence(clip=clip, is_picture=bool(kinds & _PICTURES), is_sound=bool(kinds & _SOUNDS))


def _value_at(head: bytes, at: int) -> bytes:
    """Return the value of the key, length and value at a position."""
    length = head[at + 16] if at + 16 < len(head) else 0
    extra = length & 0x7F if length & 0x80 else 0
    begin = at + 17 + extra
    if extra:
        length = int.from_bytes(head[at + 17 : begin], "big")
    return head[begin : begin + length]


def _find_property(value: bytes, tag: int) -> bytes:
    """Return a property of a local set; nothing if it is missing."""
    at = 0
    while at + 4 <= len(value):
        length = int.from_bytes(value[at + 2 : at + 4], "big")
        if int.from_bytes(value[at : at + 2], "big") == tag:
            return value[at + 4 : at + 4 + length]
        at += 4 + length
    return b""
