"""Does the interval of the share of followers that are not real cover, and how wide is it.

Leave one set out over every CSV of a folder: the scorecard is fitted on the others. Fakes among
1,000 followers are drawn from the set at known shares; of them 50 or 100 are labelled. Judged are
the share of the sample (a fixed count of fakes) and that of the account (a binomial one). The same
with halves of each pool, with scores that are wrong, with "can't tell" and with wrong labels.

The bar: every cell covers at least 92.25% of its draws (1,845 of 2,000), and a set's cells together
at least 94%. With 100 labels and shares of 10 to 50% the mean width is at most .65 (sample) and .75
(account) of that of Wilson's interval from as many random labels, and below plain PPI++ after that
was stretched to cover; at 0 to 5% at most 1.25 of the two-sided exact interval from labels alone.
"""

from __future__ import annotations

import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.fake_share_rivals import (
    exact_widths,
    oracle_width,
    ppi,
    recalibrated,
    stratified_normal,
    wilson_width,
)
from benchmarks.prepare import seraphim, write_sets
from benchmarks.report import finish, read_options
from workbench.audience import DesignSettings, estimate_share, plan_labels
from workbench.audience.bounds import Counts, corrected_interval
from workbench.audience.design import cut_strata, share_out, strata_for
from workbench.audience.fitting import fit_scorecard
from workbench.audience.scorecard import (
    Scorecard,
    check_followers,
    follower_signals,
    score_followers,
    share_at_most,
)
from workbench.wording import describe_account_share, describe_share, describe_share_rules

Floats = NDArray[np.float64]
FOLLOWERS, DRAWS, SEED = 1_000, 2_000, 20_260_101
SHARES, OTHER_SHARES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.5), (0.65, 0.8)
LABELS, TARGETS = (50, 100), ("sample", "account")
POOLS = ("half at random", "half with few followers", "half with many followers")
SCORES = ("shuffled", "sign flipped", "constant")
REVIEWS = ("10% can't tell", "5% flips")
LEAST, POOLED = 0.9225, 0.94
DESIGN = DesignSettings()


class Pool(NamedTuple):
    """The accounts of a set: their scores and whether they are fake, and what gave the scores."""

    scores: Floats
    fake: NDArray[np.bool_]
    card: Scorecard

    def vary(self, how: str, followers: Floats, rng: np.random.Generator) -> Pool:
        """Return another pool: a half of it, or the same with wrong scores."""
        scores, kept = self.scores, np.full(len(self.fake), True)
        if how == "shuffled":
            scores = rng.permutation(scores)
        if how == "sign flipped":
            scores = 1 - scores
        if how == "constant":
            scores = np.full(len(scores), 0.5)
        for kind in (self.fake, ~self.fake):
            ranks = rng.random(len(scores)) if how == "half at random" else followers
            if how.startswith("half"):
                middle = np.median(ranks[kind])
                kept[kind] = ranks[kind] >= middle if "many" in how else ranks[kind] <= middle
        return Pool(scores[kept], self.fake[kept], self.card)


def read_sets(folder: Path) -> dict[str, pd.DataFrame]:
    """Return every CSV of a folder by its name."""
    return {file.stem: pd.read_csv(file) for file in sorted(folder.glob("*.csv"))}


def transfer(sets: dict[str, pd.DataFrame], name: str) -> Pool:
    """Return a set with its scores by a scorecard of the others, of the signals that it has."""
    target = sets[name]
    signals = [*follower_signals(target).dropna(axis="columns", how="all")]
    card = fit_scorecard(name, {k: v for k, v in sets.items() if k != name}, signals)
    fake = target["is_fake"].to_numpy(dtype="int64") == 1
    return Pool(score_followers(target, card).to_numpy(), fake, card)


