"""What in a library is not a film: extras, samples, discs, and the folders of other programs.

One list for scans, events and ``explain``. Its sources are what Jellyfin, Plex, Kodi and Sonarr
leave out, and what SABnzbd, NZBGet, Synology, QNAP, Windows and macOS write into shares. A name is
an extra by its whole form, never by a word in a title: ``The DNA Sample`` and ``I Live In A
Trailer`` are films.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from subtitled.media.card_clips import CARD_FOLDER, SOUND_FOLDERS, VIDEO_FOLDER

EXTRAS = (
    "an extra (trailer, sample, deleted scene ...); `include_extras = true` under the library "
    "takes extras in"
)
DISC = (
    "part of a disc (BDMV, VIDEO_TS), whose films lie in several files; make one file of the film, "
    "for example with MakeMKV"
)
SYSTEM = "in a folder of another program: a recycle bin, unpacking, thumbnails or metadata"
WORKING = (
    "another program still writes it (a transcode or download beside the film); it is taken under "
    "its final name"
)
CARD = (
    "the sound or a small copy of a clip whose picture is a file of its own, as on camera cards; "
    "the subtitle lies beside the picture"
)
"""Why a file is not taken, in words."""

EXTRAS_FOLDERS = {
    "behind the scenes": "Jellyfin, Plex, Sonarr",
    "deleted scenes": "Jellyfin, Plex, Sonarr",
    "featurettes": "Jellyfin, Plex, Sonarr",
    "trailers": "Jellyfin, Plex, Sonarr",
    "sample": "Radarr, SABnzbd",
    "samples": "Jellyfin, Sonarr",
    "proof": "Kodi, SABnzbd",
    "backdrops": "Jellyfin",
    "theme music": "Jellyfin, Emby",
    "extras": "Jellyfin, Kodi, Sonarr",
    "extra": "Kodi",
    "interviews": "Jellyfin, Plex, Sonarr",
    "scenes": "Jellyfin, Plex, Sonarr",
    "shorts": "Jellyfin, Plex, Sonarr",
    "clips": "Jellyfin",
    "other": "Jellyfin, Plex, Sonarr",
    "trailer": "releases",
    "featurette": "releases",
    "bonus": "releases",
    "bonus features": "releases",
    "special features": "releases",
    "making of": "releases",
    "outtakes": "releases",
    "bloopers": "releases",
    "gag reel": "releases",
    "deleted scene": "releases",
    "deleted and extended scenes": "releases",
    "screens": "SABnzbd",
}
"""Folders of extras, with who knows them. Blanks stand for ``-``, ``_`` and ``.`` too."""

_ALSO_TITLES = frozenset(
    "extras|extra|interviews|scenes|shorts|clips|other|trailer|featurette|bonus|bonus features|"
    "special features|making of|outtakes|bloopers|gag reel|deleted scene|screens".split("|")
)
"""Folders of extras whose names are also those of a series or of a part of a library."""
_ALSO_SERIES = frozenset({"extras", "extra"})

SYSTEM_FOLDERS = {
    "@eadir": "Synology",
    "eadir": "Synology, after a copy",
    "#recycle": "Synology",
    "#snapshot": "Synology",
    "@tmp": "Synology",
    "@recycle": "QNAP",
    "@recently-snapshot": "QNAP",
    "@transcode": "QNAP",
    ".@__thumb": "QNAP",
    "$recycle.bin": "Windows",
    "recycler": "Windows",
    "recycled": "Windows",
    "system volume information": "Windows",
    "lost+found": "Linux",
    ".appledouble": "macOS",
    ".trashes": "macOS",
    ".trash": "Linux",
    ".recycle": "Samba",
    ".deletedbytmm": "tinyMediaManager",
    ".stversions": "Syncthing",
    ".snapshot": "NetApp",
    ".snapshots": "Btrfs",
    ".zfs": "ZFS",
    "__macosx": "macOS",
    "network trash folder": "macOS",
    "temporary items": "macOS",
    "_unpack": "NZBGet",
    "__admin__": "SABnzbd",
    "plex versions": "Plex",
    "metadata": "Jellyfin",
    "extrafanart": "Kodi, Jellyfin, Sonarr",
    "extrathumbs": "Kodi, Jellyfin",
    ".actors": "Kodi, Jellyfin",
    ".wd_tv": "Jellyfin",
    ".grab": "Jellyfin",
    "ps3_update": "Jellyfin",
    "ps3_vprm": "Jellyfin",
    "temprec": "Windows Media Center",
    "tempsbe": "Windows Media Center",
}
"""Folders of other programs, with whose they are."""

_SYSTEM_PREFIXES = ("_unpack_", "_failed_", ".trash-", "tdarr-workdir", "found.0")
_SYSTEM_SUFFIXES = (".trickplay", ".ite", ".itlp")
"""What the names of folders begin with (SABnzbd, Linux, Tdarr, Windows), and end with (Jellyfin,
iTunes)."""
LONGEST_NAME = max(map(len, [*EXTRAS_FOLDERS, *SYSTEM_FOLDERS]))
"""Characters of the longest name in the lists. Most folders have longer ones."""
_LONGEST_EXTRAS = max(map(len, EXTRAS_FOLDERS))
_DISC_FOLDERS = frozenset({"video_ts", "hvdvd_ts"})
_DISC_OR_CARD = "bdmv"
"""A Blu-ray, or the clips of a camera below a folder ``AVCHD``."""
_AVCHD = "avchd"
_PLACE_FOLDERS = SOUND_FOLDERS | {_DISC_OR_CARD}

_WORKING_FILE = re.compile(
    r".*-tdarrcachefile-.*|.*\.(?:temp|tmp|partial|unfinished|incomplete|unmanic)"
    r"|unmanic_file_conversion.*",
    re.DOTALL,
)
"""The stem of a file that Tdarr, Unmanic, yt-dlp or a copy is writing."""
_EXTRA_FILE = re.compile(
    r"(?:sample|trailer|movie-trailer)s?[-_ ]?\d{0,2}"
    r"|(?:sample-.*|.*-sample-.*)"
    r"|.*[-._] ?(?:sample|trailer)s?[-_ ]?\d{0,2}"
    r"|.*[\[(](?:sample|trailer)[\])]"
    r"|.*-(?:behindthescenes|deleted(?:scene)?|featurette|interview|scene|clip|short|extra|other"
    r"|bloopers|outtakes?|gagreel|makingof|teaser)"
    r"s?[-_ ]?\d{0,2}"
    r"|.* - trailer #\d{1,2}"
    r"|.* - (?:featurette|behind the scenes|deleted scene|gag reel|blooper|outtake|making of"
    r"|teaser)s?(?: \d{1,2})?"
    r"|(?:sample|trailer)s? ?\(\d{1,2}\)"
    r"|rarbg(?:[._ ]com|_do_not_mirror)?|etrg",
    re.DOTALL,
)
"""The stem of an extra: Jellyfin, Plex, Kodi (``-trailer``) and Sonarr, and clips of releases."""
_NAMED_TRAILER = re.compile(
    r".*(?:[-–—_.(\[]|(?<=\w) ) ?(?:(?:official|offizieller|theatrical|final|international|"
    r"teaser|red ?band)[ ._-])+trailer"
    r"(?:[ ._-]*(?:#?\d{1,4}p?|hd|4k|uhd|deutsch|german|english|[(\[][^()\[\]]{0,20}[)\]]))*"
    r"|.*[-–—_.(\[] ?(?:trailer|teaser)(?:[ ._-](?:ufficiale|oficial|officiel|officielle|deutsch|"
    r"german|english|englisch|french|italian|spanish|hd|de|en|fr|it|es|vf|vo|vost|vostfr|"
    r"(?:720|1080|2160)p|4k|[(\[][^()\[\]]{0,20}[)\]]))+"
    r"|.*[-–—_.(\[] ?(?:bandes?[- ]annonces?|trailery|tráilere?s?|zwiastuny?|fragmanı?|előzetes|"
    r"upoutávk[ay]|трейлеры?|тизер|予告編?|特報|预告片?|預告片?|예고편)\b.{0,20}",
    re.DOTALL,
)
"""The stem of a trailer that is named as in shops and on video sites, in other languages too."""
_AFTER_ARTICLE = re.compile(
    r".*(?:^|[^a-z])(?:the|a|an|my|our|in a|der|die|das|ein|eine|le|la|un|une|el|il)[._ ]"
    r"(?:sample|trailer)s?"
    r"|(?:the|a|an|my|our)-(?:interview|short|scene|clip|other|extra|teaser)s?",
    re.DOTALL,
)
"""A title that ends with the word: ``Life.in.a.Trailer``."""
_EPISODE_TITLE = re.compile(r"[-._ ]+(?:the|a|an|my|our)[-._ ](?:[a-z']{1,20}[-._ ]){0,4}\w+")
"""The rest of an episode's name that is a title, and not the name of a release."""
_SPACED = re.compile(
    r".* - (?:sample|trailer|featurette|behind the scenes|deleted scene|gag reel|blooper|outtake|"
    r"making of|teaser)s?(?: \d{1,2})?",
    re.DOTALL,
)
_EPISODE = re.compile(r"s\d{1,4}[ ._-]?e\d{1,4}|(?<!\d)\d{1,2}x\d{2,3}(?!\d)")
"""A season and an episode. ``Show - S01E05 - Trailer`` is the title of an episode."""
_THEME_SONG = re.compile(r"theme\d{0,2}\.(?:mp3|flac|m4a|aac|og[ga]|opus|wav|wma|mka)")
_SIGNS = (
    "sample|trailer|teaser|scene|deleted|featurette|interview|clip|short|extra|other|blooper|"
    "outtake|gag|making|rarbg|etrg|theme|annonce|zwiastun|fragman|unmanic|tdarr|.temp|.tmp|.part|"
    ".unf|.inc"
).split("|")
_SIGNS_BEYOND_ASCII = "tráiler|előzetes|upoutávk|трейлер|тизер|予告|特報|预告|預告|예고".split("|")
"""What the stem of every file has that :func:`file_exclusion` leaves out, except parts of discs.
Most films have none of it, which is quickly found."""
_DVD_FILE = re.compile(r"(?:video_ts|vts_\d\d_\d)\.vob")
_SEASON = re.compile(
    r"(?:season|series|staffel|saison|temporada|stagione|seizoen|sesong|sezon)[ ._-]*\d+|s\d{1,4}"
    r"|specials|(?:cd|dvd|disc|disk|bd)[ ._-]?\d+|bdmv|video_ts"
)
"""A folder that a series or a film on several discs has, and a collection has not."""
_REMEMBERED_FOLDERS = 1024
"""How many names of folders are judged once only: ``Season 01`` is in every series."""
SUBTITLE_FOLDERS = frozenset({"subs", "sub", "subtitles", "subtitle", "vobsubs", "vobsub"})
"""Folders of subtitles beside a film: Kodi, Plex and releases."""


