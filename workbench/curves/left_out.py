"""Kernel ridge regression with the miss of every creator when it is left out, and its size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.linalg import eigh

from workbench.curves.quantiles import Floats

# The kernel, in standard deviations of the features: nearly quadratic, which was as good as any
# other width from 2 to 6 on real posts. Values further out count as this far.
WIDTH, LINEAR, FARTHEST = 4.0, 2.0, 4.0
NOISES = np.geomspace(0.005, 20, 24)


@dataclass(frozen=True, kw_only=True, eq=False)
class LevelModel:
    """Several levels foretold from one set of features, each with the size of its miss.

    Attributes
    ----------
    columns : tuple of str
        The features.
    weights, means : ndarray
        Kernel weights and intercepts, two columns a level: itself, and the log of its miss.
    misses : tuple of ndarray
        One a level: misses over their foretold size, sorted.
    variances : tuple of float
        One a level: mean square of the misses.
    apart : ndarray or None
        Places of the creators that set the misses without a part in the fit, else every creator
        was left out of the fit in its turn.
    """

    columns: tuple[str, ...]
    centre: Floats
    spread: Floats
    points: Floats
    weights: Floats
    means: Floats
    misses: tuple[Floats, ...]
    variances: tuple[float, ...]
    apart: NDArray[np.int64] | None

    def predict(self, features: pd.DataFrame) -> tuple[Floats, Floats]:
        """Return levels and sizes of their misses, each of shape (creators, levels)."""
        standard = _standard(features[[*self.columns]], self.centre, self.spread)
        # In parts, so that the memory does not grow with the creators.
        parts = np.array_split(standard, len(standard) // 5_000 + 1)
        outcomes = np.concatenate([_kernel(part, self.points) @ self.weights for part in parts])
        outcomes += self.means
        return outcomes[:, ::2], np.exp(outcomes[:, 1::2])

    def limits(self, level: int, quantiles: Sequence[float]) -> Floats:
        """Return order statistics of the misses that hold at least a quantile's share of new ones.

        The rank is that of split conformal prediction (Vovk et al. 2005), a limit at a time.
        """
        n = len(self.misses[level])
        outward = [np.floor if q < 0.5 else np.ceil for q in quantiles]
        ranks = [turn((n + 1) * q) for turn, q in zip(outward, quantiles, strict=True)]
        limits: Floats = self.misses[level][np.clip(np.array(ranks, dtype=int) - 1, 0, n - 1)]
        return limits


def fit_levels(
    features: pd.DataFrame, levels: Floats, apart: NDArray[np.int64] | None = None
) -> LevelModel:
    """Fit levels, shape (creators, levels), on features without missing values.

    The creators ``apart`` set the misses and have no part in the fit.
    """
    inside = np.ones(len(features), dtype=bool)
    if apart is not None:
        inside[apart] = False
    values = features.to_numpy(dtype="float64")[inside]
    centre, spread = values.mean(axis=0), values.std(axis=0) + 1e-9
    points = _standard(features[inside], centre, spread)
    solver = _Solver(points)
    weights, means, misses, sizes = [], [], [], []
    for level in levels[inside].T:
        weight, mean, miss = solver.solve(level)
        # A creator whose miss is small by luck is no steady one: the log is taken of both.
        size = np.log(np.hypot(miss, np.sqrt(np.mean(miss**2))))
        size_weight, size_mean, size_miss = solver.solve(size)
        weights += [weight, size_weight]
        means += [mean, size_mean]
        misses.append(miss)
        sizes.append(np.exp(size - size_miss))
    if apart is not None:
        kernel = _kernel(_standard(features.iloc[apart], centre, spread), points)
        told = kernel @ np.column_stack(weights) + np.array(means)
        misses, sizes = list((levels[apart] - told[:, ::2]).T), list(np.exp(told[:, 1::2]).T)
    return LevelModel(
        columns=tuple(features.columns),
        centre=centre,
        spread=spread,
        points=points,
        weights=np.column_stack(weights),
        means=np.array(means),
        misses=tuple(np.sort(miss / size) for miss, size in zip(misses, sizes, strict=True)),
        variances=tuple(float(np.mean(miss**2)) for miss in misses),
        apart=apart,
    )


class _Solver:
    """Kernel ridge with the penalty that leaves the least miss when one creator is left out."""

    def __init__(self, points: Floats) -> None:
        values, self.vectors = eigh(_kernel(points, points), driver="evd")
        self.values = np.maximum(values, 0.0)
        self.squares = self.vectors**2

    def solve(self, level: Floats) -> tuple[Floats, float, Floats]:
        """Return the weights, the mean, and each creator's miss when it is left out."""
        mean = float(level.mean())
        turned = self.vectors.T @ (level - mean)
        found = []
        for noise in NOISES:
            own = 1 - self.squares @ (self.values / (self.values + noise))
            miss = self.vectors @ (turned * noise / (self.values + noise)) / own
            found.append((float(np.mean(miss**2)), float(noise), miss))
        _, noise, miss = min(found, key=lambda each: each[0])
        return self.vectors @ (turned / (self.values + noise)), mean, miss


def _standard(features: pd.DataFrame, centre: Floats, spread: Floats) -> Floats:
    scaled: Floats = (features.to_numpy(dtype="float64") - centre) / spread
    return np.clip(scaled, -FARTHEST, FARTHEST)


def _kernel(left: Floats, right: Floats) -> Floats:
    columns, product = left.shape[1], left @ right.T
    distance = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1) - 2 * product
    kernel: Floats = 1 + LINEAR * product / columns + np.exp(-distance / (2 * columns * WIDTH**2))
    return kernel
