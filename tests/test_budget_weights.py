import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from workbench.budget.weights import frontier_weights
from workbench.errors import DataError


def best_tail(returns, most, tail, mean):
    """The same by one linear program with a row a scenario (Rockafellar and Uryasev)."""
    scenarios, columns = returns.shape
    tail = max(round(tail * scenarios), 1) / scenarios
    rows = np.hstack([-returns, np.ones((scenarios, 1)), -np.eye(scenarios)])
    reach = np.concatenate([-returns.mean(axis=0), np.zeros(scenarios + 1)])
    found = linprog(
        np.concatenate([np.zeros(columns), [-1], np.full(scenarios, 1 / (tail * scenarios))]),
        A_ub=np.vstack([rows, reach]),
        b_ub=np.append(np.zeros(scenarios), 1e-9 - mean),
        A_eq=[np.append(np.ones(columns), np.zeros(scenarios + 1))],
        b_eq=[1],
        bounds=[(0, most)] * columns + [(None, None)] + [(0, None)] * scenarios,
    )
    return -found.fun


def futures(seed, scenarios, columns, whole=False):
    rng = np.random.default_rng(seed)
    shape = (scenarios, columns)
    return rng.integers(0, 3, shape) * 1.0 if whole else rng.lognormal(0, 0.6, shape)


@pytest.mark.parametrize("whole", [False, True])
def test_every_point_is_the_linear_programs_best(whole):
    returns = futures(1, 80, 12, whole)
    found = frontier_weights(returns, most=0.3, points=5).table
    best = [best_tail(returns, 0.3, 0.05, mean) for mean in found["mean"]]
    np.testing.assert_allclose(found["tail"], best, rtol=1e-6)


@given(
    seed=st.integers(0, 10_000),
    scenarios=st.integers(1, 40),
    columns=st.integers(1, 12),
    whole=st.booleans(),
    most=st.sampled_from([1.0, 0.4, None]),
    tail=st.sampled_from([0.01, 0.05, 0.3, 0.9]),
)
def test_shares_add_up_and_the_bound_is_met(seed, scenarios, columns, whole, most, tail):
    returns = futures(seed, scenarios, columns, whole)
    most = max(most or 0, 1 / columns)
    found = frontier_weights(returns, most=most, tail=tail, points=4)
    np.testing.assert_allclose(found.weights.sum(axis=1), 1, rtol=1e-8)
    assert found.weights.min() >= -1e-8
    assert found.weights.max() <= most + 1e-8
    np.testing.assert_allclose(found.table["tail"], found.table["bound"], atol=2e-6)
    assert (found.table["tail"] <= found.table["bound"] + 1e-6).all()


def test_it_goes_from_the_best_tail_to_the_highest_mean():
    returns = futures(3, 200, 20)
    found = frontier_weights(returns, most=0.2)
    assert found.table["mean"].is_monotonic_increasing
    assert found.table["tail"].is_monotonic_decreasing
    top = np.sort(returns.mean(axis=0))[-5:].mean()
    assert found.table["mean"].iloc[-1] == pytest.approx(top)


def test_wanted_means_are_met():
    returns = futures(4, 100, 10)
    middle = frontier_weights(returns, points=3).table["mean"][1]
    found = frontier_weights(returns, means=np.array([middle]))
    assert found.table["mean"][0] == pytest.approx(middle)


def test_every_fault_is_named():
    with pytest.raises(DataError) as refused:
        frontier_weights(np.ones((4, 2)), most=0.1, tail=0)
    assert len(refused.value.faults) == 2
    with pytest.raises(DataError, match="filled table"):
        frontier_weights(np.full((2, 2), np.nan))
