"""How often intervals hold the known exponents, breaks, peaks and percentiles of simulated worlds.

A world is 150 to 800 creators of a known curve: a power law, one with a break, or one that bends
to a peak of the rate; what scatters about it is normal in half of the worlds, else heavy-tailed,
skewed, uneven, or both of the last. A creator has 3 to 30 posts, and its figure is their median.

What is true. Exponent: the slope that least squares would find with creators and posts without
end, which is that of the mean (not the median) of log engagements; in a bent world that of the
best straight line. Break: where the slope changes; asked for where a straight line is rejected at
10%. Peak: where the rate of the mean log curve is highest; asked for where one is said to lie
inside. Percentile: the share of the world's creators of that size whose long-run median lies below,
exactly; asked for new creators, seen with 1, 2, 3 or 5 posts.

The bar: of the exponents of power laws, of breaks and peaks, and of percentiles, 90% intervals hold
the truth in 88.5 to 91.5%. Beside it: the exponents of bent worlds, the best straight line through
them; those of the creators above a cut in engagement; and the percentiles of the list itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from benchmarks.report import finish, read_options
from benchmarks.selection import cut
from workbench.curves import (
    CurveSettings,
    PostsSettings,
    SelectionSettings,
    TurnSettings,
    check_selection,
    find_turns,
    fit_engagement_curve,
    fit_reference,
    predict_posts,
)
from workbench.formats import plural
from workbench.market.settings import Shape
from workbench.market.shapes import NODES, WEIGHTS, share_below, spread_factor, to_shape
from workbench.tables.tiers import read_tier_preset

Floats = np.ndarray
Row = dict[str, object]
SEEDS, NEW, SEED = 2000, 60, 23  # worlds, new creators in each
CUT = 0.2  # of the straight worlds, in which the creators above a cut are looked at too
CONFIDENCE, BAR = 0.90, (0.885, 0.915)
SELECTION = SelectionSettings(confidence=CONFIDENCE)
BARRED = ("exponent", "threshold", "percentile")
LINES = (
    *BARRED,
    "false break",
    "false end",
    "false selection",
    "exponent, chosen list",
    "exponent, bent",
    "percentile, in the list",
)
SHAPES = ("t", "skewed", "skewed_low", "heteroscedastic", "skewed and uneven")
SORTS = ("straight", "break", "peak")
SIZES = np.clip(4.8 + 0.85 * ndtri((np.arange(4001) + 0.5) / 4001), 3, 8)  # log10 followers
PRESET = read_tier_preset("four-tier")
POSTED = pd.Timestamp("2026-01-01", tz="UTC")


@dataclass(frozen=True, kw_only=True)
class World:
    """A curve of log engagements over log followers, and what scatters about it."""

    shape: str
    sort: str
    creators: int
    slope: float
    turn: float
    place: float
    spread: float
    post_spread: float
    seen: int

    @property
    def parts(self) -> tuple[Shape, Shape]:
        """The shape of the scatter, and whether its spread falls with the followers."""
        if self.shape == "skewed and uneven":
            return "skewed", "heteroscedastic"
        shape: Shape = self.shape  # type: ignore[assignment]
        return shape, shape

    def curve(self, x: Floats) -> Floats:
        """Return the median of creators' levels at each size."""
        line = 3.3 + self.slope * (x - 4.8)
        if self.sort == "peak":
            return line - self.turn * (x - self.place) ** 2
        return line + self.turn * np.maximum(x - self.place, 0)

    def spread_at(self, x: Floats) -> Floats:
        """Return the standard deviation of levels at each size."""
        return self.spread * spread_factor(10**x, np.full_like(x, 10**4.8), self.parts[1])

    def mean_curve(self, x: Floats) -> Floats:
        """Return the mean of creators' levels at each size."""
        shift = float(WEIGHTS @ to_shape(NODES, self.parts[0]) / WEIGHTS.sum())
        return self.curve(x) + shift * self.spread_at(x)

    @property
    def exponent(self) -> float:
        """The least-squares slope of endless creators."""
        return float(np.polyfit(SIZES, self.mean_curve(SIZES), 1)[0])

    @property
    def peak(self) -> float:
        """Where the mean log rate is highest, log10 followers."""
        steps = np.linspace(SIZES[0], SIZES[-1], 5001)
        return float(steps[(self.mean_curve(steps) - steps).argmax()])


