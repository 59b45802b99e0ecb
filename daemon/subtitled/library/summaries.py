"""Which summary of a medium is to be made, which not, and why."""

from __future__ import annotations

from subtitled.plugin import Language

from .coverage import WITHDRAWN
from .wishes import CanMake, Impossible, Material, SummaryWish


def about_summary(
    language: Language | None,
    files: tuple[str, ...],
    spoken: Language | None,
    can_make: CanMake,
    material: Material,
) -> SummaryWish | Impossible | str:
    """What is to be written in a language (None: the one spoken, which nobody knows yet), or why
    nothing can be, or need be. ``spoken`` is None as long as nobody has listened."""
    if language is None:
        missing = files
    else:
        there = {
            one.format: one
            for one in material.summaries
            if one.language is not None and one.language.serves(language) and not one.stale
        }
        missing = tuple(one for one in files if one not in there)
        if not missing:
            first = there[files[0]]
            taken = first.origin == WITHDRAWN
            return f"{first.where} was taken back by hand" if taken else f"there is {first.where}"
    if not material.writers:
        return Impossible("no translator that the library may use can write")
    if spoken is not None and can_make(spoken, spoken) is None:
        return Impossible(f"nothing configured hears {spoken}")
    reason = f"to be written by {material.writers[0]} as {', '.join(missing)}"
    return SummaryWish(language, missing, reason)
