"""Where the notebooks and the sample are: in the checkout, or inside the installed wheel."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import RunError

if TYPE_CHECKING:
    import pandas as pd


def bundled(place: str) -> Path:
    """Return the path of a bundled file or folder, such as ``data/sample``.

    Raises
    ------
    RunError
        If the installation lacks it.
    """
    package = Path(str(files("workbench")))
    for root in (package / "bundled", package.parent):
        if (root / place).exists():
            return root / place
    raise RunError(f"This installation lacks {place}.", ["install the package again"])


def sample_exports() -> list[Path]:
    """Return the sample's export files."""
    return sorted(bundled("data/sample/exports").glob("*.csv"))


def sample_shortlist() -> list[str]:
    """Return the creators that the sample's client thinks of."""
    return bundled("data/sample/shortlist.txt").read_text(encoding="utf-8").splitlines()


def read_sample_truth() -> pd.DataFrame:
    """Return what is true of the sample's creators; for the truth switch, never for a method."""
    import pandas as pd

    return pd.read_csv(bundled("data/sample/truth/creators.csv"))


def report_notebooks() -> dict[str, Path]:
    """Return the report notebooks by name."""
    return {path.stem: path for path in sorted(bundled("notebooks/report").glob("*.ipynb"))}
