"""``benchmark``: how fast each engine and model is on this machine."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import typer

from subtitled.config.load import Configuration
from subtitled.daemon.benchmark.advice import advise, describe_recommendation, to_dict
from subtitled.daemon.benchmark.candidates import (
    Candidate,
    Findings,
    Skipped,
    find_candidates,
)
from subtitled.daemon.benchmark.machine import Machine, describe_machine, read_machine
from subtitled.daemon.benchmark.measurements import Measurement, keep_measurement
from subtitled.daemon.benchmark.measuring import (
    estimate_price,
    find_speech,
    measure,
    sample_seconds,
)
from subtitled.daemon.benchmark.reading import count_threads
from subtitled.daemon.benchmark.speech import SpeechSample, prepare_sample, repeat_sample
from subtitled.db.database import Database
from subtitled.jobcontext.database import open_database
from subtitled.library.paths import to_known_path
from subtitled.plugin import SubtitledError
from subtitled.plugin.limits import read_file
from subtitled.routing.cost_estimate import record_first_speed

from .app import app, load_configuration
from .generate import read_spoken_language
from .output import FAILED, USAGE_ERROR, JsonOption, abort, echo, echo_json, echo_table, errors

MAX_TEXT_BYTES = 100_000
"""Largest file with the text of a minute."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """What the benchmark found so far."""

    machine: Machine
    sample: SpeechSample
    results: list[Measurement] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    failed: list[Skipped] = field(default_factory=list)
    kept_earlier: list[str] = field(default_factory=list)
    """What was disturbed, where an earlier measurement was not."""
    is_interrupted: bool = False


@app.command()
def benchmark(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            help="Engines or models to run, such as whisper or base. Default: all that are here.",
            show_default=False,
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(help="A media file of yours: a minute from its middle is transcribed."),
    ] = None,
    language: Annotated[
        str, typer.Option(help="With --file: the language that is spoken in it.")
    ] = "en",
    text: Annotated[
        Path | None,
        typer.Option(
            help="With --file: a text file with what is said in its first minute, which is then "
            "taken, to count errors.",
        ),
    ] = None,
    paid: Annotated[
        bool,
        typer.Option("--paid", help="Send the minute to the configured services, too."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --paid: do not ask before it is sent.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Measure how fast each engine and model on this machine is, and what to use.

    Nothing is downloaded. Engines whose model is not here are named and left out.
    """
    if text is not None and file is None:
        abort("--text needs --file", USAGE_ERROR)
    spoken = read_spoken_language(language)
    configuration = load_configuration()
    findings = find_candidates(configuration)
    chosen = _select(findings, names or [])
    with tempfile.TemporaryDirectory(prefix="subtitled-benchmark-") as folder:
        try:
            own = None if file is None else to_known_path(configuration.settings.libraries, file)
            sample = prepare_sample(Path(folder), own=own, language=spoken, text=_read_text(text))
        except (SubtitledError, OSError) as error:
            abort(error)
        run = _Run(machine=read_machine(), sample=sample)
        if not names:
            run.skipped += findings.skipped
        allowed = list(_with_consent(chosen, run, is_paid=paid, is_agreed=yes))
        with contextlib.closing(open_database(configuration)) as db:
            _measure_all(configuration, db, allowed, run, Path(folder))
        _report(configuration, findings, run, as_json=as_json)
    if run.is_interrupted or run.failed or not run.results:
        raise typer.Exit(FAILED)


def _select(findings: Findings, names: Sequence[str]) -> list[Candidate]:
    """Return the engines and models of some names, or abort if there is none of one."""
    if not names:
        return list(findings.candidates)
    chosen: list[Candidate] = []
    for name in names:
        matches = [
            one
            for one in findings.candidates
            if name in (one.configured.name, one.configured.model, one.label)
        ]
        if not matches:
            known = next((one for one in findings.skipped if name in one.label.split()), None)
            if known is not None:
                abort(f"{known.label}: {known.reason}. {known.hint}", USAGE_ERROR)
            there = ", ".join(one.label for one in findings.candidates) or "none"
            abort(f"no engine or model called {name!r} is here. Here are: {there}", USAGE_ERROR)
        chosen += [one for one in matches if one not in chosen]
    return chosen


def _read_text(path: Path | None) -> str | None:
    return None if path is None else read_file(path, MAX_TEXT_BYTES).decode("utf-8", "replace")


