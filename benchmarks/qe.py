"""Quality estimation on real speech: are the cues that it ranks worst the wrong ones?

The recordings of ``shared/speech`` go through our whole pipeline, clean and with noise, and every
cue is compared with what was said (`qe_truth.py`). A cue is wrong if at least three of ten of its
words are wrong, missing or too many: from there on, people write anew instead of correcting (Gaur
et al. 2016). Told for each part: the share of the wrong cues that the worst 20 % hold (goal 50 %),
the area under the curve (AUC; goal 0.75), and that of the mean word confidence alone (goal: 0.05
less). The same is told for cues with any wrong word.

Recognising takes about an hour and is kept in ``build/qe`` (``--cache``); everything else takes
seconds. ``--fit`` prints the table of weights that fits the tuning part best.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from qe_fit import fit_weights
from qe_material import PARTS, Sample, cues_of, make, recognise, samples, sidecar_of, transcripts
from qe_truth import Truth, find_truth
from subtitled.library.fingerprint import content_fingerprint
from subtitled.pipeline.quality_evidence import TextOrigin, TextSource, gather_evidence
from subtitled.plugin import Cue, Language
from subtitled.subtitles.quality_estimation import Evidence, ReasonKind, estimate_quality
from subtitled.subtitles.quality_estimation.estimate import find_signs
from subtitled.subtitles.quality_estimation.speech_signs import find_gaps
from subtitled.subtitles.quality_estimation.subtitle_view import SubtitleView
from subtitled.subtitles.quality_estimation.weights import WEIGHTS, Weight
from subtitled.subtitles.rules import select_cue_rules

WRONG_SHARE = 0.3
WORST_SHARE = 0.2
FITTED = (ReasonKind.UNSURE_WORDS,)
FITTED_WITHOUT_CONFIDENCES = (ReasonKind.LOW_PROBABILITY,)
"""Signs whose weights are fitted: all others are too rare in these recordings, or the same weight
did not help when each recording was estimated by the weights of the others."""
Values = npt.NDArray[np.float64]
Marks = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedSample:
    """A sample as it was recognised, with the truth about its cues."""

    sample: Sample
    language: Language
    cues: tuple[Cue, ...]
    evidence: Evidence
    truth: Truth

    @property
    def error_shares(self) -> list[float]:
        return [cue.share for cue in self.truth.cues]


def load(part: str, cache: Path) -> list[RecognisedSample]:
    """Return what was recognised of a part; a sample whose text was refused is left out."""
    store = transcripts(cache)
    found = []
    for sample in samples(part):
        media = sample.media(cache)
        cues, sidecar = cues_of(media), sidecar_of(media)
        if not cues or sidecar is None:
            continue
        language = Language(sidecar.name.split(".")[-2])
        fingerprint = content_fingerprint(media)
        source = TextSource(
            fingerprint=fingerprint,
            language=language,
            origins=tuple(
                TextOrigin(0, name)
                for name in store.variants(fingerprint, 0)
                if name.startswith("whisper-")
            ),
            rules=select_cue_rules(language, translation=False),
        )
        evidence = gather_evidence(store, source, cues)
        truth = find_truth(cues, sample.recording.reference, language)
        found.append(
            RecognisedSample(
                sample=sample, language=language, cues=cues, evidence=evidence, truth=truth
            )
        )
    return found


def strengths(recognised: Iterable[RecognisedSample], kinds: Sequence[ReasonKind]) -> Values:
    """Return the strength of each kind of sign at each cue."""
    rows = []
    for one in recognised:
        view = SubtitleView(one.cues, one.evidence)
        for signs in find_signs(view, find_gaps(view)):
            rows.append([signs[k].strength if k in signs else 0.0 for k in kinds])
    clipped: Values = np.array(rows).clip(0.0, 1.0)
    return clipped


def probabilities(recognised: Iterable[RecognisedSample]) -> Values:
    estimates = (estimate_quality(one.cues, one.evidence) for one in recognised)
    return np.array([cue.probability for estimate in estimates for cue in estimate.cues])


def doubts(recognised: Iterable[RecognisedSample]) -> Values:
    """Return how unsure the recogniser is by the mean confidence of the words alone."""
    views = (SubtitleView(one.cues, one.evidence) for one in recognised)
    return np.array([1.0 - (mean or 0.0) for view in views for mean in view.mean_confidences])


def shares(recognised: Iterable[RecognisedSample]) -> Values:
    return np.array([share for one in recognised for share in one.error_shares])


def area(scores: Values, wrong: Marks) -> float:
    """The probability that a wrong cue has a higher score than a right one (AUC)."""
    _, places, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[places]
    positive, negative = int(wrong.sum()), int((~wrong).sum())
    if not positive or not negative:
        return float("nan")
    return float((ranks[wrong].sum() - positive * (positive + 1) / 2) / (positive * negative))


def held_by_worst(scores: Values, wrong: Marks) -> float:
    """The share of the wrong cues that are among the worst 20 %."""
    if not wrong.any():
        return float("nan")
    worst = np.argsort(-scores, kind="stable")[: round(WORST_SHARE * len(scores))]
    return float(wrong[worst].sum() / wrong.sum())


def tell(name: str, recognised: Sequence[RecognisedSample], limit: float) -> dict[str, float]:
    """Print a row of the table, and return it."""
    scores, alone, wrong = (
        probabilities(recognised),
        doubts(recognised),
        shares(recognised) >= limit,
    )
    row = {
        "cues": len(wrong),
        "wrong": float(wrong.mean()),
        "best possible": min(1.0, WORST_SHARE / max(float(wrong.mean()), 1e-9)),
        "in worst 20 %": held_by_worst(scores, wrong),
        "by confidence": held_by_worst(alone, wrong),
        "AUC": area(scores, wrong),
        "AUC of confidence": area(alone, wrong),
        "expected": float(scores.sum() / len(wrong)),
    }
    print(
        f"{name:26} {row['cues']:5} {row['wrong']:7.1%} {row['expected']:8.1%}"
        f" {row['in worst 20 %']:7.1%} {row['by confidence']:7.1%} {row['best possible']:7.1%}"
        f" {row['AUC']:7.3f} {row['AUC of confidence']:7.3f}",
        flush=True,
    )
    return row


def report(
    part: str, recognised: Sequence[RecognisedSample], limit: float
) -> dict[str, dict[str, float]]:
    """Print the table of a part: all, by condition, by language."""
    what = f"at least {limit:.0%} of the words wrong" if limit == WRONG_SHARE else "any word wrong"
    print(f"\n{part}: a cue is wrong with {what}")
    print(
        f"{'':26} {'cues':>5} {'wrong':>7} {'expected':>8} {'worst':>7} {'worst':>7} {'at':>7}"
        f" {'AUC':>7} {'AUC':>7}\n{'':26} {'':5} {'':7} {'':8} {'20 %':>7} {'by conf':>7}"
        f" {'best':>7} {'':7} {'conf':>7}"
    )
    rows = {"all": tell("all", recognised, limit)}
    groupings: tuple[Callable[[RecognisedSample], str], ...] = (
        lambda one: one.sample.condition,
        lambda one: str(one.language.primary),
    )
    for group in groupings:
        for name in sorted({group(one) for one in recognised}):
            rows[name] = tell(name, [one for one in recognised if group(one) == name], limit)
    return rows


def print_fit(recognised: Sequence[RecognisedSample]) -> None:
    """Print the bias and the weights that fit the tuning part best, beside those set by hand."""
    bias, fitted = _fit(recognised, FITTED)
    blind = [replace(one, evidence=_without_confidences(one.evidence)) for one in recognised]
    _, without = _fit(blind, FITTED_WITHOUT_CONFIDENCES)
    print(f"BIAS = {bias:.2f}")
    for kind, weight in (fitted | without).items():
        print(f"    ReasonKind.{kind.name}: Weight({weight.log_odds}, {weight.usual}),")
    print("each recording by the weights of the others:", _cross_check(recognised))


def _fit(
    recognised: Sequence[RecognisedSample], kinds: Sequence[ReasonKind]
) -> tuple[float, dict[ReasonKind, Weight]]:
    """Return the bias and the weights of some kinds, with the others as they are."""
    found, wrong = strengths(recognised, kinds), shares(recognised) >= WRONG_SHARE
    bias, values = fit_weights(found, wrong, _others(recognised, kinds))
    usual = found.mean(axis=0)
    weights = {
        kind: Weight(round(value, 2), round(float(mean), 2))
        for kind, value, mean in zip(kinds, values, usual, strict=True)
    }
    return bias + sum(one.log_odds * one.usual for one in weights.values()), weights


def _others(recognised: Iterable[RecognisedSample], kinds: Sequence[ReasonKind]) -> Values:
    """Return the log odds that signs of other kinds add to each cue."""
    rows = []
    for one in recognised:
        view = SubtitleView(one.cues, one.evidence)
        for signs in find_signs(view, find_gaps(view)):
            others = (sign for kind, sign in signs.items() if kind not in kinds)
            rows.append(sum(WEIGHTS[sign.kind].weigh(sign.strength) for sign in others))
    return np.array(rows)


def _cross_check(recognised: Sequence[RecognisedSample]) -> str:
    """Return the AUC with each recording estimated by weights of all others."""
    found, wrong = strengths(recognised, FITTED), shares(recognised) >= WRONG_SHARE
    base = _others(recognised, FITTED)
    names = np.array([one.sample.recording.name for one in recognised for _ in one.cues])
    scores = np.zeros(len(wrong))
    for name in sorted(set(names)):
        own = names == name
        bias, values = fit_weights(found[~own], wrong[~own], base[~own])
        scores[own] = base[own] + bias + found[own] @ np.array(values)
    return f"AUC {area(scores, wrong):.3f}, by confidence {area(doubts(recognised), wrong):.3f}"


def _without_confidences(evidence: Evidence) -> Evidence:
    words = tuple(replace(word, confidence=None) for word in evidence.words)
    return replace(evidence, words=words)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path(__file__).parents[1] / "build" / "qe")
    parser.add_argument("--fit", action="store_true", help="print weights fitted to tuning")
    parser.add_argument("--no-recognition", action="store_true", help="what is recognised already")
    options = parser.parse_args()
    cache = options.cache.absolute()
    if not options.no_recognition:
        recognise([make(sample, cache) for part in PARTS for sample in samples(part)], cache)
    if options.fit:
        print_fit(load("tuning", cache))
        return
    results = {}
    for part in PARTS:
        recognised = load(part, cache)
        seconds = sum(one.cues[-1].end for one in recognised)
        print(f"\n{part}: {len(recognised)} recordings, {seconds / 60:.0f} minutes")
        for limit in (WRONG_SHARE, 1e-9):
            results[f"{part}, from {limit:.1f}"] = report(part, recognised, limit)
    print(json.dumps(results))


if __name__ == "__main__":
    main()
