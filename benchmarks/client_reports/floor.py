"""The floor: the same cells in warm processes, no kernel, no papermill, no gate, no manifest.

``python -m benchmarks.client_reports.floor NOTEBOOK OUT CLIENT ...`` prints the seconds of wall
clock and of CPU that all clients took, warm-up left out. Figures are drawn as the report draws
them, and the outputs become HTML by the report's own template.
"""

from __future__ import annotations

import json
import multiprocessing as mp
import os
import sys
import time
from pathlib import Path
from typing import Any
from unittest import mock

WORKERS = 2
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ARROW_NUM_THREADS")


def title_of(client: str) -> str:
    """Return the page's title, as `workbench run` gives it."""
    return f"Monthly · {client}"


def left_open() -> list[Any]:
    """Return, and close, the figures that a cell left open, as a notebook adds them to it."""
    import matplotlib.pyplot as plt
    import nbformat
    from IPython.core.pylabtools import print_figure

    figures = [plt.figure(number) for number in plt.get_fignums()]
    bundles = [
        {"text/plain": repr(figure), "image/png": print_figure(figure, base64=True)}
        for figure in figures
    ]
    plt.close("all")
    return [nbformat.v4.new_output("display_data", data=bundle) for bundle in bundles]


def make_page(notebook: Path, client: Path, out: Path) -> None:
    """Run a notebook's cells here, catch what they display, and write the page."""
    import matplotlib as mpl
    import nbformat

    from workbench.reporting.html import render_html

    book = nbformat.read(notebook, as_version=4)
    caught: list[Any] = []

    def catch(bundle: Any, *, raw: bool, metadata: Any = None) -> None:
        caught.append(nbformat.v4.new_output("display_data", data=bundle, metadata=metadata or {}))

    names: dict[str, Any] = {}
    with mock.patch("IPython.display.display", catch), mpl.rc_context():
        for cell in book.cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, cell.id, "exec"), names)
                if "parameters" in cell.metadata.get("tags", ()):
                    names |= {"client": client.name, "data_dir": str(client)}
                cell.outputs = [*caught, *left_open()]
                caught.clear()
    executed = out / f"{client.name}.ipynb"
    nbformat.write(book, executed)
    page = render_html(executed, title=title_of(client.name))
    (out / f"{client.name}.html").write_text(page, encoding="utf-8")


def work(notebook: Path, clients: list[Path], out: Path, warm: Any, spent: Any) -> None:
    """Warm up by one page, wait for the others, then make one's share of the pages."""
    make_page(notebook, clients[0], out)
    warm.wait()
    began = time.process_time()
    for client in clients:
        make_page(notebook, client, out)
    spent.put(time.process_time() - began)


def main() -> None:
    """Make all pages and print what they took."""
    notebook, out, *clients = map(Path, sys.argv[1:])
    os.environ |= dict.fromkeys(THREADS, "1") | {"MPLBACKEND": "agg"}
    context = mp.get_context("spawn")
    warm, spent = context.Barrier(WORKERS + 1), context.Queue()
    shares = [clients[number::WORKERS] for number in range(WORKERS)]
    workers = [
        context.Process(target=work, args=(notebook, share, out, warm, spent))
        for share in shares
        if share
    ]
    for worker in workers:
        worker.start()
    warm.wait()
    began = time.perf_counter()
    cpu = sum(spent.get() for _ in workers)
    print(json.dumps({"wall": time.perf_counter() - began, "cpu": cpu}))
    for worker in workers:
        worker.join()


if __name__ == "__main__":
    main()
