"""Marks of a track or subtitle: what people write in its title, as phrases in context.

A word means something only with the words around it: "Director's Cut" is no commentary, "Signs" is
not the film *Signs*, and "no commentary" says that there is none. Titles are read without case and
accents. The name of a release in a title (``Signs.2002.1080p.BluRay.x264-GROUP``) is not read.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from enum import StrEnum

MAX_TITLE_LENGTH = 400
"""Characters of a title that are read. No title that people write is longer."""


class Mark(StrEnum):
    """What a track or subtitle is, besides its language."""

    COMMENTARY = "commentary"
    """Talk about the film, as by its director; also trivia as text."""
    AUDIO_DESCRIPTION = "audio description"
    """What happens in the picture is told, for the blind."""
    NO_SPEECH = "music without words"
    """Only music or effects."""
    DUB = "dub"
    ORIGINAL = "original"
    """In the language of the production."""
    FORCED = "forced"
    """Only the parts in another language than most of the film."""
    SDH = "SDH"
    """With sounds and speakers, for the deaf and hard of hearing."""
    SIGNS = "signs"
    """Only what is written in the picture."""
    LYRICS = "lyrics"
    """Only what is sung."""
    KARAOKE = "karaoke"
    """Lyrics to sing along, or music without its singer."""
    PARTIAL = "partial"
    """Not the whole text, by its own title."""


NOT_WHOLE = frozenset(
    {Mark.COMMENTARY, Mark.FORCED, Mark.SIGNS, Mark.LYRICS, Mark.KARAOKE, Mark.PARTIAL}
)
"""Marks of a text that is not all that is said in the film."""
NO_DIALOGUE = frozenset({Mark.COMMENTARY, Mark.AUDIO_DESCRIPTION, Mark.NO_SPEECH, Mark.KARAOKE})
"""Marks of an audio track that is not the film's dialogue alone."""

