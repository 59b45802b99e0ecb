"""Work on files of several channels, which :func:`.numpy_process.call` has done elsewhere.

Each function reads and writes files. What it is given and returns is what JSON has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .channels import (
    ChannelFile,
    are_unrelated,
    find_copied,
    is_silent,
    measure_cancelled_seconds,
    measure_covariance,
    weigh_by_level,
    weigh_by_phase,
    write_channel,
    write_mix,
)

SILENT = -1
"""Stands for the channel of which a silent one is a copy."""
Spans = Sequence[tuple[float, float]]


def write_uncancelled(path: str, channels: int, min_seconds: float, target: str) -> bool:
    """Write a mix in which no channel cancels another, if a plain sum loses seconds of sound."""
    file = ChannelFile(Path(path), channels)
    covariance = measure_covariance(file)
    if measure_cancelled_seconds(covariance) < min_seconds:
        return False
    write_mix(file, weigh_by_phase(covariance), Path(target))
    return True


def have_unrelated_sides(path: str, channels: int) -> bool:
    """Return whether two sides have sounds of their own."""
    return are_unrelated(measure_covariance(ChannelFile(Path(path), channels)))


def compare_channels(path: str, channels: int, covariance_path: str) -> list[int | None]:
    """Tell which channels need not be listened to, and keep the covariance in a file.

    Returns:
        For each channel the one of which it is a copy, :data:`SILENT`, or None.
    """
    import numpy as np

    covariance = measure_covariance(ChannelFile(Path(path), channels))
    with Path(covariance_path).open("wb") as output:
        np.save(output, covariance)
    return [
        SILENT if is_silent(covariance, channel) else find_copied(covariance, channel)
        for channel in range(channels)
    ]


def choose_versions(
    covariance_path: str, activities: Sequence[tuple[Spans, Spans]], names: Sequence[str]
) -> list[list[tuple[int, dict[str, Any]]]]:
    """Choose the channels of each version of what is said.

    Args:
        covariance_path: The file that :func:`compare_channels` wrote.
        activities: The speech of each channel, and its faint parts.
        names: What each channel is called in reasons.

    Returns:
        For each version, the numbers of channels with the fields of their choices.
    """
    import numpy as np

    from subtitled.plugin import TimeSpan

    from .channel_choice import choose_versions as choose
    from .vad import SpeechActivity

    found = [
        SpeechActivity(*(tuple(TimeSpan(*span) for span in spans) for spans in activity))
        for activity in activities
    ]
    versions = choose(found, np.load(covariance_path), names)
    return [[(n, asdict(choice)) for n, choice in version.items()] for version in versions]


def write_single(path: str, channels: int, channel: int, target: str) -> None:
    """Write one of the channels as mono."""
    write_channel(ChannelFile(Path(path), channels), channel, Path(target))


def write_by_level(path: str, channels: int, gains: Sequence[float], target: str) -> None:
    """Write the mix that favours the loudest of several microphones."""
    file = ChannelFile(Path(path), channels)
    write_mix(file, weigh_by_level(measure_covariance(file), gains), Path(target))
