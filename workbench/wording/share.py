"""Sentences about the share of followers that are not real."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from workbench.formats import count, interval, nominal, observed, percent, plural

if TYPE_CHECKING:
    from workbench.audience import FakeShare, ShareRange


def describe_share(result: FakeShare) -> str:
    """Say what share of the sample is not real, or that it can't be told and why."""
    summary = result.summary
    if summary.sample is None:
        return (
            f"**How many of {_these(result)} are not real: cannot tell**, because "
            f"{summary.reason}. A scorecard or a rule ranks followers; how many are not real only "
            f"labels can say.{_at_most(result)}"
        )
    found = count(summary.not_real)
    return (
        f"**Of {_these(result)}, {_written(result, *summary.sample[:3])} are not real.** "
        f"A person looked at {count(summary.labelled)} and called {observed(found)} not real; "
        "followers of about the same score stand for each other."
        f"{_above(result, summary.sample)}"
    )


def describe_account_share(result: FakeShare) -> str:
    """Say what follows for all followers of the account."""
    summary = result.summary
    if summary.account:
        return (
            f"**Of all followers of the account, {_written(result, *summary.account[:3])} are not "
            f"real.** The sample was drawn at random, and its own luck is in the range."
            f"{_above(result, summary.account)}"
        )
    if summary.sample is None:
        return "Of the account's other followers nothing can be told either."
    how = {
        "newest": f"these are the newest {count(summary.followers)}, and older ones may differ",
        "unknown": "how the sample was drawn is not known",
        "random": "",
    }
    return (
        "Of the account's other followers nothing can be told: "
        f"{how[result.settings.drawn]}. Only a random sample speaks for all."
    )


def describe_label_errors(result: FakeShare) -> str:
    """Say what the share would be if the reviewer is wrong now and then."""
    table, worst = result.table, max(result.settings.errors)
    if table.empty or not worst:
        return "What wrong labels would change is not shown: there are none, or none were assumed."
    parts = []
    for who, errors in {"real": (worst, 0.0), "not real": (0.0, worst)}.items():
        those = (table["false_positives"] == errors[0]) & (table["false_negatives"] == errors[1])
        share, low, high = table.loc[those, ["share", "low", "high"]].to_numpy()[0]
        written = _written(result, share, low, high)
        parts.append(f"if {nominal(worst)} of those who are {who} were labelled wrongly, {written}")
    return f"Labels can err: {'; '.join(parts)}."


def describe_label_check(result: FakeShare) -> str:
    """Say how the labels came about: how many, how many open, how steady."""
    summary = result.summary
    parts = [f"{plural(summary.labelled, 'follower')} of {count(summary.followers)} labelled"]
    if summary.unsure:
        many = summary.unsure > result.settings.unsure * summary.labelled
        how = "the range holds whatever they are" if many else "left out"
        parts.append(f"{summary.unsure} could not be told ({how})")
    if summary.repeated:
        parts.append(
            f"{summary.agreed} of {summary.repeated} that were asked about twice got the same "
            "label both times"
        )
    return f"{'; '.join(parts)}."


def describe_share_rules(result: FakeShare) -> str:
    """Say how far plain rules and scorecards of other origin lie apart on the same sample."""
    known = result.rules.dropna(subset=["apparent_share"])
    low, high = known["apparent_share"].min(), known["apparent_share"].max()
    return (
        f"{count(len(known))} plain rules and scorecards would flag between "
        f"{observed(percent(low))} and {observed(percent(high))} of this sample. None of these "
        "shares is an estimate: they lie apart because each counts something else."
    )


def _these(result: FakeShare) -> str:
    followers = count(result.summary.followers)
    if result.settings.drawn == "newest":
        return f"the newest {followers} followers"
    return f"the {followers} followers of the sample"


def _written(result: FakeShare, share: float, low: float, high: float) -> str:
    confidence = result.settings.confidence
    return interval(share, low, high, unit="percent", confidence=confidence)


def _above(result: FakeShare, one: ShareRange) -> str:
    """Say how sure it is that the limit of a contract is passed."""
    limit = result.settings.limit
    if limit is None:
        return ""
    sure = "over 99%" if one.above > 0.99 else "under 1%" if one.above < 0.01 else None
    return (
        f" That the share lies above the limit of {nominal(limit)} is "
        f"{observed(sure or percent(one.above))} certain."
    )


def _at_most(result: FakeShare) -> str:
    if not math.isfinite(result.summary.at_most):
        return ""
    between = observed(f"{percent(0)} to {percent(result.summary.at_most)}")
    return (
        f" If the scorecard catches those who are not real about as well here as in labelled sets "
        f"from elsewhere, {between} are; whether it does is not known."
    )