_PHRASES: dict[Mark, tuple[str, ...]] = {
    Mark.COMMENTARY: (
        r"commentar(?:y|ies)(?![a-z])",
        r"commentaires?\b",
        r"(?<!тифло)комментари",
        r"kommentar(?!los)",
        r"comentarios?\b",
        r"comentaris?\b",
        r"\bcomentariu",
        r"\bcommento\b|\bcommenti\b",
        r"commentaar",
        r"\bkomentar[ziy]?",
        r"коментар",
        r"\bkommentti|\bkommentaari",
        r"\bkommentator",
        r"\byonetmen yorum|\byorumlu\b",
        r"\b(?:director|cast|crew|audio|filmmaker|writer|producer|actor)s?(?:'?s)? comments?\b",
        r"\bcomments? (?:by|from|with)\b",
        r"\briff ?trax\b",
        r"\b(?:pop ?-?up )?trivia\b(?: track)?",
        r"コメンタリー",
        r"(?<!口述)解说(?!音)|讲评|講評",
        r"\bcomentad[ao]s?\b|kommentiert|\bmst3k\b|\bfact track\b",
        r"\bproduction notes\b",
        r"פרשנות|تعليق المخرج|σχολια (?:του )?σκηνοθετ",
        r"(?<!音声)解説(?!放送|音声)|(?<!音声)解說",
        r"评论|評論|导评|導評",
        r"코멘터리",
        r"ביקורת במאי|σχολιασμ",
        r"\bdirectors? track\b|\bcomm\. ?(?:track )?\d",
    ),
    Mark.AUDIO_DESCRIPTION: (
        r"\baudio[ -]?descri(?!ptor)",
        r"\bdescri(?:ptive|bed)\b(?! (?:subtitles?|captions?|text))",
        r"\bdvs\b",
        r"\bvisual(?:ly)?[ -]impair|\bfor the blind\b|\bblind (?:audience|people|viewers)",
        r"audiodeskript|audiodeskryp|audiodescr|horfilm",
        r"\baudio ?vision\b",
        r"\bmalvoyants?\b|\bnon-?voyants?\b|\baveugles\b",
        r"\bnon vedenti\b|\bipovedenti\b",
        r"\bpara ciegos\b|\binvidentes\b|\bdeficientes visua",
        r"тифлокомментари|для слепых|для незрячих",
        r"\bsyntolk|\bsynstolk|kuvailutulk|\bnevidom",
        r"audiobeschrijving|\bblinden\b|\bslechtzienden\b",
        r"\bsesli betimleme",
        r"аудиоописани|аудиодескрипц|음성 ?해설|\bpartially sighted\b",
        r"ακουστικη περιγραφη|وصف صوتي",
        r"音声解説|解説放送|解説音声|音声ガイド|口述影像|화면 ?해설",
    ),
    Mark.NO_SPEECH: (
        r"\bisolated (?:[a-z]+ )?(?:score|music|soundtrack|track)",
        r"\b(?:music|score|soundtrack|effects|sfx) only\b",
        r"\bmusic (?:and|&|\+) (?:sound )?(?:effects|fx|sfx)\b",
        r"\bm ?& ?e\b",
        r"\binstrumental\b",
        r"\bmotion picture (?:score|soundtrack)\b",
        r"\bno (?:dialogue|dialog|vocals)\b",
        r"musique (?:seule|isolee)|\bnur musik|\bsolo musica\b|\bmusica aislada|\bsolo musiche",
        r"только музыка|纯音乐|純音樂",
    ),
    Mark.DUB: (
        r"\bdub(?:bed|bing|s)?\b",
        r"\bdoublages?\b",
        r"\bsynchronfassung|\bsynchronisiert|\bsynchro\b",
        r"\bdoblaj|\bdoblad|\bdublad|\bdublag|\bdoppiat|\bdoppiaggio",
        r"\bdubbing|\bnasynchron|\bdabing|\bszinkron",
        r"дубл|озвучк|закадров",
        r"\bvoice-?over\b|\b[admps]vo\b|\blektor\b",
        r"吹替|吹き替え|配音|더빙",
    ),
    Mark.ORIGINAL: (
        r"\boriginal(?:ton|fassung|version)?"
        r"(?= *(?:$|[\[\](){}|/,;:+-]|\d|audio\b|language\b|version\b|track\b|mono\b|stereo\b"
        r"|mix\b|surround\b|dolby\b|dts\b|ac-?3\b|aac\b))",
        r"\boriginalton\b|\boriginalfassung\b|\boriginalsprache\b",
        r"\b(?:version|versione|versao|idioma|audio|langue|lingua) original[ei]?\b",
        r"\bv\. ?o\.(?: |$)",
        r"\boryginal|оригинал",
        r"オリジナル音声|原声|原聲|原音",
    ),
    Mark.FORCED: (
        r"\bforced\b(?! march)",
        r"\bforeign[ -]+(?:parts?|dialogs?|dialogues?|languages?|text|only|lines?|speech|scenes?|"
        r"narrative)\b",
        r"\b(?:parts?|segments?|scenes?|passages?) only\b|\bonly (?:foreign|non-english)",
        r"\b(?:alien|elvish|klingon|dothraki|na'?vi|non-english)[ -]+(?:parts?|dialogs?|dialogues?|"
        r"only|scenes?)\b",
        r"\bforzad[oa]s?\b|\bforzat[oi]\b|\bforcad[oa]s?\b|\berzwungene?\b|\bzwangsuntertitel|"
        r"\bforserte?\b",
        r"\bwymuszon|\bvynucen|\bgedwongen\b|\bgeforceerd|\btvung|\btvang|\bpakotet|\bkenyszeritett|\bzorunlu\b",
        r"форсир|форс\.|強制|强制|강제|إجباري|כפוי|αναγκαστικ",
        r"\bfremdsprach\w* (?:passagen|teile|dialoge|szenen|stellen)\b",
    ),
    Mark.SDH: (
        r"\bsdh\b|\bs\.d\.h\b",
        r"\bcc[1-4]?\b(?! ?(?:by|0|-by))",
        r"\bsme\b|barrierefrei|バリアフリー",
        r"\bclosed[ -]?caption",
        r"\bhearing[ -]?(?:impair|loss|disab)|\bhard[ -]of[ -]hearing\b|\bhoh\b",
        r"\bfor the deaf\b|\bdeaf\b",
        r"horgeschadigt|gehorlos|\bschwerhorig",
        r"malentendant|\bsourds\b",
        r"\bsordos\b|\bsordi\b|\bnon udenti\b|\bsurdos\b",
        r"nieslysz|neslys|\bhallasserult|\bsiket",
        r"глух|слабослыш",
        r"\bdoven\b|\bslechthorend",
        r"horselskad|horehaemmed|horselshemm|kuulovamm|horselhamm|horehammed",
        r"\bisitme engelli",
        r"聴覚障害|听障|聽障|청각 ?장애|כבדי שמיעה|ضعاف السمع|للصم|κωφ|βαρηκο",
    ),
    Mark.SIGNS: (
        r"\bsigns? ?(?:&|and|\+|/|-|,|\.|und|et|y|e|) ?songs?\b",
        r"\bsongs? ?(?:&|and|\+|/|-|,|\.|und|et|y|e) ?signs?\b",
        r"\bs ?& ?s\b",
        r"\bon-?screen[ -]text\b|\btext on[ -]screen\b|\btypesetting\b",
        r"\b(?:only|just) (?:signs|titles)\b|\b(?:signs|titles)[ -]only\b",
        r"\bschilder\b|\bpanneaux\b|\bcarteles\b|\bcartelli\b|надпис",
    ),
    Mark.LYRICS: (
        r"\bsigns? ?(?:&|and|\+|/|-|,|\.|und|et|y|e|) ?songs?\b",
        r"\bsongs? ?(?:&|and|\+|/|-|,|\.|und|et|y|e) ?signs?\b",
        r"\bs ?& ?s\b",
        r"\bsongs?[ -](?:only|lyrics)\b|\blyrics?[ -]only\b",
        r"\bop ?(?:/|&|and|\+) ?ed\b|\bopenings? (?:and|&) endings?\b",
        r"\bliedtexte\b|\bparoles\b|歌詞|歌词",
    ),
    Mark.KARAOKE: (r"\bsing[ -]?along\b", r"カラオケ|卡拉ok|노래방"),
    Mark.PARTIAL: (
        r"\bincomplete\b|\bunvollstandig",
        r"\bteilweise\b",
        r"неполн|частичн",
        r"^(?:\w+ )?(?:tl|t/l|translat(?:or|ion)s?(?:'?s)?) notes?(?: only)?$",
    ),
}
"""Phrases that mean the same wherever they stand, without case and accents."""

