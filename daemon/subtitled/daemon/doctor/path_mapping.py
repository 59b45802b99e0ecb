"""Whether a media server and this machine mean the same files, and how to say so if not."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.plugins import call_with_timeout
from subtitled.library.scanner import scan
from subtitled.plugin import CheckResult, MediaServer, SubtitledError
from subtitled.plugin.paths import ancestor, path_parts

TIMEOUT_SECONDS = 30.0
"""Seconds that a server may take to name a few of its files."""
MAX_SAMPLE_FILES = 20_000
"""Files of a library that are held against a server's."""


def check_path_mapping(
    configuration: Configuration, name: str, server: MediaServer
) -> Iterator[CheckResult]:
    """A real file of a server, found here and named back; or the mapping that is missing."""
    subject = f"paths of server {name}"
    try:
        samples = call_with_timeout(name, server.sample_paths, TIMEOUT_SECONDS)
    except SubtitledError as error:
        yield CheckResult(subject, False, error.message, error.hint)
        return
    if not samples:
        return
    local_paths = [(path, server.to_local(path)) for path in samples]
    for path, ours in local_paths:
        if ours.is_file():
            back = server.to_server(ours)
            yield CheckResult(
                subject,
                back == path,
                f"its {path} is {ours} here" + ("" if back == path else f", told as {back}"),
                f"Put the pair that fits first in servers.{name}.path_map",
            )
            return
    pairs = suggest_mapping(samples, _iter_media(configuration))
    if pairs:
        written = ", ".join(f"['{mine}', '{other}']" for mine, other in pairs)
        hint = f"Set servers.{name}.path_map = [{written}]"
    else:
        hint = (
            "If it has other libraries than we, that is well; else say with path_map how its "
            "folders are called here"
        )
    yield CheckResult(subject, False, f"its {samples[0]} is not here ({local_paths[0][1]})", hint)


def suggest_mapping(
    server_paths: Sequence[str], local_paths: Iterable[Path]
) -> list[tuple[str, str]]:
    """The pairs of [our folder, its folder] by which most of a server's files are ours.

    A file of ours is taken for one of the server's when none has more names in common with it at
    the end; those are left away, and what is before them is the pair.
    """
    by_name = dict[str, list[Path]]()
    file_names = {path_parts(path)[-1] for path in server_paths}
    for mine in local_paths:
        if mine.name in file_names:
            by_name.setdefault(mine.name, []).append(mine)
    votes = Counter[tuple[str, str]]()
    for path in server_paths:
        server_parts = path_parts(path)
        candidates = by_name.get(server_parts[-1], [])
        common = [_common_tail_length(mine.parts, server_parts) for mine in candidates]
        longest = max(common, default=0)
        best = [mine for mine, n in zip(candidates, common, strict=True) if n == longest]
        if len(best) == 1:
            votes[(str(best[0].parents[longest - 1]), ancestor(path, longest))] += 1
    # Narrow ones first, since the first that fits counts.
    return sorted(votes, key=lambda pair: (-len(pair[0]), pair))


def _common_tail_length(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """How many names two paths have in common at their ends; roots are none."""
    pairs = zip(reversed(first[1:]), reversed(second[1:]), strict=False)
    equal_parts = (mine == theirs for mine, theirs in pairs)
    return sum(1 for _ in itertools.takewhile(bool, equal_parts))


def _iter_media(configuration: Configuration) -> Iterator[Path]:
    for library in configuration.settings.libraries.values():
        if library.path.is_dir():
            yield from (
                path for path, _ in itertools.islice(scan(library.path, library), MAX_SAMPLE_FILES)
            )
