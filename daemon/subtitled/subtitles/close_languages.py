"""Languages that are written much alike, told apart by words that one of them has and another not.

The identifier of texts counts letters, and by letters Brazilian and European Portuguese, or
Croatian, Bosnian and Serbian, are one. Each word and turn of phrase here is usual in some languages
of a group and unusual in the others. A text is in one of them only if it is clear: several words
speak against each of the others, and hardly any against this one. Otherwise it is undecided.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from subtitled.plugin import Language

MIN_AGAINST = 3
"""How often words must speak against each other language."""
MIN_DIFFERENT_WORDS = 2
"""How many different ones of them there must be."""
CLEAR_RATIO = 4
"""How much more must speak against each other language than against the one that is found."""
MAX_COUNT = 2
"""How often one word counts. A name or a favourite word would decide otherwise."""
MAX_CHARACTERS = 20_000
"""Characters of a text that are read."""

_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseGroup:
    """Languages that are written much alike."""

    labels: frozenset[str]
    """The labels that the identifier of texts may give to any of them."""
    words: Mapping[str, str]
    """Words by the languages in which they are usual, both separated by spaces."""
    phrases: Mapping[str, str] = field(default_factory=dict)
    """A regular expression by the languages in which what it matches is usual."""
    spellings: Mapping[str, str] = field(default_factory=dict)
    """The same for ways to spell. They tell nothing of the text of a recogniser, which spells all
    speakers alike."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages."""
        return tuple(dict.fromkeys(tag for tags in self.words for tag in tags.split()))


PORTUGUESE = CloseGroup(
    labels=frozenset({"pt"}),
    words={
        "pt-BR": "você ônibus trem trens celular celulares banheiro geladeira sorvete xícara suco "
        "cadê moleque caminhão caminhões bilhão bilhões gol gols goleiro usuário usuários esporte "
        "esportes time times equipe equipes aeromoça grampeador pedestre bonde bagunça gerenciar "
        "planejar aterrissar garçom garçonete tô cê",
        "pt-PT": "autocarro autocarros comboio comboios telemóvel telemóveis frigorífico miúdo "
        "miúdos rapariga raparigas chávena fixe gajo gajos bué camião camiões golo golos ecrã "
        "ecrãs utilizador utilizadores ficheiro ficheiros desporto desportos equipa equipas talho "
        "agrafador hospedeira estás vais tens queres podes sabes fazes dizes achas foste tinhas "
        "disseste fizeste convosco",
    },
    phrases={
        "pt-BR": r"\b(?:estou|está|estamos|estão|estava|estavam|tô|tá|tava) (?:\w+ )?\w{2,}"
        r"[aei]ndo\b|(?:^|[.!?…]\s+|[-–—]\s*)me \w{2,}[aeiou]\b|\bcafé da manhã\b",
        "pt-PT": r"\b(?:estou|estás|está|estamos|estão|estava|estavas|estavam) a "
        r"(?!mulher|colher|altar|qualquer)\w{2,}[aei]r\b|\bcasas? de banho\b"
        r"|\bpequeno[- ]almoço\b",
    },
    spellings={
        "pt-BR": r"\b(?!fêmea)\w*[êô][mn][aeiouáéíóúãõ]\w*\b|\b(?:fatos?|contatos?|registros?"
        r"|conosco|dezesseis|dezessete|dezenove|bebês?|comitês?|metrô)\b",
        "pt-PT": r"\b\w*[éó][mn][aeiouáéíóúãõ]\w*\b|\b(?:factos?|contactos?|registos?"
        r"|connosco|dezasseis|dezassete|dezanove|bebés?|comités?)\b",
    },
)
SCANDINAVIAN = CloseGroup(
    labels=frozenset({"no", "nb", "nn", "da"}),
    words={
        "no": "hva nå meg deg seg noe noen mye etter av ut opp hadde sier vet gjøre gjør blir gir "
        "ga sa kjøre penger uke språk takk nei kanskje slik sånn tilbake mellom dere gutt jente "
        "bruke bruker leilighet øyne hjelpe spør trenger skjer veldig ikkje eg kva frå ein dei "
        "nokon",
        "da": "hvad nu mig dig sig noget nogen nogle efter af ud op havde siger gøre gør bliver "
        "giver gav sagde køre penge uge sprog nej måske sådan tilbage mellem jer dreng pige bruge "
        "bruger lejlighed øjne hjælpe spørger sker kigge blevet",
    },
)
MALAY = CloseGroup(
    labels=frozenset({"id", "ms"}),
    words={
        "id": "bisa karena bahwa nggak enggak gak banget mobil sepeda kantor uang polisi kursi "
        "coba mau kulkas ponsel butuh senin kamis beda obat inggris kualitas universitas delapan "
        "jawaban aja kok gue gua loe cewek cowok kalian istri",
        "ms": "kerana bahawa mahu awak korang cakap basikal wang kerusi cuba isnin khamis berbeza "
        "ubat inggeris kualiti universiti lapan mesyuarat jawapan sahaja sesiapa encik cik "
        "hospital isteri tengok",
    },
    phrases={
        "id": r"\brumah sakit\b|\bmemberi tahu\b|\banak-anak\b",
        "ms": r"\bmacam mana\b|\bkanak-kanak\b|\bmemberitahu\b",
    },
)
SERBO_CROATIAN = CloseGroup(
    labels=frozenset({"sr", "hr", "bs", "sh", "cnr", "me"}),
    words={
        "sr": "gde ovde negde nigde uvek dete deca vreme mleko mesto lepo lep lepa reč reči čovek "
        "pre posle hteo htela videla videli videti želeo razumeo voleo sreća nedelja hleb uspeh "
        "devojka devojke sneg sused uspeo pesma telo vazduh uopšte opština srećan srećno",
        "hr bs": "gdje ovdje negdje nigdje uvijek dijete djeca vrijeme mlijeko mjesto lijepo "
        "lijep lijepa riječ riječi čovjek prije poslije htio htjela vidio vidjela vidjeti želio "
        "razumio volio uspjeh djevojka djevojke snijeg susjed uspio pjesma tijelo zrak uopće "
        "općina sretan sretno",
        "hr": "tko nitko netko svatko itko tjedan tjedna vlak vlakom tisuća tisuće kruh glazba "
        "obitelj obitelji kazalište točno nogomet kolodvor tvrtka siječanj veljača ožujak travanj "
        "svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac žlica juha",
        "sr bs": "ko niko neko svako šta voz vozom hiljada hiljade muzika porodica porodice "
        "pozorište tačno fudbal januar februar april juli avgust septembar oktobar novembar "
        "decembar kašika supa sedmica sedmice",
        "bs": "hljeb lahko mehko kahva kahvu historija",
    },
)
GROUPS = (PORTUGUESE, SCANDINAVIAN, MALAY, SERBO_CROATIAN)


