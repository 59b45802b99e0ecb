"""How far the predicted work of the next 20 jobs is from the truth, by real jobs.

The embedded Whisper makes subtitles of 40 parts of speech, from 4 to 40 seconds long, one after the
other. After 20 of them the work of the next 20 is predicted as the daemon does, in seconds of the
clock. Other work on the machine changes those from one half to the other, so the same is said of
seconds of the processor. With ``--simulate`` no job is done: the same is said of simulated jobs of
whole films, 300 times for each kind.

Usage: python benchmarks/prediction.py [--simulate] [JOBS]
"""

from __future__ import annotations

import math
import random
import subprocess
import sys
from collections.abc import Callable

import psutil

from subtitled.jobs.prediction import MeasuredRun, fit_speed, predict_work

REPEATS = 300
HALF = 20
SHORTEST, LONGEST = 4.0, 40.0
"""Seconds of sound of the parts."""
RECORDINGS = ("sonnet.en.mp3", "apollo11.mp3", "jfk.flac")
KINDS: dict[str, Callable[[random.Random], float]] = {
    "episodes and films": lambda chance: chance.choice((1320.0, 2640.0, 5400.0, 7800.0)),
    "a minute to four hours": lambda chance: math.exp(
        chance.uniform(math.log(60), math.log(14400))
    ),
    "clips": lambda chance: chance.uniform(10.0, 300.0),
    "one length": lambda chance: 2700.0 + chance.uniform(-30.0, 30.0),
}


def simulate() -> None:
    """Print the error of predictions by kind of library, with and without lengths that lie."""
    print("kind, lies: median error, 90 %, within 25 %, truth in the range")
    for kind, length in KINDS.items():
        for lies in (0, 3):
            errors, inside = [], 0
            for seed in range(REPEATS):
                chance = random.Random(seed)
                jobs = [_simulated_job(chance, length(chance)) for _ in range(2 * HALF)]
                told = [
                    MeasuredRun(job.sound_seconds * 8.0, job.work_seconds) if n < lies else job
                    for n, job in enumerate(jobs[:HALF])
                ]
                error, is_inside = _compare(told, jobs[HALF:])
                errors.append(error)
                inside += is_inside
            errors.sort()
            near = sum(error < 0.25 for error in errors) / REPEATS
            print(
                f"{kind}, {lies} of {HALF}: {errors[REPEATS // 2]:.1%}, "
                f"{errors[REPEATS * 9 // 10]:.1%}, {near:.1%}, {inside / REPEATS:.1%}"
            )


def _simulated_job(chance: random.Random, length: float) -> MeasuredRun:
    speech, busy = chance.uniform(0.6, 1.4), chance.lognormvariate(0.0, 0.15)
    return MeasuredRun(length, (4.0 + length * speech / 12.0) * busy)


def _compare(done: list[MeasuredRun], next_ones: list[MeasuredRun]) -> tuple[float, bool]:
    """Return the relative error of a prediction, and whether the truth is in its range."""
    fit = fit_speed(done)
    assert fit is not None
    work = predict_work(fit, len(next_ones), sum(job.sound_seconds for job in next_ones))
    truth = sum(job.work_seconds for job in next_ones)
    return abs(work.expected / truth - 1.0), work.low <= truth <= work.high


def measure(number: int) -> None:
    """Do real jobs, measured as the daemon does, and print prediction and truth."""
    from material import looped, own_folder
    from subtitled.config.load import load_config
    from subtitled.config.settings import LibrarySettings
    from subtitled.db.database import Database
    from subtitled.db.records import FileRecord, FileState
    from subtitled.jobcontext.job import InlineRunner, Job
    from subtitled.jobcontext.services import build_services
    from subtitled.jobs.job_meter import JobMeter
    from subtitled.library.fingerprint import content_fingerprint
    from subtitled.pipeline.pipeline import run_job

    chance, runs, processor_runs = random.Random(7), [], []
    with own_folder() as folder:
        (folder / "config.toml").write_text(f'[daemon]\nstate_dir = "{folder}/state"\n')
        configuration = load_config(folder / "config.toml")
        database = Database(folder / "subtitled.sqlite")
        services = build_services(configuration, database)
        speech = looped(list(RECORDINGS), LONGEST * number, folder / "speech.flac")
        library = LibrarySettings.for_one_off(None, path=folder, languages=["en"], formats=["srt"])
        for place in range(number):
            seconds = math.exp(chance.uniform(math.log(SHORTEST), math.log(LONGEST)))
            media = folder / f"{place}.flac"
            cut = ["-ss", f"{place * LONGEST}", "-t", f"{seconds}", "-i", speech, media]
            subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", *cut], check=True)
            job = Job(media=media, library=library, fingerprint=content_fingerprint(media))
            record = FileRecord(
                id=place,
                library="speech",
                path=media,
                size=media.stat().st_size,
                mtime_ns=media.stat().st_mtime_ns,
                state=FileState.QUEUED,
                stable_since=0.0,
                duration=seconds,
            )
            meter = JobMeter(services, record, job.fingerprint)
            before = _processor_seconds()
            run = meter.finish(record, run_job(job, services, InlineRunner()))
            meter.close()
            if run is not None:
                used = _processor_seconds() - before
                runs.append(MeasuredRun(run.sound_seconds, run.work_seconds))
                processor_runs.append(MeasuredRun(run.sound_seconds, used))
                print(
                    f"{run.sound_seconds:5.1f} s of sound: {run.work_seconds:.1f} s, "
                    f"{used:.1f} s of the processor",
                    flush=True,
                )
        services.engines.close()
        database.close()
    _say("clock", runs)
    _say("processor", processor_runs)


def _processor_seconds() -> float:
    """Return the processor time of this process and its children, which live on."""
    own = psutil.Process()
    times = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def _say(measure: str, runs: list[MeasuredRun]) -> None:
    """Print how far the second half of some jobs is from what the first half predicts."""
    half = len(runs) // 2
    error, is_inside = _compare(runs[half - 1 :: -1], runs[half:])
    fit = fit_speed(runs[half - 1 :: -1])
    assert fit is not None
    truth = sum(run.work_seconds for run in runs[half:])
    print(
        f"{measure}, whisper base: {fit.fixed_seconds:.1f} s and {fit.work_per_sound:.3f} s for "
        f"each second; "
        f"the next {len(runs) - half} jobs took {truth:.0f} s; "
        f"error {error:.1%}, {'in' if is_inside else 'outside'} the range"
    )


if __name__ == "__main__":
    if "--simulate" in sys.argv:
        simulate()
    else:
        measure(int(next((word for word in sys.argv[1:] if word.isdigit()), 2 * HALF)))
