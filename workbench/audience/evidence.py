"""What a person needs before asking a creator: signals, peers, and what else may be behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from workbench.audience.peers import Reference
from workbench.audience.screen import AudienceScreen
from workbench.audience.signals import SIGNALS, Signal, Signals
from workbench.errors import DataError

_BY_NAME = {signal.name: signal for signal in SIGNALS}
_NEAREST = 60  # peers nearest in size
_LEAST_OF_NICHE = 30  # else peers of all niches
_MOST, _LEAST = 5, 3  # signals on a card
_NEAR_DAYS = 14  # an event this near a jump is told


@dataclass(frozen=True, kw_only=True)
class CardSignal:
    """One signal of a card: the value among the peers nearest in size.

    ``low``, ``middle``, ``high`` are the peers' 5th, 50th and 95th percentile; ``niche`` is theirs,
    empty where they are of all niches; ``p_without`` is the p-value, were the signals of this
    signal's group the usual ones, missing where it isn't scored.
    """

    signal: Signal
    value: float
    z: float
    low: float
    middle: float
    high: float
    peers: int
    niche: str
    p_without: float

    @property
    def direction(self) -> str:
        """Where the value lies: ``high``, ``low`` or ``usual``."""
        return "low" if self.value < self.low else "high" if self.value > self.high else "usual"


@dataclass(frozen=True, kw_only=True)
class CardJump:
    """A jump of followers: its days, its gain, and the p-value without it."""

    first: date
    last: date
    gain: int
    p_without: float


@dataclass(frozen=True, kw_only=True)
class EvidenceCard:
    """What stands behind the state of one creator.

    ``events`` are those near the jump, else all of the account: (kind, day). ``groups`` are those
    of the signals that stand out: innocent explanations, questions and what would clear it depend
    on them. ``missing`` are scored signals that could not be told.
    """

    creator_key: str
    handle: str
    platform: str
    niche: str
    followers: float
    state: str
    reason: str
    p: float
    p_low: float
    p_high: float
    pattern: str
    reference: int
    signals: tuple[CardSignal, ...]
    jump: CardJump | None
    events: tuple[tuple[str, date], ...]
    groups: tuple[str, ...]
    missing: tuple[str, ...]


def make_cards(
    screen: AudienceScreen,
    signals: Signals,
    *,
    names: Sequence[str] = (),
    events: pd.DataFrame | None = None,
    reference: pd.DataFrame | None = None,
) -> tuple[EvidenceCard, ...]:
    """Make the cards of the creators worth asking, or of those named.

    ``signals``, ``events`` and ``reference`` are those that the screen was made from.

    Raises
    ------
    DataError
        If a name was not screened.
    """
    table = screen.table.set_index("creator_key")
    asked = list(names) or list(table.index[table["state"] == "worth asking"])
    unknown = [name for name in asked if name not in table.index]
    if unknown:
        raise DataError("Some creators were not screened.", unknown)
    peers = signals.table if reference is None else reference
    told = {str(key): rows for key, rows in screen.signals.groupby("creator_key")}
    rows = zip(table.loc[asked].iterrows(), signals.table.loc[asked].iterrows(), strict=True)
    return tuple(
        _card(judged, measured, told.get(str(key)), peers, screen, events)
        for (key, judged), (_, measured) in rows
    )


def _card(
    judged: pd.Series,
    measured: pd.Series,
    told: pd.DataFrame | None,
    peers: pd.DataFrame,
    screen: AudienceScreen,
    events: pd.DataFrame | None,
) -> EvidenceCard:
    jump = _jump(measured, judged, told, screen)
    shown = _chosen(measured, told)
    near = peers[(peers["platform"] == measured["platform"]) & (peers.index != measured.name)]
    cards = tuple(_card_signal(*one, measured, near) for one in shown)
    odd = [card for card in cards if card.direction != "usual"] or list(cards[:1])
    return EvidenceCard(
        creator_key=str(measured.name),
        handle=str(measured["handle"]),
        platform=str(measured["platform"]),
        niche="" if pd.isna(measured["niche"]) else str(measured["niche"]),
        followers=float(measured["followers"]),
        state=str(judged["state"]),
        reason=str(judged["reason"]),
        p=float(judged["p"]),
        p_low=float(judged["p_low"]),
        p_high=float(judged["p_high"]),
        pattern=str(judged["pattern"]),
        reference=int(judged["reference"]),
        signals=cards,
        jump=jump,
        events=_near_events(str(measured.name), jump, events),
        groups=tuple(dict.fromkeys(card.signal.group for card in odd)),
        missing=tuple(name for name in str(judged["signals_missing"]).split(", ") if name),
    )


def _chosen(measured: pd.Series, told: pd.DataFrame | None) -> list[tuple[str, float, float]]:
    """Choose signals: those without which the account would be most ordinary, then the farthest."""
    if told is None:
        return []
    order = told.assign(far=-told["z"].abs()).sort_values(
        ["p_without", "far"], ascending=[False, True]
    )
    far = order[order["z"].abs() > 1.64]
    kept = order if len(far) < _LEAST else far
    chosen = kept.head(_MOST if len(far) >= _LEAST else _LEAST)
    return list(zip(chosen["signal"], chosen["z"], chosen["p_without"], strict=True))


def _card_signal(
    name: str, z: float, without: float, measured: pd.Series, peers: pd.DataFrame
) -> CardSignal:
    has = peers[peers[name].notna() & peers["followers"].gt(0)]
    of_niche = has[has["niche"] == measured["niche"]]
    niche = str(measured["niche"]) if len(of_niche) >= _LEAST_OF_NICHE else ""
    among = of_niche if niche else has
    away = np.log(among["followers"] / measured["followers"]).abs().sort_values(kind="stable")
    nearest = among.loc[away.index[:_NEAREST], name].astype("float64")
    low, middle, high = np.quantile(nearest, [0.05, 0.5, 0.95]) if len(nearest) else (np.nan,) * 3
    return CardSignal(
        signal=_BY_NAME[name],
        value=float(measured[name]),
        z=float(z),
        low=float(low),
        middle=float(middle),
        high=float(high),
        peers=len(nearest),
        niche=niche,
        p_without=float(without),
    )


def _jump(
    measured: pd.Series, judged: pd.Series, told: pd.DataFrame | None, screen: AudienceScreen
) -> CardJump | None:
    """Judge the account anew as it would be without its jump and what of it stayed."""
    if told is None or pd.isna(measured["spike_from"]):
        return None
    of = _reference_of(judged, told, screen)
    stayed = measured["spike_gain"] * (1 - measured["drop_after_spike"])
    before = max(measured["followers"] - stayed, 1.0)
    grown = measured["followers"] / before
    without = measured.copy()
    without["followers"] = before
    without["growth_spike"], without["drop_after_spike"] = np.nan, np.nan
    for name in ("engagement_rate", "follow_ratio"):
        without[name] = measured[name] * grown
    p = _p_of(without.to_frame().T, of)
    days = measured[["spike_from", "spike_to"]]
    return CardJump(
        first=days["spike_from"].date(),
        last=days["spike_to"].date(),
        gain=int(measured["spike_gain"]),
        p_without=p,
    )


def _reference_of(judged: pd.Series, told: pd.DataFrame, screen: AudienceScreen) -> Reference:
    return screen.references[judged["platform"], tuple(told["signal"])]


def _p_of(row: pd.DataFrame, of: Reference) -> float:
    """Return the p-value of a changed account; missing signals are taken to be the usual ones."""
    typed = row[["followers", *of.peers.names]].astype("float64")
    z = np.nan_to_num(of.standardised(typed))
    return float(of.p_values(of.families(z, typed).max(axis=1), typed.index)[0])


def _near_events(
    key: str, jump: CardJump | None, events: pd.DataFrame | None
) -> tuple[tuple[str, date], ...]:
    if events is None:
        return ()
    own = events[events["creator_key"] == key].sort_values("date")
    days = pd.to_datetime(own["date"]).dt.date
    found = list(zip(own["kind"], days, strict=True))
    if jump is None:
        return tuple(found)
    near = timedelta(days=_NEAR_DAYS)
    return tuple((kind, day) for kind, day in found if jump.first - near <= day <= jump.last + near)
