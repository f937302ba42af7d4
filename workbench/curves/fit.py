"""The engagement curve of a platform: peers' distribution at every size, and each creator in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.curves.new_posts import PostsSummary
from workbench.curves.posts_noise import median_half_width, typical_spread
from workbench.curves.quantiles import (
    QUANTILES,
    Floats,
    QuantileCurve,
    count_near,
    fit_quantile_curve,
    percentiles_of,
)
from workbench.curves.selection import SelectionSettings, SelectionSummary, check_selection
from workbench.errors import DataError, SettingsError
from workbench.features.reported import POSTS, settled_basis
from workbench.formats import plural
from workbench.tables.tiers import TierPreset, assign_tier

CHOSEN = "the list was chosen by its engagement: its percentiles say nothing of the platform"
CURVE_COLUMNS = tuple(f"q{round(100 * quantile):02d}" for quantile in QUANTILES)


@dataclass(frozen=True, kw_only=True)
class CurveSettings:
    """How the curve is fitted.

    Attributes
    ----------
    preset : TierPreset
        Names the sizes; it has no part in the fit.
    confidence : float
        Coverage of the intervals, 0-1. The peers' band is always the 5th to the 95th percentile.
    min_creators : int
        With fewer creators on a platform no curve is drawn.
    min_peers : int
        With fewer other creators between half and twice the size there is no percentile.
    max_creators : int
        Above this the quantiles are fitted on a random subsample: the solver's time grows with the
        square, and 5,000 creators place a quantile to within 0.01 dex.
    seed : int
        Of that subsample.
    top_list : bool
        Whether all files of the data are top lists.
    """

    preset: TierPreset
    confidence: float = 0.90
    min_creators: int = 30
    min_peers: int = 10
    max_creators: int = 5_000
    seed: int = 0
    top_list: bool = False

    def __post_init__(self) -> None:
        faults = []
        if not 0.5 <= self.confidence < 1:
            faults.append(f"confidence: expected 0.5 to below 1, found {self.confidence}")
        if not 20 <= self.min_creators <= self.max_creators:
            faults.append("min_creators: expected at least 20 and at most max_creators")
        if faults:
            raise SettingsError("The curve can't be fitted with these settings.", faults)


@dataclass(frozen=True, kw_only=True)
class CurveSummary:
    """The numbers about a curve that a sentence may quote.

    ``exponent`` is b in engagements = a * followers**b, by least squares on log10 with HC3
    interval (MacKinnon and White 1985); a headline, not the curve. It is missing without a curve
    and where the creators were chosen by the outcome and the slope can't be corrected.
    ``reason`` says why there is none, else it is empty. ``basis`` is the kind of figure that all
    creators of the curve stand on (``workbench.features.reported``). ``placed`` is there where
    creators were placed by their posts (``place_by_posts``).
    """

    platform: str
    basis: str
    creators: int
    creators_in_fit: int
    followers_min: float
    followers_max: float
    exponent: float
    exponent_low: float
    exponent_high: float
    typical_spread: float
    knots: int
    reason: str
    selection: SelectionSummary
    placed: PostsSummary | None = None

    @property
    def exponents(self) -> tuple[float, float, float]:
        """The exponent and the limits of its interval."""
        return self.exponent, self.exponent_low, self.exponent_high

    @property
    def reported(self) -> bool:
        """Whether the figures are reported ones, so that the posts behind them are unknown."""
        return self.basis != POSTS


@dataclass(frozen=True, kw_only=True, eq=False)
class CurveFit:
    """The engagement curve of one platform and one kind of figure.

    Attributes
    ----------
    table : DataFrame
        One row a creator:

        - ``creator_key``, ``handle``, ``platform``, ``followers``, ``tier``,
          ``posts_with_engagements``, ``engagements_basis``;
        - ``engagements`` per post, ``engagements_low``, ``engagements_high``: what few posts leave
          open; the limits are missing for a reported figure;
        - ``expected_engagements``, ``expected_low``, ``expected_high``: median, 5th and 95th
          percentile of peers of that size;
        - ``percentile``, ``percentile_low``, ``percentile_high``: 0-100, missing as the expected
          engagements are where the creators were chosen by the outcome; the range holds what
          few posts of the creator and few peers leave open, for a reported figure few peers alone;
        - ``by_posts``: whether the percentile is that of the long-run median as the posts foretell
          it (``place_by_posts``), else that of the figure as it is; then ``ahead``, ``ahead_low``,
          ``ahead_high``: median, 5th and 95th percentile of the geometric mean of five other posts;
        - ``peers``: other creators in the fit between half and twice the size;
        - ``reason``: why there is no percentile, else empty.
    curve : DataFrame
        ``followers`` and the quantiles ``q05`` ... ``q95`` of engagements, over the sizes fitted;
        without rows where there is no curve.
    summary : CurveSummary
    settings : CurveSettings
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    summary: CurveSummary
    settings: CurveSettings