def draw(pool: Pool, share: float, of: str, draws: int, rng: np.random.Generator) -> Pool:
    """Draw samples of followers, one a row, with replacement within each kind."""
    fakes = np.full(draws, round(share * FOLLOWERS))
    if of == "account":
        fakes = rng.binomial(FOLLOWERS, share, draws)
    fake = np.arange(FOLLOWERS) < fakes[:, None]
    shape = (draws, FOLLOWERS)
    chosen = np.where(
        fake,
        rng.choice(np.flatnonzero(pool.fake), shape),
        rng.choice(np.flatnonzero(~pool.fake), shape),
    )
    return Pool(pool.scores[chosen], fake, pool.card)


class Labelled(NamedTuple):
    """Which followers of each sample are labelled, by the plan, and what it says of them."""

    strata: NDArray[np.int64]
    asked: NDArray[np.bool_]
    said: Floats  # 1 not real, 0 real, 0.5 can't tell

    def counts(self, of: str, unsure: float) -> Counts:
        """Count by stratum; ``can't tell`` counts as so much."""
        said = np.where(self.said == 0.5, unsure, self.said)
        there = [self.strata == one for one in range(self.strata.max() + 1)]
        sizes, labelled, found = (
            np.stack([(one & of_these).sum(axis=1) for one in there], axis=1).astype("float64")
            for of_these in (True, self.asked & ~np.isnan(said), self.asked & (said == 1))
        )
        beyond = float(of == "account")
        return Counts(found=found, labelled=labelled, sizes=sizes, beyond=beyond)


def review(sample: Pool, labels: int, how: str, rng: np.random.Generator) -> Labelled:
    """Lay the labels out and give them, rightly or not."""
    count = strata_for(labels, DESIGN)
    strata = cut_strata(sample.scores, count, DESIGN.proportional, rng)
    sizes = np.stack([(strata == one).sum(axis=1) for one in range(count)], axis=1)
    quotas = share_out(sizes, labels)
    order = np.argsort(strata + rng.random(strata.shape), axis=1)
    starts = np.cumsum(sizes, axis=1) - sizes
    ordered = np.take_along_axis(strata, order, axis=1)
    rank = np.arange(FOLLOWERS) - np.take_along_axis(starts, ordered, axis=1)
    asked = np.empty_like(sample.fake)
    np.put_along_axis(asked, order, rank < np.take_along_axis(quotas, ordered, axis=1), axis=1)
    said = sample.fake.astype("float64")
    if how == "5% flips":
        said = np.where(rng.random(said.shape) < 0.05, 1 - said, said)
    if how == "10% can't tell":
        doubt = sample.scores * (1 - sample.scores) + 0.02
        chance = 0.1 * doubt * labels / (doubt * asked).sum(axis=1, keepdims=True)
        said = np.where(rng.random(said.shape) < chance, 0.5, said)
    return Labelled(strata, asked, said)


def bounds(labelled: Labelled, of: str, how: str) -> tuple[Floats, Floats, Counts]:
    """Return the interval as ``estimate_share`` would: with errors or the worst case if need be."""
    if how == "5% flips":
        counts = labelled.counts(of, np.nan)
        return *corrected_interval(counts, 0.05, 0.05)[1:], counts
    plain = labelled.counts(of, np.nan)
    low, high = corrected_interval(plain, 0, 0)[1:]
    asked = labelled.asked.sum(axis=1)
    many = asked - plain.labelled.sum(axis=1) > 0.05 * asked
    if many.any():
        worst = [corrected_interval(labelled.counts(of, one), 0, 0) for one in (0, 1)]
        low, high = np.where(many, worst[0][1], low), np.where(many, worst[1][2], high)
    return low, high, plain


def random_labels(
    sample: Pool, labels: int, rng: np.random.Generator
) -> tuple[Floats, Floats, Floats]:
    """Return as many labels of followers chosen at random, their scores, and all scores."""
    places = np.argsort(rng.random(sample.fake.shape), axis=1)[:, :labels]
    given = np.take_along_axis(sample.fake, places, axis=1).astype("float64")
    scores = np.clip(sample.scores, 1e-4, 1 - 1e-4)
    return given, np.take_along_axis(scores, places, axis=1), scores


