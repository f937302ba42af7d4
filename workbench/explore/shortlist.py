"""Choose a shortlist: lasso creators in a plot, read them in a table, keep them by keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from ipywidgets import HBox, Layout, VBox
from itables.widget import ITable
from jscatter import Scatter

from workbench import formats
from workbench.curves import CurveFit
from workbench.curves.tiers import engagement_rate
from workbench.errors import DataError
from workbench.explore.keys import KeyBar
from workbench.explore.plots import lasso_plot
from workbench.tables.definitions import engagement_definition

_ACTIONS = {
    "a": "Add selected",
    "d": "Drop selected",
    "u": "Undo",
    "c": "Clear",
    "s": "Select the list",
}
_YES_NO = {True: "yes", False: "no"}
_NAMED = 12  # handles of the shortlist that are written out


class ShortlistPanel:
    """Creators by followers and engagement rate, to choose from with the mouse and keys.

    Parameters
    ----------
    features : DataFrame
        ``CreatorFeatures.table``.
    rate : str
        Name of the engagement definition.
    fits : sequence of CurveFit
        Where given, the table says where creators stand and what five other posts bring.

    Raises
    ------
    DataError
        If nobody has both followers and a rate above zero, which logarithmic axes need.
    """

    def __init__(
        self,
        features: pd.DataFrame,
        *,
        rate: str = "engagement_rate_by_followers",
        fits: Sequence[CurveFit] = (),
    ) -> None:
        rates = engagement_rate(features, rate)
        drawn = features["followers"].gt(0).fillna(False) & rates.gt(0).fillna(False)
        if not drawn.any():
            raise DataError("There is nobody to draw.", [f"expected followers and {rate} above 0"])
        self._creators = features.assign(rate=rates)[drawn].reset_index(drop=True)
        tables = [fit.table.set_index("creator_key") for fit in fits]
        self._places = pd.concat(tables) if tables else None
        self._moves: list[tuple[str, ...]] = [()]  # the list after each change, newest last
        self.plot = _plot(self._creators, rate)
        self.table = ITable(
            self._rows(), "Selected creators", classes="display compact", style="width:100%"
        )
        self.keys = KeyBar("workbench-shortlist", "Shortlist keys", _ACTIONS, self.press)
        upper = HBox([self.plot.widget, self.keys], layout=Layout(flex_flow="row wrap"))
        self.widget = VBox([upper, self.table])
        self.widget.add_class("workbench-shortlist")
        self.plot.widget.observe(lambda _: self._select(), names="selection")
        left = f"{int((~drawn).sum())} without followers or a rate above 0 can't be drawn. "
        self._show(f"{left * (not drawn.all())}Draw a loop around creators.")

    @property
    def shortlist(self) -> list[str]:
        """The creators chosen, as a report's parameter ``shortlist`` takes them."""
        return list(self._moves[-1])

    def press(self, key: str) -> None:
        """Do what a key does: ``a`` add, ``d`` drop, ``u`` undo, ``c`` clear, ``s`` select."""
        if key == "s":
            listed = self._creators["creator_key"].isin(self.shortlist)
            self.plot.selection(self._creators.index[listed])
            return
        before = self._moves[-1]
        selected = self._selected()["creator_key"].tolist()
        match key:
            case "a":
                after = (*before, *(name for name in selected if name not in before))
            case "d":
                after = tuple(name for name in before if name not in selected)
            case "c":
                after = ()
            case "u" if len(self._moves) > 1:
                self._moves.pop()
                after = self._moves[-1]
            case _:
                after = before
        if after != self._moves[-1]:
            self._moves.append(after)
        self._show(_change(before, after))

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        return self.widget._repr_mimebundle_(**settings)

    def _selected(self) -> pd.DataFrame:
        selected: pd.DataFrame = self._creators.iloc[self.plot.selection()]
        return selected

    def _select(self) -> None:
        self._show(f"{len(self._selected())} of {len(self._creators)} creators selected.")

    def _show(self, said: str) -> None:
        handles = self._creators.set_index("creator_key")["handle"]
        self.table.update(self._rows())
        self.keys.listed = _listed(handles.loc[self.shortlist].tolist())
        self.keys.status = said

    def _rows(self) -> pd.DataFrame:
        selected = self._selected()
        rows: dict[str, Any] = {
            "Creator": selected["handle"],
            "Platform": selected["platform"],
            "Followers": selected["followers"].map(formats.count),
            "Engagement rate": selected["rate"].map(formats.percent),
            "On the list": selected["creator_key"].isin(self.shortlist).map(_YES_NO),
        }
        if self._places is not None:
            places = self._places.loc[selected["creator_key"]]
            rows["Percentile"] = _ranges(places, "percentile", formats.ordinal)
            rows["Five other posts"] = _ranges(places, "ahead", formats.count)
        return pd.DataFrame(rows).reset_index(drop=True)


def _plot(creators: pd.DataFrame, rate: str) -> Scatter:
    # Per 1,000, since the plot's axes know no percent and write 0.1 as "100m".
    y = f"Engagements per 1,000 {engagement_definition(rate).denominator}"
    named = pd.DataFrame(
        {
            "Creator": creators["handle"],
            "Platform": creators["platform"],
            "Followers": creators["followers"].astype(float),
            y: (1000 * creators["rate"]).map("{:.3g}".format).astype(float),  # as tooltips show it
        }
    )
    told = ("Creator", "Platform", "Followers", y)
    return lasso_plot(named, x="Followers", y=y, kind="Platform", told=told, logs=("Followers", y))


def _ranges(places: pd.DataFrame, name: str, write: Callable[[float], str]) -> list[str]:
    values = places[[name, f"{name}_low", f"{name}_high"]].itertuples(index=False)
    return [
        formats.MISSING if pd.isna(own) else f"{write(own)} ({write(low)} to {write(high)})"
        for own, low, high in values
    ]


def _change(before: Sequence[str], after: Sequence[str]) -> str:
    added, dropped = len(set(after) - set(before)), len(set(before) - set(after))
    said = [f"{added} added."] * (added > 0) + [f"{dropped} dropped."] * (dropped > 0)
    return " ".join(said) or "Nothing to change."


def _listed(handles: Sequence[str]) -> str:
    more = f" and {len(handles) - _NAMED} more" if len(handles) > _NAMED else ""
    return f"Shortlist ({len(handles)}): {', '.join(handles[:_NAMED]) or 'empty'}{more}"
