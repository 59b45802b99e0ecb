"""Which models translate a pair of languages: one, or two through a pivot language."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from subtitled.plugin import Language

from .packages import Package

Route = tuple[Package, ...]
"""The models in the order in which they are used."""


def find_route(
    packages: Sequence[Package], source: Language, target: Language, pivot: Language | None
) -> Route:
    """Find the models for a pair of languages.

    Args:
        packages: The models, best first.
        source: The language of the lines.
        target: The language to translate into.
        pivot: The language through which a pair without a model is translated.

    Returns:
        One model, else two, else none.
    """
    from_source = [package for package in packages if source.satisfies(package.source)]
    into_target = [package for package in packages if package.target.satisfies(target)]
    for package in from_source:
        if package in into_target:
            return (package,)
    if pivot is None:
        return ()
    for first, second in itertools.product(from_source, into_target):
        if first.target.satisfies(pivot) and second.source.satisfies(pivot):
            return first, second
    return ()


def list_pairs(
    packages: Iterable[Package], pivot: Language | None
) -> frozenset[tuple[Language, Language]]:
    """List the pairs of languages that some models translate, also through a pivot language."""
    direct = {package.pair for package in packages}
    if pivot is None:
        return frozenset(direct)
    sources = {source for source, target in direct if target.satisfies(pivot)}
    targets = {target for source, target in direct if source.satisfies(pivot)}
    pivoted = {pair for pair in itertools.product(sources, targets) if pair[0] != pair[1]}
    return frozenset(direct | pivoted)
