"""Findings as cards: the sentence and the figure of a result, put together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.curves import CurveFit, Shortlist
from workbench.figures import Card, draw_engagement_curve
from workbench.wording import describe_curve_alt, describe_curve_note, describe_engagement_curve
from workbench.wording.curves import curve_name


def engagement_cards(fits: Sequence[CurveFit], shortlist: Shortlist) -> Iterator[Card]:
    """Make one card a curve: its band, its creators and the shortlist.

    A platform of which nobody's engagements are known has nothing to show and gets no card.
    """
    for fit in (fit for fit in fits if fit.summary.creators_in_fit):
        yield Card(
            title=curve_name(fit.summary.platform, fit.summary.basis),
            text=describe_engagement_curve(fit),
            axes=draw_engagement_curve(fit, shortlist=shortlist),
            alt=describe_curve_alt(fit),
            note=describe_curve_note(fit),
        )
