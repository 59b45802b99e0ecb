"""Rendering what was produced as the content of a sidecar."""

from __future__ import annotations

from dataclasses import replace

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Cue, Subtitle
from subtitled.policy.cue_rules import cue_rules_for
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.segmentation.bilingual import BilingualCue, pair_cues, render_bilingual

from .produced import Produced


def render_produced(
    produced: Produced, fmt: str, library: LibrarySettings
) -> tuple[bytes, Subtitle]:
    """Return the content of a sidecar, and the subtitle whose quality is estimated.

    Of a bilingual one that is the upper language.

    Args:
        produced: What was produced.
        fmt: The format of the sidecar.
        library: The settings of the library.
    """
    subtitle, below = produced.subtitle, produced.below
    assert subtitle is not None
    if below is None:
        return render_subtitle(subtitle, fmt), subtitle
    pairs = _pair_languages(subtitle, below, library)
    languages = (subtitle.language, below.language)
    upper = tuple(Cue(pair.start, pair.end, pair.upper or pair.lower) for pair in pairs)
    content = render_bilingual(pairs, languages, fmt, subtitle.title)
    return content, replace(subtitle, cues=upper)


def _pair_languages(
    upper: Subtitle, lower: Subtitle, library: LibrarySettings
) -> tuple[BilingualCue, ...]:
    """Return the cues of a bilingual subtitle."""
    languages = (upper.language, lower.language)
    limits = (
        cue_rules_for(library, languages[0], translation=True),
        cue_rules_for(library, languages[1], translation=True),
    )
    return pair_cues(upper.cues, lower.cues, languages, limits)
