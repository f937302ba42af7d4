"""The executed notebook as one offline HTML file: no code, no network, no script."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

_SECTION = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report: a heading with its anchor, and the cells below it."""

    anchor: str
    title: str
    cells: tuple[Any, ...]


def render_html(executed: Path, *, title: str, language: str = "en") -> str:
    """Convert an executed notebook by the client template.

    Parameters
    ----------
    executed : Path
    title : str
        Of the page, as a browser's tab shows it.
    language : str
        Of the fixed prose.

    Returns
    -------
    str
        HTML under a policy that forbids every request; style is allowed by its hash alone.
    """
    import nbformat
    from nbconvert import HTMLExporter

    notebook = nbformat.read(executed, as_version=4)
    exporter = HTMLExporter(
        template_name="client",
        extra_template_basedirs=[str(_template())],
        exclude_anchor_links=True,
    )
    first, *sections = report_sections(notebook)
    report = _resources(first, sections, title, language)
    html, _ = exporter.from_notebook_node(notebook, resources={"report": report})
    return _tidy(html)


def render_page(head: Section, sections: Sequence[Section], *, title: str) -> str:
    """Write a page by the client template from cells of :func:`html_cell`, without a notebook."""
    from jinja2 import Environment, FileSystemLoader

    templates = Environment(loader=FileSystemLoader(_template() / "client"))
    templates.filters["markdown2html"] = str  # every cell holds HTML already
    page = templates.get_template("index.html.j2")
    return _tidy(page.render(resources={"report": _resources(head, sections, title, "en")}))


def html_cell(html: str) -> dict[str, Any]:
    """Return HTML as the cell of a section."""
    output = {"output_type": "display_data", "data": {"text/html": html}}
    return {"cell_type": "code", "outputs": [output]}


def _template() -> Path:
    return Path(str(files("workbench.reporting"))) / "template"


def _resources(
    head: Section, sections: Sequence[Section], title: str, language: str
) -> dict[str, object]:
    style = (_template() / "client" / "report.css").read_text(encoding="utf-8")
    return {
        "title": title,
        "language": language,
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "head": head,
        "sections": sections,
    }


def _tidy(html: str) -> str:
    return "\n".join(line.rstrip() for line in html.splitlines() if line.strip()) + "\n"


def report_sections(notebook: Any) -> list[Section]:
    """Split a notebook at its second-level headings; the first part is the title's."""
    parts: list[tuple[str, list[Any]]] = [("", [])]
    for cell in notebook.cells:
        heading = _SECTION.search(cell.source) if cell.cell_type == "markdown" else None
        if heading:
            cell.source = _SECTION.sub("", cell.source, count=1).strip()
            parts.append((heading[1], []))
        parts[-1][1].append(cell)
    return [
        Section(anchor=_anchor(title), title=title, cells=tuple(cells)) for title, cells in parts
    ]


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
