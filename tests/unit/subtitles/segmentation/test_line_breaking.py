"""Line breaks in natural sentences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.plugin import Language
from subtitled.subtitles.rules import CueRules, measure_width, select_cue_rules
from subtitled.subtitles.scripts import is_break_allowed, split_graphemes
from subtitled.subtitles.segmentation.line_breaking import (
    add_dashes,
    break_lines,
    choose_dash_style,
    split_turns,
)
from subtitled.subtitles.segmentation.phrase_boundaries import split_phrases
from subtitled.subtitles.segmentation.syntax import compute_break_cost, is_sentence_end
from subtitled.subtitles.segmentation.word_repair import clean_text


def broken(tag: str, text: str) -> list[str]:
    language = Language(tag)
    return break_lines(text, language, select_cue_rules(language, translation=True)).split("\n")


@pytest.mark.parametrize(
    ("tag", "text", "last_of_first"),
    [
        ("en", "I will see you at the station before the train leaves for London.", "station"),
        ("en", "I have already told you that nobody has seen the house.", "you"),
        ("fr", "Nous avons passé toutes nos vacances dans la maison de ma grand-mère.", "vacances"),
        ("de", "Er hat mir gestern erzählt, dass er morgen nach Berlin fahren will.", "erzählt,"),
        ("es", "Solo quiero que sepas que nunca he olvidado aquella noche.", "sepas"),
        ("it", "Abbiamo passato tutte le vacanze nella casa di mia nonna in montagna.", "vacanze"),
        ("pt", "O meu irmão disse que não podia vir porque estava muito cansado.", "vir"),
        ("nl", "Ik heb je gisteren al gezegd dat ik morgen niet naar school kan.", "gezegd"),
        ("pl", "Powiedział mi wczoraj, że jutro pojedzie do Krakowa z rodziną.", "wczoraj,"),
        ("ru", "Он сказал мне вчера, что завтра поедет в Москву со всей семьёй.", "вчера,"),
        ("uk", "Він сказав мені вчора, що завтра поїде до Києва з усією родиною.", "вчора,"),
        ("cs", "Řekl mi včera večer, že zítra pojede do Prahy s celou rodinou.", "večer,"),
        ("sv", "Han berättade för mig i går att han inte kunde komma till festen.", "går"),
        ("da", "Han fortalte mig i går, at han ikke kunne komme til festen.", "går,"),
        ("no", "Han fortalte meg i går at han ikke kunne komme på festen i kveld.", "går"),
        ("fi", "Hän kertoi minulle eilen, että hän ei voi tulla juhliin tänään.", "eilen,"),
        ("tr", "Dün akşam beni aradı ve bugün partiye gelemeyeceğini söyledi.", "aradı"),
        ("hu", "Tegnap este azt mondta nekem, hogy ma nem tud eljönni a buliba.", "nekem,"),
        ("ro", "Mi-a spus ieri seară că nu poate veni la petrecerea noastră.", "seară"),
        ("el", "Μου είπε χθες το βράδυ ότι δεν μπορεί να έρθει σήμερα στο πάρτι.", "βράδυ"),
        ("id", "Dia bilang kepada saya kemarin bahwa dia tidak bisa datang ke pesta.", "kemarin"),
        ("vi", "Hôm qua anh ấy nói với tôi rằng anh ấy không thể đến dự tiệc.", "tôi"),
        ("ar", "قال لي صديقي بالأمس إنه لن يستطيع الحضور لأن والدته مريضة جدا.", "الحضور"),
        ("he", "החבר שלי אמר לי אתמול בערב כי הוא לא יכול לבוא היום למסיבה.", "בערב"),
        ("hi", "उसने मुझे कल शाम को बताया कि वह आज हमारे साथ नहीं आ सकता है।", "बताया"),
        ("ko", "어제 친구가 전화했지만 자고 있어서 받을 수 없었다.", "전화했지만"),
    ],
)
def test_a_line_ends_where_a_speaker_would_breathe(tag: str, text: str, last_of_first: str) -> None:
    lines = broken(tag, text)
    assert len(lines) == 2
    assert lines[0].split()[-1] == last_of_first
    assert " ".join(lines) == text


@pytest.mark.parametrize(
    ("tag", "before", "after"),
    [
        ("en", "the", "house"),
        ("en", "my", "friend"),
        ("en", "has", "gone"),
        ("en", "Mr.", "Smith"),
        ("en", "John", "Smith"),
        ("en", "42", "kilometres"),
        ("fr", "de", "la"),
        ("fr", "ne", "sais"),
        ("es", "los", "hombres"),
        ("de", "mit", "dem"),
        ("pl", "w", "domu"),
        ("ru", "не", "знаю"),
        ("ko", "할", "수"),
        ("hi", "घर", "में"),
        ("fi", "sinun", "kanssasi"),
        ("tr", "senin", "için"),
        ("ar", "في", "البيت"),
        ("he", "של", "אבא"),
        ("vi", "một", "người"),
    ],
)
def test_what_belongs_together_is_parted_last(tag: str, before: str, after: str) -> None:
    assert compute_break_cost(f" {before}", f" {after}", Language(tag)) > 5


def test_german_nouns_are_no_names() -> None:
    german, english = Language("de"), Language("en")
    assert compute_break_cost(" große", " Haus", german) == compute_break_cost(
        " Haus", " Garten", german
    )
    assert compute_break_cost(" Anna", " Karenina", english) > compute_break_cost(
        " old", " house", english
    )


@pytest.mark.parametrize("mark", "。、，．！？）」』ー々っャ…‥‼⁇⁈⁉％｡､｣ｯｰﾟ゜〟ㇰ﹑﹪")
def test_kinsoku_no_line_begins_with_what_closes(mark: str) -> None:
    assert not is_break_allowed("今日", f"{mark}明日")


@pytest.mark.parametrize("mark", "（「『【〈《“￥｢〝№")
def test_kinsoku_no_line_ends_with_what_opens(mark: str) -> None:
    assert not is_break_allowed(f"今日{mark}", "明日")


def test_japanese_breaks_between_phrases_and_not_inside_words() -> None:
    text = "彼は東京大学で物理学を勉強しています。"
    lines = broken("ja", text)
    assert lines == ["彼は東京大学で", "物理学を勉強しています。"]
    assert all(measure_width(line, Language("ja")) <= 13 for line in lines)


def test_chinese_breaks_between_words() -> None:
    assert broken("zh-Hans", "今天的天气非常好，我们一起去公园散步吧。") == [
        "今天的天气非常好，",
        "我们一起去公园散步吧。",
    ]
    for line in broken("zh-Hant", "我從來沒有告訴過你這件事情，因為我不想讓你擔心。"):
        assert not line.startswith(("，", "。", "的", "了", "過"))


def test_latin_words_and_numbers_stay_whole_in_japanese() -> None:
    lines = broken("ja", "昨日iPhone 15をYouTubeで見ました。")
    assert all(word in "\n".join(lines) for word in ("iPhone", "15", "YouTube"))


def test_thai_breaks_between_words_and_keeps_vowels_with_their_consonants() -> None:
    text = "ฉันคิดว่าคุณควรไปหาหมอวันนี้ เพราะอาการของคุณไม่ดีเลย"
    assert broken("th", text) == ["ฉันคิดว่าคุณควรไปหาหมอวันนี้", "เพราะอาการของคุณไม่ดีเลย"]
    for part in split_phrases(text.replace(" ", ""), Language("th")):
        assert part[0] not in "ะาำ่้๊๋ิีึืุู์ๆ"
        assert part[-1] not in "เแโใไ"


def test_korean_breaks_at_spaces_only() -> None:
    text = "오늘은 날씨가 정말 좋아서 공원에 갔습니다."
    assert " ".join(broken("ko", text)) == text
    assert split_phrases("가나다라마바사", Language("ko")) == ["가나다라마바사"]


@pytest.mark.parametrize(
    ("tag", "text", "never_alone"),
    [
        ("km", "ថ្ងៃនេះអាកាសធាតុល្អណាស់ដូច្នេះយើងទៅដើរលេង", "\u17d2"),
        ("my", "ယနေ့ရာသီဥတုအလွန်ကောင်းသောကြောင့်ကျွန်တော်တို့", "\u103a"),
        ("lo", "ມື້ນີ້ອາກາດດີຫຼາຍພວກເຮົາໄປຍ່າງຫຼິ້ນ", "\u0eb5"),
    ],
)
def test_without_a_dictionary_no_syllable_is_split_at_its_marks(
    tag: str, text: str, never_alone: str
) -> None:
    parts = split_phrases(text, Language(tag))
    assert "".join(parts) == text
    assert len(parts) > 2
    assert not any(part.startswith(never_alone) for part in parts)
    assert not any(part.endswith(("\u17d2", "\u1039", "ເ", "ໄ")) for part in parts)


def test_french_holds_its_punctuation() -> None:
    text = "Vous croyez que cela va marcher ? « Je ne le crois pas », dit-elle : jamais !"
    lines = broken("fr", text)
    whole = " ".join(lines)
    for held in ("marcher\u00a0?", "«\u00a0Je", "pas\u00a0»,", "dit-elle\u00a0:", "jamais\u00a0!"):
        assert held in whole
    assert whole.replace("\u00a0", " ") == text
    assert broken("en", "Is it ?") == ["Is it ?"], "only French asks for it"


def test_numbers_in_groups_and_a_dash_stay_where_they_belong() -> None:
    assert not is_break_allowed(" 10", " 000")
    assert is_break_allowed(" 10", " 000000")
    assert not is_break_allowed(" word", " –")
    assert is_break_allowed(" Yes.", " -")
    assert not is_break_allowed(" -", " No.")
    assert is_break_allowed(" wait", " …and"), "an ellipsis may take up a sentence again"


DASHES = {
    "en": ["-Yes.", "-No."],
    "de": ["-Yes.", "-No."],
    "zh-Hans": ["-Yes.", "-No."],
    "es": ["- Yes.", "- No."],
    "fr": ["- Yes.", "- No."],
    "pt-BR": ["- Yes.", "- No."],
    "it": ["- Yes.", "- No."],
    "pl": ["- Yes.", "- No."],
    "ru": ["- Yes.", "- No."],
    "ar": ["- Yes.", "- No."],
    "vi": ["- Yes.", "- No."],
    "th": ["- Yes.", "- No."],
    "ko": ["- Yes.", "- No."],
    "nl": ["Yes.", "-No."],
    "fi": ["Yes.", "-No."],
    "he": ["Yes.", "-No."],
    "sr": ["Yes.", "-No."],
}


@pytest.mark.parametrize(("tag", "lines"), DASHES.items())
def test_two_speakers_have_a_line_each_in_the_style_of_the_language(
    tag: str, lines: list[str]
) -> None:
    dash = choose_dash_style(Language(tag))
    assert dash is not None
    assert list(add_dashes(" Yes.", " No.", dash)) == lines
    assert list(add_dashes(" - Yes.", " – No.", dash)) == lines, "dashes are not doubled"
    assert broken(tag, "- Yes. - No.") == lines
    assert add_dashes(" How cold?", " -5 degrees.", dash)[1].endswith("-5 degrees.")


def test_japanese_has_no_dashes() -> None:
    assert choose_dash_style(Language("ja")) is None
    assert broken("ja", "- はい。 - いいえ。") == ["- はい。 - いいえ。"]


def test_a_dash_inside_a_sentence_is_no_speaker() -> None:
    assert split_turns("He went - I think - home.") is None
    assert split_turns("- Only one speaks.") is None
    assert split_turns("- One. - Two. - Three.") is None
    assert split_turns("- One? - Two!") == ("One?", "Two!")


@pytest.mark.parametrize(
    ("tag", "word", "ends"),
    [
        ("en", " Mr.", False),
        ("en", " U.S.", False),
        ("en", " here.", True),
        ("en", " said.”", True),
        ("en", " and;", False),
        ("el", " πού;", True),
        ("de", " 3.", False),
        ("de", " 1945.", True),
        ("en", " 3.", True),
        ("de", " z.B.", False),
        ("ja", "です。」", True),
        ("hi", " है।", True),
        ("ar", " أين؟", True),
        ("my", "သည်။", True),
        ("ru", " А.", False),
        ("en", " wait...", True),
    ],
)
def test_where_sentences_end(tag: str, word: str, ends: bool) -> None:
    assert is_sentence_end(word, Language(tag)) is ends


@pytest.mark.parametrize(
    ("text", "count"),
    [("👩‍👩‍👧‍👦👍🏽", 2), ("🇩🇪🇫🇷", 2), ("e\u0301a", 2), ("क्षमा", 2), ("ខ្ញុំ", 1), ("각", 1), ("", 0)],
)
def test_a_character_is_what_a_reader_sees(text: str, count: int) -> None:
    assert len(split_graphemes(text)) == count


@given(st.text(max_size=200), st.sampled_from(["en", "fr", "ja", "zh", "th", "ar", "km", "ko"]))
def test_lines_hold_all_of_any_text_and_fit(text: str, tag: str) -> None:
    language = Language(tag)
    limits = select_cue_rules(language, translation=True)
    lines = break_lines(text, language, limits).split("\n")
    for line in lines:
        assert (
            measure_width(line, language) <= limits.max_line_length
            or len(split_graphemes(line)) == 1
        )
    assert letters("".join(lines)) == letters(clean_text(text))


def letters(text: str) -> str:
    return "".join(c for c in text if not c.isspace() and c not in "-–—")


def test_as_many_lines_as_the_user_allows() -> None:
    text = "This sentence is far too long for two lines of so few letters, but not for three."
    three = break_lines(text, Language("en"), CueRules(max_line_length=30, max_lines=3)).split("\n")
    assert len(three) == 3
    assert three[0].endswith(("long", "lines", "sentence is", ","))  # never after "for" or "so"
    one = break_lines("Short enough.", Language("en"), CueRules(max_lines=1))
    assert one == "Short enough."


@pytest.mark.parametrize("syllable", ["น้ำ", "ນ້ຳ", "ทำ", "ຄຳ"])
def test_thai_and_lao_am_is_never_parted_from_its_consonant(syllable: str) -> None:
    assert split_graphemes(f"{syllable}ก") == [syllable, "ก"]
    assert not is_break_allowed(syllable[:-1], syllable[-1])


def test_bulgarian_has_a_dash_with_a_space_before_the_second_speaker_only() -> None:
    assert broken("bg", "- Къде си? - Вкъщи.") == ["Къде си?", "- Вкъщи."]


@pytest.mark.parametrize("price", ["10€", "10$", "10₽"])
def test_a_sign_of_currency_stays_with_its_number(price: str) -> None:
    assert not is_break_allowed(price[:-1], price[-1])
