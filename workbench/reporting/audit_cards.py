"""The findings of an audience audit as cards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from workbench.audience import (
    AudienceScreen,
    AudienceShare,
    CostSettings,
    EvidenceCard,
    PlantedPower,
    choose_alpha,
)
from workbench.figures import Card
from workbench.figures.audience import (
    draw_digits,
    draw_evidence,
    draw_growth,
    draw_screen,
    draw_shares,
)
from workbench.wording import audience, audit
from workbench.wording.share import (
    describe_label_check,
    describe_label_errors,
    describe_share_rules,
)


def map_cards(screen: AudienceScreen) -> Iterator[Card]:
    """Make the map of the creators; a sentence alone where it would show nothing."""
    mapped = screen.summary.judged and screen.table["posts"].gt(0).any()
    yield Card(
        text=audience.describe_screen(screen),
        axes=draw_screen(screen) if mapped else None,
        alt=audience.describe_screen_alt(screen),
        note=audience.describe_screen_note(screen),
    )


def creator_cards(screen: AudienceScreen, decisions: pd.DataFrame) -> Iterator[Card]:
    """Make the table of the creators, the oddest first."""
    rows = audience.describe_screen_rows(screen, decisions)
    yield Card(
        text=audience.describe_screen_table(screen),
        tables=(("Creators by how odd they are beside their peers (50 at most)", rows),),
    )


def evidence_cards(
    evidence: Sequence[EvidenceCard], screen: AudienceScreen, tables: Mapping[str, pd.DataFrame]
) -> Iterator[Card]:
    """Make a card for each creator worth asking; a sentence where there is none."""
    asked = screen.summary.worth_asking
    if not asked:
        yield Card(text="Nobody is worth asking about in the data we had.")
    elif asked > len(evidence):
        yield Card(
            text=f"The first {len(evidence)} of {asked} creators worth asking, the oddest first."
        )
    names = screen_names(screen)
    for card in evidence:
        name = names[card.creator_key]
        yield Card(
            title=name,
            text=audience.describe_card(card),
            axes=draw_evidence(card),
            alt=audience.describe_card_alt(card, name),
            tables=((f"{name}: signals beside peers", audience.describe_card_rows(card)),),
        )
    jumps = [card for card in evidence if card.jump is not None and "growth" in card.groups][:6]
    if jumps:
        counts = tables["snapshots"]
        yield Card(
            title="Growth and known events",
            text=audience.describe_growth(jumps),
            axes=draw_growth(counts, jumps, numbers=names),
            alt=audience.describe_growth_alt(jumps),
            note="Shaded: the jump in question. Dashed: an event from the calendar.",
        )


def share_cards(shares: Sequence[AudienceShare], screen: AudienceScreen) -> Iterator[Card]:
    """Make the finding about followers that are not real, and what plain rules say beside it."""
    names = screen_names(screen)
    told = [one for one in shares if one.share.summary.sample]
    yield Card(
        text=audit.describe_shares(shares, names),
        axes=draw_shares(shares, names) if told else None,
        alt=audit.describe_shares_alt(shares),
        note="The bar is the range that the labels leave open." if told else "",
    )
    for one in shares:
        parts = [describe_label_check(one.share), describe_label_errors(one.share)]
        name = names[one.creator_key]
        yield Card(
            title=f"{name}: labels, and what rules in use say",
            text="\n\n".join([*parts * bool(one in told), describe_share_rules(one.share)]),
            axes=None if one.digits is None else draw_digits(one.digits),
            alt=audit.describe_digits_alt(one, name),
            note=audit.describe_digits_note(),
            tables=(
                ("Rules and scorecards on the same followers", audit.describe_rule_rows(one.share)),
            ),
        )


def power_cards(power: PlantedPower | None, costs: CostSettings) -> Iterator[Card]:
    """Make the finding about planted patterns: found, missed, and called odd without cause."""
    if power is None:
        yield Card(
            text="Nothing could be planted: no creator without a concern has enough posts with "
            "likes and comments. How much would be found on these data is not known."
        )
        return
    best, hours = choose_alpha(power, costs)
    yield Card(
        text=f"{audience.describe_power(power)}\n\n{audience.describe_costs(power, best, costs)}",
        tables=(
            ("Planted patterns, found and missed", audience.describe_power_rows(power)),
            ("What a threshold costs for a hundred creators", audience.describe_cost_rows(hours)),
        ),
    )


def decision_cards(screen: AudienceScreen, decisions: pd.DataFrame) -> Iterator[Card]:
    """Make the table of decisions with the creators' answers."""
    rows = audit.describe_decision_rows(decisions, screen_names(screen))
    yield Card(
        text=audit.describe_decisions(screen, decisions),
        tables=(("The last decision on each creator", rows),),
    )


def screen_names(screen: AudienceScreen) -> pd.Series:
    """Return what each creator is called in this edition, by ``creator_key``."""
    table = screen.table
    named = [f"{n} {h}" for n, h in zip(table["number"], table["handle"], strict=True)]
    return pd.Series(named, index=table["creator_key"])
