"""A scorecard ranks the followers of a sample; it never decides how many are not real.

A handful of coefficients of a logistic regression, in ``scorecards.yaml`` with what they were
fitted on: ranks carry over to other audiences, the shares that such a model gives do not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from workbench.errors import DataError, SettingsError

Floats = NDArray[np.float64]
SLACK, USEFUL = 0.05, 0.35  # of what is caught; a higher bound says too little
COUNTS = ("followers", "following", "posts", "username_length", "username_digits")
FLAGS = ("private", "has_picture")
ALIASES = {"posts_count": "posts", "is_private": "private"}  # names of the table followers_sample
SIGNALS = {
    "followers": "log of 1 + followers",
    "following": "log of 1 + following",
    "posts": "log of 1 + posts",
    "follows_more": "log of (1 + following) / (1 + followers), 0 where it follows fewer",
    "private": "1 if the profile is private",
    "has_picture": "1 if the profile has a picture",
    "digit_share": "digits among the characters of the user name",
}


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """A logistic regression on a follower's signals.

    Attributes
    ----------
    name, fitted_on : str
        What it is called, and the labelled sets behind it.
    accounts : int
        How many labelled accounts these hold.
    caught : float or None
        The least share of a set's fakes that it would flag (score 0.5 or more) without having seen
        that set; None if there is only one.
    intercept : float
    weights, centres : mapping of str to float
        By signal; a missing signal is taken at its centre, so that it moves nothing.
    """

    name: str
    fitted_on: str
    accounts: int
    intercept: float
    weights: Mapping[str, float]
    centres: Mapping[str, float]
    caught: float | None = None


@cache
def read_scorecards() -> Mapping[str, Scorecard]:
    """Return the scorecards of the package by name, the one that ranks first."""
    text = files("workbench.audience").joinpath("scorecards.yaml").read_text(encoding="utf-8")
    return {card["name"]: Scorecard(**card) for card in yaml.safe_load(text)}


def choose_scorecard(followers: pd.DataFrame, name: str = "") -> Scorecard:
    """Return the scorecard of a name; without one, the first whose signals the sample has."""
    cards = read_scorecards()
    if name and name not in cards:
        raise SettingsError(
            f"There is no scorecard {name!r}.", [f"expected one of: {', '.join(cards)}"]
        )
    known = set(follower_signals(followers).dropna(axis="columns", how="all"))
    fitting = [card for card in cards.values() if known.issuperset(card.weights)]
    return cards[name] if name else [*fitting, *cards.values()][0]


def check_followers(followers: pd.DataFrame) -> pd.DataFrame:
    """Return the columns that are used, as numbers, under the names used here.

    Raises
    ------
    DataError
        If no count is there, or a column holds what is not a count, a flag or a share.
    """
    table = followers.rename(columns=ALIASES)
    shares = ("username_digit_share",)
    tops = {**dict.fromkeys(COUNTS, np.inf), **dict.fromkeys((*FLAGS, *shares), 1.0)}
    faults, columns = [], {}
    for name in (name for name in tops if name in table):
        values = pd.to_numeric(table[name], errors="coerce").astype("float64")
        wrong = (values.isna() & table[name].notna()) | (values < 0) | (values > tops[name])
        if wrong.any():
            kind = "a count" if np.isinf(tops[name]) else "0 to 1"
            found = table.loc[wrong, name].iloc[0]
            faults.append(f"{name}: expected {kind}, found {found!r} ({wrong.sum()} rows)")
        columns[name] = values
    if not len(table):
        faults.append("the sample has no rows")
    if not table.index.is_unique:
        faults.append("row labels repeat: call reset_index(drop=True)")
    if not any(name in columns for name in COUNTS[:3]):
        faults.append("expected at least one of: followers, following, posts")
    if faults:
        raise DataError("The follower sample can't be used.", faults)
    return pd.DataFrame(columns, index=followers.index)


def follower_signals(followers: pd.DataFrame) -> pd.DataFrame:
    """Return the signals of each follower, missing where the sample does not hold them."""
    table = check_followers(followers).reindex(columns=[*COUNTS, *FLAGS, "username_digit_share"])
    signals = table[["followers", "following", "posts"]].transform("log1p")
    digits = (table["username_digits"] / table["username_length"].clip(lower=1)).clip(upper=1)
    return signals.assign(
        follows_more=(signals["following"] - signals["followers"]).clip(lower=0),
        private=table["private"],
        has_picture=table["has_picture"],
        digit_share=table["username_digit_share"].fillna(digits),
    )[[*SIGNALS]]


def score_followers(followers: pd.DataFrame, card: Scorecard) -> pd.Series:
    """Return a score of each follower, 0 to 1: a rank, not a probability."""
    signals = follower_signals(followers)
    logit = pd.Series(card.intercept, index=followers.index)
    for name, weight in card.weights.items():
        logit = logit + weight * (signals[name].fillna(card.centres[name]) - card.centres[name])
    return pd.Series(1 / (1 + np.exp(-logit)), followers.index, name="score")


def share_at_most(scores: Floats, card: Scorecard) -> Floats:
    """Return a bound on the share of each sample (a row) that needs no labels, missing if too high.

    It holds if the scorecard catches at least as many of those who are not real as in the labelled
    set where it caught the fewest, less ``SLACK``: whether it does, only labels can say.
    """
    if card.caught is None:
        return np.full(len(scores), np.nan)
    bound = (scores >= 0.5).mean(axis=1) / (card.caught - SLACK)
    return np.asarray(np.where(bound <= USEFUL, bound, np.nan))
