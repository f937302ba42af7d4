"""What the kernelspec starts: asks the parent of kernels for one, and stands for it.

Signals go through to the kernel, its end is this process's end, and when this process is killed the
parent kills the kernel. Where there is no parent, or it refuses, this becomes a fresh kernel.
A script of its own, started without site-packages: it takes 20 ms.
"""

import os
import signal
import socket
import sys


def main(door: str, *arguments: str) -> None:
    """Get a kernel from the parent that listens at ``door`` and wait for its end."""
    line = socket.socket(socket.AF_UNIX)
    try:
        line.connect(door)
        _ask(line, arguments)
    except OSError as fault:
        _be_fresh(f"the parent of kernels can't be reached: {fault}", arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: line.send(bytes([number])))
    kernel = 0
    for word, value in _answers(line):
        if word == "kernel":
            kernel = int(value)
        elif word == "refused":
            _be_fresh(value, arguments)
        elif word == "exit":
            _end(int(value))
    if not kernel:
        _be_fresh("the parent of kernels ended before it forked one", arguments)
    try:  # the parent was killed; what its kernel started lives on
        os.killpg(kernel, signal.SIGKILL)
    finally:
        os._exit(1)


def _ask(line: socket.socket, arguments: tuple[str, ...]) -> None:
    words = [os.getcwdb(), b"%d" % len(arguments), *map(os.fsencode, arguments)]
    words += [name + b"=" + value for name, value in os.environb.items()]
    text = b"\0".join(words)
    socket.send_fds(line, [b"%8d" % len(text)], [1, 2])
    line.sendall(text)


def _answers(line: socket.socket):  # type: ignore[no-untyped-def]
    """Give what the parent says, until it ends or this process's own parent does."""
    owner = int(os.environ.get("JPY_PARENT_PID") or os.getppid())
    line.settimeout(0.5)
    heard = b""
    while True:
        try:
            piece = line.recv(1024)
        except TimeoutError:
            if os.getppid() != owner:
                os._exit(1)
            continue
        except OSError:
            return
        if not piece:
            return
        *lines, heard = (heard + piece).split(b"\n")
        for text in lines:
            word, _, value = text.decode().partition(" ")
            yield word, value


def _end(code: int) -> None:
    if code < 0:
        signal.signal(-code, signal.SIG_DFL) if -code != signal.SIGKILL else None
        os.kill(os.getpid(), -code)
    os._exit(code)


def _be_fresh(reason: str, arguments: tuple[str, ...]) -> None:
    os.write(2, f"A fresh kernel, since {reason}.\n".encode())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execv(sys.executable, [sys.executable, "-m", "ipykernel_launcher", *arguments])


if __name__ == "__main__":
    main(*sys.argv[1:])
