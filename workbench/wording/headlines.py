"""The few numbers that a report is about, and what became of them since the report before."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import pandas as pd

from workbench.formats import Unit, change, count, interval, nominal, number, observed, percent

if TYPE_CHECKING:
    from workbench.audience import AudienceScreen, AudienceShare
    from workbench.campaign.planning import PlanningRun
    from workbench.claims import ClaimLedger
    from workbench.curves import Shortlist, TierTable

Kind = Literal["percent", "count", "amount", "number"]
Better = Literal["more", "less", ""]
MOST_GROUPS = 3  # platforms with a number of their own


@dataclass(frozen=True, kw_only=True)
class Headline:
    """A number that a report is about.

    Attributes
    ----------
    name : str
        What it is, with all that it depends on (a platform, a goal): reports are compared by it. It
        holds no handle.
    value : float or None
        Raw (percent: a fraction); None where it can't be told.
    low, high : float, optional
        The limits of its range, where it is an estimate.
    kind : {"percent", "count", "amount", "number"}
    unit : str
        Of an amount: its currency.
    better : {"more", "less", ""}
        Which way is good for the client, if either is; said of clear changes of estimates alone.
    confidence : float
        Level of the range, 0-1; 0 without one.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    kind: Kind
    unit: str = ""
    better: Better = ""
    confidence: float = 0.0

    def __post_init__(self) -> None:
        told = [v for v in (self.low, self.value, self.high) if v is not None]
        ranged = self.low is not None or self.high is not None
        if not all(map(math.isfinite, told)) or told != sorted(told) or (ranged and len(told) < 3):
            raise ValueError(
                f"{self.name}: a headline is a number, or one within its range; found {told}"
            )
        if ranged != (0 < self.confidence < 1):
            raise ValueError(f"{self.name}: a range and its level (0 to 1) go together")

    @property
    def limits(self) -> tuple[float, float, float] | None:
        """The number and the limits of its range; None where it is no estimate."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return self.value, self.low, self.high


def describe_headline_rows(now: Sequence[Headline]) -> pd.DataFrame:
    """Return the numbers as rows of text."""
    return pd.DataFrame({"What": [_named(h) for h in now], "Now": [_written(h) for h in now]})


def describe_change_rows(now: Sequence[Headline], then: Sequence[Headline]) -> pd.DataFrame:
    """Return the numbers beside those of an earlier report, those that are gone at the end."""
    before, known = {h.name: h for h in then}, {h.name for h in now}
    rows = [
        (_named(h), _written(before.get(h.name)), _written(h), _change(before.get(h.name), h))
        for h in now
    ]
    rows += [(_named(h), _written(h), _written(None), "gone") for h in then if h.name not in known]
    return pd.DataFrame(rows, columns=["What", "Then", "Now", "Change"])


def describe_change_rule() -> str:
    """Say how a change is judged, and what that takes for granted."""
    return (
        "A change is clear where the range of the difference leaves out 0. That range is put together "
        "from the two ranges as if both reports stood on different creators and posts. They mostly "
        "stand on the same, so it is rather too wide: a small change that is real may be called chance. "
        "The range of a simulated chance holds the luck of the simulation alone. Where the list of "
        "creators was changed, part of a difference is the list. Plain counts are compared as they "
        "are: whether luck moved them is not judged."
    )


def changed_names(now: Sequence[Headline], then: Sequence[Headline]) -> list[str]:
    """Return the numbers that changed: counts that differ, estimates that moved beyond chance."""
    before = {headline.name: headline for headline in then}
    return [h.name for h in now if h.name in before and _is_changed(before[h.name], h)]


def _is_changed(then: Headline, now: Headline) -> bool:
    found = difference(then, now)
    if found is not None:
        return not found[1] <= 0 <= found[2]
    return then.value != now.value and then.limits is now.limits is None


def difference(then: Headline, now: Headline) -> tuple[float, float, float] | None:
    """Return the difference of two estimates with its range, None where they can't be compared.

    The squares of the distances to the limits are added, which allows for ranges that are longer on
    one side (Newcombe 1998; Zou and Donner 2008, MOVER). Whether two ranges overlap is no test: they
    may, and the difference be clear (Schenker and Gentleman 2001). The two are taken to be
    independent. With the same creators in both their errors move together, which makes the range
    too wide and the verdict too cautious.
    """
    one, other = then.limits, now.limits
    if one is None or other is None or then.confidence != now.confidence:
        return None
    moved = other[0] - one[0]
    down = math.hypot(other[0] - other[1], one[2] - one[0])
    up = math.hypot(other[2] - other[0], one[0] - one[1])
    return moved, moved - down, moved + up


def _change(then: Headline | None, now: Headline) -> str:
    if then is None:
        return "new"
    if then.value is None or now.value is None:
        return "none can be told" if then.value == now.value else "can't be compared"
    if (then.kind, then.unit) != (now.kind, now.unit):
        return "can't be compared: another unit"
    if then.limits is None and now.limits is None:
        return change(now.value - then.value, unit=_unit(now))
    found = difference(then, now)
    if found is None:
        return "can't be compared: ranges of another kind"
    told = change(*found, unit=_unit(now))
    if found[1] <= 0 <= found[2]:
        return f"{told}: within what chance does"
    way = ", better" if (found[0] > 0) == (now.better == "more") else ", worse"
    return f"{told}: a clear change{way * bool(now.better)}"


def _named(headline: Headline) -> str:
    level = f" ({nominal(headline.confidence)} range)" if headline.limits else ""
    unit = f", {headline.unit}" if headline.unit else ""
    return f"{escape(headline.name + unit)}{level}"


def _unit(headline: Headline) -> Unit:
    if headline.kind == "amount":
        return "count" if abs(headline.value or 0) >= 100 else "number"
    return headline.kind


def _written(headline: Headline | None) -> str:
    if headline is None:
        return "not in the report"
    if headline.value is None:
        return "can't be told"
    if headline.limits is not None:
        return interval(
            *headline.limits, unit=_unit(headline), confidence=headline.confidence, kind=""
        )
    write = {"percent": percent, "number": number}.get(_unit(headline), count)
    return observed(write(headline.value))


def engagement_headlines(shortlist: Shortlist, tiers: TierTable) -> list[Headline]:
    """Return who stands clear of the goal, and the middle rate of each platform's main size."""
    from workbench.formats import ordinal
    from workbench.tables.definitions import engagement_definition
    from workbench.wording.curves import curve_name

    summary, goal = shortlist.summary, ordinal(shortlist.settings.goal_percentile)
    whom = "in the data" if summary.everybody else "on the list"
    told = [
        _counted(f"Creators {whom}", summary.creators),
        _counted(f"Clearly at or above the {goal} percentile", summary.above, better="more"),
        _counted(f"Clearly below the {goal} percentile", summary.below, better="less"),
    ]
    label = engagement_definition(tiers.settings.rate).label
    ranged = tiers.table[tiers.table["rate_low"].notna() & ~tiers.table["thin"]]
    largest = ranged.sort_values("creators_with_rate", ascending=False, kind="stable")
    for _, row in largest.drop_duplicates(["platform", "basis"]).head(MOST_GROUPS).iterrows():
        name = f"Median {label}, {curve_name(row['platform'], row['basis'])}, {row['tier']}"
        rate = row[["rate_median", "rate_low", "rate_high"]]
        told.append(_ranged(name, rate, kind="percent", confidence=tiers.settings.confidence))
    return told


