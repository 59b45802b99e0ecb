"""``export``: write subtitles in the formats of broadcasters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from subtitled.library.subtitle_names import find_media_beside
from subtitled.media.probe import MediaInfo, probe_media
from subtitled.plugin import UNDETERMINED, InputRejectedError, Subtitle, SubtitledError
from subtitled.plugin.files import write_atomic
from subtitled.plugin.limits import read_file
from subtitled.subtitles.broadcast.export import (
    ExportFormat,
    Programme,
    choose_start,
    render_export,
)
from subtitled.subtitles.formats import read_subtitle
from subtitled.subtitles.judgement import MAX_SUBTITLE_BYTES

from .app import app
from .output import FAILED, display_path, echo, errors, make_output_folder
from .subtitle_files import find_language_in_name, parse_language_option


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
            help="Frames per second of the timecode. Default: that of the media, else 25."
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
    make_output_folder(output_dir)
    failures = 0
    for file in files:
        try:
            facts = _probe(file, media)
            if facts is not None and facts.timecode_problem and start is None:
                note = f"{display_path(file)}: {facts.timecode_problem}; the count begins at zero"
                errors.print(note, markup=False, style="yellow")
            programme = Programme(
                start=choose_start(
                    facts.start_timecode if facts else None,
                    facts.frame_rate if facts else 0.0,
                    start,
                    rate,
                ),
                duration=facts.duration if facts else 0.0,
                made_on=date.today(),
                segment_seconds=segment_seconds,
            )
            written = render_export(_read_subtitle(file, language, facts), to, programme)
            _write(written, file, output_dir)
        except SubtitledError as error:
            failures += 1
            errors.print(f"{display_path(file)}: {error}", markup=False, style="red")
        except OSError as error:
            failures += 1
            errors.print(f"{display_path(file)}: {error.strerror}", markup=False, style="red")
    if failures:
        raise typer.Exit(FAILED)


def _probe(file: Path, media: Path | None) -> MediaInfo | None:
    """Return what is known of the media file of a subtitle, or None if there is none."""
    found = media or find_media_beside(file)
    return probe_media(found) if found is not None else None


def _read_subtitle(file: Path, code: str | None, facts: MediaInfo | None) -> Subtitle:
    language = parse_language_option(code) or find_language_in_name(file)
    frame_rate = (facts.frame_rate or None) if facts else None
    result = read_subtitle(
        read_file(file, MAX_SUBTITLE_BYTES), file.suffix[1:], frame_rate, language
    )
    for part in result.dropped:
        errors.print(f"{display_path(file)}: {part}", markup=False, style="yellow")
    if not result.cues:
        raise InputRejectedError("it has no cues", "Choose another file")
    return Subtitle(
        language=language or UNDETERMINED, cues=result.cues, title=file.name.partition(".")[0]
    )


def _write(written: Mapping[str, bytes], file: Path, folder: Path) -> None:
    """Write one file beside its subtitle's name, or the files of a segmented format in a folder."""
    if len(written) > 1:
        folder = folder / f"{file.stem}.hls"
        make_output_folder(folder)
    for name, content in written.items():
        target = folder / name if len(written) > 1 else folder / f"{file.stem}{name}"
        write_atomic(target, content)
    echo(display_path(folder if len(written) > 1 else target))
