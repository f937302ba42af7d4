"""The faults: what each one does to a run, and what the run must then say."""

from __future__ import annotations

import datetime as clock
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import nbformat

from benchmarks.fault_cells import SECRET
from benchmarks.fault_scene import (
    CLIENTS,
    NOTEBOOK,
    SECRET_VALUE,
    Scene,
    Started,
    nothing,
    write_posts,
)


class AbsentError(Exception):
    """What the fault strikes is not there."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault, and what is right after it.

    Attributes
    ----------
    act : function of the scene
        Starts the run or runs, does the harm, undoes it, and returns the runs that have ended.
    codes : frozenset of int
        Exit codes that are right.
    kinds : frozenset of str
        Kinds of exit, of which the runs must have told one; the empty one stands for none told, as
        where nothing can be written; no kinds where the command is killed.
    publishes : bool
        Whether the new report may be published, should the run get that far.
    prepare : function of the scene
        What has to be done once, before the first run.
    """

    act: Callable[[Scene], list[Started]]
    codes: frozenset[int] = frozenset({1})
    kinds: frozenset[str] = frozenset()
    publishes: bool = False
    prepare: Callable[[Scene], object] = nothing


def _ended(run: Started) -> list[Started]:
    run.finish()
    return [run]


def _in_cell(scene: Scene, fault: str, **settings: object) -> list[Started]:
    return _ended(scene.start(fault=fault, settings=settings))


def _with_parameters(scene: Scene, **parameters: object) -> list[Started]:
    return _ended(scene.start(**parameters))  # type: ignore[arg-type]


def _cell_hangs(scene: Scene) -> list[Started]:
    from workbench.reporting import execute

    return _ended(scene.start(fault="hang", inside=lambda: setattr(execute, "CELL_SECONDS", 2)))


def _shell_line(scene: Scene) -> list[Started]:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    notebook.cells.insert(4, nbformat.v4.new_code_cell("!false", id="shell"))
    path = scene.root / "shell" / NOTEBOOK.name
    path.parent.mkdir(exist_ok=True)
    nbformat.write(notebook, path)
    return _ended(scene.start(notebook=path))


def _at_random(
    scene: Scene, harm: Callable[[Started], object], *, two: bool = False
) -> list[Started]:
    """Do harm at any time of a run: of one report here, or of two in processes of their own."""
    run = scene.start(**_TWO_PROCESSES) if two else scene.start()
    time.sleep(scene.dice.uniform(0, scene.took * (2 if two else 1)))
    if run.poll() is None:
        harm(run)
    return _ended(run)


def _kill_part(scene: Scene, part: str) -> list[Started]:
    """Kill a process that runs of forked kernels have started, at any time of its life."""
    run = scene.start(clients=CLIENTS)
    if not scene.when(lambda: scene.processes(part), run):
        raise AbsentError(f"no {part} was seen: {run.words[-300:]}")
    time.sleep(scene.dice.uniform(0, scene.took / 2))
    for pid in scene.processes(part)[:1]:  # the first is the parent of the others
        os.kill(pid, signal.SIGKILL)
    return _ended(run)


def _two_at_once(scene: Scene) -> list[Started]:
    runs = [scene.start(), scene.start()]
    return [run for each in runs for run in _ended(each)]


def _corrupt(scene: Scene) -> list[Started]:
    path = scene.dice.choice(sorted(scene.data.rglob("*.parquet")))
    content = path.read_bytes()
    middle = scene.dice.randrange(4, len(content) - 4)
    flipped = bytes(byte ^ 0x5A for byte in content[middle : middle + 64])
    harms = (content[:middle], b"", content[:middle] + flipped + content[middle + 64 :])
    path.write_bytes(scene.dice.choice(harms))
    try:
        return _ended(scene.start())
    finally:
        path.write_bytes(content)


def _empty_store(scene: Scene) -> list[Started]:
    from workbench.intake.importing import import_files

    empty = scene.root / "empty"
    if not empty.exists():
        roster = scene.root / "roster.csv"
        roster.write_text("Handle,Platform,Followers\nann1,tiktok,1200\n")
        import_files([roster], empty, as_of="2026-05-31")
    return _ended(scene.start(data=empty))


def _data_change(scene: Scene) -> list[Started]:
    from workbench.intake.importing import import_files

    run = scene.start(fault="wait")
    signs = [scene.place / name for name in ("here", "go")]
    if scene.when(signs[0].exists, run):
        posts = write_posts(scene.root / "posts.csv", more=scene.number)
        import_files([posts], scene.data, as_of="2026-05-31")
        signs[1].touch()
    run.finish()
    for sign in signs:
        sign.unlink(missing_ok=True)
    return [run]


