"""The executed notebook as one offline HTML file: no code, no network, no script."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import nbformat

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
    from nbconvert import HTMLExporter

    template = Path(str(files("workbench.reporting"))) / "template"
    style = (template / "client" / "report.css").read_text(encoding="utf-8")
    notebook = nbformat.read(executed, as_version=4)
    exporter = HTMLExporter(
        template_name="client",
        extra_template_basedirs=[str(template)],
        exclude_anchor_links=True,
    )
    first, *sections = report_sections(notebook)
    resources = {
        "title": title,
        "language": language,
        "style": style,
        "style_hash": base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        "head": first,
        "sections": sections,
    }
    html, _ = exporter.from_notebook_node(notebook, resources={"report": resources})
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
