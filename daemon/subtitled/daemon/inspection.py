"""Inspecting one media file on request: its library, what it has and needs."""

from __future__ import annotations

from pathlib import Path

from subtitled.config.library_settings import ORIGINAL
from subtitled.config.load import Configuration
from subtitled.config.paths import resolve_state_dir
from subtitled.config.settings import LibrarySettings
from subtitled.db.database import Database
from subtitled.jobcontext.services import open_transcript_store
from subtitled.library.file_settings import settings_of_file
from subtitled.library.fingerprint import content_fingerprint
from subtitled.library.paths import library_containing
from subtitled.media.probe import probe_media
from subtitled.pipeline.planning import InspectionRequest, MediaReport, inspect_media
from subtitled.pipeline.source_correction import CorrectionRequests
from subtitled.plugin import SubtitleKind
from subtitled.policy.requirements import Requirement, SummaryRequirement

from .logs import display_line


def library_for(configuration: Configuration, path: Path) -> LibrarySettings:
    """Return the settings of the library that a path is in, else the defaults."""
    libraries = configuration.settings.libraries
    name = library_containing(path, libraries)
    return libraries[name] if name else LibrarySettings(path=path.parent)


def describe_libraries(configuration: Configuration) -> str:
    """List the libraries and their folders, for messages."""
    libraries = configuration.settings.libraries
    return (
        ", ".join(f"{name} in {display_line(library.path)}" for name, library in libraries.items())
        or "none"
    )


def inspect_file(configuration: Configuration, path: Path, db: Database) -> MediaReport:
    """Return what a media file has and what the policy decides about it.

    Raises:
        SubtitledError: It is not a media file, or has no audio.
        OSError: It cannot be read.
    """
    fingerprint = content_fingerprint(path)
    own = settings_of_file(configuration.settings, library_for(configuration, path), path)
    request = InspectionRequest(
        media=path,
        facts=probe_media(path),
        library=own.library,
        fingerprint=fingerprint,
        stated_language=own.spoken,
        corrections=CorrectionRequests.read(db, path, fingerprint),
        upgrades=tuple(db.upgrades.requested(path)),
    )
    transcripts = open_transcript_store(resolve_state_dir(configuration.settings))
    return inspect_media(request, configuration, transcripts, db.sidecars, db.judgements)


def describe_requirement(requirement: Requirement | SummaryRequirement) -> str:
    """Name a requirement for people: ``es``, ``en.forced``, ``en+es``, ``summary en``."""
    language = requirement.language or ORIGINAL
    if isinstance(requirement, SummaryRequirement):
        return f"summary {language}"
    kind = "" if requirement.kind is SubtitleKind.FULL else f".{requirement.kind}"
    second = f"+{describe_requirement(requirement.secondary)}" if requirement.secondary else ""
    return f"{language}{kind}{second}"
