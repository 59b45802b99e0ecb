"""Cost of the judgement of texts, and its false alarms. About a minute.

    python benchmarks/judgement.py [FILES] [TEXTS]

*Cost*: processor time for each subtitle of a film of about 525 cues, for each form of file, alone
and through the database with the files on disk. The texts are of the dialogue of the tests and of
the references of ``shared/speech``, in ten languages. FILES different ones of each form are judged
(20 by default), and what 20 000 would take is computed. Each is judged three times and the least
counts. Beside it stands what ``pysubs2`` takes to read the same texts, in the same process: compare
that ratio on a busy machine.

*False alarms*: of TEXTS good subtitles (1 000 by default), how many do not count as the whole text,
or are read in another language, by form. *Letters*: of the dialogue in each code page, how many
texts get wrong letters, and how many are refused.
"""

from __future__ import annotations

import gc
import json
import math
import random
import re
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pysubs2

from material import SPEECH, own_folder
from subtitled.db.database import Database
from subtitled.media.probe import MediaInfo
from subtitled.pipeline.text_judge import TextJudge
from subtitled.plugin import Cue, InputRejectedError, Language, Subtitle, SubtitleKind
from subtitled.policy.coverage import SIDECAR, ExistingSubtitle
from subtitled.subtitles.encodings import decode_text
from subtitled.subtitles.formats import render_subtitle
from subtitled.subtitles.judgement import MediaLength, judge_for_media, judge_text

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.dialogue import CODE_PAGES, encode, lines_of, make_srt, spell

CODE_PAGE = {
    "en": "cp1252",
    "de": "cp1252",
    "fr": "cp1252",
    "es": "cp1252",
    "pt": "cp1252",
    "cs": "cp1250",
    "pl": "cp1250",
    "ru": "cp1251",
    "ja": "cp932",
    "ko": "cp949",
}
"""The ten languages, and the code page of each."""
CUES = 525
LIBRARY = 20_000
GOAL_MS = 5.0
REPEATS = 3
SPACELESS = ("ja", "zh-Hans", "zh-Hant", "th")


@dataclass(frozen=True, slots=True)
class Sample:
    """A subtitle as a file."""

    data: bytes
    suffix: str
    language: str
    seconds: float
    """The duration of its film."""


def phrases(language: str) -> list[str]:
    """Return sentences of a language."""
    index = json.loads((SPEECH / "index.json").read_text("utf-8"))
    said = list(lines_of(language))
    for name, entry in index.items():
        path = SPEECH / entry["split"] / name / "reference.txt"
        if entry["lang"] == language and path.exists():
            cut = re.split(r"(?<=[.!?;:。！？])\s*|\n", path.read_text("utf-8"))
            said += (part.strip() for part in cut if 3 < len(part.strip()) < 90)
    return said