@dataclass(frozen=True, slots=True)
class Folder:
    """What lies in a folder, as far as it tells what the folders in it are."""

    name: str
    is_root: bool
    """Whether it is the folder of the library."""
    has_media: bool
    folders: tuple[str, ...]


@functools.lru_cache(_REMEMBERED_FOLDERS)
def folder_exclusion(name: str, include_extras: bool) -> str | None:
    """Return why a folder is not scanned, wherever it lies; None if that is not certain."""
    folded = name.lower()
    if folded.startswith(_SYSTEM_PREFIXES) or folded.endswith(_SYSTEM_SUFFIXES):
        return SYSTEM
    if len(folded) > LONGEST_NAME:
        return None
    if folded in SYSTEM_FOLDERS:
        return SYSTEM
    if folded in _DISC_FOLDERS:
        return DISC
    if include_extras or len(folded) > _LONGEST_EXTRAS:
        return None
    if (plain := _without_separators(folded)) in EXTRAS_FOLDERS:
        return None if plain in _ALSO_TITLES else EXTRAS
    return None


@functools.lru_cache(_REMEMBERED_FOLDERS)
def depends_on_place(name: str, include_extras: bool) -> bool:
    """Return whether only :func:`folder_exclusion_in` says whether a folder is scanned."""
    folded = name.lower()
    if folded in _PLACE_FOLDERS or include_extras or len(folded) > _LONGEST_EXTRAS:
        return folded in _PLACE_FOLDERS
    return _without_separators(folded) in _ALSO_TITLES


