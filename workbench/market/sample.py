"""Write the bundled sample: ``python -m workbench.market.sample data/sample``."""

from __future__ import annotations

import argparse
from pathlib import Path

from workbench.market.settings import MarketSettings
from workbench.market.world import make_market, write_exports, write_truth


def write_sample(directory: Path) -> None:
    """Write the sample market's ``exports/`` and ``truth/`` into a directory."""
    market = make_market(MarketSettings())
    write_exports(market, directory / "exports")
    write_truth(market, directory / "truth")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write the bundled sample.")
    parser.add_argument("directory", type=Path, help="where exports/ and truth/ are written")
    write_sample(parser.parse_args().directory)
