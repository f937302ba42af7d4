"""Kernels, fresh and forked: the same outputs, and nothing left behind whatever is killed."""

import asyncio
import functools
import hashlib
import json
import logging
import os
import pickle
import signal
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import pytest
from jupyter_core.utils import ensure_event_loop

from workbench.errors import RetryableError, RunError
from workbench.reporting import kernels as sources
from workbench.reporting.execute import execute_notebook
from workbench.reporting.html import render_html
from workbench.reporting.kernels import forked_kernels, fresh_kernels, private_folder

END = (
    "from IPython.display import display\n"
    "display({'text/plain': ''}, raw=True, metadata={'workbench-report-end': True})"
)
SMALL = ("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="forks")]

DRAWN = (
    "import matplotlib.pyplot as plt, numpy as np, pandas as pd, seaborn as sns, warnings\n"
    "from sklearn.linear_model import Ridge\n"
    "frame = pd.DataFrame({'x': np.arange(30.0), 'y': np.random.default_rng(1).normal(size=30)})\n"
    "frame['group'] = list('ab') * 15\n"
    "frame.head()",
    "sns.regplot(frame, x='x', y='y', seed=1, n_boot=20)\nplt.show()",
    "sns.set_theme()\nsns.histplot(frame, x='y', hue='group', kde=True)\nplt.show()",
    "model = Ridge().fit(frame[['x']], frame['y'])\nprint(model.coef_)\nmodel",
    "print(plt.get_backend(), {**plt.rcParams}, sorted(vars()))",
    "frame.plot(y='y')\nplt.show()",
)


def notebook_of(folder, *cells):
    made = [nbformat.v4.new_code_cell(cell.strip()) for cell in ("a = ''", *cells, END)]
    made[0].metadata.tags = ["parameters"]
    path = folder / "made.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=made), path)
    return path


def run(folder, *cells, **settings):
    work = folder / "work"
    work.mkdir(exist_ok=True)
    executed = execute_notebook(notebook_of(folder, *cells), work, {"a": "b"}, **settings)
    return outputs_of(executed)


def outputs_of(path):
    cells = nbformat.read(path, as_version=4).cells
    return [json.dumps(o, sort_keys=True) for cell in cells for o in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def full():
    with forked_kernels() as kernels:
        yield kernels


@pytest.fixture(scope="module")
def small():
    with forked_kernels(SMALL) as kernels:
        yield kernels


def test_figures_tables_and_models_of_a_forked_kernel_are_those_of_a_fresh_one(full, tmp_path):
    assert pickle.loads(pickle.dumps(full)) == full
    forked = run(tmp_path, *DRAWN, kernels=full)
    assert (tmp_path / "work" / "kernel.log").read_text() == ""
    assert sum("image/png" in output for output in forked) == 3
    assert forked == run(tmp_path, *DRAWN)


def test_the_samples_report_has_the_same_bytes(full, sample_report, tmp_path):
    _, published = sample_report
    fresh = published.html.parent / "desk" / "executed.ipynb"
    given = nbformat.read(fresh, as_version=4).metadata.papermill.parameters
    notebook = Path("notebooks/report/engagement-benchmark.ipynb")
    forked = execute_notebook(notebook, tmp_path, given, kernels=full)
    assert outputs_of(forked) == outputs_of(fresh)
    digests = {
        hashlib.sha256(render_html(path, title="x").encode()).hexdigest()
        for path in (forked, fresh)
    }
    assert len(digests) == 1


def test_a_forked_kernel_is_its_own(small, tmp_path, monkeypatch):
    monkeypatch.setenv("ONLY_NOW", "here")
    asked = (
        "import os, random, sys\n"
        "print(os.environ['ONLY_NOW'], os.environ['OMP_NUM_THREADS'], os.getcwd()[-4:],"
        " os.getsid(0) == os.getpid(), sys.argv[1], 'workbench-' in str(sys.path), random.random())"
    )
    one, other = (json.loads(run(tmp_path, asked, kernels=small)[0])["text"] for _ in range(2))
    assert one.split()[:-1] == ["here", "1", "work", "True", "-f", "False"]
    assert one != other
    assert (tmp_path / "work" / "kernel.log").read_text() == ""


def test_forking_is_refused_where_it_is_unsafe(tmp_path, monkeypatch, caplog):
    (tmp_path / "threaded.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()"
    )
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    with forked_kernels(("threaded",)) as kernels:
        assert run(tmp_path, "1", kernels=kernels)
        kernels.manager(tmp_path, tmp_path)
    assert "2 threads" in (tmp_path / "work" / "kernel.log").read_text()
    assert "2 threads" in caplog.text


def test_a_failed_warm_up_gives_fresh_kernels(tmp_path, caplog):
    with forked_kernels(("no_such_module",)) as kernels:
        until((kernels.home / "refused").exists)
        kernels.manager(tmp_path, tmp_path)
    assert "No module named 'no_such_module'" in caplog.text


def test_elsewhere_than_on_linux_kernels_are_fresh(monkeypatch, caplog):
    monkeypatch.setattr(sources.sys, "platform", "darwin")
    with caplog.at_level(logging.WARNING), forked_kernels() as kernels:
        assert kernels == fresh_kernels()
    assert "Linux only" in caplog.text


# What is killed while a cell runs: nothing may be left of the run five seconds later.
RUNNER = """
import sys
from pathlib import Path
from workbench.reporting.execute import execute_notebook
from workbench.reporting.kernels import forked_kernels
with forked_kernels({modules!r}) as kernels:
    print(kernels.home, flush=True)
    execute_notebook(Path({notebook!r}), Path({work!r}), {{"a": "b"}}, kernels=kernels)
"""


def children(pid):
    every = Path("/proc").glob("[0-9]*/stat")
    mine = [int(path.parent.name) for path in every if field(path, 1) == str(pid)]
    return mine + [deeper for child in mine for deeper in children(child)]


def field(path, number):
    try:
        return path.read_text().rpartition(")")[2].split()[number]
    except OSError:
        return ""


def command_of(pid):
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []
    return [Path(word.replace("workbench.reporting.zygote", "zygote.py")).name for word in words]


def alive(pid):
    return field(Path(f"/proc/{pid}/stat"), 0) not in ("", "Z")


CELL = (
    "import subprocess, sys, os, time\n"
    "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
    "open('started', 'w').write(str(os.getpid()))\ntime.sleep(99)"
)


def started(work):
    """Return the pid of a kernel whose cell runs."""
    until(lambda: (work / "started").exists() and (work / "started").read_text())
    return int((work / "started").read_text())


def test_nothing_is_left_of_a_killed_runner(tmp_path):
    work = tmp_path / "work"
    work.mkdir()
    told = {"modules": SMALL, "notebook": str(notebook_of(tmp_path, CELL)), "work": str(work)}
    with subprocess.Popen(
        [sys.executable, "-c", RUNNER.format(**told)], stdout=subprocess.PIPE, text=True
    ) as runner:
        home = Path(runner.stdout.readline().strip())
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        kernel, below = started(work), children(runner.pid)
        assert kernel in below
        assert len(below) == 4  # the parent of kernels, a stub, a kernel and what it started
        runner.kill()
        until(lambda: not any(map(alive, below)) and not home.exists(), seconds=5)


@pytest.mark.parametrize("victim", ["zygote.py", "kernel_stub.py", "kernel"])
def test_nothing_is_left_of_a_killed_kernel(tmp_path, caplog, victim):
    (tmp_path / "work").mkdir()
    before = children(os.getpid())
    with forked_kernels(SMALL) as kernels, ThreadPoolExecutor(1) as thread:
        running = thread.submit(in_thread, run, tmp_path, CELL, kernels=kernels)
        kernel, below = started(tmp_path / "work"), set(children(os.getpid())) - {*before}
        named = {name: pid for pid in below for name in command_of(pid) if pid != kernel}
        os.kill(named.get(victim, kernel), signal.SIGKILL)
        with pytest.raises(RetryableError) as fault:
            running.result(timeout=20)
        assert fault.value.kind == "kernel_died"
        parent = named["zygote.py"]
        until(lambda: not any(alive(pid) for pid in below - {parent}), seconds=5)
        assert [path.name for path in kernels.home.iterdir()] == ["door"]
        kernels.manager(tmp_path, tmp_path)
        assert ("their parent has ended" in caplog.text) == (victim == "zygote.py")
    assert not alive(parent)
    assert not kernels.home.exists()
    assert (tmp_path / "work" / "executed.ipynb").exists()


def in_thread(function, *given, **named):
    """Call what runs a notebook in a thread, whose event loop nobody else closes."""
    try:
        return function(*given, **named)
    finally:
        ensure_event_loop().close()


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_two_threads_use_the_parent_of_their_process(tmp_path, monkeypatch):
    small = functools.partial(forked_kernels, SMALL)
    monkeypatch.setattr(sources, "forked_kernels", small)
    sources._worker_kernels.cache_clear()
    cells = ["import os, time", "time.sleep(1)\nprint(os.getppid())"]

    def one(name):
        (tmp_path / name).mkdir()
        return in_thread(run, tmp_path / name, *cells, kernels=sources.worker_kernels())

    with ThreadPoolExecutor(2) as threads:
        assert len(set(map(str, threads.map(one, "ab")))) == 1
    home = sources.worker_kernels().home
    assert home.exists()
    sources._AT_EXIT.close()
    assert not home.exists()


def test_an_interrupt_reaches_the_cell(small, tmp_path):
    async def interrupted():
        with private_folder(small.home) as sockets:
            manager = small.manager(sockets, tmp_path / "log")()
            await manager.start_kernel(cwd=str(tmp_path))
            client = manager.client()
            client.start_channels()
            await client.wait_for_ready(60)
            client.execute("open('begun', 'w').close()\nimport time\ntime.sleep(60)")
            while not (tmp_path / "begun").exists():
                await asyncio.sleep(0.02)
            await manager.interrupt_kernel()
            reply = await client.get_shell_msg(timeout=10)
            client.stop_channels()
            await manager.shutdown_kernel()
            return reply["content"]["ename"]

    with ThreadPoolExecutor(1) as apart:  # the browser's tests leave a loop running in this one
        assert apart.submit(asyncio.run, interrupted()).result() == "KeyboardInterrupt"


def test_a_folder_of_a_dead_owner_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(sources.tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sources, "_short_place", lambda: tmp_path)
    (tmp_path / "workbench-kernels-dead").mkdir()
    os.utime(tmp_path / "workbench-kernels-dead", (0, 0))
    with private_folder() as held:
        os.utime(held, (0, 0))
        with private_folder() as other:
            assert {path.name for path in tmp_path.iterdir()} == {held.name, other.name}
    assert not list(tmp_path.iterdir())


def test_a_run_has_a_limit_and_what_there_is_of_it_is_kept(small, tmp_path):
    start = time.monotonic()
    with pytest.raises(RetryableError, match="was ended") as fault:
        run(tmp_path, "print('so far')", "import time\ntime.sleep(60)", kernels=small, seconds=2)
    assert fault.value.kind == "timeout"
    assert "longer than 2 s" in str(fault.value)
    assert time.monotonic() - start < 15
    assert "so far" in outputs_of(tmp_path / "work" / "executed.ipynb")[0]


def test_a_dead_kernel_is_worth_another_try(small, tmp_path):
    with pytest.raises(RetryableError) as fault:
        run(tmp_path, "print('so far', flush=True)", "import os; os._exit(9)", kernels=small)
    assert fault.value.kind == "kernel_died"
    assert "so far" in outputs_of(tmp_path / "work" / "executed.ipynb")[0]


def test_cells_keep_their_seconds(small, tmp_path):
    run(tmp_path, "import time; time.sleep(0.2)", kernels=small)
    executed = nbformat.read(tmp_path / "work" / "executed.ipynb", as_version=4)
    assert any(cell.metadata.papermill.duration >= 0.2 for cell in executed.cells)


def test_no_secret_is_written(small, tmp_path, monkeypatch, caplog):
    secret = 'p"ss w%rd/ü\\1'
    monkeypatch.setenv("TOKEN", secret)
    cell = (
        "import base64, html, json, os, urllib.parse\nt = os.environ['TOKEN']\n"
        "print(t, json.dumps(t), repr(t), html.escape(t), urllib.parse.quote(t),"
        " base64.b64encode(('user:' + t).encode()).decode())\n"
        "os.write(2, t.encode())\nos.system('printenv TOKEN >&2')\n"
        "raise ValueError(t)"
    )
    with caplog.at_level(logging.DEBUG), pytest.raises(RunError, match="failed") as fault:
        run(tmp_path, cell, kernels=small, secrets=[secret])
    written = "".join(p.read_text() for p in (tmp_path / "work").iterdir())
    for text in (written, str(fault.value), caplog.text):
        assert "w%rd" not in text
        assert "ss w" not in text
    assert "[redacted]" in str(fault.value)
    assert fault.value.__context__ is None
