"""``export``: write subtitles for broadcasters, editing programs and readers."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Annotated, Literal, cast, get_args

import typer

from subtitled.config.settings import AppSettings
from subtitled.library.file_settings import find_start
from subtitled.library.subtitle_names import find_language_in_name, find_media_beside
from subtitled.media.probe import MediaInfo, probe_media
from subtitled.media.timecode import MAX_RATE
from subtitled.plugin import (
    UNDETERMINED,
    InputRejectedError,
    Language,
    Subtitle,
    SubtitledError,
    SubtitleKind,
)
from subtitled.plugin.files import write_atomic
from subtitled.subtitles.broadcast.export import (
    TIMECODE_FORMATS,
    ExportFormat,
    MarkerFormat,
    Programme,
    choose_start,
    render_export,
    render_markers,
)
from subtitled.subtitles.broadcast.markers import MarkerKind, Timeline
from subtitled.subtitles.filenames import parse_sidecar_name
from subtitled.subtitles.formats import drop_unusable, read_subtitle

from .app import app, load_settings_alone
from .exported_text import DocumentFormat, ExportedText, read_words
from .output import FAILED, USAGE_ERROR, abort, display_path, echo, errors, make_output_folder
from .subtitle_files import parse_language_option, read_subtitle_bytes

AnyFormat = Literal[ExportFormat, MarkerFormat, DocumentFormat]
_FORMAT_NAMES = ", ".join(get_args(AnyFormat))
_COUNTING_FORMATS = frozenset({*TIMECODE_FORMATS, *get_args(DocumentFormat)})
"""The formats that care for timecode."""
_NO_DURATION = (
    "no media file says how long the programme is, so the segments end with the last cue. "
    "State its seconds with --duration"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What was typed: the format, and what is to be taken instead of what the media says."""

    fmt: AnyFormat
    media: Path | None
    start: str | None
    rate: float | None
    duration: float | None
    language: Language | None
    segment_seconds: float
    close_gaps: float | None
    marks: frozenset[MarkerKind]
    chapters: Path | None
    settings: AppSettings | None
    """The configuration; None of a format that does not care for timecode."""


@app.command()
def export(
    files: Annotated[list[Path], typer.Argument(help="Subtitle files with times.")],
    formats: Annotated[
        str,
        typer.Option("--format", "--to", help=f"Formats, by commas: {_FORMAT_NAMES}."),
    ],
    output_dir: Annotated[
        Path, typer.Option(help="The folder of the files; the current one unless given.")
    ] = Path(),
    media: Annotated[
        Path | None,
        typer.Option(help="The media file, for its timecode. Default: the one beside by its name."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option(
            help="The timecode at which the programme begins, such as 10:00:00:00, drop-frame "
            "10:00:00;00. Default: that of the media file, else 00:00:00:00."
        ),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=1.0,
            max=MAX_RATE,
            help="Frames per second of the timecode. Default: that of the media, else 25.",
        ),
    ] = None,
    duration: Annotated[
        float | None,
        typer.Option(min=0.001, help="Seconds of the programme. Default: those of the media file."),
    ] = None,
    language: Annotated[
        str | None, typer.Option(help="The language. Default: the one in the file's name.")
    ] = None,
    segment_seconds: Annotated[
        float, typer.Option(min=1.0, max=3600.0, help="Seconds of a segment of hls.")
    ] = 6.0,
    close_gaps: Annotated[
        float | None,
        typer.Option(
            min=0.0,
            max=10.0,
            help="Seconds between two cues below which the first stays until the second. "
            "Default: 0.8 in ebu-tt-d, as the BBC has it, else 0.",
        ),
    ] = None,
    mark: Annotated[
        list[MarkerKind] | None,
        typer.Option(help="What gets markers; several may be given. Default: all."),
    ] = None,
    chapters: Annotated[
        Path | None,
        typer.Option(help="A file with chapters. Default: chapters.vtt beside the media file."),
    ] = None,
) -> None:
    """Write subtitles for broadcasters, as markers for editing, or as transcripts for readers.

    Nothing beside the media is changed. Each file that cannot be written is named with the reason,
    and the others are written.
    """
    chosen = _parse_formats(formats)
    options = _Options(
        fmt=chosen[0],
        media=media,
        start=start,
        rate=rate,
        duration=duration,
        language=parse_language_option(language),
        segment_seconds=segment_seconds,
        close_gaps=close_gaps,
        marks=frozenset(mark or MarkerKind),
        chapters=chapters,
        # Before the folder is made: root becomes the owner of the state folder.
        settings=load_settings_alone() if _COUNTING_FORMATS & set(chosen) else None,
    )
    make_output_folder(output_dir)
    targets: set[Path] = set()
    failures = 0
    for file, fmt in itertools.product(files, chosen):
        try:
            settings = options.settings if fmt in _COUNTING_FORMATS else None
            written = _render(file, replace(options, fmt=fmt, settings=settings))
            ending = f".{fmt}" if len(written) > 1 else next(iter(written))
            _write(written, file, output_dir / f"{file.stem}{ending}", targets)
        except SubtitledError as error:
            failures += 1
            errors.print(f"{display_path(file)}: {error}", markup=False, style="red")
        except OSError as error:
            failures += 1
            errors.print(f"{display_path(file)}: {error.strerror}", markup=False, style="red")
    if failures:
        raise typer.Exit(FAILED)


