"""Which of the shared unknowns decides whether a plan reaches its goal, and whether to replan."""

from __future__ import annotations

from collections.abc import Callable, Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.options import Floats
from workbench.errors import DataError

Replan = Callable[[str, float], Collection[str]]
BINS = 20
LEAST = 3 * BINS
COLUMNS = [
    *("unknown", "low", "high", "p_low", "p_high", "swing", "error", "correlation", "share"),
]


def deciding_unknowns(
    outcome: npt.NDArray[np.floating],
    shared: pd.DataFrame,
    target: float,
    *,
    chosen: Collection[str] = (),
    replan: Replan | None = None,
    most: int = 5,
) -> pd.DataFrame:
    """Say which shared unknown moves the chance of the goal most.

    Parameters
    ----------
    outcome : ndarray of shape (draws,)
        Of one plan.
    shared : DataFrame
        One row a draw, one column an unknown.
    target : float
    chosen : collection of str
        The plan's creators, beside which ``replan`` is held.
    replan : callable or None
        Given an unknown's name and a value: the creators chosen were it that.
    most : int
        So many unknowns, those that move most, are planned again.

    Returns
    -------
    DataFrame
        One row an unknown that varies, the one that moves most first: ``unknown``; ``low`` and
        ``high`` (its 10 % and 90 % points); ``p_low`` and ``p_high`` (chance of the goal in its
        lowest and highest third); ``swing`` (``p_high - p_low``) and ``error`` of it (standard);
        ``correlation`` (of ranks); ``share`` (of the outcome's variance that it explains alone);
        ``kept_low`` and ``kept_high`` (share of the plan's creators that are chosen again at
        ``low`` and ``high``; missing where not planned again).

    Raises
    ------
    DataError
        When the draws don't match.
    """
    if len(outcome) != len(shared) or len(shared) < LEAST:
        raise DataError(
            "These draws can't be compared.",
            [f"outcome: {len(outcome)}, shared: {len(shared)}; expected as many, {LEAST} or more"],
        )
    values = np.asarray(outcome, dtype="float64")
    rows = [
        {"unknown": name, **_moved(values, values >= target, draws)}
        for name, draws in shared.items()
        if draws.min() < draws.max()
    ]
    table = pd.DataFrame(rows, columns=COLUMNS)
    table = table.sort_values("swing", key=abs, ascending=False, ignore_index=True)
    for end in ("low", "high"):
        kept = [
            _kept(chosen, replan(name, value)) if replan and at < most else np.nan
            for at, (name, value) in enumerate(zip(table["unknown"], table[end], strict=True))
        ]
        table[f"kept_{end}"] = np.array(kept, dtype="float64")
    return table


def p_of(draws: npt.NDArray[np.floating], target: float) -> float:
    """Return the share of draws that reach the target."""
    return float((np.asarray(draws) >= target).mean())


def _moved(values: Floats, reached: npt.NDArray[np.bool_], draws: pd.Series) -> dict[str, float]:
    place = draws.rank(method="first").to_numpy() / len(draws)
    low, high = reached[place <= 1 / 3], reached[place > 2 / 3]
    ranks = pd.Series(values).rank().to_numpy()
    return {
        "low": draws.quantile(0.1),
        "high": draws.quantile(0.9),
        "p_low": low.mean(),
        "p_high": high.mean(),
        "swing": high.mean() - low.mean(),
        "error": np.sqrt(low.var() / len(low) + high.var() / len(high)),
        "correlation": np.corrcoef(ranks, draws.rank())[0, 1] if values.std() > 0 else 0.0,
        "share": _share(values, place),
    }


def _share(values: Floats, place: Floats) -> float:
    """Return the share of variance between equal slices, less what chance alone would give."""
    if not values.std():
        return 0.0
    slices = np.minimum((place * BINS - 1e-9).astype("int64"), BINS - 1)
    means = pd.Series(values).groupby(slices).mean().reindex(slices).to_numpy()
    share, chance = means.var() / values.var(), (BINS - 1) / (len(values) - 1)
    return float(max((share - chance) / (1 - chance), 0.0))


def _kept(chosen: Collection[str], again: Collection[str]) -> float:
    return len({*chosen} & {*again}) / len({*chosen}) if chosen else np.nan
