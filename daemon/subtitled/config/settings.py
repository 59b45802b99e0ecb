"""The shape of the configuration: every key, its type, its default and what it means.

``config.example.toml`` and ``docs/configuration.md`` are held to this by tests.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
)

from subtitled.plugin import Language

from .daemon_settings import DaemonSettings, ScheduleSettings, ThrottleSettings, WebSettings
from .library_settings import (
    AllowedDestinations,
    BudgetSettings,
    CueSettings,
    FilenameSettings,
    GlossarySettings,
    LanguagePair,
    PriceSettings,
    RouteSettings,
    SourceSettings,
    SummarySettings,
    WantedLanguage,
)
from .types import ConfigPath, Seconds, Section

SubtitleFormat = Literal["srt", "vtt", "ass", "lrc", "ttml", "json", "txt"]

VIDEO_EXTENSIONS: tuple[str, ...] = tuple(
    "mkv mp4 m4v avi mov webm ts m2ts mts mpg mpeg vob wmv flv ogv 3gp divx asf mxf".split()
)
AUDIO_EXTENSIONS: tuple[str, ...] = tuple("mp3 flac m4a m4b aac ogg oga opus wav wma mka".split())


class ExistingSubtitleSettings(Section):
    """``[libraries.NAME.counts_as_existing]``: what counts as having a subtitle already."""

    sidecars: bool = Field(True, description="Subtitle files beside the medium count.")
    embedded_text: bool = Field(True, description="Text subtitles inside the medium count.")
    embedded_images: bool = Field(
        False, description="Picture subtitles (PGS, VobSub) inside the medium count."
    )
    forced: bool = Field(False, description="Subtitles of foreign parts only count.")
    sdh: bool = Field(True, description="Subtitles for the hard of hearing count.")


class LibrarySettings(Section):
    """``[libraries.NAME]``: one folder of media and what its people read."""

    path: ConfigPath = Field(description="The folder. It is walked with everything below it.")
    languages: tuple[WantedLanguage, ...] = Field(
        ("original",),
        min_length=1,
        description='Subtitles wanted, as BCP 47 tags; "original" is the language spoken.',
    )
    forced: tuple[WantedLanguage, ...] = Field(
        (),
        description="Languages of sidecars that hold only what is said in another language than "
        "most of the medium, for people who understand that one.",
    )
    bilingual: tuple[LanguagePair, ...] = Field(
        (),
        description="Pairs of languages for sidecars that show both, the first above the second.",
    )
    formats: tuple[SubtitleFormat, ...] = Field(
        ("srt",),
        min_length=1,
        description="Kinds of file to write: srt, vtt, ass, lrc (for music), ttml, json (words "
        "with times, in Whisper's shape), txt.",
    )
    preferred_audio_languages: tuple[Language, ...] = Field(
        (),
        description="Preferred languages of the audio track, best first. Empty: the track that "
        "the file marks as default or original.",
    )
    hallucination_filter: bool = Field(
        True,
        description="Leave out what recognisers invent: loops, credits, words where nobody speaks; "
        "`subtitled explain` shows each.",
    )
    snap_to_shots: bool = Field(
        False,
        description="Let cues begin and end with the shots of the picture. The picture is decoded "
        "for it, which takes far longer than the sound.",
    )
    sources: SourceSettings = Field(default_factory=lambda: SourceSettings())
    counts_as_existing: ExistingSubtitleSettings = Field(
        default_factory=lambda: ExistingSubtitleSettings()
    )
    cues: CueSettings = Field(default_factory=lambda: CueSettings())
    filenames: FilenameSettings = Field(default_factory=lambda: FilenameSettings())
    summaries: SummarySettings = Field(default_factory=lambda: SummarySettings())
    engines: tuple[str, ...] = Field(
        (), description="Engines to use, first choice first. Empty: all that are configured."
    )
    routes: tuple[RouteSettings, ...] = Field(
        (),
        description="Rules by which engines are chosen: by language, length, price and "
        "destination. Those that come with subtitled follow, unless `engines` is set.",
    )
    second_opinion: bool = Field(
        False,
        description="What looks wrong (loops, little confidence, too few or too many words) is "
        "recognised again by the next engine, and the better kept.",
    )
    translators: tuple[str, ...] = Field(
        (), description="Translators to use, first choice first. Empty: all that are configured."
    )
    glossaries: tuple[ConfigPath, ...] = Field(
        (), description="Files of terms for this library: CSV, TSV, JSON or TBX."
    )
    allowed_destinations: AllowedDestinations = Field(
        "local",
        description="Where sound and text may be sent: nowhere (local), anywhere (any), or a list "
        "of destinations such as qwen:singapore; subtitled plugins list shows them.",
    )
    servers: tuple[str, ...] | None = Field(
        None, description="Media servers to tell. Unset: all that are configured."
    )
    extensions: tuple[str, ...] = Field(
        VIDEO_EXTENSIONS + AUDIO_EXTENSIONS,
        description="File name endings that are media, without the dot.",
    )
    ignore: tuple[str, ...] = Field(
        (
            ".*",
            "sample",
            "samples",
            "*-sample.*",
            "*-trailer.*",
            "trailers",
            "extras",
            "@eaDir",
            "#recycle",
            "$RECYCLE.BIN",
            "lost+found",
        ),
        description="Names of files and folders to leave alone; * and ? as in the shell, "
        "upper and lower case alike.",
    )
    stability_delay: Seconds = Field(
        30.0, description="A file is taken when it has not changed for so long."
    )
    forget_missing_after: Seconds = Field(
        30 * 86400.0,
        description="A file that is gone is forgotten after so long; until then it comes back "
        "as it was.",
    )
    on_human_subtitle: Literal["remove", "keep"] = Field(
        "remove",
        description="What becomes of a subtitle of ours when somebody else's in the same language "
        "arrives beside it: remove it, or keep it. subtitled undo brings it back or takes it away.",
    )
    watch: Literal["auto", "events", "poll", "off"] = Field(
        "auto",
        description="How new files are noticed between rescans: events of the kernel, "
        "polling for network shares, or not at all. Polling walks the library each minute, or, if "
        "it is large, as often as takes a twentieth of the time.",
    )
    follow_symlinks: bool = Field(
        False,
        description="Follow symbolic links to files and folders that lie in the library as well. "
        "Such a library is polled.",
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
            engine: The engine to use. Sound may then be sent to it, unless ``base`` forbids that.

        Raises:
            pydantic.ValidationError: A language or a format is unknown.
        """
        request = cls.model_validate(
            {
                "path": path,
                "languages": languages,
                "formats": formats,
                "engines": [engine] if engine else [],
                "allowed_destinations": "any" if engine else "local",
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
    """``[engines.NAME]``, ``[translators.NAME]``, ``[servers.NAME]``, ``[notifiers.NAME]``.

    ``plugin`` says which plugin; everything else in the section belongs to that plugin and is
    checked by its own schema.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    plugin: str = Field("", description="The plugin to use. Default: the one called NAME.")

    @property
    def options(self) -> dict[str, Any]:
        """What belongs to the plugin."""
        return dict(self.model_extra or {})


class EnabledPluginSettings(Section):
    """``[plugins]``: plugins that no other section names."""

    enabled: tuple[str, ...] = Field(
        (),
        description="Plugins to load for their commands and event hooks. A plugin that another "
        "section names is loaded anyway.",
    )


class AppSettings(Section):
    """The whole file."""

    daemon: DaemonSettings = Field(default_factory=lambda: DaemonSettings())
    schedule: ScheduleSettings = Field(default_factory=lambda: ScheduleSettings())
    throttle: ThrottleSettings = Field(default_factory=lambda: ThrottleSettings())
    web: WebSettings = Field(default_factory=lambda: WebSettings())
    libraries: dict[str, LibrarySettings] = Field(default_factory=dict)
    glossary: GlossarySettings = Field(default_factory=lambda: GlossarySettings())
    engines: dict[str, ComponentSettings] = Field(
        default_factory=lambda: {"whisper": ComponentSettings()}
    )
    translators: dict[str, ComponentSettings] = Field(default_factory=dict)
    servers: dict[str, ComponentSettings] = Field(default_factory=dict)
    notifiers: dict[str, ComponentSettings] = Field(default_factory=dict)
    plugins: EnabledPluginSettings = Field(default_factory=lambda: EnabledPluginSettings())
    budgets: dict[str, BudgetSettings] = Field(default_factory=dict)
    prices: dict[str, PriceSettings] = Field(default_factory=dict)
