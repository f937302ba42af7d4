import gc
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score

from tests.tasks import alive, end_at_three, halve, nested, process_of
from workbench.errors import RetryableError, RunError
from workbench.features import FeatureSettings, creator_features, kept
from workbench.intake.importing import import_files
from workbench.jobs import cluster, joblib_backend, run_tasks
from workbench.store import open_store


def listening() -> set[str]:
    """Ports that this process listens on."""
    own = set()
    for path in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            own.add(os.readlink(path))
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return {line[1] for line in lines if line[3] == "0A" and f"socket:[{line[9]}]" in own}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The scheduler of two workers; afterwards neither they nor its ports are left."""
    before = listening()
    once_more = cluster._OWN_CLUSTER | {"distributed.scheduler.allowed-failures": 1}
    with (
        mock.patch.object(cluster, "_OWN_CLUSTER", once_more),  # each costs a worker's start
        cluster.cluster_client() as client,
    ):
        where = client.scheduler.address
        workers = client.run(os.getpid).values()
        yield where
    assert not any(map(alive, workers))
    assert listening() == before


def test_outcomes_come_in_the_order_of_the_tasks(address):
    outcomes = run_tasks(halve, [4, 3, 8], executor="dask", address=address)
    assert [outcome.value for outcome in outcomes] == [2, None, 4]
    assert isinstance(outcomes[1].error, ValueError)


def test_a_task_of_a_cluster_keeps_to_one_thread_and_process(address):
    threads, processes, own = run_tasks(nested, [1], executor="dask", address=address)[0].value
    assert threads == "1"
    assert processes == [own, own]


def test_a_worker_that_dies_ends_its_own_task_alone(address):
    outcomes = run_tasks(end_at_three, [1, 2, 3, 4, 5], executor="dask", address=address)
    assert [outcome.value for outcome in outcomes] == [1, 2, None, 4, 5]
    assert isinstance(outcomes[2].error, RetryableError)


def test_what_cannot_be_sent_to_a_worker_is_told(address):
    outcomes = run_tasks(halve, [2, (n for n in [1])], executor="dask", address=address)
    assert "pickle" in str(outcomes[1].error)


def test_features_are_the_same_as_in_one_process(monkeypatch, sample_client, address):
    store = open_store(sample_client)
    settings = FeatureSettings(as_of=store.as_of)
    alone = creator_features(store, settings)
    monkeypatch.setattr(kept, "_TASK_ROWS", 10_000)
    assert len(kept.bounded_groups(store, store.buckets())) > 1
    spread = creator_features(store, settings, executor="dask", address=address)
    pd.testing.assert_frame_equal(spread.table, alone.table, rtol=0, atol=1e-12)


def test_an_import_is_the_same_as_in_one_process(tmp_path, address):
    days = pd.date_range("2026-06-01", periods=90).astype(str)
    posts = pd.DataFrame({"handle": [f"h{n % 30}" for n in range(90)], "likes": range(90)})
    posts = posts.assign(platform="tiktok", post_id=range(90), posted_at=days)
    posts.to_csv(tmp_path / "posts.csv", index=False)
    found = [
        import_files([tmp_path / "posts.csv"], tmp_path / name, **how)
        and open_store(tmp_path / name).fingerprint()
        for name, how in (("one", {}), ("many", {"executor": "dask", "address": address}))
    ]
    assert found[0] == found[1]


def test_scikit_learn_gives_the_same_on_a_cluster(address):
    rng = np.random.default_rng(1)
    given = rng.normal(size=(90, 3)), rng.integers(0, 2, 90)
    alone = cross_val_score(LogisticRegression(), *given, cv=3)
    with joblib_backend("dask", address=address):
        spread = cross_val_score(LogisticRegression(), *given, cv=3)
    np.testing.assert_allclose(spread, alone, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # its loop's end
def test_an_interrupted_run_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, heard = listening(), signal.signal(signal.SIGINT, signal.default_int_handler)

    def interrupt() -> None:
        while len([*tmp_path.glob("*.pid")]) < 1:
            time.sleep(0.05)
        os.kill(os.getpid(), 2)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run_tasks(process_of, [tmp_path] * 2, executor="dask", workers=1)
    signal.signal(signal.SIGINT, heard)  # a worker of the tests hears none
    gc.collect()
    started = [int(path.stem) for path in tmp_path.iterdir()]  # and no other file
    assert len(started) == 1
    assert not alive(started[0])
    assert listening() == before


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 0.2)
    with pytest.raises(RunError, match="No Dask scheduler answers"):
        run_tasks(halve, [1], executor="dask", address="tcp://127.0.0.1:9")


def test_without_dask_the_command_that_brings_it_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(RunError) as told:
        run_tasks(halve, [1], executor="dask")
    assert "pip install 'creator-workbench[cluster]'" in str(told.value)
