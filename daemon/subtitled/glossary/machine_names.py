"""Names of files that devices and programs give: ``IMG_1234``, ``Screen Recording``, ``C0001``.

They are no titles. A recogniser that is told such a name writes it where nobody speaks.
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = frozenset(
    # Cameras, phones and recorders.
    "img image mvi mov dsc dscn dscf vid video videos pxl gopr gopro dji vts cimg hpim rec "
    "zoom gmt whatsapp telegram snapchat instagram tiktok obs vlc dcim avchd bdmv "
    "stream streams "
    # What people and programs call what has no title.
    "screen screencast capture record recording recordings replay clip clips output out untitled "
    "unnamed unknown noname new project export exported render rendered draft final version edit "
    "edited copy of sample test temp tmp track audio sound voice file title chapter part disc "
    "memo disk cd dvd season seasons specials episode extras at "  # words: ignore
    "aufnahme aufnahmen aufzeichnung bildschirmaufnahme sprachmemo neue neuer neues unbenannt "
    "kopie von ohne titel datei projekt staffel folge "
    "enregistrement écran nouvel nouveau sans titre nom copie de fichier saison "
    "grabación pantalla nueva nuevo sin título copia archivo temporada "
    "registrazione schermo nuova nuovo senza titolo stagione "
    "gravação tela nova novo sem nome cópia "
    "opname schermopname nieuwe nieuw naamloos kopie "
    "nagranie nowe nowy bez tytułu kopia sezon "
    "запись записи экрана новая новый без названия видео копия файл сезон "
    "录音 录屏 录像 新录音 视频 未命名 未命名项目 副本 第一季 錄音 錄影 未命名專案 "
    "録画 録音 新規録音 画面収録 動画 名称未設定 無題 "
    "녹음 녹화 새로운 화면 기록 동영상 제목 없음".split()
)
"""Words that say how a file was made, or that it has no title."""
_NUMBERED = re.compile(r"[a-z]{0,8}\d+[a-z]{0,3}|(?=\w*\d)[a-z0-9]{5,}", re.IGNORECASE)
"""A word of letters and numbers, such as ``C0001``, ``GX010001``, ``R1AB`` or a checksum."""
_HEXADECIMAL = re.compile(r"[0-9a-f]{8,}")


def clean_title(title: str) -> str:
    """Return a title without pictograms; "" if it is a name that a device or program gives.

    One word that is neither such a word nor a number makes a title of it.
    """
    shown = "".join(" " if unicodedata.category(c) in ("So", "Cs", "Co") else c for c in title)
    shown = " ".join(shown.replace("\ufe0f", "").replace("\u200d", "").split())
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFC", shown).casefold())
    return shown if any(map(_is_spoken, words)) else ""


def _is_spoken(word: str) -> bool:
    is_device = word in _WORDS or _NUMBERED.fullmatch(word) or _HEXADECIMAL.fullmatch(word)
    return not is_device and any(character.isalpha() for character in word)
