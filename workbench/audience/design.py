"""Which followers a person labels, and in what order.

The sample is cut into strata by the score. The cuts share out half by number of followers and half
by how undecided the score is (Neyman's allocation), so that each stratum is worth the same number
of labels; within a stratum followers are taken at random. The interval holds whatever the score is
worth: a poor one only makes it wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.audience.scorecard import Floats, choose_scorecard, score_followers
from workbench.errors import SettingsError

Whole = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class DesignSettings:
    """How labels are laid out.

    Attributes
    ----------
    labels : int
        Followers to label.
    per_stratum : int
        Labels a stratum is made for: fewer labels make fewer strata.
    proportional : float
        The part of the labels that goes by number of followers, 0-1; the rest by the score.
    repeats : int
        Followers that are asked about a second time, to see whether the reviewer agrees with
        himself; they change no estimate.
    scorecard : str
        A name in ``scorecards.yaml``; empty for the one that fits the columns at hand.
    seed : int
    """

    labels: int = 100
    per_stratum: int = 10
    proportional: float = 0.5
    repeats: int = 5
    scorecard: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        faults = []
        if self.labels < 1 or self.per_stratum < 1 or not 0 <= self.repeats <= self.labels:
            faults.append("labels and per_stratum: 1 or more; repeats: 0 up to the labels")
        if not 0 < self.proportional <= 1:
            faults.append(f"proportional: above 0 and at most 1, not {self.proportional}")
        if faults:
            raise SettingsError("The labels can't be laid out with these settings.", faults)


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelPlan:
    """Which followers to label.

    Attributes
    ----------
    table : DataFrame
        The sample with two columns more: ``score`` (0-1, a rank) and ``stratum`` (0 the least
        suspicious). With a column ``label`` added it goes to ``estimate_share``.
    queue : DataFrame
        One row a question, in order: ``follower`` (label of the row in the table), ``stratum``,
        ``repeat``. Strata take turns, so that one may stop after any number.
    settings : DesignSettings
    """

    table: pd.DataFrame
    queue: pd.DataFrame
    settings: DesignSettings


def plan_labels(followers: pd.DataFrame, settings: DesignSettings | None = None) -> LabelPlan:
    """Choose the followers of a sample to label; the same sample and seed give the same ones."""
    settings = settings or DesignSettings()
    rng = np.random.default_rng(settings.seed)
    scores = score_followers(followers, choose_scorecard(followers, settings.scorecard))
    count = strata_for(min(settings.labels, len(followers)), settings)
    strata = cut_strata(scores.to_numpy()[None], count, settings.proportional, rng)[0]
    quotas = share_out(np.bincount(strata, minlength=count)[None], settings.labels)[0]
    rows, turns = [], []
    for stratum, quota in enumerate(quotas):
        rows += [*rng.permutation(np.flatnonzero(strata == stratum))[:quota]]
        turns += [*range(quota)]
    order = np.lexsort((rng.random(len(rows)), turns))
    asked = np.array(rows, dtype="int64")[order]
    again = rng.permutation(asked)[: settings.repeats]
    places = np.concatenate([asked, again])
    queue = pd.DataFrame(
        {
            "follower": followers.index[places],
            "stratum": strata[places],
            "repeat": np.arange(len(places)) >= len(asked),
        }
    )
    table = followers.assign(score=scores, stratum=strata)
    return LabelPlan(table=table, queue=queue, settings=settings)


def strata_for(labels: int, settings: DesignSettings) -> int:
    """Return how many strata so many labels are worth."""
    return max(1, labels // settings.per_stratum)


def cut_strata(scores: Floats, count: int, proportional: float, rng: np.random.Generator) -> Whole:
    """Return the stratum of each follower: one row a sample; ties are broken at random."""
    order = np.argsort(scores + 1e-9 * rng.random(scores.shape), axis=1)
    sorted_scores = np.take_along_axis(scores, order, axis=1)
    logit = np.log(np.maximum(sorted_scores, 1e-6) / np.maximum(1 - sorted_scores, 1e-6))
    # Doubt is sqrt(p (1 - p)). What a score means for this audience is not known, so of its odds
    # only the cube root counts; one that is sure of everything then still leaves nobody unasked.
    doubt = 1 / np.cosh(logit / 6)
    worth = proportional / scores.shape[1]
    worth = worth + (1 - proportional) * doubt / doubt.sum(axis=1, keepdims=True)
    middle = np.cumsum(worth, axis=1) - worth / 2
    ordered = np.clip((middle * count).astype("int64"), 0, count - 1)
    strata = np.empty_like(ordered)
    np.put_along_axis(strata, order, ordered, axis=1)
    return np.asarray(strata)


def share_out(sizes: Whole, labels: int) -> Whole:
    """Return labels by stratum: in turns, from the first stratum on, while a stratum has some."""
    quotas = np.zeros_like(sizes)
    for _ in range(labels):
        left = labels - quotas.sum(axis=1, keepdims=True)
        open_ = quotas < sizes
        if not (open_ & (left > 0)).any():
            break
        quotas = quotas + (open_ & (np.cumsum(open_, axis=1) <= left))
    return np.asarray(quotas)
