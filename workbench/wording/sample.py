"""Sentences about an import, and about the sample, whose truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.curves import Recovery
from workbench.formats import count, literal, nominal, number, observed, percent, plural

if TYPE_CHECKING:
    from workbench.intake.quality import ImportReport


def describe_import(report: ImportReport) -> str:
    """Say what became of the rows of an import."""
    summary = report.summary
    return (
        f"Of {plural(summary.rows, 'row')}, {count(summary.kept)} were kept, "
        f"{count(summary.refused)} refused and {count(summary.duplicates_exact)} were exact "
        f"duplicates. They hold {plural(summary.posts, 'post')} of {plural(summary.creators, 'creator')}; "
        f"{plural(len(summary.without_posts), 'creator')} have no post."
    )


def describe_import_rows(report: ImportReport) -> pd.DataFrame:
    """Return what was understood of each file, as text."""
    table = report.table
    return pd.DataFrame(
        {
            "File": table["file"].map(literal),
            "Holds": table["holds"],
            "Platform": table["platform"],
            "Rows": table["rows"].map(count),
            "Kept": table["kept"].map(count),
            "Refused": table["refused"].map(count),
            "Duplicates": (table["duplicates_exact"] + table["duplicates_differing"]).map(count),
        }
    )


def describe_recovery(recovery: Recovery) -> str:
    """Say how the estimates compare with the truth of a simulated market."""
    summary = recovery.summary
    share = observed(percent(summary.covered / summary.creators))
    return (
        f"For {plural(summary.creators, 'creator')} the true percentile is known. The range holds it "
        f"for {count(summary.covered)} of them ({share}; {nominal(summary.confidence)} are meant to). "
        f"The estimates are off by {number(summary.mean_error)} points on average."
    )
