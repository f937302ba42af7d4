"""A plan as what people work with: whom to book at which price, and what to register of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from workbench.budget.unknowns import TENTH
from workbench.campaign.planning import PlanningRun
from workbench.errors import DataError

RANGE = ("p10", "p50", "p90")


def make_roster(run: PlanningRun) -> pd.DataFrame:
    """List whom to book.

    Returns
    -------
    DataFrame
        One row a booking, dearest first: ``creator``, ``platform``, ``tier``, ``followers``,
        ``deliverable``, ``posts``, ``fee`` for all of them with the ends of its 80% range,
        ``fee_source``, ``all_in`` with overhead and product, ``currency``, and what this creator
        alone is expected to bring of the goal, with the ends of its 80% range.
    """
    facts = run.candidates.table.set_index("creator_key")
    booked = run.plan.table.reset_index(drop=True)
    own = facts.loc[booked["creator_key"]].reset_index()
    content = booked["deliverable"].eq("ugc_only")
    pieces = sum(own["next_post"] ** n * booked["posts"].gt(n) for n in range(3))
    fee = own["fee_ugc"].where(content, own["fee"] * pieces)
    far = np.exp(TENTH * own["fee_sd"])
    goal = run.options.goal
    alone = pd.DataFrame(columns=["creator_key", *RANGE])
    if run.promise is not None and len(run.promise.creators):
        alone = run.promise.creators
    alone = alone.set_index("creator_key").reindex(booked["creator_key"]).reset_index()
    return pd.DataFrame(
        {
            "creator": _names(own),
            "platform": booked["platform"].astype("str"),
            "tier": booked["tier"].astype("str"),
            "followers": own["followers"],
            "deliverable": booked["deliverable"].astype("str"),
            "posts": booked["posts"],
            "fee": fee.round(2),
            "fee_low": (fee / far).round(2),
            "fee_high": (fee * far).round(2),
            "fee_source": own["fee_source"].astype("str"),
            "all_in": booked["cost"].round(2),
            "currency": run.candidates.currency,
            goal: alone["p50"].round(1),
            f"{goal}_low": alone["p10"].round(1),
            f"{goal}_high": alone["p90"].round(1),
        }
    )


def _names(creators: pd.DataFrame) -> pd.Series:
    keys = creators["creator_key"]
    return creators.get("handle", keys).fillna(keys).astype("str")


def forecast_of(run: PlanningRun) -> dict[str, Any]:
    """Return what the register freezes of a plan, as plain data.

    Raises
    ------
    DataError
        If there is no plan within the limits.
    """
    if run.promise is None:
        raise DataError(
            "There is nothing to register: no plan keeps to the limits.", run.plan.reasons
        )
    chosen = run.plan.table.set_index("creator_key")
    alone = run.promise.creators.set_index("creator_key").reindex(chosen.index)
    creators = chosen[["platform", "tier", "deliverable", "posts", "cost"]].join(alone[[*RANGE]])
    binding = run.plan.limits.loc[run.plan.limits["binding"], "limit"]
    return {
        "data": run.data,
        "settings": _plain(asdict(run.settings)),
        "plan": _plain(asdict(run.plan.summary) | {"binding": _plain_names(binding)}),
        "promise": _plain(
            asdict(run.promise.summary) | {"outcomes": run.promise.table.to_dict("records")}
        ),
        "path": _plain(run.promise.path.to_dict("records")),
        "creators": _plain(creators.reset_index().to_dict("records")),
    }


def plain_run(run: PlanningRun) -> dict[str, Any]:
    """Return the numbers of a plan as plain data."""
    promise = run.promise
    promised = None if promise is None else asdict(promise.summary)
    outcomes = [] if promise is None else promise.table.to_dict("records")
    told = {
        "plan": asdict(run.plan.summary),
        "limits": run.plan.limits.to_dict("records"),
        "reasons": run.plan.reasons,
        "more": run.more,
        "promise": promised,
        "outcomes": outcomes,
        "roster": [] if promise is None else make_roster(run).to_dict("records"),
        "data": run.data,
        "settings": asdict(run.settings),
    }
    return {name: _plain(value) for name, value in told.items()}


def _plain_names(limits: pd.Series) -> list[str]:
    """Return which limits bind; those of one creator without the name."""
    return sorted({str(name).partition(":")[0] for name in limits})


def _plain(value: Any) -> Any:
    """Return JSON values, numbers to seven figures: beyond these, machines may differ."""
    if isinstance(value, dict):
        return {str(name): _plain(own) for name, own in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(own) for own in value]
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.7g}") if np.isfinite(value) else None
    return None if pd.isna(value) else str(value)
