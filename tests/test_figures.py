import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from matplotlib.collections import PathCollection

from tests.worlds import ONE, SETTINGS, TYPICAL, UNKNOWN, WORLDS, make_features, results
from workbench.curves import ShortlistSettings, choose_shortlist, fit_engagement_curves
from workbench.figures import draw_engagement_curve, draw_shortlist, use_report_style
from workbench.figures.show import figure_html
from workbench.figures.style import drawable, new_axes, size_marks
from workbench.reporting import gate
from workbench.reporting.cards import engagement_cards


@pytest.fixture(autouse=True)
def style():
    mpl.use("Agg")
    with mpl.rc_context():
        use_report_style()
        yield
    plt.close("all")


def test_a_platform_that_only_the_roster_names_is_drawn_empty_and_gets_no_card():
    other = make_features(40).assign(platform="youtube", handle="y", engagements=np.nan)
    both = pd.concat(
        [make_features(60), other.assign(creator_key="youtube:" + other["creator_key"])]
    )
    fits = fit_engagement_curves(both, SETTINGS)
    listed = choose_shortlist(fits, ShortlistSettings(names=("c0001", "y")))
    draw_engagement_curve(fits[1], shortlist=listed)
    assert [card.title for card in engagement_cards(fits, listed)] == ["TikTok"]


def test_every_creator_with_engagements_is_a_point():
    axes = draw_engagement_curve(TYPICAL[0][0])
    dots = [one for one in axes.collections if isinstance(one, PathCollection)]
    assert sum(len(one.get_offsets()) for one in dots) == 200


def test_the_line_is_the_median_curve():
    fit = TYPICAL[0][0]
    line = draw_engagement_curve(fit).lines[0]
    assert line.get_ydata().tolist() == fit.curve["q50"].clip(lower=1).tolist()


def test_a_shortlist_is_marked_by_its_numbers():
    fits, listed, _ = TYPICAL
    axes = draw_engagement_curve(fits[0], shortlist=listed)
    assert [text.get_text() for text in axes.texts] == ["1", "2", "3"]


def test_axes_say_what_they_are():
    axes = draw_engagement_curve(TYPICAL[0][0])
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "Followers",
        "Engagements per post (median)",
    )


@pytest.mark.parametrize("world", WORLDS)
def test_every_world_can_be_drawn(world):
    fits, listed, _ = WORLDS[world]
    draw_engagement_curve(fits[0], shortlist=listed)
    draw_shortlist(listed)


def test_the_shortlist_figure_has_a_row_a_creator():
    axes = draw_shortlist(TYPICAL[1])
    assert [label.get_text()[0] for label in axes.get_yticklabels()] == ["1", "2", "3"]


def test_a_handle_that_the_font_cannot_draw_does_not_warn():
    features = make_features(60).assign(handle="\N{LEMON} $a$ 한국")
    axes = draw_shortlist(results(features)[1])
    axes.get_figure().canvas.draw()
    assert drawable("\N{LEMON} a") == "a"


def test_named_sizes_have_colours_of_their_own():
    marks = size_marks(["below 1k", "nano", "micro"], ["nano", "micro"])
    assert len({colour for colour, _ in marks.values()}) == 3


def test_a_figure_has_a_wide_and_a_narrow_drawing_and_its_alt():
    page = BeautifulSoup(
        figure_html(draw_shortlist(ONE[1]), "A dot plot of one creator.", ""), "html.parser"
    )
    assert page.img["alt"] == "A dot plot of one creator."
    assert page.source["srcset"] != page.img["src"]


def test_the_same_figure_has_the_same_bytes():
    first, second = (
        figure_html(draw_engagement_curve(TYPICAL[0][0]), "A scatter plot of creators.", "")
        for _ in range(2)
    )
    assert first == second


def test_many_marks_are_pixels_that_carry_the_words_drawn():
    ax = new_axes()
    ax.scatter(np.arange(1001), np.arange(1001))
    ax.set_xlabel("Čapek.9")
    page = BeautifulSoup(figure_html(ax, "A scatter plot of many creators.", ""), "html.parser")
    assert page.img["src"].startswith("data:image/png;base64,")
    assert not gate.names_creator(gate.report_words(page)[1], "Novak.9")
    assert gate.names_creator(gate.report_words(page)[1], "Čapek.9")


def test_a_drawing_that_would_weigh_too_much_becomes_pixels(monkeypatch):
    monkeypatch.setattr("workbench.figures.show.HEAVIEST", 9000)
    page = figure_html(draw_shortlist(ONE[1]), "A dot plot of one creator.", "")
    assert page.count("data:image/png") == 2


def test_an_alt_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="says too little"):
        figure_html(draw_shortlist(UNKNOWN[1]), "figure", "")
