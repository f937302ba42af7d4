"""What a client's folder holds for an audit: tables of the store, labels, decisions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from workbench.audience.decisions import read_decisions, read_labels, write_decision_sheet
from workbench.audience.design import DesignSettings, plan_labels
from workbench.audience.share import FakeShare, ShareSettings, estimate_share
from workbench.errors import DataError
from workbench.store import Store
from workbench.store.frames import empty_frame
from workbench.tables.judgements import DECISIONS, LABELS
from workbench.tables.schema import DRAWS


@dataclass(frozen=True, kw_only=True)
class AudienceShare:
    """The share of one creator's followers that are not real.

    ``digits`` holds ``digit``, ``share`` and ``expected`` (Benford's law) of the first digits of
    the followers' own follower counts: to look at, not to judge by. It is missing below 100 counts.
    """

    creator_key: str
    sampled_on: str
    share: FakeShare
    digits: pd.DataFrame | None


def read_tables(store: Store, as_of: str) -> dict[str, pd.DataFrame]:
    """Read what signals are measured on, up to a day: ``posts``, ``snapshots``, ``events``."""
    day = pd.Timestamp(as_of)
    posts, counts, events = (store.read(name) for name in ("posts", "snapshots", "events"))
    return {
        "posts": posts[posts["posted_at"].dt.tz_localize(None) < day + pd.Timedelta(days=1)],
        "snapshots": counts[counts["observed_on"] <= day],
        "events": events.rename(columns={"happened_on": "date"}),
    }


def held_labels(folder: str | Path) -> pd.DataFrame:
    """Read the labels of a client's folder; without a file there are none."""
    path = Path(folder) / "labels.csv"
    return read_labels(path) if path.exists() else empty_frame(LABELS)


def held_decisions(folder: str | Path) -> pd.DataFrame:
    """Read the decisions of a client's folder; without a file there are none."""
    path = Path(folder) / "decisions.csv"
    return read_decisions(path) if path.exists() else empty_frame(DECISIONS)


def leave_decision_sheet(screened: pd.DataFrame, decisions: pd.DataFrame) -> None:
    """Leave ``decisions.csv`` in the working folder, to fill in; see ``write_decision_sheet``."""
    write_decision_sheet(Path("decisions.csv"), screened, decisions)


def latest_sample(store: Store, creator: str = "") -> pd.DataFrame:
    """Return the latest list of a creator's followers; of a day's lists the one drawn at random.

    Parameters
    ----------
    creator : str
        A key of the store; blank is the only one that there are followers of.

    Raises
    ------
    DataError
        If there are no followers, or of several creators and none is named.
    """
    held = store.read("followers_sample")
    names = held["creator_key"].unique().tolist()
    own = held[held["creator_key"].eq(creator or (names[0] if len(names) == 1 else ""))]
    if own.empty:
        told = ", ".join(names[:5]) or "none: workbench import FILE --account HANDLE --drawn random"
        raise DataError(
            f"No followers of {creator or 'one creator'}.", [f"there are those of {told}"]
        )
    return _latest_of(own)


def _latest_of(own: pd.DataFrame) -> pd.DataFrame:
    latest = own[own["sampled_on"].eq(own["sampled_on"].max())]
    best = next(drawn for drawn in DRAWS if latest["drawn"].eq(drawn).any())
    return latest[latest["drawn"].eq(best)].reset_index(drop=True)


def label_order(sample: pd.DataFrame, design: DesignSettings) -> list[str]:
    """Return the ids of the followers to label in their order, some twice."""
    return sample["follower_id"].loc[plan_labels(sample, design).queue["follower"]].tolist()


def join_labels(sample: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return a creator's sample with its first label and, where looked at again, the second.

    The first look counts, whoever looked; a later one only shows how well the two agree.
    """
    own = labels[labels["creator_key"].eq(sample["creator_key"].iloc[0])]
    looks = own.sort_values(["repeat", "labelled_at"], kind="stable")
    number = looks.groupby("follower_id").cumcount()
    by = [looks[number == n].set_index("follower_id")["label"] for n in (0, 1)]
    first, again = (sample["follower_id"].map(column) for column in by)
    return sample.assign(label=first, label_again=again)


def audience_shares(
    store: Store, folder: str | Path, settings: ShareSettings, *, names: Sequence[str] = ()
) -> tuple[AudienceShare, ...]:
    """Estimate the share of every creator that there is a sample of followers of.

    Parameters
    ----------
    store : Store
    folder : str or Path
        The client's folder, whose ``labels.csv`` is used.
    settings : ShareSettings
        How each sample was drawn and how many followers the account has come from the store.
    names : sequence of str, optional
        Only creators with these keys.
    """
    labels = held_labels(folder)
    held = store.read("followers_sample")
    samples = held[held["creator_key"].isin(names)] if names else held
    followers = store.read("snapshots", columns=["creator_key", "observed_on", "followers"])
    latest = followers.sort_values("observed_on").groupby("creator_key")["followers"].last()
    found = []
    for key, own in samples.groupby("creator_key"):
        sample = _latest_of(own)
        of = int(latest.get(key, 0)) if latest.get(key, 0) >= len(sample) else None
        asked = replace(settings, drawn=sample["drawn"].iloc[0], account_followers=of)
        share = estimate_share(join_labels(sample, labels), asked)
        day = f"{sample['sampled_on'].iloc[0]:%Y-%m-%d}"
        digits = first_digits(sample["followers"])
        found.append(
            AudienceShare(creator_key=str(key), sampled_on=day, share=share, digits=digits)
        )
    return tuple(found)


def first_digits(counts: pd.Series) -> pd.DataFrame | None:
    """Return how often each first digit stands in counts, beside Benford's law; None below 100."""
    known = counts[counts > 0].dropna().astype("int64").astype("str").str[0].astype("int64")
    if len(known) < 100:
        return None
    digits = np.arange(1, 10)
    share = known.value_counts(normalize=True).reindex(digits, fill_value=0.0).to_numpy()
    return pd.DataFrame({"digit": digits, "share": share, "expected": np.log10(1 + 1 / digits)})
