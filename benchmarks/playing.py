"""A film that somebody starts: the time to its first cue, and how far the subtitle stays ahead.

A film of 100 minutes (recordings of speech again and again) is started at minute 1, and at minute
40. The job of the film is run with the built-in Whisper base in a new state folder, as the daemon
runs it once it knows the viewer, for which it asks the media servers every 5 seconds. Each line
tells when the partial sidecar was replaced, how many cues it has, and how many seconds of the film
are in it without a gap ahead of where the viewer is by then.

*Processor* is the time of all our processes until then. On an idle machine with two cores the wall
time is about the same or less; beside other work only the processor time can be compared.

Takes about 3 minutes on 2 cores; ``--until 120`` ends each run after two minutes of the viewer.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from material import SPEECH, looped, own_folder, running
from subtitled.config.load import load_config
from subtitled.jobcontext.database import open_database
from subtitled.jobcontext.job import InlineRunner, Job
from subtitled.jobcontext.services import build_services
from subtitled.jobcontext.viewing import Viewers
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.pipeline import run_job
from subtitled.plugin import PlaybackSession, Sidecar
from subtitled.subtitles.formats import read_cues

MINUTES = 100
LOOPED = ("apollo11.mp3", "jfk.flac")
SLACK_SECONDS = 1.0
"""Seconds between two parts that are none: a part begins a moment after the viewer was seen."""


class EnoughError(BaseException):
    """The run has taken as long as was wanted."""


def main() -> None:
    """Print the lines of each run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, nargs="+", default=[1.0, 40.0])
    parser.add_argument("--until", type=float, default=90.0, help="seconds of each run")
    wanted = parser.parse_args()
    if not (SPEECH / LOOPED[0]).is_file():
        sys.exit(f"no recorded speech in {SPEECH}; name its folder in $SUBTITLED_TEST_SPEECH")
    with own_folder() as folder:
        sound = looped(list(LOOPED), MINUTES * 60, folder / "sound.flac")
        for minute in wanted.minutes:
            print(f"minute {minute:g}; {running()} threads of others run at the beginning")
            place = folder / f"{minute:g}"
            place.mkdir()
            film = place / "Film.flac"
            film.symlink_to(sound)
            for line in watch(film, place, minute * 60, wanted.until):
                print(line, flush=True)


class Polling(InlineRunner):
    """Runs steps at once, and has the media server say where the viewer is before each."""

    def __init__(self, film: Path, start: float, viewers: Viewers) -> None:
        self._film, self._start, self._viewers = film, start, viewers
        self._begin = time.monotonic()
        self.checkpoint()

    def checkpoint(self, engine: str = "") -> None:
        """Ask where the viewer is."""
        position = self._start + time.monotonic() - self._begin
        session = PlaybackSession(id="1", media=self._film, position=position)
        self._viewers.update("tv", [session])


def processor_seconds() -> float:
    """Return what this process and all its children have used, also those that have ended."""
    me = psutil.Process()
    times = me.cpu_times()
    used = times.user + times.system + times.children_user + times.children_system
    for child in me.children(recursive=True):
        try:
            of_child = child.cpu_times()
        except psutil.NoSuchProcess:
            continue
        used += of_child.user + of_child.system
    return used


def watch(film: Path, folder: Path, start: float, until: float) -> Iterator[str]:
    """Run the job of a film that somebody started, and yield what the viewer had when.

    Args:
        film: The film.
        folder: The folder of its run.
        start: Where the viewer starts, in seconds.
        until: Seconds after which the run ends.
    """
    config = folder / "config.toml"
    config.write_text(
        f'[daemon]\nstate_dir = "{folder}/state"\n'
        f'[libraries.films]\npath = "{folder}"\nsubtitle_while_playing = ["tv"]\n'
        '[servers.tv]\nplugin = "kodi"\nurl = "http://127.0.0.1:9"\n',
        "utf-8",
    )
    configuration = load_config(config)
    database = open_database(configuration)
    services = build_services(configuration, database)
    job = Job(
        media=film,
        library=configuration.settings.libraries["films"],
        fingerprint=content_fingerprint(film),
    )
    lines: list[str] = []
    begin, cpu = time.monotonic(), processor_seconds()

    def transcribed() -> set[tuple[float, float]]:
        """Return the parts of the film of which the words are stored, in seconds."""
        store, fingerprint = services.store, job.fingerprint
        return {
            (begins / 1000, ends / 1000)
            for track in store.tracks(fingerprint)
            for variant in store.variants(fingerprint, track)
            for begins, ends in store.stored_spans(fingerprint, track, variant)
        }

    def see(media: Path, sidecar: Sidecar, is_whole: bool) -> None:
        took = time.monotonic() - begin
        cues = read_cues(sidecar.path.read_bytes(), ".srt")
        reached = position = start + took
        for begins, ends in sorted(transcribed()):
            if begins <= reached + SLACK_SECONDS:
                reached = max(reached, ends)
        ahead = reached - position
        used = processor_seconds() - cpu
        whole = ", whole" if is_whole else ""
        lines.append(
            f"  {took:6.1f} s, processor {used:6.1f} s: "
            f"{len(cues)} cues, {ahead:.0f} s ahead{whole}"
        )
        if took > until:
            raise EnoughError

    services.viewers.show = see
    try:
        run_job(job, services, Polling(film, start, services.viewers))
    except EnoughError:
        pass
    finally:
        services.engines.close()
        database.close()
    yield from lines


if __name__ == "__main__":
    main()
