"""The table behind a figure says what the drawing shows."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from workbench.figures.behind import KEPT, READ, numbers_behind
from workbench.figures.style import UNTOLD, name_axis, new_axes, new_panels, percent_axis


@pytest.fixture(autouse=True)
def drawing():
    mpl.use("Agg")
    yield
    mpl.pyplot.close("all")


def rows(axes, title="", place=0):
    """Return head and rows of a table as the page shows them."""
    shown = numbers_behind(axes, title)[place].shown
    return [list(shown), *shown.to_numpy().tolist()]


def labelled(x="Day", y="People"):
    ax = new_axes()
    ax.set_xlabel(x)
    ax.set_ylabel(y)
    return ax


def test_a_line_and_its_band_are_one_table():
    ax = labelled()
    ax.fill_between([1, 2], [5, 7], [9, 2500], label="8 in 10")
    ax.plot([1, 2], [6, 1234.5678])
    head = ["Day", "People", "8 in 10, low", "8 in 10, high"]
    assert rows(ax) == [head, ["1", "6", "5", "9"], ["2", "1,235", "7", "2,500"]]


def test_lines_over_the_same_places_are_columns_and_others_are_rows():
    ax = labelled()
    for name, shift in (("nano", 0), ("micro", 1)):
        ax.plot([1, 2], [shift, 2], label=name)
    assert rows(ax, "Sizes") == [["Day", "Nano", "Micro"], ["1", "0", "1"], ["2", "2", "2"]]
    assert numbers_behind(ax, "Sizes")[0].caption == "Sizes: people"
    ax.plot([8, 9], [8, 9], label="mega")
    assert rows(ax)[0] == ["Marked as", "Day", "People"]


def test_named_places_are_read_from_the_top_with_their_ranges():
    ax = labelled("Reach", "Plan")
    ax.hlines([1, 0], [1, 2], [3, 4], label="_range")
    ax.scatter([2, 3], [1, 0])
    ax.set_yticks([1, 0], ["first", "second"])
    head = ["Plan", "Reach", "Range, low", "Range, high"]
    assert rows(ax) == [head, ["first", "2", "1", "3"], ["second", "3", "2", "4"]]


def test_verdicts_of_which_each_place_has_one_are_a_column():
    ax = labelled("Ratio", "Claim")
    ax.scatter([2], [1], label="holds")
    ax.scatter([3], [0], label="cannot tell")
    name_axis(ax, "y", "Claim", {1: "a", 0: "b"})
    assert rows(ax)[1:] == [["a", "holds", "2"], ["b", "cannot tell", "3"]]
    assert not ax.yaxis.label.get_visible()


def test_stacked_bars_tell_their_length_and_others_their_end():
    ax = labelled("Size", "Money")
    ax.bar(["a", "b"], [1, 2], label="x")
    ax.bar(["a", "b"], [3, 4], bottom=[1, 2], label="y")
    assert rows(ax)[1:] == [["a", "1", "3"], ["b", "2", "4"]]
    ax = labelled("Chance", "Unknown")
    ax.barh([0], [0.2], left=0.5, label="high")
    ax.barh([0], [-0.1], left=0.5, label="low")
    ax.set_yticks([0], ["luck"])
    percent_axis(ax, "x")
    assert rows(ax)[1:] == [["luck", "70%", "40%"]]


def test_of_many_points_the_page_shows_those_with_a_name_and_the_sheet_all():
    ax = labelled("Followers", "Rate")
    ax.set_xscale("log")
    ax.scatter(np.arange(1, 101), np.arange(100))
    ax.scatter([7], [6], label="chosen")
    ax.annotate("3", (7, 6))
    (found,) = numbers_behind(ax)
    assert found.shown.to_numpy().tolist() == [["chosen", "3", "7", "6"]]
    assert found.caption == "Rate by followers"
    assert len(found.sheet()) == 102


@pytest.mark.parametrize(("length", "shown"), [(READ, READ), (READ + 1, 12), (2 * KEPT, 12)])
def test_a_long_line_is_shown_in_part(length, shown):
    ax = labelled()
    ax.plot(np.arange(length), np.arange(length))
    (found,) = numbers_behind(ax)
    assert len(found.shown) == shown
    assert len(found.sheet()) == 1 + min(length, KEPT)
    assert len(numbers_behind(ax, whole=True)[0].shown) == length


def test_lines_and_points_have_tables_of_their_own():
    ax = labelled()
    ax.plot([1, 2], [1, 2])
    ax.scatter([1, 1, 3], [4, 5, 6])
    assert [one.caption for one in numbers_behind(ax, "A")] == ["A, lines", "A, points"]


def test_panels_stand_below_each_other_and_days_are_days():
    days = pd.to_datetime(["2026-03-01", "2026-03-02"])
    for ax in new_panels(["TikTok", "YouTube"], 1.5, sharex=True):
        ax.plot(days, [1, 2])
        name_axis(ax, "x", "Day")
        name_axis(ax, "y", "Posts")
    assert rows(ax)[:2] == [["Panel", "Day", "Posts"], ["TikTok", "1 Mar 2026", "1"]]
    assert len(rows(ax)) == 5


def test_a_matrix_gives_each_pair_once_the_largest_first():
    ax = labelled("Other", "One")
    image = ax.imshow([[np.nan, 0.2, 0.1], [0.2, np.nan, 0.4], [0.1, 0.4, np.nan]])
    ax.set_xticks(range(3), "abc")
    ax.set_yticks(range(3), "abc")
    ax.figure.colorbar(image).set_label("Shared")
    assert rows(ax) == [
        ["One", "Other", "Shared"],
        ["c", "b", "0.4"],
        ["b", "a", "0.2"],
        ["c", "a", "0.1"],
    ]


def test_what_is_no_number_of_the_figure_is_left_out():
    ax = labelled()
    ax.axhline(3)
    ax.axvspan(0, 1)
    ax.plot([1, 2], [8, 9], label=UNTOLD)
    ax.vlines([1, 2], 0, 9)
    assert numbers_behind(ax) == []


def test_nothing_drawn_is_text_of_the_page_as_it_stands():
    ax = labelled("<b>", "a & b")
    ax.bar(["<i>"], [1])
    assert rows(ax)[1] == ["&lt;i&gt;", "1"]


@pytest.mark.parametrize(
    "kind",
    ["barplot", "lineplot", "scatterplot", "histplot", "regplot", "pointplot"],
)
def test_figures_of_seaborn_have_their_table(kind):
    import seaborn as sns

    x = ["a", "b"] * 20 if kind in ("barplot", "pointplot") else np.arange(40.0)
    data = pd.DataFrame({"x": x, "y": np.sin(np.arange(40.0))})
    ax = getattr(sns, kind)(data=data, x="x", **({} if kind == "histplot" else {"y": "y"}))
    assert numbers_behind(ax)[0].shown.shape[1] > 1
