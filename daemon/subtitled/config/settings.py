"""Settings of the configuration: every key with its type, default and meaning.

Tests compare ``config.example.toml`` and ``docs/configuration.md`` with it.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    model_validator,
)

from subtitled.plugin import LOCAL, Language

from .daemon_settings import DaemonSettings, ScheduleSettings, ThrottleSettings
from .delivery_settings import IngestSettings, ProjectSettings
from .egress_settings import AllowedDestinations, BudgetSettings, PriceSettings
from .library_settings import (
    ORIGINAL,
    CueSettings,
    FilenameSettings,
    GlossarySettings,
    LanguagePair,
    MakerName,
    RouteSettings,
    SourceSettings,
    SpokenLanguage,
    SummarySettings,
    WantedLanguage,
)
from .types import ConfigPath, Seconds, Section, SubtitleFormat, TrackNumber
from .web_settings import WebSettings

VIDEO_EXTENSIONS: tuple[str, ...] = tuple(
    (
        "mkv mp4 m4v avi mov webm ts m2ts mts mpg mpeg vob wmv flv ogv 3gp divx asf mxf "
        "rm rmvb mk3d 3g2 f4v m2t mpe ogm qt tp trp wtv dvr-ms"
    ).split()
)
AUDIO_EXTENSIONS: tuple[str, ...] = tuple(
    "mp3 flac m4a m4b aac ogg oga opus wav wma mka aif aiff caf w64 wv".split()
)


class ExistingSubtitleSettings(Section):
    """``[libraries.NAME.counts_as_existing]``: what counts as having a subtitle already."""

    sidecars: bool = Field(True, description="Subtitle files beside the media file count.")
    embedded_text: bool = Field(True, description="Text subtitles inside the media file count.")
    embedded_images: bool = Field(
        False, description="Image subtitles (PGS, VobSub) inside the media file count."
    )
    forced: bool = Field(False, description="Forced subtitles count.")
    sdh: bool = Field(True, description="Subtitles for the hard of hearing count.")


class LibrarySettings(Section):
    """``[libraries.NAME]``: one folder of media files, and which subtitles it gets."""

    path: ConfigPath = Field(description="The folder. Its subfolders belong to it.")
    languages: tuple[WantedLanguage, ...] = Field(
        (ORIGINAL,),
        min_length=1,
        description='Subtitles wanted, as BCP 47 tags; "original" is the language spoken.',
    )
    forced: tuple[WantedLanguage, ...] = Field(
        (),
        description="Languages of forced subtitles: sidecars with only the parts that are spoken "
        "in another language than most of the media file.",
    )
    bilingual: tuple[LanguagePair, ...] = Field(
        (),
        description="Pairs of languages of bilingual subtitles, the first above the second.",
    )
    formats: tuple[SubtitleFormat, ...] = Field(
        ("srt",),
        min_length=1,
        description="Formats to write: srt, vtt, ass, lrc (for music), ttml, json (words with "
        "times, in Whisper's format), txt.",
    )
    preferred_audio_languages: tuple[Language, ...] = Field(
        (),
        description="Preferred languages of the audio track, best first. Empty: the track with "
        "the default or original flag.",
    )
    tracks: tuple[TrackNumber, ...] = Field(
        (),
        description="The audio tracks that count, by their number from 1, such as the two of the "
        "original in a file that has its dubs on others. Empty: all.",
    )
    channels: tuple[TrackNumber, ...] = Field(
        (),
        description="The channels of each track that count, by their number from 1, such as 3 for "
        "the centre of 5.1. A track that has none of them is taken whole. Empty: all.",
    )
    assumed_language: SpokenLanguage | None = Field(
        None,
        description="The language spoken in media files of which nobody can tell it: no engine "
        "identifies it, and the audio track has no tag. Unset: their speech is not transcribed.",
    )
    hallucination_filter: bool = Field(
        True,
        description="Remove hallucinations: loops, credits, words without speech. `subtitled "
        "explain` shows each.",
    )
    snap_to_shots: bool = Field(
        False,
        description="Let cues begin and end at shot changes. For this the picture is decoded, "
        "which takes much longer than the audio.",
    )
    resync: bool = Field(
        False,
        description="At the end of each job, check the times of other people's subtitles by the "
        "speech that the job found, and write a copy with corrected times beside one where words "
        "prove that they are better. The original stays as it is.",
    )
    start_timecode: str = Field(
        "",
        pattern=r"^(\d{2}:\d{2}:\d{2}[:;]\d{2,3})?$",
        description="The timecode at which the programmes of this library begin, such as "
        "10:00:00:00, or 10:00:00;00 for drop-frame, for `explain`, exports and transcripts. "
        "Empty: the one that each media file states.",
    )
    sources: SourceSettings = Field(default_factory=lambda: SourceSettings())
    counts_as_existing: ExistingSubtitleSettings = Field(
        default_factory=lambda: ExistingSubtitleSettings()
    )
    cues: CueSettings = Field(default_factory=lambda: CueSettings())
    filenames: FilenameSettings = Field(default_factory=lambda: FilenameSettings())
    summaries: SummarySettings = Field(default_factory=lambda: SummarySettings())
    ingest: IngestSettings = Field(default_factory=lambda: IngestSettings())
    project: str = Field(
        "", description="The project whose settings take the place of these: `[projects.NAME]`."
    )
    engines: tuple[str, ...] = Field(
        (), description="Engines to use, first choice first. Empty: all that are configured."
    )
    routes: tuple[RouteSettings, ...] = Field(
        (),
        description="Rules that choose engines by language, duration, price and destination. "
        "The built-in rules follow, unless `engines` is set.",
    )
    second_opinion: bool = Field(
        False,
        description="Transcribe doubtful chunks (loops, low confidence, too few or too many words) "
        "again with the next engine, and keep the better transcript.",
    )
    second_reader: bool = Field(
        False,
        description="The person who approves a subtitle must not have edited it, so that two "
        "people have read each correction.",
    )
    translators: tuple[str, ...] = Field(
        (), description="Translators to use, first choice first. Empty: all that are configured."
    )
    glossaries: tuple[ConfigPath, ...] = Field(
        (), description="Glossary files of this library: CSV, TSV, JSON or TBX."
    )
    allowed_destinations: AllowedDestinations = Field(
        LOCAL,
        description="Where audio and text may be sent: nowhere (local), anywhere (any), or a list "
        "of destinations such as qwen:singapore; `subtitled plugins list` shows them.",
    )
    servers: tuple[str, ...] | None = Field(
        None, description="Media servers to notify. Unset: all that are configured."
    )
    subtitle_while_playing: tuple[str, ...] = Field(
        (),
        description="Media servers whose viewers get the subtitle of a film that lacks one while "
        "they watch it: its job comes first, from where they are, and the sidecar grows. Empty: "
        "films are subtitled as a whole, in the order of the queue. docs/admins/media-servers.md "
        "tells what each server and player can do.",
    )
    extensions: tuple[str, ...] = Field(
        VIDEO_EXTENSIONS + AUDIO_EXTENSIONS,
        description="File name extensions of media files, without the dot.",
    )
    ignore: tuple[str, ...] = Field(
        (".*",),
        description="Names of files and folders to ignore, with * and ? as in the shell. Case does "
        "not matter. Extras, samples and the folders of other programs need not be named.",
    )
    include_extras: bool = Field(
        False,
        description="Take extras in: trailers, samples, deleted scenes, interviews and the like, "
        "which are known by the names that Jellyfin, Plex, Kodi and Sonarr give them.",
    )
    priority: Literal["low", "normal", "high"] = Field(
        "normal",
        description="The share of this library while others have work too: high four times that "
        "of normal, low a quarter. It holds for files that are queued from now on.",
    )
    order: Literal["newest", "oldest"] = Field(
        "newest",
        description="Which of its waiting files come first: the newest, which are played soon, or "
        "the oldest. Files that were added in the same hour come in the order of their names.",
    )
    stability_delay: Seconds = Field(
        30.0, description="A file is processed when it has not changed for this time."
    )
    forget_missing_after: Seconds = Field(
        30 * 86400.0,
        description="A missing file is forgotten after this time. If it comes back earlier, its "
        "subtitles and transcripts are still known.",
    )
    on_human_subtitle: Literal["remove", "keep"] = Field(
        "remove",
        description="What happens to our subtitle when a human subtitle in the same language "
        "appears beside it: remove or keep. `subtitled undo` restores or removes it.",
    )
    translate_corrections: bool = Field(
        False,
        description="Whether translations follow by themselves when a person approves corrections "
        "of the text in the language spoken. Only the changed lines are sent to a translator. "
        "Without it they are marked, and a button, the API or `subtitled queue translate` does it.",
    )
    upgrade_made_by: tuple[MakerName, ...] = Field(
        (),
        description="Engines, models or translators whose subtitles are made again by what the "
        "library uses now, after all other work: `base`, `whisper` or `whisper/base`. What a "
        "person edited or approved stays, and so does what would get worse. `subtitled queue "
        "upgrade --dry-run` shows how much that is. Empty: none.",
    )
    watch: Literal["auto", "events", "poll", "off"] = Field(
        "auto",
        description="How new files are noticed between scans: by kernel events, by polling (for "
        "network shares), or not at all. Polling scans the library every minute, or less often if "
        "that would take more than a twentieth of the time.",
    )
    follow_symlinks: bool = Field(
        False,
        description="Follow symbolic links to files and folders in the same library. Such a "
        "library is polled.",
    )

    @classmethod
    def for_one_off(
        cls,
        base: LibrarySettings | None,
        *,
        path: Path,
        languages: Sequence[str],
        formats: Sequence[str],
        engine: str | None = None,
    ) -> LibrarySettings:
        """Build the settings with which a person has subtitles of one file made.

        Args:
            base: The library that the file is in, or None. All its settings hold, except those
                that say what is wanted.
            path: The folder of a file that is in no library.
            languages: The wanted languages, as in a configuration.
            formats: The wanted formats, as in a configuration.
            engine: The engine to use. Audio may then be sent to it, unless ``base`` forbids that.

        Raises:
            pydantic.ValidationError: A language or a format is unknown.
        """
        request = cls.model_validate(
            {
                "path": path,
                "languages": languages,
                "formats": formats,
                "engines": [engine] if engine else [],
                "allowed_destinations": "any" if engine else LOCAL,
                "servers": [],
            }
        )
        if base is None:
            return request
        wanted: dict[str, Any] = {
            "languages": request.languages,
            "formats": request.formats,
            "forced": (),
            "bilingual": (),
            "summaries": SummarySettings(),
            "servers": (),
        }
        if engine:
            wanted |= {"engines": request.engines, "routes": ()}
        return base.model_copy(update=wanted)


class ComponentSettings(BaseModel):
    """``[engines.NAME]``, ``[translators.NAME]``, ``[servers.NAME]`` and the like.

    ``plugin`` names the plugin. Its settings class validates all other keys of the section.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    plugin: str = Field("", description="The plugin to use. Default: the one called NAME.")

    @property
    def options(self) -> dict[str, Any]:
        """The keys that the plugin validates."""
        return dict(self.model_extra or {})


