"""Marketing sentences about creators as tests with a verdict, on the user's own data."""

from workbench.claims.ledger import (
    Claim,
    ClaimLedger,
    ClaimSettings,
    ClaimSummary,
    judge_claims,
    read_claims,
)

__all__ = [
    "Claim",
    "ClaimLedger",
    "ClaimSettings",
    "ClaimSummary",
    "judge_claims",
    "read_claims",
]
