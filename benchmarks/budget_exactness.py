"""Is the best plan found, and is the bound a bound? Small problems whose every plan was counted.

Scores any file in the form of `budget_cases/cases.json`. A case is right when the plan is within
its limits, its value, computed here from the case alone, is within 1e-6 of the best (or the problem
is called infeasible where it is), and the reported bound is no lower than the best. Cases of the
kind `union` are right when sizes, frequencies and duplications of sets are those counted.
The bar: every case right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.report import finish, read_options, real_data
from workbench.budget.choose import choose_creators
from workbench.budget.options import Floats, Limits, Options
from workbench.budget.plan import ChoiceSettings, Plan

Case = dict[str, Any]
Posts = npt.NDArray[np.int64]
EXACT = ChoiceSettings(gap=0.0, nodes=100_000)
PLATFORMS = ("instagram", "tiktok", "youtube")


def levels_of(case: Case) -> Posts:
    """Return the numbers of posts that may be booked of a creator."""
    return np.arange(1, case.get("max_posts", 1) + 1)


def exposure_of(case: Case) -> Floats | None:
    """Return the expected contacts of one person of each niche with one post."""
    for name in ("exposure_probability", "exposure_probability_per_post"):
        if name in case:
            exposure: Floats = -np.log1p(-np.array(case[name], dtype="float64"))
            return exposure
    return None


def alone(case: Case) -> Floats:
    """Return what one creator brings where it adds up."""
    parts = ("followers", "reach_rate", "engagement_rate")
    columns = [np.array(case[name], dtype="float64") for name in parts]
    value: Floats = np.prod(columns, axis=0) * (1 - np.array(case["fake_share"]))
    return value


def cost_of(case: Case) -> Floats:
    """Return what a creator costs at each level, dearest level last."""
    factors = np.array(case.get("fee_multiplier_by_posts", [0, 1.0]))[1:]
    fees = factors[:, None] * np.array(case["fee"], dtype="float64")
    costs: Floats = fees + case["overhead_per_creator"]
    return costs


def options_of(case: Case) -> Options:
    """Write a case as what may be bought."""
    levels, exposure = levels_of(case), exposure_of(case)
    many = len(levels)
    table = pd.DataFrame(
        {
            "creator_key": np.tile(case["creator"], many),
            "platform": np.tile([PLATFORMS[at] for at in case["platform"]], many),
            "tier": np.tile([str(at) for at in case["tier"]], many),
            "deliverable": "post",
            "posts": np.repeat(levels, len(case["creator"])),
            "cost": cost_of(case).ravel(),
        }
    )
    if exposure is None:
        scenarios = np.array(case["scenarios"]) if "scenarios" in case else None
        value = alone(case) if scenarios is None else scenarios.mean(axis=0)
        return Options(table=table, goal="engagements", value=value, scenarios=scenarios)
    contacts = np.concatenate([level * exposure for level in levels])
    people = np.array(case["niche_size"], dtype="float64")
    value = -np.expm1(-contacts) @ people
    return Options(table=table, goal="net_reach", value=value, exposure=contacts, people=people)


def limits_of(case: Case) -> Limits:
    """Write a case's limits."""
    share = case.get("max_platform_share_of_budget")
    return Limits(
        budget=case["budget"],
        min_creators=case.get("min_creators", 0),
        max_creators=case.get("max_creators"),
        platform_share={} if share is None else dict.fromkeys(PLATFORMS, (0.0, share)),
    )


def choose(kind: str, case: Case) -> Plan:
    """Solve a case."""
    options, limits = options_of(case), limits_of(case)
    if kind not in ("cvar", "goal"):
        return choose_creators(options, limits, EXACT)
    from workbench.budget.risk import choose_for_risk

    return choose_for_risk(
        options,
        limits,
        attitude="goal" if kind == "goal" else "cvar",
        weight=case.get("lam", 1.0),
        tail=case["alpha"],
        target=case.get("goal"),
        settings=EXACT,
    )


def posts_of(plan: Plan, case: Case) -> Posts:
    """Return how often each creator of a case is booked."""
    booked = plan.table.set_index("creator_key")["posts"]
    return booked.reindex(case["creator"], fill_value=0).to_numpy(dtype="int64")