def _with_consent(
    candidates: Sequence[Candidate], run: _Run, *, is_paid: bool, is_agreed: bool
) -> Iterator[Candidate]:
    """Yield the candidates that may be run: services only if the user agrees to the price."""
    language = run.sample.language
    for candidate in candidates:
        if not candidate.knows(language):
            reason = f"it does not know {language.english_name}, which is spoken in the sample"
            hint = "To run it: subtitled benchmark --file FILM --language TAG"
            run.skipped.append(Skipped(candidate.label, reason, hint))
            continue
        if not candidate.is_service:
            yield candidate
            continue
        seconds = run.sample.audio.duration
        price = estimate_price(candidate, seconds)
        cost = "its price is not known" if price is None else f"at most {price[0]:.4f} {price[1]}"
        destination = candidate.configured.capabilities().destination
        told = f"{seconds:.0f} s of sound go to {destination}, {cost}"
        if not is_paid:
            hint = "To run it, too: subtitled benchmark --paid"
            run.skipped.append(Skipped(candidate.label, f"a service: {told}", hint))
            continue
        errors.print(f"{candidate.label}: {told}", markup=False)
        if is_agreed or typer.confirm("Send it?", default=False, err=True):
            yield candidate
        else:
            run.skipped.append(Skipped(candidate.label, "a service, and you did not agree", ""))


def _measure_all(
    configuration: Configuration,
    db: Database,
    candidates: Sequence[Candidate],
    run: _Run,
    folder: Path,
) -> None:
    """Run one candidate after the other, and keep each result at once."""
    threads = count_threads(configuration)
    identity = run.machine.identity(threads)
    seconds = sample_seconds(threads, configuration.settings.daemon.chunk_duration)
    try:
        long_sample = repeat_sample(run.sample, seconds, folder)
        activities = {}
        for candidate in candidates:
            free = read_machine().available_mb
            if not candidate.is_service and candidate.memory_mb > free:
                reason = f"it needs {candidate.memory_mb} MB of memory, and {free} MB are free"
                run.skipped.append(
                    Skipped(candidate.label, reason, "Choose a smaller model, or free memory")
                )
                continue
            sample = run.sample if candidate.is_service else long_sample
            errors.print(
                f"{candidate.label}: {sample.audio.duration:.0f} s of sound ...", markup=False
            )
            try:
                if sample.audio.path not in activities:
                    activities[sample.audio.path] = find_speech(configuration, sample)
                activity = activities[sample.audio.path]
                result = measure(configuration, candidate, sample, activity, db.egress_log)
            except SubtitledError as error:
                run.failed.append(Skipped(candidate.label, error.message, error.hint))
                continue
            if not keep_measurement(db.kv, identity, result):
                run.kept_earlier.append(result.label)
            if candidate.is_used:
                record_first_speed(db.kv, result.engine, result.speed)
            run.results.append(result)
    except KeyboardInterrupt:
        run.is_interrupted = True


def _report(configuration: Configuration, findings: Findings, run: _Run, *, as_json: bool) -> None:
    advice = advise(configuration, findings)
    if as_json:
        echo_json(
            {
                "machine": _machine_to_json(run.machine),
                "sample": {
                    "description": run.sample.description,
                    "language": str(run.sample.language),
                    "seconds": round(run.sample.audio.duration, 2),
                },
                "results": [result.to_dict() for result in run.results],
                "failed": [_skipped_to_json(one) for one in run.failed],
                "left_out": [_skipped_to_json(one) for one in run.skipped],
                "is_interrupted": run.is_interrupted,
                "recommendation": to_dict(advice),
            }
        )
        return
    for line in describe_machine(run.machine):
        echo(line)
    echo(f"speech: {run.sample.description}")
    echo_table(
        ("engine", "model", "sound a second", "processor", "memory", "loading", "word errors"),
        map(_row, run.results),
    )
    for result in run.results:
        if result.is_disturbed:
            kept = "; the earlier result counts" if result.label in run.kept_earlier else ""
            echo(
                f"{result.label}: other programs used {result.busy_share:.0%} of the processor "
                f"meanwhile, so it is faster than this{kept}; run it again when they rest"
            )
    for one in (*run.failed, *run.skipped):
        echo(". ".join(filter(None, (f"{one.label}: {one.reason}", one.hint))))
    if run.is_interrupted:
        echo("interrupted; the results so far are kept")
    elif not run.results:
        echo("nothing was measured")
    for subject, line in describe_recommendation(advice):
        echo(f"{subject}: {line}")


def _row(one: Measurement) -> tuple[str, ...]:
    rate = one.error_rate
    return (
        one.engine,
        one.model,
        f"{one.speed:.1f} s",
        _optional(one.processor_seconds, "{:.1f} s"),
        _optional(one.peak_memory_mb, "{:.0f} MB"),
        _optional(one.load_seconds, "{:.1f} s"),
        "not known" if rate is None else f"{rate:.1%} of {one.words}",
    )


def _optional(value: float | None, form: str) -> str:
    return "elsewhere" if value is None else form.format(value)


def _machine_to_json(machine: Machine) -> dict[str, object]:
    return {
        "processor": machine.processor,
        "cores": machine.cores,
        "cpu_limit": machine.cpu_limit,
        "instructions": list(machine.instructions),
        "memory_mb": machine.memory_mb,
        "available_mb": machine.available_mb,
        "memory_limit_mb": machine.memory_limit_mb,
        "graphics": list(machine.graphics),
    }


def _skipped_to_json(one: Skipped) -> dict[str, str]:
    return {"name": one.label, "reason": one.reason, "hint": one.hint}
