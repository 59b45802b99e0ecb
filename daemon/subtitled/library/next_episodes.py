"""The next episodes of what is watched."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

_EPISODE = re.compile(
    r"s(\d{1,4})[ ._-]?e(\d{1,4})|(?<!\d)(\d{1,2})x(\d{2,3})(?!\d)", re.IGNORECASE
)
_SEASON_FOLDER = re.compile(
    r"(?:season|series|staffel|saison|temporada|stagione|seizoen|sesong|sezon)[ ._-]*\d+|s\d{1,4}"
    r"|specials",
    re.IGNORECASE,
)


def read_episode(path: Path) -> tuple[int, int] | None:
    """Return the season and the number of an episode by its file name; None if it names none."""
    match = _EPISODE.search(path.name)
    if match is None:
        return None
    season, number = (int(part) for part in match.groups() if part is not None)
    return season, number


def _series_name(path: Path) -> str:
    """Return the letters before the number of an episode in its file name."""
    begin = _EPISODE.split(path.name, maxsplit=1)[0]
    return "".join(letter for letter in begin.casefold() if letter.isalnum())


def series_folder(path: Path) -> Path:
    """Return the folder of the series of an episode, above that of its season."""
    folder = path.parent
    return folder.parent if _SEASON_FOLDER.fullmatch(folder.name) else folder


def find_next_episodes(watched: Path, waiting: Iterable[Path], count: int) -> list[Path]:
    """Return the episodes that follow one which is watched, and wait for subtitles.

    Args:
        watched: The file that is watched.
        waiting: Files of the same series that wait, in any order.
        count: How many episodes are wanted. Those that have their subtitles count: the next two of
            the first are the second and the third.

    Returns:
        The files in the order of the episodes; none if the watched one names no episode.
    """
    now, series = read_episode(watched), _series_name(watched)
    if now is None or count <= 0:
        return []
    following = []
    for path in waiting:
        episode = read_episode(path)
        if episode is None or episode <= now or _series_name(path) != series:
            continue
        is_near = episode[0] == now[0] and episode[1] <= now[1] + count
        starts_next_season = episode[0] == now[0] + 1 and episode[1] <= count
        if is_near or starts_next_season:
            following.append((episode, path))
    return [path for _, path in sorted(following)[:count]]
