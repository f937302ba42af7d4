"""How followers and accounts followed went from count to count, and what explains a jump."""

from __future__ import annotations

import numpy as np
import pandas as pd

LEAST_STEPS = 10
_LEAST_SPREAD = 0.0005  # log followers a day: growth as even as this has no spread
JUMP_Z = 6.0
# An event may be noted a day late, and what it brings may take a week.
_DAYS_BEFORE, _DAYS_AFTER = 2, 7
_LOSS_DAYS = 56
EXPLAINING = ("giveaway", "press", "viral_post")
COLUMNS = {
    "growth_spike": "float64",
    "drop_after_spike": "float64",
    "following_swing": "float64",
    "spike_from": "datetime64[us]",
    "spike_to": "datetime64[us]",
    "spike_gain": "float64",
    "explained_jumps": "float64",
}


def growth_signals(snapshots: pd.DataFrame, events: pd.DataFrame | None = None) -> pd.DataFrame:
    """Measure each account's history.

    Parameters
    ----------
    snapshots : DataFrame
        ``creator_key``, ``observed_on``, ``followers``, ``following``.
    events : DataFrame, optional
        ``creator_key``, ``date``, ``kind``: what may explain a jump.

    Returns
    -------
    DataFrame
        By ``creator_key``: ``growth_spike``, the largest step that no event explains, in robust
        standard deviations above the account's usual growth; ``drop_after_spike``, the part of its
        gain that was lost within eight weeks, 0 without a jump; ``following_swing``, the spread of
        the accounts followed about their trend; ``spike_from``, ``spike_to``, ``spike_gain`` of
        that step where it is a jump; ``explained_jumps``, how many others an event stands beside.
    """
    counts = snapshots.sort_values(["creator_key", "observed_on"], ignore_index=True)
    if counts.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    steps = _steps(counts)
    steps = steps.assign(explained=_explained(steps, events))
    spikes = _spikes(steps)
    drops = _drops(counts, spikes)
    table = spikes.join(drops).join(_swing(counts))
    is_jump = table["growth_spike"] > JUMP_Z
    drop = table["drop_after_spike"].where(is_jump & table["drop_after_spike"].notna(), 0.0)
    table["drop_after_spike"] = drop.where(table["growth_spike"].notna())
    for name in ("spike_from", "spike_to", "spike_gain"):
        table[name] = table[name].where(is_jump)
    return table.reindex(columns=list(COLUMNS)).astype(COLUMNS)


def _steps(counts: pd.DataFrame) -> pd.DataFrame:
    """Return the growth from each count to the next, at most a week later."""
    by = counts.groupby("creator_key", sort=False)
    before = by[["followers", "observed_on"]].shift()
    now = counts["followers"].astype("float64")
    days = (counts["observed_on"] - before["observed_on"]).dt.days
    known = days.between(1, 7) & before["followers"].gt(0).fillna(False) & now.gt(0)
    steps = pd.DataFrame(
        {
            "creator_key": counts["creator_key"],
            "start": before["observed_on"],
            "end": counts["observed_on"],
            "before": before["followers"].astype("float64"),
            "after": now,
            "days": days,
        }
    )[known]
    rate = np.log(steps["after"] / steps["before"]) / steps["days"]
    return steps.assign(rate=rate).reset_index(drop=True)


def _explained(steps: pd.DataFrame, events: pd.DataFrame | None) -> pd.Series:
    """Tell which steps lie within days of an event of the account."""
    known = pd.Series(False, index=steps.index)
    if events is None or events.empty:
        return known
    near = events[events["kind"].isin(EXPLAINING)][["creator_key", "date"]]
    pairs = steps[["creator_key", "start", "end"]].reset_index().merge(near, on="creator_key")
    day = pd.Timedelta(days=1)
    beside = (pairs["end"] >= pairs["date"] - _DAYS_BEFORE * day) & (
        pairs["start"] <= pairs["date"] + _DAYS_AFTER * day
    )
    known[pairs.loc[beside, "index"].unique()] = True
    return known


def _spikes(steps: pd.DataFrame) -> pd.DataFrame:
    by = steps.groupby("creator_key")["rate"]
    middle = by.transform("median")
    spread = 1.4826 * (steps["rate"] - middle).abs().groupby(steps["creator_key"]).transform(
        "median"
    )
    z = (steps["rate"] - middle) / spread.clip(lower=_LEAST_SPREAD)
    enough = by.transform("size") >= LEAST_STEPS
    open_steps = steps.assign(z=z.where(~steps["explained"] & enough)).dropna(subset="z")
    largest = open_steps.loc[open_steps.groupby("creator_key")["z"].idxmax()]
    found = largest.set_index("creator_key").assign(
        growth_spike=lambda frame: frame["z"].clip(lower=0),
        spike_gain=lambda frame: frame["after"] - frame["before"],
    )
    explained = (z.gt(JUMP_Z) & steps["explained"]).groupby(steps["creator_key"]).sum()
    columns = {"start": "spike_from", "end": "spike_to", "after": "top"}
    kept = found.rename(columns=columns)[
        ["growth_spike", "spike_gain", "spike_from", "spike_to", "top"]
    ]
    return kept.join(explained.rename("explained_jumps"), how="outer")


def _drops(counts: pd.DataFrame, spikes: pd.DataFrame) -> pd.DataFrame:
    """Return the part of each spike's gain that was gone at the lowest count after it."""
    own = counts[["creator_key", "observed_on", "followers"]].merge(
        spikes[["spike_to"]].dropna(), left_on="creator_key", right_index=True
    )
    since = (own["observed_on"] - own["spike_to"]).dt.days
    low = own[since.between(1, _LOSS_DAYS)].groupby("creator_key")["followers"].min()
    lost = spikes["top"] - low.astype("float64").reindex(spikes.index)
    drop = (lost / spikes["spike_gain"].where(spikes["spike_gain"] > 0)).clip(0, 1)
    return drop.rename("drop_after_spike").to_frame()


def _swing(counts: pd.DataFrame) -> pd.DataFrame:
    known = counts[counts["following"].gt(0).fillna(False)]
    by = known["creator_key"]
    parts = pd.DataFrame(
        {
            "x": (known["observed_on"] - known["observed_on"].min()).dt.days.astype("float64"),
            "y": np.log(known["following"].astype("float64")),
        }
    )
    away = parts - parts.groupby(by).transform("mean")
    x, y = away["x"], away["y"]
    totals = pd.DataFrame({"xy": x * y, "xx": x * x, "yy": y * y, "n": 1.0}).groupby(by).sum()
    left = (totals["yy"] - totals["xy"] ** 2 / totals["xx"].where(totals["xx"] > 0)).clip(lower=0)
    square = left / (totals["n"] - 2).where(totals["n"] > LEAST_STEPS)
    return pd.DataFrame({"following_swing": square**0.5})
