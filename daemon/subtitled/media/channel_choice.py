"""Which channels of a sound field have speech, and which of them are other versions of it.

Music and rooms are told from voices, copies and distant microphones are left out, and other speech
at the same time, as in another language, is a version of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from subtitled.plugin.speech_timeline import SpeechTimeline

from .channels import MIN_POWER, WINDOW_SECONDS
from .vad import SpeechActivity

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Flags = npt.NDArray[np.bool_]

MIN_SPEECH_SECONDS = 1.0
"""Clear speech below which a channel has none."""
MIN_CONTRAST = 3.0
"""Ratio of the power of speech to that of the rest, below which it is music or noise: 5 dB."""
MAX_SPEECH_SHARE = 0.9
"""Share of speech above which there is no rest to compare with."""
MIN_LEVEL_RATIO = 0.25
"""Power of one channel compared with another from which both hear the same speech: -6 dB."""
MIN_NEW_SECONDS = 1.0
"""Speech that a channel alone hears from which it is needed, and its shortest part that counts."""
VERSION_SHARE = 0.5
"""Share of the speech of two channels at the same time and loudness, from which one of them is
enough: two people take turns, and a microphone hears the other person from afar."""
VERSION_RATIO = 4.0
"""Ratio of the smoothed power of two channels up to which they are equally loud: 6 dB."""
MAX_LIKENESS = 0.5
"""Correlation of the level of two channels that speak at the same time, up to which they say
different things."""
MAX_GAIN = 10.0
"""Largest factor by which a quiet channel is raised: 20 dB."""
LOWEST_POWER = 1e-10
"""Power below which a level is not told apart from silence: -100 dB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """Whether a channel is taken, and why."""

    speech_seconds: float
    gain: float
    """The factor by which it is raised in the mix. 0: it is not taken."""
    reason: str
    level: float
    """Decibels of full scale of its speech, or of all of it if it has none."""
    is_version: bool = False
    """Whether it has other speech at the same time as those that are taken."""


def choose_versions(
    activities: Sequence[SpeechActivity], covariance: Floats, names: Sequence[str]
) -> list[dict[int, ChannelChoice]]:
    """Choose the channels of each version of what is said, such as those in other languages.

    Args:
        activities: The speech of each channel.
        covariance: What :func:`.channels.measure_covariance` returned.
        names: What each channel is called in reasons.

    Returns:
        The choices by the number of the channel: first about all channels, then for each other
        version about the channels that the versions before it left.
    """
    versions: list[dict[int, ChannelChoice]] = []
    left = list(range(len(activities)))
    while left or not versions:
        chosen = choose_channels(
            [activities[n] for n in left],
            covariance[:, left][:, :, left],
            [names[n] for n in left],
        )
        versions.append(dict(zip(left, chosen, strict=True)))
        left = [n for n, choice in versions[-1].items() if choice.is_version]
    return versions


def choose_channels(
    activities: Sequence[SpeechActivity], covariance: Floats, names: Sequence[str]
) -> list[ChannelChoice]:
    """Choose the channels that together have all speech.

    The clearest one is taken first, then each that has speech which those before do not have.
    Channels are compared at equal loudness of their speech, so a microphone that hears the other
    person from afar does not stand for that person's own.

    Args:
        activities: The speech of each channel.
        covariance: What :func:`.channels.measure_covariance` returned.
        names: What each channel is called in reasons.
    """
    import numpy as np

    power = np.diagonal(covariance, axis1=1, axis2=2)
    masks = [_clear_windows(activity, len(power)) for activity in activities]
    seconds = [float(mask.sum()) * WINDOW_SECONDS for mask in masks]
    contrasts = [_contrast(power[:, n], mask) for n, mask in enumerate(masks)]
    reasons = [_rejection_reason(*pair) for pair in zip(seconds, contrasts, strict=True)]
    candidates = [n for n, reason in enumerate(reasons) if not reason]
    if not candidates and max(seconds, default=0.0) >= MIN_SPEECH_SECONDS:
        candidates = [seconds.index(max(seconds))]
    levels = [_measure_level(power[:, n], mask) for n, mask in enumerate(masks)]
    if not candidates:
        found = zip(seconds, reasons, levels, strict=True)
        return [
            ChannelChoice(speech_seconds=spoken, gain=0.0, reason=reason, level=level)
            for spoken, reason, level in found
        ]
    loud = {n: float(np.quantile(power[masks[n], n], 0.8)) for n in candidates}
    loudest = max(loud.values())
    gains = {n: min(MAX_GAIN, math.sqrt(loudest / max(loud[n], 1e-12))) for n in candidates}
    most = max(seconds[n] for n in candidates)
    best = max((n for n in candidates if seconds[n] >= most / 2), key=lambda n: contrasts[n])
    versions = _find_versions(best, candidates, power, masks)
    clearest = ", the clearest" if versions == [best] else ""
    while versions[0] != best:
        # Of several versions the first is taken. Those of the clearest may be copies of it.
        best = versions[0]
        versions = _find_versions(best, candidates, power, masks)
    taken = [best]
    reasons[best] = f"taken: {seconds[best]:.0f} s of speech{clearest}"
    for n in sorted(candidates, key=lambda n: -seconds[n]):
        if n == best:
            continue
        if n in versions:
            reasons[n] = (
                f"not taken: {seconds[n]:.0f} s of other speech at the same time as {names[best]}"
            )
            continue
        mine = power[:, n] * gains[n] ** 2
        covered = np.zeros(len(power), dtype=bool)
        for other in taken:
            theirs = power[:, other] * gains[other] ** 2
            covered |= _widen(masks[other]) & (theirs >= MIN_LEVEL_RATIO * mine)
        new_seconds = _seconds_in_runs(masks[n] & ~covered)
        if new_seconds >= MIN_NEW_SECONDS:
            taken.append(n)
            reasons[n] = f"taken: {new_seconds:.0f} s of speech that no other has as clearly"
        else:
            reasons[n] = f"not taken: it hears the same speech as {names[best]}"
    if len(taken) == 1:
        gains[best] = 1.0
    return [
        ChannelChoice(
            speech_seconds=seconds[n],
            gain=gains[n] if n in taken else 0.0,
            reason=reasons[n],
            level=levels[n],
            is_version=n in versions and n != best,
        )
        for n in range(len(activities))
    ]


