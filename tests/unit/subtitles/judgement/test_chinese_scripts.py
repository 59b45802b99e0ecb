"""Chinese in the other script than its label says."""

from __future__ import annotations

import pytest

from subtitled.plugin import Language, SubtitleKind
from subtitled.subtitles.judgement import MediaLength, judge_for_media, judge_text
from support.dialogue import make_srt

HANS = ["这是什么东西？", "我们走吧，他们来了。", "你说话啊，为什么不说？"] * 8
HANT = ["這是什麼東西？", "我們走吧，他們來了。", "你說話啊，為什麼不說？"] * 8
NEUTRAL = ["你好", "好的", "走吧", "不知道", "是我"] * 8


def read_language(lines: list[str], stated: str) -> str:
    label = Language(stated)
    judgement, _ = judge_text(make_srt(lines).encode(), "srt", label)
    verdict = judge_for_media(
        judgement, label, SubtitleKind.FULL, frozenset(), MediaLength(), (label,)
    )
    return str(verdict.language)


@pytest.mark.parametrize(
    ("lines", "stated", "language"),
    [
        (HANS, "zh-Hant", "zh-Hans"),
        (HANS, "zh-TW", "zh-Hans"),
        (HANT, "zh-Hans", "zh-Hant"),
        (HANT, "zh-CN", "zh-Hant"),
    ],
)
def test_chinese_in_the_other_script_counts_for_that(
    lines: list[str], stated: str, language: str
) -> None:
    assert read_language(lines, stated) == language


@pytest.mark.parametrize(
    ("lines", "stated"),
    [
        (HANS, "zh"),
        (HANT, "zh"),
        (HANS, "zh-CN"),
        (HANT, "zh-HK"),
        (NEUTRAL, "zh-Hant"),
        (NEUTRAL, "zh-Hans"),
        ([*NEUTRAL, HANS[0]], "zh-Hant"),
        (HANS[:8] + HANT[:8], "zh-Hant"),
    ],
)
def test_a_label_stays_where_the_script_does_not_contradict_it(
    lines: list[str], stated: str
) -> None:
    assert read_language(lines, stated) == stated
