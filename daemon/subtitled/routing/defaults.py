"""The default ranking of engines by language.

Word error rates on Fleurs, from the technical report of Qwen3-ASR (arXiv 2601.21337; run by its
makers, model Flash-1208), compared with those of Whisper large-v3 there. Qwen leads, with 2.1 to
7.2 %, in zh en it ko es de ja pt fr vi id nl ru th tr pl, and in Cantonese. In ro da fi hi el ar sv
fa cs fil hu it has 10 to 22 % and Whisper large-v3 is better. This is about large-v3 and roughly
holds for turbo, which was made from it. Smaller models of Whisper are worse there than Qwen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageRanking:
    """A plugin, or some of its models, and the languages in which it leads."""

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
    """Return groups of languages, each with all engines in their order.

    Only rankings that change the order are returned: a single engine needs none.
    """
    ranked = []
    for ranking in RANKINGS:
        first = [candidate for candidate in candidates if _is_ranked(ranking, candidate)]
        unranked = [candidate for candidate in candidates if candidate not in first]
        if first and unranked:
            ranked.append(
                (ranking.languages, tuple(candidate.name for candidate in (*first, *unranked)))
            )
    return ranked


def _is_ranked(ranking: LanguageRanking, candidate: Candidate) -> bool:
    return candidate.plugin == ranking.plugin and (
        not ranking.models or candidate.model in ranking.models
    )
