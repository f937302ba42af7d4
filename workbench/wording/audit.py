"""The sentences around the findings of an audience audit: answer, limits, decisions, next steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import count, day, listing, literal, long, nominal, observed, percent, plural
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.audience import signal_labels
from workbench.wording.share import describe_account_share, describe_share

if TYPE_CHECKING:
    from workbench.audience import AudienceScreen, AudienceShare, FakeShare

_VERDICTS = {"keep": "keep on the list", "ask": "ask first", "drop": "drop"}


def describe_audit_answer(screen: AudienceScreen, shares: Sequence[AudienceShare]) -> str:
    """Answer in three lines: how many are worth asking, what luck alone brings, what stays open."""
    summary = screen.summary
    found = f"{count(summary.worth_asking)} of {count(summary.creators)}"
    if summary.flagged:
        flagged = f" {plural(summary.flagged, 'creator')} would stand out even on a list this long."
    elif summary.too_small:
        flagged = (
            f" Whether one stands out on a list this long can't be told for "
            f"{plural(summary.too_small, 'creator')}: too few peers."
        )
    else:
        flagged = " Nobody stands out once the length of the list is allowed for."
    lines = [
        f"**Worth asking: {observed(found)} creators**; no concern found: "
        f"{count(summary.no_concern)}; not enough data: {count(summary.not_enough)}.",
        f"Of {plural(summary.judged, 'creator')} exactly like their peers, about "
        f"{count(summary.expected_false)} would be called worth asking too.{flagged}",
        _share_line(shares),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _share_line(shares: Sequence[AudienceShare]) -> str:
    told = sum(one.share.summary.sample is not None for one in shares)
    if not shares:
        return "What share of the followers is not real was not looked at: no list of followers."
    if not told:
        return (
            f"What share of the followers is not real can't be told: {plural(len(shares), 'list')} "
            "of followers, none labelled by a person yet."
        )
    return (
        f"What share of the followers is not real can be told for {plural(told, 'creator')}, with "
        "its range; see below."
    )


def describe_reading(screen: AudienceScreen) -> str:
    """Say what a flag is and is not."""
    alpha = screen.settings.alpha
    return (
        f"A creator is worth asking when at most {nominal(alpha)} of peers of the same platform and "
        "size are as odd. Odd is not more than odd: a giveaway, a feature in the press, a viral "
        f"post or a change of style look odd too, and {nominal(alpha)} of perfectly ordinary "
        "accounts land here by luck. Ask before you conclude. *No concern found* means none in the "
        "data we had; what we could not look at is listed for each creator."
    )


def describe_shares(shares: Sequence[AudienceShare], names: pd.Series) -> str:
    """Say of each creator with a list of followers what share of them is not real."""
    if not shares:
        return (
            "No list of followers was imported, so nothing is said of the followers themselves. "
            "One that the creator exports, and a hundred labels, would tell."
        )
    return "\n\n".join(
        f"{literal(names[one.creator_key])}, list of {day(one.sampled_on)}: "
        f"{describe_share(one.share)} {describe_account_share(one.share)}"
        for one in shares
    )


def describe_shares_alt(shares: Sequence[AudienceShare]) -> str:
    """Say in plain text what the figure of the shares shows."""
    parts = [
        f"{100 * one.share.summary.sample.low:.0f} to {100 * one.share.summary.sample.high:.0f} percent"
        for one in shares
        if one.share.summary.sample
    ]
    return f"Intervals of the share of followers that are not real: {'; '.join(parts)}."


def describe_rule_rows(share: FakeShare) -> pd.DataFrame:
    """Return what rules and scorecards in use would flag, as text; none of it is an estimate."""
    rules = share.rules
    return pd.DataFrame(
        {
            "Rule": rules["rule"],
            "Kind": rules["kind"],
            "Source": [long(text) for text in rules["source"]],
            "Would flag": [observed(percent(share)) for share in rules["apparent_share"]],
        }
    )


def describe_digits_alt(one: AudienceShare, name: str) -> str:
    """Say in plain text what the figure of the first digits shows."""
    if one.digits is None:
        return ""
    ones = one.digits["share"].iloc[0]
    return (
        f"Bars of the first digits of follower counts of followers of {name}: a 1 in "
        f"{100 * ones:.0f} of 100, where Benford's law has 30."
    )


def describe_digits_note() -> str:
    """Say what first digits can't tell."""
    return (
        "To look at only: lists of genuine followers stray from Benford's law too often for a test."
    )


