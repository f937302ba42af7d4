"""Whether a list of creators was chosen by the outcome: by engagement, or by the rate.

Who has little engagement is missing from a top list, the small accounts most of all, so that its
slope and its percentiles say nothing about the platform. The check fits the creators with and
without an edge (``workbench.curves.truncated``); an edge that explains them much better, and cuts
a share that matters, is a selection. Only followers and engagements are looked at.

The priors, the evidence asked for and ``bend`` were set on draws of three public sets of posts
that were not chosen by engagement; ``soft_loss``, ``least_sharp_cut`` and ``CLEARLY_BENT`` on cuts
of one half of the creators of each and on simulated worlds; ``benchmarks/selection.py`` judges
other draws.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import t

from workbench.curves.truncated import (
    EdgeFit,
    Floats,
    fit_edge,
    fit_soft,
    fit_spread,
    likelihood_exponent,
    trimmed_exponent,
)
from workbench.errors import SettingsError

Verdict = Literal["not selected", "selected", "cannot tell"]
FEW = 5  # engagements, below which counts are steps
BEND_VALUES = 6  # the two halves of three sets, from which ``SelectionSettings.bend`` is known
EDGES = ("engagement", "rate")  # the edge is level against followers, or rises with them


class Estimate(NamedTuple):
    """An exponent with its interval; missing where there is none."""

    exponent: float = np.nan
    low: float = np.nan
    high: float = np.nan


UNKNOWN = Estimate()


@dataclass(frozen=True, kw_only=True)
class SelectionSettings:
    """When a list counts as chosen by the outcome, and when its slope can be corrected.

    Attributes
    ----------
    confidence : float
        Coverage of the intervals, 0-1.
    min_creators, least_r2 : int, float
        With fewer creators, or where followers explain less of engagement, nothing can be told.
    max_creators : int
        More are judged on a random subsample: the evidence is calibrated up to here.
    suspect, clear : float
        Twice the gain in log-likelihood from which on an edge is possible, and is found.
    soft_loss : float
        Twice the loss in log-likelihood, for each creator, by which a soft edge in engagement must
        be worse before it is ruled out.
    least_cut, least_sharp_cut : float
        An edge that cuts a smaller share is passed over: it hardly moves the slope. A step may cut
        less, since nothing but a choice makes one.
    low_exponent : float
        Lists not chosen by engagement had exponents of 0.70 to 1.02 (three public sets of posts); a
        list whose exponent is below this for sure is a chosen one, and an edge that fits only with
        a lower one explains nothing.
    agreement : float
        How far the two corrections may lie apart.
    bend : float
        Standard deviation of the exponent from one range of sizes to another: no curve is quite
        straight, and a cut leaves one range of it. Root mean square over the smaller and the
        larger half of the creators of the same three sets: 0.068.
    seed : int
    """

    confidence: float = 0.95
    min_creators: int = 60
    max_creators: int = 2_000
    least_r2: float = 0.2
    suspect: float = 5.0
    clear: float = 12.0
    soft_loss: float = 0.11
    least_cut: float = 0.10
    least_sharp_cut: float = 0.03
    low_exponent: float = 0.3
    agreement: float = 0.15
    bend: float = 0.07
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.5 <= self.confidence < 1 or not 0 < self.suspect <= self.clear:
            raise SettingsError(
                "The selection can't be checked with these settings.",
                ["confidence: 0.5 to below 1; suspect: above 0 and at most clear"],
            )


@dataclass(frozen=True, kw_only=True)
class SelectionSummary:
    """The verdict and what it stands on.

    ``chosen_by`` is ``engagement``, ``rate`` or, without an edge, empty; ``edge`` is in engagements
    or as a rate, the middle of a soft edge. ``evidence`` is twice the gain in log-likelihood,
    ``share_cut`` the share of creators of these sizes that the edge leaves out. ``listed`` is the
    exponent of the list by least squares, ``likelihood`` and ``trimmed`` are the two corrections of
    a selected list, ``exponent`` what may be said of it: missing where ``withheld`` says why.
    """

    creators: int
    verdict: Verdict
    reason: str
    chosen_by: str = ""
    edge: float = np.nan
    evidence: float = np.nan
    share_cut: float = np.nan
    listed: Estimate = UNKNOWN
    likelihood: Estimate = UNKNOWN
    trimmed: Estimate = UNKNOWN
    exponent: Estimate = UNKNOWN
    withheld: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class SelectionCheck:
    """Whether the creators were chosen by the outcome.

    Attributes
    ----------
    table : DataFrame
        One row an edge tried: ``chosen_by``, ``evidence``, ``exponent``, ``edge``, ``width`` (dex),
        ``share_cut``; without rows where nothing could be fitted.
    summary : SelectionSummary
    settings : SelectionSettings
    """

    table: pd.DataFrame
    summary: SelectionSummary
    settings: SelectionSettings


def check_selection(
    followers: Floats, engagements: Floats, settings: SelectionSettings | None = None
) -> SelectionCheck:
    """Judge the creators of one platform by their followers and engagements per post alone.

    Creators without followers or engagements are left out.
    """
    settings = settings or SelectionSettings()
    known = np.isfinite(followers) & np.isfinite(engagements) & (followers > 0) & (engagements >= 0)
    x, y = np.log10(followers[known]), np.log10(1 + engagements[known])
    reason, listed = _refusal(x, y, settings), least_squares(x, y, settings.confidence)
    if reason:
        summary = SelectionSummary(
            creators=len(x), verdict="cannot tell", reason=reason, listed=listed
        )
        return SelectionCheck(table=_table([], np.nan), summary=summary, settings=settings)
    if len(x) > settings.max_creators:
        rng = np.random.default_rng(settings.seed)
        chosen = np.sort(rng.choice(len(x), settings.max_creators, replace=False))
        x, y = x[chosen], y[chosen]
    whole = fit_spread(x, y)
    edges = [fit_edge(whole, direction) for direction in range(len(EDGES))]
    table = _table(edges, whole.loss)
    summary = _judged(x, y, whole, edges, table, listed, settings)
    return SelectionCheck(table=table, summary=summary, settings=settings)


def _refusal(x: Floats, y: Floats, settings: SelectionSettings) -> str:
    if len(x) < settings.min_creators:
        return f"only {len(x)} creators, {settings.min_creators} are needed"
    if len(np.unique(x)) < 10 or len(np.unique(y)) < 10:
        return "followers or engagements are nearly all the same"
    return ""


def _table(edges: list[EdgeFit], loss: float) -> pd.DataFrame:
    columns = ["chosen_by", "evidence", "exponent", "edge", "width", "share_cut"]
    rows = [
        (EDGES[e.direction], 2 * (loss - e.loss), e.exponent, e.edge, e.width, e.share_cut)
        for e in edges
    ]
    return pd.DataFrame(rows, columns=columns)


def _judged(
    x: Floats,
    y: Floats,
    whole: EdgeFit,
    edges: list[EdgeFit],
    table: pd.DataFrame,
    listed: Estimate,
    settings: SelectionSettings,
) -> SelectionSummary:
    least = [settings.least_sharp_cut if edge.sharp else settings.least_cut for edge in edges]
    counted = table["share_cut"].ge(least) & (not _coarse(y))
    weighed = table["evidence"].where(counted, 0.0)
    likely = weighed.where(table["exponent"] >= settings.low_exponent, 0.0)
    best = int((likely if likely.max() >= settings.suspect else weighed).argmax())
    evidence = float(weighed.max())
    verdict, reason = _verdict(x, y, listed, evidence, settings)
    if verdict == "not selected" and _nearly_soft(whole, settings):
        verdict, reason = "cannot tell", "a soft edge that leaves many out is not ruled out"
    summary = SelectionSummary(
        creators=len(x), verdict=verdict, reason=reason, evidence=evidence, listed=listed
    )
    if verdict != "selected":
        return summary
    if weighed[best] < settings.clear:
        return replace(summary, withheld="no edge is found")
    if weighed[best] - likely.drop(best).max() < settings.suspect:
        return replace(summary, withheld="an edge in engagement and one in the rate fit alike")
    found = replace(
        summary,
        chosen_by=EDGES[best],
        edge=float(10 ** edges[best].edge) - (best == 0),
        share_cut=edges[best].share_cut,
        likelihood=Estimate(*likelihood_exponent(edges[best], settings.confidence, settings.seed)),
        trimmed=Estimate(*trimmed_exponent(edges[best], settings.confidence, settings.seed)),
    )
    return _corrected(found, settings)


def _verdict(
    x: Floats, y: Floats, listed: Estimate, evidence: float, settings: SelectionSettings
) -> tuple[Verdict, str]:
    if evidence >= settings.clear:
        return "selected", "those who get less are missing, along an edge too sharp for chance"
    if listed.high < settings.low_exponent:
        return "selected", "engagement hardly depends on followers"
    explained = float(np.corrcoef(x, y)[0, 1] ** 2)
    if explained < settings.least_r2:
        return "cannot tell", "followers explain too little of engagement"
    if _coarse(y):
        return "cannot tell", f"many have fewer than {FEW} engagements, and zero is an edge itself"
    if evidence >= settings.suspect:
        return "cannot tell", "an edge below which creators are missing is possible, not certain"
    return "not selected", "no edge is found"


def _coarse(y: Floats) -> bool:
    return bool((y < np.log10(1 + FEW)).mean() > 0.05)


def _nearly_soft(whole: EdgeFit, settings: SelectionSettings) -> bool:
    """Whether a soft edge that leaves out a share for sure fits nearly as well as none."""
    return 2 * (fit_soft(whole).loss - whole.loss) < settings.soft_loss * len(whole.model.x)


def least_squares(x: Floats, y: Floats, confidence: float) -> Estimate:
    """Return the exponent by least squares on logarithms, HC3 interval (MacKinnon, White 1985)."""
    import statsmodels.api as sm

    if len(np.unique(x)) < 3:
        return Estimate()
    result = sm.OLS(y, sm.add_constant(x)).fit(cov_type="HC3")
    return Estimate(float(result.params[1]), *map(float, result.conf_int(alpha=1 - confidence)[1]))


def _corrected(found: SelectionSummary, settings: SelectionSettings) -> SelectionSummary:
    likelihood, trimmed = found.likelihood, found.trimmed
    if not np.isfinite([*likelihood, *trimmed]).all():
        return replace(found, withheld="a correction has too little to stand on")
    if abs(likelihood.exponent - trimmed.exponent) > settings.agreement:
        return replace(found, withheld="the two corrections disagree")
    if likelihood.exponent < settings.low_exponent:
        return replace(found, withheld="corrected or not, engagement hardly depends on followers")
    bend = t.ppf((1 + settings.confidence) / 2, df=BEND_VALUES) * settings.bend
    low = likelihood.exponent - np.hypot(likelihood.exponent - likelihood.low, bend)
    high = likelihood.exponent + np.hypot(likelihood.high - likelihood.exponent, bend)
    low, high = min(low, trimmed.low), max(high, trimmed.high)
    return replace(found, exponent=Estimate(likelihood.exponent, float(low), float(high)))
