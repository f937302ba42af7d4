"""A creator's long-run mean engagements of a post, drawn towards the curve of its peers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.curves.level_spreads import (
    FAR,
    HELD,
    after_bursts,
    level_drift,
    measure_posts,
    post_spreads,
    post_tail,
)
from workbench.curves.quantiles import LINE, Floats, make_spline, spline_shape
from workbench.errors import DataError, SettingsError

SEEN = ("creator_key", "engagements")
IDENTITY = ("creator_key", "platform", "followers")
LEVEL_COLUMNS = (
    *(*IDENTITY, "posts"),
    *("engagements", "engagements_sd", "post_sd", "expected", "own"),
)
_STEPS = 200


@dataclass(frozen=True, kw_only=True)
class LevelSettings:
    """What is believed before any post is seen; it counts where creators are few.

    Attributes
    ----------
    slope, slope_sd : float
        Of log engagements in log followers.
    uneven, uneven_sd : float
        By how much the mean of a creator's log engagements moves with half the variance of its
        posts: 0 where those whose posts are uneven have the same typical post as others, -1 where
        they have the same average.
    between : float
        Standard deviation of ln engagements of creators of one size.
    within : float
        Of a creator's posts.
    creators : float
        The weight of ``between``, in creators.
    posts : float
        The weight of ``within``, and of normal tails, in posts.
    """

    slope: float = 0.85
    slope_sd: float = 0.25
    uneven: float = -0.5
    uneven_sd: float = 0.5
    between: float = 0.8
    within: float = 0.8
    creators: float = 4.0
    posts: float = 20.0

    def __post_init__(self) -> None:
        faults = [
            f"{name}: expected more than 0, found {value}"
            for name, value in vars(self).items()
            if name not in ("slope", "uneven") and not value > 0
        ]
        if faults:
            raise SettingsError("Levels can't be estimated with these settings.", faults)


@dataclass(frozen=True, kw_only=True, eq=False)
class ShrunkLevels:
    """What one organic post of each creator brings in the long run.

    Attributes
    ----------
    table : DataFrame
        One row a creator: ``creator_key``, ``platform``, ``followers``, ``posts`` seen;
        ``engagements``: the middle of what is believed of the mean over its posts;
        ``engagements_sd``: of its natural log, for the posts to come; ``post_sd``: of ln of one
        post about it; ``expected``: the same mean for a creator of that size without posts;
        ``own``: the weight of its own posts, 0-1. Missing on a platform without any post.
    platforms : DataFrame
        One row a platform: ``creators`` with posts, ``posts``, ``slope`` of a straight line,
        ``between``, ``within``, ``drift`` (standard deviations of the natural log: of creators of
        one size, of a creator's posts, of its level from one run of posts to the next), ``tail``
        (the log of mean over geometric mean of posts, by that of normal ones).
    settings : LevelSettings
    """

    table: pd.DataFrame
    platforms: pd.DataFrame
    settings: LevelSettings


def shrink_levels(
    posts: pd.DataFrame,
    creators: pd.DataFrame,
    settings: LevelSettings | None = None,
    *,
    peers: Collection[str] | None = None,
) -> ShrunkLevels:
    """Estimate each creator's mean engagements of a post.

    Picked by their raw averages, the best-looking creators are those who were lucky. Each one's
    mean of ln(1 + engagements) is drawn to the curve of its platform by how little its posts say:
    empirical Bayes (Efron and Morris 1975, J. Am. Stat. Assoc. 70:311), the spread of creators by
    restricted maximum likelihood with far-off creators held at three standard deviations. The mean
    over posts follows by the pooled residuals (Duan 1983, J. Am. Stat. Assoc. 78:605), since a few
    posts of long-tailed ones bring most; those who had them have less to come on some platforms,
    which is measured from older to newer posts. Whether creators with uneven posts have the same
    average as others or the same typical post is learned with the curve: whoever picks the best
    picks uneven ones.

    Parameters
    ----------
    posts : DataFrame
        ``creator_key`` and ``engagements``, one row a post; ``posted_at`` where known, else a
        creator's posts stand oldest first.
    creators : DataFrame
        ``creator_key``, ``platform``, ``followers``, all of whom are estimated; posts of others
        are left out.
    settings : LevelSettings, optional
    peers : collection of str, optional
        The creators who set the curve and the spreads; without it all do.

    Raises
    ------
    DataError
        If columns are missing or a creator stands twice.
    """
    settings = settings or LevelSettings()
    _check(posts, creators)
    known = creators[[*IDENTITY]].reset_index(drop=True)
    followers = known["followers"].astype("float64")
    figures = measure_posts(posts)
    table = known.join(figures, "creator_key")
    table["peer"] = True if peers is None else known["creator_key"].isin([*peers])
    table["x"] = np.log(followers.where(followers > 0))
    done = [
        _platform(str(platform), rows, settings)
        for platform, rows in table.groupby("platform", sort=True)
    ]
    levels = pd.concat([part for part, _ in done]).sort_index()
    return ShrunkLevels(
        table=levels[[*LEVEL_COLUMNS]],
        platforms=pd.DataFrame([line for _, line in done]),
        settings=settings,
    )


def _check(posts: pd.DataFrame, creators: pd.DataFrame) -> None:
    faults = [
        *(
            f"posts: no column {name}"
            for name in ("creator_key", "engagements")
            if name not in posts
        ),
        *(f"creators: no column {name}" for name in IDENTITY if name not in creators),
    ]
    if not faults and (twice := creators["creator_key"].duplicated()).any():
        faults = [f"{key}: twice among the creators" for key in creators["creator_key"][twice]]
    if faults or creators.empty:
        raise DataError("Levels can't be estimated.", dict.fromkeys(faults) or ["no creator"])


def _platform(
    name: str, rows: pd.DataFrame, settings: LevelSettings
) -> tuple[pd.DataFrame, dict[str, object]]:
    n = rows["size"].fillna(0)
    prior = {"within": settings.within, "posts": settings.posts}
    spread, freedom, typical = post_spreads(rows, **prior)
    drift = level_drift(rows, spread)
    tail = post_tail(rows, spread, freedom, posts=settings.posts)
    error = drift + spread / n.where(n > 0)
    uneven = (spread - typical**2) / 2
    usual, shift, doubt, between, slope = _curve(rows.assign(uneven=uneven), error, settings)
    curve = usual + shift
    own = (between / (between + error)).fillna(0.0)
    level = curve + own * (rows["mean"].fillna(0.0) - curve).where(n > 0, 0.0)
    smear = tail * spread / 2 + after_bursts(rows)
    # What few posts leave open of their own spread is left open of the mean over them.
    unsure = (tail * spread) ** 2 / (2 * freedom)
    variance = between * (1 - own) + (1 - own) ** 2 * doubt + drift + unsure
    table = rows.assign(
        posts=n.astype("int64"),
        engagements=_mean(level + smear),
        engagements_sd=np.sqrt(variance),
        post_sd=np.sqrt(spread),
        expected=_mean(usual + tail * typical**2 / 2),
        own=own,
    )
    line = {
        "platform": name,
        "creators": int(n.gt(0).sum()),
        "posts": int(n.sum()),
        "slope": slope,
        "between": np.sqrt(between),
        "within": float(typical[n.gt(0)].median()) if n.gt(0).any() else settings.within,
        "drift": np.sqrt(drift),
        "tail": tail,
    }
    return table, line


def _mean(log_of_one_more: pd.Series) -> pd.Series:
    # A creator whose posts bring nothing still brings something now and then.
    mean: pd.Series = np.expm1(log_of_one_more).clip(lower=0.05)
    return mean


def _curve(
    rows: pd.DataFrame, error: pd.Series, settings: LevelSettings
) -> tuple[pd.Series, pd.Series, pd.Series, float, float]:
    """Return of each creator the curve, its shift and their variance; the spread and the slope."""
    x, uneven = rows["x"], rows["uneven"].to_numpy()
    fitted = (rows["peer"] & rows["size"].gt(0) & x.notna()).to_numpy()
    if not fitted.any():
        none = pd.Series(np.nan, rows.index)
        return none, none, none, settings.between**2, np.nan
    design = np.column_stack([_design(x.fillna(x[fitted].mean()).to_numpy(), fitted), uneven])
    y, noise = rows["mean"].to_numpy()[fitted], error.to_numpy()[fitted]
    beta, cover, between = _fit(design[fitted], y, noise, settings)
    curve = design[:, :-1] @ beta[:-1]
    doubt = np.einsum("ij,jk,ik->i", design, cover, design)
    # Without followers a creator may be of any size.
    curve = np.where(x.isna(), curve[fitted].mean(), curve)
    doubt = np.where(x.isna(), doubt + curve[fitted].var(), doubt)
    spread = float(x[fitted].var(ddof=0))
    slope = float(np.cov(x[fitted], curve[fitted], ddof=0)[0, 1]) / spread if spread else np.nan
    usual, shift, open_ = (pd.Series(a, rows.index) for a in (curve, beta[-1] * uneven, doubt))
    return usual, shift, open_, between, slope


def _design(x: Floats, fitted: NDArray[np.bool_]) -> Floats:
    shape = spline_shape(int(fitted.sum()))
    if shape == LINE or len(np.unique(x[fitted])) < 10:
        columns = (x - x[fitted].mean())[:, None]
    else:
        columns = make_spline(x[fitted], shape).fit(x[fitted, None]).transform(x[:, None])
    return np.column_stack([np.ones(len(x)), columns])


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.pinv(matrix), dtype="float64")


def _fit(
    design: Floats, y: Floats, noise: Floats, settings: LevelSettings
) -> tuple[Floats, Floats, float]:
    """Fit the curve and the variance about it by expectation and maximisation (REML)."""
    prior = np.zeros((design.shape[1], design.shape[1]))
    middle = np.zeros(design.shape[1])
    prior[-1, -1], middle[-1] = settings.uneven_sd**-2, settings.uneven
    if design.shape[1] == 3:  # a line
        prior[1, 1], middle[1] = settings.slope_sd**-2, settings.slope
    between = settings.between**2
    beta, cover = middle, prior
    for _ in range(_STEPS):
        total = between + noise
        cover = _inverse(design.T @ (design / total[:, None]) + prior)
        beta = cover @ (design.T @ (y / total) + prior @ middle)
        rest = np.minimum((y - design @ beta) ** 2, FAR**2 * total) / HELD
        own, doubt = between / total, np.einsum("ij,jk,ik->i", design, cover, design)
        squares = own**2 * (rest + doubt) + between * (1 - own)
        known = settings.creators * settings.between**2
        new = float((known + squares.sum()) / (settings.creators + len(y)))
        if abs(new - between) < 1e-4 * between:
            break
        between = new
    return beta, cover, between
