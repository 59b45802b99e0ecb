"""``explain``: all that is known and decided about one file."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from subtitled.config.load import Configuration
from subtitled.config.places import state_dir
from subtitled.glossary.selection import vocabulary_of
from subtitled.jobcontext.services import open_ledger, transcripts_in
from subtitled.library.coverage import Existing
from subtitled.library.identity import content_id
from subtitled.library.intake import library_of
from subtitled.library.records import FileState
from subtitled.library.sidecars import Fate
from subtitled.library.tellings import Stage
from subtitled.library.wishes import Wish
from subtitled.pipeline.planning import Examination
from subtitled.plugin import Problem
from subtitled.routing.production_plan import planned
from subtitled.service.doctor import watched
from subtitled.subtitles.formats import read
from subtitled.subtitles.formats.clock import shown as clock
from subtitled.subtitles.ownership import Whose
from subtitled.subtitles.publish import file_sha256
from subtitled.translation.consistency import missed
from subtitled.translation.store import notes

from .app import app, configuration
from .daemon import Json
from .looking import as_known, examined, library_for, named
from .output import FAILED, errors, say, say_json, shown

STAGES = {
    Stage.WAITING: "is told when its time comes",
    Stage.TOLD: "is asked soon whether it shows it",
    Stage.CONFIRMED: "shows it",
    Stage.UNSAID: "cannot say whether it shows it",
    Stage.MISSED: "does not show it",
}
"""How far a server knows of what changed, in words."""


@app.command()
def explain(
    file: Annotated[Path, typer.Argument(help="A media file.")], as_json: Json = False
) -> None:
    """Everything that is known and decided about one file."""
    settings = configuration()
    path = as_known(settings, file)
    library = library_of(path, settings.settings.libraries)
    told: dict[str, Any] = {
        "path": path,
        "library": library,
        "watched": watched(settings, library) if library else None,
        "remembered": _remembered(settings, path),
        "written": _written(settings, path),
        "servers": _told(settings, path),
    }
    try:
        told |= _seen(settings, path)
    except (Problem, OSError) as problem:
        told["problem"] = str(problem)
    if as_json:
        say_json(told)
    else:
        _say_told(told)
    if "problem" in told:
        raise typer.Exit(FAILED)


def _remembered(settings: Configuration, path: Path) -> dict[str, Any] | None:
    record = open_ledger(settings).get(path)
    if record is None:
        return None
    return {
        "state": str(record.state),
        "worker": record.worker if record.state is FileState.WORKING else None,
        "reason": record.reason,
        "cure": record.cure,
        "attempts": record.attempts,
        "crashes": record.crashes or None,
        "missing_since": _when(record.missing_since),
        "was": record.was and str(record.was),
        "next_try": _when(record.next_try_at),
    }


def _when(moment: float | None) -> str | None:
    """Seconds since 1970 as a date for people."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(moment)) if moment else None


def _written(settings: Configuration, path: Path) -> list[str]:
    """Every sidecar that we wrote for a file, and what became of it."""
    sidecars = open_ledger(settings).sidecars
    said = []
    for one in sidecars.of_medium(path):
        became: str = one.fate
        if one.fate is Fate.YIELDED:
            became = "taken away, somebody else's came; bring it back with: subtitled undo"
        elif one.fate is Fate.TAKEN_BACK:
            became = "taken back by hand; make it again with: subtitled queue retry"
        elif file_sha256(one.path) is None:
            became = "gone"
        elif (whose := sidecars.whose(one.path)) is not Whose.OURS:
            became = (
                "edited by somebody since: it is never touched" if whose is Whose.EDITED else whose
            )
        said.append(f"{shown(one.path)}: {one.recipe}, {_when(one.made_at)}; {became}")
    return said


def _told(settings: Configuration, path: Path) -> list[str]:
    """What each server was told of a file last: when, how, and whether it shows it."""
    said = []
    for one in open_ledger(settings).tellings.of_medium(path):
        configured = settings.servers.get(one.server)
        methods = configured.component.methods if configured else ()
        how = methods[one.method] if one.method < len(methods) else "told"
        when = f"{how} {_when(one.told_at)}" if one.told_at else "not told yet"
        ending = STAGES[one.stage] + (f": {one.detail}" if one.detail else "")
        said.append(f"{one.server}: {when}; {ending}")
    return said


