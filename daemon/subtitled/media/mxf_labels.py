"""Multichannel audio labels of MXF files (SMPTE ST 377-4): what each track or channel holds.

ffprobe shows the language of a label and leaves out the rest. The labels stand in the header, as
sets of keys, lengths and values (ST 377-1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from subtitled.plugin.limits import clean_text, is_disk_error, read_integer, read_object

MAX_HEADER_BYTES: Final = 16 << 20
"""Bytes of the beginning of a file that are read. Headers have some hundred kilobytes at most."""
CHANNEL_NAMES: Final = "channel_names"
"""Under which key a stream has the names of its channels."""
MAX_SETS: Final = 100_000
MAX_NAME_CHARACTERS: Final = 100
_MAX_RUN_IN: Final = 65_536
"""Bytes that may come before the header (ST 377-1, 6.5), and that may fill space behind a pack."""
_PARTITION: Final = bytes.fromhex("060e2b34020501010d0102010102")
"""How the key of a header partition pack begins. Its last two bytes say of which kind it is."""
_PRIMER: Final = bytes.fromhex("060e2b34020501010d01020101050100")
_SETS: Final = bytes.fromhex("060e2b34025301010d0101010101")
"""How the key of a set of metadata begins. The next byte says of which kind it is."""
_DESCRIPTORS: Final = frozenset((0x42, 0x47, 0x48))
"""Descriptors of sound: of any, of AES3 and of wave essence."""
_CHANNEL, _FIELD, _GROUP = 0x6B, 0x6C, 0x6D
"""Labels of a channel, of a sound field and of a group of sound fields."""
_KINDS: Final = _DESCRIPTORS | {_CHANNEL, _FIELD, _GROUP}
_INSTANCE, _LINKED_TRACK = 0x3C0A, 0x3006
"""Tags that each file has for the identifier of a set and for the track of a descriptor."""
_ITEMS: Final = {
    bytes.fromhex(key): name
    for key, name in {
        "060e2b3401010109060101040610": "labels",
        "060e2b340101010e0103040a0000": "channel",
        "060e2b340101010e010307010200": "symbol",
        "060e2b340101010e010307010300": "name",
        "060e2b340101010e010307010500": "link",
        "060e2b340101010e010307010600": "field",
        "060e2b340101010e010307010400": "groups",
        "060e2b340101010e010510000000": "title",
    }.items()
}
"""The items that are read, by the first 14 bytes of their keys."""
_MARKS: Final = {
    "visual_impaired": frozenset("chVIN sgVA sgADSS chADSSdc ggDVS ggAD ggADPgMx".split()),
    "clean_effects": frozenset(("ggME",)),
}
"""The symbols that say what ffmpeg says by a disposition."""

Items = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class TrackLabels:
    """What is said of one track.

    Attributes:
        title: The names of its channel, if it has one, of its sound field and of their group.
        channel_names: The names of its channels by their number from 1.
        dispositions: What ffmpeg would call a disposition.
    """

    title: str
    channel_names: Mapping[int, str]
    dispositions: frozenset[str]


def add_mxf_labels(path: Path, streams: Sequence[dict[str, Any]]) -> None:
    """Add what the labels of an MXF file say to the tags and dispositions of its sound tracks.

    Args:
        path: The media file.
        streams: Its streams, as ffprobe lists them.
    """
    sounds = [stream for stream in streams if stream["codec_type"] == "audio"]
    labels = read_mxf_labels(path)
    if len(labels) != len(sounds):
        return  # It is not known whose they are.
    for stream, track in zip(sounds, labels, strict=True):
        if track.title:
            stream["tags"] = {"title": track.title} | read_object(stream.get("tags"))
        marks = dict.fromkeys(track.dispositions, 1)
        stream["disposition"] = read_object(stream.get("disposition")) | marks
        count = read_integer(stream.get("channels"), 0, 1024) or 0
        if count > 1:
            names = [track.channel_names.get(n, "") for n in range(1, count + 1)]
            stream[CHANNEL_NAMES] = names if any(names) else []


def read_mxf_labels(path: Path) -> list[TrackLabels]:
    """Return the labels of the sound tracks of an MXF file, in the order of their numbers.

    Args:
        path: A regular file.

    Returns:
        One entry for each descriptor of sound, perhaps without any name; empty if the file has no
        label or is none of MXF.

    Raises:
        OSError: The disk fails.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(_MAX_RUN_IN + 1024)
            start = raw.find(_PARTITION, 0, _MAX_RUN_IN + len(_PARTITION))
            if start < 0:
                return []
            # The pack says how long the metadata behind it is.
            stated = int.from_bytes(raw[start + 52 : start + 60], "big") + 2 * _MAX_RUN_IN
            raw += file.read(min(MAX_HEADER_BYTES, stated))
    except OSError as error:
        if is_disk_error(error):
            raise
        return []
    descriptors: list[tuple[int, Items]] = []
    labels: dict[bytes, tuple[int, Items]] = {}
    for kind, instance, track, items in _read_sets(raw, start):
        if kind in _DESCRIPTORS:
            descriptors.append((track, items))
        elif instance:
            labels[instance] = (kind, items)
    if not labels:
        return []
    links = {items["link"]: items for _, items in labels.values() if "link" in items}
    return [
        _describe([labels[one] for one in _split(items.get("labels", b"")) if one in labels], links)
        for _, items in sorted(descriptors, key=lambda pair: pair[0])
    ]


