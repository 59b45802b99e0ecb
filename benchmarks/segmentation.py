"""Speed of the segmentation, and that its time is linear in the number of words.

The input is random invented speech in several scripts, as a recogniser returns it. The time is CPU
seconds on one core. The seed is printed; an argument sets another one. Takes less than a minute.
"""

from __future__ import annotations

import json
import random
import sys
import time

from subtitled.plugin import Language, Word
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.segmenter import segment_words

SIZES = (2_500, 5_000, 10_000, 20_000)
WORDS = {
    "en": "the of and to people dissolve political bands which have connected them with another "
    "it was becomes necessary for one when course events they should declare causes a in",
    "es": "que de la no el en un y se con los las muerte camino siempre nunca había porque aunque "
    "casa tiempo noche verdad cualquiera entonces caballero del al por para",
    "ko": "오늘은 날씨가 정말 좋아서 친구들과 함께 공원에 갔는데 사람이 너무 많아서 그리고 수 있는",
    "ja": "今日 は とても 天気 が いい ので 一緒 に 公園 へ 行き ましょう "
    "家 に 帰ら なければ なり ません",
    "zh-Hans": "今天 的 天气 非常 好 我们 一起 去 公园 散步 吧 "
    "因为 明天 要 下雨 所以 我 想 告诉 你",
    "th": "ฉัน คิด ว่า คุณ ควร ไป หา หมอ วันนี้ เพราะ อาการ ของ คุณ ไม่ ดี เลย แต่ ถ้า มี เวลา",
}
ENDS = {"ja": ("、", "。"), "zh-Hans": ("，", "。"), "th": (" ", " ")}


def speech(tag: str, count: int, dice: random.Random) -> list[Word]:
    """Create a number of words, three a second, with punctuation and pauses."""
    vocabulary = WORDS[tag].split()
    comma, stop = ENDS.get(tag, (",", "."))
    words: list[Word] = []
    now = 0.0
    for _ in range(count):
        text = dice.choice(vocabulary)
        mark = dice.choices(("", comma, stop), (86, 7, 7))[0]
        length = dice.uniform(0.1, 0.45)
        space = "" if tag in ENDS else " "
        words.append(Word(text=f"{space}{text}{mark}", start=now, end=now + length))
        now += length + (dice.uniform(0.1, 1.8) if mark == stop else dice.uniform(0, 0.1))
    return words


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 4
    dice = random.Random(seed)
    print(f"seed {seed}; processor seconds for so many words")
    print(f"{'':8}" + "".join(f"{size:>9}" for size in SIZES) + "   x for twice as many")
    rows: dict[str, list[float]] = {}
    for tag in WORDS:
        language = Language(tag)
        limits = select_cue_rules(language, translation=False)
        segment_words(speech(tag, 50, dice), language, limits)
        took = []
        for size in SIZES:
            words = speech(tag, size, dice)
            begun = time.process_time()
            segment_words(words, language, limits, words[-1].end + 1)
            took.append(time.process_time() - begun)
        rows[tag] = [round(seconds, 3) for seconds in took]
        print(f"{tag:8}" + "".join(f"{t:9.2f}" for t in took) + f"{took[-1] / took[-2]:10.2f}")
    print(json.dumps({"seed": seed, "sizes": SIZES, "processor_seconds": rows}))


if __name__ == "__main__":
    main()
