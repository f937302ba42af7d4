"""The report of the claims for every public set of creators or posts, and the notes' figures again.

Each set is imported as an analyst would and its report rendered headless, with all posts of each
creator, as the notes count them. Two figures need more: the notes took means of the posts for
`instafake`, of accounts with three or more, and viewers for engagements for `twitch_top1000`, which
the report refuses. Where a list was chosen by its engagement nothing is judged; the notes' figures
of it are recomputed as if it were not.

The bar: every report is rendered or refused in words, rendering takes less than 300 s in all, the
medians are those of the notes to 1% and the exponents to .005, both or the rounding of the notes,
and on a list chosen by its engagement no claim is judged.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.real_sets import twitch_top
from benchmarks.report import finish, read_options, real_data
from workbench.claims import ClaimLedger, ClaimSettings, judge_claims, with_likes_alone
from workbench.curves import CurveFit, CurveSettings, fit_engagement_curves
from workbench.errors import DataError, WorkbenchError
from workbench.features import FeatureSettings, creator_features, rates_by_definition
from workbench.intake.importing import import_files
from workbench.reporting.render import ReportRun, render_report
from workbench.store import Store, empty_frame, open_store
from workbench.tables.schema import TABLES
from workbench.tables.tiers import read_tier_preset

Figures = dict[str, float]
Fits = tuple[CurveFit, ...]
Judged = tuple[ClaimLedger, Fits]
ALL_POSTS = 1_000
MONTHS = {"june": "june", "september": "sep", "november": "nov", "december": "DEC"}
# Name, folder, files, profile where the analyst would say one, the day where the files say none.
SETS = (
    ("hypeauditor march 2022", "hypeauditor2022", "*[!0-9].csv", "hypeauditor-list", "2022-03-31"),
    *(
        (f"hypeauditor {month} 2022", "hypeauditor2022", f"*{mark}*.csv", "hypeauditor-list", None)
        for month, mark in MONTHS.items()
    ),
    ("tiktok_famous2020", "tiktok_famous2020", "*.csv", None, None),
    ("ig_likepredictor2017", "ig_likepredictor2017", "profiles/*.json", None, None),
    ("instafake", "instafake", "nonautomated*.json", None, None),
    ("ig_top200", "ig_top200", "*.csv", None, "2022-12-31"),
    ("yt_top2023", "yt_top2023", "*.csv", None, "2023-07-31"),
    ("twitch_top1000", "twitch_top1000", "*.csv", "twitch-channel-list", "2020-08-31"),
    ("ig_reach2022", "ig_reach2022", "*.csv", None, "2022-02-28"),
)
QUICK = ("ig_top200", "twitch_top1000")
TIERS = {"<1k": (0, 1e3), "nano": (1e3, 1e4), "micro": (1e4, 1e5), "macro": (1e5, 1e6 + 1)}
TIERS |= {"mega": (1e6 + 1, 1e12), "100k+": (1e5, 1e12)}
# Set and platform, what, the notes' figure (medians in percent) and half of its last digit.
NOTES = (
    ("tiktok_famous2020 tiktok", "exponent", 1.016, 0.0005),
    *(
        ("tiktok_famous2020 tiktok", tier, rate, 0.05)
        for tier, rate in {"nano": 3.2, "micro": 2.2, "macro": 2.3, "mega": 2.5}.items()
    ),
    ("tiktok_famous2020 tiktok", "micro / 100k+", 0.90, 0.005),
    ("tiktok_famous2020 tiktok", "nano / micro", 1.50, 0.005),
    ("tiktok_famous2020 tiktok", "macro / mega", 0.91, 0.005),
    ("ig_likepredictor2017 instagram", "exponent", 0.971, 0.0005),
    ("ig_likepredictor2017 instagram", "macro / mega", 1.01, 0.005),
    ("instafake instagram", "exponent", 0.748, 0.0005),
    ("instafake instagram", "<1k", 16.4, 0.05),
    ("instafake instagram", "nano", 7.6, 0.05),
    ("twitch_top1000 twitch", "exponent", 0.588, 0.0005),
    ("twitch_top1000 twitch", "micro / 100k+", 2.33, 0.005),
    ("hypeauditor december 2022 instagram", "exponent", -0.017, 0.0005),
    ("hypeauditor december 2022 tiktok", "exponent", 0.133, 0.0005),
    ("hypeauditor december 2022 tiktok", "micro / 100k+", 69.0, 0.5),
)


def judge(features: pd.DataFrame, quotes: pd.DataFrame, *, top_list: bool) -> Judged:
    """Return the ledger and the curves, as the report makes them."""
    settings = CurveSettings(preset=read_tier_preset("four-tier"), top_list=top_list)
    fits = fit_engagement_curves(features, settings)
    return judge_claims(fits, features, quotes, ClaimSettings()), fits


def recompute(features: pd.DataFrame, fits: Fits, quotes: pd.DataFrame) -> dict[str, Figures]:
    """Return the figures of each platform, as if nobody had been chosen by the outcome."""
    unchosen = [
        replace(
            fit,
            settings=replace(fit.settings, top_list=False),
            summary=replace(
                fit.summary, selection=replace(fit.summary.selection, verdict="not selected")
            ),
        )
        for fit in fits
    ]
    table = judge_claims(unchosen, features, quotes, ClaimSettings()).table
    by_claim = table.set_index(["platform", "claim"])["estimate"]
    found = {}
    for fit in fits:
        sizes, platform = fit.table["followers"].astype("float64"), fit.summary.platform
        rates = 100 * fit.table["engagements"].astype("float64") / sizes.where(sizes > 0)
        figures = {
            tier: float(rates[sizes.ge(low) & sizes.lt(high)].median())
            for tier, (low, high) in TIERS.items()
        }
        figures |= {
            f"{one} / {other}": figures[one] / figures[other]
            for one, other in (("nano", "micro"), ("macro", "mega"))
        }
        figures["exponent"] = by_claim[platform, "rate-falls"] + 1
        figures["micro / 100k+"] = by_claim[platform, "micro-60-percent"]
        found[platform] = figures
    return found


def look_up(store: Store, asked: FeatureSettings, *, means: bool) -> pd.DataFrame:
    """Return what the report judges; or, as the notes have it, means of three posts and more."""
    features = with_likes_alone(creator_features(store, asked).table)
    if not means:
        return features
    rates = rates_by_definition(store, asked).set_index("creator_key")
    mean = features["creator_key"].map(rates["mean_engagement_rate_by_followers"])
    enough = features["posts_used"].ge(3) & features["followers"].ge(10)
    return features.assign(engagements=(mean * features["followers"]).where(enough))


def judge_set(name: str, client: Path) -> tuple[dict[str, object], dict[str, Figures]]:
    """Return the verdicts of a set, and its figures by set and platform."""
    store = open_store(client)
    asked = FeatureSettings(as_of=store.as_of, last_posts=ALL_POSTS)
    quotes, listed = store.read("fee_quotes"), store.samplings == ("top_list",)
    ledger, fits = judge(look_up(store, asked, means=False), quotes, top_list=listed)
    counted = look_up(store, asked, means=name == "instafake")
    _, measured = judge(counted, quotes, top_list=listed)
    figures = {
        f"{name} {platform}": found
        for platform, found in recompute(counted, measured, quotes).items()
    }
    chosen = {f.summary.platform for f in fits if f.summary.selection.verdict == "selected"}
    judged = ledger.table[ledger.table["verdict"] != "cannot tell"]
    engaged = judged[judged["platform"].isin(chosen) | listed]
    summary = ledger.summary
    return {
        "creators": sum(fit.summary.creators for fit in fits),
        "holds": summary.holds,
        "does not hold": summary.does_not_hold,
        "cannot tell": summary.cannot_tell,
        "chosen": ", ".join(sorted(chosen)) or ("top list" if listed else "no"),
        "judged though chosen": len(engaged),
    }, figures


def raw_twitch() -> dict[str, Figures]:
    """Return the figures of the channels with their viewers for engagements."""
    creators = twitch_top().reset_index(drop=True)
    keys = [f"twitch:{place}" for place in creators.index]
    features = creators.assign(
        creator_key=keys,
        handle=keys,
        platform="twitch",
        posts_with_engagements=pd.array([pd.NA] * len(keys), dtype="Int64"),
        engagements_basis="reported mean",
        engagements_log_sd=float("nan"),
        likes_median=float("nan"),
    )
    quotes = empty_frame(TABLES["fee_quotes"])
    _, fits = judge(features, quotes, top_list=False)
    return {"twitch_top1000 twitch": recompute(features, fits, quotes)["twitch"]}


def run_set(
    one: tuple[str, str, str, str | None, str | None], keep: Path | None
) -> tuple[dict[str, object], dict[str, Figures]]:
    """Import a set, render its report, and judge it; a refusal is said in the row."""
    name, folder, pattern, profile, day = one
    row: dict[str, object] = {
        "set": name,
        "judged though chosen": 0,
        "refused": "",
        "failed": False,
    }
    with tempfile.TemporaryDirectory() as place:
        client, clock = Path(place) / "client", time.perf_counter()
        import_files(sorted(real_data(folder).glob(pattern)), client, profile=profile, as_of=day)
        row["import s"] = time.perf_counter() - clock
        asked = {"last_posts": ALL_POSTS}
        run = ReportRun(
            report="claims", data=client, client=name, out=Path(place) / "out", parameters=asked
        )
        clock, work = time.perf_counter(), sum(os.times()[:4])
        try:
            page = render_report(run).html
        except WorkbenchError as fault:
            told = [line.strip(" -") for line in str(fault).splitlines() if "kept:" not in line]
            # A notebook that finds its data wanting ends its run with their fault.
            refused = isinstance(fault, DataError) or "DataError: " in str(fault)
            row |= {"refused": " ".join(told), "failed": not refused}
        row["render s"] = time.perf_counter() - clock
        row["of processor"] = sum(os.times()[:4]) - work
        if row["refused"]:
            return row, {}
        if keep:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(page, keep / f"{name}.html")
        counts, figures = judge_set(name, client)
        return row | counts, figures


def compare(figures: dict[str, Figures]) -> pd.DataFrame:
    """Return the notes' figures beside those found, where the set was looked at."""
    rows = []
    for name, what, note, rounding in NOTES:
        if name in figures:
            limit = 0.005 if what == "exponent" else max(0.01 * abs(note), rounding)
            here = figures[name][what]
            fits = abs(here - note) <= limit + 1e-9
            rows.append({"set": name, "what": what, "here": here, "notes": note, "fits": fits})
    return pd.DataFrame(rows, columns=["set", "what", "here", "notes", "fits"])