def draw_world(rng: np.random.Generator) -> World:
    """Draw a world; half of them are normal, half straight."""
    shape = "normal" if rng.random() < 0.5 else str(rng.choice(SHAPES))
    sort = str(rng.choice(SORTS, p=[0.5, 0.3, 0.2]))
    slope, turn = rng.uniform(0.5, 1.15), 0.0
    place = float(np.quantile(SIZES, rng.uniform(0.25, 0.75)))
    if sort == "break":
        turn = rng.uniform(0.25, 0.75) * rng.choice([-1, 1])
        slope -= turn / 2
    if sort == "peak":
        turn, slope = rng.uniform(0.06, 0.2), 1.0
    return World(
        shape=shape,
        sort=sort,
        creators=int(rng.integers(150, 801)),
        slope=slope,
        turn=turn,
        place=place,
        spread=rng.uniform(0.25, 0.5),
        post_spread=rng.uniform(0.15, 0.4),
        seen=int(rng.choice([1, 2, 3, 5])),
    )


def draw_posts(world: World, n: int, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw creators with their true percentile, and their posts as an import gives them."""
    x = rng.choice(SIZES, n) + rng.uniform(-0.01, 0.01, n)
    drawn = to_shape(rng.standard_normal(n), world.parts[0])
    level = world.curve(x) + world.spread_at(x) * drawn
    creators = pd.DataFrame(
        {
            "creator_key": [f"tiktok:c{i:04d}" for i in range(n)],
            "followers": np.round(10**x),
            "level": level,
            "true_percentile": 100 * share_below(drawn, world.parts[0]),
        }
    )
    amounts = np.clip(8 * np.exp(rng.normal(0, 0.6, n)), 3, 30).astype(int)
    own = np.repeat(np.arange(n), amounts)
    noise = world.post_spread * to_shape(rng.standard_normal(len(own)), world.parts[0])
    posts = creators.iloc[own][["creator_key", "followers"]].reset_index(drop=True)
    place = np.arange(len(own))
    return creators, posts.assign(
        platform="tiktok",
        post_id=place.astype(str),
        posted_at=POSTED + pd.to_timedelta(place, unit="h"),
        observed_at=POSTED + pd.Timedelta(days=900),
        likes=rng.poisson(10 ** (level[own] + noise)),
    )


def features_of(posts: pd.DataFrame) -> pd.DataFrame:
    """Return what a curve is fitted on: the median of each creator's posts."""
    logs = posts.assign(log=np.log10(1 + posts["likes"]))
    table = logs.groupby("creator_key").agg(
        followers=("followers", "first"),
        engagements=("likes", "median"),
        posts_with_engagements=("likes", "size"),
        engagements_log_sd=("log", "std"),
    )
    return table.reset_index().assign(platform="tiktok", handle="", engagements_basis="posts")


def measure(world: World, rng: np.random.Generator, *, ranked: bool) -> list[Row]:
    """Return a row a quantity that was asked for, with how many of its intervals hold the truth.

    Percentiles, which take most of the time, are asked for if ``ranked``.
    """
    creators, posts = draw_posts(world, world.creators, rng)
    features = features_of(posts)
    newcomers, seen = draw_posts(world, NEW, rng)
    straight = world.sort == "straight"
    # What `fit_engagement_curve` says of the exponent is this check's answer.
    check = check_selection(*_counts(features), SELECTION).summary
    selected = check.verdict == "selected"
    exponent = check.exponent if selected else check.listed
    rows = [
        _interval("exponent" + (not straight) * ", bent", *exponent[1:], world.exponent),
        _said("false selection", selected),
        *_turns(world, features),
        *([_chosen(world, features, rng)] if straight and rng.random() < CUT else []),
    ]
    if ranked:
        seen = seen.groupby("creator_key").tail(world.seen)
        told = predict_posts(fit_reference(posts, PostsSettings()), seen).table
        fit = fit_engagement_curve(features, CurveSettings(preset=PRESET))
        posts_seen = plural(world.seen, "post")
        rows.append(_percentiles("percentile", told, newcomers) | {"seen": posts_seen})
        rows.append(_percentiles("percentile, in the list", fit.table, creators))
    return [{"truth": world.sort, **row, "shape": world.shape} for row in rows]


def _counts(features: pd.DataFrame) -> tuple[Floats, Floats]:
    counts = features[["followers", "engagements"]].to_numpy(dtype="float64")
    return counts[:, 0], counts[:, 1]


def _said(quantity: str, yes: bool) -> Row:
    return {"quantity": quantity, "asked": 1, "given": int(yes)}


def _interval(quantity: str, low: float, high: float, truth: float) -> Row:
    """Return whether an interval holds the truth; one that is missing is not given."""
    given = bool(np.isfinite(low))
    held = int(low <= truth <= high) if given else np.nan
    return _said(quantity, given) | {"held": held, "width": high - low}


def _chosen(world: World, features: pd.DataFrame, rng: np.random.Generator) -> Row:
    """Return the exponent of the creators with most engagement, where it is found and put right."""
    followers, engagements = _counts(features)
    (x, y), _ = cut("sharp", np.log10(followers), np.log10(1 + engagements), rng)
    said = check_selection(10**x, 10**y - 1, SELECTION).summary
    return _interval("exponent, chosen list", *said.exponent[1:], world.exponent)


def _turns(world: World, features: pd.DataFrame) -> list[Row]:
    found = find_turns(features, TurnSettings(confidence=CONFIDENCE))
    assert found is not None
    said = found.summary
    breaks = said.break_p_value < 1 - CONFIDENCE
    if world.sort == "straight":
        return [_said("false break", breaks)]
    if world.sort == "break":
        known = 1.0 if breaks else np.nan
        low, high = np.log10(said.break_low) * known, np.log10(said.break_high) * known
        return [_interval("threshold", low, high, world.place)]
    return [
        _interval("threshold", np.log10(said.peak_low), np.log10(said.peak_high), world.peak),
        _said("false end", said.peak.startswith("at the")),
    ]


def _percentiles(quantity: str, told: pd.DataFrame, creators: pd.DataFrame) -> Row:
    both = told.merge(creators[["creator_key", "true_percentile"]], on="creator_key")
    known = both.dropna(subset=["percentile"])
    held = known["true_percentile"].between(known["percentile_low"], known["percentile_high"])
    width = float((known["percentile_high"] - known["percentile_low"]).mean())
    counts = {"asked": len(both), "given": len(known), "held": int(held.sum()), "width": width}
    return {"quantity": quantity, **counts}


def summarise(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum the worlds: of each quantity all, then by sort of truth, posts seen and error shape."""
    parts = []
    for by in ("all", "truth", "seen", "shape"):
        grouped = rows.assign(all="all").groupby(["quantity", by], sort=False)
        sums = grouped[["asked", "given", "held"]].sum(min_count=1).assign(worlds=grouped.size())
        sums["width"] = grouped["width"].mean()
        parts.append(sums.rename_axis(["quantity", "of"]).reset_index())
    table = pd.concat(parts).drop_duplicates(["quantity", "of"])
    order = table["quantity"].map({name: place for place, name in enumerate(LINES)})
    table = table.assign(order=order).sort_values("order", kind="stable")
    table["share given"] = table["given"] / table["asked"]
    table["covered"] = table["held"] / table["given"]
    shown = ["quantity", "of", "worlds", "asked", "share given", "covered", "width"]
    return table[shown].reset_index(drop=True)


def verdict(table: pd.DataFrame) -> tuple[bool, str]:
    """Return whether the bar is met, and the figures it stands on."""
    pooled = table[table["of"].eq("all")].set_index("quantity")
    pooled = pooled.reindex(list(LINES))
    covered, found = pooled.loc[[*BARRED], "covered"], pooled["share given"]
    figures = (
        ", ".join(f"{name} {share:.1%}" for name, share in covered.items())
        + f" covered; a break claimed on {found['false break']:.1%} of straight lines"
    )
    return bool(covered.between(*BAR).all()), figures


def main() -> None:
    """Print the table."""
    more = {
        "--seeds": {"type": int, "default": SEEDS, "help": "worlds, the first of 2,000"},
        "--every": {"type": int, "default": 1, "help": "percentiles in every so many worlds"},
    }
    options = read_options(str(__doc__), more)
    rows = []
    for seed in range(3 if options.quick else options.seeds):
        rng = np.random.default_rng([SEED, seed])
        rows += measure(draw_world(rng), rng, ranked=seed % options.every == 0)
    table = summarise(pd.DataFrame(rows))
    met, figures = verdict(table)
    notes: dict[str, object] = {
        "width": "mean over worlds: of exponents, of log10 followers, of percentile points",
        "share given": "of false ...: how often it is claimed; of thresholds: how often found",
    }
    finish(table, notes, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()
