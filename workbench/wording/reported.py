"""Sentences about figures that an export reports in place of posts, and what they leave open."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from workbench.features.reported import KINDS, POSTS
from workbench.formats import count, day, listing, literal, nominal, plural
from workbench.tables.definitions import EngagementDefinition
from workbench.tables.schema import PLATFORM_NAMES
from workbench.wording.curves import curve_names

if TYPE_CHECKING:
    from workbench.curves import CurveFit
    from workbench.features import CreatorFeatures, FigureUse

_PROVENANCE = {
    "measured": "measured",
    "platform_estimated": "estimated by the tool that lists them",
    "supplied": "supplied by others",
}


def describe_figure_use(features: CreatorFeatures) -> list[str]:
    """Say how many creators stand on which kind of figure, and where the figures come from."""
    uses = features.summary.figures if features.summary.reported else ()
    groups: dict[str, list[str]] = {}
    for use in uses:
        kind = "their posts" if use.basis == POSTS else f"a *{use.basis}*"
        stand = f"{PLATFORM_NAMES[use.platform]}, {plural(use.creators, 'creator')} on {kind}"
        groups.setdefault(_origin(use), []).append(stand)
    return [f"{'; '.join(stands)}{origin}." for origin, stands in groups.items()]


def _origin(use: FigureUse) -> str:
    if use.basis == POSTS:
        return ""
    days = day(use.first_on)
    if use.last_on != use.first_on:
        days = f"{days} to {day(use.last_on)}"
    made = listing([_PROVENANCE[p] for p in use.provenances])
    profiles = f" (read as {literal(listing(use.profiles))})" if use.profiles else ""
    windows = [f"“{literal(window)}”" for window in use.windows if window != "unknown"]
    behind = f"in the source's words {listing(windows)}" if windows else "not told by the source"
    return f": figures of {days}, {made}{profiles}; the posts behind them: {behind}"


def describe_selection(fits: Sequence[CurveFit]) -> str:
    """Say in a sentence which lists look chosen by the outcome, or for which that is open."""
    chosen = [f for f in fits if f.summary.selection.verdict == "selected"]
    if chosen:
        return (
            f"What we have of {listing(curve_names(chosen, fits))} looks chosen by engagement: "
            "percentiles are withheld there, and so is the trend unless two corrections agree on it."
        )
    if any(f.settings.top_list for f in fits):
        return "The data hold a top list: that is the trend of the list, not of the platform."
    unsure = [f for f in fits if f.summary.selection.verdict == "cannot tell"]
    if unsure:
        return (
            f"Whether {listing(curve_names(unsure, fits))} was chosen by engagement cannot be told: "
            f"{listing(sorted({f.summary.selection.reason for f in unsure}))}."
        )
    return ""


def describe_figures_limit(features: CreatorFeatures) -> list[str]:
    """Say what reported figures leave open."""
    reported = features.summary.reported
    if not reported:
        return []
    lines = [
        f"{plural(reported, 'creator')} on reported figures: how far the posts vary, and whether "
        "paid, hidden or viral ones are among them, is unknown. The ranges hold what the curve "
        "leaves open and nothing of the creator's own posts: with posts they would be wider."
    ]
    if any("mean" in use.basis for use in features.summary.figures):
        lines.append(
            "A mean is pulled up by single viral posts: it stands above the middle post, so do not "
            "hold it against benchmarks made of medians."
        )
    return lines


_POSTS_METHOD = (
    "For each creator we take the latest posts up to the data's date and the middle one by "
    "engagements, so that a single viral post does not decide. A post whose likes are hidden is "
    "left out, not counted as zero."
)
_REPORTED_METHOD = (
    "we take the newest figure that an export reports for the account: a median, else a mean of "
    "likes and comments, else engagements of a kind that is not said, and only where there is "
    "nothing else the given rate times the followers. A figure of 0 likes is taken as hidden. "
    "Each kind of figure has a curve of its own; kinds are never mixed, and rates are computed "
    "from the figure and the followers, not taken from the file."
)
_CURVE_RANGE = "what a limited number of peers leaves open about the curve"


def describe_method(features: CreatorFeatures) -> str:
    """Say in plain words which figure of a creator is taken."""
    summary = features.summary
    if not summary.reported:
        return _POSTS_METHOD
    if not summary.posts_used:
        return f"There are no posts in these data, so {_REPORTED_METHOD}"
    return f"{_POSTS_METHOD}\n\nWhere no post's engagements are known, {_REPORTED_METHOD}"


def describe_ranges(features: CreatorFeatures, fits: Sequence[CurveFit] = ()) -> str:
    """Say in plain words how creators are placed and what the range of a percentile holds."""
    placed = [fit for fit in fits if fit.summary.placed]
    others = [
        fit
        for fit in fits
        if not (fit.summary.placed or fit.summary.reason)
        and fit.summary.selection.verdict != "selected"
    ]
    where = f"On {listing(curve_names(others, fits))} a" if placed and others else "A"
    start = f"{where} creator's percentile is read off these curves at the creator's size."
    end = "With fewer than ten peers between half and twice the size we give no percentile."
    posts = (
        "Its range holds two things: what a few posts leave open about the creator's own middle, "
        f"and {_CURVE_RANGE}. It narrows with more posts and with more peers."
    )
    reported = (
        f"holds only {_CURVE_RANGE}: how far the posts behind a reported figure vary is unknown, "
        "and nothing is said of it."
    )
    by_posts = [_placing(placed, fits)] if placed else []
    if placed and not others:
        said = []
    elif not features.summary.reported:
        said = [start, posts]
    elif not features.summary.posts_used:
        said = [start, f"Its range {reported}"]
    else:
        said = [start, posts, f"For a creator on a reported figure it {reported}"]
    return "\n\n".join([*by_posts, " ".join([*said, end])])


def _placing(placed: Sequence[CurveFit], fits: Sequence[CurveFit]) -> str:
    learned = [fit.summary.placed.reference_creators for fit in placed if fit.summary.placed]
    among = f"{listing([count(n) for n in learned])} creators"
    return (
        f"On {listing(curve_names(placed, fits))} creators are placed by their posts. From {among} "
        "there, at random, we learn what a creator's newest posts (their engagements, views, kinds and ages) say "
        "of the others: kernel ridge regression, whose misses are those of creators left out one at a "
        "time. Posts that it cannot use are added with their own error. Peers' medians are freed of "
        "the noise of few posts, which we measure by the medians of every other post. The range of a "
        f"percentile holds what the posts leave open, and {_CURVE_RANGE}; that of five other posts "
        f"was set so that it holds {nominal(0.90)} of them among the creators left out. Where the "
        "posts do not bear it, the figure is placed as it is."
    )


def reported_terms(bases: Collection[str], definition: EngagementDefinition) -> dict[str, str]:
    """Define the kinds of reported figures that a report uses, for its glossary."""
    used = [kind for kind in KINDS if kind in bases]
    if not used:
        return {}
    kinds = "; ".join(
        f"*{kind}*: {KINDS[kind].format(parts=definition.parts_text)}" for kind in used
    )
    return {
        "Reported figure": "What an export says of an account's engagements per post in place of "
        f"the posts. Kinds: {kinds}."
    }
