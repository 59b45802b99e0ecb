"""Credits and advertisements are nobody's speech: they neither count nor say the language."""

from __future__ import annotations

import pytest

from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.judgement import MediaLength, judge_for_media, judge_text
from subtitled.subtitles.judgement.credits import is_credit
from support.dialogue import DIALOGUE, lines_of, make_srt

CREDITS = (
    "Subtitles by OpenSubtitles.org team,\nsynced and corrected by Firefly",
    "Downloaded from\nwww.example.org",
    "Please rate this subtitle at www.osdb.link/abcd\nHelp other users",
    "Support us and become VIP member\nto remove all ads",
    "Advertise your product or brand here",
    "Sync & corrections by elderman\n@elder_man",
    "Sous-titres : Marie Dupont",
    "Untertitel im Auftrag des Senders",
    "Subtítulos por aRGENTeaM",
    "Legendas: InSanos",
    "Napisy: Jan Kowalski",
    "Перевод: Иван Иванов",
    "翻译：小明 校对：小红",
    "Subtitles will be available soon.",
)
SPEECH = (
    "Did you get the tickets from him?",
    "She was corrected at once.",
    "I never read subtitles.",
    "He speaks by the book.",
    "Перевод не нужен.",
    "No me gustan los subtítulos.",
    "Stand by me.",
    "Wait for my sub... my submarine.",
)


@pytest.mark.parametrize("text", CREDITS)
def test_a_text_of_credits_only_is_no_subtitle(text: str) -> None:
    assert is_credit(text)
    judgement, _ = judge_text(make_srt([text]).encode(), "srt", Language("en"))
    assert judgement.problem == "it has only credits"


@pytest.mark.parametrize("text", SPEECH)
def test_speech_is_no_credit(text: str) -> None:
    assert not is_credit(text)


@pytest.mark.parametrize("text", ["...", "♪", "<i></i>?!"])
def test_a_text_without_a_word_is_no_subtitle(text: str) -> None:
    judgement, _ = judge_text(make_srt([text] * 3).encode(), "srt", Language("en"))
    assert judgement.problem == "it has no word"


@pytest.mark.parametrize("language", DIALOGUE)
def test_english_credits_do_not_change_the_language_of_a_short_text(language: str) -> None:
    for count in (1, 3, 6):
        text = make_srt([CREDITS[0], *lines_of(language)[:count], *CREDITS[1:4]])
        stated = Language(language)
        judgement, _ = judge_text(text.encode(), "srt", stated)
        verdict = judge_for_media(
            judgement, stated, SubtitleKind.FULL, frozenset(), MediaLength(90.0)
        )
        assert (verdict.language, verdict.problem) == (stated, "")