def fit_engagement_curves(features: pd.DataFrame, settings: CurveSettings) -> tuple[CurveFit, ...]:
    """Fit one curve a platform and kind of figure, the platform with most creators first.

    Kinds are never mixed: a mean lies far above a median of the same posts. Creators without a
    figure stand with the most frequent kind of their platform. ``features`` is
    ``CreatorFeatures.table``.

    Raises
    ------
    DataError
        If no creator has both followers and engagements.
    """
    sized, known = features["followers"].gt(0), features["engagements"].notna()
    if not (sized & known).any():
        raise DataError(
            "No creator has both followers and engagements.",
            [
                f"{len(features)} creators: {sized.sum()} with followers, {known.sum()} with both "
                "likes and comments",
                "import their posts and follower counts, or take a later date of the data",
            ],
        )
    creators = features["platform"].value_counts()
    grouped = features.groupby(["platform", settled_basis(features).rename("basis")])
    groups = {(str(platform), str(basis)): rows for (platform, basis), rows in grouped}
    order = sorted(groups, key=lambda of: (-int(creators[of[0]]), of[0], -len(groups[of]), of[1]))
    return tuple(fit_engagement_curve(groups[of], settings) for of in order)


def fit_engagement_curve(features: pd.DataFrame, settings: CurveSettings) -> CurveFit:
    """Fit the curve of the creators of one platform and one kind of figure.

    Quantile regression (Koenker and Bassett 1978) of log10(1 + engagements) on a line or
    spline of log10(followers): counts are modelled on followers and rates derived from them, since
    a ratio regressed on its own denominator falls even where there is no relation.

    Parameters
    ----------
    features : DataFrame
        ``creator_key``, ``platform``, ``handle``, ``followers``, ``posts_with_engagements``,
        ``engagements``, ``engagements_basis``, ``engagements_log_sd``.
    settings : CurveSettings

    Returns
    -------
    CurveFit
        Without a curve, and with the reason, where there are too few creators or sizes.

    Raises
    ------
    ValueError
        If the rows hold two kinds of figures.
    """
    frame = features.reset_index(drop=True)
    if len(set(frame["engagements_basis"].dropna())) > 1:
        raise ValueError("a curve needs figures of one kind")
    followers = frame["followers"].astype("float64")
    usable = followers.gt(0) & frame["engagements"].notna()
    x = np.log10(followers.where(followers > 0).to_numpy(dtype="float64"))
    y = np.log10(1 + frame["engagements"].to_numpy(dtype="float64"))
    reason = _refusal(x[usable], settings)
    curve = None if reason else _fitted(x[usable], y[usable], settings)
    typical = typical_spread(frame["engagements_log_sd"], frame["posts_with_engagements"].fillna(0))
    selection = _selection(followers[usable], frame.loc[usable, "engagements"], reason, settings)
    return CurveFit(
        table=_creators(frame, x, y, curve, typical, reason, selection, settings),
        curve=_grid(curve, x[usable]),
        summary=_summary(frame, x[usable], typical, reason, curve, selection, settings),
        settings=settings,
    )


def _refusal(x: Floats, settings: CurveSettings) -> str:
    if len(x) == 0:
        return "no creator has both followers and engagements"
    if len(x) < settings.min_creators:
        return (
            f"only {plural(len(x), 'creator')} with followers and engagements, "
            f"{settings.min_creators} are needed"
        )
    if len(np.unique(x)) < 10:
        return f"the creators have only {len(np.unique(x))} different sizes, 10 are needed"
    return ""


def _selection(
    followers: pd.Series, engagements: pd.Series, reason: str, settings: CurveSettings
) -> SelectionSummary:
    if reason:
        return SelectionSummary(creators=len(followers), verdict="cannot tell", reason=reason)
    asked = SelectionSettings(confidence=settings.confidence, seed=settings.seed)
    return check_selection(
        followers.to_numpy("float64"), engagements.to_numpy("float64"), asked
    ).summary


def _fitted(x: Floats, y: Floats, settings: CurveSettings) -> QuantileCurve:
    if len(x) > settings.max_creators:
        rng = np.random.default_rng(settings.seed)
        chosen = np.sort(rng.choice(len(x), settings.max_creators, replace=False))
        x, y = x[chosen], y[chosen]
    return fit_quantile_curve(x, y)


