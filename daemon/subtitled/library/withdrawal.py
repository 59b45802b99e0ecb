"""Taking away what we wrote, and bringing it back: when somebody else's came, or by hand.

What is taken away is kept in the state folder, so that it can be brought back as it was. Only what
we wrote, as we wrote it, is ever taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from subtitled.config.settings import ExistingSettings
from subtitled.plugin import Language
from subtitled.subtitles.ownership import Provenance
from subtitled.subtitles.publish import Foreign, file_sha256, publish, retract

from .coverage import SIDECAR, Existing, counts
from .ledger import Ledger
from .sidecars import Fate, SidecarRecord


@dataclass(frozen=True, slots=True)
class Undone:
    """What became of one sidecar, in words."""

    path: Path
    what: str


class Withdrawal:
    """Takes sidecars away and brings them back, over a ledger and its state folder."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._folder = ledger.path.parent / "withdrawn"

    def give_way(
        self,
        medium: Path,
        existing: Sequence[Existing],
        spoken: Language | None,
        rules: ExistingSettings,
    ) -> list[Path]:
        """Take away what is no longer needed since somebody else's came; what was taken.

        Only what came later counts: ours was made because, at that time, nothing else was there
        that counted. What a person asked for stays.
        """
        taken = []
        for ours, others in redundant(existing, spoken, rules):
            path = medium.with_name(ours.where)
            known = self._ledger.sidecars.get(path)
            if known is None or known.by_hand or known.medium != medium:
                continue
            later = any(_arrived(medium.with_name(o.where)) > known.made_at for o in others)
            if later and self._take(known, Fate.YIELDED):
                taken.append(path)
        return taken

    def take_back(self, wanted: Sequence[SidecarRecord]) -> list[Undone]:
        """Take away what we wrote, because a person said so."""
        return [Undone(known.path, self._taken_back(known)) for known in wanted]

    def bring_back(self, wanted: Sequence[SidecarRecord]) -> list[Undone]:
        """Bring back what was taken away. From then on a person has asked for it."""
        return [Undone(known.path, self._brought_back(known)) for known in wanted]

    def _taken_back(self, known: SidecarRecord) -> str:
        if known.fate is not Fate.THERE:
            self._ledger.sidecars.set_fate(known.path, Fate.TAKEN_BACK)
            return "was taken away before; it is not made again"
        if self._take(known, Fate.TAKEN_BACK):
            return "taken away"
        if file_sha256(known.path) is None:
            self._ledger.sidecars.set_fate(known.path, Fate.TAKEN_BACK)
            return "was gone already; it is not made again"
        return "left alone: somebody edited or replaced it"

    def _brought_back(self, known: SidecarRecord) -> str:
        kept = self._kept(known)
        try:
            content = kept.read_bytes()
        except FileNotFoundError:
            self._ledger.sidecars.forget(known.path)
            return "is no longer kept; it is made again"
        made = Provenance(
            content_id=known.content_id,
            name=known.path.name,
            language=known.language,
            kind=known.kind,
            format=known.format,
            recipe=known.recipe,
            made_at=known.made_at,
            sha256=known.sha256,
            size=len(content),
        )
        try:
            publish(known.path, content, ours=None, provenance=made)
        except Foreign:
            return "left away: somebody else's has its name now"
        self._ledger.sidecars.record(known.path, known.medium, made, by_hand=True)
        kept.unlink(missing_ok=True)
        return "brought back"

    def _take(self, known: SidecarRecord, fate: Fate) -> bool:
        """Take one away, kept first: a crash in between leaves it in both places."""
        try:
            content = known.path.read_bytes()
        except OSError:
            return False
        if self._ledger.sidecars.replaceable(known.path, known.content_id) != known.sha256:
            return False
        self._folder.mkdir(mode=0o700, exist_ok=True)
        publish(self._kept(known), content, ours=known.sha256)
        if not retract(known.path, known.sha256):
            return False
        self._ledger.sidecars.set_fate(known.path, fate)
        return True

    def _kept(self, known: SidecarRecord) -> Path:
        return self._folder / f"{known.sha256}.{known.format}"


def _arrived(path: Path) -> float:
    """When a file came to lie where it lies, or was last touched; in seconds since 1970.

    Not its time of modification, which downloads and copies bring with them.
    """
    try:
        return path.stat().st_ctime
    except OSError:
        return 0.0


def redundant(
    existing: Sequence[Existing], spoken: Language | None, rules: ExistingSettings
) -> list[tuple[Existing, tuple[Existing, ...]]]:
    """Sidecars of ours that somebody else's sidecars make needless: each with those that do.

    One that somebody edited is no reason to take others away: it was ours like they.
    """
    others = [
        (one, one.language or spoken)
        for one in existing
        if one.origin == SIDECAR and not one.ours and not one.edited
    ]
    found = []
    for ours in existing:
        if ours.origin != SIDECAR or not ours.ours or ours.language is None:
            continue
        instead = tuple(
            one
            for one, language in others
            if language
            and language.serves(ours.language)
            and one.shows_below(ours.below)
            and counts(one, rules, ours.kind)
        )
        if instead:
            found.append((ours, instead))
    return found
