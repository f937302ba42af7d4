"""Evidence of overlap in every form, and exact counts of sets."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.budget.overlaps import (
    PAIR_COLUMNS,
    average_frequency,
    frequency_distribution,
    gross_reach,
    pair_duplications,
    read_overlaps,
    sainsbury,
    union_size,
)
from workbench.errors import DataError

ACCOUNTS = pd.DataFrame({"creator_key": [*"abc"], "reach": [100.0, 200.0, 400.0]}).assign(
    followers=lambda table: table["reach"] * 4
)
PAIRS = pd.DataFrame({"creator_key": [*"bac"], "other_key": [*"acb"], "share": [0.1, 0.2, 0.3]})
SETS = st.lists(st.frozensets(st.integers(0, 30)), max_size=6)


def shared(evidence: object, **how: object) -> list[float]:
    """Return the people whom a and b, a and c, b and c share, of a thousand."""
    found = read_overlaps(evidence, ACCOUNTS, market=1_000, **how)  # type: ignore[arg-type]
    assert found.columns.tolist() == [*PAIR_COLUMNS]
    assert found["se"].gt(0).all()
    return [round(value, 6) for value in found["shared"] * 1_000]


def faults(evidence: object, **how: object) -> str:
    with pytest.raises(DataError) as caught:
        read_overlaps(evidence, ACCOUNTS, market=1_000, **how)  # type: ignore[arg-type]
    return "\n".join(caught.value.faults)


def matrix(*rows: tuple[float, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, index=[*"abc"], columns=[*"abc"])


@pytest.mark.real_data
def test_the_exact_cases_are_counted_right(real_data: Path) -> None:
    cases = json.loads((real_data / "budget_cases" / "cases.json").read_text(encoding="utf-8"))
    unions = [one for one in cases["instances"] if one["kind"] == "union"]
    for sets, population, expected in (
        (one["instance"]["followers"], one["instance"]["population"], one["expected"])
        for one in unions
    ):
        assert union_size(sets) == expected["unduplicated"]
        assert gross_reach(sets) == expected["gross"]
        assert frequency_distribution(sets, population) == expected["frequency_distribution"]
        assert average_frequency(sets) == pytest.approx(expected["average_frequency"])
        alone = [len(one) / population for one in sets]
        assert sainsbury(alone) == pytest.approx(expected["sainsbury_reach"])
        assert pair_duplications(sets).tolist() == expected["pairwise_duplication"]
    assert len(unions) == 4


@given(SETS)
def test_the_counts_of_sets_agree_with_each_other(sets: list[frozenset[int]]) -> None:
    times = frequency_distribution(sets, 31)
    assert sum(times) == 31
    assert union_size(sets) == 31 - times[0]
    assert gross_reach(sets) == sum(count * people for count, people in enumerate(times))
    assert average_frequency(sets) * union_size(sets) == pytest.approx(gross_reach(sets))


@pytest.mark.parametrize(
    ("base", "people"),
    [
        ("smaller", [10, 20, 60]),
        ("creator", [20, 20, 120]),
        ("other", [10, 80, 60]),
        ("union", [300 / 11, 500 / 6, 600 * 0.3 / 1.3]),
    ],
)
def test_a_share_is_of_its_base(base: str, people: list[float]) -> None:
    assert shared(PAIRS, base=base) == pytest.approx(people, abs=1e-5)


def test_a_base_in_the_list_comes_first() -> None:
    assert shared(PAIRS.assign(base=["other", "creator", "creator"])) == [10, 20, 120]


def test_a_matrix_says_the_same_as_a_list() -> None:
    nan = np.nan
    full = matrix((1, 0.1, 0.2), (0.1, 1, 0.3), (0.2, 0.3, 1))
    half = matrix((nan, 0.1, 0.2), (nan, nan, 0.3), (nan, nan, nan))
    assert shared(full) == shared(half) == shared(half.T) == shared(PAIRS)


def test_rows_of_a_matrix_may_be_the_base() -> None:
    of_rows = matrix((1, 0.1, 0.2), (0.05, 1, 0.3), (0.05, 0.15, 1))
    assert shared(of_rows, base="creator") == [10, 20, 60]
    assert shared(of_rows.T, base="other") == [10, 20, 60]


def test_whole_audiences_are_counted_and_samples_scaled() -> None:
    whole = {"a": range(100), "b": range(90, 290), "c": range(280, 680)}
    assert shared(whole) == [10, 0, 10]
    half = {key: [n for n in people if n % 2] for key, people in whole.items()}
    assert shared({"a": range(100), "b": half["b"], "c": half["c"]}) == [10, 0, 20]


def test_followers_in_common_are_taken_as_a_lift_among_the_reached() -> None:
    # a and b share 40 of 400 and 800 followers; a post reaches a quarter of either.
    assert shared(PAIRS, of="followers")[0] == pytest.approx(40 / 16)


def test_more_people_asked_make_a_smaller_error() -> None:
    errors = [
        read_overlaps(PAIRS, ACCOUNTS, market=1_000, panel=panel)["se"].mean()
        for panel in (50, 500)
    ]
    assert errors[1] < errors[0]


def test_the_newest_day_counts_and_then_the_smaller_base() -> None:
    days = pd.concat([PAIRS.assign(as_of="2026-01-01"), PAIRS.assign(as_of="2026-02-01", share=0)])
    assert shared(days) == [0, 0, 0]
    both = pd.concat([PAIRS.assign(base="smaller"), PAIRS.assign(base="creator", share=0.0)])
    assert shared(both) == [10, 20, 60]


def test_every_fault_is_named_at_once() -> None:
    odd = pd.DataFrame(
        {"creator_key": [*"azba"], "other_key": [*"bcba"], "share": [1.2, 0.1, 0.1, "x"]}
    ).assign(base=["smaller", "both", "smaller", "smaller"])
    told = faults(odd)
    for part in ("no such account: z", "found 1.2", "found both", "b and b: is one", "found nan"):
        assert part in told


def test_a_matrix_that_contradicts_itself_is_refused() -> None:
    assert "differ" in faults(matrix((1, 0.1, 0.2), (0.4, 1, 0.3), (0.2, 0.3, 1)))
    assert "neither" in faults(matrix((1, 0.1, 0.2)[:3], (0,) * 3, (0,) * 3).iloc[:, :2])


def test_more_shared_than_the_smaller_has_is_refused() -> None:
    assert "b and a: share more" in faults(PAIRS.assign(share=[0.9, 0.2, 0.3]), base="creator")


def test_many_faults_are_told_shortly() -> None:
    many = pd.DataFrame({"creator_key": "a", "other_key": "b", "share": [2.0] * 50})
    assert "and 30 more pairs" in faults(many)


def test_samples_of_strangers_and_missing_followers_are_told() -> None:
    assert "no such account: z" in faults({"a": [1], "z": [2]})
    for accounts in (ACCOUNTS[["creator_key", "reach"]], pd.concat([ACCOUNTS, ACCOUNTS])):
        with pytest.raises(DataError) as caught:
            read_overlaps(PAIRS, accounts, market=1e3, of="followers")
        assert caught.value.faults


@settings(max_examples=20)
@given(st.data())
def test_nothing_but_a_told_fault_comes_of_odd_cells(data: st.DataObject) -> None:
    cell = st.one_of(st.none(), st.floats(), st.text(max_size=3), st.sampled_from([*"abc"]))
    rows = data.draw(st.lists(st.tuples(cell, cell, cell), max_size=4))
    with contextlib.suppress(DataError):
        shared(pd.DataFrame(rows, columns=["creator_key", "other_key", "share"], dtype="object"))
