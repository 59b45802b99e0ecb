"""SDH elements are removed before translation, but never speech."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Cue
from subtitled.subtitles.sdh import strip_sdh, strip_sdh_text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("[door slams]", ""),
        ("[sighs] I know.", "I know."),
        ("JOHN (whispering): Come in.", "Come in."),
        ("NARRATOR (V.O.): It began here.", "It began here."),
        ("<i>MAN:</i> I know.", "I know."),
        ("WOMAN (ON PHONE): I know.", "I know."),
        ("WOMAN [on phone]: I know.", "I know."),
        ("Anna (ON PHONE): I know.", "Anna: I know."),
        ("<i>WOMAN (ON PHONE):</i> I know.", "I know."),
        ("John (whispering): Come in.", "John (whispering): Come in."),
        ("I know. (laughs) Come in.", "I know. Come in."),
        ("(whispering) Come in.", "Come in."),
        ("(thunder\nrumbles)", ""),
        ("JOHN: Come in.", "Come in."),
        ("- JOHN: Come in.\n- MARY: No.", "- Come in.\n- No."),
        ("MAN #1: Run!", "Run!"),
        ("UNA: I have it.\nBENJI: Good.\nGet out.", "- I have it.\n- Good.\nGet out."),
        ("UNA:\nI have it.\nBENJI: Good.", "- I have it.\n- Good."),
        ("UNA:\nFirst officer's log.\nAll is well.", "First officer's log.\nAll is well."),
        ("UNA: I have it.\nUNA: Good.", "I have it.\nGood."),
        ("DR. NO: Welcome.", "DR. NO: Welcome."),
        ("<i>NARRATOR: Once upon a time</i>", "<i>Once upon a time</i>"),
        ("- [gasps]\n- Who is there?", "Who is there?"),
        (">> Good evening.", "Good evening."),
        ("♪ Happy days are here ♪", "Happy days are here"),
        ("# Happy days are here #", "Happy days are here"),
        ("♪♪♪", ""),
        ("<i>[music]</i>", ""),
        ("Hello (LAUGHS) you", "Hello you"),
        ("【拍手】ありがとう", "ありがとう"),
        ("（ため息）そうか", "そうか"),
        ("[JOHN]: Come in.", "Come in."),
        ("(MAN): Hello", "Hello"),
        ("(MAN) : Hello", "Hello"),
        ("He said (QUIETLY): go", "He said go"),
        ("（太郎）：行こう", "行こう"),
        ("<i>(whispering) Come in.</i>", "<i>Come in.</i>"),
        ("- Hello.\n- (SIGHS)\nI know.", "- Hello.\n- I know."),
        ("- Hello.\n- MARY:\nI know.", "- Hello.\n- I know."),
        ("- Hello.\n[door slams]\n- Who?", "- Hello.\n- Who?"),
        ("- Hello.\n- [gasps]\n- Who?", "- Hello.\n- Who?"),
        ("📱もしもし➡", "もしもし"),
        ("[wind [howling]] Go.", "Go."),
        ('<font color="#ffff00">[thunder]</font> Run!', "Run!"),
    ],
)
def test_marks_are_taken_out(text: str, left: str) -> None:
    assert strip_sdh_text(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Meet me at five (or six).",
        "It is 10:30.",
        "Remember: never go there.",
        "Listen to me: RUN!",
        "WARNING: DO NOT ENTER",
        "- Yes.\n- No.",
        "We are #1 here.",
        "I said:\nwait.",
        "Wait… what?",
        "A < B and B > A",
    ],
)
def test_what_may_be_speech_stays_as_it_is(text: str) -> None:
    assert strip_sdh_text(text) == text


PLAIN = st.text(
    st.characters(
        exclude_categories=["C"], exclude_characters="[]［］【】()（）♪♫♬♩#>:<\u2028\u2029"
    )
)
WORDS = st.lists(st.from_regex(r"[a-zéñ]{1,8}", fullmatch=True), min_size=1, max_size=8)
SOUND = st.sampled_from(["[door slams]", "[sighs]", "(LAUGHS)", "♪", "【音楽】"])


@given(PLAIN)
def test_a_text_without_marks_is_unchanged(text: str) -> None:
    assert strip_sdh_text(text) == text


@given(WORDS, st.data())
def test_every_word_stays_in_its_order(words: list[str], data: st.DataObject) -> None:
    marked = []
    for word in words:
        marked += [data.draw(st.sampled_from(["", "\n", "- "])) + word]
        marked += data.draw(st.lists(SOUND, max_size=2))
    label = data.draw(st.sampled_from(["", "JOHN: ", "- MAN 2: ", ">> "]))
    left = strip_sdh_text(label + " ".join(marked))
    assert left.replace("-", " ").split() == words


@given(
    st.lists(
        st.sampled_from(["ab", "AB: ", "[a]", "(", ")", "♪", "#", "- ", "\n", ". ", ">> ", "<i>"])
    )
)
def test_doing_it_twice_takes_no_more(parts: list[str]) -> None:
    once = strip_sdh_text("".join(parts))
    assert strip_sdh_text(once) == once


def test_cues_keep_their_times_and_those_without_speech_go() -> None:
    cues = [Cue(0, 1, "[wind]"), Cue(1, 2, "ANA: Hola."), Cue(3, 4, "(ríe)")]
    assert strip_sdh(cues) == (Cue(1, 2, "Hola."),)


@pytest.mark.parametrize("mark", ["[", "(", "<", "{", "♪", "- ", "- [", "AB: ", "#", " # ", "<i>"])
def test_a_hostile_cue_takes_no_longer_than_its_length(mark: str) -> None:
    strip_sdh_text(mark * 100_000)
    strip_sdh_text(mark * 50_000 + "]" * 50_000)
