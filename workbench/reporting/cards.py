"""Findings as cards: the sentence, the figure and the tables of a result, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from workbench.claims import ClaimLedger
from workbench.curves import (
    CurveFit,
    CurveTurns,
    DefinitionComparison,
    FeeTable,
    HabitTable,
    PresetComparison,
    Shortlist,
)
from workbench.figures import (
    Card,
    draw_claims,
    draw_definitions,
    draw_engagement_curve,
    draw_fees,
)
from workbench.wording import claims, curves, definitions, fees, habits, presets
from workbench.wording.turns import describe_turns


def engagement_cards(
    fits: Sequence[CurveFit], shortlist: Shortlist, turns: Sequence[CurveTurns | None] = ()
) -> Iterator[Card]:
    """Make one card a curve: its band, its creators, the shortlist, and its turns where given.

    A platform of which nobody's engagements are known has nothing to show and gets no card.
    """
    for fit, turn in zip_longest(fits, turns):
        if fit.summary.creators_in_fit:
            yield Card(
                title=curves.curve_name(fit.summary.platform, fit.summary.basis),
                text=f"{curves.describe_engagement_curve(fit)}\n\n{describe_turns(fit, turn)}",
                axes=draw_engagement_curve(fit, shortlist=shortlist),
                alt=curves.describe_curve_alt(fit),
                note=curves.describe_curve_note(fit),
            )


def definition_cards(comparison: DefinitionComparison, shortlist: Shortlist) -> Iterator[Card]:
    """Make the finding about the creators' order by each definition."""
    drawn = not comparison.table.empty
    yield Card(
        text=definitions.describe_definitions(comparison),
        axes=draw_definitions(comparison, shortlist) if drawn else None,
        alt=definitions.describe_definitions_alt(comparison),
        note=definitions.describe_definitions_note(comparison),
        tables=(
            definitions.describe_mover_rows(comparison, shortlist),
            definitions.describe_definition_rows(comparison),
        ),
    )


def preset_cards(comparison: PresetComparison) -> Iterator[Card]:
    """Make the finding about the tier presets side by side."""
    rows = presets.describe_preset_rows(comparison)
    yield Card(text=presets.describe_presets(comparison), tables=(rows,))


def fee_cards(found: FeeTable | None, shortlist: Shortlist) -> Iterator[Card]:
    """Make the finding about what creators ask; a sentence where nothing was given."""
    text = fees.describe_fees(found)
    if found is None:
        yield Card(text=text)
        return
    yield Card(
        text=text,
        axes=None if found.lines.empty else draw_fees(found),
        alt=fees.describe_fees_alt(found),
        note=fees.describe_fees_note(found),
        tables=(fees.describe_fee_rows(found), fees.describe_outside_rows(found, shortlist)),
    )


def habit_cards(found: HabitTable) -> Iterator[Card]:
    """Make the finding about how steadily creators post and engage."""
    yield Card(text=habits.describe_habits(found), tables=(habits.describe_habit_rows(found),))


def claim_cards(ledger: ClaimLedger) -> Iterator[Card]:
    """Make the finding about the claims that could be tested; a sentence where none could."""
    if not ledger.summary.tested:
        yield Card(text="No sentence could be tested on these data.")
        return
    rows = claims.describe_claim_rows(ledger, tested=True)
    yield Card(
        text=claims.describe_tested(ledger),
        axes=None if ledger.ratios.empty else draw_claims(ledger),
        alt=claims.describe_claims_alt(ledger),
        note=claims.describe_claims_note(ledger),
        tables=(("Sentences that these data can be asked about", rows),),
    )
