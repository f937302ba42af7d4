"""What the data say about one claim: an estimate with its interval, or what they lack for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field
from scipy.stats import beta, norm

from workbench.formats import listing, short_count

Floats = NDArray[np.float64]


class Size(BaseModel):
    """A stretch of follower counts or fees: ``first <= value < below``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    first: float = Field(alias="from", ge=0)
    below: float = np.inf

    @property
    def text(self) -> str:
        """The stretch in words: ``10k to 100k followers``."""
        if not self.first and np.isinf(self.below):
            return "any size"
        upper = "" if np.isinf(self.below) else f" to {short_count(self.below)}"
        return f"{short_count(self.first)}{upper or ' and more'} followers"

    def holds(self, values: pd.Series) -> pd.Series:
        """Whether each value lies in it."""
        return values.ge(self.first) & values.lt(self.below)


@dataclass(frozen=True, kw_only=True)
class Peers:
    """Creators of one platform and kind of figure, and what is asked of them.

    Attributes
    ----------
    creators : DataFrame
        ``creator_key``, ``followers``, ``engagements``, ``engagements_log_sd``, ``likes_median``,
        ``reach_median`` where given.
    quotes : DataFrame
        Fee quotes for a post of these creators in one ``currency``: ``creator_key``, ``fee``.
    """

    creators: pd.DataFrame
    quotes: pd.DataFrame
    confidence: float
    draws: int
    least: int
    rng: np.random.Generator = field(repr=False)

    def rates(self, size: Size) -> Floats:
        """Return the engagement rates by followers of the creators of a size, sorted."""
        own = self.creators[size.holds(self.creators["followers"])]
        return np.sort((own["engagements"] / own["followers"]).dropna().to_numpy(dtype="float64"))

    def quoted(self, size: Size) -> pd.DataFrame:
        """Return the quotes of the creators of a size, with the creators' columns."""
        joined = self.quotes.merge(self.creators, on="creator_key")
        return joined[size.holds(joined["followers"])]


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """An estimate with its interval, from so many creators; ``lacking`` says why there is none."""

    estimate: float = np.nan
    low: float = np.nan
    high: float = np.nan
    creators: int = 0
    lacking: str = ""
    detail: str = ""


def lacks(groups: Sequence[tuple[str, int]], least: int) -> str:
    """Say which groups are too small, empty if none is."""
    few = [f"{n} {name}" if n else f"no {name}" for name, n in groups if n < least]
    return f"{listing(few)}; {least} of each are needed" if few else ""


def from_draws(estimate: float, draws: Floats, peers: Peers, creators: int) -> Evidence:
    """Return an estimate with the percentile interval of its bootstrap draws."""
    tail = (1 - peers.confidence) / 2
    low, high = np.quantile(draws, (tail, 1 - tail))
    return Evidence(
        estimate=estimate,
        low=min(float(low), estimate),
        high=max(float(high), estimate),
        creators=creators,
    )


def median_draws(peers: Peers, ordered: Floats) -> Floats:
    """Draw the medians of bootstrap samples by their exact rank distribution (Efron 1979)."""
    n = len(ordered)
    place = peers.rng.beta((n + 1) / 2, (n + 1) / 2, peers.draws)
    return np.quantile(ordered, place)


def mean_draws(peers: Peers, values: Floats) -> Floats:
    """Draw the means of bootstrap samples; values may have several columns."""
    chosen = peers.rng.integers(0, len(values), (peers.draws, len(values)))
    return np.stack([values[rows].mean(axis=0) for rows in chosen])


def share_evidence(hits: int, n: int, confidence: float) -> Evidence:
    """Return a share with its exact interval (Clopper and Pearson 1934)."""
    tail = (1 - confidence) / 2
    low = beta.ppf(tail, hits, n - hits + 1) if hits else 0.0
    high = beta.ppf(1 - tail, hits + 1, n - hits) if hits < n else 1.0
    return Evidence(estimate=hits / n, low=float(low), high=float(high), creators=n)


Bend = Callable[[float], float]


def creators_to_settle(evidence: Evidence, minimum: float, *, ratio: bool) -> float:
    """Return how many creators like these would move the minimum out of the interval.

    Half widths shrink with the square root of the creators; missing where the estimate lies on the
    minimum to within a tenth of the half width.
    """
    bend: Bend = np.log if ratio else float
    if not np.isfinite(evidence.estimate) or (ratio and min(evidence.low, minimum) <= 0):
        return float("nan")
    half = (bend(evidence.high) - bend(evidence.low)) / 2
    gap = abs(bend(evidence.estimate) - bend(minimum))
    return evidence.creators * (half / gap) ** 2 if gap > 0.1 * half else float("nan")


def power_creators(sd: float, ratio: float) -> float:
    """Return the creators with which a ratio of medians is seen, 5% two-sided level, 80% power."""
    return float(((norm.ppf(0.975) + norm.ppf(0.80)) * sd / np.log10(ratio)) ** 2)
