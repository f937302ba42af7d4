import json

import pandas as pd
import pytest

from workbench.market.people import PeopleSettings
from workbench.market.settings import varied_settings
from workbench.market.surroundings import Surroundings, surround
from workbench.market.world import make_market, write_market

FEW = Surroundings(people=PeopleSettings(people=1_500, panel=300), paired=20, sampled=4)


def made(**changes):
    return surround(make_market(varied_settings(120, seed=5, **changes)), FEW)


@pytest.fixture(scope="module")
def market():
    return made()


def test_each_kind_of_export_has_its_folder(market):
    folders = {name.partition("/")[0] for name in market.extras}
    assert {"followers", "campaigns", "vendors", "planning"} <= folders


def test_the_same_seed_gives_the_same_surroundings(market):
    again = made()
    for one, other in ((market.extras, again.extras), (market.truth, again.truth)):
        assert one.keys() == other.keys()
        for name, table in one.items():
            pd.testing.assert_frame_equal(table, other[name])


def test_nothing_is_made_of_creators_who_were_not_picked():
    picked = made(selection="top_engagements", selection_share=0.5)
    known = set(picked.creators["creator_key"].astype("str"))
    for name, table in picked.truth.items():
        for column in {"creator_key", "other_key"} & {*table.columns}:
            assert set(table[column].astype("str")) <= known, name


def test_half_of_the_lists_of_followers_are_of_accounts_that_bought(market):
    listed = set(market.truth["followers.csv"]["creator_key"])
    audiences = market.truth["audiences.csv"].set_index("creator_key")
    assert (audiences.loc[sorted(listed), "bought"] > 0).sum() == len(listed) // 2


def test_all_of_it_is_written_with_its_settings(market, tmp_path):
    write_market(market, tmp_path / "m")
    names = {
        p.relative_to(tmp_path / "m" / "exports").as_posix()
        for p in tmp_path.rglob("*.csv")
        if "exports" in p.parts
    }
    assert {*market.extras} <= names
    follows = pd.read_parquet(tmp_path / "m" / "truth" / "follows.parquet")
    assert len(follows) == len(market.truth["follows.parquet"])
    settings = json.loads((tmp_path / "m" / "truth" / "settings.json").read_text())
    assert settings["people"]["people"] == 1_500