def _grid(curve: QuantileCurve | None, x: Floats) -> pd.DataFrame:
    if curve is None:
        return pd.DataFrame(columns=["followers", *CURVE_COLUMNS], dtype="float64")
    steps = np.linspace(x.min(), x.max(), 101)
    quantiles = pd.DataFrame(_engagements(curve.predict(steps)), columns=list(CURVE_COLUMNS))
    return pd.concat([pd.Series(10**steps, name="followers"), quantiles], axis=1)


def _engagements(log_engagements: Floats) -> Floats:
    """Turn log10(1 + engagements) into engagements; extrapolated lines may go below 0."""
    return np.maximum(10**log_engagements - 1, 0.0)


def _creators(
    frame: pd.DataFrame,
    x: Floats,
    y: Floats,
    curve: QuantileCurve | None,
    typical: float,
    no_curve: str,
    selection: SelectionSummary,
    settings: CurveSettings,
) -> pd.DataFrame:
    posts = frame["posts_with_engagements"].fillna(0).astype("int64")
    half = median_half_width(
        frame["engagements_log_sd"], posts, typical=typical, confidence=settings.confidence
    ).to_numpy()
    # How far a creator's posts vary is unknown behind a reported figure: nothing is said of it.
    noise = np.where(frame["engagements_basis"].fillna(POSTS).ne(POSTS), 0.0, half)
    quantiles = np.full((len(frame), len(QUANTILES)), np.nan)
    leverage = np.full(len(frame), np.nan)
    sized = np.isfinite(x)
    if curve is not None and sized.any():
        quantiles[sized], leverage[sized] = curve.predict(x[sized]), curve.leverage(x[sized])
    columns = ["creator_key", "handle", "platform", "engagements", "engagements_basis"]
    known = np.isfinite(y)
    peers = np.where(sized, count_near(x[known], x) - known, 0)  # others with engagements
    chosen = selection.verdict == "selected"
    quantiles[chosen | (peers < settings.min_peers)] = np.nan
    return frame[columns].assign(
        followers=frame["followers"].astype("float64"),
        posts_with_engagements=posts,
        tier=assign_tier(frame["followers"], settings.preset),
        engagements_low=_engagements(y - half),
        engagements_high=_engagements(y + half),
        expected_engagements=_engagements(quantiles[:, QUANTILES.index(0.50)]),
        expected_low=_engagements(quantiles[:, 0]),
        expected_high=_engagements(quantiles[:, -1]),
        **percentiles_of(y, noise, quantiles, leverage, settings.confidence),
        by_posts=False,
        **dict.fromkeys(("ahead", "ahead_low", "ahead_high"), np.nan),
        peers=peers,
        reason=_reasons(frame, no_curve or CHOSEN * chosen, peers, noise, settings),
    )


def _reasons(
    frame: pd.DataFrame,
    no_curve: str,
    peers: NDArray[np.int64],
    half: Floats,
    settings: CurveSettings,
) -> pd.Series:
    few = [f"only {plural(n, 'peer')} between half and twice its size" for n in peers]
    reasons = np.where(np.isnan(half), "one post each: how far posts vary is unknown", "")
    reasons = np.where(peers < settings.min_peers, few, reasons)
    reasons = np.where(bool(no_curve), no_curve, reasons)
    reasons = np.where(frame["engagements"].isna(), "engagements unknown", reasons)
    reasons = np.where(frame["followers"].fillna(0).gt(0), reasons, "followers unknown")
    return pd.Series(reasons, index=frame.index, dtype="str")


def _summary(
    frame: pd.DataFrame,
    x: Floats,
    typical: float,
    reason: str,
    curve: QuantileCurve | None,
    selection: SelectionSummary,
    settings: CurveSettings,
) -> CurveSummary:
    selected = selection.verdict == "selected"
    exponent, low, high = selection.exponent if selected else selection.listed
    return CurveSummary(
        platform=str(frame["platform"].iloc[0]),
        basis=next(iter(frame["engagements_basis"].dropna()), POSTS),
        creators=len(frame),
        creators_in_fit=len(x),
        followers_min=float(10 ** x.min()) if len(x) else np.nan,
        followers_max=float(10 ** x.max()) if len(x) else np.nan,
        exponent=exponent,
        exponent_low=low,
        exponent_high=high,
        typical_spread=typical,
        knots=curve.shape[0] if curve else 0,
        reason=reason,
        selection=selection,
    )
