"""Walking a library: every media file in it, each with one stat, in the order of the bytes."""

from __future__ import annotations

import fnmatch
import os
import re
import stat as modes
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter, itemgetter
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.records import ScannedFile
from subtitled.subtitles.filenames import DATA_EXTENSIONS, SUBTITLE_EXTENSIONS

INCOMPLETE_EXTENSIONS = frozenset(
    (
        "part partial crdownload download opdownload filepart downloading tmp temp ~tmp "
        "!qb !ut !bt bc! aria2 td xltd dctmp unfinished incomplete"
    ).split()
)
"""Endings of files that a download client or a copy has not finished."""

BATCH_SIZE = 1000
"""Files that are asked for their stat before any is looked at."""
OnError = Callable[[Path, OSError], None]


class MediaFilter:
    """Which names in a library are media, and which are left alone."""

    def __init__(self, library: LibrarySettings) -> None:
        endings = {
            ending.lower().lstrip(".") for ending in library.extensions
        } - INCOMPLETE_EXTENSIONS
        self.extensions = frozenset(map(os.fsencode, endings))
        """Of media, in lower case: what is cheap to ask of every name."""
        patterns = [fnmatch.translate(pattern.lower()) for pattern in library.ignore]
        self._ignored = re.compile("|".join(patterns) or r"(?!)")
        self._root = library.path

    def ignores(self, name: str) -> bool:
        """Whether a file or folder of this name is left alone."""
        return self._ignored.match(name.lower()) is not None

    def accepts(self, name: str) -> bool:
        """Whether a file of this name is media, complete, and not to be left alone."""
        ending = os.fsencode(name).rpartition(b".")[2].lower()
        return "." in name and ending in self.extensions and not self.ignores(name)

    def descends(self, folder: Path) -> bool:
        """Whether a folder of the library is walked: it and those above it are not left alone."""
        return not any(map(self.ignores, folder.relative_to(self._root).parts))


def scan(
    root: Path, library: LibrarySettings, on_error: OnError | None = None
) -> Iterator[tuple[Path, os.stat_result]]:
    """Every media file below a folder with its stat, in the order of the bytes of the paths.

    For links, and for folders that cannot be read, see :func:`scan_batches`.
    """
    media_filter = MediaFilter(library)
    for run in scan_batches(root, library, on_error):
        for path, stat, _ in run:
            if media_filter.accepts(os.fsdecode(os.path.basename(path))):
                yield Path(os.fsdecode(path)), stat


def scan_batches(
    root: Path,
    library: LibrarySettings,
    on_error: OnError | None = None,
    skip_folder: Collection[bytes] = (),
) -> Iterator[list[ScannedFile]]:
    """The files with endings of media below a folder, in runs of the same folder.

    The paths come in the order of their bytes, as the ledger's index has them, so that the two can
    be compared as they pass by; names that are to be left alone are left to whoever finds
    something new. Folders in ``without``, and those to be left alone, are not entered. A folder
    that cannot be read is told to ``on_error`` and passed over. Memory holds the names of the
    folders on the way down, not the files of the library.

    Symbolic links are followed if the library says so, as long as they lead into the library and
    not to a folder that they lie in, and none is followed below another: no walk leaves the
    library or runs in a circle.
    """
    media_filter = MediaFilter(library)
    inside = os.path.realpath(os.fsencode(library.path)) if library.follow_symlinks else None
    waiting: list[_ScanItem] = [(os.fsencode(root) + b"/", None, 0)]
    while waiting:
        if waiting[-1][1] is None:
            path, _, below_link = waiting.pop()
            folder = path[:-1] or b"/"
            if folder in skip_folder:
                continue
            links = None if below_link else inside
            folders, media, marks = _read_folder(folder, media_filter, links, on_error)
            if folders:
                waiting += sorted(
                    [(subfolder, None, below_link or by_link) for subfolder, _, by_link in folders]
                    + [(entry.path, entry, marks.get(entry.name, 0)) for entry in media],
                    key=_item_path,
                    reverse=True,
                )
                continue
            media.sort(key=_entry_path)
        else:
            media, marks = [], {}
            while waiting and (entry := waiting[-1][1]) is not None:
                media.append(entry)
                marks[entry.name] = waiting.pop()[2]
        for begin in range(0, len(media), BATCH_SIZE):
            yield _stat_media(media[begin : begin + BATCH_SIZE], marks, on_error)