_ALONE: dict[str, Mark] = {
    "signs": Mark.SIGNS,
    "sign": Mark.SIGNS,
    "titles": Mark.SIGNS,
    "typeset": Mark.SIGNS,
    "onscreen": Mark.SIGNS,
    "placas": Mark.SIGNS,
    "letreiros": Mark.SIGNS,
    "rotulos": Mark.SIGNS,
    "song": Mark.LYRICS,
    "songs": Mark.LYRICS,
    "lieder": Mark.LYRICS,
    "chansons": Mark.LYRICS,
    "canciones": Mark.LYRICS,
    "canzoni": Mark.LYRICS,
    "musicas": Mark.LYRICS,
    "песни": Mark.LYRICS,
    "lyrics": Mark.LYRICS,
    "lyric": Mark.LYRICS,
    "karaoke": Mark.KARAOKE,
    "comment": Mark.COMMENTARY,
    "comments": Mark.COMMENTARY,
    "partial": Mark.PARTIAL,
    "unfinished": Mark.PARTIAL,
    "excerpt": Mark.PARTIAL,
    "excerpts": Mark.PARTIAL,
    "partiel": Mark.PARTIAL,
    "partiels": Mark.PARTIAL,
    "parcial": Mark.PARTIAL,
    "parciales": Mark.PARTIAL,
    "parziali": Mark.PARTIAL,
    "노래": Mark.LYRICS,
    "foreign": Mark.FORCED,
}
"""Words that mean something alone, or beside a language, but not in a sentence or a name."""
_MAX_WORDS_ALONE = 3
_JOINING_WORDS = frozenset("of from in for to the a an at on by my your our language".split())
"""Words that make a name of what stands before them: Songs of the Sea, sign language."""

