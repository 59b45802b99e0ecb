"""Whether `subtitled check` calls right subtitles right, and finds what is wrong with others.

Programmes are made of the recordings in `shared/speech` and kept in `build/synchronisation`, with
the voice activity that was really detected in them and the words of Whisper base.
Each gets subtitles as people make them: condensed, merged and split, with other habits of leading
and lingering, sounds in brackets, credits; and the same with times that are wrong. Thresholds were
set on `tuning`; `--part reporting` tells.
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from subtitled.subtitles.synchronisation import SyncReport, SyncVerdict, correct_cues
from subtitled.subtitles.synchronisation.check import check_synchronisation
from subtitled.subtitles.synchronisation.media_speech import MediaSpeech
from synchronisation_cases import Case, make_right, make_wrong
from synchronisation_material import Programme, programmes

CACHE = Path(__file__).parents[1] / "build" / "synchronisation"
MAX_ERROR_SECONDS = 0.2
"""Median distance of the corrected times from the right ones, at the most."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A case with what was found."""

    case: Case
    report: SyncReport

    @property
    def error(self) -> float:
        """The median distance of the corrected times from the right ones, in seconds."""
        corrected = correct_cues(self.case.cues, self.report)
        return median(
            abs(cue.start - true)
            for cue, true in zip(corrected, self.case.true_starts, strict=True)
        )

    @property
    def is_good(self) -> bool:
        """Whether a right one is not called wrong, or a wrong one is found and measured."""
        if self.case.is_right:
            return not self.report.verdict.is_wrong
        return self.report.verdict.is_wrong and self.error <= MAX_ERROR_SECONDS


def run_cases(material: list[Programme], count: int, *, with_words: bool) -> list[Outcome]:
    """Check so many right subtitles, and so many wrong ones, on all processors."""
    work = partial(_run_pair, material, with_words=with_words)
    with ProcessPoolExecutor() as pool:
        pairs = pool.map(work, range(count), chunksize=10)
        return [outcome for pair in pairs for outcome in pair]


def _run_pair(material: list[Programme], number: int, *, with_words: bool) -> list[Outcome]:
    programme = material[number % len(material)]
    media_speech = MediaSpeech(
        speech=programme.speech.spans,
        faint=programme.speech.low_energy,
        words=programme.words if with_words else (),
        language=programme.language,
    )
    cases = (make_right(programme, number), make_wrong(programme, number))
    return [Outcome(case, check_synchronisation(case.cues, media_speech)) for case in cases]


def run_strangers(material: list[Programme], count: int) -> list[Outcome]:
    """Check so many subtitles of other programmes, which fit nowhere."""
    with ProcessPoolExecutor() as pool:
        return list(pool.map(partial(_run_stranger, material), range(count), chunksize=10))


def _run_stranger(material: list[Programme], number: int) -> Outcome:
    media_speech = material[number % len(material)]
    step = 1 + number // len(material) % (len(material) - 1)
    case = make_right(material[(number + step) % len(material)], number)
    speech = MediaSpeech(speech=media_speech.speech.spans, faint=media_speech.speech.low_energy)
    return Outcome(case, check_synchronisation(case.cues, speech))


def print_table(outcomes: list[Outcome]) -> None:
    """Print what became of each kind of case."""
    kinds = Counter(_kind(outcome.case) for outcome in outcomes)
    print(
        f"{'':10} {'cases':>6} {'in sync':>8} {'no answer':>10} {'wrong':>6} {'good':>7} "
        f"{'error p90':>10}"
    )
    for kind in sorted(kinds):
        of_kind = [outcome for outcome in outcomes if _kind(outcome.case) == kind]
        verdicts = Counter(outcome.report.verdict for outcome in of_kind)
        wrong = [outcome for outcome in of_kind if outcome.report.verdict.is_wrong]
        errors = [outcome.error for outcome in wrong]
        p90 = f"{np.quantile(errors, 0.9):.2f} s" if errors else "-"
        good = sum(outcome.is_good for outcome in of_kind) / len(of_kind)
        print(
            f"{kind:10} {len(of_kind):6} {verdicts[SyncVerdict.IN_SYNC]:8} "
            f"{verdicts[SyncVerdict.CANNOT_TELL]:10} {len(wrong):6} {good:7.1%} {p90:>10}"
        )
    wrong_cases = [outcome for outcome in outcomes if not outcome.case.is_right]
    print(f"found: {sum(o.is_good for o in wrong_cases)} of {len(wrong_cases)}")


def _kind(case: Case) -> str:
    return case.kind.partition(" ")[0]


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", default="tuning", choices=("tuning", "reporting"))
    parser.add_argument("--programmes", type=int, default=20)
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--misses", action="store_true", help="print each case that is not good")
    options = parser.parse_args()
    material = programmes(options.part, options.programmes, CACHE)
    minutes = sum(programme.duration for programme in material) / 60
    print(f"{options.part}: {len(material)} programmes, {minutes:.0f} minutes")
    for with_words in (False, True):
        before = sum(os.times()[:4])
        outcomes = run_cases(material, options.cases, with_words=with_words)
        took = (sum(os.times()[:4]) - before) / len(outcomes)
        by = "voice activity and words" if with_words else "voice activity"
        print(f"\n{by}: {took:.2f} s of a processor each")
        print_table(outcomes)
        for outcome in outcomes if options.misses else ():
            if not outcome.is_good:
                _print_miss(outcome)
    strangers = run_strangers(material, options.cases)
    verdicts = Counter(str(outcome.report.verdict) for outcome in strangers)
    print(f"\nsubtitles of another programme, by voice activity: {dict(verdicts)}")


def _print_miss(outcome: Outcome) -> None:
    case, report = outcome.case, outcome.report
    seen = report.evidence
    print(
        f"  {case.kind} ({case.style}) of {case.programme.name}, {case.programme.duration:.0f} s, "
        f"{seen.cue_count} cues, {seen.speech_count} spans, {seen.anchor_count} anchors: "
        f"{report.verdict}: {report.reason}; "
        f"distinct {seen.distinctness:.1f}, gain {seen.gain:.1f}, error {outcome.error:.2f}"
    )


if __name__ == "__main__":
    main()
