import pytest

from workbench.jobs import run_tasks


def halve(number: int) -> float:
    if number == 3:
        raise ValueError("odd")
    return number / 2


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_outcomes_come_in_the_order_of_the_tasks(executor):
    outcomes = run_tasks(halve, [4, 2, 8], executor=executor)
    assert [outcome.value for outcome in outcomes] == [2, 1, 4]


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_one_failure_does_not_stop_the_others(executor):
    outcomes = run_tasks(halve, [2, 3, 4], executor=executor)
    assert [type(outcome.error).__name__ for outcome in outcomes] == [
        "NoneType",
        "ValueError",
        "NoneType",
    ]


def test_ctrl_c_is_not_swallowed():
    def stop(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_tasks(stop, [1, 2])