def within_limits(case: Case, posts: Posts) -> bool:
    """Check a plan against the case alone."""
    costs = np.vstack([np.zeros(len(posts)), cost_of(case)])[posts, np.arange(len(posts))]
    creators, room = int((posts > 0).sum()), case["budget"] * (1 + 1e-9)
    share = case.get("max_platform_share_of_budget") or 1.0
    platforms = np.bincount(case["platform"], weights=costs, minlength=3)
    return bool(
        costs.sum() <= room
        and (platforms <= share * room).all()
        and case.get("min_creators", 0) <= creators <= case.get("max_creators", len(posts))
    )


def worth(kind: str, case: Case, posts: Posts) -> float:
    """Compute a plan's value from the case alone."""
    exposure = exposure_of(case)
    if exposure is not None:
        unreached = np.exp(-(posts @ exposure))
        return float(np.array(case["niche_size"]) @ (1 - unreached))
    if kind not in ("cvar", "goal"):
        return float(alone(case) @ posts)
    totals = np.sort(np.array(case["scenarios"]) @ posts)
    if kind == "goal":
        return float((totals >= case["goal"]).mean())
    tail = totals[: round(case["alpha"] * len(totals))].mean()
    return float(totals.mean() + case["lam"] * tail)


def score_plan(kind: str, case: Case, truth: Case) -> tuple[bool, bool, float]:
    """Return whether plan and bound are right, and how far the value is from the best."""
    plan = choose(kind, case)
    if truth["status"] == "infeasible" or plan.summary.status == "infeasible":
        same = truth["status"] == plan.summary.status
        return same and bool(plan.reasons), same, 0.0
    best, posts = truth["optimum"], posts_of(plan, case)
    off = abs(worth(kind, case, posts) - best) / max(abs(best), 1e-12)
    valid = plan.summary.bound >= best * (1 - 1e-9)
    return within_limits(case, posts) and off <= 1e-6, valid, off


def score_union(case: Case, expected: Case) -> tuple[bool, bool, float]:
    """Return whether every number about a union of sets is that counted."""
    from workbench.budget import overlaps

    sets, people = case["followers"], case["population"]
    found: dict[str, Any] = {
        "unduplicated": overlaps.union_size(sets),
        "gross": overlaps.gross_reach(sets),
        "frequency_distribution": overlaps.frequency_distribution(sets, people),
        "average_frequency": overlaps.average_frequency(sets),
        "sainsbury_reach": overlaps.sainsbury([len(one) / people for one in sets]),
        "pairwise_duplication": overlaps.pair_duplications(sets),
    }
    off = max(float(np.abs(np.subtract(found[name], expected[name])).max()) for name in expected)
    return off <= 1e-9, True, off


def main() -> None:
    """Run the benchmark."""
    file = {"nargs": "?", "type": Path, "help": "cases (default: those of the public data sets)"}
    options = read_options(__doc__ or "", {"file": file})
    place = options.file or real_data("budget_cases") / "cases.json"
    cases = json.loads(place.read_text(encoding="utf-8"))["instances"]
    if options.quick:
        seen: dict[str, Case] = {case["kind"]: case for case in reversed(cases)}
        cases = list(seen.values())
    rows = []
    for one in cases:
        kind, case = one["kind"], one["instance"]
        union = kind == "union"
        right, valid, off = (
            score_union(case, one["expected"]) if union else score_plan(kind, case, one)
        )
        rows.append({"case": one["id"], "kind": kind, "right": right, "bound": valid, "off": off})
    table = pd.DataFrame(rows)
    wrong = table.loc[~(table["right"] & table["bound"]), "case"]
    by_kind = table.groupby("kind", sort=False).agg(
        cases=("case", "size"),
        right=("right", "sum"),
        valid_bounds=("bound", "sum"),
        off=("off", "max"),
    )
    finish(
        by_kind.reset_index(),
        {"wrong": ", ".join(wrong) or "none", "file": place.name},
        met=wrong.empty,
        figures=f"{len(table) - len(wrong)} of {len(table)} cases right with a valid bound",
        options=options,
    )


if __name__ == "__main__":
    main()
