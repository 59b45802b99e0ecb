"""Facts about languages that show whether bytes were decoded right.

A wrong code page keeps the Latin letters of ASCII and exchanges the others. So the language of a
text is known before its letters are, and then its alphabet says whether the letters are right. In
scripts where all letters are exchanged for others of the same script, how often they are used says
it.
"""

from __future__ import annotations

import functools
from collections import Counter

_CODE_PAGES = {
    "cp1250": "pl cs sk hu ro hr bs sl sq sh cnr sr hsb dsb",
    "cp1251": "ru uk bg mk be sr kk ky mn tg tt ba",
    "cp1252": "en de fr es pt it nl sv da no nb nn fi is ca gl eu id ms tl af br cy ga gd oc an "
    "lb fo fy ast wa sw zu xh jv ht et la ext vec lij pcm mg",
    "cp1253": "el",
    "cp1254": "tr az ku tk uz crh",
    "cp1255": "he yi",
    "cp1256": "ar fa ur ps ug arz ary prs",
    "cp1257": "lt lv et ltg",
    "cp1258": "vi",
    "gb18030": "zh wuu",
    "cp950": "zh yue",
    "cp932": "ja",
    "euc_jp": "ja",
    "cp949": "ko",
    "cp874": "th",
    "koi8_r": "ru",
    "koi8_u": "uk",
    "iso8859_2": "pl cs sk hu ro hr sl",
    "iso8859_5": "ru bg sr",
    "iso8859_7": "el",
    "iso8859_9": "tr",
    "iso8859_15": "fr fi et",
    "iso8859_13": "lt lv",
    "iso8859_4": "lt lv",
    "cp866": "ru",
    "cp852": "pl cs sk hu hr bs sl",
    "big5hkscs": "yue zh",
    "cp850": "en de fr es pt it nl sv da no nb nn fi is ca gl eu",
    "mac_roman": "en de fr es pt it nl sv da no nb nn fi ca gl eu",
    "mac_latin2": "pl cs sk hu hr bs sl",
    "mac_cyrillic": "ru uk bg be mk sr",
    "cp857": "tr",
    "cp737": "el",
    "mac_greek": "el",
    "cp862": "he",
    "iso8859_6": "ar",
    "cp1125": "uk",
}
"""Code pages and the languages of the files in them, the most frequent code pages first."""
RARE_CODE_PAGES = frozenset(
    "cp850 mac_roman mac_latin2 mac_cyrillic mac_greek cp857 cp737 cp862 iso8859_6 cp1125".split()
)
"""Code pages of systems of long ago. They are right only where no other one is as good."""

CODE_PAGES = tuple(_CODE_PAGES)
"""Code pages by Python's names."""
USUAL_CODE_PAGES = {
    language: tuple(
        page for page, languages in _CODE_PAGES.items() if language in languages.split()
    )
    for languages in _CODE_PAGES.values()
    for language in languages.split()
}
"""By primary language, the code pages that its files are in, the most frequent first."""

