"""Does the simulated market look like the real ones? Its marginals beside those of real posts.

Real sets: genuine small Instagram accounts of 2018 (100 to 1,700 followers), large Instagram
accounts of 2017 (above 125,000 followers; likes only), well-known TikTok creators of 2020. The
market's honest accounts are drawn at the sizes and the level of each set: level and sizes are the
collection's, and are not judged (the law's own level stands in the table). The real Instagram posts
are from before reels, so the market's are photos too. Of YouTube there are no real posts here, so
its rows are compared with nothing. Beside the realistic laws stand the bundled sample's.

The band of a marginal is fixed by rule: the real value's 95% interval (bootstrap over creators;
HC3 for the exponent), widened on both sides by the largest of three: half the distance between the
two Instagram sets, which is how far two honest collections of one platform lie apart; a tenth of
the real value; 0.02. The bar: each marginal of the market is inside its band.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import statsmodels.api as sm

from benchmarks.marginals import (
    SEED,
    Sample,
    like_real,
    line,
    make_sample,
    marginals,
    read_instafake,
    read_likepredictor,
    read_tiktok,
    simulate,
)
from benchmarks.market_figure import draw_market
from benchmarks.report import finish, read_options
from workbench.market.realistic import REALISTIC, REALISTIC_SHAPE
from workbench.market.settings import LAWS, PlatformLaw, Shape

# Set: its reader, platform, and whether its times of day are real.
SETS = {
    "Instagram, small": (read_instafake, "instagram", True),
    "Instagram, large": (read_likepredictor, "instagram", False),
    "TikTok": (read_tiktok, "tiktok", True),
}
INSTAGRAM = list(SETS)[:2]
LAW_COLUMNS = ["market", "difference", "inside", "sample", "sample inside"]


@dataclass(frozen=True)
class Pair:
    """A real set and the market's accounts that stand beside it."""

    name: str
    platform: str
    hours: bool
    real: Sample
    market: Sample  # by the realistic laws
    sample: Sample  # by the bundled sample's


def make_pair(name: str, creators: int) -> Pair:
    """Read a real set, cut at its 1st and 99th percentile of followers, and simulate its like."""
    read, platform, hours = SETS[name]
    posts = read()
    sizes = posts.groupby("creator")["followers"].first()
    low, high = np.quantile(sizes[sizes >= 100], (0.01, 0.99))
    real = make_sample(posts, (low, high))

    def alike(law: PlatformLaw, shape: Shape) -> Sample:
        simulated = simulate(like_real(law, real), creators, platform=platform, shape=shape)
        made = make_sample(simulated, (low, high))
        kept = {part: made.counts[part] for part in real.counts}
        return Sample(made.followers, made.posted_at, kept)

    market = alike(REALISTIC[platform], REALISTIC_SHAPE)
    return Pair(name, platform, hours, real, market, alike(LAWS[platform], "skewed_heavy"))


def intervals(pair: Pair, draws: int) -> pd.DataFrame:
    """Return the 95% interval of each real marginal."""
    rng = np.random.default_rng(SEED)
    amount = len(pair.real.followers)
    drawn = pd.DataFrame(
        marginals(pair.real.take(rng.integers(0, amount, amount)), hours=pair.hours)
        for _ in range(draws)
    )
    limits = drawn.quantile([0.025, 0.975]).T.set_axis(["low", "high"], axis=1)
    fit = sm.OLS(pair.real.level, sm.add_constant(pair.real.size)).fit(cov_type="HC3")
    limits.loc["exponent"] = fit.conf_int()[1]
    return limits


def compare(pairs: list[Pair], draws: int) -> pd.DataFrame:
    """Return a row a marginal and set: real, market, difference, band and whether it is inside."""
    real = pd.DataFrame({p.name: marginals(p.real, hours=p.hours) for p in pairs})
    both = real.reindex(columns=INSTAGRAM)
    apart = both.diff(axis=1).iloc[:, -1].abs().fillna(0) / 2
    frames = []
    for pair in pairs:
        limits = intervals(pair, draws)
        rows = limits.assign(
            real=real[pair.name],
            market=pd.Series(marginals(pair.market, hours=pair.hours)),
            sample=pd.Series(marginals(pair.sample, hours=pair.hours)),
        )
        allowed = np.maximum(np.maximum(apart.reindex(rows.index), 0.1 * rows["real"].abs()), 0.02)
        rows = rows.assign(low=rows["low"] - allowed, high=rows["high"] + allowed)
        frames.append(rows.assign(set=pair.name).rename_axis("marginal").reset_index())
    table = pd.concat(frames, ignore_index=True)
    table = table.assign(
        difference=table["market"] - table["real"],
        **{
            column: table[laws].between(table["low"], table["high"]).map({True: "yes", False: "NO"})
            for column, laws in (("inside", "market"), ("sample inside", "sample"))
        },
    )
    return table[["set", "marginal", "real", "low", "high", *LAW_COLUMNS]]


def unjudged(pairs: list[Pair], creators: int) -> pd.DataFrame:
    """Return the rows without a band: levels, and YouTube, of which there are no real posts."""
    rows = []
    for pair in pairs:
        size = float(np.median(pair.real.size))
        slope, start = line(pair.real.size, pair.real.level)
        levels = {
            column: np.log10(law.engagements_at_10k) + law.exponent * (size - 4)
            for column, law in (
                ("market", REALISTIC[pair.platform]),
                ("sample", LAWS[pair.platform]),
            )
        }
        name = f"engagements at {10**size:,.0f} followers (log10)"
        rows.append({"set": pair.name, "marginal": name, "real": start + slope * size, **levels})
    videos = simulate(REALISTIC["youtube"], creators, platform="youtube", shape=REALISTIC_SHAPE)
    rows += [
        {"set": "YouTube", "marginal": name, "market": value, "inside": "no real posts"}
        for name, value in marginals(make_sample(videos)).items()
    ]
    table = pd.DataFrame(rows)
    return table.assign(difference=table["market"] - table["real"])


def main() -> None:
    """Print the table and whether the market is inside its bands."""
    options = read_options(
        str(__doc__), {"--figure": {"type": Path, "help": "also draw into this PNG file"}}
    )
    creators, draws = (800, 20) if options.quick else (8_000, 400)
    pairs = [make_pair(name, creators) for name in SETS]
    if options.figure:
        draw_market(pairs, options.figure)
    judged = compare(pairs, draws)
    others = unjudged(pairs, creators).assign(inside=lambda t: t["inside"].fillna("not judged"))
    table = pd.concat([judged, others], ignore_index=True)
    inside, before = (int((judged[c] == "yes").sum()) for c in ("inside", "sample inside"))
    finish(
        table,
        {
            "creators": {p.name: (len(p.real.followers), len(p.market.followers)) for p in pairs},
            "growth of followers": "no real series here: not compared",
            "tuned on": "the same sets: they chose the realistic laws",
        },
        met=inside == len(judged),
        figures=(
            f"{inside} of {len(judged)} marginals are inside their bands; "
            f"by the sample's laws {before}"
        ),
        options=options,
    )


if __name__ == "__main__":
    main()
