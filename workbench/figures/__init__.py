"""Figures of results: ``draw_<noun>(result, *, ax=None) -> Axes``; nothing is computed here."""

from workbench.figures.claims import draw_claims
from workbench.figures.curves import draw_engagement_curve, draw_shortlist
from workbench.figures.definitions import draw_definitions
from workbench.figures.fees import draw_fees
from workbench.figures.show import Card, show_cards, show_end, show_figure, show_table, show_text
from workbench.figures.style import use_report_style

__all__ = [
    "Card",
    "draw_claims",
    "draw_definitions",
    "draw_engagement_curve",
    "draw_fees",
    "draw_shortlist",
    "show_cards",
    "show_end",
    "show_figure",
    "show_table",
    "show_text",
    "use_report_style",
]