def main() -> None:
    """Print the sets, then the figures."""
    more: dict[str, dict[str, Any]] = {
        "--keep": {"type": Path, "help": "a folder for the rendered pages"},
        "--only": {"default": "", "help": "sets whose name holds this"},
    }
    options = read_options(str(__doc__), more)
    figures, rows = raw_twitch(), []
    for one in SETS:
        if options.only in one[0] and (not options.quick or one[0] in QUICK):
            row, found = run_set(one, options.keep)
            rows.append(row)
            figures |= found
    table, compared = pd.DataFrame(rows), compare(figures)
    print(compared.to_string(index=False, float_format=lambda v: f"{v:.4f}"), "\n")
    rendering, judged = table["render s"].sum(), int(table["judged though chosen"].sum())
    failed, work = int(table["failed"].sum()), table["of processor"].sum()
    told = (
        f"{table['refused'].eq('').sum()} of {len(table)} sets rendered, {failed} failed, the "
        f"others refused in words; {rendering:.0f} s of rendering ({work:.0f} s of processor); "
        f"{compared['fits'].sum()} of {len(compared)} of the notes' figures found again; {judged} "
        "claims judged on lists chosen by engagement"
    )
    met = bool(rendering < 300 and compared["fits"].all() and judged == 0 and not failed)
    order = ["set", "creators", "holds", "does not hold", "cannot tell", "chosen"]
    order += ["judged though chosen", "import s", "render s", "of processor"]
    notes: dict[str, object] = dict(table.loc[table["refused"].ne(""), ["set", "refused"]].values)
    finish(table.reindex(columns=order), notes, met=met, figures=told, options=options)


if __name__ == "__main__":
    main()
