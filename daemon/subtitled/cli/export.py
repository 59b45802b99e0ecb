"""``export``: write subtitles in the formats of broadcasters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from subtitled.library.subtitle_names import find_language_in_name, find_media_beside
from subtitled.media.probe import MediaInfo, probe_media
from subtitled.media.timecode import MAX_RATE
from subtitled.plugin import UNDETERMINED, InputRejectedError, Language, Subtitle, SubtitledError
from subtitled.plugin.files import write_atomic
from subtitled.plugin.limits import read_file
from subtitled.subtitles.broadcast.export import (
    TIMECODE_FORMATS,
    ExportFormat,
    Programme,
    choose_start,
    render_export,
)
from subtitled.subtitles.formats import drop_unusable, read_subtitle
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES

from .app import app
from .output import FAILED, display_path, echo, errors, make_output_folder
from .subtitle_files import parse_language_option


@app.command()
def export(
    files: Annotated[list[Path], typer.Argument(help="Subtitle files with times.")],
    to: Annotated[ExportFormat, typer.Option(help="The format.")],
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
    language: Annotated[
        str | None, typer.Option(help="The language. Default: the one in the file's name.")
    ] = None,
    segment_seconds: Annotated[
        float, typer.Option(min=1.0, max=3600.0, help="Seconds of a segment of hls.")
    ] = 6.0,
) -> None:
    """Write subtitles in a format of broadcasters: EBU STL, EBU-TT-D, SCC or WebVTT for HLS.

    Nothing beside the media is changed. Each file that cannot be written is named with the reason,
    and the others are written.
    """
    stated = parse_language_option(language)
    counts_frames = to in TIMECODE_FORMATS
    make_output_folder(output_dir)
    targets: set[Path] = set()
    failures = 0
    for file in files:
        try:
            film = media or find_media_beside(file)
            facts = probe_media(film) if film is not None else None
            problem = facts.timecode_problem if facts else ""
            if problem and start is None and counts_frames:
                note = f"{display_path(file)}: {problem}; the count begins at zero"
                errors.print(note, markup=False, style="yellow")
            programme = Programme(
                start=choose_start(
                    facts.start_timecode if facts else None,
                    facts.frame_rate if facts and counts_frames else 0.0,
                    start,
                    rate,
                ),
                duration=facts.duration if facts else 0.0,
                made_on=date.today(),
                segment_seconds=segment_seconds,
            )
            subtitle = _read_subtitle(file, stated, facts)
            if film is not None:
                subtitle = replace(subtitle, title=film.stem)
            _write(render_export(subtitle, to, programme), file, output_dir, targets)
        except SubtitledError as error:
            failures += 1
            errors.print(f"{display_path(file)}: {error}", markup=False, style="red")
        except OSError as error:
            failures += 1
            errors.print(f"{display_path(file)}: {error.strerror}", markup=False, style="red")
    if failures:
        raise typer.Exit(FAILED)


def _read_subtitle(file: Path, stated: Language | None, facts: MediaInfo | None) -> Subtitle:
    language = stated or find_language_in_name(file)
    frame_rate = (facts.frame_rate or None) if facts else None
    data = read_file(file, MAX_SUBTITLE_BYTES)
    result = drop_unusable(read_subtitle(data, file.suffix[1:], frame_rate, language))
    for part in result.dropped:
        errors.print(f"{display_path(file)}: {part}", markup=False, style="yellow")
    if not result.cues:
        raise InputRejectedError("it has no cues", "Choose another file")
    return Subtitle(
        language=language or UNDETERMINED, cues=result.cues, title=file.name.partition(".")[0]
    )


def _write(written: Mapping[str, bytes], file: Path, output_dir: Path, targets: set[Path]) -> None:
    """Write one file by its subtitle's name, or the files of a segmented format in a folder.

    Args:
        written: The content of the files.
        file: The subtitle.
        output_dir: The folder.
        targets: What was written for other subtitles, to which this is added.
    """
    is_segmented = len(written) > 1
    target = output_dir / f"{file.stem}{'.hls' if is_segmented else next(iter(written))}"
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
    if is_segmented:
        make_output_folder(target)
    for name, content in written.items():
        write_atomic(target / name if is_segmented else target, content)
    echo(display_path(target))
