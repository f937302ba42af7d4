"""The passport of a report: which data, which settings, which versions; never the clock."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version

import pandas as pd

import workbench
from workbench.formats import day, literal, plural
from workbench.store import Store

_PACKAGES = ("pandas", "numpy", "scipy", "scikit-learn", "statsmodels", "duckdb", "matplotlib")


def passport_rows(store: Store, parameters: Mapping[str, object], *, seed: int) -> pd.DataFrame:
    """Return the passport as rows of text, for ``show_table``.

    Parameters
    ----------
    store : Store
    parameters : mapping
        What the report was asked; lists are counted, not named, and no path belongs here.
    seed : int
        Of everything random in the report.
    """
    imports = store.catalog.imports
    files = sum(len(record.files) for record in imports)
    rows = {
        "Data fingerprint": store.fingerprint()[:16],
        "Newest import": day(store.as_of),
        "Imports": f"{plural(len(imports), 'import')} of {plural(files, 'file')}",
        "Parameters": "; ".join(f"{name} = {_value(value)}" for name, value in parameters.items()),
        "Seed": str(seed),
        "Creator Workbench": workbench.__version__,
        "Python": platform.python_version(),
        "Packages": ", ".join(f"{name} {version(name)}" for name in _PACKAGES),
    }
    return pd.DataFrame({"What": list(rows), "Value": list(rows.values())})


def _value(value: object) -> str:
    if isinstance(value, list | tuple):
        return plural(len(value), "entry", "entries")
    return literal(str(value)) if value != "" else "not set"