def sidecar_hashes(media: Iterable[bytes], names: Iterable[bytes]) -> dict[bytes, int]:
    """For each medium of a folder a number that changes when a subtitle beside it comes or goes.

    Both are names in one folder, ``names`` those of its subtitles; one belongs to a medium by exact
    stem and a dot, as :func:`~subtitled.subtitles.filenames.parse_sidecar_name` has it. Media
    without any are left out.
    """
    sidecars: dict[bytes, list[bytes]] = {}
    for name in names:
        for stem in possible_stems(name):
            sidecars.setdefault(stem, []).append(name)
    return {
        name: zlib.crc32(b"/".join(sorted(sidecars[stem]))) | 1 << 32
        for name in media
        if (stem := os.path.splitext(name)[0]) in sidecars
    }


def possible_stems(sidecar: bytes) -> Iterator[bytes]:
    """The stems that the medium of a sidecar may have, from its name."""
    at = sidecar.find(b".", 1)
    while at > 0:
        yield sidecar[:at]
        at = sidecar.find(b".", at + 1)


def is_subtitle(name: bytes) -> bool:
    """Whether a name ends as subtitles do, and as nothing else does."""
    return name.rpartition(b".")[2].lower() in _SUBTITLE_EXTENSIONS


def links_into(link: bytes, root: bytes) -> bool:
    """Whether a symbolic link leads into the real folder ``root``, but to none that it lies in."""
    target = os.path.realpath(link)
    lies_in = os.path.realpath(os.path.dirname(link)) + b"/"
    return target.startswith(root + b"/") and not lies_in.startswith(target + b"/")


_ScanItem = tuple[bytes, "os.DirEntry[bytes] | None", int]
"""What a walk has yet to look at: a file, its entry and :func:`sidecar_hashes`; or a folder, whose
path ends with a slash, None, and 1 if it lies at or below a link."""

_item_path: Callable[[_ScanItem], bytes] = itemgetter(0)
_entry_path: Callable[[os.DirEntry[bytes]], bytes] = attrgetter("path")
_is_file = modes.S_ISREG
_SUBTITLE_EXTENSIONS = frozenset(map(os.fsencode, SUBTITLE_EXTENSIONS - DATA_EXTENSIONS))


def _read_folder(
    folder: bytes, media_filter: MediaFilter, links: bytes | None, on_error: OnError | None
) -> tuple[list[_ScanItem], list[os.DirEntry[bytes]], dict[bytes, int]]:
    """Folders and media in a folder, and :func:`sidecar_hashes` of those that have subtitles.

    Links that lead into ``links`` are among them, if it is given.
    """
    folders: list[_ScanItem] = []
    media: list[os.DirEntry[bytes]] = []
    subtitles: list[bytes] = []
    endings = media_filter.extensions
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                ending = name[name.rfind(b".") + 1 :].lower()
                by_link = entry.is_symlink()
                if by_link and (links is None or not links_into(entry.path, links)):
                    continue
                if entry.is_dir():
                    if not media_filter.ignores(os.fsdecode(name)):
                        folders.append((entry.path + b"/", None, int(by_link)))
                elif ending in endings:
                    media.append(entry)
                elif ending in _SUBTITLE_EXTENSIONS:
                    subtitles.append(name)
    except OSError as error:
        _report_error(on_error, folder, error)
    marks = sidecar_hashes([entry.name for entry in media], subtitles) if subtitles else {}
    return folders, media, marks


def _stat_media(
    media: Iterable[os.DirEntry[bytes]], marks: Mapping[bytes, int], on_error: OnError | None
) -> list[ScannedFile]:
    run: list[ScannedFile] = []
    for entry in media:
        try:
            stat = entry.stat()
        except FileNotFoundError:
            continue  # gone since, or a link to nothing
        except OSError as error:
            _report_error(on_error, entry.path, error)
            continue
        # A pipe or device would be waited for without end when it is read.
        if _is_file(stat.st_mode):
            run.append((entry.path, stat, marks.get(entry.name, 0) if marks else 0))
    return run


def _report_error(on_error: OnError | None, path: bytes, error: OSError) -> None:
    if on_error is not None:
        on_error(Path(os.fsdecode(path)), error)
