"""Write the bundled sample: ``python -m workbench.market.sample data/sample``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from workbench.market.realistic import REALISTIC, REALISTIC_SHAPE
from workbench.market.settings import MarketSettings, varied_settings
from workbench.market.surroundings import Surroundings, surround
from workbench.market.world import Market, make_market, write_exports, write_truth

PLANNING = "planning/"


def sample_settings() -> MarketSettings:
    """Return the settings of the sample: 400 creators by the truest laws there are."""
    return varied_settings(400, laws=REALISTIC, error_shape=REALISTIC_SHAPE)


def make_sample() -> Market:
    """Make the sample's market, with fee quotes and overlaps but without what else surrounds it."""
    whole = make_market(sample_settings())
    around = surround(whole, Surroundings())
    exports = {
        name.removeprefix(PLANNING): table
        for name, table in around.extras.items()
        if name in whole.extras or name.startswith(PLANNING)
    }
    truth = {name: around.truth[name] for name in (*whole.truth, "fees.csv", "overlaps.csv")}
    return replace(around, extras=exports, truth=truth)


def write_sample(directory: Path) -> None:
    """Write the sample market's ``exports/`` and ``truth/`` into a directory."""
    market = make_sample()
    write_exports(market, directory / "exports")
    write_truth(market, directory / "truth")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the bundled sample.")
    parser.add_argument("directory", type=Path, help="where exports/ and truth/ are written")
    write_sample(parser.parse_args().directory)
