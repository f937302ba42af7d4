"""Sentences and rows about the order of the creators by each definition of the engagement rate."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import (
    count,
    level,
    listing,
    long,
    nominal,
    number,
    observed,
    ordinal,
    percent,
    plural,
)
from workbench.tables.definitions import engagement_definitions
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.shortlist import creator_names, estimate

if TYPE_CHECKING:
    from workbench.curves import DefinitionComparison, Shortlist

_SHOWN = 4  # platforms that stand side by side


def describe_definitions(comparison: DefinitionComparison) -> str:
    """Say what a change of the definition does to the order, platform by platform."""
    if comparison.table.empty:
        return (
            "Too few of these creators have posts from which two definitions can be computed, so what "
            f"another definition would do to their order is unknown. {_lacking(comparison)}"
        )
    worst = comparison.changes.groupby("platform").head(1)
    stay = [
        f"{observed(percent(row['kept']))} *{_short(row['second'])}* on {PLATFORM_NAMES[row['platform']]}"
        for _, row in worst.iterrows()
    ]
    verdict = "The definition hardly changes who comes first here."
    if worst["kept"].min() < 0.8:
        verdict = "Who comes first depends on the definition."
    return (
        f"**{verdict}** The same posts of {plural(len(comparison.table), 'creator')}, ranked by each "
        f"definition in use: of the best quarter *{_short(comparison.settings.reference)}*, as few as "
        f"{listing(stay)} stay in it. If the orders had nothing to do with each other, {nominal(0.25)} "
        f"would. {_moves(comparison)}So a rate from another tool, a benchmark or a media kit can be held "
        "against ours only if its definition is the same."
    )


def _moves(comparison: DefinitionComparison) -> str:
    known, own = engagement_definitions(), comparison.changes
    windows = own["second"].map(lambda name: known[name].last_posts is not None)
    # By another denominator too, a window changes more than the posts.
    same = known[comparison.settings.reference].denominator == "followers"
    text = ""
    for part, by in (
        (own[~windows], "by up to"),
        (own[windows & same], "with another number of posts by"),
    ):
        if len(part):
            places = plural(round(part["middle_move"].max()), "place")
            text += f"The middle creator moves {by} {places} of 100. "
    return text


def _short(definition: str) -> str:
    return engagement_definitions()[definition].short


def _lacking(comparison: DefinitionComparison) -> str:
    """Say how many creators lack which rate, and why; what all rates lack is said once."""
    told, reference = comparison.lacking, comparison.settings.reference
    for_all = ["no posts", "likes or comments hidden or not given", "no followers"]
    told = told[told["definition"].eq(reference) | ~told["reason"].isin(for_all)]
    parts = []
    for name, group in told.groupby("definition", sort=False):
        sums = group.groupby("reason")["creators"].sum()
        reasons = listing([f"{count(n)} ({reason})" for reason, n in sums.items()])
        parts.append(f"*{_short(str(name))}* {reasons}")
    return f"Creators without a rate: {'; '.join(parts)}." if parts else ""


def describe_definitions_note(comparison: DefinitionComparison) -> str:
    """Say how to read the slope graph, and who is not in it."""
    return (
        "A line is a creator (150 a platform at most); the lines in colour are creators of the list "
        "whose place moves most, by their number. Where lines stay level, a definition changes little. "
        + _lacking(comparison)
    )


def describe_definitions_alt(comparison: DefinitionComparison) -> str:
    """Say in plain text what the slope graph shows."""
    taus = [
        f"{PLATFORM_NAMES[row['platform']]} {_short(row['second'])} {_tau(row['tau'])}"
        for _, row in comparison.changes.iterrows()
    ]
    return (
        f"Slope graph of the places of {plural(len(comparison.table), 'creator')} by each definition. "
        f"Kendall's tau with the order {_short(comparison.settings.reference)}: {', '.join(taus)}."
    )


def _tau(value: float) -> str:
    return number(0.0 if abs(value) < 0.005 else value)


def describe_definition_rows(comparison: DefinitionComparison) -> tuple[str, pd.DataFrame]:
    """Return a caption and the definitions side by side: what each gives, and where it is in use."""
    known, rates, asked = engagement_definitions(), comparison.rates, comparison.settings
    usual = rates.groupby("platform")["creators"].max().sort_values(ascending=False, kind="stable")
    names = [*rates.loc[rates["creators"].gt(0), "definition"].unique()]
    table = {"Definition": [_short(name) for name in names]}
    for platform in usual.index[:_SHOWN]:
        own = rates[rates["platform"].eq(platform)].set_index("definition")
        pairs = comparison.changes[comparison.changes["platform"].eq(platform)].set_index("second")
        own = own.join(pairs[["kept", "tau"]])
        cells = [_cell(own.loc[name], asked.confidence) for name in names]
        table[PLATFORM_NAMES[platform]] = cells
    table["What it is, and where it is in use"] = [
        long(f"{d.parts_text} / {d.denominator}, {d.statistic_text}. {d.source_text}")
        for d in map(known.__getitem__, names)
    ]
    caption = (
        f"Each definition: the middle creator's rate ({level(asked.confidence)} interval), how much of "
        f"the best quarter {_short(asked.reference)} stays, and Kendall's tau with that order (1: the "
        "same, 0: unrelated)"
    )
    return caption, pd.DataFrame(table)


def _cell(row: pd.Series, confidence: float) -> str:
    if not row["creators"]:
        return str(row["reason"])
    rate = estimate(row, "rate_{}", unit="percent", confidence=confidence)
    if pd.isna(row["kept"]):
        return f"{rate}; {row['reason'] or plural(row['creators'], 'creator')}"
    return f"{rate}; {observed(percent(row['kept']))} stay, tau {_tau(row['tau'])}"


def describe_mover_rows(
    comparison: DefinitionComparison, shortlist: Shortlist
) -> tuple[str, pd.DataFrame]:
    """Return a caption and the creators of a list whose place moves most."""
    names = shortlist.table[["creator_key", "number", "handle"]]
    movers = comparison.table.merge(names, on="creator_key").head(10)
    reference = comparison.settings.reference
    rows = {
        "Creator": creator_names(movers),
        "Platform": movers["platform"].map(PLATFORM_NAMES),
        f"Place {_short(reference)}": movers[reference].map(ordinal),
        "Other definition": movers["moved_by"].map(_short),
        "Place by it": (movers[reference] + movers["move"]).map(ordinal),
        "Points": [f"{'+' if m > 0 else '-'}{count(abs(m))}" for m in movers["move"]],
    }
    caption = "Creators of the list whose place moves most by another definition (10 at most)"
    return caption, pd.DataFrame(rows)