def wrapped(text: str, width: int) -> str:
    """Put a line break at the space nearest the middle of a long text."""
    spaces = [place for place, character in enumerate(text) if character == " "]
    if len(text) <= width or not spaces:
        return text
    place = min(spaces, key=lambda place: abs(place - len(text) // 2))
    return f"{text[:place]}\n{text[place + 1 :]}"


def cues_of(said: Sequence[str], language: str, count: int, chance: random.Random) -> list[Cue]:
    """Return cues as films have them: one or two speakers, italics, in some sounds and songs."""
    cues, at, text = list[Cue](), chance.uniform(1.0, 60.0), ""
    has_songs, has_sounds = chance.random() < 0.4, chance.random() < 0.3
    width = 16 if language in SPACELESS else 42
    for _ in range(count):
        text, kind = chance.choice([line for line in said if line not in text]), chance.random()
        text = f"- {text}\n- {chance.choice(said)}" if kind < 0.12 else wrapped(text, width)
        if kind > 0.98 and has_songs:
            text = f"♪ {text} ♪"
        elif kind > 0.92:
            text = f"<i>{text}</i>"
        elif kind > 0.90 and has_sounds:
            text = f"[MUSIC]\n{text.partition(chr(10))[0]}"
        length = min(7.0, 1.0 + len(text) / 17)
        cues.append(Cue(round(at, 3), round(at + length, 3), text))
        at += length + chance.choice([0.05, 0.5, 1.0, 8.0])
    return cues


def make(form: str, language: str, said: Sequence[str], count: int, seed: int) -> Sample:
    """Make the subtitle of a film in one of :data:`FORMS`."""
    cues = cues_of(said, language, count, random.Random(f"{form} {language} {seed}"))
    suffix = form if form in ("vtt", "ass") else "srt"
    subtitle = Subtitle(language=Language(language), cues=tuple(cues))
    data = render_subtitle(subtitle, suffix)
    if form == "srt, CR LF":
        data = b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")
    elif form == "srt, no numbers":
        data = re.sub(rb"(?m)^\d+\n(?=\d\d:)", b"", data)
    elif form == "srt, code page":
        text = data.decode().replace("♪", "#").replace("'", "’")
        data = spell(text, CODE_PAGE[language]).encode(CODE_PAGE[language], "ignore")
    return Sample(data, suffix, language, cues[-1].end + 30.0)


FORMS = ("srt", "srt, CR LF", "srt, no numbers", "srt, code page", "vtt", "ass")


def cost_ms(run: Callable[[Sample], object], samples: Sequence[Sample]) -> float:
    """Return the mean processor time of a sample, of the least of its repetitions each."""
    least = [math.inf] * len(samples)
    for _ in range(REPEATS):
        for number, sample in enumerate(samples):
            begin = time.process_time()
            run(sample)
            least[number] = min(least[number], time.process_time() - begin)
    return 1000 * statistics.fmean(least)


def judge(sample: Sample) -> None:
    language = Language(sample.language)
    judgement, _ = judge_text(sample.data, sample.suffix, language)
    judge_for_media(
        judgement, language, SubtitleKind.FULL, frozenset(), MediaLength(sample.seconds)
    )


def read_with_pysubs2(text: str, suffix: str) -> None:
    pysubs2.SSAFile.from_string(text, format_=suffix)


def through_database_ms(samples: Sequence[Sample]) -> float:
    """Return the processor time of a sample that lies on disk, and whose judgement is kept."""
    with own_folder() as folder:
        database = Database(folder / "state.sqlite")
        total = 0.0
        for number, sample in enumerate(samples):
            name = f"Film {number}.{sample.language}.{sample.suffix}"
            (folder / name).write_bytes(sample.data)
            found = ExistingSubtitle(
                language=Language(sample.language),
                kind=SubtitleKind.FULL,
                origin=SIDECAR,
                location=name,
                format=sample.suffix,
            )
            judge = TextJudge(
                judgements=database.judgements,
                media=folder / f"Film {number}.mkv",
                facts=MediaInfo(
                    duration=sample.seconds,
                    format="matroska",
                    audio_tracks=(),
                    subtitle_tracks=(),
                    has_video=True,
                ),
                fingerprint=None,
                folder=folder,
            )
            begin = time.process_time()
            judge.judge([found], MediaLength(sample.seconds), [Language(sample.language)])
            total += time.process_time() - begin
        begin = time.process_time()
        database.judgements.flush()
        total += time.process_time() - begin
        database.close()
    return 1000 * total / len(samples)


def report_costs(files: int, said: dict[str, list[str]]) -> dict[str, float]:
    print(f"{files} subtitles of {CUES} cues of each form; goal: {GOAL_MS:.0f} ms")
    print(f"{'':18} {'KB':>4} {'ms':>7} {'pysubs2':>8} {'ratio':>6} {f'{LIBRARY} files':>12}")
    languages, costs, mixed = list(CODE_PAGE), {}, []
    for form in FORMS:
        samples = [
            make(form, language, said[language], CUES, number)
            for number, language in zip(range(files), languages * files, strict=False)
        ]
        mixed += samples[: max(1, files // 4)]
        judge(samples[0])
        texts = {
            sample.data: decode_text(sample.data, Language(sample.language)) for sample in samples
        }
        ours = cost_ms(judge, samples)
        theirs = cost_ms(lambda s: read_with_pysubs2(texts[s.data], s.suffix), samples)  # noqa: B023
        size = statistics.fmean(len(sample.data) for sample in samples) / 1024
        costs[form] = ours
        show(form, size, ours, theirs)
    costs["through the database"] = through_database_ms(mixed)
    show("all, database", 0, costs["through the database"], 0)
    return costs


def show(form: str, size: float, ours: float, theirs: float) -> None:
    ratio = f"{ours / theirs:6.2f}" if theirs else "      "
    print(
        f"{form:18} {size:4.0f} {ours:7.2f} {theirs:8.2f} {ratio} {ours * LIBRARY / 1000:10.0f} s",
        flush=True,
    )


def report_alarms(texts: int, said: dict[str, list[str]]) -> int:
    chance, alarms, counted = random.Random(5), Counter[str](), Counter[str]()
    examples: list[str] = []
    for number in range(texts):
        language, form = list(CODE_PAGE)[number % 10], chance.choice(FORMS)
        count = chance.choice([12, 40, 150, 400, 900])
        sample = make(form, language, said[language], count, number)
        speech = chance.choice([None, 0.6 * sample.seconds])
        judgement, _ = judge_text(sample.data, sample.suffix, Language(language))
        for stated in (Language(language), None):
            judged = judge_for_media(
                judgement,
                stated,
                SubtitleKind.FULL,
                frozenset(),
                MediaLength(sample.seconds, speech),
            )
            if judged.problem or judged.language != language:
                alarms[form] += 1
                examples.append(f"{language}, {form}, {count} cues: {judged}")
                break
        counted[form] += 1
    print(f"\nfalse alarms on {texts} good subtitles: {alarms.total()}")
    print("  " + "; ".join(f"{form} {alarms[form]} of {counted[form]}" for form in FORMS))
    print("".join(f"  {example}\n" for example in examples[:10]), end="")
    return alarms.total()


def report_letters() -> dict[str, int]:
    chance, result = random.Random(7), Counter[str]()
    for language, encoding in CODE_PAGES:
        for count in (8, 24, 100, 525):
            for stated in (Language(language), None):
                lines = [chance.choice(lines_of(language)) for _ in range(count)]
                text = spell(make_srt(lines), encoding)
                try:
                    decoded = decode_text(encode(text, encoding), stated)
                except InputRejectedError:
                    result["refused"] += 1
                else:
                    result["right" if decoded == text else "wrong"] += 1
    print(
        "letters: " + ", ".join(f"{result[name]} {name}" for name in ("right", "refused", "wrong"))
    )
    return dict(result)


def main() -> None:
    files, texts = (int(given) for given in (sys.argv[1:] + ["20", "1000"][len(sys.argv) - 1 :]))
    said = {language: phrases(language) for language in CODE_PAGE}
    gc.freeze()
    costs = report_costs(files, said)
    result = {"ms": costs, "alarms": report_alarms(texts, said), "letters": report_letters()}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
