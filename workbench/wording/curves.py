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
    times = (10**exponent for exponent in summary.exponents)
    tenfold = interval(*times, unit="number", confidence=fit.settings.confidence)
    return (
        f"**{_verdict(fit)}** Among {count(summary.creators_in_fit)} {platform} creators, ten "
        f"times the followers come with {tenfold} times the engagements per post."
        f"{_SELECTION[summary.selection]}"
    )


_SELECTION = {
    "": "",
    "listed": " The data hold a top list: if it was ranked by engagement or views, the accounts that "
    "get less are missing, and this is the trend of the list, not of the platform.",
    "looks chosen": " So flat a curve, less than twice the engagements for ten times the followers, "
    "is what remains where accounts with little engagement are left out: the small ones in the "
    "list then look better than small accounts are. Percentiles compare within the list. This is a "
    "caution, not a verdict.",
}


def _verdict(fit: CurveFit) -> str:
    if fit.summary.selection == "looks chosen":
        return "This list looks chosen by engagement: engagement hardly depends on followers in it."
    return {
        "falls": "Engagement grows more slowly than followers: the rate by followers falls with size.",
        "rises": "Engagement grows faster than followers: the rate by followers rises with size.",
        "open": "No clear trend: the rate by followers neither falls nor rises with size for sure.",
    }[rate_trend(fit)]


def rate_trend(fit: CurveFit) -> str:
    """Return what the rate does with size: ``falls``, ``rises``, or ``open`` if that is unclear."""
    if fit.summary.exponent_high < 1:
        return "falls"
    return "rises" if fit.summary.exponent_low > 1 else "open"


def describe_curve_note(fit: CurveFit) -> str:
    """Say how to read the figure."""
    if fit.summary.reason:
        return "Each dot is a creator, both scales are logarithmic."
    figure = fit.summary.basis if fit.summary.reported else "median of the posts used"
    exponent = interval(*fit.summary.exponents, unit="number", confidence=fit.settings.confidence)
    return (
        f"Each dot is a creator ({figure}), both scales are logarithmic. The line is "
        f"the middle of peers of the same size; the light band holds {nominal(0.90)} of them. "
        f"Sizes seen: {short_count(fit.summary.followers_min)} to "
        f"{short_count(fit.summary.followers_max)} followers; outside them nothing is drawn. "
        f"Exponent of the headline power law: {exponent}."
    )


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
        f"{short_count(last['followers'])}, with exponent {number(summary.exponent)} "
        f"({number(summary.exponent_low)} to {number(summary.exponent_high)})."
    )
