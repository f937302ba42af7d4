"""The sliders of a budget: shares that stay 100 % together, ranges of what may come."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from ipywidgets import (
    HTML,
    Dropdown,
    FloatRangeSlider,
    FloatSlider,
    IntSlider,
    Layout,
    VBox,
)

from workbench.campaign.planning import PlanningRun
from workbench.campaign.shares import move_share
from workbench.campaign.split_settings import SplitSettings
from workbench.wording.budget_panel import describe_ranges

_RISK = {
    "the mean outcome": "mean",
    "what 4 in 5 futures reach (P20)": "p20",
    "the mean and the worst tenth (CVaR)": "cvar",
    "the chance of the goal": "goal",
}
_LEAST = {"price_level": 0.3, "reach_level": 0.3, "sponsored": 0.3, "overlap": 0.01}
_MOST = {"price_level": 4.0, "reach_level": 2.0, "sponsored": 1.5, "overlap": 0.8}


class BudgetSliders:
    """What is asked of a split, to be moved.

    Parameters
    ----------
    run : PlanningRun
        Whose candidates and unknowns are split.
    asked : SplitSettings
        What the sliders show first.
    changed : callable
        Called after each move.
    """

    def __init__(self, run: PlanningRun, asked: SplitSettings, changed: Callable[[], None]) -> None:
        self._changed, self._quiet = changed, False
        currency, step = run.candidates.currency, _step(asked.budget)
        self.budget = IntSlider(
            value=round(asked.budget),
            min=step,
            max=max(100 * step, round(3 * asked.budget / step) * step),
            step=step,
            description=f"Budget, {currency}",
            readout_format=",d",
        )
        self.overhead = FloatSlider(
            value=asked.overhead,
            max=max(200.0, 4 * asked.overhead),
            step=5,
            description=f"Overhead each, {currency}",
            readout_format=",.0f",
        )
        self.posts = IntSlider(value=asked.posts, min=1, max=3, description="Posts each, at most")
        self.fall_through = FloatSlider(
            value=100 * asked.fall_through,
            max=80,
            step=1,
            description="Fall-through, %",
            readout_format=".0f",
        )
        self.attitude = Dropdown(options=_RISK, value=asked.attitude, description="Plan weighs")
        self.shares = {
            tier: IntSlider(value=share, max=100, description=f"{tier}, %")
            for tier, share in asked.shares.items()
        }
        told = describe_ranges(run)
        self.ranges = {name: _range(run, name, *told[name]) for name in told}
        self._usual = {name: slider.value for name, slider in self.ranges.items()}
        idle = " ".join(why for _, why, _ in told.values() if why)
        self.widget = self._arrange(idle)
        for tier, slider in self.shares.items():
            slider.observe(lambda move, tier=tier: self._move(tier, move["new"]), names="value")
        for one in (*self._single(), *self.ranges.values()):
            one.observe(lambda _: self._tell(), names="value")

    @property
    def asked(self) -> SplitSettings:
        """The settings that the sliders show.

        Raises
        ------
        SettingsError
            If they can't be tried.
        """
        moved = {
            name: slider.value
            for name, slider in self.ranges.items()
            if not np.allclose(slider.value, self._usual[name], atol=slider.step / 2)
        }
        return SplitSettings(
            budget=float(self.budget.value),
            shares={tier: slider.value for tier, slider in self.shares.items()},
            posts=self.posts.value,
            fall_through=self.fall_through.value / 100,
            overhead=float(self.overhead.value),
            attitude=self.attitude.value,
            ranges=moved,
        )

    def set_shares(self, shares: Mapping[str, int]) -> None:
        """Show shares, without a call."""
        self._quiet = True
        try:
            for tier, share in shares.items():
                self.shares[tier].value = share
        finally:
            self._quiet = False

    def _move(self, tier: str, to: int) -> None:
        if not self._quiet:
            before = {name: slider.value for name, slider in self.shares.items()}
            self.set_shares(move_share(before, tier, to))
            self._changed()

    def _tell(self) -> None:
        if not self._quiet:
            self._changed()

    def _single(self) -> tuple[Any, ...]:
        return self.budget, self.overhead, self.posts, self.fall_through, self.attitude

    def _arrange(self, idle: str) -> VBox:
        for one in (*self._single(), *self.shares.values(), *self.ranges.values()):
            one.style, one.layout = {"description_width": "10.5rem"}, Layout(width="98%")
        parts = [
            _head("Money"),
            self.budget,
            self.overhead,
            self.posts,
            _head("Share of the budget by size, together 100%"),
            *self.shares.values(),
            _head("What may come: one in ten futures below, one in ten above"),
            *self.ranges.values(),
            self.fall_through,
            HTML(f"<small>{html.escape(idle)}</small>" if idle else ""),
            _head("The best plan"),
            self.attitude,
        ]
        return VBox(parts, layout=Layout(flex="1 1 20rem", min_width="17rem", max_width="32rem"))


def _range(run: PlanningRun, name: str, label: str, _: str, idle: bool) -> FloatRangeSlider:
    one = run.unknowns.of(name)
    return FloatRangeSlider(
        value=(one.low, one.high),
        min=min(_LEAST[name], one.low),
        max=max(_MOST[name], one.high),
        step=0.01 if _MOST[name] < 2 else 0.05,
        description=label,
        disabled=idle,
    )


def _head(text: str) -> HTML:
    return HTML(f"<strong>{html.escape(text)}</strong>")


def _step(budget: float) -> int:
    """Return a round step, a twentieth to a two-hundredth of a budget."""
    return max(int(10 ** np.floor(np.log10(max(budget, 1))) / 20), 1)
