"""What is known of a film, an episode or a lecture, beside what is said in it."""

from __future__ import annotations

from dataclasses import dataclass

from .language import Language


@dataclass(frozen=True, slots=True)
class Title:
    """One title, as a media server or a file beside the medium describes it."""

    name: str
    original_name: str = ""
    series: str = ""
    year: int | None = None
    original_language: Language | None = None
    people: tuple[str, ...] = ()
    """Names of who plays or speaks in it."""
    characters: tuple[str, ...] = ()
    """Names of whom they play."""
    plot: str = ""
