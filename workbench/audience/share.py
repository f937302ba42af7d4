"""The share of a follower sample that is not real, from a person's labels, with a true interval.

Labels decide; the score only says who is asked about and weighs the answers, so that a poor one
widens the interval and moves nothing. Without labels the answer is "cannot tell".
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from workbench.audience.bounds import Counts, corrected_interval, share_above
from workbench.audience.design import DesignSettings, cut_strata, strata_for
from workbench.audience.plain_rules import compare_rules
from workbench.audience.scorecard import choose_scorecard, score_followers, share_at_most
from workbench.errors import DataError, SettingsError

Drawn = Literal["random", "newest", "unknown"]
LABELS: dict[object, float] = {"not_real": 1.0, "real": 0.0, "cannot_tell": np.nan, 1: 1.0, 0: 0.0}


@dataclass(frozen=True, kw_only=True)
class ShareSettings:
    """What is asked, and how sample and labels came about.

    Attributes
    ----------
    drawn : {"random", "newest", "unknown"}
        How the sample was drawn from the account's followers; only a random one says something
        about all of them.
    account_followers : int or None
        How many the account has; None for a great many.
    picked_by_hand : bool
        Whether the labelled followers were picked by hand, and not by ``plan_labels`` or at random;
        then they say nothing about the others.
    confidence : float
        Coverage of the intervals, 0-1.
    limit : float or None
        A contract's limit: how sure it is that the share lies above it.
    errors : tuple of float
        Shares of wrong labels that are tried, of real followers and of others.
    unsure : float
        Up to this share of "can't tell" they are left out; above it the interval holds whatever
        they are.
    design : DesignSettings
        As for ``plan_labels``; the strata are cut again where the sample has none.
    """

    drawn: Drawn = "unknown"
    account_followers: int | None = None
    picked_by_hand: bool = False
    confidence: float = 0.95
    limit: float | None = None
    errors: tuple[float, ...] = (0.0, 0.05, 0.10)
    unsure: float = 0.05
    design: DesignSettings = field(default_factory=DesignSettings)

    def __post_init__(self) -> None:
        faults = []
        if self.drawn not in ("random", "newest", "unknown"):
            faults.append(f"drawn: expected random, newest or unknown, found {self.drawn!r}")
        if not 0.5 <= self.confidence < 1:
            faults.append(f"confidence: 0.5 to below 1, found {self.confidence}")
        if self.limit is not None and not 0 < self.limit < 1:
            faults.append(f"limit: a share between 0 and 1, found {self.limit}")
        if 0.0 not in self.errors or not all(0 <= error < 0.4 for error in self.errors):
            faults.append(f"errors: 0 and others below 0.4, found {self.errors}")
        if not 0 <= self.unsure <= 1:
            faults.append(f"unsure: 0 to 1, found {self.unsure}")
        if faults:
            raise SettingsError("The share can't be estimated with these settings.", faults)


class ShareRange(NamedTuple):
    """A share with its interval, and how sure it is that it lies above the limit (0-1)."""

    share: float
    low: float
    high: float
    above: float = np.nan


@dataclass(frozen=True, kw_only=True)
class ShareSummary:
    """The figures that a sentence may quote.

    ``sample`` is the share of this sample, ``account`` that of all the account's followers (None
    unless the sample was drawn at random); both None where ``reason`` says why nothing can be told.
    ``at_most`` is then a bound on the sample's share by ``share_at_most``, or missing.
    ``agreed`` of ``repeated`` followers got the same label twice.
    """

    followers: int
    labelled: int
    not_real: int
    unsure: int
    repeated: int
    agreed: int
    strata: int
    scorecard: str
    sample: ShareRange | None = None
    account: ShareRange | None = None
    reason: str = ""
    at_most: float = np.nan


@dataclass(frozen=True, kw_only=True, eq=False)
class FakeShare:
    """The share of followers that are not real.

    Attributes
    ----------
    table : DataFrame
        One row a share and assumption on the labels: ``share_of`` (``sample`` or ``account``),
        ``false_positives`` (share of real followers labelled not real), ``false_negatives``,
        ``share``, ``low``, ``high``, ``above_limit`` (all 0-1); without rows if nothing can be
        told.
    rules : DataFrame
        What plain rules and scorecards of other origin say of the same sample: see
        ``compare_rules``.
    summary : ShareSummary
    settings : ShareSettings
    """

    table: pd.DataFrame
    rules: pd.DataFrame
    summary: ShareSummary
    settings: ShareSettings


def estimate_share(followers: pd.DataFrame, settings: ShareSettings | None = None) -> FakeShare:
    """Estimate the share of followers that are not real.

    Parameters
    ----------
    followers : DataFrame
        One row a follower: any of ``followers``, ``following``, ``posts``, ``private``,
        ``has_picture``, ``username_length``, ``username_digits``; ``label`` (``real``,
        ``not_real``, ``cannot_tell``; missing where nobody looked), ``label_again`` for repeats,
        ``stratum`` from ``plan_labels``.
    settings : ShareSettings, optional
    """
    settings = settings or ShareSettings()
    rules = compare_rules(followers)
    labels, asked = _labels(followers, "label")
    again, twice = _labels(followers, "label_again")
    both = asked & twice
    same = both & ((labels == again) | (labels.isna() & again.isna()))
    card = choose_scorecard(followers, settings.design.scorecard)
    scores = score_followers(followers, card)
    planned = "stratum" in followers
    strata = followers["stratum"] if planned else _cut(scores, labels, settings.design)
    reason = _refusal(labels, strata, settings)
    ranges = {} if reason else _ranges(labels, asked, strata, settings)
    summary = ShareSummary(
        followers=len(followers),
        labelled=int(asked.sum()),
        not_real=int((labels == 1).sum()),
        unsure=int((asked & labels.isna()).sum()),
        repeated=int(both.sum()),
        agreed=int(same.sum()),
        strata=strata.nunique(),
        scorecard=card.name,
        sample=ranges.get(("sample", 0.0, 0.0)),
        account=ranges.get(("account", 0.0, 0.0)),
        reason=reason,
        at_most=float(share_at_most(scores.to_numpy()[None], card)[0]) if reason else np.nan,
    )
    names = ["share_of", "false_positives", "false_negatives", "share", "low", "high"]
    rows = [(*assumed, *found) for assumed, found in ranges.items()]
    table = pd.DataFrame(rows, columns=[*names, "above_limit"])
    return FakeShare(table=table, rules=rules, summary=summary, settings=settings)


def _labels(followers: pd.DataFrame, column: str) -> tuple[pd.Series, pd.Series]:
    """Return labels as 1, 0 and missing, and which followers have one, ``can't tell`` included."""
    given = followers.get(column, pd.Series(np.nan, followers.index)).astype("object")
    asked = given.notna()
    wrong = [value for value in given[asked].unique() if value not in LABELS]
    if wrong:
        expected = "real, not_real, cannot_tell or nothing"
        raise DataError(
            "The labels can't be read.", [f"{column}: expected {expected}, found {wrong[0]!r}"]
        )
    return given.map(LABELS).astype("float64"), asked


