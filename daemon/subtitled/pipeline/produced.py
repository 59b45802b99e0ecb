"""What a job made for one requirement, and how."""

from __future__ import annotations

from dataclasses import dataclass

from subtitled.plugin import Subtitle
from subtitled.routing.production_plan import ProductionPath
from subtitled.routing.table import RouteKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Produced:
    """The result for one requirement: a subtitle and its path, or why there is none."""

    subtitle: Subtitle | None = None
    path: ProductionPath | None = None
    refused: tuple[str, ...] = ()
    """Why the paths before it failed, or why all did."""
    silent: bool = False
    """Whether no speech was recognised, which is no failure."""
    below: Subtitle | None = None
    """The second language of a bilingual subtitle."""
    below_path: ProductionPath | None = None
    approved_text: str = ""
    """Which approved text it was made from; empty if it was made from none."""
    below_approved_text: str = ""
    reading: str = ""
    """What corrections made of the speech that an engine translated; empty without any."""
    below_reading: str = ""

    @property
    def how(self) -> str:
        """A description of how it was produced, for people."""
        upper = ", ".join(filter(None, (f"{self.path}", self.approved_text, self.reading)))
        lower = ", ".join(
            filter(None, (f"{self.below_path}", self.below_approved_text, self.below_reading))
        )
        return upper + (f"; below it {lower}" if self.below else "")

    @property
    def is_translated_speech(self) -> bool:
        """Whether an engine translated speech for it."""
        paths = (self.path, self.below_path)
        return any(path is not None and translates_speech(path) for path in paths)


def translates_speech(path: ProductionPath) -> bool:
    """Return whether an engine translates speech on a path."""
    return any(
        part.route is not None and part.route.kind is RouteKind.TRANSLATE_SPEECH
        for part in path.segments
    )
