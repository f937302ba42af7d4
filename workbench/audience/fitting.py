"""Fits the scorecards again: `python -m workbench.audience.fitting DIR > scorecards.yaml`.

DIR holds one CSV a labelled set, with the columns of a follower sample and `is_fake`.
"""

from __future__ import annotations

import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from workbench.audience.design import Whole
from workbench.audience.scorecard import (
    SIGNALS,
    Floats,
    Scorecard,
    follower_signals,
    score_followers,
)

_HEAD = """\
# Coefficients that rank followers, by `python -m workbench.audience.fitting DIR`, DIR by
# `python -m benchmarks.prepare --out DIR`. The sets: InstaFake fake-v1.0 (Akyon and Kalfaoglu 2019,
# arXiv 1910.03090, CC BY-NC 4.0), the Kaggle set of fake, spammer and genuine accounts, and
# followers of one brand labelled by M. Seraphim (2019). No account's data are kept here. `weights`
# are for one unit of a signal as scorecard.py defines it.
"""


def fit_scorecard(
    name: str, sets: Mapping[str, pd.DataFrame], among: Collection[str] = SIGNALS
) -> Scorecard:
    """Fit a logistic regression in which every set, and both kinds in it, weigh the same.

    Parameters
    ----------
    name : str
    sets : mapping of str to DataFrame
        Samples with a column ``is_fake`` of 0 and 1; a signal that a set lacks is taken at its mean
        over the others.
    among : collection of str
        Signals that may be used.
    """
    card = _fit(name, sets, among)
    return replace(card, caught=_caught(sets, among)) if len(sets) > 1 else card


def _fit(name: str, sets: Mapping[str, pd.DataFrame], among: Collection[str]) -> Scorecard:
    from sklearn.linear_model import LogisticRegression

    signals = pd.concat([follower_signals(one) for one in sets.values()], ignore_index=True)
    fake = np.concatenate([one["is_fake"].to_numpy(dtype="int64") for one in sets.values()])
    weights = np.concatenate([_balanced(one["is_fake"].to_numpy()) for one in sets.values()])
    signals = signals[[*among]].dropna(axis="columns", how="all")
    centres, spreads = signals.mean(), signals.std().replace(0, 1)
    model = LogisticRegression().fit((signals - centres).fillna(0) / spreads, fake, weights)
    return Scorecard(
        name=name,
        fitted_on=", ".join(sets),
        accounts=len(fake),
        intercept=round(float(model.intercept_[0]), 4),
        weights=_rounded(pd.Series(model.coef_[0], signals.columns) / spreads),
        centres=_rounded(centres),
    )


def _caught(sets: Mapping[str, pd.DataFrame], among: Collection[str]) -> float:
    """Return the least share of a set's fakes that a scorecard of the other sets would flag."""
    shares = []
    for name, one in sets.items():
        others = {other: table for other, table in sets.items() if other != name}
        shared = [*follower_signals(one)[[*among]].dropna(axis="columns", how="all")]
        flagged = score_followers(one, _fit(name, others, shared)) >= 0.5
        shares.append(float(flagged[one["is_fake"] == 1].mean()))
    return round(min(shares), 4)


def _balanced(fake: Whole) -> Floats:  # each kind counts as 250 accounts
    kinds = fake == 1
    return np.asarray(np.where(kinds, 250 / max(kinds.sum(), 1), 250 / max((~kinds).sum(), 1)))


def _rounded(values: pd.Series) -> dict[str, float]:
    return {str(name): round(float(value), 4) for name, value in values.items()}


def main(folder: Path) -> None:
    """Print the scorecards: of all sets, with and without pictures, then of each set."""
    sets = {file.stem: pd.read_csv(file) for file in sorted(folder.glob("*.csv"))}
    bare = [signal for signal in SIGNALS if signal != "has_picture"]
    cards = [
        fit_scorecard("all sets", sets),
        fit_scorecard("all sets, without pictures", sets, bare),
        *(fit_scorecard(f"{name} only", {name: one}) for name, one in sets.items()),
    ]
    sys.stdout.write(_HEAD)
    sys.stdout.write(yaml.safe_dump([asdict(card) for card in cards], sort_keys=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