def jump_clock(days: int, after: float) -> None:
    """Let this process's clock jump, by days, some seconds from now."""
    real, began = time.time, time.monotonic()

    def offset() -> float:
        return 86400.0 * days if time.monotonic() - began > after else 0.0

    class Moment(clock.datetime):
        @classmethod
        def now(cls, tz: clock.tzinfo | None = None) -> Moment:
            return cls.fromtimestamp(real() + offset(), tz)

    class Day(clock.date):
        @classmethod
        def today(cls) -> Day:
            return cls.fromtimestamp(real() + offset())

    time.time = lambda: real() + offset()
    clock.datetime, clock.date = Moment, Day  # type: ignore[misc]
    for name, module in list(sys.modules.items()):
        for old, new in (("datetime", Moment), ("date", Day)):
            if name.startswith("workbench.") and isinstance(getattr(module, old, None), type):
                setattr(module, old, new)


def _clock(scene: Scene, days: int) -> list[Started]:
    jump = partial(jump_clock, days, scene.dice.uniform(0, scene.took))
    return _ended(scene.start(inside=jump))


def on_small_disk(scene: Scene) -> None:
    """Move the published reports to a disk of their own, where mounting is allowed."""
    kept = scene.out.rename(scene.root / "kept")
    scene.out.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "faults", str(scene.out)]
    subprocess.run(mount, capture_output=True, check=False)
    shutil.copytree(kept, scene.out, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(kept)


def _disk_full(scene: Scene) -> list[Started]:
    left = scene.dice.randrange(160_000)
    if not os.path.ismount(scene.out):  # no such disk: no file may become larger instead
        limits = (left // 4, resource.RLIM_INFINITY)
        return _ended(scene.start(inside=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits)))
    filler = scene.out / "filler"
    size = max(0, shutil.disk_usage(scene.out).free - left)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size + 1)
    try:
        return _ended(scene.start())
    finally:
        filler.unlink()


def _not_writable(scene: Scene) -> list[Started]:
    if not os.path.ismount(scene.out):
        if os.geteuid() == 0:
            raise AbsentError("root may write anywhere, and no disk may be mounted")
        folders = [scene.out, *(path for path in scene.out.rglob("*") if path.is_dir())]
        lock, unlock = ([["chmod", how, *map(str, folders)]] for how in ("a-w", "u+w"))
    else:
        lock, unlock = ([["mount", "-o", f"remount,{how}", str(scene.out)]] for how in ("ro", "rw"))
    subprocess.run(lock[0], check=True)
    try:
        return _ended(scene.start())
    finally:
        subprocess.run(unlock[0], check=True)


def _browser(scene: Scene, *, hangs: bool) -> list[Started]:
    """Ask for a PDF where there is no Chromium, or one that never ends."""
    from workbench.reporting import pdf

    folder = scene.root / ("hanging" if hangs else "none")
    folder.mkdir(exist_ok=True)
    if hangs:
        (folder / "chromium").write_text("#!/bin/sh\n/bin/sleep 600\n")
        (folder / "chromium").chmod(0o755)

    def inside() -> None:
        os.environ["PATH"] = str(folder)
        pdf.PRINT_SECONDS = 2

    return _ended(scene.start(inside=inside, settings={"pdf": True}))


def _kill(run: Started) -> None:
    os.kill(run.pid, signal.SIGKILL)


def _interrupt(run: Started) -> None:
    os.killpg(run.pid, signal.SIGINT)


_TWO_PROCESSES: dict[str, Any] = {"clients": CLIENTS, "executor": "local"}
_SECRETS: dict[str, Any] = {"secrets": [SECRET]}
_BAD = frozenset({2})
_BAD_KIND = frozenset({"bad_input"})
_UNFINISHED = frozenset({"notebook_failed", "unfinished"})
_STOPPED = frozenset({"stopped", "good", ""})  # none before the schedule was read
_ANY = frozenset({0, 1})

