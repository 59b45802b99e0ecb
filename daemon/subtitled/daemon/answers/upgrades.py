"""What ``queue upgrade`` does: subtitles of ours that better engines make again, and what it costs.

Which engine is better is for people to say: they name what made the subtitles, and these are made
again by what the library uses now. Nothing is made again because the configuration changed.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from subtitled.config.load import Configuration
from subtitled.db.commands import CommandKind
from subtitled.db.database import Database
from subtitled.db.history import HistoryEntry, HistoryEvent
from subtitled.db.upgrades import UpgradeGroup, UpgradeTotal
from subtitled.plugin import InputRejectedError, Language
from subtitled.routing.cost_estimate import NO_COST, CostEstimate, engine_speeds, estimate
from subtitled.routing.makers import describe_maker, find_makers
from subtitled.routing.production_plan import paths_from_audio
from subtitled.routing.table import Route, RoutingTable, routing_for
from subtitled.subtitles.makers import MadeBy, Makers

_log = logging.getLogger(__name__)

UPGRADE, WITHDRAW_UPGRADES = "upgrade", "withdraw-upgrades"
"""The reasons of entries in the history."""


class UnknownMakerError(InputRejectedError):
    """Nothing that we wrote was made by what was named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeRow:
    """Subtitles of one library and language that the same made."""

    group: UpgradeGroup
    makers: Makers
    """What would make them now."""
    kept: str = ""
    """Why they are not made again; empty if they are."""

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON has it."""
        return {
            "library": self.group.library,
            "language": self.group.language,
            "made_by": str(self.group.makers),
            "would_be_made_by": str(self.makers),
            "files": self.group.files,
            "hours": round(self.group.seconds / 3600, 3),
            "kept": self.kept,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class UpgradeAnswer:
    """What is to be made again, and what is not."""

    rows: tuple[UpgradeRow, ...]
    total: UpgradeTotal
    """The files that are to be made again. Each counts once, whatever it has."""
    pending: UpgradeTotal
    """The files that wait for that already."""
    cost: CostEstimate = NO_COST
    """What it costs at most."""

    @property
    def chosen(self) -> list[UpgradeGroup]:
        """The groups that are to be made again."""
        return [row.group for row in self.rows if not row.kept]

    @property
    def shown_rows(self) -> list[UpgradeRow]:
        """The rows for people: those that differ only in the language spoken are one."""
        merged: dict[tuple[str, str, str, str, str], UpgradeRow] = {}
        for row in self.rows:
            group = row.group
            key = group.library, group.language, str(group.makers), str(row.makers), row.kept
            if (other := merged.get(key)) is not None:
                group = replace(
                    group,
                    spoken=None,
                    files=group.files + other.group.files,
                    seconds=group.seconds + other.group.seconds,
                )
            merged[key] = replace(row, group=group)
        return list(merged.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as JSON has it."""
        cost = self.cost
        return {
            "items": [row.to_dict() for row in self.shown_rows],
            "files": self.total.files,
            "hours": round(self.total.seconds / 3600, 3),
            "work_hours": None if cost.has_unknown_duration else round(cost.work_seconds / 3600, 3),
            "money": {currency: round(amount, 4) for currency, amount in cost.money.items()},
            "waiting": self.pending.files,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerCount:
    """How many files have subtitles of ours by the same makers, as one library."""

    library: str
    makers: Makers
    files: int = 0
    waiting: int = field(default=0)
    """How many of them are to be made again."""

    def to_dict(self) -> dict[str, Any]:
        """Return the count as JSON has it."""
        return {
            "library": self.library,
            "made_by": str(self.makers),
            "files": self.files,
            "waiting": self.waiting,
        }


def count_makers(db: Database, libraries: Collection[str]) -> list[MakerCount]:
    """Count what made our subtitles that nobody edited or approved, the most frequent first.

    A file with subtitles in several languages counts once for each.
    """
    numbers: dict[tuple[str, Makers], list[int]] = defaultdict(lambda: [0, 0])
    for group in db.upgrades.groups(libraries):
        counts = numbers[group.library, group.makers]
        counts[0] += group.files
        counts[1] += group.files * group.is_requested
    made = [
        MakerCount(library=library, makers=makers, files=counts[0], waiting=counts[1])
        for (library, makers), counts in numbers.items()
    ]
    return sorted(made, key=lambda count: (-count.files, count.library, str(count.makers)))


def plan_upgrades(
    configuration: Configuration, db: Database, made_by: Iterable[MadeBy], libraries: list[str]
) -> UpgradeAnswer:
    """Return what would be made again, by what, and what it would cost. Nothing is asked for.

    Args:
        configuration: The configuration.
        db: The database.
        made_by: What made the subtitles. Any of them counts.
        libraries: The libraries.

    Raises:
        UnknownMakerError: None of them made any.
    """
    meant = tuple(made_by)
    routings = {
        name: routing_for(configuration, configuration.settings.libraries[name])
        for name in libraries
    }
    groups = db.upgrades.groups(libraries)
    rows, routes = [], defaultdict[tuple[str, str | None], set[Route]](set)
    doubtful = []
    for group in groups:
        named = [
            one
            for one in meant
            if one.matches(group.makers.engine) or one.matches(group.makers.translator)
        ]
        if not named and any(one.may_mean(group.makers.engine) for one in meant):
            doubtful.append(_keep_unknown(group))
        if named:
            route, makers = _find_new_makers(configuration, routings[group.library], group)
            kept = _find_reason(named, group, makers)
            rows.append(UpgradeRow(group=group, makers=makers, kept=kept))
            if not kept and route is not None:
                routes[group.library, group.spoken].add(route)
    if meant and not rows:
        raise _unknown_maker(meant, db, libraries)
    chosen = [row.group for row in rows if not row.kept]
    return UpgradeAnswer(
        rows=(*rows, *doubtful),
        total=db.upgrades.total(chosen),
        pending=db.upgrades.pending(libraries),
        cost=_estimate(configuration, db, chosen, routings, routes),
    )


def _keep_unknown(group: UpgradeGroup) -> UpgradeRow:
    """Return the row of subtitles that the model that is meant may have made, or another one."""
    reason = f"its model is not known; {group.makers.engine} means these"
    return UpgradeRow(group=group, makers=Makers(), kept=reason)


def _find_new_makers(
    configuration: Configuration, routing: RoutingTable, group: UpgradeGroup
) -> tuple[Route | None, Makers]:
    """Return the best route to subtitles like these, and what makes them by it.

    What a human text was translated from is not looked for here. So the first translator counts.
    """
    if not group.makers.engine.name:
        name = next((name for name, _ in routing.translators), "")
        return None, Makers(translator=describe_maker(configuration.translators.get(name)))
    wanted = Language(group.language)
    spoken = Language(group.spoken) if group.spoken else wanted
    path = next(paths_from_audio(routing, spoken, wanted), None)
    if path is None:
        return None, Makers()
    return path.segments[0].route, find_makers(configuration, path)


def _find_reason(named: list[MadeBy], group: UpgradeGroup, makers: Makers) -> str:
    """Return why subtitles are not made again; empty if they are."""
    if not makers:
        return "nothing that is configured makes them"
    if not any(one.is_replaced(group.makers, makers) for one in named):
        return "what made them would make them now"
    if group.refused == str(makers):
        return "it was tried, and made nothing better or was taken back"
    return "to be made again already" if group.is_requested else ""


def _unknown_maker(
    meant: tuple[MadeBy, ...], db: Database, libraries: list[str]
) -> UnknownMakerError:
    names = " or ".join(f"{one}" for one in meant)
    return UnknownMakerError(f"nothing there was made by {names}", describe_makers(db, libraries))


def describe_makers(db: Database, libraries: list[str]) -> str:
    """Return what made our subtitles, with the number of files, in one line."""
    numbers: dict[str, int] = defaultdict(int)
    for count in count_makers(db, libraries):
        numbers[str(count.makers)] += count.files
    if not numbers:
        return "No subtitle of ours is known that nobody edited or approved"
    return "There is: " + ", ".join(f"{name} ({files})" for name, files in numbers.items())


def _estimate(
    configuration: Configuration,
    db: Database,
    chosen: list[UpgradeGroup],
    routings: dict[str, RoutingTable],
    routes: dict[tuple[str, str | None], set[Route]],
) -> CostEstimate:
    """Estimate the cost. Of a file with several languages the speech is transcribed once."""
    cost, speeds = NO_COST, engine_speeds(db.kv)
    for (library, spoken), used in routes.items():
        same = [one for one in chosen if (one.library, one.spoken) == (library, spoken)]
        cost += estimate(
            db.upgrades.total(same).seconds,
            list(used),
            routings[library],
            configuration.settings.prices,
            speeds,
        )
    return cost


def request_upgrades(
    configuration: Configuration,
    db: Database,
    made_by: Iterable[MadeBy],
    libraries: list[str],
    actor: str,
) -> UpgradeAnswer:
    """Ask for what :func:`plan_upgrades` returns to be made again. What waits, waits once.

    Args:
        configuration: The configuration.
        db: The database.
        made_by: What made the subtitles.
        libraries: The libraries.
        actor: Who asks; empty for the daemon itself.

    Raises:
        UnknownMakerError: None of them made any.
    """
    meant = tuple(made_by)
    answer = plan_upgrades(configuration, db, meant, libraries)
    if not answer.chosen:
        return answer
    db.upgrades.request(answer.chosen)
    db.commands.enqueue(CommandKind.WAKE_WAITING, None)
    details = {"made_by": [str(one) for one in meant], "files": answer.total.files}
    _add_history(db, libraries, UPGRADE, actor, details)
    return answer


def withdraw_upgrades(db: Database, libraries: list[str], actor: str) -> int:
    """Take back what was asked for, and end the jobs for it. Every subtitle stays as it is.

    Args:
        db: The database.
        libraries: The libraries.
        actor: Who asks.

    Returns:
        For how many files something was asked.
    """
    files = db.upgrades.withdraw(libraries).files
    if files:
        db.commands.enqueue(CommandKind.WAKE_WAITING, None)
        _add_history(db, libraries, WITHDRAW_UPGRADES, actor, {"files": files})
    return files


def _add_history(
    db: Database, libraries: list[str], reason: str, actor: str, details: dict[str, Any]
) -> None:
    db.history.add(
        *(
            HistoryEntry(
                event=HistoryEvent.REQUESTED,
                library=library,
                actor=actor,
                reason=reason,
                details=details,
            )
            for library in libraries
        )
    )


def request_configured_upgrades(configuration: Configuration, db: Database) -> None:
    """Ask for what the libraries want to be made again, and for what was asked and forgotten."""
    db.upgrades.requeue_forgotten()
    for name, library in configuration.settings.libraries.items():
        if not library.upgrade_made_by:
            continue
        meant = [MadeBy(text) for text in library.upgrade_made_by]
        try:
            answer = request_upgrades(configuration, db, meant, [name], "")
        except UnknownMakerError:
            continue  # all of it is made again by now
        if answer.total.files:
            _log.info("library %s: %d files are made again", name, answer.total.files)