def _cut(scores: pd.Series, labels: pd.Series, design: DesignSettings) -> pd.Series:
    """Cut the strata again, as planned, or as many as have labels."""
    strata = pd.Series(0, scores.index)
    for count in range(strata_for(min(design.labels, len(scores)), design), 1, -1):
        rng = np.random.default_rng(design.seed)
        strata[:] = cut_strata(scores.to_numpy()[None], count, design.proportional, rng)[0]
        if strata[labels.notna()].nunique() == count:
            return strata
    return 0 * strata


def _refusal(labels: pd.Series, strata: pd.Series, settings: ShareSettings) -> str:
    if not labels.notna().any():
        return "no follower of the sample is labelled"
    if settings.picked_by_hand:
        return "the labelled followers were picked by hand, so they don't stand for the others"
    if strata.isna().any():
        return "the column stratum has gaps: keep it as plan_labels gave it, or leave it out"
    bare = strata.nunique() - strata[labels.notna()].nunique()
    if bare:
        return f"{bare} of {strata.nunique()} strata have no label yet: go on with the queue"
    return ""


def _ranges(
    labels: pd.Series, asked: pd.Series, strata: pd.Series, settings: ShareSettings
) -> dict[tuple[str, float, float], ShareRange]:
    """Return the range by what it is a share of, and by the two kinds of errors assumed."""
    unsure = asked & labels.isna()
    codings = [labels]
    if unsure.sum() > settings.unsure * asked.sum():  # then the best and the worst case
        codings += [labels.mask(unsure, 0.0), labels.mask(unsure, 1.0)]
    targets = {"sample": 0.0}
    if settings.drawn == "random":
        targets["account"] = _beyond(len(labels), settings.account_followers)
    ranges: dict[tuple[str, float, float], ShareRange] = {}
    for share_of, wrong, missed in product(targets, settings.errors, settings.errors):
        beyond = targets[share_of]
        found = [_range(_counts(one, strata, beyond), wrong, missed, settings) for one in codings]
        ranges[share_of, wrong, missed] = ShareRange(
            found[0].share,
            min(one.low for one in found),
            max(one.high for one in found),
            min(one.above for one in found),
        )
    return ranges


def _beyond(sample: int, account: int | None) -> float:
    if account is None:
        return 1.0
    if account < sample:
        raise SettingsError(
            "The sample is larger than the account.",
            [f"account_followers: at least the {sample} of the sample, found {account}"],
        )
    return 1 - sample / account


def _counts(labels: pd.Series, strata: pd.Series, beyond: float) -> Counts:
    by = labels.groupby(strata)
    found, labelled, sizes = (
        np.array([column], dtype="float64") for column in (by.sum(), by.count(), by.size())
    )
    return Counts(found=found, labelled=labelled, sizes=sizes, beyond=beyond)


def _range(counts: Counts, wrong: float, missed: float, settings: ShareSettings) -> ShareRange:
    """Return the share behind an apparent one, if labels err as often as assumed."""
    ends = corrected_interval(counts, wrong, missed, settings.confidence)
    share, low, high = (float(one[0]) for one in ends)
    above = np.nan
    if settings.limit is not None:
        apparent = wrong + (1 - wrong - missed) * settings.limit
        counts = replace(counts, exact_labels=wrong + missed == 0)
        above = float(share_above(counts, apparent)[0])
    return ShareRange(share, low, high, above)
