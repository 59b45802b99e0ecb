"""Marks of tracks: what people write in titles, and what looks like it and means something else.

The titles are those that Blu-ray remuxes, anime releases and the test tables of trakit have.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitled.media.marks import Mark, find_all_marks, find_marks, strip_technical_name

C, AD, DUB, ORIG = Mark.COMMENTARY, Mark.AUDIO_DESCRIPTION, Mark.DUB, Mark.ORIGINAL
FORCED, SDH, SIGNS, LYRICS = Mark.FORCED, Mark.SDH, Mark.SIGNS, Mark.LYRICS
KARAOKE, PARTIAL, MUSIC = Mark.KARAOKE, Mark.PARTIAL, Mark.NO_SPEECH

MARKED: dict[str, set[Mark]] = {
    # Commentary
    "Commentary": {C},
    "commentary": {C},
    "Commentary 2 (English AC3 Stereo)": {C},
    "Director's Commentary": {C},
    "Director’s Commentary": {C},
    "DIRECTOR'S COMMENTARY": {C},
    "English Commentary with the cast": {C},
    "Commentary with Director Ivan Reitman, actor and writer Harold Ramis": {C},
    "Commentary by director/actor Kenneth Branagh (recorded in 2003) (Deutsch PGS)": {C},
    "2003 Director's Commentary": {C},
    "Cast and Crew Commentary": {C},
    "Cop and Crook Commentary (English AC3 Stereo)": {C},
    "Director's Cut with Commentary": {C},
    "eng_commentary": {C},
    "Director's comments": {C},
    "Comments by the writers": {C},
    "RiffTrax": {C},
    "Trivia Track": {C},
    "Audiokommentar": {C},
    "Audiokommentar m. Regisseur Chris Weitz DTS Stereo": {C},
    "Kommentar von Regisseur": {C},
    "Commentaire audio": {C},
    "Commentaires du réalisateur": {C},
    "Comentario del director": {C},
    "COMENTÁRIO": {C},
    "Commento del regista": {C},
    "Commentaar van de regisseur": {C},
    "Komentarz reżysera": {C},
    "Komentář režiséra": {C},
    "Kommentarspor": {C},
    "Комментарии режиссёра": {C},
    "Коментар режисера": {C},
    "オーディオコメンタリー": {C},
    "导演解说": {C},
    "導演講評": {C},
    "Versão comentada": {C},
    "Kommentierte Fassung": {C},
    "Fact Track": {C},
    "MST3K": {C},
    "תרגום פרשנות במאי": {C},
    "Σχόλια σκηνοθέτη": {C},
    # Letters that Unicode does not take apart
    "Dla niesłyszących": {SDH},
    "For hørselshemmede": {SDH},
    "For hørehæmmede": {SDH},
    # The deaf, in words and letters that are used alone
    "Français (SME)": {SDH},
    "English CC1": {SDH},
    "Barrierefrei": {SDH},
    "バリアフリー字幕": {SDH},
    "כתוביות לכבדי שמיעה": {SDH},
    "Аудиоописание": {AD},
    "음성해설": {AD},
    "Ακουστική περιγραφή": {AD},
    "English [FN]": {FORCED},
    "Tvångstext": {FORCED},
    "Geforceerd": {FORCED},
    "إجبارية": {FORCED},
    "כתוביות כפויות": {FORCED},
    "Fremdsprachige Passagen": {FORCED},
    "TL Notes": {PARTIAL},
    "Translator's Notes": {PARTIAL},
    "노래": {LYRICS},
    "Sign Language": set(),
    "British Sign Language": set(),
    "English (with TL notes)": set(),
    "ANFN": set(),
    "解説": {C},
    "导演评论音轨": {C},
    "코멘터리": {C},
    "Σχολιασμός σκηνοθέτη": {C},
    "commentary1": {C},
    "Comm. 2": {C},
    "Director Track": {C},
    "Zwangsuntertitel": {FORCED},
    "Forsert": {FORCED},
    "English-AD 2.0": {AD},
    "A.Movie.2016.MULTIDUB.1080p.BluRay.x264-GRP (Commentary)": {C},
    # Audio description
    "Audio Description": {AD},
    "English Audio-Described": {AD},
    "Descriptive": {AD},
    "Descriptive audio": {AD},
    "Described Video": {AD},
    "English AD": {AD},
    "English [AD]": {AD},
    "DVS": {AD},
    "For the visually impaired": {AD},
    "Hörfilmfassung": {AD},
    "Audiodeskription": {AD},
    "Audiodescription": {AD},
    "Version malvoyants": {AD},
    "Audiodescripción": {AD},
    "Audiodescrizione per non vedenti": {AD},
    "Тифлокомментарий": {AD},
    "Syntolkning": {AD},
    "音声解説": {AD},
    "화면해설": {AD},
    # Music without words
    "Isolated Score": {MUSIC},
    "Isolated music track": {MUSIC},
    "Music & Effects": {MUSIC},
    "M&E": {MUSIC},
    "Score Only 5.1": {MUSIC},
    "Instrumental": {MUSIC},
    "Original Motion Picture Soundtrack": {MUSIC},
    "Musique seule": {MUSIC},
    "Isolated score with commentary": {MUSIC, C},
    # Dub and original
    "English Dub": {DUB},
    "Dubbed": {DUB},
    "DUB iTunes": {DUB},
    "Doublage français": {DUB},
    "Deutsche Synchronfassung": {DUB},
    "Castellano doblado": {DUB},
    "Дублированный": {DUB},
    "MVO (LostFilm)": {DUB},
    "日本語吹き替え": {DUB},
    "国语配音": {DUB},
    "Original": {ORIG},
    "Original 2.0": {ORIG},
    "Original (English DTS 5.1)": {ORIG},
    "Original Mono": {ORIG},
    "English - Original Audio": {ORIG},
    "Version originale": {ORIG},
    "Versión original": {ORIG},
    "Originalton": {ORIG},
    "Anglais VO": {ORIG},
    "V.O.": {ORIG},
    "Оригинал": {ORIG},
    # Forced
    "Forced": {FORCED},
    "forced srt (English)": {FORCED},
    "American-English-FORCED-PGS": {FORCED},
    "English (Forced Narrative)": {FORCED},
    "Foreign Parts Only": {FORCED},
    "English (Foreign)": {FORCED},
    "Foreign Language Only": {FORCED},
    "Non-English Parts": {FORCED},
    "Elvish parts": {FORCED},
    "Français forcés": {FORCED},
    "Français (forcé)": {FORCED},
    "Español forzados": {FORCED},
    "Italiano forzati": {FORCED},
    "Deutsch (erzwungen)": {FORCED},
    "Форсированные": {FORCED},
    # SDH
    "SDH": {SDH},
    "American English SDH (PGS)": {SDH},
    "Brazilian Portuguese [SDH]": {SDH},
    "SDH (Grey)": {SDH},
    "CC": {SDH},
    "Unknown (Closed Captions)": {SDH},
    "English (Hearing Impaired)": {SDH},
    "English - hard of hearing": {SDH},
    "English [HI]": {SDH},
    "Deutsch für Gehörlose": {SDH},
    "Sourds et malentendants": {SDH},
    "Italiano non udenti": {SDH},
    "Для слабослышащих": {SDH},
    # Parts of a text
    "Signs & Songs": {SIGNS, LYRICS},
    "Signs and Songs": {SIGNS, LYRICS},
    "Songs & Signs": {SIGNS, LYRICS},
    "English Signs/Songs": {SIGNS, LYRICS},
    "Signs & Songs (FFF/SCY)": {SIGNS, LYRICS},
    "S&S": {SIGNS, LYRICS},
    "Sign-Song": {SIGNS, LYRICS},
    "Signs": {SIGNS},
    "English Signs": {SIGNS},
    "[Commie] Signs": {SIGNS},
    "Signs Only": {SIGNS},
    "Signs/Titles": {SIGNS},
    "Onscreen": {SIGNS},
    "Schilder & Lieder": {SIGNS, LYRICS},
    "Panneaux et chansons": {SIGNS, LYRICS},
    "Carteles y canciones": {SIGNS, LYRICS},
    "Cartelli e canzoni": {SIGNS, LYRICS},
    "Placas e músicas": {SIGNS, LYRICS},
    "Songs": {LYRICS},
    "Song": {LYRICS},
    "OP & ED": {LYRICS},
    "Unfinished": {PARTIAL},
    "Comments": {C},
    "Regiekommentar": {C},
    "Writer/Director Commentary": {C},
    "Commentary subtitles (English)": {C},
    "Titles": {SIGNS},
    "English Titles": {SIGNS},
    "On-screen text": {SIGNS},
    "Надписи": {SIGNS},
    "Надписи и песни": {SIGNS, LYRICS},
    "Lyrics": {LYRICS},
    "Songs Only": {LYRICS},
    "Karaoke": {KARAOKE},
    "Karaoke (romaji)": {KARAOKE},
    "Partial": {PARTIAL},
    "Partial subtitles": {PARTIAL},
    "Sous-titres partiels": {PARTIAL},
    "English Signs & Songs [Forced]": {SIGNS, LYRICS, FORCED},
}

UNMARKED = [
    "Director's Cut - English 5.1",
    "Director's Cut",
    "Director's Edition (Deutsch DTS 5.1)",
    "No commentary",
    "English (no commentary)",
    "Without director's commentary",
    "Sans commentaire",
    "Ohne Kommentar",
    "Kommentarlos",
    "Non-forced",
    "Not SDH",
    "SDH removed",
    "Undubbed",
    "Not dubbed",
    "Signs of Life",
    "Signs (2002)",
    "Signs.2002.1080p.BluRay.x264-FGT",
    "Signs 2002 1080p BluRay DTS",
    "Karaoke.2019.720p.WEB-DL.x264",
    "The.Commentary.2015.1080p.BluRay.x264.DTS-HD.MA.5.1-FGT (English DTS 5.1)",
    "Film.2016.MULTIDUB.1080p.BluRay.x264-GRP (Italiano EAC3 5.1)",
    "Forced March",
    "Foreign Correspondent",
    "Air Force One",
    "Song of the Sea",
    "Love Song for Bobby Long",
    "Director approved 5.1",
    "Original Cast Recording",
    "Songs of the Sea",
    "Full Subtitles + Signs",
    "Full Signs & Songs",
    "Dialogue, Signs & Songs",
    "Full Subtitle (FFF/SCY)",
    "Complete (with lyrics)",
    "Полные",
    "Alternate Score Version (English DTS-HD MA 5.1)",
    "Original Theatrical Cut",
    "Subtitles",
    "Untertitel",
    "English (US)",
    "Hindi",
    "hi",
    "ad",
    "CC BY 4.0",
    "5.1 Mix (English DTS-HD MA)",
    "Regular (English SRT)",
    "White (Español PGS)",
    "@RK Dolby Digital 5.1 (Português AC3)",
    "央视国配 (中文 DTS 5.1)",
    "简体双语",
    "iTunes",
    "",
]

TECHNICAL = [
    "SoundHandler",
    "VideoHandler",
    "SubtitleHandler",
    "DataHandler",
    "TimeCodeHandler",
    "SoundHandle",
    "Core Media Audio",
    "Core Media Closed Caption",
    "Apple Sound Media Handler",
    "Apple Alias Data Handler",
    "Time Code Media Handler",
    "ISO Media file produced by Google Inc. Created on: 06/07/2019.",
    "GPAC ISO Audio Handler",
    "L-SMASH Audio Handler",
    "Bento4 Sound Handler",
    "#Mainconcept MP4 Sound Media Handler",
    "\x1fMainconcept MP4 Video Media Handler",
    "264@GPAC5.0",
    "Imported with GPAC 0.8.0-rev12",
    "ETI ISO Video Media Handler",
    "Stereo",
    "",
]


@pytest.mark.parametrize(("title", "marks"), MARKED.items())
def test_words_of_a_title_become_marks(title: str, marks: set[Mark]) -> None:
    assert find_marks(title) == marks


@pytest.mark.parametrize("title", UNMARKED)
def test_what_only_looks_like_it_is_not_marked(title: str) -> None:
    assert find_marks(title) == frozenset()


@pytest.mark.parametrize("name", TECHNICAL)
def test_handler_names_of_programs_mean_nothing(name: str) -> None:
    assert strip_technical_name(name) == ""


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Director's Commentary", "Director's Commentary"),
        ("English", "English"),
        ("Audio commentary", "Audio commentary"),
        ("commentary.aac#audio - Imported with GPAC 0.5.2", "commentary.aac"),
    ],
)
def test_what_a_person_wrote_into_the_name_of_a_handler_stays(name: str, title: str) -> None:
    assert strip_technical_name(name) == title


def test_all_tags_count_together() -> None:
    assert find_all_marks(["English", "", "Commentary", "SDH"]) == {C, SDH}


@given(st.text(max_size=500))
def test_any_title_is_read(title: str) -> None:
    assert find_marks(title) <= set(Mark)
    assert isinstance(strip_technical_name(title), str)


@pytest.mark.parametrize(
    "piece", ["no ", "signs & ", "2002 ", "core media ", "original ", "n", "."]
)
def test_a_title_of_a_million_characters_costs_no_time(piece: str) -> None:
    before = time.process_time()
    find_marks(piece * (1_000_000 // len(piece)))
    strip_technical_name(piece * (1_000_000 // len(piece)))
    assert time.process_time() - before < 2  # a quadratic cost takes minutes
