"""The cue rules that a library wants for a language."""

from __future__ import annotations

from subtitled.config.settings import LibrarySettings
from subtitled.plugin import Language
from subtitled.subtitles.rules import CueRules, select_cue_rules, with_overrides


def cue_rules_for(library: LibrarySettings, language: Language, *, translation: bool) -> CueRules:
    """Return the rules of a library's profile and audience, with its own values.

    Args:
        library: The settings of the library.
        language: The language of the text.
        translation: Whether the text is a translation.
    """
    cues = library.cues
    rules = select_cue_rules(
        language, translation=translation, profile=cues.profile, audience=cues.audience
    )
    return with_overrides(rules, cues.overrides)
