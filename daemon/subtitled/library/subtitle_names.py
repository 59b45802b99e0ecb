"""Which subtitles belong to which media files of a folder, by their names.

A subtitle beside a media file begins with its stem and a dot. Releases also bring folders of
subtitles, which Kodi and Plex read: ``Subs/2_English.srt``, ``Subs/Film/2_English.srt``. What lies
in them belongs to the film with the stem of its name or of its folder, else to the only film beside
the folder.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from subtitled.config.settings import AUDIO_EXTENSIONS, VIDEO_EXTENSIONS
from subtitled.plugin import InputRejectedError, Language
from subtitled.plugin.limits import is_disk_error, is_out_of_resources
from subtitled.plugin.paths import display_path
from subtitled.subtitles.filenames import (
    DATA_EXTENSIONS,
    SUBTITLE_EXTENSIONS,
    normalise_name,
    parse_sidecar_name,
)
from subtitled.subtitles.language_tokens import parse_language_token

from .exclusions import SUBTITLE_FOLDERS, file_exclusion

_MEDIA_ENDINGS = frozenset(VIDEO_EXTENSIONS + AUDIO_EXTENSIONS)
SUBTITLE_ENDINGS = frozenset(map(os.fsencode, SUBTITLE_EXTENSIONS - DATA_EXTENSIONS))
"""Extensions that only subtitles have."""


def is_subtitle(name: bytes) -> bool:
    """Return whether a name has an extension that only subtitles have."""
    return name.rpartition(b".")[2].lower() in SUBTITLE_ENDINGS


def is_media_file(path: Path) -> bool:
    """Return whether a path has the extension of a media file."""
    return path.suffix[1:].lower() in _MEDIA_ENDINGS


def find_language_in_name(file: Path) -> Language | None:
    """Return the language in the name of a subtitle: ``Film.de.sdh.srt`` is in German."""
    for token in reversed(file.name.split(".")[1:-1]):
        if (language := parse_language_token(token)) is not None:
            return language
    return None


def is_subtitle_folder(name: str) -> bool:
    """Return whether a folder of this name holds the subtitles of the films beside it."""
    return name.lower() in SUBTITLE_FOLDERS


def film_folder(path: Path) -> Path:
    """Return the folder of the films that a subtitle at a path may belong to."""
    for folder in list(path.parents)[:2]:
        if is_subtitle_folder(folder.name):
            return folder.parent
    return path.parent


def stem_key(name: bytes) -> bytes:
    """Return a name in the form in which names are compared."""
    return name if name.isascii() else os.fsencode(normalise_name(os.fsdecode(name)))


def possible_stems(sidecar: bytes) -> Iterator[bytes]:
    """Yield the stems that the media file of a sidecar may have, as :func:`stem_key` has them."""
    name = stem_key(sidecar)
    at = name.find(b".", 1)
    while at > 0:
        yield name[:at]
        at = name.find(b".", at + 1)


def sidecar_hashes(
    media: Iterable[bytes], names: Iterable[bytes], in_folders: Iterable[bytes] = ()
) -> dict[bytes, int]:
    """Return for each media file of a folder a number that changes when its sidecars do.

    It changes, too, when a media file with a longer stem comes or goes that some of them belong to.

    Args:
        media: The names of the media files.
        names: The names of the subtitles in the same folder. One belongs to a media file by its
            exact stem and a dot, as in :func:`~subtitled.subtitles.filenames.parse_sidecar_name`.
        in_folders: The subtitles of :func:`iter_subtitles`.

    Returns:
        The numbers of the media files that have any sidecars.
    """
    media = list(media)
    stems = {name: stem_key(os.path.splitext(name)[0]) for name in media}
    by_stem = {stem: name for name, stem in stems.items()}
    sidecars: dict[bytes, list[bytes]] = {}
    for name in names:
        matching = [stem for stem in possible_stems(name) if stem in by_stem]
        films = [os.fsdecode(by_stem[stem]) for stem in matching]
        for place, stem in enumerate(matching):
            longer = (film for film in films[place + 1 :] if _is_film(os.fsencode(film)))
            if not any(_belongs_to_longer(os.fsdecode(name), films[place], one) for one in longer):
                sidecars.setdefault(stem, []).append(name)
    found = {name: sidecars[stem] for name, stem in stems.items() if stem in sidecars}
    owners = SubtitleOwners(media)
    for subtitle in in_folders:
        for owner in owners.find(subtitle):
            found[owner] = [*found.get(owner, ()), subtitle]
    return {name: zlib.crc32(b"/".join(sorted(mine))) | 1 << 32 for name, mine in found.items()}


def list_names(media: Path) -> list[str]:
    """Return the names beside a media file, and those of its subtitles in folders beside it.

    The latter are relative to its folder. The subtitles of another media file whose stem is longer
    are left out: ``Film.Extended.en.srt`` is none of ``Film.mkv`` if there is a
    ``Film.Extended.mkv``.

    Raises:
        OSError: Its folder cannot be read, or the disk fails at one beside it.
    """
    with os.scandir(os.fsencode(media.parent)) as entries:
        names = [entry.name for entry in entries]
    name = os.fsencode(media.name)
    owners, found = SubtitleOwners(names), list(names)
    found += (
        subtitle
        for subtitle in iter_subtitles(os.fsencode(media.parent), names, must_read=True)
        if name in owners.find(subtitle)
    )
    return list(map(os.fsdecode, _without_those_of_longer_stems(name, found)))


def _without_those_of_longer_stems(media: bytes, names: list[bytes]) -> list[bytes]:
    """Leave out the subtitles of media files whose stem continues that of a media file."""
    start = stem_key(os.path.splitext(media)[0]) + b"."
    others: dict[bytes, str] = {}
    for name in names:
        if not stem_key(name).startswith(start):
            continue
        stem = stem_key(os.path.splitext(name)[0])
        if stem.startswith(start) and _is_film(name):
            others[stem] = os.fsdecode(name)
    if not others:
        return names
    mine = os.fsdecode(media)
    return [
        name
        for name in names
        if not any(
            _belongs_to_longer(os.fsdecode(name), mine, others[stem])
            for stem in possible_stems(name.rpartition(b"/")[2])
            if stem in others
        )
    ]


def _belongs_to_longer(name: str, media: str, longer: str) -> bool:
    """Return whether a subtitle is that of the media file with the longer stem.

    ``Film.en.srt`` may be that of ``Film.mkv`` and of ``Film.en.mkv``.
    """
    mine, theirs = parse_sidecar_name(media, name), parse_sidecar_name(longer, name)
    if theirs is None:
        return False
    return theirs.language is not None or (mine is not None and bool(mine.title))


def iter_subtitles(
    folder: bytes, names: Iterable[bytes], *, must_read: bool = False
) -> Iterator[bytes]:
    """Yield the subtitles in folders beside films, relative to the folder of the films.

    A folder that cannot be read has none.

    Args:
        folder: The folder of the films.
        names: The names in it.
        must_read: Whether an error that says nothing about a folder is raised.

    Raises:
        OSError: The disk fails, or this process can open nothing; only if that is asked for.
    """
    for name in sorted(names):
        if len(name) <= _LONGEST_FOLDER and is_subtitle_folder(os.fsdecode(name)):
            yield from _iter_files(folder + b"/" + name, name + b"/", 2, must_read)


_LONGEST_FOLDER = max(map(len, SUBTITLE_FOLDERS))


class SubtitleOwners:
    """The media files that subtitles in folders beside them belong to."""

    def __init__(self, names: Iterable[bytes]) -> None:
        """Keep the media files by their stem. The names are looked at once, for all subtitles.

        Args:
            names: The names in the folder of the films.
        """
        self._names = names
        self._loaded: dict[bytes, set[bytes]] | None = None

    def find(self, subtitle: bytes) -> frozenset[bytes]:
        """Return the media files that a subtitle belongs to.

        Args:
            subtitle: Its path, relative to the folder of the films.
        """
        films = self._films()
        _, *folders, base = subtitle.split(b"/")
        stems = {*possible_stems(base), *map(stem_key, folders)}
        owners = frozenset[bytes]().union(*(films.get(stem, ()) for stem in stems))
        if owners or folders or len(films) > 1:
            return owners
        return frozenset[bytes]().union(*films.values())

    def _films(self) -> dict[bytes, set[bytes]]:
        """Return the media files by their stem. Most folders have no such subtitle."""
        if self._loaded is None:
            self._loaded = {}
            for name in filter(_is_film, self._names):
                stem = stem_key(_stem(name))
                self._loaded.setdefault(stem, set()).add(name)
        return self._loaded


def find_media_beside(subtitle: Path) -> Path | None:
    """Find the media file that a subtitle belongs to by its name, that with the longest stem.

    Raises:
        InputRejectedError: There are several.
        OSError: The folder cannot be read.
    """
    # Not resolve(): a link to a subtitle lies beside its film.
    subtitle = Path(os.path.abspath(subtitle))
    folder = film_folder(subtitle)
    names = os.listdir(os.fsencode(folder))
    inner = os.fsencode(os.path.relpath(subtitle, folder))
    if b"/" in inner:
        found = SubtitleOwners(names).find(inner)
    else:
        stems = set(possible_stems(inner))
        found = frozenset(n for n in names if stem_key(_stem(n)) in stems and _is_film(n))
    longest = max((len(_stem(name)) for name in found), default=0)
    best = sorted(os.fsdecode(name) for name in found if len(_stem(name)) == longest)
    if len(best) > 1:
        raise InputRejectedError(
            f"{display_path(subtitle.name)} may belong to {' or '.join(map(display_path, best))}",
            "Name the media file with --media",
        )
    return folder / best[0] if best else None


def _iter_files(folder: bytes, prefix: bytes, levels: int, must_read: bool) -> Iterator[bytes]:
    try:
        if os.path.islink(folder):
            return  # Nothing outside the library is read.
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except OSError as error:
        if must_read and (is_disk_error(error) or is_out_of_resources(error)):
            raise
        return
    for entry in entries:
        if is_subtitle(entry.name):
            yield prefix + entry.name
        elif levels > 1 and entry.is_dir(follow_symlinks=False):
            yield from _iter_files(entry.path, prefix + entry.name + b"/", levels - 1, must_read)


def _stem(name: bytes) -> bytes:
    return os.path.splitext(name)[0]


def _is_film(name: bytes) -> bool:
    text = os.fsdecode(name)
    return (
        text.rpartition(".")[2].lower() in _MEDIA_ENDINGS
        and not text.startswith(".")
        and file_exclusion(text, include_extras=False) is None
    )
