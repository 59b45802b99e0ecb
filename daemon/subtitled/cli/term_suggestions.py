"""What the command line prints of terms that corrections suggest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from subtitled.glossary.suggestions import TermSuggestion
from subtitled.plugin.paths import quote_path
from subtitled.subtitles.formats.timestamps import format_timestamp

from .output import display_path, echo


def print_suggestions(suggestions: Sequence[TermSuggestion], media: Path) -> None:
    """Print what corrections suggest, with the command that keeps it."""
    if not suggestions:
        return
    echo("these corrections may be terms of the glossary; nothing is kept before you say so:")
    for one in suggestions:
        replaced = ", ".join(f"{text} {count}×" for text, count in one.replaced)
        times = ", ".join(format_timestamp(at, ".") for at in one.at)
        echo(f"  {one.text}: instead of {replaced}, at {times}")
    echo(
        "keep one with: subtitled terms add TERM --scope title --file "
        f"{quote_path(display_path(media))}; or for: series, library, all"
    )