def audit_headlines(screen: AudienceScreen, shares: Sequence[AudienceShare]) -> list[Headline]:
    """Return how many are worth asking, how many are not, and of how many too little is known."""
    summary = screen.summary
    told = [
        _counted("Creators on the list", summary.creators),
        _counted("Worth asking", summary.worth_asking, better="less"),
        _counted("No concern found", summary.no_concern, better="more"),
        _counted("Not enough data", summary.not_enough, better="less"),
        _counted("Standing out on the whole list", summary.flagged, better="less"),
    ]
    labelled = sum(one.share.summary.sample is not None for one in shares)
    if shares:
        told.append(_counted("Lists of followers whose share can be told", labelled, better="more"))
    return told


def plan_headlines(run: PlanningRun) -> list[Headline]:
    """Return what the plan brings, the chance of its goal, and what it books."""
    from workbench.wording.budget import OUTCOMES, goal_words

    plan, name = run.plan.summary, f"{OUTCOMES[run.plan.summary.goal]}, by the plan"
    if run.promise is None:
        return [Headline(name=name, value=None, kind="count")]
    promised, currency = run.promise.summary, run.candidates.currency
    brings = (promised.p50, promised.p10, promised.p90)
    told = [_ranged(name, brings, kind="count", confidence=0.8, better="more")]
    if promised.chance is not None and promised.chance_error is not None:
        error = 1.96 * promised.chance_error
        chance = (promised.chance, max(promised.chance - error, 0), min(promised.chance + error, 1))
        goal = f"Chance of {count(promised.target)} {goal_words(plan.goal)}"
        told.append(_ranged(goal, chance, kind="percent", confidence=0.95, better="more"))
    return [
        *told,
        _counted("Creators booked", plan.creators),
        _counted("Posts booked", plan.posts),
        Headline(name="Committed", value=plan.spend, kind="amount", unit=currency),
    ]


def claim_headlines(ledger: ClaimLedger) -> list[Headline]:
    """Return how many answers there are of each kind, and what size does on each platform."""
    from workbench.wording.curves import curve_name

    summary, table = ledger.summary, ledger.table
    told = [
        _counted("Answers that hold", summary.holds),
        _counted("Answers that do not hold", summary.does_not_hold),
        _counted("Answers that stay open", summary.cannot_tell, better="less"),
    ]
    falls = table[table["claim"].eq("rate-falls") & table["estimate"].notna()]
    for _, row in falls.head(MOST_GROUPS).iterrows():
        name = f"Rate at ten times the followers, as a multiple, {curve_name(row['platform'], row['basis'])}"
        times = 10.0 ** row[["estimate", "low", "high"]].astype("float64")
        told.append(_ranged(name, times, kind="number", confidence=ledger.settings.confidence))
    return told


def _counted(name: str, value: int, *, better: Better = "") -> Headline:
    return Headline(name=name, value=value, kind="count", better=better)


def _ranged(
    name: str, limits: Iterable[float], *, kind: Kind, confidence: float, better: Better = ""
) -> Headline:
    value, low, high = map(float, limits)
    return Headline(
        name=name, value=value, low=low, high=high, kind=kind, confidence=confidence, better=better
    )
