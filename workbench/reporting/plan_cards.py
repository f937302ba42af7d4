"""The findings of a budget plan as cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from workbench.budget.frontier import Frontier
from workbench.budget.net_reach import NetReach
from workbench.budget.pilot import PilotValue
from workbench.campaign.beside import Beside
from workbench.campaign.goal import GoalSearch
from workbench.campaign.planning import PlanningRun
from workbench.campaign.roster import make_roster
from workbench.figures import Card, budget_beside, budget_reach
from workbench.figures import budget as figures
from workbench.wording import budget, budget_risks
from workbench.wording import budget_beside as beside_words
from workbench.wording import budget_reach as reach_words

Names = Mapping[str, str]
NOTHING = Card(text="Without a plan there is nothing to say here.")


def split_cards(run: PlanningRun, names: Names) -> Iterator[Card]:
    """Make the split of the money and the roster; the reasons where there is no plan."""
    if run.promise is None:
        yield Card(text=budget.describe_plan_answer(run))
        return
    yield Card(
        title="The split",
        text=budget.describe_split(run),
        axes=figures.draw_split(run.plan, run.candidates.currency),
        alt=budget.describe_split_alt(run),
        note="All-in: fees, overhead and product. The numbers are the totals of a size.",
    )
    rows = budget.describe_roster_rows(run, make_roster(run), names)
    yield Card(
        title="Whom to book",
        text="In the order in which money is committed: where a fee turns out too high for what is "
        "left, the last ones are dropped.",
        tables=(("Roster: each booking with its fee and what it brings alone", rows),),
    )


def limit_cards(run: PlanningRun) -> Iterator[Card]:
    """Make the brief and the limits, with what they hold and what more money would bring."""
    tables = (
        ("The brief as it was understood", budget.describe_brief_rows(run)),
        ("Limits and what the plan uses of them", budget.describe_limit_rows(run)),
    )
    text = (
        budget.describe_limits(run) if run.promise is not None else "No plan keeps to these limits."
    )
    yield Card(text=text, tables=tables)


def promise_cards(run: PlanningRun) -> Iterator[Card]:
    """Make the promise: its distribution, its path, every outcome, and where followers are lost."""
    if run.promise is None:
        yield Card(text="Without a plan nothing can be promised.")
        return
    yield Card(
        title="What it brings",
        text=budget.describe_promise(run),
        axes=figures.draw_outcome(run.promise),
        alt=budget.describe_promise_alt(run.promise),
        note="Each bar is a share of the simulated futures; darker where the goal is reached.",
        tables=(("Every outcome of the plan", budget.describe_outcome_rows(run.promise)),),
    )
    yield Card(
        title="When it comes",
        text="What is promised to be there by the end of each day; to be held against what comes.",
        axes=figures.draw_path(run.promise),
        alt=budget.describe_path_alt(run.promise),
    )
    stages = reach_words.plan_stages(run)
    yield Card(
        title="From followers to buyers",
        text=reach_words.describe_stages(run, stages),
        axes=budget_reach.draw_waterfall(stages),
        alt=reach_words.describe_stages_alt(stages),
        note="The middle of each outcome; the scale is logarithmic.",
    )


def reach_cards(reach: NetReach | None, names: Names) -> Iterator[Card]:
    """Make the people reached: build-up, frequency, who shares whom."""
    if reach is None:
        yield Card(
            text="The people whom creators share are counted for a goal of reach, where the brief "
            "says how many people the market has (`market`)."
        )
        return
    yield Card(
        title="Different people, creator by creator",
        text=reach_words.describe_reach(reach),
        axes=budget_reach.draw_build_up(reach, names),
        alt=reach_words.describe_reach_alt(reach),
        note="The band holds eight in ten cases. Marks at the end: other methods, whole plan.",
    )
    yield Card(
        title="How often",
        text="People reached at least so many times, if everybody delivers.",
        axes=budget_reach.draw_frequency(reach),
        alt=reach_words.describe_frequency_alt(reach),
    )
    if len(reach.duplication) > 1:
        yield Card(
            title="Who shares people with whom",
            text="A darker cell: more of the smaller one's people are reached by both.",
            axes=budget_reach.draw_overlap(reach, names),
            alt=reach_words.describe_overlap_alt(reach),
        )


def beside_cards(beside: Beside | None, run: PlanningRun, names: Names) -> Iterator[Card]:
    """Make what else the money could buy, how settled the choice is, and who replaces whom."""
    if beside is None:
        yield NOTHING
        return
    goal, currency = run.plan.summary.goal, run.candidates.currency
    plans = {name: beside_words.plan_words(name) for name in beside.comparison["plan"]}
    yield Card(
        title="Other plans at equal spend",
        text=beside_words.describe_comparison(beside, goal),
        axes=figures.draw_comparison(beside.comparison, plans, goal, run.brief.target),
        alt=beside_words.describe_comparison_alt(beside, goal),
        note="Bars hold eight in ten futures, dots are the middle; all meet the same futures.",
        tables=(("Plans for the same money", beside_words.describe_comparison_rows(beside)),),
    )
    own = run.brief.creator_overhead
    yield Card(
        title="Many small or few large: the overhead decides",
        text=beside_words.describe_overhead(beside, currency, own),
        axes=budget_beside.draw_overhead(beside.overhead, currency, own),
        alt=beside_words.describe_overhead_alt(beside),
    )
    yield Card(
        title="How settled the choice is",
        text=beside_words.describe_stability(beside),
        axes=budget_beside.draw_inclusion(beside.stability, names),
        alt=beside_words.describe_stability_alt(beside),
        note="Dark: in this plan. The thin line is the counting error.",
        tables=(("Who replaces whom", beside_words.describe_swap_rows(beside, run, names)),),
    )


def goal_cards(search: GoalSearch | None, run: PlanningRun) -> Iterator[Card]:
    """Make the goal against money, the mix against money, and each size alone."""
    if search is None:
        yield NOTHING
        return
    goal, currency = run.plan.summary.goal, run.candidates.currency
    yield Card(
        title="Money and the goal",
        text=beside_words.describe_goal(search, run),
        axes=figures.draw_goal(search, run.limits.budget, currency),
        alt=beside_words.describe_goal_alt(search),
        note="For each budget the best plan is chosen anew.",
    )
    yield Card(
        title="The best mix changes with the budget",
        text="Shares of the money by size, in the best plan for each budget.",
        axes=figures.draw_mix(search, currency),
        alt=beside_words.describe_mix_alt(search),
    )
    yield Card(
        title="Each size alone",
        text="The most that creators of one size bring for a budget: whole creators, so steps.",
        axes=figures.draw_steps(search, goal, currency),
        alt=beside_words.describe_steps_alt(search),
        note="The brief's other limits are lifted for single sizes, which may so pass the plan.",
    )


def decide_cards(decides: pd.DataFrame, run: PlanningRun) -> Iterator[Card]:
    """Make the tornado: what decides the goal, and whether the plan would change."""
    if run.promise is None:
        yield NOTHING
        return
    names = budget_risks.unknown_names(decides["unknown"])
    chance = run.promise.summary.chance
    chance = 0.5 if chance is None else chance  # of the plan's own middle outcome
    shown = budget_risks.describe_decides_rows(decides, names)
    yield Card(
        text=budget_risks.describe_decides(decides, names),
        axes=figures.draw_tornado(decides, names, chance) if len(decides) else None,
        alt=budget_risks.describe_decides_alt(decides, names),
        tables=(("What decides, and whether whom to book would change", shown),),
    )


def risk_cards(frontier: Frontier | None, run: PlanningRun) -> Iterator[Card]:
    """Make the risks, and what a better tail costs."""
    if frontier is None:
        yield NOTHING
        return
    goal = run.plan.summary.goal
    yield Card(title="What may go wrong", text=budget_risks.describe_risks(run))
    yield Card(
        title="Risk against return",
        text=budget_risks.describe_frontier(frontier, goal),
        axes=budget_beside.draw_frontier(frontier, goal),
        alt=budget_risks.describe_frontier_alt(frontier),
        note="Only the dark points count: they are scored on futures that no plan was chosen by.",
    )


def pilot_cards(pilot: PilotValue | None, run: PlanningRun, names: Names) -> Iterator[Card]:
    """Make whether a test before the campaign is worth its money, and whom to try."""
    if pilot is None:
        yield NOTHING
        return
    currency = run.candidates.currency
    rows = budget_risks.describe_trial_rows(pilot, names, currency)
    table = (("Whom to try first: those whose result would change the plan", rows),)
    yield Card(text=budget_risks.describe_pilot(pilot, currency), tables=table if len(rows) else ())