def folder_exclusion_in(parent: Folder, name: str, contents: Iterable[str]) -> str | None:
    """Return why a folder for which :func:`depends_on_place` is true is not scanned, or None.

    ``Shorts`` beside a film has its extras. ``Shorts`` beside other folders of a library is a part
    of the library. ``Extras`` with seasons in it is the series of that name.

    Args:
        parent: The folder that it lies in.
        name: Its name.
        contents: The names in it.
    """
    folded = name.lower()
    if folded == _DISC_OR_CARD:
        return None if parent.name.lower() == _AVCHD else DISC
    if folded in SOUND_FOLDERS:
        folders = {folder.lower() for folder in parent.folders}
        return CARD if parent.name.lower() == CARD_FOLDER and VIDEO_FOLDER in folders else None
    if _belongs_to_title(parent):
        return EXTRAS
    if _without_separators(folded) not in _ALSO_SERIES:
        return None
    is_series = any(
        _SEASON.fullmatch(entry) or _EPISODE.search(entry) for entry in map(str.lower, contents)
    )
    return None if is_series else EXTRAS


def file_exclusion(name: str, include_extras: bool) -> str | None:
    """Return why a file with the extension of a media file is not taken, or None."""
    folded = name.lower()
    if folded.endswith(".vob") and _DVD_FILE.fullmatch(folded):
        return DISC
    stem = folded.rpartition(".")[0]
    if not stem.isascii():
        stem = unicodedata.normalize("NFC", stem)
    if not _has_sign(stem):
        return None
    if _WORKING_FILE.fullmatch(stem):
        return WORKING
    if include_extras:
        return None
    if _EXTRA_FILE.fullmatch(stem):
        return None if _is_title(stem) else EXTRAS
    if _NAMED_TRAILER.fullmatch(stem) and not _EPISODE.search(stem):
        return EXTRAS
    return EXTRAS if _THEME_SONG.fullmatch(folded) else None


