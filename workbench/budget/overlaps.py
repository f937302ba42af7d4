"""How many people two creators share: any evidence of it as one table, and exact set counts.

A share of *followers* says nothing of how many of them a post reaches. It is taken over as a lift:
who follows both is reached by either as other followers are. That errs towards too little overlap
where those who follow many accounts also see more posts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.errors import DataError

Floats = npt.NDArray[np.float64]
Base = Literal["smaller", "creator", "other", "union"]
Sets = Sequence[Collection[object]]
KEYS = ["creator_key", "other_key"]
PAIR_COLUMNS = (*KEYS, "shared", "se", "panel", "source")
BASES = ("smaller", "creator", "other", "union")
ROUGH = 0.2  # relative error of an overlap that comes without the number of people behind it
HEADLINE = "These overlaps can't be used."


def union_size(sets: Sets) -> int:
    """Return how many people are in at least one set."""
    return len({person for one in sets for person in one})


def gross_reach(sets: Sets) -> int:
    """Return the sizes of the sets added up: who is in two counts twice."""
    return sum(len({*one}) for one in sets)


def average_frequency(sets: Sets) -> float:
    """Return in how many sets those are, on average, who are in any."""
    reached = union_size(sets)
    return gross_reach(sets) / reached if reached else 0.0


def frequency_distribution(sets: Sets, population: int) -> list[int]:
    """Return how many people are in exactly 0, 1, ... of the sets."""
    members = pd.Series([person for one in sets for person in {*one}], dtype="object")
    times = np.bincount(members.value_counts().to_numpy(dtype="int64"), minlength=len(sets) + 1)
    times[0] = population - times[1:].sum()
    return [int(people) for people in times]


def pair_duplications(sets: Sets) -> npt.NDArray[np.int64]:
    """Return how many people each two sets share; the diagonal holds their sizes."""
    unique = [{*one} for one in sets]
    return np.array([[len(one & other) for other in unique] for one in unique], dtype="int64")


def sainsbury(shares: Iterable[float]) -> float:
    """Return the share reached if following one account said nothing of another."""
    return float(1 - np.prod([1 - share for share in shares]))


def read_overlaps(
    evidence: pd.DataFrame | Mapping[str, Collection[object]],
    accounts: pd.DataFrame,
    *,
    market: float,
    base: Base = "smaller",
    of: Literal["reach", "followers"] = "reach",
    panel: float | None = None,
    source: str = "",
) -> pd.DataFrame:
    """Read overlaps in whatever form they came.

    Parameters
    ----------
    evidence : DataFrame or mapping
        A square matrix of shares with accounts on both sides; or a list of pairs
        (``creator_key``, ``other_key``, ``share``, perhaps ``base`` and ``source``) like the table
        `overlaps`; or the followers of each account, all of them or a random sample.
    accounts : DataFrame
        ``creator_key`` and ``reach`` (people of the market that a post reaches); with
        ``of="followers"`` also ``followers``.
    market : float
        People in the target.
    base : str
        What a share is a share of, where the evidence doesn't say: in a matrix ``creator`` is the
        account of the row.
    of : str
        Whether the shares are of people reached or of followers.
    panel : float, optional
        People of the target who were asked, if all pairs come from the same.

    Returns
    -------
    DataFrame
        One row a pair: ``shared`` (share of the market that posts of both reach), ``se`` (its
        standard error), ``panel``, ``source``. The first key is the first in the alphabet.

    Raises
    ------
    DataError
        Names every fault of the evidence.
    """
    size = "followers" if of == "followers" else "reach"
    known = _check_accounts(accounts, size, market)
    if isinstance(evidence, Mapping):
        pairs = _pairs_of_sets(evidence, known, size)
    elif {"creator_key", "other_key", "share"} <= {*evidence.columns}:
        pairs = evidence.assign(**{} if "base" in evidence else {"base": base})
    else:
        pairs = _pairs_of_matrix(evidence, base)
    pairs = pairs.reset_index(drop=True)
    pairs = pairs.assign(share=pd.to_numeric(pairs["share"], errors="coerce"))
    if faults := _find_faults(pairs, known, size):
        raise DataError(HEADLINE, faults)
    pairs = _newest(pairs)
    sizes, reach = (
        [known[column].reindex(pairs[side]).to_numpy(dtype="float64") for side in KEYS]
        for column in (size, "reach")
    )
    people, based = _shared_people(pairs, *sizes)
    counted = "error" in pairs or panel is not None
    error = pairs["error"] if "error" in pairs else _errors(people, based, market, panel)
    over = people > np.minimum(*sizes) * 1.05 + (3 * error if counted else 0)
    if over.any():
        raise DataError(HEADLINE, _name(pairs[over], "share more people than the smaller has"))
    # of followers: the same lift over chance among those reached
    scale = reach[0] * reach[1] / (sizes[0] * sizes[1]) if size == "followers" else 1.0
    shared = np.minimum(people * scale, np.minimum(*reach)) / market
    named = pairs["source"] if "source" in pairs else pd.Series(None, pairs.index, dtype="object")
    table = pairs[KEYS].assign(
        shared=shared,
        se=error * scale / market,
        panel=panel or np.nan,
        source=named.fillna(source or "given"),
    )
    return _in_order(table).sort_values(KEYS, ignore_index=True)


def _check_accounts(accounts: pd.DataFrame, size: str, market: float) -> pd.DataFrame:
    wanted = dict.fromkeys(("creator_key", "reach", size))
    faults = [f"no column {name} of the accounts" for name in wanted if name not in accounts]
    if not (np.isfinite(market) and market > 0):
        faults.append(f"market: expected more than 0 people, found {market}")
    if not faults and (twice := accounts["creator_key"].duplicated()).any():
        named = accounts.loc[twice, "creator_key"].unique()
        faults = [f"{key} stands among the accounts twice" for key in named]
    if faults:
        raise DataError(HEADLINE, faults)
    return accounts.set_index("creator_key")


def _pairs_of_matrix(matrix: pd.DataFrame, base: Base) -> pd.DataFrame:
    if {*matrix.index} != {*matrix.columns} or matrix.index.has_duplicates:
        raise DataError(
            HEADLINE,
            [
                "expected pairs (columns creator_key, other_key, share) or a square matrix with "
                "the same accounts on both sides, found neither"
            ],
        )
    values = matrix[matrix.index].apply(pd.to_numeric, errors="coerce").to_numpy(dtype="float64")
    one, other = np.triu_indices(len(values), 1)
    above, below = values[one, other], values[other, one]
    names = matrix.index
    table = pd.DataFrame({"creator_key": names[one], "other_key": names[other]})
    if base in ("creator", "other"):  # both halves say something: share of the row, of the column
        turned = table.assign(share=below, base="other" if base == "creator" else "creator")
        return pd.concat([table.assign(share=above, base=base), turned]).dropna(subset="share")
    odd = np.isfinite(above) & np.isfinite(below) & ~np.isclose(above, below, atol=0.005)
    if odd.any():
        raise DataError(HEADLINE, _name(table[odd], "differ above and below the diagonal"))
    filled = np.where(np.isfinite(above), above, below)
    return table.assign(share=filled, base=base).dropna(subset="share")


def _pairs_of_sets(
    samples: Mapping[str, Collection[object]], known: pd.DataFrame, column: str
) -> pd.DataFrame:
    """Return the pairs of samples: of ``n`` in ``N`` followers, a shared one is met ``n / N``."""
    unknown = [key for key in samples if key not in known.index]
    faults = [f"no such account: {key}" for key in unknown]
    if len(samples) < 2:
        faults.append("expected the followers of two accounts at least")
    if faults:
        raise DataError(HEADLINE, faults)
    names = pd.Index(sorted(samples))
    size = known[column].reindex(names).to_numpy(dtype="float64")
    met = pair_duplications([samples[name] for name in names])
    drawn = np.minimum(np.diag(met) / size, 1.0)
    one, other = np.triu_indices(len(names), 1)
    chance = drawn[one] * drawn[other]
    smaller = np.minimum(size[one], size[other])
    count = met[one, other]
    table = pd.DataFrame({"creator_key": names[one], "other_key": names[other], "base": "smaller"})
    error = np.sqrt((count + 0.5) * np.maximum(1 - chance, 1e-9)) / chance
    return table.assign(share=np.minimum(count / chance / smaller, 1.0), error=error)


def _find_faults(pairs: pd.DataFrame, known: pd.DataFrame, size: str) -> list[str]:
    asked = pd.unique(pairs[KEYS].to_numpy().ravel())
    faults = [f"no such account: {key}" for key in asked if key not in known.index]
    sizes = known.loc[known.index.isin(asked), size]
    odd = sizes[~(sizes > 0)].index
    faults += [f"{key}: expected {size} above 0, found {sizes[key]}" for key in odd]
    wrong = ~pairs["share"].between(0, 1)
    faults += _name(pairs[wrong], "expected a share of 0 to 1, found ", "share")
    faults += _name(pairs[~pairs["base"].isin(BASES)], f"base: expected {BASES}, found ", "base")
    faults += _name(pairs[pairs["creator_key"] == pairs["other_key"]], "is one account, not two")
    return faults


def _name(pairs: pd.DataFrame, what: str, column: str | None = None, most: int = 20) -> list[str]:
    """Return one fault a pair; of many the first, and how many more."""
    named = [
        f"{row['creator_key']} and {row['other_key']}: {what}{row[column] if column else ''}"
        for _, row in pairs.head(most).iterrows()
    ]
    return named + ([f"and {len(pairs) - most} more pairs"] if len(pairs) > most else [])


def _newest(pairs: pd.DataFrame) -> pd.DataFrame:
    """Keep one row a pair: the newest, and of one day the one over the smaller audience."""
    one, other = pairs["creator_key"].astype(str), pairs["other_key"].astype(str)
    ordered = pairs.assign(
        pair=np.minimum(one, other) + "\n" + np.maximum(one, other),
        day=pairs.get("as_of", 0),
        rank=pairs["base"].map({name: -place for place, name in enumerate(BASES)}),
    ).sort_values(["day", "rank"], kind="stable", na_position="first")
    return ordered.drop_duplicates("pair", keep="last").reset_index(drop=True)


def _shared_people(pairs: pd.DataFrame, one: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Return the people whom each pair shares, and those whom its share is of."""
    share, smaller = pairs["share"].to_numpy(dtype="float64"), np.minimum(one, other)
    based = np.select([pairs["base"] == "creator", pairs["base"] == "other"], [one, other], smaller)
    union = (pairs["base"] == "union").to_numpy()
    people = np.where(union, (one + other) * share / (1 + share), share * based)
    return people, np.where(union, one + other - people, based)


def _errors(people: Floats, based: Floats, market: float, panel: float | None) -> Floats:
    """Return the standard errors, in people: a panel's, or a guess where no count is known."""
    if panel is None:
        return np.maximum(ROUGH * people, 0.005 * based)
    asked = np.maximum(based * panel / market, 1.0)
    met = people * panel / market
    share = (met + 0.5) / (asked + 1)
    errors: Floats = np.sqrt(share * (1 - share) / asked) * based
    return errors


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    one, other = table["creator_key"].astype(str), table["other_key"].astype(str)
    ordered = table.assign(creator_key=np.minimum(one, other), other_key=np.maximum(one, other))
    return ordered[[*PAIR_COLUMNS]]
