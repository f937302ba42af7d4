"""Marketing sentences about creators as tests with a verdict, on the user's own data."""

from workbench.claims.ledger import (
    CHOSEN,
    LIKES_ALONE,
    Claim,
    ClaimLedger,
    ClaimSettings,
    ClaimSummary,
    judge_claims,
    read_claims,
    with_likes_alone,
)

__all__ = [
    "CHOSEN",
    "LIKES_ALONE",
    "Claim",
    "ClaimLedger",
    "ClaimSettings",
    "ClaimSummary",
    "judge_claims",
    "read_claims",
    "with_likes_alone",
]