_WHOLE = re.compile(
    r"\b(?:full|complete|entire|complets?|complet[oi]s?|полны[ей])\b|\bvollstandig|"
    r"\bdialog(?:ue|ues|s)?\b(?! only)"
)
"""Words that say that signs and songs are not all: Full + Signs."""
_PARTIAL_MARKS = frozenset({Mark.SIGNS, Mark.LYRICS, Mark.KARAOKE, Mark.PARTIAL})

_AS_WRITTEN = (
    (Mark.AUDIO_DESCRIPTION, re.compile(r"(?<![\w.])AD(?![\w.])(?!\s*\d)|\w-AD(?= \d\.\d)")),
    (Mark.SDH, re.compile(r"[\[(]HI[\])]|(?<![\w.])HI$")),
    (Mark.ORIGINAL, re.compile(r"(?<![\w.])V\.?O\.?$")),
    (Mark.FORCED, re.compile(r"\bforcée?s?\b", re.IGNORECASE)),
    (Mark.FORCED, re.compile(r"(?<![\w.])FN(?![\w.])")),
)
"""Words that are other words in lower case or without their accent."""

_NEGATED_BEFORE = re.compile(
    r"(?:\b(?:no|non|not|un|without|sans|ohne|sin|senza|sem|zonder|utan|uden|uten|bez|nicht|minus)|"
    r"w/o|без|не)\b[ -]*(?:[^\W\d]+(?:'s)?[ -]+)?$"
)
_NEGATED_BEHIND = re.compile(r"(?:[ -]*(?:free|removed|less|stripped)\b| ?[:=] ?(?:no|0|false)\b)")
_LONGEST_NEGATION = 40

_RELEASE = re.compile(
    r"\b(?:19|20)\d\d\b(?=.{0,80}?\b(?:\d{3,4}[pi]|4k|uhd|blu-?ray|b[dr]rip|web(?:-?dl|rip)?|hdtv|"
    r"dvd(?:rip)?|remux|[xh]\.?26[45]|hevc|xvid|avc)\b)",
    re.IGNORECASE,
)
_NAMED_WITH_YEAR = re.compile(r"[\w' ]+ \(?(?:19|20)\d\d\)?")
_SEGMENTS = re.compile(r"[\[\](){}|/,;:+&]| - | – | and | und | et | y | и ")

_TECHNICAL = re.compile(
    r"(?:sound|video|audio|subtitles?|text|data|time ?code|meta(?:data)?|hint|media|alias)"
    r"(?: media)?[ _-]?handler?(?:_\w+)?|"
    r"(?:apple|mainconcept|gpac|bento4|l-smash|nero|eti|iso|core|twitch|ambarella|dji|gopro|"
    r"adobe|android|google|isom?4?|vimeo|usp|telestream|#?mainconcept mp4)\b.*"
    r"(?:handler|media|file|audio|video|text|caption|time code|metadata|avc|aac|met|tcd)\b.*|"
    r"iso media.*|core media.*|.*@gpac.*|"
    r"(?:stereo|mono|surround|video|audio|sound|subtitles?|text|main|und|track ?\d*|"
    r"soun|vide|sbtl|meta|tmcd)",
    re.IGNORECASE,
)
_IMPORTED = re.compile(
    r"(?: - )?imported with gpac.*|#(?:audio|video|trackid=\d+).*", re.IGNORECASE
)