_TONES = "àáảãạ ằắẳẵặ ầấẩẫậ èéẻẽẹ ềếểễệ ìíỉĩị òóỏõọ ồốổỗộ ờớởỡợ ùúủũụ ừứửữự ỳýỷỹỵ ăâđêôơư"
_ALPHABETS = {
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "ro": "ăâîșțşţ",
    "hr": "čćđšž",
    "sl": "čšž",
    "sq": "çë",
    "de": "äöüß",
    "fr": "àâæçéèêëîïôœùûüÿ",
    "es": "áéíñóúü",
    "pt": "áâãàçéêíóôõúü",
    "it": "àèéìíîòóùú",
    "nl": "áéëèïíóöüú",
    "sv": "åäöé",
    "da": "æøåé",
    "fi": "äöåšž",
    "is": "áðéíóúýþæö",
    "ca": "àçèéíïòóúü",
    "gl": "áéíñóúü",
    "et": "äõöüšž",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "tr": "çğıöşüâîûi̇",
    "az": "çəğıöşü",
    "vi": _TONES.replace(" ", ""),
    "ru": "абвгдежзийклмнопрстуфхцчшщъыьэюяё",
    "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    "be": "абвгдеёжзійклмнопрстуўфхцчшыьэюя",
    "bg": "абвгдежзийклмнопрстуфхцчшщъьюя",
    "sr": "абвгдђежзијклљмнњопрстћуфхцчџшčćđšž",
    "mk": "абвгдѓежзѕијклљмнњопрстќуфхцчџш",
    "el": "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ",
    "he": "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهويأإآؤئءةى",
    "fa": "ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیكيئءأآؤۀة",
    "ur": "ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنوہھیےئءآؤںأ",
}
_RELATIVES = {"bs": "hr", "sh": "hr", "cnr": "hr", "nb": "da", "no": "da", "nn": "da"} | {
    "arz": "ar", "ary": "ar", "prs": "fa", "kk": "ru", "tt": "ru", "crh": "tr", "yi": "he",
    "yue": "zh", "wuu": "zh", "ltg": "lv", "oc": "ca", "an": "es", "ext": "es", "ast": "es",
    "lb": "de", "wa": "fr",
}  # fmt: skip

_FREQUENT = {
    "ru": "оеаинтсрвл",
    "uk": "оаниівртес",
    "be": "аінеострклы",
    "bg": "аиоенртсвл",
    "sr": "аиоенрсјту",
    "mk": "аоиентрсвк",
    "el": "αοιετσνηυρςίπ",
    "he": "יוהלאתרבמשנ",
    "ar": "اليمنوترهب",
    "fa": "ايیرندمهوت",
    "ur": "ایےکہرنمسوت",
    "th": "านรกอเงยลมว่้",
    "zh": "的一是不了在人有我他这個个們们中来來上大为為和国國地到以说說时時要就出会會可也你对對生"
    "能而子那得于着下自之年过過发發后後作里裡用道行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天"
    "分还還进進好小部其些主样樣理心她本前开開但因只从從想实實吗嗎吧呢這什谁誰给給让讓",
    "ko": "이다는을에가고의하지를은로도어나리아니사기해있",
}
"""Characters that make up a large part of any text in the language."""
_EXPECTED_SHARES = {"zh": 0.15, "ko": 0.2, "el": 0.75}
_DEFAULT_EXPECTED_SHARE = 0.6
_EXPECTED_KANA_SHARE = 0.4
_MIN_OF_EXPECTED = 0.6


@functools.cache
def alphabet_of(primary: str) -> frozenset[str]:
    """Return the letters outside ASCII that a language is written with, in lower case."""
    return frozenset(_ALPHABETS.get(_RELATIVES.get(primary, primary), ""))


def has_own_script(primary: str) -> bool:
    """Check whether a language is written in letters that are all outside ASCII."""
    return primary == "ja" or _RELATIVES.get(primary, primary) in _FREQUENT


def frequency_ratio(text: str, primary: str) -> float:
    """Return how frequent the usual letters of a language are in a text.

    Returns:
        1 if they are as frequent as they usually are, more if they are more frequent, 0 if they are
        too rare for the language.
    """
    letters = {
        character: count
        for character, count in Counter(text.lower()).items()
        if character > "\x7f" and character.isalpha()
    }
    total = max(1, sum(letters.values()))
    if primary == "ja":
        share = sum(n for letter, n in letters.items() if "\u3040" <= letter <= "\u30ff") / total
        expected = _EXPECTED_KANA_SHARE
    else:
        primary = _RELATIVES.get(primary, primary)
        if primary == "sr" and any("č" <= letter <= "ž" for letter in letters):
            return 1.0
        frequent = _FREQUENT[primary]
        share = sum(n for letter, n in letters.items() if letter in frequent) / total
        expected = _EXPECTED_SHARES.get(primary, _DEFAULT_EXPECTED_SHARE)
    return 0.0 if share < _MIN_OF_EXPECTED * expected else share / expected