def _seen(settings: Configuration, path: Path) -> dict[str, Any]:
    seen = examined(settings, path, open_ledger(settings))
    choice, facts = seen.choice, seen.facts
    store, content = transcripts_in(state_dir(settings.settings)), content_id(path)
    listened = store.listened(content, choice.track.index)
    retimed = store.retimed(content, choice.track.index)
    spoken = f"{listened.language}: {listened.why}" if listened and listened.language else None
    ways = {}
    heard = seen.spoken or choice.track.language
    order = seen.routes.order(heard)
    for wish in seen.decision.make:
        ways[named(wish)] = _ways(seen, wish)
    ways |= {named(summary): summary.reason for summary in seen.decision.summaries}
    return {
        "seconds": round(facts.duration, 3),
        "audio": [
            f"track {t.index}: {t.language} {t.title}".rstrip()
            + (" (chosen: " + choice.reason + ")" if t.index == choice.track.index else "")
            for t in facts.audio
        ],
        "passed_over": [f"track {index}: {why}" for index, why in choice.passed_over],
        "subtitles": [
            f"{e.language or '?'}{f'+{e.below}' if e.below else ''} {e.kind} {e.origin} {e.where}"
            + _whose(e)
            for e in seen.existing
        ],
        "summaries": [
            f"{e.language} {e.origin} {e.where}{_whose(e)}" for e in seen.material.summaries
        ],
        "spoken": spoken,
        "earlier_version": str(retimed) if retimed else None,
        "vocabulary": _vocabulary(settings, path, seen),
        "left_out": [
            f"{clock(gone.start, '.')} {gone.text} ({gone.reason}; {recipe})"
            for recipe, removals in store.removals(content, choice.track.index).items()
            for gone in removals
        ],
        "engines": f"{', then '.join(order.names) or 'none'} ({order.why})",
        "stretches": [
            f"{clock(at.start, '.')}-{clock(at.end, '.')} {course}"
            for at, course in store.courses(content, choice.track.index)
        ],
        "not_translated": [
            f"{clock(one.start, '.')} {one.text} ({one.reason}; {recipe})"
            for recipe, said in notes(store.track_folder(content, choice.track.index)).items()
            for one in said
        ],
        "make": ways,
        "reasons": list(seen.decision.reasons),
    }


def _ways(seen: Examination, wish: Wish) -> str:
    """The ways to a wish, the first first, as far as they are known."""
    target = wish.language or seen.spoken
    if target is None:
        return wish.reason
    ways = planned(seen.routes, wish, target, seen.material.foreign).attempts
    said = "; else ".join(dict.fromkeys(map(str, ways))) or wish.reason
    return f"{said}; below it: {_ways(seen, wish.below)}" if wish.below else said


def _vocabulary(settings: Configuration, path: Path, seen: Examination) -> list[str]:
    """What is wrong in the glossaries of a file, and where its translations go against them."""
    known = vocabulary_of(path, library_for(settings, path), settings)
    told = [str(mistake) for mistake in known.mistakes]
    store, content, track = (
        transcripts_in(state_dir(settings.settings)),
        content_id(path),
        seen.choice.track.index,
    )
    if seen.spoken is None:
        return told
    whole = [store.joined(content, track, one) for one in store.recipes(content, track)]
    said = next((one for one in whole if one and one.language.serves(seen.spoken)), None)
    for one in seen.existing:
        terms = known.binding(seen.spoken, one.language) if one.language else []
        if not (said and one.language and one.ours and terms and one.is_text):
            continue
        if one.language.serves(seen.spoken) or one.format in ("txt", "lrc"):
            continue
        cues = read((path.parent / one.where).read_bytes(), one.format)
        told += [
            f"{one.where}: at {clock(gone.time, '.')} {gone.said!r} is not called {gone.wanted!r}"
            for gone in missed(said.words, cues, terms, seen.spoken, one.language)
        ]
    return told


def _whose(existing: Existing) -> str:
    """Whose a subtitle is, in brackets."""
    if existing.stale:
        return " (ours, of another version of the file; it is replaced)"
    if existing.edited:
        return " (ours once, edited by somebody since; it is never touched)"
    return " (ours)" if existing.ours else ""


def _say_told(told: dict[str, Any]) -> None:
    say(shown(told["path"]))
    for key, value in told.items():
        if key == "path" or value in (None, [], {}, ""):
            continue
        if isinstance(value, dict):
            value = [f"{name}: {said}" for name, said in value.items() if said not in (None, "")]
        if isinstance(value, list):
            say(f"{key}:")
            for line in value:
                say(f"  {line}")
        elif key == "problem":
            errors.print(f"problem: {value}", markup=False, style="red")
        else:
            say(f"{key}: {value}")
