"""Estimated word times: divided by length, with pauses at the ends of sentences."""

from __future__ import annotations

import math
import random
import statistics
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Language, TimeSpan, Word
from subtitled.subtitles.rules import select_cue_rules
from subtitled.subtitles.segmentation.segmenter import segment_words
from subtitled.subtitles.segmentation.word_repair import clean_text
from subtitled.subtitles.segmentation.word_timing import estimate_times, interpolate, speech_weight

EN = Language("en")


def test_a_phrase_is_shared_out_by_the_length_of_its_words() -> None:
    words = interpolate(
        Word(text=" I understand, yes.", start=10.0, end=12.0), [" I", " understand,", " yes."]
    )
    assert (words[0].start, words[-1].end) == (10.0, 12.0)
    assert all(word.is_estimated for word in words)
    lengths = [word.end - word.start for word in words]
    assert lengths[1] > lengths[2] > lengths[0]
    assert sum(lengths) == pytest.approx(2.0)


def test_wide_characters_and_pauses_take_longer() -> None:
    assert speech_weight("字字") > speech_weight("ab")
    assert speech_weight("ab.") > speech_weight("ab,") > speech_weight("ab")
    assert speech_weight("e\u0301") == speech_weight("e")


def test_segment_text_is_timed_within_speech_and_not_in_its_pause() -> None:
    segment_of = Word(
        text=" Come in, please. Sit down there.", start=10.0, end=16.0, confidence=0.8
    )
    words = estimate_times([segment_of], [TimeSpan(10, 12), TimeSpan(14, 16)], EN)
    assert [word.text.strip() for word in words if word.end <= 12.01] == ["Come", "in,", "please."]
    assert words[3].text == " Sit"
    assert words[3].start == 14.0
    assert all(word.is_estimated and word.confidence == 0.8 for word in words)


def test_segments_without_a_space_in_front_do_not_grow_together() -> None:
    output = [
        Word(text="Come in, please.", start=1, end=3),
        Word(text="Sit down there.", start=3, end=5),
    ]
    words = estimate_times(output, [TimeSpan(1, 5)], EN)
    assert "".join(word.text for word in words) == " Come in, please. Sit down there."


def test_a_text_without_any_times_is_laid_over_the_speech_sentence_by_sentence() -> None:
    text = (
        "Good morning. My name is Anna and I have lived in this town for twenty years. "
        "Really? Yes. When I came here, there was nothing but a railway station and a small shop."
    )
    speech = [TimeSpan(1, 2), TimeSpan(4, 9), TimeSpan(11, 11.6), TimeSpan(13, 13.4)]
    speech += [TimeSpan(15, 21)]
    words = estimate_times([Word(text=text, start=0, end=30)], speech, EN)
    assert " ".join(word.text.strip() for word in words) == text
    begins = {word.text.strip(): word.start for word in words}
    assert begins["Good"] == 1
    assert begins["My"] == 4
    assert begins["Really?"] == 11
    assert begins["Yes."] == 13
    assert begins["When"] == 15
    cues = segment_words(words, EN, select_cue_rules(EN, translation=False), 30)
    assert [cue.text.split()[0] for cue in cues][:2] == ["Good", "My"]


def test_japanese_and_thai_are_laid_over_by_phrases() -> None:
    for tag, text in (("ja", "今日は天気がいい。公園へ行こう。"), ("th", "วันนี้อากาศดี ไปสวนกัน")):
        words = estimate_times(
            [Word(text=text, start=0, end=9)], [TimeSpan(0, 3), TimeSpan(6, 9)], Language(tag)
        )
        assert "".join(word.text for word in words) == text
        assert len(words) >= 4
        assert any(word.start == 6 for word in words)
        assert not any(word.start < 5.9 < word.end for word in words)


def test_without_detected_speech_words_share_the_times_of_their_phrase() -> None:
    words = estimate_times([Word(text=" one two", start=5, end=6)], [TimeSpan(20, 30)], EN)
    assert (words[0].start, words[-1].end) == (5, 6)


@pytest.mark.parametrize("last", [15.0, 20.0])
def test_times_that_an_engine_hid_are_found_again_within_half_a_second(last: float) -> None:
    """This holds also if the second half is spoken faster by a third."""
    seed = 11
    print(f"seed {seed}")
    dice = random.Random(seed)
    words: list[Word] = []
    speech: list[TimeSpan] = []
    now = 0.0
    while now < 480:
        begin = now
        for number in range(count := dice.randint(3, 14)):
            text = "x" * dice.randint(1, 10) + ("." if number == count - 1 else "")
            length = len(text) / (15 if now < 240 else last) * dice.uniform(0.7, 1.3)
            words.append(Word(text=f" {text}", start=now, end=now + length))
            now += length
        speech.append(TimeSpan(begin, now))
        now += dice.uniform(0.4, 3.0)
    begun = time.process_time()
    text = "".join(word.text for word in words)
    guessed = estimate_times([Word(text=text, start=0, end=now)], speech, EN)
    assert time.process_time() - begun < 10
    assert [word.text for word in guessed] == [word.text for word in words]
    errors = sorted(abs(one.start - other.start) for one, other in zip(guessed, words, strict=True))
    assert statistics.median(errors) < 0.25
    assert errors[round(0.9 * len(errors))] < 0.5


_times = st.one_of(st.floats(0, 60), st.sampled_from([math.nan, math.inf, 0.0]))


def _speech(edges: list[float]) -> list[TimeSpan]:
    edges = sorted(edges)
    return [TimeSpan(start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]


@given(
    st.lists(
        st.builds(
            Word,
            text=st.one_of(
                st.text(max_size=30), st.sampled_from([" One two. Three!", "今日は。行く"])
            ),
            start=_times,
            end=_times,
        ),
        max_size=6,
    ),
    st.lists(st.floats(0, 60), max_size=20).map(_speech),
    st.sampled_from(["en", "fr", "ja", "th", "km"]).map(Language),
)
def test_nothing_is_lost_and_no_time_is_none_whatever_an_engine_gives(
    answer: list[Word], speech: list[TimeSpan], language: Language
) -> None:
    words = estimate_times(answer, speech, language)
    assert "".join("".join(w.text for w in words).split()) == "".join(
        "".join(clean_text(w.text) for w in answer).split()
    )
    for word in words:
        assert math.isfinite(word.start)
        assert word.start <= word.end
        assert word.is_estimated
    segment_words(words, language, select_cue_rules(language, translation=False), 60)
