"""Kills an import before every nth change that it makes to the disk, and looks at what is left.

``python -m tests.killed_imports FOLDER [EVERY]`` prints how many imports were killed, and in which
state the store was found afterwards.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from workbench.intake.importing import import_files
from workbench.store import open_store

_STEPS = ("replace", "unlink", "rename", "mkdir", "rmdir", "open")
HEADER = "Handle,Platform,Post ID,Posted at,Likes,Comments\n"


def posts(likes: int) -> str:
    """Return an export of 60 posts of 30 accounts."""
    rows = (f"ann{n % 30},tiktok,p{n},2026-05-{n % 28 + 1:02d},{likes},{n % 4}" for n in range(60))
    return HEADER + "".join(f"{row}\n" for row in rows)


def in_a_child(work: Callable[[], object]) -> bool:
    """Run work in a process of its own, and say whether it came to its end."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def dying(step: int, work: Callable[[], object]) -> Callable[[], None]:
    """Return the work, killed before its nth change to the disk."""

    def run() -> None:
        left = step

        def counted(change: Callable[..., object]) -> Callable[..., object]:
            def before(*args: object, **options: object) -> object:
                nonlocal left
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return change(*args, **options)

            return before

        for name in _STEPS:
            setattr(os, name, counted(getattr(os, name)))
        work()

    return run


def main(folder: Path, every: int) -> Counter[str]:
    """Kill imports, and count the states in which the store was found."""
    before, export, client = folder / "before", folder / "posts.csv", folder / "client"
    export.write_text(posts(5))
    in_a_child(lambda: import_files([export], before, as_of="2026-06-01"))
    export.write_text(posts(9))
    shutil.copytree(before, client)
    in_a_child(lambda: import_files([export], client, as_of="2026-06-01"))
    states = {content(before): "as before", content(client): "as after"}
    assert len(states) == 2
    found: Counter[str] = Counter()
    step, ended = 0, False
    while not ended:
        shutil.rmtree(client)
        shutil.copytree(before, client)
        again = dying(step, lambda: import_files([export], client, as_of="2026-06-01"))
        ended = in_a_child(again)
        found["killed"] += not ended
        found[states.get(content(client), "broken")] += not ended
        mended = in_a_child(lambda: import_files([export], client, as_of="2026-06-01"))
        whole = mended and states.get(content(client)) == "as after"
        left = [path for path in client.iterdir() if path.name.startswith(".import-")]
        found["whole after the next import"] += whole and not left and not ended
        step += every
    return found


def content(client: Path) -> str:
    """Return the likes that the store holds, as text."""
    likes = open_store(client).read("posts")["likes"]
    return likes.to_json()


if __name__ == "__main__":
    counts = main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    sys.stdout.write(json.dumps(counts) + "\n")