class PluginsSettings(BaseModel):
    """``[plugins]``: where plugins come from, and which are used for their hooks alone.

    Each table ``[plugins.NAME]`` enables a plugin, and has the settings of its hooks.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    enabled: tuple[str, ...] = Field(
        (),
        description="Plugins to load for their commands and event hooks. A section "
        "`[plugins.NAME]` does the same and has settings. A plugin that another section names is "
        "loaded anyway.",
    )
    folder: ConfigPath | None = Field(
        None,
        description="The folder of plugins of one file each: NAME.py is the plugin NAME. It is "
        "imported only if it is named. Default: plugins beside the configuration file.",
    )
    install: tuple[str, ...] = Field(
        (),
        description="What `subtitled plugins install` installs into the state folder: "
        "requirements as pip has them, or wheels, with * and ?. $SUBTITLED_PLUGINS adds more.",
    )

    @model_validator(mode="before")
    @classmethod
    def _check_sections(cls, value: Any) -> Any:
        for name, section in value.items() if isinstance(value, dict) else ():
            if name not in cls.model_fields and not isinstance(section, dict):
                close = difflib.get_close_matches(name, cls.model_fields, 1)
                hint = f"did you mean {close[0]}?" if close else f"write [plugins.{name}]"
                raise ValueError(f"{name} is no key, and no table of a plugin: {hint}")
        return value

    @property
    def sections(self) -> dict[str, dict[str, Any]]:
        """The plugins that are named, with the settings of their hooks."""
        named: dict[str, dict[str, Any]] = {name: {} for name in self.enabled}
        return named | dict(self.model_extra or {})


class AppSettings(Section):
    """The whole configuration."""

    daemon: DaemonSettings = Field(default_factory=lambda: DaemonSettings())
    schedule: ScheduleSettings = Field(default_factory=lambda: ScheduleSettings())
    throttle: ThrottleSettings = Field(default_factory=lambda: ThrottleSettings())
    web: WebSettings = Field(default_factory=lambda: WebSettings())
    libraries: dict[str, LibrarySettings] = Field(default_factory=dict)
    projects: dict[str, ProjectSettings] = Field(default_factory=dict)
    glossary: GlossarySettings = Field(default_factory=lambda: GlossarySettings())
    engines: dict[str, ComponentSettings] = Field(
        default_factory=lambda: {"whisper": ComponentSettings()}
    )
    translators: dict[str, ComponentSettings] = Field(default_factory=dict)
    servers: dict[str, ComponentSettings] = Field(default_factory=dict)
    notifiers: dict[str, ComponentSettings] = Field(default_factory=dict)
    endpoints: dict[str, ComponentSettings] = Field(default_factory=dict)
    plugins: PluginsSettings = Field(default_factory=lambda: PluginsSettings())
    budgets: dict[str, BudgetSettings] = Field(default_factory=dict)
    prices: dict[str, PriceSettings] = Field(default_factory=dict)
