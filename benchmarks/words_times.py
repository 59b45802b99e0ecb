"""Cues of real recogniser output against times that people set: SubER, timed errors, in and out.

*hand* times were set by a person; *built* ones are where clips were put, each a cue (good to 0.1 s,
so their line breaks mean nothing, except in the subtitled dialogue of ``fillets``). In and out are
the errors of cues that begin or end with the same word in both, in seconds: the median and the 90th
percentile of their size, and the median with its sign, late being positive. Where the reference is
spelled otherwise, each of its cues is compared with the nearest one within two seconds.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from subtitled.plugin import Cue, Language
from subtitled.subtitles.evaluation.comparison import TimingErrors, compare_cues
from words_losses import TIMED
from words_material import TIMED_ONLY, UNWRITABLE, Recording
from words_ways import Heard

NEAR_SECONDS = 2.0


def is_timed(recording: Recording) -> bool:
    """Return whether the times of a recording's cues are exact, and more than one."""
    return (
        recording.timing in TIMED
        and len(recording.cues) > 1
        and recording.language not in UNWRITABLE
    )


def nearest_errors(found: Sequence[float], right: Sequence[float]) -> TimingErrors:
    """Return how far the nearest found time is from each right one, within two seconds."""
    errors = [min((time - each for time in found), key=abs) for each in right if found]
    return TimingErrors(tuple(error for error in errors if abs(error) <= NEAR_SECONDS))


def print_times(recordings: Sequence[Recording], results: Mapping[str, dict[str, Heard]]) -> None:
    """Print a row for each recording and way, and the times of all hand-set ones by way."""
    table = Table(box=None, pad_edge=False)
    names = ("SubER", "WER", "timed", "cues", "in p50/p90/bias", "out p50/p90/bias")
    for name in ("material", "times", "by", *names):
        is_text = name in ("material", "times", "by")
        table.add_column(name, justify="left" if is_text else "right", no_wrap=True)
    sums: dict[tuple[str, str], tuple[list[float], list[float]]] = {}
    for recording in filter(is_timed, recordings):
        is_first = True
        for way, heard in results.items():
            if recording.name not in heard:
                continue
            cues, language = heard[recording.name].as_cues, Language(recording.language)
            compared = compare_cues(cues, recording.cues, language)
            in_times, out_times = compared.in_times, compared.out_times
            rates = [compared.suber, compared.error_rate, compared.timed_error_rate]
            if recording.name in TIMED_ONLY:
                rates = [None, None, None]
                in_times = nearest_errors(_starts(cues), _starts(recording.cues))
                out_times = nearest_errors(_ends(cues), _ends(recording.cues))
            gathered = sums.setdefault((recording.timing, way), ([], []))
            gathered[0].extend(in_times.errors)
            gathered[1].extend(out_times.errors)
            suber, *errors = rates
            table.add_row(
                recording.name if is_first else "",
                recording.timing if is_first else "",
                way,
                "-" if suber is None else f"{suber:.1f}",
                *("-" if rate is None else f"{100 * rate:.1f}" for rate in errors),
                str(len(cues)),
                _describe(in_times),
                _describe(out_times),
            )
            is_first = False
    for (timing, way), (ins, outs) in sorted(sums.items()):
        cells = (_describe(TimingErrors(tuple(errors))) for errors in (ins, outs))
        table.add_row("all", timing, way, "", "", "", "", *cells)
    Console(width=int(os.environ.get("COLUMNS", "150"))).print(table)


def _starts(cues: Sequence[Cue]) -> list[float]:
    return [cue.start for cue in cues]


def _ends(cues: Sequence[Cue]) -> list[float]:
    return [cue.end for cue in cues]


def _describe(times: TimingErrors) -> str:
    if times.median is None or times.p90 is None or times.signed_median is None:
        return "-"
    parts = f"{times.median:.2f}/{times.p90:.2f}/{times.signed_median:+.2f}"
    return f"{parts} ({len(times.errors)})"
