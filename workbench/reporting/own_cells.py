"""The code cells of an own report notebook: what each would lose, or tell otherwise each time."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FIGURE = "say show_figure(axes, alt), with what the figure shows in words"
_CALLS = (  # a call's full name, and what to do instead
    (
        r"matplotlib\.pyplot\.show|(.*\.)?(fig|figure)\.show",
        f"show() leaves nothing in the client's file; {_FIGURE}",
    ),
    (
        r"print|(pprint\.)?pprint",
        "what is printed is not in the client's file; say show_text(...), or take it out",
    ),
    (
        r"(IPython\.display\.)?display",
        "display() gives no caption and no alt; say show_table, show_figure or show_text",
    ),
    (
        r"datetime\.(datetime|date)\.(now|today|utcnow)|pandas\.Timestamp\.(now|today|utcnow)"
        r"|time\.(time|localtime|gmtime|strftime|ctime)",
        "the page never shows the clock; take store.as_of, or a parameter `as_of`",
    ),
)
_NEEDED = {
    "show_figure": (
        "alt",
        "what the figure shows, for those who can't see it, in 20 letters or more",
    ),
    "show_table": ("caption", "what the table shows"),
}
_SHOWN = {"show_figure", "show_cards", "Card"}
_DRAWN = re.compile(
    r"seaborn\.(\w+(plot|map)|\w+Grid|objects\.Plot)|.*\.(plot|hist|boxplot)|.*\.plot\.\w+"
    r"|matplotlib\.pyplot\.(scatter|bar|barh|pie|imshow|figure|subplots?|errorbar|violinplot|hexbin)"
)
_OF_TABLES = re.compile(  # methods that give a table or a figure of one
    r"agg|assign|corr|count|describe|groupby|head|info|max|mean|median|merge|min|nlargest|nsmallest"
    r"|pivot(_table)?|query|reset_index|round|sample|set_index|sort_values|sum|tail|to_frame"
    r"|value_counts"
)
_SEEDED = re.compile(r"numpy\.random\.(default_rng|Generator|RandomState|SeedSequence|PCG64|seed)")
_CHANCE = re.compile(r"numpy\.random\.\w+|random\.\w+")  # the state that all of a process share
_STATED = re.compile(
    r".*\.sample"
    r"|sklearn\..*(Forest|Boosting|ExtraTrees|KMeans|MLP|Shuffle|train_test|shuffle|resample)\w*"
)
_REDRAWN = re.compile(r"seaborn\.(barplot|pointplot|lineplot|catplot|relplot|regplot|lmplot)")
_WIDGETS = {"ipywidgets", "anywidget", "itables", "jscatter", "panel", "voila"}
_SCRIPTED = {"plotly", "bokeh", "altair", "folium", "pyvis", "hvplot", "holoviews"}
_PATH = re.compile(r"(/[\w.-]+/|[A-Za-z]:[\\/]|~/|\.\./)\S*")
_RELATIVE = re.compile(r"[\w./\\-]*[./\\][\w./\\-]+")


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A code cell: where it is, its syntax tree, its calls by full name, and what was imported."""

    place: str
    tree: ast.Module
    tags: tuple[str, ...]
    calls: tuple[tuple[str, ast.Call], ...]
    imported: frozenset[str]

    def shows(self, name: str) -> bool:
        """Say whether the cell calls a function of that name."""
        return any(_last(full) == name for full, _ in self.calls)


def code_cells(notebook: Any) -> tuple[list[Cell], list[str]]:
    """Read the code cells that are not empty; say which are no Python."""
    read, faults = [], []
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        place = f"cell {number} ({cell.source.strip().splitlines()[0][:60]!r})"
        plain = re.sub(r"^(\s*)[!%].*$", r"\1pass", cell.source, flags=re.MULTILINE)
        try:
            read.append((place, ast.parse(plain), tuple(cell.metadata.get("tags", ()))))
        except SyntaxError as fault:
            faults.append(f"{place}: line {fault.lineno} is no Python: {fault.msg}")
    names = {own: full for _, tree, _ in read for own, full in _imports(tree)}
    return [
        Cell(
            place=place,
            tree=tree,
            tags=tags,
            calls=tuple(_calls(tree, names)),
            imported=frozenset(names),
        )
        for place, tree, tags in read
    ], faults


