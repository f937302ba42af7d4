"""Is the simulated market inside the bands around real posts? The benchmark's, on a smaller one."""

import pytest

from benchmarks.market_marginals import SETS, compare, make_pair

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def judged(real_data):
    return compare([make_pair(name, 6_000) for name in SETS], draws=40)


@pytest.mark.parametrize("name", SETS)
def test_every_marginal_is_inside_its_band(judged, name):
    table = judged[judged["set"] == name]
    assert table.loc[table["inside"] != "yes", "marginal"].tolist() == []


def test_the_bands_are_narrow_enough_to_tell(judged):
    assert (judged["sample inside"] == "NO").mean() > 0.5
