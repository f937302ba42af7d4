"""The panel in which a screen is looked through, without a browser."""

import pytest

from tests.test_audience import SCREEN, SETTINGS, WORLD, first
from workbench.audience import screen_creators
from workbench.errors import DataError
from workbench.explore.audience import AudiencePanel


def select(panel, *rows):
    panel.plot.selection([*rows])
    panel.show()


def test_the_card_is_of_the_oddest_selected():
    panel = AudiencePanel(SCREEN, WORLD)
    select(panel, 5, 2, 9)
    assert SCREEN.table["handle"].iloc[2] in panel.card.value
    assert panel.table.df["Creator"].tolist() == SCREEN.table["handle"].iloc[[2, 5, 9]].tolist()


def test_of_two_it_is_said_which_is_odder():
    panel = AudiencePanel(SCREEN, WORLD)
    select(panel, 0, 200)
    assert "is odder than" in panel.card.value
    select(panel)
    assert "Draw a loop" in panel.card.value


def test_nobody_to_draw_is_told():
    few = first(WORLD, 20)
    with pytest.raises(DataError, match="nobody to draw"):
        AudiencePanel(screen_creators(few, SETTINGS), few)
