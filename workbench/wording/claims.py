"""Sentences and rows about the ledger of claims."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import (
    MISSING,
    Unit,
    count,
    interval,
    level,
    listing,
    nominal,
    number,
    plural,
    quoted,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.curves import curve_name

if TYPE_CHECKING:
    from workbench.claims import ClaimLedger

_UNITS: dict[str, Unit] = {
    "exponent": "number",
    "ratio": "number",
    "share": "percent",
    "dollars": "count",
}


def describe_claims(ledger: ClaimLedger) -> str:
    """Answer in three lines: how many claims hold here, how many don't, how many stay open."""
    summary, table = ledger.summary, ledger.table
    lines = [
        f"**Holds here:** {_named(ledger, 'holds')}",
        f"**Does not hold here:** {_named(ledger, 'does not hold')}",
        f"**Cannot tell:** {plural(summary.cannot_tell, 'answer')} of {count(summary.rows)}. "
        f"{_withheld(ledger)}Each of {summary.claims} sentences was put to "
        f"{plural(table['curve'].nunique(), 'group')} of creators{_tested(ledger)}.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _withheld(ledger: ClaimLedger) -> str:
    from workbench.claims import CHOSEN  # which takes its time

    rows = ledger.table[ledger.table["reason"].eq(CHOSEN)].drop_duplicates("curve")
    return f"Nothing is told of {listing(_curves(rows))}: {CHOSEN}. " if len(rows) else ""


def _tested(ledger: ClaimLedger) -> str:
    tested, confidence = ledger.summary.tested, ledger.settings.confidence
    if not tested:
        return ", and none could be tested"
    by_chance = tested * (1 - confidence)
    some = f"about {count(by_chance)}" if by_chance >= 1 else "fewer than one"
    told = f"{plural(tested, 'test')} had data. At {nominal(confidence)} each"
    return f"; {told}, {some} of so many may be wrong by chance"


def _named(ledger: ClaimLedger, verdict: str) -> str:
    own = ledger.table[ledger.table["verdict"] == verdict]
    if own.empty:
        return "no sentence."
    named = [
        f"{quoted(str(title))} ({', '.join(_curves(group))})"
        for title, group in own.groupby("title", sort=False)
    ]
    return "; ".join(named) + "."


def _curves(rows: pd.DataFrame) -> list[str]:
    return [curve_name(p, b) for p, b in zip(rows["platform"], rows["basis"], strict=True)]


def describe_likes_alone(ledger: ClaimLedger) -> str:
    """Say as a further line of what we looked at where engagement is likes, empty if nowhere."""
    from workbench.claims import LIKES_ALONE

    alone = ledger.table.loc[ledger.table["basis"].eq(LIKES_ALONE), "platform"].unique()
    if not len(alone):
        return ""
    named = listing([PLATFORM_NAMES[platform] for platform in alone])
    return f"\n- {named}: the data hold no comments, so that engagement is likes alone here."


def describe_tested(ledger: ClaimLedger) -> str:
    """Say how much could be tested, by rules that were written down before."""
    return (
        f"{plural(ledger.summary.tested, 'test')} had data. What was measured in place of each sentence, "
        "and how large an effect has to be to count, were written down before any data were seen."
    )


def describe_claims_alt(ledger: ClaimLedger) -> str:
    """Say in plain text what the figure shows."""
    shown = ledger.ratios
    if shown.empty:
        return "Interval plot of the tested ratios; no claim could be tested as a ratio."
    rows = "; ".join(
        f"{row['label']}: {number(row['estimate'])} ({number(row['low'])} to {number(row['high'])}), "
        f"{row['verdict']}"
        for _, row in shown.iterrows()
    )
    return f"Interval plot of {plural(len(shown), 'tested ratio')} on a logarithmic scale. {rows}."


def describe_claims_note(ledger: ClaimLedger) -> str:
    """Say how to read the figure."""
    return (
        f"Bars are {nominal(ledger.settings.confidence)} intervals. A sentence holds where its whole bar "
        "lies beyond the short dark line, the least effect that counts; that line was fixed before any "
        "data were seen. Exponents are shown as what ten times the followers do to the rate; a "
        "sentence that rates stay where they are has two lines, and holds between them."
    )


def describe_claim_rows(ledger: ClaimLedger, *, tested: bool) -> pd.DataFrame:
    """Return the rows of the ledger as text: those with an estimate, or those without.

    Groups of which a sentence can't be told for one reason share a row.
    """
    table = ledger.table
    own = table[table["estimate"].notna() == tested]
    rows = pd.DataFrame({"Claim": own["text"].map(quoted), "Creators of": _curves(own)})
    if not tested:
        rows["Why nobody can tell"] = own["reason"] + "."
        same = rows.groupby(["Claim", "Why nobody can tell"], sort=False)["Creators of"]
        return same.agg(list).map(listing).reset_index()[[*rows]]
    confidence = ledger.settings.confidence
    rows["Here"] = own["verdict"]
    rows[f"Estimate ({level(confidence)} interval)"] = [
        _estimate(row, confidence) for _, row in own.iterrows()
    ]
    rows["Least effect that counts"] = [_least(row) for _, row in own.iterrows()]
    rows["Creators"], rows["Measured"] = own["creators"].map(count), own["estimand"]
    rows["What would settle it"] = [_settles(row) for _, row in own.iterrows()]
    return rows


def _estimate(row: pd.Series, confidence: float) -> str:
    values = row[["estimate", "low", "high"]]
    return interval(*values, unit=_UNITS[row["unit"]], confidence=confidence, kind="")


def _least(row: pd.Series) -> str:
    write = {"share": nominal, "dollars": count}.get(row["unit"], number)
    value = write(row["minimum"])
    return {
        "above": f"{value} or more",
        "below": f"{value} or less",
        "within": f"-{value} to {value}",
    }[row["direction"]]


def _settles(row: pd.Series) -> str:
    if row["verdict"] != "cannot tell":
        return "settled"
    if pd.isna(row["settles"]):
        return f"{MISSING}: the estimate lies too near the least effect"
    return f"about {short_count(float(row['settles']))} creators like these"


def describe_claims_method(ledger: ClaimLedger) -> str:
    """Say how the verdicts come about."""
    confidence = nominal(ledger.settings.confidence)
    return (
        "A sentence holds only where the whole interval lies beyond the least effect that counts, and "
        "does not hold only where it lies short of it; anything else is open. Medians, means and "
        f"money are bootstrapped over creators ({count(ledger.settings.draws)} draws), shares have exact "
        f"intervals, exponents those of least squares with unequal spread allowed; all at {confidence}, "
        f"not widened for the number of tests. Each compared group needs {ledger.settings.least} creators "
        "or quotes. Where the creators look chosen by their engagement no sentence is judged: the "
        "small accounts in such a list are not like small accounts."
    )
