"""Fits the weights of quality estimation: logistic regression without negative weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

PENALTY = 2.0
"""How much large weights cost: the recordings are few."""
STEPS = 3_000
RATE = 0.5


def fit_weights(
    strengths: npt.NDArray[np.float64],
    wrong: npt.NDArray[np.bool_],
    base: npt.NDArray[np.float64],
) -> tuple[float, list[float]]:
    """Return the bias and the weights that make the wrong cues most likely.

    A sign never counts in favour of a cue, so no weight is negative.

    Args:
        strengths: A row for each cue and a column for each sign, from 0 to 1.
        wrong: Which cues are wrong.
        base: Log odds of each cue that are known already.
    """
    scale = np.maximum(strengths.std(axis=0), 0.01)
    rows = np.column_stack([np.ones(len(strengths)), strengths / scale])
    weights = np.zeros(rows.shape[1])
    for _ in range(STEPS):
        error = 1.0 / (1.0 + np.exp(-base - rows @ weights)) - wrong
        slope = rows.T @ error + PENALTY * np.concatenate([[0.0], weights[1:]])
        weights = weights - RATE * slope / len(rows)
        weights[1:] = np.maximum(weights[1:], 0.0)
    return float(weights[0]), [float(weight) for weight in weights[1:] / scale]