def _imports(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give each imported name with what it stands for: ``np`` with ``numpy``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((name.asname or name.name.split(".")[0], name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            for name in node.names:
                yield name.asname or name.name, f"{node.module}.{name.name}"


def _calls(tree: ast.AST, names: dict[str, str]) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            first, dot, rest = _dotted(node.func).partition(".")
            yield names.get(first, first) + dot + rest, node


def _dotted(node: ast.expr) -> str:
    """Write what is called with its dots; what is no name becomes an empty first part."""
    if isinstance(node, ast.Attribute):
        return f"{_dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _names(node: ast.AST) -> set[str]:
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}


def _assigned(tree: ast.Module) -> set[str]:
    targets = [line.targets for line in ast.walk(tree) if isinstance(line, ast.Assign)]
    return {name for several in targets for target in several for name in _names(target)}


def cell_faults(cells: list[Cell], number: int, folder: Path) -> Iterator[str]:
    """Give what is wrong in one of the cells below the parameters, in the order of its lines."""
    cell = cells[number]
    seeded = any(name == "numpy.random.seed" for each in cells for name, _ in each.calls)
    for name, call in cell.calls:
        yield from (told for like, told in _CALLS if re.fullmatch(like, name))
        yield from _argument_faults(_last(name), call)
        yield from _chance_faults(name, call, seeded=seeded)
    yield from _import_faults(cell)
    yield from _path_faults(cell, folder)
    if again := sorted(_assigned(cell.tree) & {"client", "data_dir"}):
        yield f"{' and '.join(again)} set here would be every client's; take the line out"
    if _draws_in_vain(cell, cells[number + 1 :]):
        yield f"a figure is drawn that the client's file does not show; {_FIGURE}"
    elif lost := _lost(cell.tree):
        yield (
            f"its last line, `{lost}`, is not in the client's file; say show_table(frame, caption) "
            "or show_text(...), or take it out"
        )


def _argument_faults(name: str, call: ast.Call) -> Iterator[str]:
    needed, what = _NEEDED.get(name, ("", ""))
    if needed and len(call.args) < 2 and not {k.arg for k in call.keywords} & {needed, None}:
        yield f"{name} needs {needed}: {what}"


def _chance_faults(name: str, call: ast.Call, *, seeded: bool) -> Iterator[str]:
    """Find what would make another report of the same data."""
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if _SEEDED.fullmatch(name):
        bare = not call.args and not given
    elif name == "seaborn.stripplot":
        bare = not seeded and "jitter" not in given
    elif _STATED.fullmatch(name) and not name.startswith(("numpy.", "random.")):
        bare = not {"random_state", None} & given.keys()
    else:
        bare = bool(_CHANCE.fullmatch(name)) and not seeded
    if bare:
        yield (
            f"{_last(name)}() draws by chance without a seed, so that the same data would give "
            "another report; take np.random.default_rng(0), np.random.seed(0) or random_state=0"
        )
    elif _REDRAWN.fullmatch(name) and not {"seed", None} & given.keys():
        range_ = given.get("errorbar", given.get("ci"))
        if range_ is None or re.search(r"ci\b|\d", ast.unparse(range_)):
            yield (
                f"{_last(name)}() may redraw its range by chance; add seed=0, or take the range "
                "out: errorbar=None (of regplot ci=None)"
            )


def _import_faults(cell: Cell) -> Iterator[str]:
    for package in sorted({full.split(".")[0] for _, full in _imports(cell.tree)}):
        if package in _WIDGETS:
            yield f"{package} makes widgets, which no file can hold; use them while you explore"
        elif package in _SCRIPTED:
            yield f"{package} draws by scripts, which no report may hold; draw with seaborn"


def _path_faults(cell: Cell, folder: Path) -> Iterator[str]:
    texts = [node.value for node in ast.walk(cell.tree) if isinstance(node, ast.Constant)]
    for text in texts:
        if isinstance(text, str) and (
            _PATH.fullmatch(text) or (_RELATIVE.fullmatch(text) and (folder / text).exists())
        ):
            yield f"the path {text!r} is of one machine; make it a parameter, or use data_dir"


def _draws_in_vain(cell: Cell, later: list[Cell]) -> bool:
    """Say whether a cell draws and nothing it names is shown, there or further down."""
    functions = [n for n in ast.walk(cell.tree) if isinstance(n, ast.FunctionDef | ast.Lambda)]
    inside = {id(node) for function in functions for node in ast.walk(function)}
    drawn = any(_DRAWN.fullmatch(name) and id(call) not in inside for name, call in cell.calls)
    if not drawn or any(cell.shows(name) for name in {*_SHOWN, "show"}):
        return False
    shown = {
        name
        for other in later
        for full, call in other.calls
        if _last(full) in _SHOWN
        for given in [*call.args[:1], *(k.value for k in call.keywords if k.arg == "axes")]
        for name in _names(given)
    }
    return not (_names(cell.tree) - cell.imported) & shown


def _lost(tree: ast.Module) -> str:
    """Return a cell's last line if it is a value that only the notebook would show."""
    end = tree.body[-1] if tree.body else None
    if not isinstance(end, ast.Expr) or isinstance(end.value, ast.Await):
        return ""
    value = end.value
    if isinstance(value, ast.Call):
        of_table = isinstance(value.func, ast.Attribute) and _OF_TABLES.fullmatch(value.func.attr)
        return ast.unparse(value)[:60] if of_table else ""
    return ast.unparse(value)[:60]
