"""The page of an import: one offline HTML file that says what was understood and what was lost."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import RunError
from workbench.figures.behind import numbers_behind
from workbench.figures.imports import draw_import_spread
from workbench.figures.show import figure_html, table_html, text_html
from workbench.figures.style import LOOK
from workbench.formats import plural
from workbench.reporting.gate import check_report
from workbench.reporting.html import Section, html_cell, render_page
from workbench.store.catalog import replace_file
from workbench.wording.imports import (
    describe_import,
    describe_import_apart,
    describe_import_columns,
    describe_import_disagreements,
    describe_import_gaps,
    describe_import_notes,
    describe_import_questions,
    describe_import_refusals,
    describe_import_rows,
    describe_import_spread,
    shown,
    shown_all,
)

if TYPE_CHECKING:
    import pandas as pd

    from workbench.intake.quality import ImportReport

PAGE = "quality.html"
# However long an export is, its page stays one that a person reads.
_FILES, _KINDS, _ROWS, _NAMES = 40, 12, 12, 40
_OPEN = 3  # kinds of file whose columns are not folded away
_FEW = 20  # posts or creators are too few for a figure
_MONTHS = 24
_LONGEST_COMMAND = 1_500
_MISREAD = (
    "If a column was misread, import again and answer with COLUMN=HEADER; a mapping that was "
    "saved before is changed in its profile:"
)
_NOTES = {
    "posts": "A gap between months, or an early end, may be a part that the export lacks.",
    "creators": "By the latest follower count. A sharp edge may be a filter of the list.",
}


def write_import_page(report: ImportReport, out: Path, files: Sequence[Path]) -> Path:
    """Write the page of an import beside its other files and return its path.

    ``out`` is the client's folder, ``files`` are as they were given, for the next steps' commands.

    Raises
    ------
    RunError
        If the page could not be made or written; the import is complete all the same.
    """
    path = out / "imports" / report.summary.import_id / PAGE
    try:
        html = render_import(report, out, files)
        faults = check_report(html)
        if not faults:
            replace_file(path, html.encode())
    except Exception as fault:  # whatever it was, the import stands and that is told
        faults = [f"{type(fault).__name__}: {fault}"]
    if faults:
        told = "The import is complete, but its quality page could not be written."
        raise RunError(told, [*faults, f"all it would say is in {path.parent}"])
    return path


def render_import(report: ImportReport, out: Path, files: Sequence[Path]) -> str:
    """Return the page as HTML: the same bytes for the same import, folder and files."""
    client = out.resolve().name
    sections = [
        Section(anchor=anchor, title=title, cells=(html_cell("\n".join(content)),))
        for anchor, title, content in _sections(report, out, files)
        if content
    ]
    head = (
        f"<h1>Import quality: {shown(client)}</h1>"
        f"<p>{plural(len(report.table), 'file')}: {shown_all(report.table['file'], 4)} · "
        f"import {report.summary.import_id}</p>"
    )
    opening = Section(anchor="", title="", cells=(html_cell(head),))
    return render_page(opening, sections, title=f"Import quality · {client}")


def _sections(
    report: ImportReport, out: Path, files: Sequence[Path]
) -> Iterator[tuple[str, str, list[str]]]:
    """Give anchor, title and content of each section; one without content is left out."""
    questions = describe_import_questions(report)
    rows, held, day = describe_import(report).splitlines()
    if questions:
        day += f" {plural(len(questions), 'question')} to ask the sender of the files."
    yield "the-answer", "The answer", [text_html(f"- **{rows}**\n- {held}\n- {day}")]
    asked = "\n".join(f"1. {question}" for question in questions)
    yield "ask", "What to ask the vendor", [text_html(asked)] * bool(questions)
    table = describe_import_rows(report, _FILES)
    caption = "What became of each file's rows"
    yield "files", "Files", _part(table, caption, len(report.table), "file")
    yield "columns", "How each column was understood", [*_columns(report)]
    notes = report.notes[["column", "note"]].drop_duplicates()
    table = describe_import_notes(report, _ROWS)
    caption = "Decisions about values, with the rows concerned"
    yield "settled", "What the values settled", _part(table, caption, len(notes), "decision")
    yield "refused", "Refused rows", _refused(report)
    yield "disagreements", "Where two sources disagree", _disagreements(report)
    gaps = describe_import_gaps(report)
    yield "missing", "What is missing, and what that prevents", [text_html(gaps)] * bool(gaps)
    yield "months", "Posts by month", _figure(report.spread, "posts")
    yield "sizes", "Creators by size", _figure(report.spread, "creators")
    yield "next-steps", "Next steps", [*_steps(report, out, files)]


def _part(
    table: pd.DataFrame, caption: str, total: int, noun: str, place: str = "qa.json"
) -> list[str]:
    """Return a table, and where the rest is if it shows a part only."""
    if table.empty:
        return []
    left = total - len(table)
    rest = [f'<div class="finding"><p>And {plural(left, noun)} more, in {place}.</p></div>']
    return [table_html(table, caption), *rest * (left > 0)]


def _columns(report: ImportReport) -> Iterator[str]:
    """Give a table for each kind of file: those whose headers were understood alike."""
    kinds: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for file, found in report.mapping.groupby("file", sort=False):
        key = tuple(zip(found["column"], found["header"], strict=True))
        kinds.setdefault(key, []).append(str(file))
    for n, names in enumerate([*kinds.values()][:_KINDS], 1):
        table = describe_import_columns(report.mapping[report.mapping["file"].eq(names[0])])
        place = f" ({n} of {len(kinds)})" if len(kinds) > 1 else ""
        of_kind = report.table[report.table["file"].isin(names)]
        told, counted = "", plural(len(table), "column") + " read"
        for column, label in (("not_read", "not read"), ("personal", "contact data, never read")):
            headers = [*dict.fromkeys(h for listed in of_kind[column] for h in listed)]
            if headers:
                counted += f", {len(headers):,} {label}"
                told += f"<p>{label.capitalize()}: {shown_all(headers, _NAMES)}.</p>"
        is_open = " open" * (len(kinds) <= _OPEN)
        yield (
            f"<details{is_open}><summary><strong>{shown_all(names)}</strong>: {counted}</summary>"
            f"{table_html(table, f'Columns read{place}')}{told}</details>"
        )
    if len(kinds) > _KINDS:
        left = plural(len(kinds) - _KINDS, "kind of file", "kinds of file")
        yield f'<div class="finding"><p>And {left} more, in mapping.yaml.</p></div>'


def _refused(report: ImportReport) -> list[str]:
    if not report.summary.refused:
        return []
    whole = report.refused["raw"].ne("").all()
    told = f"{plural(report.summary.refused, 'row')} could not be taken. They all stand in "
    how = "as they were" if whole else "without what tells of people who may not be named"
    reasons = describe_import_refusals(report, _ROWS)
    caption = "Why rows were refused, the most frequent reason first"
    return [
        text_html(f"{told}`refused.csv` beside this page, {how}."),
        *_part(reasons, caption, len(report.reasons), "reason"),
    ]


def _disagreements(report: ImportReport) -> list[str]:
    found = report.disagreements
    if found.empty:
        return []
    table = describe_import_disagreements(report, _ROWS)
    return [
        text_html(describe_import_apart(report)),
        *_part(table, "The figures farthest apart", len(found), "figure", "disagreements.csv"),
    ]


def _figure(spread: pd.DataFrame, what: str) -> list[str]:
    """Return a figure if it has something to show; without one matplotlib is not even loaded."""
    of_what = spread[spread["what"].eq(what)]
    shown_from = of_what["place"].max() - _MONTHS if what == "posts" else -1
    drawn, earlier = (of_what[of_what["place"].gt(shown_from) == late] for late in (True, False))
    if drawn["place"].nunique() < 2 or drawn["number"].sum() < _FEW:
        return []
    import matplotlib as mpl

    note = _NOTES[what]
    if not earlier.empty:
        note += f" {plural(int(earlier['number'].sum()), 'earlier post')} not drawn."
    with mpl.rc_context(LOOK):
        axes = draw_import_spread(drawn)
        numbers = numbers_behind(axes, whole=True)  # no XLSX goes with this page
        return [figure_html(axes, describe_import_spread(drawn), note, numbers, lowest=2)]


def _steps(report: ImportReport, out: Path, files: Sequence[Path]) -> Iterator[str]:
    """Give what to do next, with the command lines."""
    asked = report.settings
    given = {"--profile": asked.profile, "--platform": asked.platform, "--as-of": asked.as_of}
    given |= {"--sampling": asked.sampling, "--account": asked.account}
    given |= {"--currency": asked.currency}
    options = [part for name, value in given.items() if value for part in (name, value)]
    again = ["workbench", "import", *map(str, files), "--out", str(out), *options]
    if len(shlex.join(again)) > _LONGEST_COMMAND:
        again = ["workbench", "import", "FILES", *again[2 + len(files) :]]
    yield _step(_MISREAD, again)
    if report.summary.sampling == "unknown":
        yield _step(
            "Say how the posts were picked, `latest_posts`, `top_list` or `filtered`:",
            [*again, "--sampling", "latest_posts"],
        )
    if {*report.table["as_of_from"]} - {""} == {"rows"}:
        yield _step(
            "Say the day of the export, if the one taken is wrong:",
            [*again, "--as-of", report.summary.as_of],
        )
    if report.summary.posts or report.summary.metrics:
        name = ["--data", str(out), "--client", out.resolve().name]
        yield _step("Make the report:", ["workbench", "report", "engagement-benchmark", *name])
    else:
        yield text_html("These files alone make no report: it needs posts, or reported averages.")


def _step(text: str, command: Sequence[str]) -> str:
    line = escape(shlex.join(command))
    return f'{text_html(text)}<pre class="imported"><code>{line}</code></pre>'
