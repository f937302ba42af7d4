"""A campaign from brief to plan: where the tables of curves, audience and budget are joined."""

from workbench.campaign.beside import BesideSettings, look_beside, name_candidates, plan_reach
from workbench.campaign.goal import decide, seek_goal, value_test, weigh_risk
from workbench.campaign.planning import PlanningRun, PlanSettings, make_plan

__all__ = [
    "BesideSettings",
    "PlanSettings",
    "PlanningRun",
    "decide",
    "look_beside",
    "make_plan",
    "name_candidates",
    "plan_reach",
    "seek_goal",
    "value_test",
    "weigh_risk",
]
