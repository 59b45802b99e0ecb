"""Looking at one file as the daemon would, for the commands that tell of it."""

from __future__ import annotations

import os
from pathlib import Path

from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.ingest import library_containing
from subtitled.media.probe import probe_media
from subtitled.pipeline.planning import MediaReport, inspect_media
from subtitled.plugin import SubtitleKind
from subtitled.policy.requirements import Requirement, SummaryRequirement

from .output import display_path


def library_for(settings: Configuration, path: Path) -> LibrarySettings:
    """The library that a path lies in, else the default wishes."""
    name = library_containing(path, settings.settings.libraries)
    return settings.settings.libraries[name] if name else LibrarySettings(path=path.parent)


def to_known_path(settings: Configuration, path: Path) -> Path:
    """The path by which its library knows a file, however it was typed: from the current folder,
    with ``..`` in it, or past a link by which the library's folder is configured."""
    libraries = settings.settings.libraries
    absolute_path = Path(os.path.abspath(path))  # noqa: PTH100 - links stand: a library has them in its paths
    if library_containing(absolute_path, libraries) is None:
        real = absolute_path.parent.resolve() / absolute_path.name
        for library in libraries.values():
            if real.is_relative_to(root := library.path.resolve()):
                return library.path / real.relative_to(root)
    return absolute_path


def describe_libraries(settings: Configuration) -> str:
    """The libraries and where they lie, for messages."""
    libraries = settings.settings.libraries
    return (
        ", ".join(f"{name} in {display_path(one.path)}" for name, one in libraries.items())
        or "none"
    )


def inspect_file(settings: Configuration, path: Path, db: Database) -> MediaReport:
    """What is there and what the policy says of it. Raises :class:`Problem` and ``OSError``."""
    return inspect_media(
        path,
        probe_media(path),
        library_for(settings, path),
        settings,
        fingerprint=content_fingerprint(path),
        transcripts=open_transcript_store(resolve_state_dir(settings.settings)),
        sidecars=db.sidecars,
    )


def describe_requirement(requirement: Requirement | SummaryRequirement) -> str:
    """What is wanted, for people: ``es``, ``en.forced``, ``en+es``, ``summary en``."""
    if isinstance(requirement, SummaryRequirement):
        return f"summary {requirement.language or 'original'}"
    kind = "" if requirement.kind is SubtitleKind.FULL else f".{requirement.kind}"
    below = f"+{describe_requirement(requirement.secondary)}" if requirement.secondary else ""
    return f"{requirement.language or 'original'}{kind}{below}"
