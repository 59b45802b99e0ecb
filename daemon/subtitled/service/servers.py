"""Whether a media server and this machine mean the same files, and how to say so if not."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from subtitled.config.isolation import guarded
from subtitled.config.load import Configuration
from subtitled.library.walk import walk
from subtitled.plugin import Finding, MediaServer, Problem
from subtitled.plugin.paths import above, parts_of

LIMIT = 30.0
"""Seconds that a server may take to name a few of its files."""
MOST = 20_000
"""Files of a library that are held against a server's."""


def same_files(configuration: Configuration, name: str, server: MediaServer) -> Iterator[Finding]:
    """A real file of a server, found here and named back; or the mapping that is missing."""
    what = f"paths of server {name}"
    try:
        samples = guarded(name, server.samples, LIMIT)
    except Problem as problem:
        yield Finding(what, False, problem.what, problem.cure)
        return
    if not samples:
        return
    here = [(path, server.ours(path)) for path in samples]
    for path, ours in here:
        if ours.is_file():
            back = server.theirs(ours)
            yield Finding(
                what,
                back == path,
                f"its {path} is {ours} here" + ("" if back == path else f", told as {back}"),
                f"Put the pair that fits first in servers.{name}.path_map",
            )
            return
    pairs = proposed(samples, _media(configuration))
    if pairs:
        written = ", ".join(f"['{mine}', '{other}']" for mine, other in pairs)
        cure = f"Set servers.{name}.path_map = [{written}]"
    else:
        cure = (
            "If it has other libraries than we, that is well; else say with path_map how its "
            "folders are called here"
        )
    yield Finding(what, False, f"its {samples[0]} is not here ({here[0][1]})", cure)


def proposed(theirs: Sequence[str], ours: Iterable[Path]) -> list[tuple[str, str]]:
    """The pairs of [our folder, its folder] by which most of a server's files are ours.

    A file of ours is taken for one of the server's when none has more names in common with it at
    the end; those are left away, and what is before them is the pair.
    """
    by_name = dict[str, list[Path]]()
    wanted = {parts_of(path)[-1] for path in theirs}
    for mine in ours:
        if mine.name in wanted:
            by_name.setdefault(mine.name, []).append(mine)
    votes = Counter[tuple[str, str]]()
    for path in theirs:
        other = parts_of(path)
        found = by_name.get(other[-1], [])
        common = [_common(mine.parts, other) for mine in found]
        longest = max(common, default=0)
        best = [mine for mine, n in zip(found, common, strict=True) if n == longest]
        if len(best) == 1:
            votes[(str(best[0].parents[longest - 1]), above(path, longest))] += 1
    # Narrow ones first, since the first that fits counts.
    return sorted(votes, key=lambda pair: (-len(pair[0]), pair))


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many names two paths have in common at their ends; roots are none."""
    pairs = zip(reversed(one[1:]), reversed(other[1:]), strict=False)
    same = (mine == theirs for mine, theirs in pairs)
    return sum(1 for _ in itertools.takewhile(bool, same))


def _media(configuration: Configuration) -> Iterator[Path]:
    for library in configuration.settings.libraries.values():
        if library.path.is_dir():
            yield from (path for path, _ in itertools.islice(walk(library.path, library), MOST))
