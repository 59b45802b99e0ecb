"""The subtitles that `synchronisation.py` checks: right ones as people make them, and wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from subtitled.plugin import Cue
from subtitled.subtitles.synchronisation.ratios import list_ratios
from synchronisation_material import Programme

SMALLEST_WRONG_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A subtitle, and what is wrong with its times."""

    programme: Programme
    kind: str
    """What was done to the times; ``right`` if nothing."""
    style: str
    cues: tuple[Cue, ...]
    true_starts: tuple[float, ...]
    """When each cue ought to begin."""

    @property
    def is_right(self) -> bool:
        return self.kind == "right"


def make_right(programme: Programme, seed: int) -> Case:
    """Return a subtitle as people make them, with right times."""
    rng = np.random.default_rng(seed)
    cues = list(programme.cues)
    styles = []
    if rng.random() < 0.5:
        styles.append("condensed")
        cues = [cue for cue in cues if rng.random() > 0.2]
    if rng.random() < 0.5:
        styles.append("merged")
        cues = _merge_and_split(cues, rng)
    cues = _habits(cues, rng)
    if rng.random() < 0.3:
        styles.append("sdh")
        cues = _add_sounds(cues, programme.duration, rng)
    if rng.random() < 0.3:
        styles.append("credits")
        cues = [Cue(0.5, 5.0, "Subtitles by somebody"), *cues]
    if rng.random() < 0.06:
        styles.append("forced")
        cues = [cue for cue in cues if rng.random() < 0.1]
    shown = tuple(sorted(cues, key=lambda cue: cue.start))
    return Case(
        programme=programme,
        kind="right",
        style="+".join(styles) or "plain",
        cues=shown,
        true_starts=tuple(cue.start for cue in shown),
    )


def make_wrong(programme: Programme, seed: int) -> Case:
    """Return a subtitle with times that are wrong in one way."""
    rng = np.random.default_rng(seed)
    case = make_right(programme, seed + 500_000)
    while "forced" in case.style:
        seed += 1
        case = make_right(programme, seed + 500_000)
    kind = str(rng.choice(["offset", "ratio", "breaks"], p=[0.45, 0.25, 0.3]))
    cues, trues = list(case.cues), list(case.true_starts)
    if kind == "offset":
        shift = float(np.exp(rng.uniform(np.log(SMALLEST_WRONG_SECONDS), np.log(60))))
        shift *= float(rng.choice([-1, 1]))
        moved = [_move(cue, shift) for cue in cues]
    elif kind == "ratio":
        useful = [r for r in list_ratios()[1:] if abs(r.factor - 1) * programme.duration > 1.0]
        weights = np.array([3.0 if abs(r.factor - 1) < 0.05 else 1.0 for r in useful])
        ratio = useful[int(rng.choice(len(useful), p=weights / weights.sum()))]
        shift = float(rng.choice([0.0, rng.uniform(-20, 20)]))
        kind = f"ratio {ratio.factor:.4f}"
        moved = [
            Cue(cue.start / ratio.factor + shift, cue.end / ratio.factor + shift, cue.text)
            for cue in cues
        ]
    else:
        count = int(rng.integers(1, 4 if programme.duration > 800 else 2))
        places = sorted(rng.uniform(0.15, 0.85, count) * programme.duration)
        shift = float(rng.choice([0.0, rng.uniform(-20, 20)]))
        shifts = [shift]
        for _ in places:
            size = float(np.exp(rng.uniform(np.log(1.5), np.log(120))))
            shifts.append(shifts[-1] + size * float(rng.choice([-1, 1], p=[0.3, 0.7])))
        moved = [_move(cue, shifts[int(np.searchsorted(places, cue.start))]) for cue in cues]
        kind = f"breaks {count}"
    kept = [number for number, cue in enumerate(moved) if cue.start >= 0]
    order = sorted(kept, key=lambda number: moved[number].start)
    return replace(
        case,
        kind=kind,
        cues=tuple(moved[number] for number in order),
        true_starts=tuple(trues[number] for number in order),
    )


def _move(cue: Cue, seconds: float) -> Cue:
    return Cue(cue.start + seconds, cue.end + seconds, cue.text)


def _merge_and_split(cues: list[Cue], rng: np.random.Generator) -> list[Cue]:
    """Return other cues of the same text, as a translator makes them."""
    result: list[Cue] = []
    for cue in cues:
        near = result and cue.start - result[-1].end < 1.0
        if near and cue.end - result[-1].start < 7.0 and rng.random() < 0.35:
            result[-1] = Cue(result[-1].start, cue.end, f"{result[-1].text}\n{cue.text}")
        elif cue.end - cue.start > 4.0 and rng.random() < 0.6:
            middle = cue.start + (cue.end - cue.start) * float(rng.uniform(0.35, 0.65))
            words = cue.text.split() or [cue.text]
            half = max(1, len(words) // 2)
            result.append(Cue(cue.start, middle, " ".join(words[:half])))
            result.append(Cue(middle, cue.end, " ".join(words[half:]) or "..."))
        else:
            result.append(cue)
    return result


def _habits(cues: list[Cue], rng: np.random.Generator) -> list[Cue]:
    """Return cues that lead and linger as their maker is used to."""
    lead = float(np.clip(rng.normal(0.1, 0.08), -0.1, 0.3))
    jitter = float(rng.uniform(0.03, 0.2))
    linger = float(rng.choice([0.0, 0.3, 0.8, 1.5]))
    is_gapless = rng.random() < 0.2
    result = []
    for number, cue in enumerate(cues):
        start = max(0.0, cue.start - lead + float(rng.normal(0, jitter)))
        end = max(cue.end + linger * float(rng.uniform(0.5, 1.5)), start + 0.9)
        if number + 1 < len(cues):
            after = cues[number + 1].start - lead
            if is_gapless and after - end < 2.0:
                end = after
            end = min(end, max(after - 0.04, start + 0.3))
        result.append(Cue(start, end, cue.text))
    return result


def _add_sounds(cues: list[Cue], duration: float, rng: np.random.Generator) -> list[Cue]:
    sounds = []
    for _ in range(int(duration / 40)):
        start = float(rng.uniform(0, duration))
        text = str(rng.choice(["[door slams]", "♪ la la la ♪", "(music)", "[APPLAUSE]"]))
        sounds.append(Cue(start, start + 2.5, text))
    return [*cues, *sounds]