def rivals(
    sample: Pool, counts: Counts, labelled: Labelled, of: str, share: float, labels: int, rng: Any
) -> dict[str, float]:
    """Return mean widths of the other intervals, stretched to cover, and how they cover as is."""
    given, scores, every = random_labels(sample, labels, rng)
    account = of == "account"
    fakes = np.stack(
        [
            (sample.fake & (labelled.strata == one)).sum(axis=1)
            for one in range(counts.found.shape[1])
        ],
        axis=1,
    )
    row = {"oracle": float(oracle_width(counts, fakes).mean())}
    again = recalibrated(given, scores, every)
    for name, (middle, half) in {
        "ppi": ppi(given, scores, every, account=account),
        "recalibrated": ppi(given, *again, account=account),
        "strata": stratified_normal(counts),
    }.items():
        off = np.abs(middle - share) / np.maximum(half, 1e-9)
        row[f"{name}_covered"] = float((off <= 1 + 1e-9).mean())
        row[name] = float(2 * half.mean() * max(np.quantile(off, 0.95), 1))
    return row


def measure(
    pool: Pool, of: str, labels: int, share: float, how: str, draws: int, rng: np.random.Generator
) -> dict[str, float]:
    """Measure one cell."""
    sample = draw(pool, share, of, draws, rng)
    labelled = review(sample, labels, how, rng)
    low, high, counts = bounds(labelled, of, how)
    found = random_labels(sample, labels, rng)[0].sum(axis=1)
    exact = exact_widths(labels, FOLLOWERS, account=of == "account")[found.astype("int64")]
    row = {
        "covered": float(((low <= share + 1e-9) & (share - 1e-9 <= high)).mean()),
        "width": float((high - low).mean()),
        "narrowest": float((high - low).min()),
        "wilson": float(wilson_width(found, labels).mean()),
        "exact": float(exact.mean()),
    }
    if how == "as they are" and labels == max(LABELS):
        bound = share_at_most(sample.scores, sample.card)
        told = bound[np.isfinite(bound)]
        row["answered"] = len(told) / draws
        if len(told):
            row |= {"bound": float(told.mean()), "bound_covered": float((share <= told).mean())}
        row |= rivals(sample, counts, labelled, of, share, labels, rng)
    return row


def cells(sets: dict[str, pd.DataFrame], draws: int, *, quick: bool) -> Iterator[dict[str, Any]]:
    """Measure every cell."""
    hows = ("as they are", "5% flips") if quick else ("as they are", *POOLS, *SCORES, *REVIEWS)
    for number, name in enumerate(sets):
        pool = transfer(sets, name)
        counts = check_followers(sets[name]).iloc[:, 0]  # of followers, if the set has them
        followers = np.asarray(counts.rank(method="first", na_option="bottom"), dtype="float64")
        for place, how in enumerate(hows):
            rng = np.random.default_rng([SEED, number, place])
            own = float(pool.fake.mean())
            other = {*OTHER_SHARES, own} - {*SHARES} if how == "as they are" else set()
            varied = pool.vary(how, followers, rng)
            for of in TARGETS:
                for labels in LABELS:
                    for share in (0.1, 0.65) if quick else (*SHARES, *sorted(other)):
                        cell = {"set": name, "how": how, "of": of, "labels": labels}
                        row = measure(varied, of, labels, share, how, draws, rng)
                        yield {**cell, "share": share, **row}


