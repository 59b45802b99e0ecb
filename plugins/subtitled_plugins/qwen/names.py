"""What Qwen-MT calls the languages: English names.

From help.aliyun.com/zh/model-studio/machine-translation, as of 2026-10.
"""

from __future__ import annotations

from subtitled.plugin import Language

_NAMES = """
en English|zh Chinese|zh-Hant Traditional Chinese|ru Russian|ja Japanese|ko Korean|es Spanish
fr French|pt Portuguese|de German|it Italian|th Thai|vi Vietnamese|id Indonesian|ms Malay|ar Arabic
hi Hindi|he Hebrew|my Burmese|ta Tamil|ur Urdu|bn Bengali|pl Polish|nl Dutch|ro Romanian|tr Turkish
km Khmer|lo Lao|yue Cantonese|cs Czech|el Greek|sv Swedish|hu Hungarian|da Danish|fi Finnish
uk Ukrainian|bg Bulgarian|sr Serbian|te Telugu|af Afrikaans|hy Armenian|as Assamese|ast Asturian
eu Basque|be Belarusian|bs Bosnian|ca Catalan|ceb Cebuano|hr Croatian|arz Egyptian Arabic
et Estonian|gl Galician|ka Georgian|gu Gujarati|is Icelandic|jv Javanese|kn Kannada|kk Kazakh
lv Latvian|lt Lithuanian|lb Luxembourgish|mk Macedonian|mai Maithili|mt Maltese|mr Marathi
acm Mesopotamian Arabic|ary Moroccan Arabic|ars Najdi Arabic|ne Nepali|az North Azerbaijani
apc North Levantine Arabic|uz Northern Uzbek|nb Norwegian Bokmål|nn Norwegian Nynorsk|oc Occitan
or Odia|pag Pangasinan|scn Sicilian|sd Sindhi|si Sinhala|sk Slovak|sl Slovenian
ajp South Levantine Arabic|sw Swahili|fil Tagalog|acq Ta'izzi-Adeni Arabic|sq Tosk Albanian
aeb Tunisian Arabic|vec Venetian|war Waray|cy Welsh|fa Western Persian
"""

NAMES: dict[Language, str] = {
    Language(entry.split(" ", 1)[0]): entry.split(" ", 1)[1]
    for line in _NAMES.strip().splitlines()
    for entry in line.split("|")
}


def name_of(language: Language) -> str | None:
    """What it calls a language, for the script that the tag implies; None if it has none."""
    if language.primary == "no":
        language = Language("nb")
    if language.primary == "zh" and not language.serves(Language("zh-Hans")):
        return NAMES[Language("zh-Hant")]
    return NAMES.get(language.primary)