def _parse_formats(text: str) -> list[AnyFormat]:
    """Return the formats of ``--format``, or abort with what is wrong with them."""
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    for name in names:
        if name not in get_args(AnyFormat):
            abort(f"--format: there is no {name!r}. Choose from {_FORMAT_NAMES}", USAGE_ERROR)
    return cast(list[AnyFormat], names)


def _render(file: Path, options: _Options) -> Mapping[str, bytes]:
    """Return the content of the files of one subtitle, and tell what is left out or unknown.

    Raises:
        SubtitledError: The file cannot be read, or the format cannot hold it.
        OSError: A file cannot be read.
    """
    data = read_subtitle_bytes(file)
    film = options.media or find_media_beside(file)
    facts = probe_media(film) if film is not None else None
    label = options.start
    settings = options.settings
    if label is None and film is not None and settings is not None:
        # Not resolve(): the paths of a library contain its symbolic links.
        film = Path(os.path.abspath(film))  # noqa: PTH100
        label = find_start(settings, film) or None
    problem = facts.timecode_problem if facts else ""
    if problem and label is None and settings is not None:
        _warn(file, f"{problem}; the count begins at zero")
    text = _read_text(file, data, options.language, film, facts)
    start = choose_start(
        facts.start_timecode if facts else None,
        facts.frame_rate if facts and settings is not None else 0.0,
        label,
        options.rate,
        facts.start_clock if facts else None,
    )
    duration = options.duration or (facts.duration if facts else 0.0)
    if options.fmt in get_args(ExportFormat):
        if options.fmt == "hls" and not duration:
            _warn(file, _NO_DURATION)
        programme = Programme(
            start=start,
            duration=duration,
            made_on=date.today(),
            segment_seconds=options.segment_seconds,
            closed_gap=options.close_gaps,
        )
        return render_export(text.subtitle, cast(ExportFormat, options.fmt), programme)
    assert settings is not None
    if options.fmt in get_args(MarkerFormat):
        timeline = Timeline(
            title=text.subtitle.title,
            start=start,
            duration=duration,
            media=film,
            has_video=facts is not None and facts.has_video,
            audio_channels=facts.audio_tracks[0].channels if facts and facts.audio_tracks else 0,
        )
        # What reads the state of the daemon is not imported for the other formats.
        from .export_markers import list_markers

        markers = list_markers(text, options.marks, options.chapters, settings)
        return render_markers(markers, cast(MarkerFormat, options.fmt), timeline)
    from .export_documents import render_document

    is_stated = (
        label or options.rate or (facts and (facts.start_timecode or facts.start_clock is not None))
    )
    stated = start if is_stated else None
    return render_document(text, cast(DocumentFormat, options.fmt), stated, duration, settings)


def _read_text(
    file: Path,
    data: bytes,
    stated: Language | None,
    film: Path | None,
    facts: MediaInfo | None,
) -> ExportedText:
    language = stated or find_language_in_name(file)
    frame_rate = (facts.frame_rate or None) if facts else None
    result = drop_unusable(read_subtitle(data, file.suffix[1:], frame_rate, language))
    for part in result.dropped:
        _warn(file, str(part))
    if not result.cues:
        raise InputRejectedError("it has no cues", "Choose another file")
    # Without a media file, all behind the first dot may say what it is.
    media_name = film.name if film else file.name.partition(".")[0]
    named = parse_sidecar_name(media_name, file.name)
    subtitle = Subtitle(
        language=language or UNDETERMINED,
        cues=result.cues,
        kind=named.kind if named is not None else SubtitleKind.FULL,
        words=read_words(data, file.suffix[1:]),
        title=display_path(film.stem) if film else display_path(file.name.partition(".")[0]),
    )
    return ExportedText(file=file, data=data, subtitle=subtitle, media=film)


def _warn(file: Path, message: str) -> None:
    errors.print(f"{display_path(file)}: {message}", markup=False, style="yellow")


def _write(written: Mapping[str, bytes], file: Path, target: Path, targets: set[Path]) -> None:
    """Write one file, or several in a folder.

    Args:
        written: The content of the files.
        file: The subtitle.
        target: The path of the file or the folder.
        targets: What was written for other subtitles, to which this is added.
    """
    is_folder = len(written) > 1
    if target in targets:
        raise InputRejectedError(
            f"{display_path(target)} was just written for another subtitle of this name",
            "Export it alone, with another --output-dir",
        )
    if target.exists() and target.samefile(file):
        raise InputRejectedError(
            "the export would replace the file that is read", "Name another --output-dir"
        )
    targets.add(target)
    if is_folder:
        make_output_folder(target)
    try:
        for name, content in written.items():
            write_atomic(target / name if is_folder else target, content)
    except OSError as error:
        raise InputRejectedError(
            f"{display_path(target)} cannot be written: {error.strerror}",
            "Name another --output-dir",
        ) from None
    echo(display_path(target))
