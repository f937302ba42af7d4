"""Better plans nearby: one option in, at most one out, as long as it brings more."""

from __future__ import annotations

import numpy as np

from workbench.budget.tangents import Chosen, Problem

STEPS = 60
BLOCK = 4_000


def swap_options(problem: Problem, chosen: Chosen) -> Chosen:
    """Return the plan after the best swaps within the limits, one after another."""
    limits = problem.rows.matrix.toarray()
    for _ in range(STEPS):
        better = _best_swap(problem, chosen, limits)
        if better is None:
            break
        chosen = better
    return chosen


def _best_swap(problem: Problem, chosen: Chosen, limits: np.ndarray) -> Chosen | None:
    outside = np.setdiff1d(np.arange(len(problem.value)), chosen)
    # The last row drops nobody.
    keep = ~np.eye(len(chosen) + 1, len(chosen), dtype=bool)
    gains = _gains(problem, chosen, outside, keep)
    drop, add = np.nonzero(gains > 1e-9 * abs(problem.worth(chosen)))
    order = np.argsort(-gains[drop, add], kind="stable")
    used = limits[:, chosen] @ keep.T
    rows, owner = problem.rows, np.append(problem.creator[chosen], -1)
    slack = 1e-9 * np.maximum(1, abs(rows.bounded))[:, None]
    for start in range(0, len(order), BLOCK):
        out, new = drop[order[start : start + BLOCK]], outside[add[order[start : start + BLOCK]]]
        then = used[:, out] + limits[:, new]
        good = ((then <= rows.most[:, None] + slack) & (then >= rows.least[:, None] - slack)).all(0)
        maker = problem.creator[new]
        good &= ~np.isin(maker, owner[:-1]) | (maker == owner[out])
        if good.any():
            at = int(np.argmax(good))
            return np.sort(np.append(chosen[keep[out[at]]], new[at]))
    return None


def _gains(problem: Problem, chosen: Chosen, outside: Chosen, keep: np.ndarray) -> np.ndarray:
    alone, contacts = keep @ problem.value[chosen], keep @ problem.exposure[chosen]
    gains = np.empty((len(keep), len(outside)))
    now = problem.worth(chosen)
    for row, (sure, left) in enumerate(zip(alone, contacts, strict=True)):
        shares = problem.curve.share(left + problem.exposure[outside])
        gains[row] = sure + problem.value[outside] + shares @ problem.people - now
    return gains
