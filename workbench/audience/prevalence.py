"""The true share behind an apparent one, where sensitivity and specificity were measured.

For a tool or a reviewer whose errors were counted on accounts like these; errors that were counted
on other accounts do not carry over, and neither does this interval.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from workbench.audience.share import ShareRange
from workbench.errors import DataError


class Tally(NamedTuple):
    """How many of those looked at."""

    hits: int
    of: int


def rogan_gladen(apparent: float, sensitivity: float, specificity: float) -> float:
    """Return the share behind an apparent one (Rogan and Gladen 1978), kept within 0-1."""
    skill = sensitivity + specificity - 1
    if skill <= 0:
        raise DataError(
            "The apparent share can't be corrected.",
            [f"sensitivity + specificity: expected above 1, found {skill + 1:.3g}"],
        )
    return float(np.clip((apparent + specificity - 1) / skill, 0, 1))


def correct_share(
    flagged: Tally, caught: Tally, passed: Tally, confidence: float = 0.95
) -> ShareRange:
    """Return the share with the interval of Lang and Reiczigel (2014, Prev. Vet. Med. 113, 13-22).

    Parameters
    ----------
    flagged : Tally
        Flagged followers of the sample.
    caught : Tally
        Flagged ones among accounts known not to be real: the sensitivity.
    passed : Tally
        Unflagged ones among accounts known to be real: the specificity.
    """
    faults = [
        f"{name}: expected 0 to {tally.of} of at least 1, found {tally.hits} of {tally.of}"
        for name, tally in {"flagged": flagged, "caught": caught, "passed": passed}.items()
        if not 0 <= tally.hits <= tally.of or tally.of < 1
    ]
    if faults:
        raise DataError("The apparent share can't be corrected.", faults)
    z = float(norm.ppf((1 + confidence) / 2))
    n, n_se, n_sp = flagged.of + z**2, caught.of + 2, passed.of + 2
    apparent = (flagged.hits + z**2 / 2) / n
    se, sp = (caught.hits + 1) / n_se, (passed.hits + 1) / n_sp
    plain = [tally.hits / tally.of for tally in (flagged, caught, passed)]
    share = rogan_gladen(*plain)
    skill = max(se + sp - 1, 1e-9)
    middle = (apparent + sp - 1) / skill
    of_se, of_sp = se * (1 - se) / n_se, sp * (1 - sp) / n_sp
    shift = 2 * z**2 * (middle * of_se - (1 - middle) * of_sp)
    spread = apparent * (1 - apparent) / n + middle**2 * of_se + (1 - middle) ** 2 * of_sp
    half = z * float(np.sqrt(spread)) / skill
    low, high = (float(np.clip(middle + shift + s * half, 0, 1)) for s in (-1, 1))
    least = 1 / flagged.of  # more errors than flags would leave no range at all
    return ShareRange(share, min(low, share, 1 - least), max(high, share, least))