def find_close_language(text: str, label: str, *, is_recognised: bool = False) -> Language | None:
    """Return which of several close languages a text is in.

    Args:
        text: The text.
        label: The language that the identifier of texts takes it for.
        is_recognised: Whether a recogniser wrote it, whose spelling tells nothing.

    Returns:
        The language; None if the text does not decide, or the label has no close languages.
    """
    group = next((group for group in GROUPS if label in group.labels), None)
    if group is None:
        return None
    found = _count_markers(group, text[:MAX_CHARACTERS].lower(), is_recognised)
    against = {
        tag: {marker: count for (tags, marker), count in found.items() if tag not in tags.split()}
        for tag in group.languages
    }
    totals = {tag: sum(counts.values()) for tag, counts in against.items()}
    best = min(totals, key=totals.__getitem__)
    for tag, counts in against.items():
        if tag == best:
            continue
        if totals[tag] < MIN_AGAINST or len(counts) < MIN_DIFFERENT_WORDS:
            return None
        if totals[tag] < CLEAR_RATIO * totals[best]:
            return None
    return Language(best)


def _count_markers(group: CloseGroup, text: str, is_recognised: bool) -> dict[tuple[str, str], int]:
    """Return how often each word or phrase is in a text, by the languages in which it is usual."""
    found = {
        (tags, word): min(count, MAX_COUNT)
        for word, count in Counter(_WORD.findall(text)).items()
        if (tags := _words_of(group.labels).get(word)) is not None
    }
    for patterns in (group.phrases, {} if is_recognised else group.spellings):
        for tags, pattern in patterns.items():
            for match, count in Counter(re.findall(pattern, text)).items():
                found[tags, match] = min(count, MAX_COUNT)
    return found


@functools.cache
def _words_of(labels: frozenset[str]) -> dict[str, str]:
    """Return the languages in which each word of a group is usual."""
    group = next(group for group in GROUPS if group.labels == labels)
    return {word: tags for tags, words in group.words.items() for word in words.split()}
