"""JupyterLab in a browser: a server of its own, notebooks in it, and who was asked for what."""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

import psutil

from tests.conftest import ROOT

LOOPBACK = {"127.0.0.1", "localhost", "::1"}
# Each Python that the server starts writes down whom it connects to or asks the name of.
AUDIT = """
import os, sys

def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo"):
        host = arguments[1] if event == "socket.connect" else arguments
        if isinstance(host, tuple) and host[0]:
            with open(os.environ["LAB_HOSTS"], "a") as hosts:
                hosts.write(f"{host[0]}\\n")

sys.addaudithook(note)
"""


@dataclass(frozen=True)
class Lab:
    """A running server: its address, ending in ``/``, its token and its own process."""

    address: str
    token: str
    pid: int
    hosts: Path

    def hosts_outside(self) -> set[str]:
        """Hosts other than this machine that the server and its kernels turned to."""
        return set(self.hosts.read_text().split()) - LOOPBACK


def makefile_options() -> list[str]:
    """The settings with which ``make lab`` starts."""
    return re.findall(r"--LabApp\S+", (ROOT / "Makefile").read_text(encoding="utf-8"))


@contextmanager
def running_lab(folder: Path, home: Path) -> Iterator[Lab]:
    """Start JupyterLab on a folder, away from the user's own settings, and end it afterwards."""
    token, runtime, hosts = secrets.token_hex(16), home / "runtime", home / "hosts.txt"
    (home / "audit").mkdir(parents=True)
    (home / "tmp").mkdir()
    (home / "audit" / "sitecustomize.py").write_text(AUDIT)
    hosts.touch()
    # Nobody answers the question whether news are wanted; its box would lie over the notebook.
    (home / "config" / "labconfig").mkdir(parents=True)
    settings = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}
    overrides = home / "config" / "labconfig" / "default_setting_overrides.json"
    overrides.write_text(json.dumps(settings))
    command = [sys.executable, "-m", "jupyterlab", *makefile_options(), "--no-browser"]
    port = 20_000 + secrets.randbelow(10_000)  # the server takes another where it is in use
    command += ["--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    command += ["--LabApp.expose_app_in_browser=True", f"--ServerApp.root_dir={folder}"]
    environment = os.environ | {
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(runtime),
        "JUPYTER_TOKEN": token,
        "IPYTHONDIR": str(home / "ipython"),
        "TMPDIR": str(home / "tmp"),
        "PYTHONPATH": f"{home / 'audit'}{os.pathsep}{ROOT}",
        "LAB_HOSTS": str(hosts),
    }
    with (home / "lab.log").open("wb") as log:
        server = subprocess.Popen(
            command + ["--allow-root"] * (os.geteuid() == 0),
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Lab(_address(server, runtime, home / "lab.log"), token, server.pid, hosts)
        finally:
            _end(server)


def _address(server: subprocess.Popen[bytes], runtime: Path, log: Path) -> str:
    # The file tells the port that the server got, which need not be the one asked for.
    info, deadline = runtime / f"jpserver-{server.pid}.json", time.monotonic() + 180
    while time.monotonic() < deadline and server.poll() is None:
        try:
            address = json.loads(info.read_text())["url"].replace("localhost", "127.0.0.1")
            with urlopen(f"{address}api", timeout=5):
                return address
        except (OSError, ValueError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()[-3000:]}")


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server, and its kernels even where it could not do so itself."""
    try:
        processes = [psutil.Process(server.pid)]
        processes += processes[0].children(recursive=True)
    except psutil.NoSuchProcess:
        processes = []
    server.terminate()
    try:
        server.wait(15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    for process in psutil.wait_procs(processes, timeout=3)[1]:
        process.kill()


class Notebook:
    """A notebook open in a page; what the page asked for and complained of is kept."""

    def __init__(self, page, lab: Lab, path: str) -> None:
        self.page, self.requests, self.faults = page, [], []
        page.set_default_timeout(90_000)  # a busy machine draws late
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda fault: self.faults.append(str(fault)))
        page.on("console", self._hear)
        # A workspace of its own: another test's would bring its notebooks with it.
        own = f"lab/workspaces/{secrets.token_hex(4)}/tree/{path}"
        page.goto(f"{lab.address}{own}?token={lab.token}")
        page.wait_for_function(
            "() => window.jupyterapp?.shell.currentWidget?.sessionContext"
            "?.session?.kernel?.status === 'idle'",
            timeout=60_000,
        )

    def _hear(self, message) -> None:
        if message.type == "error":
            self.faults.append(message.text)

    def requests_outside(self) -> list[str]:
        """Addresses asked for that are neither on this machine nor inside the page."""
        inside = ("data:", "blob:", "about:")
        return [
            url[:100]
            for url in self.requests
            if not url.startswith(inside) and urlsplit(url).hostname not in LOOPBACK
        ]

    def run_all(self) -> None:
        """Run every cell and wait until all are done."""
        self.page.evaluate("() => jupyterapp.commands.execute('notebook:run-all-cells')")
        self.wait_idle()

    def run(self, cell: str) -> str:
        """Run the cell of this id again, and return what it displays as plain text."""
        self.page.evaluate(
            """async (id) => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = notebook.widgets.findIndex((c) => c.model.id === id);
                await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            cell,
        )
        return self.outputs(cell)

    def outputs(self, cell: str) -> str:
        """Return what a cell displays as plain text; an error's name and message too."""
        found = self.page.evaluate(
            """(id) => jupyterapp.shell.currentWidget.content.widgets
                .find((c) => c.model.id === id).model.outputs.toJSON()""",
            cell,
        )
        return "\n".join(
            "".join(output.get("data", {}).get("text/plain", "")) or output.get("evalue", "")
            for output in found
        )

    def wait_idle(self) -> None:
        """Wait until the kernel has nothing left to do."""
        self.page.wait_for_function(
            "() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'",
            timeout=120_000,
        )
