"""What a job starts before its turn, because it takes long and is likely to be needed.

If it fails here, it is done again where it is needed, and its error is raised there. Nothing is
started for a media file that was analysed before.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import threading
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from subtitled.config.settings import LibrarySettings
from subtitled.jobcontext.services import Services
from subtitled.plugin import SubtitledError
from subtitled.plugin.confinement import confinement_problem
from subtitled.routing.language_identifiers import list_identifiers
from subtitled.routing.table import routing_for

if TYPE_CHECKING:
    from subtitled.jobcontext.context import JobContext

_log = logging.getLogger(__name__)

BACKGROUND_NICENESS = 19
"""The niceness of a thread whose work can wait. Engines have 10 by default, and come first."""


def start_engine_early(services: Services, library: LibrarySettings, fingerprint: str) -> None:
    """Start the engine that will identify the language, while the media file is probed.

    It starts only in free room: no other engine is ended for it. Whether ffmpeg can be confined is
    found out beside it.

    Args:
        services: What the job uses.
        library: What is wanted of the media file.
        fingerprint: The media file.
    """
    if not is_new(services, fingerprint):
        return
    for program in ("ffprobe", "ffmpeg"):
        if (executable := shutil.which(program)) is not None:
            run_in_background(f"confine {program}", partial(confinement_problem, executable))
    with contextlib.suppress(SubtitledError):
        identifiers = list_identifiers(routing_for(services.config, library))
        if identifiers:
            services.engines[identifiers[0].engine].preload(only_in_free_room=True)


def is_new(services: Services, fingerprint: str) -> bool:
    """Return whether no track of a media file was analysed."""
    return not services.store.tracks(fingerprint)


def prepare_glossary(ctx: JobContext) -> None:
    """Look for the glossary in the background."""
    run_in_background("glossary", lambda: ctx.glossary)


def prepare_language_check() -> None:
    """Load the model that identifies the language of a text, in the background.

    The engine, which is needed before, has the processor first.
    """
    from subtitled.subtitles.language_model import load_identifier, start_loading

    if start_loading():
        return

    def load() -> None:
        with contextlib.suppress(OSError):  # systems on which threads have no priority
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), BACKGROUND_NICENESS)
        load_identifier()

    run_in_background("language model", load)


def run_in_background(name: str, work: Callable[[], object]) -> None:
    """Do what is done again if it fails."""

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - raised where it is done again
            _log.debug("%s: %s", name, error)

    threading.Thread(target=run, name=name, daemon=True).start()
