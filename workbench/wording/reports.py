"""The sentences around the findings: title, answer, data, limits, next steps, glossary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.features.reported import POSTS
from workbench.formats import count, day, listing, literal, observed, ordinal, percent, plural
from workbench.tables.definitions import engagement_definition
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.curves import curve_name, curve_names, rate_trend
from workbench.wording.reported import (
    describe_figure_use,
    describe_figures_limit,
    describe_selection,
    reported_terms,
)

if TYPE_CHECKING:
    from workbench.curves import CurveFit, Shortlist, TierTable
    from workbench.features import CreatorFeatures, FeaturesSummary

EDITIONS = {
    "named": "named edition, for the desk",
    "masked": "masked edition, for sharing",
    "analyst": "analyst edition, with its code",
}


def describe_title(client: str, period: str, edition: str, features: CreatorFeatures) -> str:
    """Say for whom the report is, which time it covers, and which edition it is."""
    summary = features.summary
    covered = literal(period) if period else _covered(summary)
    return (
        f"**{literal(client)}** · {covered} · data as of {day(features.settings.as_of)} · "
        f"{EDITIONS[edition]}"
    )


def _span(first: str, last: str) -> str:
    return f"posts of {day(first)} to {day(last)}" if first else "no posts"


def _covered(summary: FeaturesSummary) -> str:
    if summary.reported and not summary.posts_used:
        return "reported figures, no posts"
    return _span(summary.first_post, summary.last_post)


def describe_answer(
    fits: Sequence[CurveFit], shortlist: Shortlist, samplings: Sequence[str] = ()
) -> str:
    """Answer in three lines: one number against the goal, what size does, what stays open.

    A line before them warns where the files of the data were sampled in different ways.
    """
    lines = [_headline(shortlist), *(_size_line(fits)), _open_line(shortlist)]
    if warning := describe_sampling_gap(samplings, samplings):
        lines.insert(0, warning)
    return "\n".join(f"- {line}" for line in lines)


def _headline(shortlist: Shortlist) -> str:
    summary, goal = shortlist.summary, ordinal(shortlist.settings.goal_percentile)
    whom = "creators in the data" if summary.everybody else "shortlisted creators"
    if summary.unknown == summary.creators:
        return f"**Nobody can be placed among peers**, of {count(summary.creators)} {whom}."
    number = observed(f"{count(summary.above)} of {count(summary.creators)}")
    if summary.reported:
        whose = "All" if summary.reported == summary.known else count(summary.reported)
        return (
            f"**At or above the goal: {number} {whom}**; below it: {count(summary.below)}. The goal "
            f"is the {goal} percentile of their peers. {whose} of these places stand on reported "
            "figures: how far those creators' own posts vary is unknown."
        )
    return (
        f"**Clearly at or above the goal: {number} {whom}**; clearly below it: "
        f"{count(summary.below)}. The goal is the {goal} percentile of their peers."
    )


_TRENDS = {"falls": "falls with size", "rises": "rises with size", "open": "shows no clear trend"}


def _size_line(fits: Sequence[CurveFit]) -> list[str]:
    fitted = [fit for fit in fits if not fit.summary.reason]
    if not fitted:
        return ["No platform has enough creators for a curve."]
    parts = []
    for trend, words in _TRENDS.items():
        names = curve_names([fit for fit in fitted if rate_trend(fit) == trend], fitted)
        if names:
            parts.append(f"{words} on {listing(names)}")
    trends = f"The engagement rate by followers {', '.join(parts)}." if parts else ""
    return [f"{describe_selection(fitted)} {trends}".strip()]


def _open_line(shortlist: Shortlist) -> str:
    summary = shortlist.summary
    parts = []
    if summary.open:
        parts.append(
            f"For {count(summary.open)} the range holds the goal: the data cannot tell yet."
        )
    if summary.unknown:
        parts.append(f"{plural(summary.unknown, 'creator')} could not be placed at all.")
    return " ".join(parts) or "For every creator the range is clear of the goal."


def describe_data(features: CreatorFeatures, read_on: str, samplings: Sequence[str]) -> str:
    """Say what was looked at: creators, posts, dates, platforms, how sampled, what is missing."""
    summary, settings = features.summary, features.settings
    platforms = listing([PLATFORM_NAMES[p] for p in summary.platforms])
    posts = plural(summary.posts_used, "post")
    span = f" ({_span(summary.first_post, summary.last_post)})" if summary.posts_used else ""
    looked = f"{posts}{span}, at most the latest {settings.last_posts} of each creator"
    if not summary.posts_used and summary.reported:
        looked = "no posts, but figures that exports report for each account"
    lines = [
        f"{plural(summary.creators, 'creator')} on {platforms}, {looked}.",
        *describe_figure_use(features),
        f"{'Posts' if summary.posts_used else 'Figures'} and followers up to "
        f"{day(settings.as_of)}, counts as read by {day(read_on)}; how the files were sampled: "
        f"{'; '.join(_SAMPLINGS[s] for s in sorted({*samplings} or {'unknown'}))}.",
    ]
    if summary.posts_hidden:
        share = observed(percent(summary.posts_hidden / summary.posts_used))
        lines.append(
            f"Likes are hidden on {plural(summary.posts_hidden, 'post')} ({share}); those counts are "
            "missing here, not zero."
        )
    return "\n".join(f"- {line}" for line in lines)


def describe_sampling_gap(creators: Sequence[str], reference: Sequence[str]) -> str:
    """Warn in a sentence where creators are compared with a curve from another sampling.

    Both are sampling notes of files (``Store.samplings``); without a gap there is no sentence.
    """
    if len({*creators, *reference}) < 2:
        return ""
    ours, theirs = (
        listing([_SAMPLINGS[s] for s in sorted({*notes} or {"unknown"})])
        for notes in (creators, reference)
    )
    compared = f"Creators sampled as {ours} are compared with a curve of {theirs}"
    if ours == theirs:
        compared = f"These data mix unlike samplings ({ours}) and may compare one with the other"
    return f"**{compared}:** part of a creator's place may be how the files were chosen."


_SAMPLINGS = {
    "latest_posts": "each creator's latest posts",
    "top_list": "a top list",
    "filtered": "a filtered list",
    "unknown": "not known",
}


def describe_limits(
    features: CreatorFeatures, fits: Sequence[CurveFit], tiers: TierTable, samplings: Sequence[str]
) -> str:
    """Say what these data cannot tell."""
    lines = []
    if {"top_list", "filtered", "unknown"} & set(samplings):
        lines.append(
            "A file's sampling is a list, a filter or unknown. A list chosen by its engagement bends "
            "the curve and the rates by size: smaller accounts then look better than they are."
        )
    lines += describe_figures_limit(features)
    lacking = features.missing[features.missing["feature"].isin(["engagements", "followers"])]
    for reason, group in lacking.groupby("reason"):
        lines.append(f"{plural(len(group), 'creator')}: {reason}. Left out of the curve.")
    lines += [
        f"{curve_name(f.summary.platform, f.summary.basis)}: {f.summary.reason}."
        for f in fits
        if f.summary.reason
    ]
    alone = sum(
        int((f.table["peers"] < f.settings.min_peers).sum()) for f in fits if not f.summary.reason
    )
    if alone:
        lines.append(f"{plural(alone, 'creator')} with too few peers of the size: no percentile.")
    if tiers.summary.thin_cells:
        lines.append(
            f"{plural(tiers.summary.thin_cells, 'size')} with too few creators to compare."
        )
    return "\n".join(f"- {line}" for line in lines) or "Nothing beyond what the method below says."


def describe_next_steps(shortlist: Shortlist) -> str:
    """Say what to do next, and who does it."""
    from workbench.curves.fit import CHOSEN

    summary = shortlist.summary
    steps = []
    if summary.reported:
        steps.append(
            "*Analyst:* bring the posts of the creators that matter: behind "
            f"{plural(summary.reported, 'place')} is a reported figure, and only posts show how far "
            "engagements vary."
        )
    if summary.open and summary.reported < summary.known:
        steps.append(
            f"*Analyst:* bring more posts of the {plural(summary.open, 'creator')} that cannot be told "
            "from the goal; the range narrows the more posts there are."
        )
    chosen = int(shortlist.table["reason"].eq(CHOSEN).sum())
    if chosen:
        steps.append(
            f"*Analyst:* bring accounts that were not picked by engagement, small ones above all: "
            f"{plural(chosen, 'creator')} cannot be placed in a list that was."
        )
    if summary.unknown > chosen:
        steps.append(
            f"*Analyst:* ask {plural(summary.unknown - chosen, 'creator')} without a percentile for the missing "
            "figures; the table gives the reason."
        )
    if summary.below:
        steps.append(
            f"*Client and analyst:* look at the posts of the {plural(summary.below, 'creator')} below "
            "the goal before deciding; engagement is one criterion of several."
        )
    steps.append(
        "*Client:* decide on the cast; the audience is not judged here, and fees only beside each other."
    )
    return "\n".join(f"1. {step}" for step in steps)


def describe_glossary(tiers: TierTable) -> str:
    """Define the words as they are used in this report."""
    definition, preset = engagement_definition(tiers.settings.rate), tiers.settings.preset
    cells = "; ".join(
        f"{t.name} {t.first:,} and more"
        if t.below is None
        else f"{t.name} {t.first:,} to {t.below - 1:,}"
        for t in preset.tiers
    )
    bases = set(tiers.table["basis"])
    reported = reported_terms(bases, definition)
    other = " A reported figure may count other parts." if reported else ""
    meaning = f"{definition.meaning.strip()} Source: {definition.source_text}."
    if reported and definition.denominator == "followers":
        figure = "The reported figure divided by the followers on the data's date."
        meaning = f"{meaning} For a reported figure: {figure.lower()}" if POSTS in bases else figure
    entries = {
        "Engagements": f"{definition.parts_text}, per post.{other}",
        **reported,
        definition.label.capitalize(): meaning,
        "Followers": "The account's followers on the data's date, not on the day of each post.",
        "Peers": "Creators in these data on the same platform and of the same size"
        + (", with the same kind of figure." if reported else "."),
        "Percentile": "Of 100 such peers, how many have fewer engagements per post: in the long run, "
        "where posts bear that, else by the figures as they are.",
        "Range": "The values that the data leave open at the stated level.",
        "Sizes": f"By followers, preset {preset.name}: {cells}. Source: {preset.source_text}.",
    }
    return "\n\n".join(f"**{word}.** {meaning.strip()}" for word, meaning in entries.items())
