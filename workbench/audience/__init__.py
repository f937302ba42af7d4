"""Audience quality: odd accounts with their evidence, and the share of followers not real."""

from workbench.audience.decisions import log_decision, read_decisions, read_labels
from workbench.audience.design import DesignSettings, LabelPlan, plan_labels
from workbench.audience.evidence import CardJump, CardSignal, EvidenceCard, make_cards
from workbench.audience.held import (
    AudienceShare,
    audience_shares,
    held_decisions,
    held_labels,
    join_labels,
    label_order,
    latest_sample,
    leave_decision_sheet,
    read_tables,
)
from workbench.audience.plain_rules import compare_rules
from workbench.audience.planting import CostSettings, PlantedPower, choose_alpha, measure_power
from workbench.audience.prevalence import Tally, correct_share, rogan_gladen
from workbench.audience.scorecard import Scorecard, read_scorecards, score_followers
from workbench.audience.screen import (
    AudienceScreen,
    ScreenSettings,
    ScreenSummary,
    compare_creators,
    name_creators,
    screen_creators,
)
from workbench.audience.share import (
    FakeShare,
    ShareRange,
    ShareSettings,
    ShareSummary,
    estimate_share,
)
from workbench.audience.signals import SIGNALS, Signal, Signals, measure_signals

__all__ = [
    "SIGNALS",
    "AudienceScreen",
    "AudienceShare",
    "CardJump",
    "CardSignal",
    "CostSettings",
    "DesignSettings",
    "EvidenceCard",
    "FakeShare",
    "LabelPlan",
    "PlantedPower",
    "Scorecard",
    "ScreenSettings",
    "ScreenSummary",
    "ShareRange",
    "ShareSettings",
    "ShareSummary",
    "Signal",
    "Signals",
    "Tally",
    "audience_shares",
    "choose_alpha",
    "compare_creators",
    "compare_rules",
    "correct_share",
    "estimate_share",
    "held_decisions",
    "held_labels",
    "join_labels",
    "label_order",
    "latest_sample",
    "leave_decision_sheet",
    "log_decision",
    "make_cards",
    "measure_power",
    "measure_signals",
    "name_creators",
    "plan_labels",
    "read_decisions",
    "read_labels",
    "read_scorecards",
    "read_tables",
    "rogan_gladen",
    "score_followers",
    "screen_creators",
]
