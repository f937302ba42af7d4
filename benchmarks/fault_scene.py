"""Where faults are planted: a client's store, a published report, and runs that are watched."""

from __future__ import annotations

import atexit
import base64
import hashlib
import html
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import weakref
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from benchmarks.fault_cells import PLACE, SECRET

NOTEBOOK = Path(__file__).with_name("faults") / "report.ipynb"
SECRET_VALUE = 'k3y "quoted" \\n <Ü>-7f1c09'  # every way of writing it down changes it
CLIENTS = ("acme", "umbra")
PERIOD = "2026-05"
_MARK = "WORKBENCH_FAULTS_MARK"


def nothing(*_: object) -> None:
    """Do nothing."""


@dataclass
class Started:
    """A command that was started: its process, and where its words go."""

    pid: int
    out: Path
    err: Path
    code: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, or None while it runs."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.code = os.waitstatus_to_exitcode(status) if pid else None
        return self.code

    def finish(self, seconds: float = 120) -> int:
        """Wait for its end; one that does not end is killed and counts as -1000."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                self.code = -1000
            time.sleep(0.005)
        assert self.code is not None
        return self.code

    @property
    def words(self) -> str:
        """All that it said."""
        return self.out.read_text(errors="replace") + self.err.read_text(errors="replace")


@dataclass
class Scene:
    """A client's folder, a shelf with a good report, and the commands of this scene."""

    root: Path
    dice: random.Random
    number: int = 0
    took: float = 4.0
    began: float = 0.0
    several: bool = False
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)
    started: list[Started] = field(default_factory=list)

    @property
    def data(self) -> Path:
        """The first client's folder."""
        return self.root / CLIENTS[0]

    @property
    def out(self) -> Path:
        """Where reports are published."""
        return self.root / "out"

    @property
    def temporary(self) -> Path:
        """What runs use as TMPDIR."""
        return self.root / "t"

    @property
    def place(self) -> Path:
        """Where kernel and benchmark wave to each other."""
        return self.root / "wave"

    def page(self, link: str = "latest", client: str = "acme") -> Path:
        """Return the published report by one of its links."""
        return self.out / client / "report" / link / f"report-{client}.html"

    @property
    def pages(self) -> dict[Path, str]:
        """The places where people look for reports, and whose report must be there."""
        links = ("latest", f"periods/{PERIOD}")
        return {self.page(link, client): client for client in CLIENTS for link in links}

    def start(
        self,
        *,
        clients: Sequence[str] = ("acme",),
        data: Path | None = None,
        executor: str = "serial",
        inside: Callable[[], object] = nothing,
        notebook: Path = NOTEBOOK,
        settings: Mapping[str, object] = MappingProxyType({}),
        **parameters: object,
    ) -> Started:
        """Start ``workbench run`` in a process of its own, as a scheduler would.

        It is forked from this process, whose libraries are loaded already: thousands of runs would
        else spend most of their time on imports. Two clients get forked kernels.
        """
        given = {"topic": "likes", "number": self.number, **parameters}
        one = {"client": clients[0], "data": str(data or self.root / clients[0].strip())}
        schedule = {
            "report": str(notebook),
            **(one if len(clients) == 1 else {"clients": list(clients), "data": str(self.root)}),
            "parameters": {name: value for name, value in given.items() if value is not None},
            "retries": 0,
            **settings,
        }
        path = self.root / f"{len(self.started)}.yml"
        path.write_text(yaml.safe_dump(schedule), encoding="utf-8")
        self.began, self.several = time.time(), len(clients) > 1
        command = ["run", str(path), "--out", str(self.out), "--period", PERIOD]
        return self._fork([*command, "--executor", executor], inside)

    def _fork(self, command: list[str], inside: Callable[[], object]) -> Started:
        words = self.root / "words"
        words.mkdir(exist_ok=True)
        n = len(self.started)
        started = Started(0, words / f"{n}.out", words / f"{n}.err")
        started.pid = os.fork()
        if started.pid == 0:
            _become(started, self._environment())
            _serve(command, inside)
        self.started.append(started)
        return started

    def _environment(self) -> dict[str, str]:
        return {
            _MARK: self.mark,
            PLACE: str(self.place),
            SECRET: SECRET_VALUE,
            "TMPDIR": str(self.temporary),
            "JUPYTER_RUNTIME_DIR": str(self.temporary / "jupyter"),
        }

    def processes(self, word: str = "") -> list[int]:
        """Return what lives of all runs, or those with a word in their command line."""
        sessions = {started.pid for started in self.started}
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                stat = (folder / "stat").read_text().rpartition(")")[2].split()
                ours = f"{_MARK}={self.mark}".encode() in (folder / "environ").read_bytes()
                ours |= int(stat[3]) in sessions
                if ours and stat[0] != "Z" and word.encode() in (folder / "cmdline").read_bytes():
                    found.append(int(folder.name))
        return found

    def leftovers(self, seconds: float = 5) -> list[str]:
        """Return processes that outlive their run by some seconds; they are ended here."""
        end = time.monotonic() + seconds
        while (left := self.processes()) and time.monotonic() < end:
            time.sleep(0.05)
        told = [f"process {_command(pid)}" for pid in left]
        for pid in left:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        return told

    def age(self) -> None:
        """Let a minute pass for what is left in TMPDIR: younger folders are never swept."""
        for path in self.temporary.iterdir():
            os.utime(path, (time.time() - 60,) * 2)

    def litter(self) -> list[str]:
        """Return working files that should be gone after an ordinary run."""
        found = [p for p in self.temporary.rglob("*") if not p.is_dir() or p.parent.name == "t"]
        found += [*self.out.glob("*/*/.work-*"), *self.out.glob("*/*/runs/.*")]
        found += self.out.glob("*/*/.*draft*")
        return sorted(str(path.relative_to(self.root)) for path in found if path.name != "jupyter")

    def leaks(self, since: float) -> list[str]:
        """Return files, changed since, that hold the secret in any way that it may be written."""
        forms = _forms(SECRET_VALUE)
        files = [p for top in (self.out, self.temporary, self.root / "words") for p in _files(top)]
        return sorted(
            f"{path.relative_to(self.root)} ({name})"
            for path in files
            if path.stat().st_ctime >= since
            for content in _contents(path)
            for name, form in forms.items()
            if form in content
        )

    @property
    def summary(self) -> Path:
        """What the last command tells of its runs."""
        return self.out / "summary.json"

    def kinds(self, known: Collection[Path] = ()) -> set[str]:
        """Return the kinds of exit in failed runs that were not known, and in the summary."""
        told = [path / "manifest.json" for path in self.failures().difference(known)]
        kinds = {json.loads(path.read_text())["exit"]["kind"] for path in told if path.exists()}
        if self.summary.exists() and self.summary.stat().st_mtime >= self.began:
            summary = json.loads(self.summary.read_text())
            kinds.update(report["kind"] for report in summary["reports"])
            kinds |= {"bad_input"} if summary["faults"] else set()
        return kinds

    def failures(self) -> set[Path]:
        """Return the folders of failed runs."""
        return set(self.out.glob("*/*/failed/*"))

    def when(self, happens: Callable[[], object], run: Started) -> bool:
        """Wait until something happens, or the run has ended first."""
        while not happens():
            if run.poll() is not None:
                return False
            time.sleep(0.01)
        return True