def coverage_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is covered, by kind of trial and number of labels."""
    by = rows.groupby(["how", "labels"], sort=False)
    pooled = rows.groupby(["how", "labels", "set"], sort=False)["covered"].mean()
    return pd.DataFrame(
        {
            "cells": by.size(),
            "failed": by["covered"].agg(lambda covered: (covered < LEAST).sum()),
            "lowest cell": by["covered"].min(),
            "lowest set": pooled.groupby(["how", "labels"], sort=False).min(),
            "narrowest": by["narrowest"].min(),
        }
    ).reset_index(names=["trial", "labels"])


def width_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Return ratios of mean widths to labels alone, with most labels, by target and set."""
    kept = rows[(rows["how"] == "as they are") & (rows["labels"] == max(LABELS))]
    low, high = (kept[kept["share"].isin(some)] for some in (SHARES[:3], SHARES[3:]))
    by = high.groupby(["of", "set"], sort=False)
    names = ["width", "ppi", "recalibrated", "strata", "oracle"]
    table = by[names].mean().div(by["wilson"].mean(), axis=0)
    means = table.groupby("of", sort=False).mean()
    means.index = pd.MultiIndex.from_product([means.index, ["mean of sets"]], names=["of", "set"])
    table = pd.concat([table, means])
    exact = (low["width"] / low["exact"]).groupby([low["of"], low["set"]], sort=False).max()
    covered = by[["ppi_covered", "strata_covered"]].min()
    return table.assign(exact=exact).join(covered).reset_index()


def unlabelled(rows: pd.DataFrame) -> str:
    """Say what a bound without labels is worth."""
    kept = rows[rows["share"].isin(SHARES)].dropna(subset=["answered"])
    answered = kept["answered"]
    means = kept[["bound_covered", "bound"]].mul(answered, axis=0).sum() / answered.sum()
    covered, width = means["bound_covered"], means["bound"]
    return f"answered {answered.mean():.0%}, covered {covered:.3f}, mean width {width:.3f}"


def statement() -> str:
    """Say what can be said of a brand's 9,923 followers that nobody has labelled."""
    followers = seraphim("data_ready_for_analysis.csv")
    started = time.perf_counter()
    plan = plan_labels(followers)
    seconds = time.perf_counter() - started
    result = estimate_share(followers)
    lines = [describe_share(result), describe_account_share(result), describe_share_rules(result)]
    lines.append(result.rules.to_string(index=False))
    lines.append(f"{len(plan.table):,} followers ranked and laid out in {seconds:.1f} s")
    return "\n".join(re.sub("<[^>]+>", "", line) for line in lines)


def main() -> None:
    """Measure and judge."""
    options = read_options(
        __doc__ or "",
        {
            "--data": {"type": Path, "help": "a folder of CSVs; else made from the public sets"},
            "--statement": {"action": "store_true", "help": "only of the unlabelled followers"},
        },
    )
    if options.statement:
        print(statement())
        return
    with tempfile.TemporaryDirectory() as made:
        folder = options.data or Path(made)
        if not options.data:
            write_sets(folder)
        sets = read_sets(folder)
    if len(sets) < 2:
        sys.exit(f"{folder}: expected at least two CSVs, to leave one out, found {len(sets)}")
    draws = 50 if options.quick else DRAWS
    rows = pd.DataFrame([*cells(sets, draws, quick=options.quick)])
    coverage, widths = coverage_table(rows), width_table(rows)
    print(widths.to_string(index=False, float_format=lambda v: f"{v:.3f}") + "\n")
    means = widths[widths["set"] == "mean of sets"].set_index("of")
    most = float(widths["exact"].max())
    met = (
        not coverage["failed"].any()
        and bool((coverage["lowest set"] >= POOLED).all())
        and means["width"]["sample"] <= 0.65
        and means["width"]["account"] <= 0.75
        and bool((means["width"] < means["ppi"]).all())
        and not most > 1.25
    )
    figures = (
        f"{coverage['failed'].sum()} of {coverage['cells'].sum()} cells below {LEAST:.2%}, lowest "
        f"{coverage['lowest cell'].min():.3f}; width {means['width']['sample']:.3f} (sample) and "
        f"{means['width']['account']:.3f} (account) of Wilson's, at low shares at most {most:.2f} "
        "of the exact one"
    )
    if options.json:
        rows.to_csv(options.json.with_suffix(".cells.csv"), index=False)
    notes: dict[str, object] = {
        "sets": ", ".join(sets),
        "draws a cell": draws,
        "zero labels, by default": "answered 0%: cannot tell",
        "zero labels, bound from 0": unlabelled(rows),
    }
    finish(coverage, notes, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()
