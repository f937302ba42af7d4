"""The one hook: a command of the user's that is told of failures, for mail or chat."""

from __future__ import annotations

import json
import logging
import os
import shlex
import signal
import subprocess
from collections.abc import Mapping

SECONDS = 60
logger = logging.getLogger(__name__)


def call_hook(command: str, summary: Mapping[str, object]) -> bool:
    """Run a command with a summary as JSON on its standard input; say whether it did well.

    Its failure is told and changes nothing else; after a minute it is ended.
    """
    try:
        words = shlex.split(command)
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        )
    except (OSError, ValueError, IndexError) as fault:
        logger.error("The hook can't be started: %s", fault)
        return False
    try:
        process.communicate(json.dumps(summary, ensure_ascii=False).encode(), timeout=SECONDS)
    except subprocess.TimeoutExpired:
        logger.error("The hook took longer than %s s and was ended.", SECONDS)
        return False
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        logger.error("The hook failed with exit code %s.", process.returncode)
    return not process.returncode
