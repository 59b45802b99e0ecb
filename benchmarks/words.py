"""Words of real speech: errors, invented words, lost seconds and languages; ours beside peers.

Material is ``shared/speech``: ``--part tuning`` to set parameters on, ``--part reporting`` to
report, once. All ways use the weights of Whisper base, and find the language themselves.

``ours-named`` and ``ours-unnamed`` are the real ``subtitled generate`` on files that have the title
of a film, or a number; each takes all recordings in one run. ``raw-sequential`` is faster-whisper,
int8, with ``vad_filter``; ``raw-batched`` its batched pipeline, int8, with its defaults.
``stable-ts`` and ``whisperx`` run in an environment of their own, which
``--peer-python stable-ts=PATH`` names. Peers skip Bengali, which the model cannot write.

Errors count words, or characters in Chinese, Japanese, Korean and Thai; Chinese is converted to
simplified. A text that is refused, because it is in another language than its sound, counts as
lost. ``lost s`` are the seconds of the reference's cues of which no word came out. ``invented`` are
words per hour of sound without speech: the ``xx`` recordings, and noise and tones by ffmpeg.

What peers heard is kept in ``build/words`` for each recording and version; what ours heard is
kept under ``--label``. ``--against LABEL`` shows where an older run of ours differs; ``--tree
PATH`` runs ours from another source tree; ``--show`` runs nothing of ours; ``--losses`` tells for
each lost stretch what lost it. ``--settings`` is TOML, such as ``'engines.whisper.beam_size = 1'``.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from subtitled.plugin import Language
from subtitled.subtitles.evaluation.word_errors import WordErrors
from words_losses import print_losses
from words_material import UNWRITABLE, Recording, load_recordings, make_synthetic_silence
from words_scores import count_errors, find_lost_cues, list_words, per_hour, sum_seconds
from words_times import print_times
from words_ways import (
    CACHE,
    OURS,
    PEERS,
    RAW,
    Heard,
    label_path,
    listen_ours,
    listen_peer,
    listen_raw,
    read_heard,
)

Results = dict[str, dict[str, Heard]]
"""Way -> name of the recording -> what was heard."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """The scores of some recordings in one way."""

    errors: WordErrors = field(default_factory=WordErrors)
    lost_seconds: float = 0.0
    cue_seconds: float = 0.0
    languages: int = 0
    languages_right: int = 0
    languages_unknown: int = 0
    """How often the way said that it could not tell, or wrote nothing."""
    invented: int = 0
    silent_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __add__(self, other: Score) -> Score:
        names = self.__dataclass_fields__
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in names})


def score(recording: Recording, heard: Heard) -> Score:
    """Score one recording in one way."""
    if recording.is_silent:
        invented = len(list_words(heard.text, _primary(heard.language)))
        return Score(
            invented=invented, silent_seconds=recording.seconds, cpu_seconds=heard.cpu_seconds
        )
    found, language = _primary(heard.language), recording.language
    errors, lost, cue_seconds = WordErrors(), 0.0, 0.0
    if recording.is_scored:
        errors = count_errors(heard.text, recording.text or "", language)
        lost = sum_seconds(find_lost_cues(heard.text, recording.cues, language))
        cue_seconds = sum_seconds(recording.cues)
    return Score(
        errors=errors,
        lost_seconds=lost,
        cue_seconds=cue_seconds,
        languages=1,
        languages_right=found == language,
        languages_unknown=found == "und",
        cpu_seconds=heard.cpu_seconds,
    )


def _primary(tag: str) -> str:
    return str(Language(tag).primary)


def listen(
    ways: Sequence[str], recordings: Sequence[Recording], options: argparse.Namespace
) -> Iterator[tuple[str, Recording, Heard]]:
    """Let each way write the recordings down; yield way, recording and what was heard."""
    writable = [each for each in recordings if each.language not in UNWRITABLE]
    pythons = dict(each.split("=", 1) for each in options.peer_python)
    for way in ways:
        found: Iterable[tuple[Recording, Heard]]
        if way in OURS and options.show:
            kept = ((each, read_heard(label_path(way, options.label, each))) for each in recordings)
            found = ((each, heard) for each, heard in kept if heard is not None)
        elif way in OURS:
            found = listen_ours(way, options.label, recordings, options.settings, options.tree)
        elif way in RAW:
            found = listen_raw(way, writable)
        elif way in pythons:
            found = listen_peer(way, Path(pythons[way]), writable)
        else:
            print(f"{way}: absent; name its environment by --peer-python {way}=PATH")
            continue
        begin, count = time.monotonic(), 0
        for recording, heard in found:
            count += 1
            yield way, recording, heard
        took = time.monotonic() - begin
        print(f"{way}: {count} recordings in {took:.0f} s", file=sys.stderr, flush=True)


def print_table(recordings: Sequence[Recording], results: Results) -> None:
    """Print one table: by language, by kind of speech, and over all."""
    table = Table(box=None, pad_edge=False)
    columns = ("words", "errors", "subst", "lost", "insert", "lost s", "of s", "language", "CPU s")
    table.add_column("material", max_width=46)
    table.add_column("by", no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    for title, members in _groups(recordings):
        for number, (way, heard) in enumerate(results.items()):
            scores = [score(each, heard[each.name]) for each in members if each.name in heard]
            total = sum(scores, Score())
            label = f"{title}: {' '.join(each.name for each in members)}"
            if title.startswith("all"):
                label = f"{title}: {len(members)} recordings"
            table.add_row(label if number == 0 else "", way, *_cells(total, len(members), scores))
        table.add_section()
    Console(width=int(os.environ.get("COLUMNS", "150"))).print(table)


def _cells(total: Score, count: int, scores: Sequence[Score]) -> Iterator[str]:
    errors, words = total.errors, total.errors.reference
    if words:
        yield str(words)
        yield f"{100 * errors.errors / words:.1f}"
        for part in (errors.replaced, errors.lost, errors.inserted):
            yield f"{100 * part / words:.1f}"
    else:
        yield from [""] * 5
    yield f"{total.lost_seconds:.1f}" if total.cue_seconds else ""
    yield f"{total.cue_seconds:.0f}" if total.cue_seconds else ""
    wrong = total.languages - total.languages_right - total.languages_unknown
    unknown = f", {total.languages_unknown} unknown" if total.languages_unknown else ""
    yield f"{wrong} wrong{unknown} of {total.languages}" if total.languages else ""
    yield f"{total.cpu_seconds:.0f}" + ("" if len(scores) == count else f" ({len(scores)} only)")


def _groups(recordings: Sequence[Recording]) -> Iterator[tuple[str, list[Recording]]]:
    spoken = [each for each in recordings if not each.is_silent]
    for attribute in ("language", "kind"):
        groups: dict[str, list[Recording]] = defaultdict(list)
        for each in spoken:
            # A kind that an unwritable language has must not count its words.
            if each.is_scored and (attribute == "language" or each.language not in UNWRITABLE):
                groups[getattr(each, attribute)].append(each)
        yield from sorted(groups.items())
    lid = [each for each in spoken if each.text is None]
    if lid:
        yield "language only", lid
    yield "all but bn", [each for each in spoken if each.language not in UNWRITABLE]


def print_matrix(recordings: Sequence[Recording], results: Results) -> None:
    """Print errors per 100 words by language and way, lost ones in brackets."""
    table = Table(box=None, pad_edge=False)
    for name in ("", "words", *results):
        table.add_column(name, justify="right" if name else "left", no_wrap=True)
    scored = [each for each in recordings if each.is_scored]
    languages = sorted({each.language for each in scored})
    for language in (*languages, "all but bn"):
        members = [
            each
            for each in scored
            if each.language == language
            or (language == "all but bn" and each.language not in UNWRITABLE)
        ]
        cells, words = [], 0
        for heard in results.values():
            present = [each for each in members if each.name in heard]
            total = sum((score(each, heard[each.name]) for each in present), Score()).errors
            words = max(words, total.reference)
            cells.append(
                f"{100 * total.errors / total.reference:.1f} "
                f"({100 * total.lost / total.reference:4.1f})"
                if total.reference
                else ""
            )
        table.add_row(language, str(words), *cells)
    Console(width=int(os.environ.get("COLUMNS", "150"))).print(table)


def print_invented(recordings: Sequence[Recording], results: Results) -> None:
    """Print the words that each way invented in sound without speech."""
    silent = [each for each in recordings if each.is_silent]
    if not silent:
        return
    seconds = sum(each.seconds for each in silent)
    names = " ".join(each.name for each in silent)
    print(f"\ninvented words in {seconds:.0f} s without speech ({names}):")
    for way, heard in results.items():
        present = [each for each in silent if each.name in heard]
        total = sum((score(each, heard[each.name]) for each in present), Score())
        texts = [f"{each.name}: {heard[each.name].text[:60]}" for each in present]
        rate = per_hour(total.invented, total.silent_seconds)
        print(f"  {way}: {total.invented} ({rate or 0:.0f} per hour)")
        for text in texts:
            if not text.endswith(": "):
                print(f"    {text}")


def print_recordings(recordings: Sequence[Recording], results: Results) -> None:
    """Print one line for each recording: errors of each way, and the language if it is wrong."""
    print("\nerrors (substituted + lost + inserted) of words, by recording:")
    for each in recordings:
        cells = []
        for way, by_name in results.items():
            heard = by_name.get(each.name)
            if heard is None:
                continue
            errors = score(each, heard).errors
            counts = f"{errors.replaced}+{errors.lost}+{errors.inserted}" if each.is_scored else ""
            is_right = each.is_silent or _primary(heard.language) == each.language
            cells.append(f"{way} {counts}" + ("" if is_right else f" [{heard.language}]"))
            if heard.note and not each.is_silent:
                cells[-1] += f" ({heard.note})"
        words = len(list_words(each.text or "", each.language)) if each.is_scored else 0
        print(f"  {each.name} of {words}: " + "; ".join(cells))


def print_changes(recordings: Sequence[Recording], results: Results, label: str) -> None:
    """Print where ours differs from an older run of ours."""
    for way in OURS:
        for each in recordings:
            old, new = read_heard(label_path(way, label, each)), results.get(way, {}).get(each.name)
            if old is None or new is None or old.text == new.text:
                continue
            before, after = score(each, old).errors, score(each, new).errors
            print(f"{way} {each.name}: {before.errors} -> {after.errors} errors", end="")
            print(f" ({before.lost} -> {after.lost} lost), language {old.language} {new.language}")


def add_way_options(parser: argparse.ArgumentParser) -> None:
    """Add the options by which ways listen."""
    parser.add_argument("--part", default="tuning", choices=["reporting", "tuning"])
    parser.add_argument("--only", default="", help="recordings, by commas: names or beginnings")
    parser.add_argument("--label", default="latest", help="what results of ours are kept under")
    parser.add_argument(
        "--show", action="store_true", help="show what is kept, run nothing of ours"
    )
    parser.add_argument("--peer-python", action="append", default=[], metavar="WAY=PATH")
    parser.add_argument("--tree", type=Path, help="source tree of ours, if not this one")
    parser.add_argument("--settings", default="", help="configuration of ours, in TOML")


def parse_ways(text: str) -> list[str]:
    """Return the ways that are named, by commas; ``ours`` is both of ours."""
    return [way for name in text.split(",") for way in (OURS if name == "ours" else (name,))]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--ways", default=",".join((*OURS, *RAW, *PEERS)), help="by commas; 'ours' is both of ours"
    )
    parser.add_argument("--against", help="label of an older run of ours to compare with")
    parser.add_argument("--losses", action="store_true", help="tell what lost each lost stretch")
    parser.add_argument("--times", action="store_true", help="compare cues with human times, too")
    add_way_options(parser)
    options = parser.parse_args()
    only = [name for name in options.only.split(",") if name]
    recordings = load_recordings(options.part, only)
    recordings += make_synthetic_silence(CACHE / "sounds", only)
    results: Results = {}
    for way, recording, heard in listen(parse_ways(options.ways), recordings, options):
        results.setdefault(way, {})[recording.name] = heard
    print_recordings(recordings, results)
    print_table(recordings, results)
    print_invented(recordings, results)
    if options.times:
        print("\ncues against times that people set:")
        print_times(recordings, results)
    if options.losses:
        print_losses(recordings, results)
    if options.against:
        print_changes(recordings, results, options.against)
    print(f"\nerrors per 100 words (lost ones), {options.part}:")
    print_matrix(recordings, results)


if __name__ == "__main__":
    main()