def _find_versions(
    best: int, candidates: Sequence[int], power: Floats, masks: Sequence[Flags]
) -> list[int]:
    """Return a channel, and those of the others that say something else at the same time."""
    return [
        n
        for n in candidates
        if n == best or _are_versions(power[:, [best, n]], (masks[best], masks[n]))
    ]


def _are_versions(power: Floats, masks: tuple[Flags, Flags]) -> bool:
    """Tell whether two channels say different things at once, as two languages do."""
    import numpy as np

    both = masks[0] & masks[1]
    shorter = min(int(mask.sum()) for mask in masks)
    if both.sum() * WINDOW_SECONDS < MIN_SPEECH_SECONDS or both.sum() < VERSION_SHARE * shorter:
        return False
    smooth = np.stack([np.convolve(side, np.ones(7) / 7, "same") for side in power.T])
    first, second = (float(side[mask].mean()) for side, mask in zip(smooth, masks, strict=True))
    ratio = smooth[0] * second / np.maximum(smooth[1] * first, 1e-20)
    is_equal = (ratio < VERSION_RATIO) & (ratio > 1 / VERSION_RATIO)
    if (both & is_equal).sum() < VERSION_SHARE * shorter:
        return False
    # Shouting is loud in every language, so only the course of words and syllables is compared.
    levels = np.log10(np.maximum(power, 1e-10)).T * both
    near = np.ones(9)
    count = np.maximum(np.convolve(both, near, "same"), 1)
    ours, theirs = ((side - np.convolve(side, near, "same") / count)[both] for side in levels)
    if min(ours.std(), theirs.std()) < 1e-3:
        return False
    return float(np.corrcoef(ours, theirs)[0, 1]) < MAX_LIKENESS


def _rejection_reason(seconds: float, contrast: float) -> str:
    if seconds < MIN_SPEECH_SECONDS:
        return "not taken: no speech in it"
    if contrast < MIN_CONTRAST:
        return "not taken: music or noise, no louder where a voice may be than elsewhere"
    return ""


def _clear_windows(activity: SpeechActivity, count: int) -> Flags:
    """Return for each window whether most of it is clear speech."""
    import numpy as np

    speech, faint = SpeechTimeline(activity.spans), SpeechTimeline(activity.low_energy)
    spoken = [
        speech.measure_speech(start, start + WINDOW_SECONDS)
        - faint.measure_speech(start, start + WINDOW_SECONDS)
        for start in (number * WINDOW_SECONDS for number in range(count))
    ]
    return np.array(spoken, dtype=np.float64) > WINDOW_SECONDS / 2


def _contrast(power: Floats, mask: Flags) -> float:
    """Return how many times louder speech is than the rest of a channel."""
    if not mask.any() or mask.mean() > MAX_SPEECH_SHARE:
        return math.inf
    rest = float(power[~mask].mean())
    return float(power[mask].mean()) / max(rest, MIN_POWER / 100)


def _measure_level(power: Floats, mask: Flags) -> float:
    """Return the level of the speech of a channel in decibels, or of all of it if it has none."""
    measured = power[mask] if mask.any() else power
    mean = float(measured.mean()) if len(measured) else 0.0
    return round(10 * math.log10(max(mean, LOWEST_POWER)), 1)


def _widen(mask: Flags) -> Flags:
    """Add half a second on both sides: a room answers, and other microphones hear it later."""
    import numpy as np

    wide = mask.copy()
    for shift in (1, 2):
        wide[shift:] |= mask[:-shift]
        wide[:-shift] |= mask[shift:]
    return np.asarray(wide, dtype=bool)


def _seconds_in_runs(mask: Flags) -> float:
    """Return the seconds of a mask, without parts shorter than :data:`MIN_NEW_SECONDS`."""
    total, run = 0, 0
    for flag in [*mask.tolist(), False]:
        if flag:
            run += 1
            continue
        total += run if run * WINDOW_SECONDS >= MIN_NEW_SECONDS else 0
        run = 0
    return total * WINDOW_SECONDS
