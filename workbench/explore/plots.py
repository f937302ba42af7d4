"""The plot of a panel: a dot a creator, to draw loops around."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from jscatter import Scatter

from workbench.figures.style import MARK

# Okabe and Ito's colours, apart for every kind of colour vision; tooltip and table repeat them.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a939d")
_WIDTH, _HEIGHT = 480, 400  # pixels


def lasso_plot(
    creators: pd.DataFrame, *, x: str, y: str, kind: str, told: Sequence[str], logs: Sequence[str]
) -> Scatter:
    """Return the plot of creators.

    Parameters
    ----------
    creators : DataFrame
        Columns under the names that people read.
    x, y, kind : str
        Columns of the axes and of the colours.
    told : sequence of str
        Columns of a dot's tooltip.
    logs : sequence of str
        Columns whose axis is logarithmic.
    """
    named = creators.assign(**{kind: creators[kind].astype("category")})
    plot = Scatter(
        data=named,
        x=x,
        y=y,
        x_scale="log" if x in logs else "linear",
        y_scale="log" if y in logs else "linear",
        color_by=kind,
        color_map=dict(zip(named[kind].cat.categories, _COLOURS, strict=False)),
        color_labeling={"variable": kind},
        opacity=0.8,
        opacity_by=None,
        opacity_unselected=0.6,
        size=6,
        width=_WIDTH,
        height=_HEIGHT,
        camera_distance=1.1,
        axes_grid=True,
        axes_labels=True,
        legend=True,
        legend_position="bottom-left",
        tooltip=True,
        tooltip_properties=[*told],
        tooltip_histograms=False,
        background_color="white",
        mouse_mode="lasso",
        lasso_color=MARK,
        options={"aspectRatio": _WIDTH / _HEIGHT},
    )
    plot.widget.add_class("workbench-plot")
    plot.widget.show(buttons=["pan_zoom", "lasso", "divider", "reset"])
    return plot
