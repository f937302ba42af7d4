"""Which creators are worth asking: one score, one p-value against peers, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from workbench.audience.likes import Floats
from workbench.audience.patterns import PATTERNS, known_families
from workbench.audience.peers import Reference, make_reference
from workbench.audience.ranges import draw_p_values
from workbench.audience.signals import SCORED, SIGNALS, Signals
from workbench.errors import DataError, SettingsError

State = Literal["no concern found", "worth asking", "not enough data"]
STATES: tuple[State, ...] = ("worth asking", "no concern found", "not enough data")
_IDENTITY = ("handle", "platform", "niche", "followers", "posts")
_GROUPS = {signal.name: signal.group for signal in SIGNALS}
_TOLD = ("creator_key", "signal", "group", "value", "z", "p_without")


@dataclass(frozen=True, kw_only=True)
class ScreenSettings:
    """What is asked of the screen.

    Attributes
    ----------
    alpha : float
        The chance that an account like its peers is called worth asking.
    false_discovery : float
        Share of false ones among the flagged that is borne, for the flags of the whole list.
    least_peers : int
        With fewer peers that have the same signals there is no p-value.
    draws : int
        Draws behind the ranges.
    seed : int
        Of those draws.
    """

    alpha: float = 0.05
    false_discovery: float = 0.10
    least_peers: int = 60
    draws: int = 40
    seed: int = 0

    def __post_init__(self) -> None:
        faults = [
            f"{name}: expected above 0 and below 0.5, found {value}"
            for name in ("alpha", "false_discovery")
            if not 0 < (value := getattr(self, name)) < 0.5
        ]
        if self.least_peers < 30 or self.draws < 10:
            faults.append("least_peers: expected at least 30; draws: expected at least 10")
        if faults:
            raise SettingsError("The screen can't be run with these settings.", faults)


@dataclass(frozen=True, kw_only=True)
class ScreenSummary:
    """The numbers about a screen that a sentence may quote.

    ``expected_false`` is alpha times the creators with a p-value: of that many creators like their
    peers, so many would be called worth asking too. ``too_small`` are those whose reference can't
    carry the flag of the whole list.
    """

    creators: int
    judged: int
    worth_asking: int
    no_concern: int
    not_enough: int
    flagged: int
    too_small: int
    expected_false: float
    least_reference: int
    most_reference: int


@dataclass(frozen=True, kw_only=True, eq=False)
class AudienceScreen:
    """The creators of a list, screened.

    Attributes
    ----------
    table : DataFrame
        One row a creator, lowest p first:

        - ``creator_key``, ``handle``, ``platform``, ``niche``, ``followers``, ``posts``;
        - ``score`` (about 2: one in a hundred peers points as far) and ``p`` among the
          peers, missing without enough of them; neither depends on who else is on the list;
        - ``p_low``, ``p_high``: 90% range of the p-value over what few posts and the signals that
          are missing leave open;
        - ``q`` (Benjamini-Hochberg) and ``flagged`` at the false-discovery rate: these do depend on
          the list;
        - ``pattern``: what the signals point to most; ``reference``: peers compared with;
        - ``signals_used``; ``signals_missing``: names, comma between;
        - ``state``: one of ``STATES``; ``reason``: why not enough data, or why no flag.
    signals : DataFrame
        One row a creator and scored signal it has: ``creator_key``, ``signal``, ``group``,
        ``value``, ``z`` (robust sd from what is usual at the size), ``p_without`` (the p-value,
        were the signals of this group the usual ones).
    summary : ScreenSummary
    settings : ScreenSettings
    draws : DataFrame
        A row a creator by ``creator_key``: p-values drawn over what is open.
    references : dict
        By platform and names of signals: what each creator was compared with.
    """

    table: pd.DataFrame
    signals: pd.DataFrame
    summary: ScreenSummary
    settings: ScreenSettings
    draws: pd.DataFrame
    references: dict[tuple[str, tuple[str, ...]], Reference]


def screen_creators(
    signals: Signals,
    settings: ScreenSettings,
    *,
    names: Sequence[str] = (),
    reference: pd.DataFrame | None = None,
) -> AudienceScreen:
    """Screen the creators of a list against peers of the same platform and size.

    The p-values are conformal (Bates et al. 2023): among accounts exchangeable with the peers, a
    share of at most alpha gets one of at most alpha, whatever the score. Odd accounts among the
    peers make them larger, never smaller: fewer are found, not more wronged.

    Parameters
    ----------
    signals : Signals
    settings : ScreenSettings
    names : sequence of str, optional
        The ``creator_key`` of those to judge; without, all.
    reference : DataFrame, optional
        ``Signals.table`` of the peers; without, that of ``signals``, each account judged by the
        others.

    Raises
    ------
    DataError
        If there are no creators, or a name is not among the signals.
    """
    table = signals.table
    peers = table if reference is None else reference
    unknown = [name for name in names if name not in table.index]
    if unknown:
        raise DataError("Some creators to judge have no signals.", unknown)
    asked = table.loc[list(names)] if names else table
    if asked.empty:
        raise DataError("There are no creators to screen.", ["import creators or posts first"])
    compared = _compared_names(asked, peers[peers["followers"] > 0], settings)
    references: dict[tuple[str, tuple[str, ...]], Reference] = {}
    parts, told, draws = [], [], []
    for group, rows in asked.groupby([asked["platform"], compared], sort=True):
        platform, signal_names = cast("tuple[str, tuple[str, ...]]", group)
        if not known_families(signal_names):
            parts.append(_nothing(rows))
            continue
        of = references[platform, signal_names] = make_reference(
            _complete(peers[peers["platform"] == platform], signal_names), signal_names
        )
        z = of.standardised(rows)
        families = of.families(z, rows)
        p = of.p_values(families.max(axis=1), rows.index)
        drawn = draw_p_values(signals, rows, z, of, times=settings.draws, seed=settings.seed)
        parts.append(_judged(rows, families, p, drawn, of))
        told.append(_told(rows, z, of))
        draws.append(pd.DataFrame(drawn, index=rows.index))
    frame = _with_states(pd.concat(parts), settings)
    return AudienceScreen(
        table=frame,
        signals=pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=_TOLD),
        summary=_summary(frame, settings),
        settings=settings,
        draws=pd.concat(draws) if draws else pd.DataFrame(),
        references=references,
    )


def name_creators(screen: AudienceScreen, *, masked: bool) -> AudienceScreen:
    """Return the screen with ``number`` (1, 2, ... the oddest first); masked, handles are that."""
    table = screen.table.assign(number=range(1, len(screen.table) + 1))
    if masked:
        table = table.assign(handle=table["number"].map("Creator {}".format))
    return replace(screen, table=table)


def compare_creators(screen: AudienceScreen, one: str, other: str) -> float:
    """Return the chance that the first creator is the odder one, over what the data leave open."""
    known = screen.draws.index
    faults = [f"{key}: has no p-value" for key in (one, other) if key not in known]
    if faults:
        raise DataError("These creators can't be compared.", faults)
    first, second = (screen.draws.loc[key].to_numpy() for key in (one, other))
    less = first[:, None] < second[None]
    same = first[:, None] == second[None]
    return float(less.mean() + same.mean() / 2)


def missing_signals(names: Sequence[str]) -> str:
    """Return the scored signals that are not among these, as one text."""
    return ", ".join(name for name in SCORED if name not in names)


def _complete(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    sized = table[table["followers"] > 0]
    return sized[sized[list(names)].notna().all(axis=1)]


def _compared_names(
    asked: pd.DataFrame, peers: pd.DataFrame, settings: ScreenSettings
) -> pd.Series:
    """Return which signals each creator is compared on: those it has, as far as peers have them.

    Signals that too few peers have together with the others are left out, the rarest first.
    """
    has = asked[list(SCORED)].notna().mul(asked["followers"].gt(0), axis=0)
    known: dict[tuple[str, tuple[bool, ...]], tuple[str, ...]] = {}
    found = []
    for platform, own in zip(asked["platform"], has.to_numpy(), strict=True):
        key = (platform, tuple(own))
        if key not in known:
            same = peers.loc[peers["platform"] == platform, list(SCORED)].notna()
            names = [name for name, value in zip(SCORED, own, strict=True) if value]
            while names and same[names].all(axis=1).sum() < settings.least_peers:
                names.remove(min(names, key=lambda name: same[name].sum()))
            known[key] = tuple(names)
        found.append(known[key])
    return pd.Series(found, index=asked.index, dtype="object")


def _judged(
    rows: pd.DataFrame, families: Floats, p: Floats, drawn: Floats, of: Reference
) -> pd.DataFrame:
    names = of.peers.names
    labels = [_label(family) for family in known_families(names)]
    low, high = np.quantile(drawn, [0.05, 0.95], axis=1)
    return rows[list(_IDENTITY)].assign(
        score=families.max(axis=1),
        p=p,
        p_low=np.minimum(low, p),
        p_high=np.maximum(high, p),
        pattern=np.array(labels)[families.argmax(axis=1)],
        reference=len(of.scores),
        signals_used=len(names),
        signals_missing=missing_signals(names),
    )


def _nothing(rows: pd.DataFrame) -> pd.DataFrame:
    unknown = dict.fromkeys(("score", "p", "p_low", "p_high"), np.nan)
    nothing = dict.fromkeys(("reference", "signals_used"), 0)
    return rows[list(_IDENTITY)].assign(
        **unknown, **nothing, pattern="", signals_missing=missing_signals(())
    )


def _label(family: Sequence[str]) -> str:
    return next(pattern.label for pattern in PATTERNS if pattern.name == family[0])


def _told(rows: pd.DataFrame, z: Floats, of: Reference) -> pd.DataFrame:
    """Return each signal's value and place, and the p-value without its group."""
    names = of.peers.names
    groups = np.array([_GROUPS[name] for name in names])
    without = {}
    for group in dict.fromkeys(groups):
        usual = np.where(groups == group, 0.0, z)
        without[group] = of.p_values(of.families(usual, rows).max(axis=1), rows.index)
    parts = [
        pd.DataFrame(
            {
                "creator_key": rows.index,
                "signal": name,
                "group": groups[place],
                "value": rows[name].to_numpy(),
                "z": z[:, place],
                "p_without": without[groups[place]],
            }
        )
        for place, name in enumerate(names)
    ]
    return pd.concat(parts, ignore_index=True)


