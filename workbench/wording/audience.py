"""Sentences about a screen of creators: the map, the table, the cards, and what it would find."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import (
    MISSING,
    count,
    day,
    interval,
    listing,
    long,
    nominal,
    observed,
    percent,
    plural,
    short_count,
)
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.shortlist import creator_names

if TYPE_CHECKING:
    from workbench.audience import (
        AudienceScreen,
        CardJump,
        CardSignal,
        CostSettings,
        EvidenceCard,
        PlantedPower,
    )

_ROWS = 50
_INNOCENT = {
    "level": "an audience that is unusually close to the creator or has grown old with the account; "
    "posts shown far beyond the followers; adverts for posts",
    "likes": "a giveaway or a call to like; one sort of post only; posts that were advertised; "
    "comments that are closed, moderated or written elsewhere",
    "following": "a change of habit, such as tidying up the accounts followed; an agency that runs "
    "the account",
    "growth": "a giveaway, a feature in the press, a viral post, an advert, a collaboration; a count "
    "that was read wrongly; a clean-up by the platform",
    "comments": "a running joke among followers; a contest that asks for a word or an emoji",
    "hours": "posts planned by a tool; an audience in another time zone",
    "paid": "paid posts that were advertised on top",
}
_QUESTIONS = {
    "level": "Which of your posts were advertised or featured, and can you show their reach?",
    "likes": "Can you show likes and reach of these posts from your own account, by source?",
    "following": "Who runs the account, and how do you choose whom to follow?",
    "growth": "What happened in those days, and can you show where the new followers came from?",
    "comments": "What did you ask your followers to write?",
    "hours": "How do you plan your posts?",
    "paid": "Which paid posts were advertised on top?",
}
_CLEARS = {
    "level": "reach by source from the creator's own statistics",
    "likes": "likes and reach of the posts by source, or posts of another month that look the same",
    "following": "the list of accounts followed at two dates",
    "growth": "a dated giveaway, article or post, or the platform's list of new followers by source",
    "comments": "the texts of the comments with their posts",
    "hours": "the plan of posts",
    "paid": "the advertising account's figures for these posts",
}


def describe_screen(screen: AudienceScreen) -> str:
    """Say how many creators could be compared and how many are worth asking."""
    summary = screen.summary
    if not summary.judged:
        return "Nobody could be compared with peers: too few of them have the same signals."
    left = summary.creators - summary.judged
    apart = f" {plural(left, 'creator')} could not be compared." if left else ""
    unseen = "" if screen.table["posts"].gt(0).any() else " No posts could be looked at: no map."
    return (
        f"{plural(summary.judged, 'creator')} were put beside peers; "
        f"{observed(count(summary.worth_asking))} are worth asking, where luck alone would bring "
        f"about {count(summary.expected_false)}.{apart}{unseen}"
    )


def describe_screen_note(screen: AudienceScreen) -> str:
    """Say how to read the map."""
    return (
        f"The dashed line: {nominal(screen.settings.alpha)} of peers are as odd. The bars, drawn "
        "where they reach it: what other posts of the same creator, and checks that could not be "
        "made, leave open. Numbers are those "
        "of the table below."
    )


def describe_screen_alt(screen: AudienceScreen) -> str:
    """Say in plain text what the map shows."""
    summary = screen.summary
    return (
        f"Scatter plot of {plural(summary.judged, 'creator')} by posts looked at and by the share of "
        f"peers at least as odd: {summary.worth_asking} worth asking, {summary.no_concern} without "
        f"a concern, {summary.not_enough} with not enough data."
    )


def describe_screen_table(screen: AudienceScreen) -> str:
    """Say what the table's order means and what the list as a whole allows."""
    summary, settings = screen.summary, screen.settings
    text = (
        "The order is a review priority, not a verdict: the fewer peers are as odd, the higher. How "
        "odd a creator is does not depend on who else is listed."
    )
    if summary.too_small:
        text += (
            f" Whether one stands out on a list of this length can't be told for "
            f"{plural(summary.too_small, 'creator')}: with so few peers the smallest share that can "
            "be measured is too large."
        )
    if summary.flagged:
        text += (
            f" {plural(summary.flagged, 'creator')} stand out on the whole list: of such flags at "
            f"most {nominal(settings.false_discovery)} are expected to be ordinary accounts. This "
            "does depend on the list."
        )
    return text


