"""Scanning a library: every media file in it, each with one stat, in byte order of the paths."""

from __future__ import annotations

import os
import stat as modes
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from operator import attrgetter, itemgetter
from pathlib import Path

from subtitled.config.settings import LibrarySettings
from subtitled.db.records import ScannedFile
from subtitled.media.card_clips import find_clip

from .media_filter import MediaFilter
from .subtitle_names import SUBTITLE_ENDINGS, iter_subtitles, sidecar_hashes

BATCH_SIZE = 1000
"""The largest number of files in one run."""
OnError = Callable[[Path, OSError], None]


def scan(
    root: Path, library: LibrarySettings, on_error: OnError | None = None
) -> Iterator[tuple[Path, os.stat_result]]:
    """Yield every media file below a folder with its stat, in the order of the paths' bytes.

    :func:`scan_batches` describes how links and unreadable folders are handled.
    """
    media_filter = MediaFilter(library)
    for run in scan_batches(root, library, on_error):
        for path, stat, _ in run:
            if media_filter.accepts(os.fsdecode(os.path.basename(path))):
                media = Path(os.fsdecode(path))
                if find_clip(media) is None:
                    yield media, stat


def scan_batches(
    root: Path,
    library: LibrarySettings,
    on_error: OnError | None = None,
    skip_folder: Collection[bytes] = (),
) -> Iterator[list[ScannedFile]]:
    """Yield the files with media extensions below a folder, in runs of the same folder.

    The paths come in the order of their bytes, which is the order of the database's index. Names
    that match an ignore pattern are included, because the caller filters new files only. Memory
    holds the names of the folders on the way down, not the files of the library.

    Symbolic links are followed if the library's settings say so and the target is inside the
    library. Links to a folder that contains the link, and links below another link, are not
    followed. No scan therefore leaves the library or runs in a circle.

    Args:
        root: The folder to scan.
        library: The settings of its library.
        on_error: Called with each folder or file that cannot be read.
        skip_folder: Folders that are left out, besides the ignored ones.
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
            folders, media, hashes = _read_folder(folder, media_filter, links, on_error)
            if folders:
                waiting += sorted(
                    [(subfolder, None, below_link or by_link) for subfolder, _, by_link in folders]
                    + [(entry.path, entry, hashes.get(entry.name, 0)) for entry in media],
                    key=_item_path,
                    reverse=True,
                )
                continue
            media.sort(key=_entry_path)
        else:
            media, hashes = [], {}
            while waiting and (entry := waiting[-1][1]) is not None:
                media.append(entry)
                hashes[entry.name] = waiting.pop()[2]
        for begin in range(0, len(media), BATCH_SIZE):
            yield _stat_media(media[begin : begin + BATCH_SIZE], hashes, on_error)


def links_into(link: bytes, root: bytes) -> bool:
    """Return whether a link leads into the real folder ``root``.

    A link to a folder that contains the link does not count.
    """
    target = os.path.realpath(link)
    lies_in = os.path.realpath(os.path.dirname(link)) + b"/"
    return target.startswith(root + b"/") and not lies_in.startswith(target + b"/")


_ScanItem = tuple[bytes, "os.DirEntry[bytes] | None", int]
"""What remains to be scanned: a file with its directory entry and :func:`sidecar_hashes`,
or a folder, whose path ends with a slash, with None, and 1 if it is at or below a link.
"""

_item_path: Callable[[_ScanItem], bytes] = itemgetter(0)
_entry_path: Callable[[os.DirEntry[bytes]], bytes] = attrgetter("path")
_is_file = modes.S_ISREG


def _read_folder(
    folder: bytes, media_filter: MediaFilter, links: bytes | None, on_error: OnError | None
) -> tuple[list[_ScanItem], list[os.DirEntry[bytes]], dict[bytes, int]]:
    """Return the folders and media files in a folder, and their :func:`sidecar_hashes`.

    Links are included if they lead into ``links``.
    """
    folders: dict[bytes, _ScanItem] = {}
    media: list[os.DirEntry[bytes]] = []
    subtitles: list[bytes] = []
    endings = media_filter.extensions
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if not entry.is_file(follow_symlinks=False):
                    by_link = entry.is_symlink()
                    if by_link and (links is None or not links_into(entry.path, links)):
                        continue
                    if entry.is_dir():
                        if not media_filter.ignores_folder(os.fsdecode(name)):
                            folders[name] = (entry.path + b"/", None, int(by_link))
                        continue
                ending = name[name.rfind(b".") + 1 :].lower()
                if ending in endings:
                    media.append(entry)
                elif ending in SUBTITLE_ENDINGS:
                    subtitles.append(name)
    except OSError as error:
        _report_error(on_error, folder, error)
    if folders:
        for name in media_filter.excluded_folders(folder, folders, has_media=bool(media)):
            del folders[name]
    hashes: dict[bytes, int] = {}
    if media:
        inside = list(iter_subtitles(folder, folders)) if folders else []
        if subtitles or inside:
            hashes = sidecar_hashes([entry.name for entry in media], subtitles, inside)
    return list(folders.values()), media, hashes


def _stat_media(
    media: Iterable[os.DirEntry[bytes]], hashes: Mapping[bytes, int], on_error: OnError | None
) -> list[ScannedFile]:
    run: list[ScannedFile] = []
    for entry in media:
        try:
            stat = entry.stat()
        except FileNotFoundError:
            continue  # deleted since, or a broken link
        except OSError as error:
            _report_error(on_error, entry.path, error)
            continue
        # Reading a pipe or a device would block forever.
        if _is_file(stat.st_mode):
            run.append((entry.path, stat, hashes.get(entry.name, 0) if hashes else 0))
    return run


def _report_error(on_error: OnError | None, path: bytes, error: OSError) -> None:
    if on_error is not None:
        on_error(Path(os.fsdecode(path)), error)
