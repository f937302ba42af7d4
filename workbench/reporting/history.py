"""The page of all reports for the desk: who has which, what failed and why, what is overdue."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from html import escape
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from workbench.figures.show import table_html, text_html
from workbench.formats import day, long, plural
from workbench.reporting.html import Section, html_cell, render_page
from workbench.reporting.manifest import HISTORY
from workbench.reporting.period import last_period
from workbench.reporting.tracks import COLUMNS, Cell, RunRecord, State, Track, read_history
from workbench.store.catalog import replace_file
from workbench.wording.headlines import changed_names, describe_change_rows, describe_change_rule

Place = tuple[int, str, Cell]  # a report's number, a period's name, what is there
_TITLE = "Reports and their history"
_LONGEST = 300  # characters of a reason; the rest is in the run's folder
_SIGNS = {"good": "●", "failed": "✕", "stale": "▲", "withdrawn": "■", "unreadable": "?"}
_ORDER = ("failed", "unreadable", "stale", "withdrawn")
_MATRICES = {
    "week": "Weeks",
    "month": "Months",
    "quarter": "Quarters",
    "year": "Years",
    "none": "Reports without a period",
}
_LEFT = {
    "reason.txt": "full reason",
    "manifest.json": "manifest",
    "desk/manifest.json": "manifest",
    "desk/executed.ipynb": "notebook",
}
_READING = """
- ● **good:** the report of that period, with the day on which it was made.
- ✕ **failed:** the last run of that period failed. Where a report was there before, it still is.
- ▲ **stale:** the period is over and nothing was run for it, or the last good run is too long ago.
- ■ **withdrawn:** a creator in the data was forgotten, and the report was taken back.
- ? **unreadable:** a run's folder is damaged.
- **–** stands before the first period of a report, *not due* where the period is not over.
"""


def write_history(out: Path, *, stale_after_days: int | None, today: date) -> Path:
    """Write the page of all reports below ``out`` in one step and return its path.

    Parameters
    ----------
    out : Path
        The folder of reports.
    stale_after_days : int, optional
        Without a good run for more days than this, a report counts as stale.
    today : date

    Raises
    ------
    SettingsError
        If there is no such folder.
    """
    desk = _Desk(
        tracks=read_history(out, today), out=out, stale_after=stale_after_days, today=today
    )
    sections = [
        Section(anchor=anchor, title=title, cells=(html_cell(content),))
        for anchor, title, content in _sections(desk)
        if content
    ]
    told = f"<p>As of {day(today)}. For the desk: this page names clients.</p>"
    head = Section(anchor="", title="", cells=(html_cell(f"<h1>{_TITLE}</h1>{told}"),))
    page = render_page(head, sections, title=_TITLE, style="history.css")
    replace_file(out / HISTORY, page.encode())
    return out / HISTORY


@dataclass(frozen=True, kw_only=True, eq=False)
class _Desk:
    """All reports, and what is late on this day."""

    tracks: Sequence[Track]
    out: Path
    stale_after: int | None
    today: date

    def columns(self, kind: str) -> list[str]:
        """Return the periods of a matrix, the newest first."""
        known = {name for track in self.tracks if track.kind == kind for name in track.cells}
        return sorted(known, reverse=True)[:COLUMNS]

    @cached_property
    def places(self) -> list[Place]:
        """Each period of each report that the matrices show."""
        shown = {kind: self.columns(kind) for kind in _MATRICES}
        return [
            (number, name, track.cells[name])
            for number, track in enumerate(self.tracks)
            for name in shown[track.kind]
            if name in track.cells
        ]

    @cached_property
    def troubled(self) -> list[Place]:
        """Those of the last period that is over, or a later one, that need somebody."""
        over = {kind: last_period(kind, self.today) for kind in _MATRICES}
        return [
            (number, name, cell)
            for number, name, cell in self.places
            if self.why(number, cell)
            and not ((due := over[self.tracks[number].kind]) and name < due.name)
        ]

    def is_late(self, number: int) -> bool:
        """Whether nothing good has come of a report for too long."""
        last, after = self.tracks[number].last_good, self.stale_after
        return after is not None and (last is None or (self.today - last).days > after)

    def state(self, number: int, cell: Cell) -> State:
        """Return a period's state as it is told; a good run that is too old is stale."""
        if cell.state != "good":
            return cell.state
        return "failed" if cell.failed else "stale" if self.is_late(number) else "good"

    def why(self, number: int, cell: Cell) -> str:
        """Say why a period needs somebody; empty where it does not."""
        late = f"There was no good run for more than {plural(self.stale_after or 0, 'day')}."
        return cell.reason or late * self.is_late(number)

    def place(self, path: Path) -> str:
        """Return where a link to a file leads, from the page."""
        return quote(os.path.relpath(path, self.out))


