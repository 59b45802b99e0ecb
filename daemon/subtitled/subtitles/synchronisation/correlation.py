"""Speech drawn as a curve of voice activity, and the correlation of curves for all offsets at once.

The check of subtitles compares cues with speech, and the reuse of transcripts compares the speech
of two versions of a media file. Both draw and correlate with these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from subtitled.plugin import TimeSpan

Curve = npt.NDArray[np.float64]
Spectrum = npt.NDArray[np.complex128]

FAINT_HEIGHT = 0.5
"""The height of faint speech, which another encoding may lose. Speech is 1, silence 0."""


def draw_activity(
    speech: Iterable[TimeSpan],
    faint: Iterable[TimeSpan],
    *,
    step: float,
    length: int,
    margin: float = 0.0,
) -> Curve:
    """Return the voice activity at evenly spaced moments.

    Args:
        speech: The spans of speech.
        faint: Their faint parts.
        step: Seconds between two moments.
        length: How many moments there are.
        margin: Seconds before the beginning of the media file at which the curve begins.
    """
    curve = np.zeros(length)
    for spans, height in ((speech, 1.0), (faint, FAINT_HEIGHT)):
        for span in spans:
            first, last = (round((time + margin) / step) for time in (span.start, span.end))
            curve[first:last] = height
    return curve


def choose_size(first: int, second: int) -> int:
    """Return the size of a transform in which curves of two lengths do not meet themselves."""
    return 1 << (first + second - 1).bit_length()


def transform(curve: Curve, size: int) -> Spectrum:
    """Return the spectrum of a curve, filled up with silence to a size."""
    return np.fft.rfft(curve, size)


def correlate(patterns: Sequence[Curve], spectra: Sequence[Spectrum], size: int) -> Curve:
    """Return how well patterns fit their curves together, by the steps that they are moved.

    Args:
        patterns: The curves that are moved.
        spectra: The spectrum of what each is compared with.
        size: The size of the spectra.

    Returns:
        The sum of the products for each offset. Negative offsets are at the end.
    """
    pairs = zip(patterns, spectra, strict=True)
    product = sum(np.conj(transform(pattern, size)) * spectrum for pattern, spectrum in pairs)
    return np.fft.irfft(product, size)
