"""Try splits of a budget: sliders, the chance of the goal, two scenarios beside each other."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import (
    HTML,
    Accordion,
    Button,
    Checkbox,
    HBox,
    Layout,
    Text,
    Textarea,
    VBox,
)

from workbench import formats
from workbench.campaign.planning import PlanningRun
from workbench.campaign.roster import make_roster
from workbench.campaign.shares import shares_of
from workbench.campaign.split_settings import SplitSettings, settings_yaml
from workbench.campaign.what_if import WhatIf, promise_run, what_decides
from workbench.errors import WorkbenchError
from workbench.explore.copying import CopyButton
from workbench.explore.outcome import outcome_svg
from workbench.explore.sliders import BudgetSliders
from workbench.figures.show import table_html, text_html
from workbench.reporting.roster import write_roster
from workbench.wording import budget_panel as wording
from workbench.wording.budget import goal_words

_WIDE = Layout(width="99%")


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A scenario that was kept."""

    asked: SplitSettings
    run: PlanningRun


class BudgetPanel:
    """Sliders over a plan: each move splits the budget anew and simulates it.

    Parameters
    ----------
    run : PlanningRun
        The plan that is started from.
    quotes : DataFrame, optional
        The table ``fee_quotes``.
    folder : Path
        Where rosters are saved.
    """

    def __init__(
        self,
        run: PlanningRun,
        quotes: pd.DataFrame | None = None,
        *,
        folder: Path = Path("rosters"),
    ) -> None:
        self.what_if = WhatIf(run, quotes)
        start = self.what_if.start()
        self.sliders = BudgetSliders(run, start, self.refresh)
        self.hold = Checkbox(
            description="keep to these shares", indent=False, layout=Layout(width="auto")
        )
        self.kept: dict[str, Kept] = {}
        self.current: Kept | None = None
        self.answer, self.roster, self.compared = HTML(), HTML(), HTML()
        self.answer.add_class("workbench-answer")
        self.roster.add_class("workbench-roster")
        self.status = HTML()
        self.folder = Text(str(folder), description="Folder", layout=Layout(width="22rem"))
        self.campaign, self.priors = (Textarea(rows=rows, layout=_WIDE) for rows in (16, 8))
        self.copies = CopyButton("campaign.yaml"), CopyButton("priors.yaml")
        self.widget = self._arrange()
        self._first(start)

    def refresh(self) -> None:
        """Split by the sliders, simulate, and show it."""
        with self._told():
            asked = self.sliders.asked
            if self.current is not None and asked == self.current.asked:
                return  # a browser sends values back, rounded to a slider's steps
            self._say("")
            self._show(Kept(asked=asked, run=self.what_if.split(asked)))

    def choose(self) -> None:
        """Choose the best plan within the limits, and move the shares to its own."""
        self._say("Choosing the best plan ...")
        with self._told():
            asked = self.sliders.asked
            run = self.what_if.choose(asked, keep_shares=self.hold.value)
            if run.plan.table.empty:
                self._say(wording.describe_no_plan(run))
                return
            if not self.hold.value:
                asked = replace(asked, shares=shares_of(run))
                self.sliders.set_shares(asked.shares)
            before = self.current
            self._show(Kept(asked=asked, run=run))
            self._say(wording.describe_choice(run, before.run if before else None))

    def keep(self, name: str) -> None:
        """Keep what is shown as scenario ``A`` or ``B``."""
        if self.current is None:
            return
        self.kept[name] = self.current
        self._say(f"Kept as {name}.")
        self._show(self.current)

    def save(self) -> None:
        """Save the roster of what is shown as CSV and XLSX."""
        if self.current is None or self.current.run.plan.table.empty:
            self._say("There is nobody to save.")
            return
        self._say("Saving ...")
        with self._told():
            roster = make_roster(promise_run(self.current.run))
            paths = write_roster(roster, Path(self.folder.value.strip() or "rosters"))
            named = " and ".join(html.escape(str(path)) for path in paths)
            self._say(f"Saved {formats.plural(len(roster), 'booking')}: {named}")

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        return self.widget._repr_mimebundle_(**settings)

    def _arrange(self) -> VBox:
        buttons = {
            "Choose the best plan": self.choose,
            "Keep as A": lambda: self.keep("A"),
            "Keep as B": lambda: self.keep("B"),
            "Save roster": self.save,
        }
        made = {name: _button(name, action) for name, action in buttons.items()}
        right = VBox([self.answer], layout=Layout(flex="2 1 24rem", min_width="18rem"))
        choose, keep_a, keep_b, save = made.values()
        row = Layout(flex_flow="row wrap", align_items="center")
        first, second = self.copies
        yaml = VBox([first, self.campaign, second, self.priors])
        below = Accordion(
            [VBox([HBox([self.folder, save], layout=row), self.roster]), yaml],
            titles=("Roster", "Settings as YAML"),
            selected_index=0,
        )
        below.observe(lambda _: self._write_yaml(), names="selected_index")
        self._below = below
        widget = VBox(
            [
                HBox([self.sliders.widget, right], layout=Layout(flex_flow="row wrap")),
                HBox([choose, self.hold, keep_a, keep_b], layout=row),
                self.status,
                self.compared,
                below,
            ]
        )
        widget.add_class("workbench-budget")
        return widget

    def _first(self, asked: SplitSettings) -> None:
        """Show the plan that was made, in the panel's own futures."""
        with self._told():
            self._show(Kept(asked=asked, run=self.what_if.resimulate()))
            run = self.what_if.run
            none = run.plan.table.empty
            self._say(wording.describe_no_plan(run) if none else wording.describe_choice(run, None))

    def _show(self, shown: Kept) -> None:
        self.current = shown
        run, goal = shown.run, shown.run.brief.goal
        assert run.simulation is not None
        others = {name: _goal_draws(kept.run) for name, kept in sorted(self.kept.items())}
        figure = outcome_svg(
            _goal_draws(run), label=goal_words(goal), target=run.brief.target, kept=others
        )
        said = text_html(wording.describe_answer(run, shown.asked))
        decides = text_html(wording.describe_what_decides(what_decides(run), run))
        tiers = table_html(wording.describe_tier_rows(run, shown.asked), "Money by size")
        self.answer.value = f"<div role='status'>{said}</div>{figure}{decides}{tiers}"
        rows = wording.describe_booking_rows(run)
        self.roster.value = table_html(
            rows, f"{formats.plural(len(rows), 'booking')}, dearest first"
        )
        self.compared.value = self._comparison()
        self._write_yaml()

    def _comparison(self) -> str:
        if len(self.kept) < 2:
            return text_html("Keep another one to compare.") if self.kept else ""
        a, b = self.kept["A"], self.kept["B"]
        said = text_html(wording.describe_ab(a.run, b.run, a.asked, b.asked))
        return said + table_html(
            wording.describe_ab_rows(a.run, b.run), "A and B in the same futures"
        )

    def _write_yaml(self) -> None:
        if self._below.selected_index != 1 or self.current is None:
            return
        for area, copy, text in zip(
            (self.campaign, self.priors), self.copies, settings_yaml(self.current.run), strict=True
        ):
            area.value = copy.text = text

    def _say(self, said: str) -> None:
        self.status.value = (
            f"<div role='status' class='workbench-said'>{text_html(said) if said else ''}</div>"
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Tell a fault in the panel instead of a traceback."""
        try:
            yield
        except (WorkbenchError, OSError) as fault:
            faults = "".join(f"\n- {html.escape(one)}" for one in getattr(fault, "faults", ()))
            head = getattr(fault, "headline", str(fault))
            self._say(f"**{html.escape(head)}**\n{faults}")


def _goal_draws(run: PlanningRun) -> Any:
    assert run.simulation is not None
    return run.simulation.draws[run.brief.goal][0]


def _button(name: str, action: Callable[[], None]) -> Button:
    button = Button(description=name, layout=Layout(width="auto"))
    button.on_click(lambda _: action())
    return button