def _sections(desk: _Desk) -> Iterator[tuple[str, str, str]]:
    """Give anchor, title and content of each section; one without content is left out."""
    yield "the-answer", "The answer", text_html(_answer(desk))
    title = "What needs attention"
    worst_first = sorted(desk.troubled, key=lambda row: _ORDER.index(desk.state(row[0], row[2])))
    yield "attention", title, _reasons(desk, worst_first, title)
    for kind, title in _MATRICES.items():
        yield kind, title, _matrix(desk, kind, title)
    yield "changes", "What changed in the numbers", _changes(desk)
    title, told = "Earlier failures", {(number, name) for number, name, _ in desk.troubled}
    earlier = [(n, name, cell) for n, name, cell in desk.places if (n, name) not in told]
    yield "earlier", title, _reasons(desk, [row for row in earlier if row[2].is_told], title)
    yield "reading", "How to read this", text_html(_READING)


def _answer(desk: _Desk) -> str:
    if not desk.tracks:
        return "- **There are no reports here yet.**"
    clients = plural(len({track.client for track in desk.tracks}), "client")
    whose = f"{plural(len(desk.tracks), 'report')} for {clients}"
    if not desk.troubled:
        return f"- **All is well: {whose}, each with a good run where one is due.**"
    states = Counter(desk.state(number, cell) for number, _, cell in desk.troubled)
    told = ", ".join(f"{many:,} {state}" for state, many in states.most_common())
    some = len({number for number, *_ in desk.troubled})
    rest = "\n- The others have a good run where one is due." * (some < len(desk.tracks))
    return f"- **Of {whose}, {some:,} need attention:** {told}.{rest}"


def _reasons(desk: _Desk, rows: Sequence[Place], title: str) -> str:
    if not rows:
        return ""
    table = pd.DataFrame(
        {
            "Client and report": [
                f'<span id="{_anchor(number, name)}">{_whose(desk.tracks[number])}</span>'
                for number, name, _ in rows
            ],
            "Period": [name or "none" for _, name, _ in rows],
            "State": [_mark(desk.state(number, cell)) for number, _, cell in rows],
            "Why": [_why(desk, number, name, cell) for number, name, cell in rows],
            "Last good": [_last_good(desk.tracks[number]) for number, *_ in rows],
        }
    )
    return table_html(table, f"{title}: {plural(len(rows), 'entry', 'entries')}")


def _why(desk: _Desk, number: int, name: str, cell: Cell) -> str:
    reason = " ".join(desk.why(number, cell).split())
    short = reason[:_LONGEST] + "…" * (len(reason) > _LONGEST)
    run = cell.failed or (cell.run if cell.state != "good" else None)
    of = _plain(desk.tracks[number], name)
    links = [
        _link(desk.place(run.folder / file), label, of)
        for file, label in _LEFT.items()
        if run and os.path.isfile(run.folder / file)
    ]
    return long(short) + f"<small>{' · '.join(links)}</small>" * bool(links)


def _matrix(desk: _Desk, kind: str, title: str) -> str:
    own = [number for number, track in enumerate(desk.tracks) if track.kind == kind]
    if not own:
        return ""
    columns = {
        "Client and report": [_row_head(desk, number) for number in own],
        "Last good": [
            _last_good(desk.tracks[number])
            + f"<small>{_mark('stale')}</small>" * desk.is_late(number)
            for number in own
        ],
    }
    for name in desk.columns(kind):
        columns[name or "Last run"] = [_shown(desk, number, name) for number in own]
    caption = f"{title}: {plural(len(own), 'report')}, the newest period first"
    return f'<div class="matrix">{table_html(pd.DataFrame(columns), caption)}</div>'


