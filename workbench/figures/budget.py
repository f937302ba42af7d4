"""Figures of a budget plan: split, outcome, alternatives, money against goal, what decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.figures.style import (
    BAND,
    COLOURS,
    INK,
    LOST,
    MARK,
    QUIET,
    WIDE,
    beside,
    count_axis,
    name_axis,
    new_axes,
    percent_axis,
)
from workbench.formats import short_count
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from workbench.budget.plan import Plan
    from workbench.budget.promise import Promise
    from workbench.campaign.goal import GoalSearch

_HATCHES = ("", "////", "||", "xx", "\\\\\\\\", "++")  # dots would weigh ten times as much
STYLES = ("-", (0, (5, 2)), (0, (1, 1.5)), (0, (6, 2, 1, 2)), (0, (3, 1, 1, 1)), "-")


def draw_split(plan: Plan, currency: str) -> Axes:
    """Draw the money by size, and within a size by platform."""
    money = plan.table.assign(tier=plan.table["tier"].astype("str"))
    money = money.pivot_table(index="tier", columns="platform", values="cost", aggfunc="sum")
    money = money.loc[money.sum(axis=1).sort_values().index].fillna(0)
    ax = new_axes((WIDE[0], 0.9 + 0.5 * len(money)))
    left = np.zeros(len(money))
    for place, platform in enumerate(money):
        own = money[platform].to_numpy()
        hatch = _HATCHES[place % len(_HATCHES)]
        kind: dict[str, Any] = {
            "color": COLOURS[place % len(COLOURS)],
            "hatch": hatch,
            "ec": "white",
        }
        ax.barh(
            money.index, own, left=left, height=0.62, label=PLATFORM_NAMES[str(platform)], **kind
        )
        left += own
    for row, total in enumerate(left):
        ax.annotate(short_count(total), (total, row), **beside(4, 0))
    _money_axis(ax, currency)
    name_axis(ax, "y", "Size")
    ax.set_xlim(0, 1.12 * max(left, default=1))
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
    return ax


def draw_outcome(promise: Promise) -> Axes:
    """Draw how often each outcome comes in the simulated futures, with the goal's line."""
    ax = new_axes((WIDE[0], 3.2))
    draws, told = promise.draws.astype("float64"), promise.summary
    top = np.quantile(draws, 0.995)
    edges = np.linspace(0, max(top, told.target or 0) * 1.02 or 1, 46)
    counts = np.histogram(draws, edges)[0] / len(draws)
    middles = (edges[:-1] + edges[1:]) / 2
    reached = middles >= (told.target if told.target is not None else -np.inf)
    width = np.diff(edges) * 0.92
    ax.bar(middles, counts, width, color=np.where(reached, BAND, LOST), lw=0)
    for value, name in ((told.p10, "P10"), (told.p50, "P50"), (told.p90, "P90")):
        ax.axvline(value, color=QUIET, lw=1, ls=(0, (3, 3)), ymax=0.93)
        ax.annotate(name, (value, 1), xycoords=("data", "axes fraction"), **_centred(0, -2))
    if told.target is not None:
        ax.axvline(told.target, color=MARK, lw=2)
        label = f"goal {short_count(told.target)}"
        ax.annotate(
            label, (told.target, 1), xycoords=("data", "axes fraction"), **_centred(0, 2, MARK)
        )
    ax.set_xlabel(goal_name(told.goal).capitalize())
    ax.set_ylabel("Share of futures")
    count_axis(ax, "x")
    percent_axis(ax, "y")
    return ax


def draw_path(promise: Promise) -> Axes:
    """Draw the promised path over the flight: what is there by the end of each day."""
    ax, path = new_axes((WIDE[0], 3.2)), promise.path
    ax.fill_between(
        path["day"], path["p10"], path["p90"], color=BAND, alpha=0.18, lw=0, label="8 in 10 futures"
    )
    ax.plot(path["day"], path["p50"], color=BAND, lw=2, label="middle")
    if promise.summary.target is not None:
        ax.axhline(promise.summary.target, color=MARK, lw=1.6, ls=(0, (4, 3)), label="goal")
    ax.set_xlabel("Day of the flight")
    ax.set_ylabel(goal_name(promise.summary.goal).capitalize())
    ax.set_ylim(0)
    count_axis(ax, "y")
    ax.legend(loc="upper left")
    return ax


def draw_comparison(
    comparison: pd.DataFrame, names: Mapping[str, str], goal: str, target: float | None
) -> Axes:
    """Draw plans below each other: P10 to P90 as a bar, the middle as a mark."""
    ax = new_axes((WIDE[0], 1.0 + 0.42 * len(comparison)))
    rows = np.arange(len(comparison))[::-1]
    for row, (_, plan) in zip(rows, comparison.iterrows(), strict=True):
        colour = BAND if plan["plan"] == "plan" else QUIET
        ax.plot(
            [plan["p10"], plan["p90"]],
            [row, row],
            color=colour,
            lw=6,
            alpha=0.45,
            solid_capstyle="butt",
            label="_8 in 10 futures",
        )
        ax.plot(plan["p50"], row, "o", color=colour, ms=7)
    if target is not None:
        ax.axvline(target, color=MARK, lw=1.6, ls=(0, (4, 3)))
        ax.annotate("goal", (target, 1), xycoords=("data", "axes fraction"), **_centred(0, 2, MARK))
    ax.set_yticks(rows, [names[name] for name in comparison["plan"]])
    ax.set_ylim(-0.6, len(comparison) - 0.4)
    name_axis(ax, "y", "Plan")
    ax.set_xlim(0)
    ax.set_xlabel(goal_name(goal).capitalize())
    count_axis(ax, "x")
    return ax