@functools.lru_cache(maxsize=4096)
def find_marks(text: str) -> frozenset[Mark]:
    """Return the marks in the title of a track or in a part of a file name."""
    title = unicodedata.normalize("NFC", text[:MAX_TITLE_LENGTH].replace("_", " ").strip())
    title = _without_release(title)
    folded = _fold(title)
    marks = {mark for mark, pattern in _PATTERNS if _occurs(pattern, folded)}
    marks.update(mark for mark, pattern in _AS_WRITTEN if _occurs(pattern, title))
    marks.update(_marks_alone(folded))
    if Mark.ORIGINAL in marks and marks & {Mark.COMMENTARY, Mark.NO_SPEECH}:
        marks.discard(Mark.ORIGINAL)
    if _WHOLE.search(folded):
        marks -= _PARTIAL_MARKS
    return frozenset(marks)


def find_all_marks(texts: Iterable[str]) -> frozenset[Mark]:
    """Return the marks in all tags of a track."""
    return frozenset().union(*map(find_marks, texts))


def strip_technical_name(name: str) -> str:
    """Return what a person wrote into a handler's name; "" if a program wrote all of it.

    MP4 and QuickTime files have the title of a track there, or ``SoundHandler``, ``GPAC ISO Audio
    Handler``, ``Core Media Audio`` and the like.
    """
    name = _IMPORTED.sub("", name[:MAX_TITLE_LENGTH].strip("\x00\x1f \t\r\n")).strip()
    return "" if _TECHNICAL.fullmatch(name) else name


_LETTERS_WITH_STROKES = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ħ": "h", "ŧ": "t", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"}
)
"""Letters that Unicode does not take apart into a letter and an accent."""


def _fold(text: str) -> str:
    """Remove case and accents."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(c for c in decomposed if not unicodedata.combining(c))
    return bare if bare.isascii() else bare.translate(_LETTERS_WITH_STROKES)


# Words and patterns are folded like titles, so they have no escapes in upper case.
_FOLDED_ALONE = {_fold(word): mark for word, mark in _ALONE.items()}
_PATTERNS = tuple((mark, re.compile(_fold("|".join(parts)))) for mark, parts in _PHRASES.items())


def _without_release(title: str) -> str:
    """Remove the name of a release, whose words belong to the film."""
    spaced = title.replace(".", " ") if title.count(".") > title.count(" ") else title
    match = _RELEASE.search(spaced)
    return title if match is None else title[match.end() :]


def _occurs(pattern: re.Pattern[str], text: str) -> bool:
    return any(not _is_negated(match) for match in pattern.finditer(text))


def _is_negated(match: re.Match[str]) -> bool:
    before = match.string[max(0, match.start() - _LONGEST_NEGATION) : match.start()]
    return bool(_NEGATED_BEFORE.search(before) or _NEGATED_BEHIND.match(match.string, match.end()))


def _marks_alone(folded: str) -> Iterator[Mark]:
    if _NAMED_WITH_YEAR.fullmatch(folded):
        return
    for segment in _SEGMENTS.split(folded):
        words = re.findall(r"[^\W_]+(?:['’][^\W_]+)?", segment)
        if len(words) > _MAX_WORDS_ALONE:
            continue
        for at, word in enumerate(words):
            follows = words[at + 1] if at + 1 < len(words) else ""
            mark = _FOLDED_ALONE.get(word)
            if mark is None or follows in _JOINING_WORDS or _says_no(words[:at]):
                continue
            if at == len(words) - 1 or (at == 0 and word != "foreign"):
                yield mark


def _says_no(words: list[str]) -> bool:
    return bool({"no", "non", "without", "ohne", "sans", "sin"}.intersection(words))