def describe_screen_rows(screen: AudienceScreen, decisions: pd.DataFrame) -> pd.DataFrame:
    """Return the creators as text, the oddest first."""
    table = screen.table.head(_ROWS)
    last = decisions.drop_duplicates("creator_key", keep="last")
    verdicts = dict(zip(last["creator_key"], last["verdict"], strict=True))
    grades = [data_grade(row) for _, row in table.iterrows()]
    flags = [" (stands out on the list)" * bool(flag) for flag in table["flagged"]]
    return pd.DataFrame(
        {
            "Creator": creator_names(table),
            "Platform": table["platform"].map(PLATFORM_NAMES),
            "Followers": [short_count(float(f)) for f in table["followers"].astype("float64")],
            "State": [f"{state}{flag}" for state, flag in zip(table["state"], flags, strict=True)],
            "Peers as odd (90% range)": [_odds(row) for _, row in table.iterrows()],
            "Looks most like": table["pattern"].where(table["state"].eq("worth asking"), "-"),
            "Data": grades,
            "Verdict": [verdicts.get(key, "none yet") for key in table["creator_key"]],
        }
    )


def data_grade(row: pd.Series) -> str:
    """Grade what could be looked at: A all, B most, C some, D little of the signals."""
    from workbench.audience.signals import SCORED

    scored = len(SCORED)
    seen = row["signals_used"] / scored
    grade = "A" if seen > 0.9 else "B" if seen > 0.6 else "C" if seen > 0.25 else "D"
    return (
        f"{grade} ({plural(int(row['posts']), 'post')}, {row['signals_used']} of {scored} signals)"
    )


def _odds(row: pd.Series) -> str:
    if pd.isna(row["p"]):
        return f"{MISSING}: {row['reason']}"
    return interval(*row[["p", "p_low", "p_high"]], unit="percent", confidence=0.9, kind="")


def describe_card(card: EvidenceCard) -> str:
    """Say what is unusual, what would explain it, what to ask and what would clear it."""
    if pd.isna(card.p):
        return f"Not enough data: {card.reason}."
    odds = interval(card.p, card.p_low, card.p_high, unit="percent", confidence=0.9, kind="range")
    parts = [
        f"On {PLATFORM_NAMES[card.platform]}, {short_count(card.followers)} followers. Of "
        f"{count(card.reference)} peers, {odds} are as odd. Taken together the signals look most "
        f"like *{card.pattern}*.",
        _unusual(card),
        _counterfactual(card),
        f"**May be innocent:** {_joined(_INNOCENT, card.groups)}.",
        f"**To ask:** {' '.join(_QUESTIONS[group] for group in card.groups)}",
        f"**Would clear it:** {_joined(_CLEARS, card.groups)}.",
    ]
    if card.missing:
        parts.append(
            f"**Could not be looked at:** {listing([signal_labels()[name] for name in card.missing])}."
        )
    return "\n\n".join(part for part in parts if part)


def _unusual(card: EvidenceCard) -> str:
    odd = [signal for signal in card.signals if signal.direction != "usual"]
    if not odd:
        return "No single signal lies outside what nine in ten peers have; it is their combination."
    told = [f"{signal.signal.label} ({_value(signal)}, {signal.direction})" for signal in odd]
    return f"Outside what nine in ten peers have: {listing(told)}."


def _counterfactual(card: EvidenceCard) -> str:
    """Say what the account would look like without its oddest part, and which events lie near."""
    events = [f"a {kind.replace('_', ' ')} is dated {day(on)}" for kind, on in card.events[:3]]
    if card.jump is not None:
        jump = card.jump
        dated = events or ["the calendar has no event near it"]
        return (
            f"Followers rose by {observed(count(jump.gain))} {_days(jump)}; without that "
            f"{_as_odd(jump.p_without, card)}; {listing(dated)}."
        )
    told = f" In the calendar {listing(events)}." if events else ""
    if not card.signals:
        return told
    first = card.signals[0]
    usual = f"Were {first.signal.label} and what goes with it as usual, "
    return f"{usual}{_as_odd(first.p_without, card)}.{told}"


def _as_odd(p: float, card: EvidenceCard) -> str:
    ordinary = "the account would be ordinary" if p > 0.2 else "the account would be less odd"
    ordinary = "the account would be as odd" if p <= card.p else ordinary
    return f"{ordinary} ({observed(percent(p))} of peers would be as odd)"


def _days(jump: CardJump) -> str:
    same = jump.first == jump.last
    return f"on {day(jump.first)}" if same else f"between {day(jump.first)} and {day(jump.last)}"


def _joined(texts: dict[str, str], groups: Sequence[str]) -> str:
    return "; ".join(texts[group] for group in groups)


def signal_labels() -> dict[str, str]:
    """Return what people call each signal, by name."""
    from workbench.audience import SIGNALS

    return {signal.name: signal.label for signal in SIGNALS}


