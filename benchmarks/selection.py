"""Are lists that were chosen by their engagement found, and their exponents put right or withheld.

Half-samples of three public sets that were not chosen by engagement are cut in known ways: sharp
and soft cuts at a random quantile, the top k by engagement, by views and by rate, and "ER >= 3%";
so are worlds of known exponent. Beside the check stand least squares, a truncated normal that is
told the edge, and "always 1". The truth of a real set is its least-squares exponent before the cut.

What was tuned on what: the priors, the evidence asked for and the bend on other draws of the same
three sets; the loss of a soft edge, the least cut and the clear bend on cuts of one half of each
set's creators and on other worlds (seed 101 there, 1 to 5 here). The real draws below are of all
creators, so that those were seen in part; `unseen half` repeats the weakest kind on the others.

The bar: at the two cuts of `tiktok_famous2020` at 100,000 and 10,000 engagements the exponents
that are given err by less than .24 and .14, the truncated normal's; at most 5% of random samples
that were not cut are flagged, at each size; at least 80% of the planted selections are found or
called open; a curve that bends from 1.3 to .5 is flagged in at most 5%; no public top list is
called unselected. The goal at the two cuts is .12 and .08 with a coverage of .93.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import minimize
from scipy.stats import norm

from benchmarks.curve_shape import read_creators
from benchmarks.real_sets import instagram_2017
from benchmarks.report import finish, read_options, real_data
from workbench.curves.selection import SelectionSummary, check_selection
from workbench.curves.truncated import Floats
from workbench.features import FeatureSettings, creator_features
from workbench.intake.importing import import_files
from workbench.store import open_store

Creators = tuple[Floats, Floats]  # log10 followers, log10(1 + engagements)
KINDS = ("sharp", "soft", "top k", "top views", "top rate", "ER >= 3%")
RISING = ("top rate", "ER >= 3%")  # an edge in the rate rises with followers
EXPONENTS = (0.5, 0.7, 0.85, 1.0, 1.15)
SHAPES = ("normal", "t", "skewed", "uneven")
DRAWS, WORLDS, BENT = 200, 20, 25
SOFT, VIEWS = 0.15, 0.20  # dex: width of the soft edge, spread of views about engagement


def _logs(followers: Iterable[float], engagements: Iterable[float]) -> Creators:
    x, y = np.array([*followers], dtype="float64"), np.array([*engagements], dtype="float64")
    known = np.isfinite(x) & np.isfinite(y) & (x >= 10)
    return np.log10(x[known]), np.log10(1 + y[known])


def read_profiles() -> Creators:
    """Return the Instagram profiles of 2017: the median likes of their latest photos."""
    profiles = instagram_2017()
    return _logs(profiles["followers"], profiles["engagements"])


def read_genuine() -> Creators:
    """Return the genuine Instagram accounts: the median of likes and comments of their posts."""
    file = real_data("instafake") / "nonautomatedAccountData.json"
    rows = [
        (one["userFollowerCount"], np.median(np.add(one[likes], one[comments])))
        for one in json.loads(file.read_text(encoding="utf-8"))
        for likes, comments in [("mediaLikeNumbers", "mediaCommentNumbers")]
        if one[likes]
    ]
    return _logs(*zip(*rows, strict=True))


def _number(text: object) -> float:
    words = str(text).strip().lower()
    scale = {"k": 1e3, "m": 1e6, "b": 1e9}.get(words[-1:], 1.0)
    return float(words.rstrip("kmb")) * scale


def read_lists(*, quick: bool) -> dict[str, Creators]:
    """Return the public top lists: 15 by a vendor, and three others."""
    lists = {}
    pattern = "*TIKTOK*DEC 2022.csv" if quick else "*.csv"
    for file in sorted(real_data("hypeauditor2022").glob(pattern)):
        with tempfile.TemporaryDirectory() as out:
            dated = None if "2022" in file.name else "2022-03-31"
            import_files([file], Path(out) / "c", profile="hypeauditor-list", as_of=dated)
            store = open_store(Path(out) / "c")
            table = creator_features(store, FeatureSettings(as_of="2022-12-31")).table
        name = file.stem.removeprefix("social media influencers").strip(" -")
        table = table.dropna(subset=["followers", "engagements"])
        lists[name] = _logs(table["followers"], table["engagements"])
    twitch = pd.read_csv(real_data("twitch_top1000") / "twitchdata-update.csv", header=None)
    lists["twitch_top1000"] = _logs(twitch[5], twitch[4])
    file = real_data("yt_top2023") / "global_youtube_statistics.csv"
    video = pd.read_csv(file, encoding="latin-1")
    views = pd.to_numeric(video["video_views_for_the_last_30_days"], errors="coerce")
    lists["yt_top2023"] = _logs(video["subscribers"], views)
    top = pd.read_csv(real_data("ig_top200") / "top_insta_influencers_data.csv")
    lists["ig_top200"] = _logs(top["followers"].map(_number), top["avg_likes"].map(_number))
    return lists


def simulate(exponent: float, shape: str, n: int, rng: np.random.Generator) -> Creators:
    """Draw creators of a known exponent."""
    x = np.clip(rng.normal(4.8, 0.85, n), 3, 8)
    spread = rng.normal(0, 0.45, n)
    if shape == "t":
        spread = 0.33 * rng.standard_t(4, n)
    if shape == "skewed":
        spread = rng.choice([-1, 1]) * 0.225 * (rng.gamma(4, 1, n) - 4)
    if shape == "uneven":
        spread *= np.exp(rng.choice([-0.2, 0.2]) * (x - 4.8))
    return x, 2.3 + exponent * (x - 4) + spread


def cut(kind: str, x: Floats, y: Floats, rng: np.random.Generator) -> tuple[Creators, float]:
    """Keep 30 to 80% of the creators, of a top k 100 or 200, and return the edge too."""
    z = y - x if kind in RISING else y
    if kind == "top views":
        z = y + rng.normal(0, VIEWS, len(y))
    share = rng.uniform(0.3, 0.8)
    if kind in ("top k", "top rate"):
        share = min(0.8, int(rng.choice([100, 200])) / len(y))
    edge = float(np.log10(0.03) if kind == "ER >= 3%" else np.quantile(z, 1 - share))
    kept = z >= edge
    if kind == "soft":
        kept = rng.random(len(y)) < 1 / (1 + np.exp(-(y - edge) / SOFT))
    return (x[kept], y[kept]), edge


def truncated_normal(x: Floats, y: Floats, edge: float) -> float:
    """Return the exponent of a normal power law truncated at a known edge, from -3 to 4."""
    x = x - x.mean()
    slope, level = np.polyfit(x, y, 1)

    def loss(p: Floats) -> float:
        scale = np.exp(p[2])
        z, low = (y - p[0] - p[1] * x) / scale, (edge - p[0] - p[1] * x) / scale
        return float((0.5 * z * z + p[2] + norm.logsf(low)).sum())

    start = [level, slope, np.log(np.std(y - level - slope * x))]
    bounds = [(None, None), (-3, 4), (-4, 3)]  # a soft edge can send it anywhere
    return float(minimize(loss, start, method="L-BFGS-B", bounds=bounds).x[1])


def judge(x: Floats, y: Floats) -> SelectionSummary:
    """Run the check."""
    return check_selection(10**x, 10**y - 1).summary


def measure(x: Floats, y: Floats, edge: float, rising: bool, truth: float) -> dict[str, float]:
    """Return the errors of one draw; of what is withheld they are missing."""
    said = judge(x, y)
    given = said.exponent
    normal = truncated_normal(x, y - rising * x, edge) + rising
    return {
        "creators": len(x),
        "found": said.verdict == "selected",
        "open": said.verdict == "cannot tell",
        "least squares": abs(said.listed.exponent - truth),
        "always 1": abs(1 - truth),
        "trunc. normal": abs(normal - truth),
        "likelihood": abs(said.likelihood.exponent - truth),
        "trimming": abs(said.trimmed.exponent - truth),
        "given": abs(given.exponent - truth),
        "covered": given.low <= truth <= given.high if np.isfinite(given.low) else np.nan,
        "withheld": said.verdict == "selected" and bool(said.withheld),
    }


def mean_row(name: str, rows: list[dict[str, float]]) -> dict[str, object]:
    """Return the means of a line's draws."""
    frame = pd.DataFrame(rows).astype("float64")
    return {"what": name, "draws": len(frame), **frame.mean()}


