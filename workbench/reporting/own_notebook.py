"""An own report notebook, read before a kernel starts: the likeliest mistakes, each with its cure.

What stands here would otherwise be lost without a word (a printed line, a figure that was only
drawn), stop the run late, or make the report another one each time. Nothing is run: a mistake that
only running shows is left to the run and to the gate.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

import nbformat

from workbench.errors import RunError, SettingsError
from workbench.reporting.bundle import report_notebooks
from workbench.reporting.execute import refuse_shell_lines
from workbench.reporting.html import report_sections
from workbench.reporting.own_cells import Cell, cell_faults, code_cells
from workbench.reporting.parameters import TYPES
from workbench.reporting.secrets import secret_name_faults


def own_notebook(path: Path) -> Path:
    """Return a user's own report notebook, checked.

    Raises
    ------
    SettingsError
        With everything that :func:`check_notebook` finds.
    """
    state = path.stat().st_mtime_ns if path.is_file() else 0
    if faults := _known_faults(path, state):
        raise SettingsError(f"{path} can't be made a report yet.", faults)
    return path.resolve()


@lru_cache(maxsize=16)
def _known_faults(path: Path, _state: int) -> tuple[str, ...]:
    """Check a notebook once, not for each client."""
    return tuple(check_notebook(path))


def check_notebook(path: Path) -> list[str]:
    """Return what is wrong with an own report notebook, each fault with its cell and its cure."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except OSError as fault:
        return [f"it can't be opened: {fault.strerror}; give the path of a notebook"]
    except Exception as fault:  # nbformat raises several kinds
        return [f"it is not a notebook ({type(fault).__name__}); save it from JupyterLab"]
    faults = list(_file_faults(path, notebook))
    try:
        refuse_shell_lines(path)
    except RunError as shell:
        faults += shell.faults
    cells, unread = code_cells(notebook)
    faults += unread + _parameter_faults([cell for cell in cells if "parameters" in cell.tags])
    body = [cell for cell in cells if "parameters" not in cell.tags]
    for number, cell in enumerate(body):
        told = dict.fromkeys(cell_faults(body, number, path.parent))  # each once
        faults += (f"{cell.place}: {fault}" for fault in told)
    if not body or not body[-1].shows("show_end"):
        faults.append(
            "the last code cell does not call show_end(): without it a report that stopped early "
            "would look finished; end with `from workbench.figures import show_end` and show_end()"
        )
    return faults


def _file_faults(path: Path, notebook: Any) -> Iterator[str]:
    if path.stem in report_notebooks():
        yield f"the name {path.stem!r} is that of a bundled report; give the file another one"
    kernel = notebook.metadata.get("kernelspec", {})
    spoken = notebook.metadata.get("language_info", {}).get("name", kernel.get("language"))
    if not kernel.get("name") or spoken != "python":
        yield "it names no Python kernel; open it in JupyterLab, choose Python 3, and save it"
    ran = [cell for cell in notebook.cells if cell.get("outputs") or cell.get("execution_count")]
    if ran:
        yield (
            f"{len(ran)} cells hold outputs of an earlier run, which may be another client's; "
            f"clear them: jupyter nbconvert --clear-output --inplace {path}"
        )
    prose = [_unfenced(cell.source) for cell in notebook.cells if cell.cell_type == "markdown"]
    titles = len(re.findall(r"^# +\S", "\n\n".join(prose), re.MULTILINE))
    if titles != 1:
        yield f"expected one title, a line `# ...` in a Markdown cell, found {titles}"
    yield from _section_faults(notebook, prose)


def _section_faults(notebook: Any, prose: list[str]) -> Iterator[str]:
    headings = [re.findall(r"^## +(.+?)\s*$", text, re.MULTILINE) for text in prose]
    if not any(headings):
        yield "it has no sections: head each with a Markdown cell that begins `## The answer`, say"
        return
    for several in headings:
        if len(several) > 1:
            yield f"one cell holds the sections {', '.join(several)}; give each a cell of its own"
    for title, times in Counter(title for found in headings for title in found).items():
        if times > 1:
            yield f"{times} sections are called {title!r}; call each what it alone holds"
    for section in report_sections(deepcopy(notebook))[1:]:
        if not any(cell.source.strip() for cell in section.cells):
            yield f"the section {section.title!r} is empty; fill it or take it out"


def _unfenced(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def _parameter_faults(tagged: list[Cell]) -> list[str]:
    if len(tagged) != 1:
        found = f"{len(tagged)} cells are" if tagged else "no cell is"
        return [
            f"{found} tagged `parameters`; tag the second cell, with lines such as "
            '`client: str = ""  # required: name on the report` (JupyterLab: the gear at the right)'
        ]
    (cell,) = tagged
    faults = [told for line in cell.tree.body for told in _declaration_faults(line)]
    typed = {
        line.target.id: ast.unparse(line.annotation)
        for line in cell.tree.body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }
    for name, what in (("client", "name on the report"), ("data_dir", "the client's folder")):
        if typed.get(name) != "str":
            faults.append(f'it lacks the line `{name}: str = ""  # required: {what}`')
    return [f"{cell.place}: {told}" for told in faults]


def _declaration_faults(line: ast.stmt) -> Iterator[str]:
    """Say what keeps a line of the parameters cell from being ``name: type = default``."""
    text = ast.unparse(line)[:60]
    if isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name):
        name = line.targets[0].id
        yield f"{name} has no type; write `{name}: str = ...`, with one of {', '.join(TYPES)}"
        return
    if not isinstance(line, ast.AnnAssign) or not isinstance(line.target, ast.Name):
        yield f"`{text}` is no parameter; put it into another cell"
        return
    name, kind = line.target.id, ast.unparse(line.annotation)
    if kind not in TYPES:
        yield f"{name} has the type {kind}; expected one of {', '.join(TYPES)}"
    try:
        ast.literal_eval(line.value or ast.Name("no default"))
    except ValueError:
        yield f'{name} needs a plain value as its default, such as "" or 0; found `{text}`'
    if line.end_lineno != line.lineno:
        yield f"{name} is written on several lines; write it on one"
    yield from secret_name_faults([name])