def draw_goal(search: GoalSearch, budget: float, currency: str) -> Axes:
    """Draw the chance of the goal against the budget; without a goal the outcome's range."""
    ax, table = new_axes((WIDE[0], 3.4)), search.curve.table.dropna(subset=["value"])
    if table["p_goal"].notna().any():
        ax.plot(table["budget"], table["reachable"], color=BAND, lw=2, marker="o", ms=5)
        ax.set_ylim(-0.03, 1.05)
        ax.set_ylabel("Chance of the goal")
        percent_axis(ax, "y")
        if search.least is not None:
            wanted = search.least.summary.probability
            ax.axhline(wanted, color=MARK, lw=1.4, ls=(0, (4, 3)))
            ax.annotate(
                "wanted", (1, wanted), xycoords=("axes fraction", "data"), **_corner(-2, 3, MARK)
            )
    else:
        band: dict[str, Any] = {"color": BAND, "alpha": 0.18, "lw": 0, "label": "_8 in 10 futures"}
        ax.fill_between(table["budget"], table["p10"], table["p90"], **band)
        ax.plot(table["budget"], table["p50"], color=BAND, lw=2, marker="o", ms=5)
        ax.set_ylabel("Outcome, P10 to P90")
        count_axis(ax, "y")
    ax.axvline(budget, color=QUIET, lw=1, ls=(0, (2, 2)))
    ax.annotate("this budget", (budget, 0), xycoords=("data", "axes fraction"), **beside(4, 8))
    _money_axis(ax, currency)
    ax.set_xlim(0)
    return ax


def draw_steps(search: GoalSearch, goal: str, currency: str) -> Axes:
    """Draw the most that each size alone brings for a budget, as steps of real creators."""
    ax = new_axes((WIDE[0], 3.6))
    for place, (tier, own) in enumerate(search.steps.groupby("tier", sort=False)):
        known = own[own["creators"] > 0]
        colour, style = COLOURS[place % len(COLOURS)], STYLES[place % len(STYLES)]
        ax.step(
            known["budget"],
            known["value"],
            where="post",
            color=colour,
            ls=style,
            lw=2,
            label=str(tier),
        )
    best = search.curve.table.dropna(subset=["value"])
    ax.plot(best["budget"], best["value"], color=INK, lw=1.2, marker=".", label="best of all sizes")
    ax.set_xscale("log")
    _money_axis(ax, currency)
    ax.set_ylabel(f"Expected {goal_name(goal)}")
    ax.set_ylim(0)
    count_axis(ax, "y")
    ax.legend(loc="upper left")
    return ax


def draw_mix(search: GoalSearch, currency: str) -> Axes:
    """Draw how the best mix changes with the budget, as shares of the money by size."""
    ax, mix = new_axes((WIDE[0], 3.2)), search.curve.mix
    spend = mix.assign(tier=mix["tier"].astype("str")).pivot_table(
        index="budget", columns="tier", values="spend", sort=False
    )
    spend = spend[[tier for tier in dict.fromkeys(search.steps["tier"]) if tier in spend]]
    share = spend.div(spend.sum(axis=1), axis=0).fillna(0)
    places, left = np.arange(len(share)), np.zeros(len(share))
    for place, tier in enumerate(share):
        own = share[tier].to_numpy()
        hatch = _HATCHES[place % len(_HATCHES)]
        kind: dict[str, Any] = {
            "color": COLOURS[place % len(COLOURS)],
            "hatch": hatch,
            "ec": "white",
        }
        ax.bar(places, own, bottom=left, width=0.75, label=str(tier), **kind)
        left += own
    ax.set_xticks(places, [short_count(float(budget)) for budget in share.index])
    ax.set_xlabel(f"Budget ({currency})")
    ax.set_ylabel("Share of the money")
    percent_axis(ax, "y")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4)
    return ax


def draw_tornado(
    decides: pd.DataFrame, names: Mapping[str, str], chance: float, *, most: int = 8
) -> Axes:
    """Draw the chance of the goal in each unknown's lowest and highest third."""
    shown = decides.head(most).iloc[::-1]
    ax = new_axes((WIDE[0], 1.1 + 0.36 * len(shown)))
    rows = np.arange(len(shown))
    ends = (("p_low", COLOURS[0], "lowest third"), ("p_high", COLOURS[1], "highest third"))
    for end, colour, label in ends:
        ax.barh(rows, shown[end] - chance, left=chance, height=0.6, color=colour, label=label)
    ax.axvline(chance, color=INK, lw=1)
    name_axis(ax, "y", "Unknown")
    ax.set_yticks(rows, [names.get(name, name) for name in shown["unknown"]])
    drawn = shown[["p_low", "p_high"]].to_numpy()
    ax.set_xlim(max(drawn.min(initial=chance) - 0.05, 0), min(drawn.max(initial=chance) + 0.05, 1))
    ax.set_xlabel("Chance of the goal")
    percent_axis(ax, "x")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2)
    return ax


def goal_name(goal: str) -> str:
    """Return what a goal is called in a sentence."""
    return {
        "net_reach": "people reached",
        "effective_reach": "people reached three times or more",
    }.get(goal, goal)


def _centred(right: float, up: float, colour: str = QUIET) -> dict[str, Any]:
    return beside(right, up, colour) | {"ha": "center", "va": "bottom" if up >= 0 else "top"}


def _corner(right: float, up: float, colour: str = QUIET) -> dict[str, Any]:
    return beside(right, up, colour) | {"ha": "right", "va": "bottom"}


def _money_axis(ax: Axes, currency: str) -> None:
    ax.set_xlabel(f"Budget ({currency})" if ax.get_lines() else f"Money ({currency})")
    count_axis(ax, "x")