def _value(signal: CardSignal, value: float | None = None) -> str:
    shown = signal.value if value is None else value
    if pd.isna(shown):
        return MISSING
    if signal.signal.unit == "percent":
        return observed(percent(shown))
    if 0 < abs(shown) < 0.001:
        return observed("under 0.001")
    return observed(f"{shown:.2g}" + " times" * (signal.signal.unit == "times"))


def describe_card_rows(card: EvidenceCard) -> pd.DataFrame:
    """Return the signals of a card as text."""
    return pd.DataFrame(
        {
            "Signal": [signal.signal.label for signal in card.signals],
            "This account": [_value(signal) for signal in card.signals],
            "Peers: middle (9 in 10)": [
                f"{_value(s, s.middle)} ({_value(s, s.low)} to {_value(s, s.high)})"
                for s in card.signals
            ],
            "Peers": [f"{count(s.peers)}{f', {s.niche}' if s.niche else ''}" for s in card.signals],
            "Odd would be": [long(signal.signal.direction) for signal in card.signals],
            "As odd without it": [observed(percent(signal.p_without)) for signal in card.signals],
        }
    )


def describe_card_alt(card: EvidenceCard, name: str) -> str:
    """Say in plain text what the figure of a card shows."""
    told = [f"{signal.signal.label} {signal.direction}" for signal in card.signals]
    return f"Signals of {name} beside the band of nine in ten peers: {'; '.join(told)}."


def describe_growth(cards: Sequence[EvidenceCard]) -> str:
    """Say for how many creators growth is drawn, and how many jumps an event lies near."""
    near = sum(bool(card.events) for card in cards)
    return (
        f"Followers over time of {plural(len(cards), 'creator')} worth asking whose largest jump no "
        f"event explains by itself; for {count(near)} the calendar has an event within two weeks."
    )


def describe_growth_alt(cards: Sequence[EvidenceCard]) -> str:
    """Say in plain text what the panels of growth show."""
    gains = [f"{card.jump.gain:,} {_days(card.jump)}" for card in cards if card.jump]
    return f"Line charts of followers over time with jumps of {'; '.join(gains)}."


def describe_power(power: PlantedPower) -> str:
    """Say what of the planted patterns is found, and what luck alone brings."""
    table = power.table
    best, worst = (
        table.iloc[place] for place in (table["share"].argmax(), table["share"].argmin())
    )
    return (
        f"Of {plural(int(table['planted'].iloc[0]), 'creator')} with a pattern planted, the screen "
        f"finds {_found(best)} where it is *{best['pattern']}*, and {_found(worst)} where it is "
        f"*{worst['pattern']}*. Without anything planted, {count(power.false_alarms)} of "
        f"{count(power.unplanted)} are called worth asking. What is planted is invented; the posts "
        "are these creators' own."
    )


def _found(row: pd.Series) -> str:
    return interval(*row[["share", "share_low", "share_high"]], unit="percent", confidence=0.9)


def describe_power_rows(power: PlantedPower) -> pd.DataFrame:
    """Return the planted patterns as text: found and missed."""
    table = power.table
    return pd.DataFrame(
        {
            "Planted": table["pattern"],
            "In creators": table["planted"].map(count),
            "Found": table["found"].map(count),
            "Missed": table["missed"].map(count),
            "Share found (90% interval)": [
                interval(
                    *row[["share", "share_low", "share_high"]],
                    unit="percent",
                    confidence=0.9,
                    kind="",
                )
                for _, row in table.iterrows()
            ],
        }
    )


def describe_costs(power: PlantedPower, best: float, costs: CostSettings) -> str:
    """Say which threshold costs the fewest hours under the assumptions that are named."""
    return (
        f"If {nominal(costs.share)} of creators had one of these patterns, a review took "
        f"{60 * costs.hours_a_review:.0f} minutes and a miss cost {costs.hours_a_miss:g} hours, a threshold of "
        f"{nominal(best)} would cost least; {nominal(power.alpha)} was used."
    )


def describe_cost_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Return the hours at each threshold as text, for a hundred creators."""
    return pd.DataFrame(
        {
            "Threshold": [nominal(alpha) for alpha in table["alpha"]],
            "Found of the planted": [observed(percent(share)) for share in table["found"]],
            "Hours of reviews": [f"{100 * hours:.0f}" for hours in table["reviews"]],
            "Hours that misses cost": [f"{100 * hours:.0f}" for hours in table["misses"]],
            "Together": [f"{100 * hours:.0f}" for hours in table["hours"]],
        }
    )
