"""Sentences about where the engagement rate peaks and where its slope breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.formats import interval, number, plural, short_count

if TYPE_CHECKING:
    from workbench.curves import CurveFit, CurveTurns


def describe_turns(fit: CurveFit, turns: CurveTurns | None) -> str:
    """Say where the rate is highest and whether its slope breaks, or that nobody can tell.

    Nothing is said of too few creators, nor of those who look chosen by their engagement.
    """
    if turns is None or fit.summary.selection.verdict == "selected":
        return ""
    return " ".join([_peak(turns), _break(turns), *_near(turns)])


def _peak(turns: CurveTurns) -> str:
    summary = turns.summary
    if summary.peak == "inside":
        limits = summary.peak_followers, summary.peak_low, summary.peak_high
        peak = interval(*limits, unit="count", confidence=turns.settings.confidence)
        return f"The rate peaks at about {peak} followers."
    if summary.peak == "cannot tell":
        return "Where the rate peaks nobody can tell from these creators."
    return (
        f"The rate is highest {summary.peak} accounts seen: there is no peak between "
        f"{short_count(summary.followers_min)} and {short_count(summary.followers_max)} followers."
    )


def _break(turns: CurveTurns) -> str:
    summary, confidence = turns.summary, turns.settings.confidence
    p = "p below 0.01" if summary.break_p_value < 0.01 else f"p = {number(summary.break_p_value)}"
    if summary.break_p_value >= 1 - confidence:
        return f"No break in the slope can be told from chance ({p})."
    limits = summary.break_low, summary.break_followers, summary.break_high
    place = interval(limits[1], min(limits), max(limits), unit="count", confidence=confidence)
    slopes = (
        (summary.slope_before, summary.slope_before_low, summary.slope_before_high),
        (summary.slope_after, summary.slope_after_low, summary.slope_after_high),
    )
    before, after = (interval(*s, unit="number", confidence=confidence) for s in slopes)
    return (
        f"The slope breaks near {place} followers ({p}): engagements grow with exponent {before} below "
        f"it and {after} above."
    )


def _near(turns: CurveTurns) -> list[str]:
    near = turns.summary.near_1000
    if near >= turns.settings.min_near:
        return []
    few = (
        "There are no creators"
        if near == 0
        else f"There {'is' if near == 1 else 'are'} only {plural(near, 'creator')}"
    )
    return [
        f"{few} near 1,000 followers (500 to 2,000) in these data, so a peak there can't be seen."
    ]
