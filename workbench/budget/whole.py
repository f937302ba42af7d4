"""Whole-number problems for HiGHS: what was found, and what is proven about everything else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import Bounds, LinearConstraint, milp

from workbench.budget.options import Floats
from workbench.budget.plan import ChoiceSettings

# Size of the objective: HiGHS stops at an absolute gap of 1e-6, which scipy can't change.
SCALE = 1e4


@dataclass(frozen=True, kw_only=True, eq=False)
class Whole:
    """What a solve gave: the best point or None, a bound, and whether any point exists."""

    point: Floats | None
    bound: float
    feasible: bool


@contextmanager
def silenced() -> Iterator[None]:
    """Keep HiGHS off standard output: it prints a line now and then, whatever it is told."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


def solve_whole(
    objective: Floats,
    constraints: list[LinearConstraint],
    most: Floats,
    whole: npt.NDArray[np.bool_],
    settings: ChoiceSettings,
) -> Whole:
    """Maximise ``objective @ point`` over ``0 <= point <= most``."""
    size = float(abs(objective).sum()) or 1.0
    options = {"mip_rel_gap": settings.gap, "node_limit": settings.nodes}
    if settings.seconds is not None:
        options["time_limit"] = settings.seconds
    with silenced():
        found = milp(
            -objective * (SCALE / size),
            integrality=whole.astype("int64"),
            bounds=Bounds(0, most),
            constraints=constraints,
            options=options,
        )
    if found.status == 2:
        return Whole(point=None, bound=np.nan, feasible=False)
    bound = -(found.mip_dual_bound if found.mip_dual_bound is not None else -np.inf) * size / SCALE
    if found.x is None:
        return Whole(point=None, bound=bound, feasible=True)
    point = np.where(whole, np.round(found.x), found.x)
    return Whole(point=point, bound=max(bound, float(objective @ point)), feasible=True)
