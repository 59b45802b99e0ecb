"""Markers as Final Cut Pro imports them (FCPXML 1.10): a project with the media and its markers.

Times are fractions of a second, each a whole number of frames. The clip begins at the timecode of
the media. Without a media file the markers are on a gap.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from subtitled.media.timecode import TimecodeError
from subtitled.plugin.paths import display_path

from .markers import MarkerKind, PlacedMarker, Timeline, to_xml_text

VERSION = "1.10"
_FORMAT_NAMES = {
    Fraction(24000, 1001): "2398",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "2997",
    Fraction(30): "30",
    Fraction(50): "50",
    Fraction(60000, 1001): "5994",
    Fraction(60): "60",
}
"""Frames per second of the formats that Final Cut Pro has, and how it names them."""
_HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n\n'


def write(markers: Sequence[PlacedMarker], timeline: Timeline) -> dict[str, str]:
    """Render the project.

    Raises:
        TimecodeError: Final Cut Pro has no format with this rate.
    """
    start = timeline.start
    fps = start.rate.fps
    name = _FORMAT_NAMES.get(fps)
    if name is None:
        raise TimecodeError(
            f"Final Cut Pro has no format with {float(fps):g} frames per second",
            "Choose --rate 23.976, 24, 25, 29.97, 30, 50, 59.94 or 60",
        )
    first, last = start.frame, max(one.frame + one.frames for one in markers)
    length = max(start.frame_at(timeline.duration), last) - first
    span = {"start": _seconds(first, fps), "duration": _seconds(length, fps)}
    counting = "DF" if start.rate.is_drop_frame else "NDF"
    root = Element("fcpxml", {"version": VERSION})
    resources = SubElement(root, "resources")
    shape = {"name": f"FFVideoFormat1080p{name}", "frameDuration": _seconds(1, fps)}
    SubElement(resources, "format", {"id": "r1"} | shape | {"width": "1920", "height": "1080"})
    title = to_xml_text(display_path(timeline.title))
    event = SubElement(SubElement(root, "library"), "event", {"name": "subtitled"})
    project = SubElement(event, "project", {"name": title})
    counted = {"tcStart": span["start"], "tcFormat": counting}
    shown = {"format": "r1", "duration": span["duration"]}
    sequence = SubElement(project, "sequence", shown | counted)
    spine = SubElement(sequence, "spine")
    if timeline.media is None:
        clip = SubElement(spine, "gap", {"name": title, "offset": span["start"]} | span)
    else:
        _add_asset(resources, timeline, timeline.media, span)
        place = {"ref": "r2", "name": title, "offset": span["start"], "tcFormat": counting}
        clip = SubElement(spine, "asset-clip", place | span)
    for one in markers:
        _add_marker(clip, one, fps)
    indent(root)
    return {".fcpxml": _HEADER + tostring(root, encoding="unicode") + "\n"}


def _add_asset(resources: Element, timeline: Timeline, media: Path, span: dict[str, str]) -> None:
    facts = {"id": "r2", "name": to_xml_text(display_path(media.stem))} | span
    if timeline.has_video:
        facts |= {"hasVideo": "1", "videoSources": "1", "format": "r1"}
    if channels := timeline.audio_channels:
        facts |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(channels)}
    asset = SubElement(resources, "asset", facts)
    source = {"kind": "original-media", "src": media.absolute().as_uri()}
    SubElement(asset, "media-rep", source)


def _add_marker(clip: Element, marker: PlacedMarker, fps: Fraction) -> None:
    frames = marker.frames if marker.kind is MarkerKind.SENTENCE else 1
    place = {"start": _seconds(marker.frame, fps), "duration": _seconds(frames, fps)}
    texts = {"value": marker.name, "note": marker.comment}
    if marker.kind is MarkerKind.CHAPTER:
        SubElement(clip, "chapter-marker", place | texts | {"posterOffset": "0s"})
    elif marker.kind is MarkerKind.FINDING:
        SubElement(clip, "marker", place | texts | {"completed": "0"})
    else:
        SubElement(clip, "marker", place | texts)


def _seconds(frames: int, fps: Fraction) -> str:
    """Return a number of frames as seconds, such as ``1001/30000s``."""
    ticks = frames * fps.denominator
    if ticks % fps.numerator == 0:
        return f"{ticks // fps.numerator}s"
    return f"{ticks}/{fps.numerator}s"
