"""Settings of watch folders and projects: ``[libraries.NAME.ingest]`` and ``[projects.NAME]``."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .library_settings import CueSettings, WantedLanguage
from .types import ConfigPath, Section, SubtitleFormat, TrackNumber


class IngestSettings(Section):
    """``[libraries.NAME.ingest]``: the library is a watch folder. docs/admins/watch-folders.md."""

    ready_files: Literal["off", "optional", "required"] = Field(
        "off",
        description="Whether Film.ready.json or Film.ready.xml beside Film.mxf says what is "
        "wanted. required: a media file without one waits for it.",
    )
    done_folder: ConfigPath | None = Field(
        None,
        description="Where a finished media file is moved, with all files of its name. Outside of "
        "every library, on the same file system. Unset: it stays.",
    )
    failed_folder: ConfigPath | None = Field(
        None,
        description="The same for a media file of which no subtitle can be made. Unset: it stays.",
    )
    result_files: bool = Field(
        False,
        description="Write Film.result.json beside a finished media file: how it ended, and each "
        "subtitle with its hash, its engine and its quality control.",
    )

    @property
    def delivers(self) -> bool:
        """Check whether anything is done with finished files."""
        return self.result_files or bool(self.done_folder or self.failed_folder)


class ProjectSettings(Section):
    """``[projects.NAME]``: what is wanted for the files of a project, instead of their library's.

    A library names its project with ``project``, and a ready file may name another one.
    """

    languages: tuple[WantedLanguage, ...] | None = Field(
        None, min_length=1, description="Subtitles wanted. Unset: those of the library."
    )
    formats: tuple[SubtitleFormat, ...] | None = Field(
        None, min_length=1, description="Formats to write. Unset: those of the library."
    )
    glossaries: tuple[ConfigPath, ...] = Field(
        (), description="Glossary files, in addition to those of the library."
    )
    engines: tuple[str, ...] | None = Field(
        None, description="Engines to use, first choice first. Unset: those of the library."
    )
    translators: tuple[str, ...] | None = Field(
        None, description="Translators to use, first choice first. Unset: those of the library."
    )
    tracks: tuple[TrackNumber, ...] | None = Field(
        None, description="Audio tracks that count, from 1. Unset: those of the library."
    )
    channels: tuple[TrackNumber, ...] | None = Field(
        None, description="Channels of each track that count. Unset: those of the library."
    )
    cues: CueSettings | None = Field(
        None, description="Limits of cues. Unset: those of the library."
    )
