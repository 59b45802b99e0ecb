"""Checks that a media server's paths map to files here; suggests a ``path_map`` if they do not."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.plugin_calls import call_with_timeout
from subtitled.library.scanner import scan
from subtitled.plugin import CheckResult, MediaServer, SubtitledError
from subtitled.plugin.paths import ancestor, path_parts

TIMEOUT_SECONDS = 30.0
"""Seconds that a server may take to return a few of its paths."""
MAX_SAMPLE_FILES = 20_000
"""Files of a library that are compared with a server's paths."""


def check_path_mapping(
    configuration: Configuration, name: str, server: MediaServer
) -> Iterator[CheckResult]:
    """Check that a file of a server exists here and maps back; else suggest a mapping."""
    subject = f"paths of server {name}"
    try:
        samples = call_with_timeout(name, server.sample_paths, TIMEOUT_SECONDS)
    except SubtitledError as error:
        yield CheckResult(subject, False, error.message, error.hint)
        return
    if not samples:
        return
    local_paths = [(path, server.to_local(path)) for path in samples]
    for path, local_path in local_paths:
        if local_path.is_file():
            mapped_back = server.to_server(local_path)
            is_same = mapped_back == path
            yield CheckResult(
                subject,
                is_same,
                f"its {path} is {local_path} here"
                + ("" if is_same else f", which maps back to {mapped_back}"),
                f"Put the pair that fits first in servers.{name}.path_map",
            )
            return
    pairs = suggest_mapping(samples, _iter_media(configuration))
    if pairs:
        pairs_text = ", ".join(f"['{local}', '{remote}']" for local, remote in pairs)
        hint = f"Set servers.{name}.path_map = [{pairs_text}]"
    else:
        hint = (
            "If it has other libraries than we have, ignore this; else set path_map to the names "
            "of its folders here"
        )
    yield CheckResult(subject, False, f"its {samples[0]} is not here ({local_paths[0][1]})", hint)


def suggest_mapping(
    server_paths: Sequence[str], local_paths: Iterable[Path]
) -> list[tuple[str, str]]:
    """Suggest pairs of (our folder, its folder) that map most of a server's paths to our files.

    A server path is matched with the local path that shares the most names at its end. The folders
    before those names are the pair.
    """
    by_name = dict[str, list[Path]]()
    file_names = {path_parts(path)[-1] for path in server_paths}
    for local_path in local_paths:
        if local_path.name in file_names:
            by_name.setdefault(local_path.name, []).append(local_path)
    votes = Counter[tuple[str, str]]()
    for path in server_paths:
        server_parts = path_parts(path)
        candidates = by_name.get(server_parts[-1], [])
        lengths = [_common_tail_length(candidate.parts, server_parts) for candidate in candidates]
        longest = max(lengths, default=0)
        best = [path_ for path_, n in zip(candidates, lengths, strict=True) if n == longest]
        if len(best) == 1:
            votes[(str(best[0].parents[longest - 1]), ancestor(path, longest))] += 1
    # Narrow folders come first, because the first pair that fits is used.
    return sorted(votes, key=lambda pair: (-len(pair[0]), pair))


def _common_tail_length(first: tuple[str, ...], second: tuple[str, ...]) -> int:
    """Count the names that two paths share at their ends. Roots do not count."""
    pairs = zip(reversed(first[1:]), reversed(second[1:]), strict=False)
    return sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], pairs))


def _iter_media(configuration: Configuration) -> Iterator[Path]:
    for library in configuration.settings.libraries.values():
        if library.path.is_dir():
            yield from (
                path for path, _ in itertools.islice(scan(library.path, library), MAX_SAMPLE_FILES)
            )
