"""Errors of the language identification of text, in about 2 minutes, and of speech, in about 10.

That of speech is in :mod:`identification_speech` and needs recordings. What follows is about text.

There are three sources, from Debian packages that are downloaded and not installed (or are in
$SUBTITLED_BENCH_PACKAGES). *Dialogs* are the questions of the installer in some 80 languages: short
prose with a few English words. *Manual* is the installation guide in 19 languages, with commands
and file names. *Fortunes* are quotations and verses in 9 languages, the nearest to spoken language;
the Chinese ones are a manual too. Each is cut into pieces of 10, 50 and 300 words. Paragraphs that
are still in English are left out.

A false alarm is a piece that is refused under its own language. A miss is a piece that is accepted
under another language of the same source. Languages that are confusable or unknown by design are
counted separately. No source is a hold-out: the errors in all three were seen before they were
fixed. The only threshold that was derived from them,
:data:`~subtitled.subtitles.letters.MAX_LATIN_RATIO`, was set once and not moved.
"""

from __future__ import annotations

import functools
import html
import json
import os
import random
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from identification_speech import measure_speech_identification
from material import SPEECH, own_folder
from subtitled.plugin import Language
from subtitled.subtitles import language_model
from subtitled.subtitles.language_id import find_language_mismatch

DIALOGS = (
    *("apt-listchanges", "ca-certificates", "console-setup", "cups-bsd", "dbconfig-common"),
    *("ddclient", "debconf", "dictionaries-common", "exim4-config", "grub-pc", "icecast2"),
    *("isc-dhcp-server", "keyboard-configuration", "krb5-config", "libpam-runtime", "localepurge"),
    *("locales", "man-db", "mdadm", "nslcd", "popularity-contest", "postfix", "roundcube-core"),
    *("samba-common", "sane-utils", "slapd", "tasksel", "tzdata", "ucf", "wireshark-common"),
)
MANUAL = "installation-guide-amd64"
FORTUNES = ("bg", "cs", "de", "eo", "es", "ga", "it", "pl", "ru", "zh")
LENGTHS = (10, 50, 300)
"""Words of a piece."""
PIECES = 60
"""Largest number of pieces of each language and length."""
OTHERS = 12
"""Number of other languages under which each piece is offered."""
LEFT = 0.7
"""Share of English words from which a paragraph counts as not translated."""
SPACELESS = frozenset("zh ja th km lo my bo dz".split())
SIGNS = 2
"""Of these, what counts as a word."""

ENGLISH = Language("en")
Texts = dict[Language, str]


@dataclass(kw_only=True)
class Score:
    """The results for one source and length."""

    checked: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    """False alarms by language and identified language."""
    offered: int = 0
    missed: Counter[str] = field(default_factory=Counter)
    alike: int = 0
    """Offers under languages that are confusable or unknown."""


def main() -> None:
    given = os.environ.get("SUBTITLED_BENCH_PACKAGES")
    with own_folder() as folder:
        packages = Path(given) if given else fetched(folder)
        materials = {
            "dialogs": dialogs(packages, folder),
            "manual": manual(packages, folder),
            "fortunes": fortunes(packages, folder),
        }
    told = {}
    for name, texts in materials.items():
        print(f"{name}: {len(texts)} languages, {sum(map(len, texts.values())):,} letters")
        for length in LENGTHS:
            score = scored(texts, length)
            told[f"{name} {length}"] = shown(length, score)
    if SPEECH.is_dir():
        told["speech"] = measure_speech_identification()
    print(json.dumps(told))


def fetched(folder: Path) -> Path:
    names = (*DIALOGS, MANUAL, *(f"fortunes-{tag}" for tag in FORTUNES))
    subprocess.run(["apt-get", "download", "-qq", *names], cwd=folder, check=True)
    return folder


def dialogs(packages: Path, folder: Path) -> Texts:
    """Return the descriptions of debconf's templates by language."""
    found: defaultdict[Language, list[str]] = defaultdict(list)
    for name in DIALOGS:
        control = folder / "control" / name
        control.mkdir(parents=True)
        subprocess.run(["dpkg-deb", "-e", _deb(packages, name), control], check=True)
        text = (control / "templates").read_text("utf-8", "replace")
        fields = re.findall(r"^Description(?:-([^:]+)\.UTF-8)?:(.*(?:\n .*)*)", text, re.MULTILINE)
        for tag, said in fields:
            known = _language(tag or "en")
            if known is not None:
                found[known] += (line for line in said.split("\n") if len(line) > 40)
    return _translated(found)


def manual(packages: Path, folder: Path) -> Texts:
    """Return the paragraphs of the installation guide by language."""
    subprocess.run(["dpkg-deb", "-x", _deb(packages, MANUAL), folder / "guide"], check=True)
    found: defaultdict[Language, list[str]] = defaultdict(list)
    for path in sorted((folder / "guide").rglob("*.html")):
        known = _language(path.parent.name)
        if known is not None:
            text = path.read_text("utf-8", "replace")
            found[known] += re.findall(r"<p[^>]*>(.*?)</p>", text, re.DOTALL)
    return _translated(found)


