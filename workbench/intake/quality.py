"""What an import did: rows kept and refused, mapping, duplicates, dates, who is missing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from workbench.errors import SettingsError
from workbench.store import WriteCount
from workbench.tables.schema import DRAWS, PLATFORMS, SAMPLINGS


@dataclass(frozen=True, kw_only=True)
class ImportSettings:
    """What was asked; ``as_of`` is an ISO date."""

    profile: str | None = None
    as_of: str | None = None
    platform: str | None = None
    sampling: str | None = None
    account: str | None = None
    currency: str | None = None
    drawn: str | None = None

    def __post_init__(self) -> None:
        faults = []
        if self.platform not in (None, *PLATFORMS):
            faults.append(f"platform {self.platform!r} is none of {', '.join(PLATFORMS)}")
        if self.sampling not in (None, *SAMPLINGS):
            faults.append(f"sampling {self.sampling!r} is none of {', '.join(SAMPLINGS)}")
        if self.drawn not in (None, *DRAWS):
            faults.append(f"drawn {self.drawn!r} is none of {', '.join(DRAWS)}")
        if self.currency and not re.fullmatch("[A-Z]{3}", self.currency):
            faults.append(f"currency {self.currency!r} is no code such as EUR")
        try:
            self.day  # noqa: B018
        except ValueError:
            faults.append(f"as-of {self.as_of!r} is no date such as 2026-03-31")
        if faults:
            raise SettingsError("The import can't start.", faults)

    @property
    def day(self) -> date | None:
        """The day of the export, if given."""
        return date.fromisoformat(self.as_of) if self.as_of else None


@dataclass(frozen=True, kw_only=True)
class ImportSummary:
    """The numbers of an import.

    Each of ``rows`` is kept, refused or a duplicate. ``as_of`` is an ISO date, the newest in the
    files where it was not given. ``without_posts`` and ``without_followers`` name the creators of
    whom neither the import nor the store has any.
    """

    import_id: str
    as_of: str
    as_of_given: bool
    sampling: str
    rows: int
    kept: int
    refused: int
    duplicates_exact: int
    duplicates_differing: int
    creators: int
    posts: int
    snapshots: int
    metrics: int
    followers_sampled: int
    followers_drawn_unknown: int
    tracked: int
    payouts: int
    fee_quotes: int
    overlaps: int
    events: int
    likes_hidden: int
    counts_rounded: int
    first_post: str | None
    last_post: str | None
    without_posts: tuple[str, ...]
    without_followers: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ImportReport:
    """The quality of an import.

    Attributes
    ----------
    table : DataFrame
        A row a file: what it holds, what became of its rows, and the headers ``not_read``.
    summary : ImportSummary
    settings : ImportSettings
    mapping : DataFrame
        ``file``, ``column``, ``header``, ``examples``.
    refused : DataFrame
        In ``REFUSED_COLUMNS``; of very many the first. All stand in ``refused.csv``.
    reasons : DataFrame
        All refused rows counted: ``reason``, ``column``, ``rows``, three ``examples`` and
        ``values``.
    notes : DataFrame
        What was settled: ``file``, ``column``, ``note``, ``rows``, ``examples``.
    disagreements : DataFrame
        Figures of one creator that two sources give differently: ``creator``, ``figure``,
        ``as_of``, ``value``, ``file``, ``other_value``, ``other_file``, ``ratio``, ``kept``.
    spread : DataFrame
        How the rows lie: ``what``, ``platform``, ``place``, ``number``. Posts by month (of year 0),
        and creators by their latest followers (the lower end as a multiple of half a power of ten).
    written : mapping
        What became of the rows in the store, by table.
    """

    table: pd.DataFrame
    summary: ImportSummary
    settings: ImportSettings
    mapping: pd.DataFrame
    refused: pd.DataFrame
    reasons: pd.DataFrame
    notes: pd.DataFrame
    disagreements: pd.DataFrame
    spread: pd.DataFrame
    written: Mapping[str, WriteCount]

    def content(self) -> dict[str, Any]:
        """Return what ``qa.json`` holds; what was written to the store is not part of it."""
        return {
            "summary": asdict(self.summary),
            "settings": asdict(self.settings),
            "files": self.table.to_dict("records"),
            "mapping": self.mapping.to_dict("records"),
            "reasons": self.reasons.to_dict("records"),
            "notes": self.notes.to_dict("records"),
            "disagreements": len(self.disagreements),
        }
