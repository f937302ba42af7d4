"""Python starts with this file where its folder is on the path: forked kernels then lose figures.

The benchmark must see that; nothing in the package knows of it.
"""

import os
import sys


def _lose_figures() -> None:
    import matplotlib_inline.backend_inline as inline

    inline.flush_figures = lambda *_, **__: None


if any("zygote" in word for word in sys.orig_argv):
    os.register_at_fork(after_in_child=_lose_figures)
