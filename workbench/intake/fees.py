"""What fees are asked for, in a column of its own or in the headers of a rate card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from workbench.intake.fields import (
    ACCOUNT_COUNTS,
    POST_COUNTS,
    deliverable_in,
    plain_name,
    platform_in,
    vocabulary,
)
from workbench.intake.layouts import Layout
from workbench.intake.money import CODES, parse_money
from workbench.intake.numbers import blank_cells
from workbench.intake.profile import RATE_CARD, MappingProfile
from workbench.intake.read import Piece, RawFile

_NO_CARD = (*ACCOUNT_COUNTS, *POST_COUNTS, "deliverable", "fee")
_SMALL_WORDS = {"per", "for", "a", "in", "pro", "par", "por", "za", "fiyati", *CODES.split("|")}


def long_layout(layout: Layout, profiles: Iterable[MappingProfile]) -> Layout:
    """Return a rate card, which has a fee in each of several columns, with a row a fee.

    A profile's ``fees`` say which, else the headers and the amounts below them.
    """
    told = (p.fees for p in profiles if p.fees and {*p.fees.values()} <= {*layout.header})
    fees = {header: deliverable for deliverable, header in next(told, {}).items()}
    fees = fees or _fee_columns(layout)
    return replace(layout, files=tuple(_long(f, fees) for f in layout.files)) if fees else layout


def _fee_columns(layout: Layout) -> dict[str, str]:
    """Return the headers that name deliverables and hold amounts, with the deliverables."""
    known, found = vocabulary(), {}
    other = {n for name in _NO_CARD for n in known.names[name]}
    for header in layout.header:
        words = plain_name(header).split()
        if " ".join(words) in other:
            return {}  # `Reel` may then be how many
        left = " ".join(w for w in words if w not in _SMALL_WORDS | known.names["fee"].keys())
        amounts = parse_money(layout.cells[header], layout.style) if deliverable_in(left) else None
        if amounts and amounts.typed.gt(0).any():
            found[header] = left
    twice = len({*found.values()}) < len(found)  # `Reel (EUR)` and `Reel (USD)`
    return found if len(found) > 1 and not twice else {}


def _long(file: RawFile, fees: Mapping[str, str]) -> RawFile:
    [deliverable], [fee] = RATE_CARD.values()

    def long(piece: Piece) -> Piece:
        kept = [name for name in piece.cells if name not in fees]
        cells = piece.cells.melt(kept, var_name=deliverable, value_name=fee, ignore_index=False)
        cells = cells[~blank_cells(cells[fee], numeric=True)].sort_index(kind="stable")
        named = {deliverable: cells[deliverable].map(dict(fees)).astype("str")}
        return replace(piece, cells=cells.assign(**named))

    return replace(file, first=long(file.first), pieces=lambda: map(long, file.pieces()))


def settle_deliverables(frame: pd.DataFrame) -> pd.DataFrame:
    """Name deliverables alike; the platform that one names (``IG Reel``) is the row's.

    ``elsewhere`` marks rows of which it is not.
    """
    texts = frame["deliverable"].dropna().unique()
    told = frame["deliverable"].map({text: platform_in(text) for text in texts}).astype("str")
    platform = frame["platform"].fillna(told)
    return frame.assign(
        deliverable=frame["deliverable"].replace({t: deliverable_in(t) or t for t in texts}),
        platform=platform,
        elsewhere=told.notna() & told.ne(platform),
    )
