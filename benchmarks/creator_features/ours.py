"""The workbench's own features, with a cache folder or without."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.creator_features import AS_OF, FEATURES
from workbench.features import FeatureSettings, creator_features
from workbench.store import open_store


def main() -> None:
    """Read ``STORE``, write the features to ``OUT``; ``CACHE`` keeps those of each bucket."""
    cache = Path(sys.argv[3]) if len(sys.argv) > 3 else None
    found = creator_features(
        open_store(Path(sys.argv[1])), FeatureSettings(as_of=AS_OF), cache=cache
    )
    table = found.table[["creator_key", *FEATURES]]
    table.astype(dict.fromkeys(FEATURES, "float64")).to_parquet(sys.argv[2], index=False)


if __name__ == "__main__":
    main()