Row = dict[str, object]


def planted_rows(sets: dict[str, Creators], draws: int, seed: int = 1) -> list[Row]:
    """Measure each kind of cut on half-samples of the real sets."""
    rows = []
    for name, (x, y) in sets.items():
        truth = float(np.polyfit(x, y, 1)[0])
        for kind in KINDS:
            rng = np.random.default_rng([seed, len(x), KINDS.index(kind)])
            found = []
            for _ in range(draws):
                half = rng.choice(len(x), len(x) // 2, replace=False)
                kept, edge = cut(kind, x[half], y[half], rng)
                found.append(measure(*kept, edge, kind in RISING, truth))
            rows.append(mean_row(f"{name}: {kind}", found))
    return rows


def unseen_rows(sets: dict[str, Creators], draws: int, seed: int = 5) -> list[Row]:
    """Measure soft cuts on the creators of whom nothing was tuned."""
    rows = []
    for name, (x, y) in sets.items():
        unseen = np.random.default_rng(123).permutation(len(x))[len(x) // 2 :]
        rng, found = np.random.default_rng([seed, len(x)]), []
        for _ in range(draws):
            chosen = rng.choice(unseen, int(0.95 * len(unseen)), replace=False)
            kept, _ = cut("soft", x[chosen], y[chosen], rng)
            found.append(judge(*kept))
        rows.append(_flags(f"{name}: unseen half, soft", found))
    return rows


def simulated_rows(draws: int, shapes: tuple[str, ...], seed: int = 2) -> list[Row]:
    """Measure each kind of cut on worlds of 400 or 1,000 creators, over the known exponents."""
    rows = []
    for shape in shapes:
        for kind in KINDS:
            rng = np.random.default_rng([seed, len(shape), KINDS.index(kind)])
            found = []
            for draw in range(draws):
                truth = EXPONENTS[draw % len(EXPONENTS)]
                x, y = simulate(truth, shape, int(rng.choice([400, 1000])), rng)
                kept, edge = cut(kind, x, y, rng)
                found.append(measure(*kept, edge, kind in RISING, truth))
            rows.append(mean_row(f"simulated {shape}: {kind}", found))
    return rows


def note_rows(x: Floats, y: Floats, draws: int, seed: int = 3) -> list[Row]:
    """Measure the two cuts at 100,000 and 10,000 engagements: the list itself, then resamples."""
    truth, rows = float(np.polyfit(x, y, 1)[0]), []
    for least in (100_000, 10_000):
        edge = float(np.log10(1 + least))
        kept = np.flatnonzero(y >= edge)
        rows.append(
            mean_row(f"TikTok >= {least:,}", [measure(x[kept], y[kept], edge, False, truth)])
        )
        rng = np.random.default_rng([seed, least])
        resampled = [rng.choice(kept, len(kept)) for _ in range(draws)]
        found = [measure(x[i], y[i], edge, False, truth) for i in resampled]
        rows.append(mean_row(f"TikTok >= {least:,}, resampled", found))
    return rows


def unselected_rows(
    sets: dict[str, Creators], draws: int, worlds: int, shapes: tuple[str, ...], seed: int = 4
) -> list[Row]:
    """Count the flags on random samples, and on the largest by followers: both harmless."""
    rows = []
    for name, (x, y) in sets.items():
        for n in (100, 300, 1000):
            rng = np.random.default_rng([seed, len(x), n])
            if n <= len(x):
                drawn = [rng.choice(len(x), n, replace=False) for _ in range(draws)]
                rows.append(_flags(f"{name}: {n} at random", [judge(x[i], y[i]) for i in drawn]))
        rng = np.random.default_rng([seed, len(x)])
        halves = [rng.choice(len(x), len(x) // 2, replace=False) for _ in range(draws)]
        large = [half[np.argsort(x[half])[len(half) // 2 :]] for half in halves]
        found = [judge(x[i], y[i]) for i in large]
        rows.append(_flags(f"{name}: larger half by followers", found))
    for shape in shapes:
        rng = np.random.default_rng([seed, len(shape)])
        found = [judge(*simulate(EXPONENTS[d % 5], shape, 400, rng)) for d in range(worlds)]
        rows.append(_flags(f"simulated {shape}: 400", found))
    return rows


def bent_rows(draws: int, shapes: tuple[str, ...], seed: int = 6) -> list[Row]:
    """Count the flags on curves that bend hard within the sizes, and on sharp cuts of them."""
    rows = []
    for first, second in ((1.3, 0.5), (0.5, 1.3)):
        for shape in shapes:
            rng = np.random.default_rng([seed, len(shape), int(first)])
            whole, sharp = [], []
            for _ in range(draws):
                x, y = simulate(first, shape, 600, rng)
                y = y + (second - first) * np.maximum(x - rng.uniform(4, 5.5), 0)
                whole.append(judge(x, y))
                sharp.append(judge(*cut("sharp", x, y, rng)[0]))
            name = f"bent {first} to {second}, {shape}"
            rows += [_flags(name, whole), _flags(f"{name}, cut", sharp)]
    return rows


def _flags(name: str, found: list[SelectionSummary]) -> Row:
    verdicts = [one.verdict for one in found]
    return {
        "what": name,
        "draws": len(found),
        "creators": np.mean([one.creators for one in found]),
        "found": np.mean([v == "selected" for v in verdicts]),
        "open": np.mean([v == "cannot tell" for v in verdicts]),
    }


def list_rows(lists: dict[str, Creators]) -> list[Row]:
    """Judge the public top lists."""
    return [_flags(f"list: {name}", [judge(x, y)]) for name, (x, y) in lists.items()]


def verdict(table: pd.DataFrame) -> tuple[bool, str]:
    """Return whether the bar is met, and the figures it stands on."""
    by_name = table.set_index("what")
    large, small = (by_name.loc[f"TikTok >= {n}, resampled"] for n in ("100,000", "10,000"))
    planted = by_name[by_name.index.str.contains(f": (?:{'|'.join(KINDS)})$")]
    seen = planted["found"] + planted["open"]
    fair = by_name[by_name.index.str.contains(" at random| by followers|: 400$")]
    bent = by_name[by_name.index.str.contains("1.3 to 0.5, [a-z]+$")]
    lists = by_name[by_name.index.str.startswith("list: ")]
    passed = int((lists["found"] + lists["open"]).lt(1).sum())
    flags, turned = float(fair["found"].max()), float(bent["found"].mean())
    met = bool(large["given"] < 0.24 and small["given"] < 0.14)
    met = met and max(flags, turned) <= 0.05 and seen.mean() >= 0.8 and passed == 0
    figures = (
        f"errors {large['given']:.3f} ({large['covered']:.0%} covered, {large['withheld']:.0%} "
        f"withheld) and {small['given']:.3f} ({small['covered']:.0%}, {small['withheld']:.0%}); "
        f"at most {flags:.1%} false flags, {fair['open'].mean():.0%} open; {seen.mean():.0%} of "
        f"planted selections found or open, {planted['found'].mean():.0%} found, least "
        f"{seen.min():.0%} ({seen.idxmin()}); bent 1.3 to .5 {turned:.1%} flagged, "
        f"{bent['open'].mean():.0%} open; {passed} of {len(lists)} lists called unselected"
    )
    return met, figures


def main() -> None:
    """Print the table."""
    options = read_options(str(__doc__))
    draws, worlds, bent = (1, 1, 1) if options.quick else (DRAWS, WORLDS, BENT)
    shapes = SHAPES[:1] if options.quick else SHAPES
    sets = {"TikTok": read_creators(), "IG 2017": read_profiles(), "IG small": read_genuine()}
    judged = {"IG small": sets["IG small"]} if options.quick else sets
    rows = [
        *note_rows(*sets["TikTok"], draws),
        *planted_rows(judged, draws),
        *unselected_rows(judged, draws, 1 if options.quick else worlds * 5, shapes),
        *bent_rows(bent, shapes),
        *unseen_rows(judged, worlds),
        *simulated_rows(worlds, shapes),
        *list_rows(read_lists(quick=options.quick)),
    ]
    table = pd.DataFrame(rows)
    met, figures = verdict(table)
    truths = {name: round(float(np.polyfit(*one, 1)[0]), 3) for name, one in sets.items()}
    notes: dict[str, object] = {
        "truth of the real sets": truths,
        "tuned on": "other draws of the same three sets, for the soft edge of one half of each",
        "errors": "mean absolute; given: of the lists found and not withheld, covered: at 95%",
    }
    finish(table, notes, met=met, figures=figures, options=options)


if __name__ == "__main__":
    main()