def _describe(labels: Sequence[tuple[int, Items]], links: Mapping[bytes, Items]) -> TrackLabels:
    """Describe a track by its labels, and by those that they refer to."""
    channels = [items for kind, items in labels if kind == _CHANNEL]
    fields = [items for kind, items in labels if kind == _FIELD]
    fields += [links[one["field"]] for one in channels if one.get("field") in links]
    groups = [items for kind, items in labels if kind == _GROUP]
    groups += [
        links[link] for one in fields for link in _split(one.get("groups", b"")) if link in links
    ]
    whole = [*fields, *groups]
    if len(channels) == 1:
        whole = [*channels, *whole]
    names = [_read_text(items, "name") or _read_text(items, "symbol") for items in whole]
    names += [_read_text(items, "title") for items in groups]
    symbols = {_read_text(items, "symbol") for items in whole}
    return TrackLabels(
        title=", ".join(dict.fromkeys(filter(None, names))),
        channel_names={
            int.from_bytes(one.get("channel", b"\0\0\0\1"), "big"): _read_text(one, "name")
            for one in channels
        },
        dispositions=frozenset(name for name, those in _MARKS.items() if symbols & those),
    )


def _read_sets(raw: bytes, start: int) -> Iterator[tuple[int, bytes, int, Items]]:
    """Yield the kind, the identifier, the track and the items of each set that counts."""
    names: dict[int, str] = {}
    for number, (key, value) in enumerate(_read_triplets(raw, start)):
        if number > MAX_SETS:
            return
        if _is_same(key, _PRIMER):
            names = _read_primer(value)
            continue
        kind = key[14]
        if not _is_same(key[:14], _SETS) or kind not in _KINDS:
            continue
        items: dict[str, bytes] = {}
        instance, track, position = b"", 0, 0
        while position + 4 <= len(value):
            tag = int.from_bytes(value[position : position + 2], "big")
            end = position + 4 + int.from_bytes(value[position + 2 : position + 4], "big")
            item = value[position + 4 : end]
            if tag == _INSTANCE:
                instance = item
            elif tag == _LINKED_TRACK:
                track = int.from_bytes(item[:4], "big")
            elif tag in names:
                items[names[tag]] = item
            position = end
        yield kind, instance, track, items


def _read_triplets(raw: bytes, start: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values until something else comes."""
    position, end = start, len(raw)
    while position + 17 <= end:
        key, length, behind = raw[position : position + 16], raw[position + 16], position + 17
        if length & 0x80:
            count = length & 0x7F
            length = int.from_bytes(raw[behind : behind + count], "big")
            behind += count
        if key[:4] != _PARTITION[:4] or behind + length > end:
            return
        value = raw[behind : behind + length]
        position = behind + length
        yield key, value


def _read_primer(value: bytes) -> dict[int, str]:
    """Return the names of the items that are read by the tags that this file has for them."""
    names: dict[int, str] = {}
    for position in range(8, len(value) - 17, 18):
        key = value[position + 2 : position + 16]
        for item, name in _ITEMS.items():
            if _is_same(key, item):
                names[int.from_bytes(value[position : position + 2], "big")] = name
    return names


def _is_same(key: bytes, other: bytes) -> bool:
    """Compare two keys but for the version of the register that they were taken from."""
    return key[:7] == other[:7] and key[8:] == other[8:]


def _split(array: bytes) -> list[bytes]:
    """Return the identifiers of an array or batch of them."""
    return [array[n : n + 16] for n in range(8, len(array) - 15, 16)]


def _read_text(items: Items, name: str) -> str:
    text = items.get(name, b"").decode("utf-16-be", "replace").partition("\0")[0]
    return clean_text(text, MAX_NAME_CHARACTERS)
