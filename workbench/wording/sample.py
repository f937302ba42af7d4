"""Sentences about the sample, whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.formats import count, nominal, number, observed, percent, plural

if TYPE_CHECKING:
    from workbench.curves import Recovery


def describe_recovery(recovery: Recovery) -> str:
    """Say how the estimates compare with the truth of a simulated market."""
    summary = recovery.summary
    share = observed(percent(summary.covered / summary.creators))
    return (
        f"For {plural(summary.creators, 'creator')} the true percentile is known. The range holds it "
        f"for {count(summary.covered)} of them ({share}; {nominal(summary.confidence)} are meant to). "
        f"The estimates are off by {number(summary.mean_error)} points on average."
    )
