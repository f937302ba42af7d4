"""Sentences about an engagement curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.features.reported import POSTS
from workbench.formats import count, interval, nominal, number, plural, short_count
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from workbench.curves import CurveFit


def curve_name(platform: str, basis: str) -> str:
    """Name a curve: the platform, and the kind of figure where it is a reported one."""
    name = PLATFORM_NAMES[platform]
    return name if basis == POSTS else f"{name} ({basis})"


def curve_names(fits: Sequence[CurveFit], among: Sequence[CurveFit]) -> list[str]:
    """Name curves, with the kind of figure only where a platform has two among those shown."""
    platforms = [fit.summary.platform for fit in among]
    return [
        PLATFORM_NAMES[fit.summary.platform]
        if platforms.count(fit.summary.platform) == 1
        else curve_name(fit.summary.platform, fit.summary.basis)
        for fit in fits
    ]


def describe_engagement_curve(fit: CurveFit) -> str:
    """Say whether engagement keeps up with size on the platform, or why that can't be said."""
    summary = fit.summary
    platform = PLATFORM_NAMES[summary.platform]
    if summary.reason:
        name = curve_name(summary.platform, summary.basis)
        return f"**No curve for {name}:** {summary.reason}. The dots show what there is."
    if summary.selection.verdict == "selected":
        return _chosen(fit)
    return (
        f"**{_TREND[rate_trend(fit)]}** Among {count(summary.creators_in_fit)} {platform} creators, "
        f"{_tenfold(fit)}.{_LISTED * fit.settings.top_list}"
    )


_LISTED = (
    " The data hold a top list: if it was ranked by engagement or views, the accounts that get less "
    "are missing, and this is the trend of the list, not of the platform."
)
_TREND = {
    "falls": "Engagement grows more slowly than followers: the rate by followers falls with size.",
    "rises": "Engagement grows faster than followers: the rate by followers rises with size.",
    "open": "No clear trend: the rate by followers neither falls nor rises with size for sure.",
}


def _tenfold(fit: CurveFit) -> str:
    times = (10**exponent for exponent in fit.summary.exponents)
    tenfold = interval(*times, unit="number", confidence=fit.settings.confidence)
    return f"ten times the followers come with {tenfold} times the engagements per post"


def _chosen(fit: CurveFit) -> str:
    """Say what remains of a list that was chosen by the outcome."""
    selection = fit.summary.selection
    by = "rate by followers" if selection.chosen_by == "rate" else "engagement"
    slope = (
        f"What size does on the platform is withheld: {selection.withheld}."
        if selection.withheld
        else f"Put right for the accounts that are missing, {_tenfold(fit)}."
    )
    return (
        f"**These {count(fit.summary.creators_in_fit)} {PLATFORM_NAMES[fit.summary.platform]} creators "
        f"look chosen by their {by}:** {selection.reason}. {slope} Percentiles are withheld: small "
        "accounts in such a list look better than small accounts are. The figure shows the list, not "
        "the platform."
    )


def rate_trend(fit: CurveFit) -> str:
    """Return what the rate does with size: ``falls``, ``rises``, ``open`` if unclear, ``withheld``."""
    if fit.summary.selection.withheld:
        return "withheld"
    if fit.summary.exponent_high < 1:
        return "falls"
    return "rises" if fit.summary.exponent_low > 1 else "open"


def describe_curve_note(fit: CurveFit) -> str:
    """Say how to read the figure."""
    if fit.summary.reason:
        return "Each dot is a creator, both scales are logarithmic."
    figure = fit.summary.basis if fit.summary.reported else "median of the posts used"
    return (
        f"Each dot is a creator ({figure}), both scales are logarithmic. The line is "
        f"the middle of peers of the same size; the light band holds {nominal(0.90)} of them. "
        f"Sizes seen: {short_count(fit.summary.followers_min)} to "
        f"{short_count(fit.summary.followers_max)} followers; outside them nothing is drawn. "
        f"{_shape(fit.summary.knots)}"
        f"{_exponent_note(fit)}"
    )


def _shape(knots: int) -> str:
    lines = "straight lines" if knots == 2 else f"splines of {knots} knots"
    return f"The curves are {lines} in the logarithm of engagements plus one."


def _exponent_note(fit: CurveFit) -> str:
    selection = fit.summary.selection
    if selection.withheld:
        return ""
    exponent = interval(*fit.summary.exponents, unit="number", confidence=fit.settings.confidence)
    corrected = ", corrected for the accounts that are missing" * (selection.verdict == "selected")
    return f" Exponent of the headline power law{corrected}: {exponent}."


def describe_curve_alt(fit: CurveFit) -> str:
    """Say in plain text what the figure shows."""
    summary = fit.summary
    platform = PLATFORM_NAMES[summary.platform]
    start = f"Scatter plot of {plural(summary.creators_in_fit, f'{platform} creator')}, "
    figure = f" ({summary.basis})" if summary.reported else ""
    start += f"engagements per post{figure} against followers, both logarithmic"
    if summary.reason:
        return f"{start}; no curve is drawn."
    first, last = fit.curve.iloc[0], fit.curve.iloc[-1]
    return (
        f"{start}. The middle of peers goes from {short_count(first['q50'])} engagements at "
        f"{short_count(first['followers'])} followers to {short_count(last['q50'])} at "
        f"{short_count(last['followers'])}{_exponent_alt(fit)}."
    )


def _exponent_alt(fit: CurveFit) -> str:
    if fit.summary.selection.withheld:
        return ""
    exponent, low, high = map(number, fit.summary.exponents)
    return f", with exponent {exponent} ({low} to {high})"
