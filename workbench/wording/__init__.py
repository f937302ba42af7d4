"""Sentences about results: ``describe_<noun>(result) -> str``, every number from the result."""

from workbench.wording.audit import (
    describe_audit_answer,
    describe_audit_glossary,
    describe_audit_places,
    describe_audit_steps,
    describe_reading,
    describe_unchecked,
)
from workbench.wording.budget import (
    describe_plan_answer,
    describe_plan_title,
)
from workbench.wording.budget_risks import (
    describe_plan_glossary,
    describe_plan_limits,
    describe_plan_steps,
    describe_registered,
    describe_unknown_rows,
)
from workbench.wording.claims import (
    describe_claim_rows,
    describe_claims,
    describe_claims_alt,
    describe_claims_method,
    describe_claims_note,
    describe_likes_alone,
)
from workbench.wording.curves import (
    describe_curve_alt,
    describe_curve_note,
    describe_engagement_curve,
)
from workbench.wording.headlines import (
    Headline,
    audit_headlines,
    claim_headlines,
    engagement_headlines,
    plan_headlines,
)
from workbench.wording.imports import describe_import, describe_import_rows
from workbench.wording.reported import describe_method, describe_ranges
from workbench.wording.reports import (
    describe_answer,
    describe_data,
    describe_glossary,
    describe_limits,
    describe_next_steps,
    describe_sampling_gap,
    describe_title,
)
from workbench.wording.sample import describe_recovery
from workbench.wording.share import (
    describe_account_share,
    describe_label_check,
    describe_label_errors,
    describe_share,
    describe_share_rules,
)
from workbench.wording.shortlist import (
    describe_places,
    describe_shortlist,
    describe_shortlist_alt,
    describe_shortlist_note,
    describe_shortlist_rows,
)
from workbench.wording.tiers import describe_tier_rows, describe_tiers

__all__ = [
    "Headline",
    "audit_headlines",
    "claim_headlines",
    "describe_account_share",
    "describe_answer",
    "describe_audit_answer",
    "describe_audit_glossary",
    "describe_audit_places",
    "describe_audit_steps",
    "describe_claim_rows",
    "describe_claims",
    "describe_claims_alt",
    "describe_claims_method",
    "describe_claims_note",
    "describe_curve_alt",
    "describe_curve_note",
    "describe_data",
    "describe_engagement_curve",
    "describe_glossary",
    "describe_import",
    "describe_import_rows",
    "describe_label_check",
    "describe_label_errors",
    "describe_likes_alone",
    "describe_limits",
    "describe_method",
    "describe_next_steps",
    "describe_places",
    "describe_plan_answer",
    "describe_plan_glossary",
    "describe_plan_limits",
    "describe_plan_steps",
    "describe_plan_title",
    "describe_ranges",
    "describe_reading",
    "describe_recovery",
    "describe_registered",
    "describe_sampling_gap",
    "describe_share",
    "describe_share_rules",
    "describe_shortlist",
    "describe_shortlist_alt",
    "describe_shortlist_note",
    "describe_shortlist_rows",
    "describe_tier_rows",
    "describe_tiers",
    "describe_title",
    "describe_unchecked",
    "describe_unknown_rows",
    "engagement_headlines",
    "plan_headlines",
]
