"""Which engine leads in which language: the rules that come with subtitled.

Word error rates on Fleurs, from the technical report of Qwen3-ASR (arXiv 2601.21337; run by its
makers, model Flash-1208) next to those of Whisper large-v3 there. Qwen leads, with 2.1 to 7.2 %, in
zh en it ko es de ja pt fr vi id nl ru th tr pl, and in Cantonese; in ro da fi hi el ar sv fa cs fil
hu it has 10 to 22 % and Whisper large-v3 is the better. That is said of large-v3, and holds about
for turbo, which was made from it: smaller models of Whisper are worse there than Qwen is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageRanking:
    """A plugin, or only some of its models, and the languages in which it leads."""

    plugin: str
    languages: frozenset[str]
    models: frozenset[str] = frozenset()
    """Values of its setting ``model``; empty for all."""


RANKINGS = (
    LanguageRanking(
        "qwen", frozenset("zh yue en ja ko vi th id it es de pt fr nl ru tr pl".split())
    ),
    LanguageRanking(
        "whisper",
        frozenset("cs hu fil fa sv el hi da ro fi ar".split()),
        frozenset(("large-v3", "turbo")),
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A configured engine: its name, its plugin and its setting ``model``, if it has one."""

    name: str
    plugin: str
    model: str = ""


def ranked_engines(candidates: Sequence[Candidate]) -> list[tuple[frozenset[str], tuple[str, ...]]]:
    """Languages, and all the engines in the order in which they come for them.

    Only what changes something is said: an engine that is alone leads nobody.
    """
    ranked = []
    for ranking in RANKINGS:
        first = [one for one in candidates if _is_ranked(ranking, one)]
        unranked = [one for one in candidates if one not in first]
        if first and unranked:
            ranked.append((ranking.languages, tuple(one.name for one in (*first, *unranked))))
    return ranked


def _is_ranked(ranking: LanguageRanking, candidate: Candidate) -> bool:
    return candidate.plugin == ranking.plugin and (
        not ranking.models or candidate.model in ranking.models
    )
