import os
import signal
import subprocess
import sys
import time

import pytest

from tests.commands import hear_interrupts
from tests.tasks import alive, end_at_three, end_once, halve, interrupted
from workbench.errors import RetryableError, SettingsError
from workbench.jobs import joblib_backend, run_tasks


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


def test_a_process_that_dies_ends_its_own_task_alone():
    outcomes = run_tasks(end_at_three, [1, 2, 3, 4, 5], executor="local")
    assert [outcome.value for outcome in outcomes] == [1, 2, None, 4, 5]
    assert isinstance(outcomes[2].error, RetryableError)


def test_a_task_whose_process_died_is_tried_again(tmp_path):
    outcomes = run_tasks(end_once, [tmp_path / "one", tmp_path / "two"], executor="local")
    assert [outcome.value for outcome in outcomes] == ["done", "done"]


def test_what_cannot_be_sent_to_a_process_is_told():
    outcomes = run_tasks(halve, [2, (n for n in [1])], executor="local")
    assert outcomes[0].value == 1
    assert "pickle" in str(outcomes[1].error)


@pytest.mark.parametrize("executor", ["serial", "local"])
def test_ctrl_c_is_not_swallowed(executor):
    with pytest.raises(KeyboardInterrupt):
        run_tasks(interrupted, [1, 2], executor=executor)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_its_run(tmp_path, sent):
    code = (
        "from tests.tasks import *; "
        f"run_tasks(process_of, [Path({str(tmp_path)!r})] * 2, executor='local')"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.DEVNULL,
        preexec_fn=hear_interrupts,
    )
    while len(started := [int(path.stem) for path in tmp_path.glob("*.pid")]) < 2:
        assert run.poll() is None
        time.sleep(0.05)
    run.send_signal(sent)
    run.wait(60)
    left = time.monotonic() + 5
    while any(map(alive, started)) and time.monotonic() < left:
        time.sleep(0.05)
    assert not any(map(alive, started))


def test_an_address_is_for_dask_alone():
    with pytest.raises(SettingsError, match="can't be run there"):
        run_tasks(halve, [1], address="tcp://127.0.0.1:8786")


def test_scikit_learn_runs_in_the_processes_of_the_executor():
    from joblib import Parallel, delayed

    with joblib_backend("local", workers=2):
        found = set(Parallel()(delayed(os.getpid)() for _ in range(4)))
    assert os.getpid() not in found
    with joblib_backend():
        assert Parallel(n_jobs=2)(delayed(os.getpid)() for _ in range(2)) == [os.getpid()] * 2