def open_scene(seed: int) -> Scene:
    """Make folders of two clients with forty posts each, and publish a first report of both.

    Not below TMPDIR's long names: a socket's path may have 107 bytes.
    """
    from workbench.intake.importing import import_files

    scene = Scene(root=Path(tempfile.mkdtemp(prefix="f-", dir="/tmp")), dice=random.Random(seed))
    for folder in (scene.temporary, scene.place):
        folder.mkdir()
    for more, client in enumerate(CLIENTS):
        posts = write_posts(scene.root / "posts.csv", more)
        import_files([posts], scene.root / client, as_of="2026-05-31")
        began = time.monotonic()
        first = scene.start(clients=[client])
        if first.finish():
            raise RuntimeError(f"the first report failed: {first.words}")
        scene.took = time.monotonic() - began
    return scene


def digest(page: Path) -> str:
    """Return a page's SHA-256."""
    return hashlib.sha256(page.read_bytes()).hexdigest()


def manifest(page: Path) -> dict[str, Any]:
    """Return the manifest beside a page."""
    text = (page.parent / "desk" / "manifest.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


@contextmanager
def a_scene(seed: int) -> Iterator[Scene]:
    """Open a scene, and end and erase what is left of it."""
    scene = open_scene(seed)
    try:
        yield scene
    finally:
        scene.leftovers(0)
        if os.path.ismount(scene.out):
            subprocess.run(["umount", "-l", str(scene.out)], check=False)
        shutil.rmtree(scene.root, ignore_errors=True)


def write_posts(path: Path, more: int = 0) -> Path:
    """Write an export of forty posts of ten accounts."""
    rows = (
        f"ann{n % 10},tiktok,p{n},2026-05-{n % 28 + 1:02d},{n + more},{n % 4}" for n in range(40)
    )
    path.write_text("Handle,Platform,Post ID,Posted at,Likes,Comments\n" + "\n".join(rows) + "\n")
    return path


def _become(started: Started, environment: dict[str, str]) -> None:
    os.setsid()
    os.environ.update(environment)
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    tempfile.tempdir = None
    for number, path in ((1, started.out), (2, started.err)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What this process registered is this process's to do; what the run registers is still done.
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]


def _serve(command: list[str], inside: Callable[[], object]) -> None:
    code = 1
    try:
        from workbench.cli.app import main

        inside()
        sys.argv = ["workbench", *command]
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except KeyboardInterrupt:
        code = 130
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")[-100:]
    return str(pid)


def _files(top: Path) -> Iterator[Path]:
    return (path for path in top.rglob("*") if path.is_file() and not path.is_symlink())


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            yield from (book.read(name) for name in book.namelist())


def _forms(secret: str) -> dict[str, bytes]:
    texts = {
        "raw": secret,
        "json": json.dumps(secret)[1:-1],
        "json, not ascii": json.dumps(secret, ensure_ascii=False)[1:-1],
        "json twice": json.dumps(json.dumps(secret))[3:-3],
        "repr": repr(secret)[1:-1],
        "html": html.escape(secret),
        "html, quotes left": html.escape(secret, quote=False),
    }
    forms = {name: text.encode() for name, text in texts.items()}
    for shift in range(3):  # base64 of a text depends on where in it the secret begins
        coded = base64.b64encode(b" " * shift + secret.encode())
        forms[f"base64 +{shift}"] = coded[4:-4]
    return forms