def _with_states(frame: pd.DataFrame, settings: ScreenSettings) -> pd.DataFrame:
    judged = frame["p"].notna()
    amount = int(judged.sum())
    q = pd.Series(np.nan, index=frame.index)
    if amount:
        q[judged] = false_discovery_control(frame.loc[judged, "p"])
    too_small = judged & (frame["reference"] < amount / settings.false_discovery - 1)
    few_peers = ~judged | (frame["reference"] < 1 / settings.alpha - 1)
    asking = judged & (frame["p"] <= settings.alpha)
    no_likes = frame["signals_missing"].str.contains("like_spread")
    state = np.select([asking, few_peers | no_likes], [STATES[0], STATES[2]], default=STATES[1])
    reason = np.select(
        [few_peers, no_likes & ~asking, too_small],
        [
            "too few peers with the same signals",
            "too few posts with likes and comments",
            "reference too small for a flag of the whole list",
        ],
        default="",
    )
    ordered = frame.assign(
        q=q,
        flagged=asking & ~too_small & (q <= settings.false_discovery),
        state=state,
        reason=reason,
    )
    ordered = ordered.rename_axis("creator_key").reset_index()
    return ordered.sort_values(["p", "creator_key"], ignore_index=True)


def _summary(frame: pd.DataFrame, settings: ScreenSettings) -> ScreenSummary:
    states = frame["state"].value_counts()
    judged = frame["p"].notna()
    reference = frame.loc[judged, "reference"]
    return ScreenSummary(
        creators=len(frame),
        judged=int(judged.sum()),
        worth_asking=int(states.get(STATES[0], 0)),
        no_concern=int(states.get(STATES[1], 0)),
        not_enough=int(states.get(STATES[2], 0)),
        flagged=int(frame["flagged"].sum()),
        too_small=int(frame["reason"].str.startswith("reference too small").sum()),
        expected_false=settings.alpha * int(judged.sum()),
        least_reference=int(reference.min()) if len(reference) else 0,
        most_reference=int(reference.max()) if len(reference) else 0,
    )
