"""The command line as a person calls it, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys


def call(*arguments, cwd=None, answer=None):
    code = "import sys; from workbench.cli.app import main; sys.argv[0] = 'workbench'; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        input=answer,
    )


def hear_interrupts():
    # A job that a shell starts in the background is deaf to Ctrl-C, and so are its children.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