def _row_head(desk: _Desk, number: int) -> str:
    track = desk.tracks[number]
    if not track.compared:
        return _whose(track)
    of = _plain(track)
    return f"{_whose(track)}<small>{_link(f'#numbers-{number}', 'numbers', of)}</small>"


def _shown(desk: _Desk, number: int, name: str) -> str:
    track = desk.tracks[number]
    cell, of = track.cells.get(name), _plain(track, name)
    if cell is None:
        return "–" if name < min(track.cells) else "not due"
    if cell.state == "good" and cell.run and cell.run.html:
        told = [
            _mark("good", desk.place(cell.run.html), of),
            _day(cell.run),
            _link(desk.place(cell.run.folder / "desk" / "manifest.json"), "manifest", of),
        ]
    else:
        told = [_mark(cell.state, f"#{_anchor(number, name)}" if cell.is_told else "", of)]
    if cell.failed:
        again = _mark("failed", f"#{_anchor(number, name)}", of, "later run failed")
        told += [again] if cell.state == "good" else [_day(cell.failed)]
    first, *rest = told
    return first + "".join(f"<small>{part}</small>" for part in rest)


def _changes(desk: _Desk) -> str:
    """Return each report's numbers beside those of the period before, folded away."""
    parts = []
    for number, track in enumerate(desk.tracks):
        if track.compared is None:
            continue
        now, then = (run.numbers for run in track.compared)
        assert now is not None
        assert then is not None
        changed = changed_names(now.headlines, then.headlines)
        names = f": {', '.join(changed)}" if changed else ""
        told = f"{len(changed)} of {plural(len(now.headlines), 'number')} changed{names}"
        if other := _asked_otherwise(*track.compared):
            told += f" (not asked alike: {', '.join(other)})"
        table = describe_change_rows(now.headlines, then.headlines)
        caption = f"{_plain(track)}: {now.name} beside {then.name}"
        parts.append(
            f"<details><summary>{_whose(track)} {escape(now.short)} beside {escape(then.short)}: "
            f'{escape(told)}</summary><div id="numbers-{number}">{table_html(table, caption)}'
            "</div></details>"
        )
    return "".join(parts) + text_html(describe_change_rule()) if parts else ""


def _asked_otherwise(now: RunRecord, then: RunRecord) -> list[str]:
    """Return the settings in which two runs differ, so that part of a change may be theirs."""
    one, other = (run.manifest.get("parameters") for run in (now, then))
    if not isinstance(one, dict) or not isinstance(other, dict):
        return []
    names = sorted({*one, *other} - {"as_of", "period", "previous"})
    return [name for name in names if one.get(name) != other.get(name)]


def _mark(state: State, target: str = "", of: str = "", text: str = "") -> str:
    """Write a state by its word and its shape, as a link where it leads somewhere."""
    told = f'<span aria-hidden="true">{_SIGNS[state]}</span> {text or state}'
    if not target:
        return f'<span class="mark {state}">{told}</span>'
    label = escape(f"{text or state}: {of}", quote=True)
    return f'<a class="mark {state}" href="{target}" aria-label="{label}">{told}</a>'


def _link(target: str, text: str, of: str) -> str:
    return f'<a href="{target}" aria-label="{escape(f"{text}: {of}", quote=True)}">{text}</a>'


def _whose(track: Track) -> str:
    return f"<strong>{escape(track.client)}</strong> <span>{escape(track.report)}</span>"


def _plain(track: Track, name: str = "") -> str:
    return f"{track.client}, {track.report}{f', {name}' if name else ''}"


def _last_good(track: Track) -> str:
    return day(track.last_good) if track.last_good else "never"


def _day(run: RunRecord) -> str:
    return day(run.day) if run.day else "day unknown"


def _anchor(number: int, name: str) -> str:
    return f"why-{number}-{name or 'last'}"