def describe_unchecked(screen: AudienceScreen, events: pd.DataFrame) -> str:
    """Say what was not looked at."""
    missing = screen.table["signals_missing"].str.split(", ").explode()
    lacking = missing[missing.ne("")].value_counts()
    labels = signal_labels()
    lines = [
        f"{labels[str(name)].capitalize()}: not known for {plural(int(many), 'creator')}."
        for name, many in lacking.items()
    ]
    if events.empty:
        lines.append(
            "No calendar of giveaways, press and adverts was given: a jump that one explains looks "
            "odd here."
        )
    lines += [
        "Comments were counted, not read, unless their texts were imported.",
        "Stories, private messages, and who likes and comments were not looked at.",
        "How an account came to its followers can't be seen in any of this.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def describe_decision_rows(decisions: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Return the last decision on each creator as text, with the creator's answer."""
    last = decisions.drop_duplicates("creator_key", keep="last")
    last = last[last["creator_key"].isin(names.index)]
    return pd.DataFrame(
        {
            "Creator": [literal(names[key]) for key in last["creator_key"]],
            "Day": [day(moment) for moment in last["decided_on"]],
            "Verdict": last["verdict"].map(_VERDICTS),
            "Reason": [literal(text) for text in last["reason"]],
            "Creator's answer": [
                literal(text) if pd.notna(text) and text else "none yet" for text in last["answer"]
            ],
        }
    )


def describe_decisions(screen: AudienceScreen, decisions: pd.DataFrame) -> str:
    """Say how many of those worth asking were asked, and that creators may answer."""
    asked = screen.table.loc[screen.table["state"] == "worth asking", "creator_key"]
    decided = int(asked.isin(decisions["creator_key"]).sum())
    answered = decisions.loc[decisions["answer"].fillna("").ne(""), "creator_key"]
    return (
        f"Of {plural(len(asked), 'creator')} worth asking there are {plural(decided, 'decision')} and "
        f"{plural(int(asked.isin(answered).sum()), 'answer')}. Whoever is on this list may see the "
        "card about them and answer it; the answer stands beside the decision."
    )


def describe_audit_steps(screen: AudienceScreen, shares: Sequence[AudienceShare]) -> str:
    """Say what to do next, and who does it."""
    summary, steps = screen.summary, []
    if summary.worth_asking:
        steps.append(
            f"*Analyst:* put the questions of the cards to the {plural(summary.worth_asking, 'creator')} "
            "worth asking, and write down the answers."
        )
    if summary.not_enough:
        steps.append(
            f"*Analyst:* bring more of the {plural(summary.not_enough, 'creator')} with not enough "
            "data: latest posts with likes and comments, and follower counts by week."
        )
    unlabelled = [one for one in shares if one.share.summary.sample is None]
    if unlabelled:
        steps.append(
            f"*Analyst:* label a hundred followers of each of {plural(len(unlabelled), 'list')}: "
            "about a quarter of an hour each."
        )
    steps.append("*Client:* decide after the answers; oddness alone is no reason to drop anybody.")
    return "\n".join(f"1. {step}" for step in steps)


def describe_audit_glossary(screen: AudienceScreen) -> str:
    """Define the words of the audit, and each signal that was used."""
    from workbench.audience import SIGNALS

    used = {*screen.signals["signal"]}
    entries = {
        "Peers": "Creators in these data on the same platform, compared at the same size.",
        "As odd": "The share of peers whose combined score is at least as high: a conformal "
        "p-value. It does not depend on who else is on the list.",
        "Worth asking": f"At most {nominal(screen.settings.alpha)} of the peers are as odd.",
        "Stands out on the whole list": "Still odd after allowing for the number of creators looked "
        f"at: at most {nominal(screen.settings.false_discovery)} of such flags are expected to be "
        "ordinary accounts. This does depend on the list.",
        "Not real": "A follower that nobody seems to stand behind, as far as the profile shows: a "
        "person's judgement.",
    }
    entries |= {
        s.label.capitalize(): f"{s.definition} Source: {s.source}."
        for s in SIGNALS
        if s.name in used
    }
    return "\n\n".join(f"**{word}.** {meaning.strip()}" for word, meaning in entries.items())


def describe_audit_places(screen: AudienceScreen) -> str:
    """Say on which platforms the creators are and how many peers they were compared with."""
    table = screen.table
    parts = [
        f"{plural(len(rows), 'creator')} on {PLATFORM_NAMES[str(platform)]}, each beside "
        f"{_between(rows['reference'])} peers"
        for platform, rows in table[table["p"].notna()].groupby("platform")
    ]
    return f"{listing(parts)}." if parts else "Nobody could be compared with peers."


def _between(amounts: pd.Series) -> str:
    low, high = int(amounts.min()), int(amounts.max())
    return count(low) if low == high else f"{count(low)} to {count(high)}"