FAULTS: dict[str, Fault] = {
    "raise in a cell": Fault(act=partial(_in_cell, fault="raise"), kinds=_UNFINISHED),
    "sys.exit(0)": Fault(act=partial(_in_cell, fault="exit"), kinds=_UNFINISHED),
    "!false": Fault(act=_shell_line, codes=frozenset({1, 2}), kinds=_UNFINISHED | _BAD_KIND),
    "exception in a thread": Fault(act=partial(_in_cell, fault="thread"), kinds=_UNFINISHED),
    "kernel os._exit(9)": Fault(
        act=partial(_in_cell, fault="die"), kinds=frozenset({"kernel_died"})
    ),
    "SIGKILL of the runner": Fault(
        act=partial(_at_random, harm=_kill), codes=frozenset({-9, 0}), publishes=True
    ),
    "SIGKILL of two processes' runner": Fault(
        act=partial(_at_random, harm=_kill, two=True), codes=frozenset({-9, 0}), publishes=True
    ),
    "SIGKILL of the zygote": Fault(
        act=partial(_kill_part, part="workbench.reporting.zygote"),
        codes=_ANY,
        kinds=frozenset({"kernel_died", "good"}),
        publishes=True,
    ),
    "SIGKILL of the stub": Fault(
        act=partial(_kill_part, part="kernel_stub.py"),
        codes=_ANY,
        kinds=frozenset({"kernel_died", "good"}),
        publishes=True,
    ),
    "disk full": Fault(
        act=_disk_full,
        codes=_ANY,
        kinds=frozenset({"io", "good", ""}),
        publishes=True,
        prepare=on_small_disk,
    ),
    "OUT not writable": Fault(
        act=_not_writable, codes=frozenset({1, 2}), kinds=frozenset({""}), prepare=on_small_disk
    ),
    "cell hangs": Fault(act=_cell_hangs, kinds=frozenset({"timeout"})),
    "run takes too long": Fault(
        act=partial(_in_cell, fault="hang", seconds=4), kinds=frozenset({"timeout"})
    ),
    "parameter misspelt": Fault(
        act=partial(_with_parameters, nubmer=3), codes=_BAD, kinds=_BAD_KIND
    ),
    "parameter of a wrong type": Fault(
        act=partial(_with_parameters, number="many"), codes=_BAD, kinds=_BAD_KIND
    ),
    "parameter missing": Fault(
        act=partial(_with_parameters, topic=None), codes=_BAD, kinds=_BAD_KIND
    ),
    "corrupt Parquet": Fault(act=_corrupt, codes=frozenset({1, 2}), kinds=_BAD_KIND | {"io"}),
    "client without a name": Fault(
        act=partial(_with_parameters, clients=[" "]), codes=_BAD, kinds=_BAD_KIND
    ),
    "client without posts": Fault(act=_empty_store, codes=_BAD, kinds=_BAD_KIND),
    "two runners at once": Fault(
        act=_two_at_once,
        codes=_ANY,
        kinds=frozenset({"good", "up_to_date", "locked"}),
        publishes=True,
    ),
    "clock jumps back": Fault(
        act=partial(_clock, days=-400),
        codes=frozenset({0, 2}),  # a period that has not begun by the clock is refused
        kinds=frozenset({"good", "bad_input"}),
        publishes=True,
    ),
    "clock jumps on": Fault(
        act=partial(_clock, days=400),
        codes=frozenset({0}),
        kinds=frozenset({"good"}),
        publishes=True,
    ),
    "secret in a parameter": Fault(
        act=lambda scene: _ended(scene.start(topic=SECRET_VALUE, settings=_SECRETS)),
        codes=_BAD,
        kinds=_BAD_KIND,
    ),
    "secret in outputs": Fault(
        act=partial(_in_cell, fault="tell secret", **_SECRETS),
        codes=_ANY,
        kinds=_UNFINISHED | {"gate", "good"},
        publishes=True,
    ),
    "secret in an exception": Fault(
        act=partial(_in_cell, fault="raise secret", **_SECRETS), kinds=_UNFINISHED
    ),
    "data change meanwhile": Fault(act=_data_change, kinds=frozenset({"data_changed"})),
    "figure without alt": Fault(act=partial(_in_cell, fault="no alt"), kinds=frozenset({"gate"})),
    "PDF without a browser": Fault(
        act=partial(_browser, hangs=False),
        codes=frozenset({1, 2}),
        kinds=frozenset({"io", "error", "bad_input"}),
    ),
    "PDF by a browser that hangs": Fault(
        act=partial(_browser, hangs=True), kinds=frozenset({"timeout"})
    ),
    "Ctrl-C with two processes": Fault(
        act=partial(_at_random, harm=_interrupt, two=True),
        codes=frozenset({130, 0}),
        kinds=_STOPPED,
        publishes=True,
    ),
    "Ctrl-C": Fault(
        act=partial(_at_random, harm=_interrupt),
        codes=frozenset({130, 0}),
        kinds=_STOPPED,
        publishes=True,
    ),
}
