"""The executed notebook as one offline HTML file: no network, one script that sorts its tables."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from workbench.reporting.brand import Brand

_PLACE = re.compile(r"""(["'])/(?:[^"'\n]*/)?""")
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_BLANK = re.compile(r"\n((?:[ \t]*\n)+)")
_SECTION = re.compile(r"^## +(.+?)\s*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Section:
    """A part of the report: a heading with its anchor, and the cells below it."""

    anchor: str
    title: str
    cells: tuple[Any, ...]


def render_html(
    executed: Path,
    *,
    title: str,
    language: str = "en",
    brand: Brand | None = None,
    code: bool = False,
) -> str:
    """Convert an executed notebook by the client template.

    Parameters
    ----------
    executed : Path
    title : str
        Of the page, as a browser's tab shows it.
    language : str
        Of the fixed prose.
    brand : Brand, optional
        Whose name, colour and logo the report wears.
    code : bool
        Make the analyst edition: each step's code and what it printed, folded.

    Returns
    -------
    str
        HTML under a policy that forbids every request; style and script are allowed by their hash
        alone.
    """
    import nbformat

    notebook = nbformat.read(executed, as_version=4)
    first, *sections = report_sections(notebook)
    more = brand_style(brand) if brand else ""
    report = _resources(first, sections, title, language, more)
    report |= {"brand": brand, "code": code_of if code else None}
    page, _ = _exporter().from_notebook_node(notebook, resources={"report": report})
    return _tidy(page)


@cache
def _exporter() -> Any:
    """Return what converts notebooks: it takes long to make and serves many reports."""
    from nbconvert import HTMLExporter

    return HTMLExporter(
        default_preprocessors=[],  # each would copy and check the notebook; none changes it
        template_name="client",
        extra_template_basedirs=[str(_template())],
        exclude_anchor_links=True,
    )


def render_page(head: Section, sections: Sequence[Section], *, title: str, style: str = "") -> str:
    """Write a page by the client template from cells of :func:`html_cell`, without a notebook.

    ``style`` names a further file of style beside the template's own.
    """
    from jinja2 import Environment, FileSystemLoader

    templates = Environment(loader=FileSystemLoader(_template() / "client"))
    templates.filters["markdown2html"] = str  # every cell holds HTML already
    page = templates.get_template("index.html.j2")
    report = _resources(head, sections, title, "en", template_source(style) if style else "")
    return _tidy(page.render(resources={"report": report}))


def html_cell(content: str) -> dict[str, Any]:
    """Return HTML as the cell of a section."""
    output = {"output_type": "display_data", "data": {"text/html": content}}
    return {"cell_type": "code", "outputs": [output]}


def _template() -> Path:
    return Path(str(files("workbench.reporting"))) / "template"


def _resources(
    head: Section, sections: Sequence[Section], title: str, language: str, more: str = ""
) -> dict[str, object]:
    """Return what the template is filled with; ``more`` is style beside its own."""
    style, script = _tidy(template_source("report.css") + more), template_source("report.js")
    return {
        "title": title,
        "language": language,
        "style": style,
        "style_hash": content_hash(style),
        "script": script,
        "script_hash": content_hash(script),
        "head": head,
        "sections": sections,
    }


def template_source(name: str) -> str:
    """Return the style or the script as it stands in every report."""
    return _tidy((_template() / "client" / name).read_text(encoding="utf-8"))


def content_hash(content: str) -> str:
    """Return the hash of a style or script as a content policy names it."""
    return base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()


def brand_style(brand: Brand) -> str:
    """Return what a brand's colour changes of the style: text and marks, on both papers."""
    light, dark = (
        f":root {{ --accent: {text}; --mark: {mark}; }}"
        for text, mark in zip(brand.text, brand.marks, strict=True)
    )
    return f"@media screen {{ {light} @media (prefers-color-scheme: dark) {{ {dark} }} }}\n" + (
        f"@media print {{ :root {{ --mark: {brand.marks[0]}; }} }}\n"
    )


def code_of(cell: Any) -> list[str]:
    """Return a step's code and what it printed as HTML; folders of this machine are left out."""
    source = cell.source
    if "injected-parameters" in cell.metadata.get("tags", ()):
        source = _PLACE.sub(r"\1.../", source)
    printed = [
        str(output.get("text") or output.get("data", {}).get("text/plain", ""))
        for output in cell.outputs
        if "text/html" not in output.get("data", {})
    ]
    return [
        _BLANK.sub(_breaks, html.escape(_ANSI.sub("", text)).strip("\n"))
        for text in (source, *printed)
        if text.strip()
    ]


def _breaks(blank: re.Match[str]) -> str:
    """Return blank lines as breaks, which stay where the page is made tidy."""
    return "\n" + "<br>" * blank[1].count("\n")


def _tidy(page: str) -> str:
    return "\n".join(line.rstrip() for line in page.splitlines() if line.strip()) + "\n"


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
