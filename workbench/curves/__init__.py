"""Engagement against followers: the curve, a creator's percentile, tiers."""

from workbench.curves.definitions import (
    DefinitionComparison,
    DefinitionSettings,
    compare_definitions,
)
from workbench.curves.fees import FeeSettings, FeeTable, summarise_fees
from workbench.curves.fit import (
    CurveFit,
    CurveSettings,
    fit_engagement_curve,
    fit_engagement_curves,
)
from workbench.curves.habits import HabitTable, compare_habits
from workbench.curves.levels import LevelSettings, ShrunkLevels, shrink_levels
from workbench.curves.new_posts import PostsForecast, predict_posts
from workbench.curves.placing import PlacingSettings, place_by_posts
from workbench.curves.presets import PresetComparison, compare_presets
from workbench.curves.recovery import Recovery, score_percentiles
from workbench.curves.reference import PostsSettings, Reference, fit_reference
from workbench.curves.residuals import choose_keys, engagement_residuals
from workbench.curves.selection import SelectionCheck, SelectionSettings, check_selection
from workbench.curves.shortlist import Shortlist, ShortlistSettings, check_names, choose_shortlist
from workbench.curves.tiers import TierSettings, TierTable, summarise_tiers
from workbench.curves.turns import CurveTurns, TurnSettings, TurnSummary, find_turns

__all__ = [
    "CurveFit",
    "CurveSettings",
    "CurveTurns",
    "DefinitionComparison",
    "DefinitionSettings",
    "FeeSettings",
    "FeeTable",
    "HabitTable",
    "LevelSettings",
    "PlacingSettings",
    "PostsForecast",
    "PostsSettings",
    "PresetComparison",
    "Recovery",
    "Reference",
    "SelectionCheck",
    "SelectionSettings",
    "Shortlist",
    "ShortlistSettings",
    "ShrunkLevels",
    "TierSettings",
    "TierTable",
    "TurnSettings",
    "TurnSummary",
    "check_names",
    "check_selection",
    "choose_keys",
    "choose_shortlist",
    "compare_definitions",
    "compare_habits",
    "compare_presets",
    "engagement_residuals",
    "find_turns",
    "fit_engagement_curve",
    "fit_engagement_curves",
    "fit_reference",
    "place_by_posts",
    "predict_posts",
    "score_percentiles",
    "shrink_levels",
    "summarise_fees",
    "summarise_tiers",
]
