"""PyOD's detectors on peers and others, in the environment that has PyOD: arrays in, arrays out."""

from __future__ import annotations

import sys
import warnings
from typing import Any

import numpy as np
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.hbos import HBOS
from pyod.models.knn import KNN

MODELS = {"ECOD": ECOD, "COPOD": COPOD, "HBOS": HBOS, "KNN": KNN}


BATCH = 20  # as many as a shortlist has: ECOD's and COPOD's scores depend on who is scored along


def scores(name: str, peers: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, float]:
    """Fit on the peers as the detector comes; return the others' scores and its own limit."""
    model = MODELS[name]().fit(peers)
    parts = [others[place : place + BATCH] for place in range(0, len(others), BATCH)]
    return np.concatenate([model.decision_function(part) for part in parts]), float(
        model.threshold_
    )


def score_file(path: str) -> None:
    """Read ``peers_K`` and ``others_K``, write ``NAME_K`` and ``NAME_limit_K``."""
    given = np.load(path)
    out: dict[str, Any] = {}
    for key in (name for name in given.files if name.startswith("peers_")):
        place = key.removeprefix("peers_")
        for name in MODELS:
            found = scores(name, given[key], given[f"others_{place}"])
            out[f"{name}_{place}"], out[f"{name}_limit_{place}"] = found
    np.savez(path, **out)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    score_file(sys.argv[1])
