"""Look through a screen: lasso creators on the map, read them in a table and on a card."""

from __future__ import annotations

from typing import Any

import pandas as pd
from ipywidgets import HTML, HBox, Layout, VBox
from itables.widget import ITable

from workbench import formats
from workbench.audience import AudienceScreen, Signals, compare_creators, make_cards
from workbench.errors import DataError
from workbench.explore.plots import lasso_plot
from workbench.figures.audience import draw_evidence
from workbench.figures.show import figure_html, text_html
from workbench.wording.audience import data_grade, describe_card, describe_card_alt

_ODDS = "One in so many peers is as odd"
_POSTS = "Posts looked at"
_HINT = "Draw a loop around creators: the oddest one's card stands below."


class AudiencePanel:
    """Creators by how odd they are and how much of them could be looked at.

    Parameters
    ----------
    screen : AudienceScreen
    signals : Signals
    events : DataFrame, optional
        What the screen was made from.

    Raises
    ------
    DataError
        If nobody could be compared with peers.
    """

    def __init__(
        self, screen: AudienceScreen, signals: Signals, *, events: pd.DataFrame | None = None
    ) -> None:
        self._screen, self._signals, self._events = screen, signals, events
        self._creators = screen.table[screen.table["p"].notna()].reset_index(drop=True)
        if self._creators.empty:
            raise DataError("There is nobody to draw.", ["no creator has enough peers"])
        named = pd.DataFrame(
            {
                "Creator": self._creators["handle"],
                "State": self._creators["state"],
                _POSTS: self._creators["posts"].astype(float),
                _ODDS: (1 / self._creators["p"]).map("{:.3g}".format).astype(float),
            }
        )
        told = ("Creator", "State", _POSTS, _ODDS)
        self.plot = lasso_plot(named, x=_POSTS, y=_ODDS, kind="State", told=told, logs=(_ODDS,))
        self.table = ITable(
            self._rows(self._creators.head(0)),
            "Selected creators",
            classes="display compact",
            style="width:100%",
        )
        self.card = HTML(value=_HINT, layout=Layout(max_width="60rem"))
        upper = HBox([self.plot.widget, self.table], layout=Layout(flex_flow="row wrap"))
        self.widget = VBox([upper, self.card])
        self.widget.add_class("workbench-audience")
        self.plot.widget.observe(lambda _: self.show(), names="selection")

    def show(self) -> None:
        """Show the selected creators in the table, and the card of the oddest of them."""
        chosen = self._creators.iloc[self.plot.selection()].sort_values("p", kind="stable")
        self.table.update(self._rows(chosen))
        self.card.value = _HINT if chosen.empty else self._card(chosen)

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        return self.widget._repr_mimebundle_(**settings)

    def _rows(self, chosen: pd.DataFrame) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "Creator": chosen["handle"],
                "Platform": chosen["platform"],
                "Followers": chosen["followers"].map(formats.count),
                "State": chosen["state"],
                "Peers as odd": chosen["p"].map(formats.percent),
                "Data": [data_grade(row) for _, row in chosen.iterrows()],
            }
        ).reset_index(drop=True)

    def _card(self, chosen: pd.DataFrame) -> str:
        key, handle = chosen[["creator_key", "handle"]].iloc[0]
        made = make_cards(self._screen, self._signals, names=[key], events=self._events)
        figure = figure_html(draw_evidence(made[0]), describe_card_alt(made[0], handle), "")
        said = f"### {formats.literal(handle)}\n\n{describe_card(made[0])}{self._odder(chosen)}"
        return f"{text_html(said)}{figure}"

    def _odder(self, chosen: pd.DataFrame) -> str:
        """Of two creators, say how sure it is that the first is the odder one."""
        if len(chosen) != 2:
            return ""
        one, other = chosen["creator_key"]
        sure = formats.percent(compare_creators(self._screen, one, other))
        first, second = (formats.literal(handle) for handle in chosen["handle"])
        return f"\n\nThat {first} is odder than {second} is {sure} certain."