def _has_sign(stem: str) -> bool:
    for sign in _SIGNS:
        if sign in stem:
            return True
    return not stem.isascii() and any(sign in stem for sign in _SIGNS_BEYOND_ASCII)


def _is_title(stem: str) -> bool:
    """Return whether a name that looks like that of an extra is a title that ends so."""
    if _AFTER_ARTICLE.fullmatch(stem):
        return True
    episode = _EPISODE.search(stem)
    if episode is None:
        return False
    return bool(_SPACED.fullmatch(stem) or _EPISODE_TITLE.fullmatch(stem, episode.end()))


def is_in_disc(folder: Path) -> bool:
    """Return whether a folder is part of the structure of a disc, which is never written to."""
    parts = [part.lower() for part in folder.parts]
    return any(
        part in _DISC_FOLDERS or (part == _DISC_OR_CARD and above != _AVCHD)
        for above, part in zip(["", *parts], parts, strict=False)
    )


def _belongs_to_title(parent: Folder) -> bool:
    """Return whether a folder is that of one film or series, not of many."""
    folded = [name.lower() for name in parent.folders]
    if parent.has_media or any(map(_SEASON.fullmatch, folded)):
        return True
    return not parent.is_root and all(
        _without_separators(name) in EXTRAS_FOLDERS or name in SUBTITLE_FOLDERS for name in folded
    )


_SEPARATORS = str.maketrans("-_.", "   ")


def _without_separators(name: str) -> str:
    return " ".join(name.translate(_SEPARATORS).split())