def _translated(found: dict[Language, list[str]]) -> Texts:
    """Remove paragraphs that are still in English: those that share most words with it."""
    english = {word for text in found[ENGLISH] for word in _plain(text).split()}

    def is_left(text: str) -> bool:
        words = set(_plain(text).split())
        return len(words & english) > LEFT * len(words)

    return {
        one: _plain(" ".join(text for text in said if one == ENGLISH or not is_left(text)))
        for one, said in found.items()
    }


def fortunes(packages: Path, folder: Path) -> Texts:
    """Return quotations by language, without drawings and transliterations."""
    found: Texts = {}
    for tag in FORTUNES:
        name = f"fortunes-{tag}"
        target = folder / name
        subprocess.run(["dpkg-deb", "-x", _deb(packages, name), target], check=True)
        said: list[str] = []
        for path in sorted(target.glob("usr/share/games/fortunes/**/*")):
            if path.is_file() and not path.suffix and not path.is_symlink():
                try:
                    text = path.read_text("utf-8")
                except UnicodeDecodeError:
                    continue
                said += re.split(r"^%$", re.sub(r"\x1b\[[\d;]*m", "", text), flags=re.MULTILINE)
        if tag == "zh":  # some are in English, or in both
            said = [text for text in said if not re.search(r"([A-Za-z']+[ ,.]+){5}", text)]
        found[Language(tag)] = _plain(" ".join(said))
    return {one: text for one, text in found.items() if text}


def _deb(packages: Path, name: str) -> Path:
    return next(packages.glob(f"{name}_*.deb"))


def _language(tag: str) -> Language | None:
    """Parse a tag such as ``pt_BR``, ``sr@latin`` or ``zh_CN``; None if it is no language."""
    known = tag.replace("@latin", "-Latn").replace("@ijekavian", "").replace("_", "-")
    try:
        return Language.parse(known)
    except ValueError:
        return None


def _plain(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def pieces(text: str, language: Language, length: int) -> Iterator[str]:
    """Yield different pieces of a number of words, from all parts of the text."""
    chance = random.Random(f"{language} {length}")
    if str(language.primary) in SPACELESS:
        signs, size = text.replace(" ", ""), length * SIGNS
        cut = [signs[at : at + size] for at in range(0, len(signs) - size + 1, size)]
    else:
        words = text.split()
        cut = [
            " ".join(words[at : at + length]) for at in range(0, len(words) - length + 1, length)
        ]
    yield from chance.sample(cut, min(PIECES, len(cut)))


def scored(texts: Texts, length: int) -> Score:
    score, chance = Score(), random.Random(length)
    for language, text in sorted(texts.items()):
        others = [one for one in sorted(texts) if one.primary != language.primary]
        for piece in pieces(text, language, length):
            score.checked += 1
            found = find_language_mismatch([piece], language)
            if found is not None:
                score.alarms[f"{language}: {found}"] += 1
            for other in chance.sample(others, min(OTHERS, len(others))):
                if _alike(language, other) or not _judged(other):
                    score.alike += 1
                    continue
                score.offered += 1
                if find_language_mismatch([piece], other) is None:
                    score.missed[f"{language} as {other}"] += 1
    return score


def _alike(one: Language, other: Language) -> bool:
    names = {str(one.primary), str(other.primary)}
    return any(names <= group for group in language_model.CONFUSABLE_GROUPS)


def _judged(language: Language) -> bool:
    """Check whether the identifier has learned a language."""
    return not language_model.labels_for(language).isdisjoint(language_model.known_labels())


def shown(length: int, score: Score) -> dict[str, float]:
    alarms, missed = score.alarms.total(), score.missed.total()
    print(
        f"  {length:3} words: {score.checked:5} checked, {alarms:4} false alarms "
        f"({alarms / max(score.checked, 1):.2%}); {score.offered:6} under another name, "
        f"{missed:5} pass ({missed / max(score.offered, 1):.1%}); {score.alike} not judged"
    )
    print("    alarms:", "; ".join(f"{what} {n}" for what, n in score.alarms.most_common(12)))
    print("    passed:", "; ".join(f"{what} {n}" for what, n in score.missed.most_common(6)))
    return {"checked": score.checked, "alarms": alarms, "offered": score.offered, "passed": missed}


class Once:
    """A cache of the identifier, so that each piece is ranked once for all its languages."""

    def __init__(self) -> None:
        known = language_model.load_identifier()
        self.labels = known.labels
        self.rank = functools.lru_cache(maxsize=256)(known.rank)


if __name__ == "__main__":
    once = Once()
    language_model.load_identifier = lambda: once  # type: ignore
    main()
