"""Sentences and rows about an import: what was understood, what was lost, what to ask."""

from __future__ import annotations

import math
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbench.formats import MISSING, count, day, literal, nominal, plural, spread_label
from workbench.intake.agreement import OPEN_BASE, ROUNDED, TOLERANCE
from workbench.intake.fields import FIELDS, METRICS, RATE
from workbench.intake.personal import without_mail
from workbench.intake.privacy import REASON
from workbench.tables.schema import PLATFORM_NAMES

if TYPE_CHECKING:
    from workbench.intake.quality import ImportReport

LONGEST = 60
_PHONE = re.compile(r"(?:\+|\b00)\d[\d\s()/.-]{7,}\d|\b0\d{2,4}[ /-]\d{4,}")
_FROM = {"option": "as asked for", "rows": "newest date in the files", "file name": "file name"}
_OPEN = "unit open"


def describe_import(report: ImportReport) -> str:
    """Say in three lines what became of the rows, what they hold, and of which day it is."""
    s = report.summary
    span = ""
    if s.first_post and s.last_post:
        span = f", posted {day(s.first_post)} to {day(s.last_post)}"
    origin = {*report.table["as_of_from"]} - {""}
    told = _FROM[origin.pop()] if len(origin) == 1 else "the latest of the files"
    others = (
        (s.followers_sampled, ["sampled follower"]),
        (s.tracked, ["row of sales", "rows of sales"]),
        (s.payouts, ["payout"]),
        (s.fee_quotes, ["fee quote"]),
        (s.overlaps, ["overlap"]),
        (s.events, ["event"]),
    )
    more = "".join(f", {plural(n, *what)}" for n, what in others if n)
    lines = [
        f"{plural(s.rows, 'row')}: {s.kept:,} kept, {s.refused:,} refused, "
        f"{plural(s.duplicates_exact, 'exact duplicate')}, "
        f"{plural(s.duplicates_differing, 'differing one')}.",
        f"{plural(s.creators, 'creator')}, {plural(s.posts, 'post')}{span}, "
        f"{plural(s.snapshots, 'follower count')}, {plural(s.metrics, 'reported figure')}{more}.",
        f"Counts as of {day(s.as_of)} ({told}).",
    ]
    return "\n".join(lines)


def describe_import_plainly(report: ImportReport, out: Path) -> str:
    """Write the result of an import for a terminal."""
    lines = describe_import(report).splitlines()
    for label, keys, _ in _gaps(report):
        names = f" ({', '.join(keys[:3])}{' ...' * (len(keys) > 3)})" if keys else ""
        lines.append(f"{label}{names}")
    personal = sorted({name for names in report.table["personal"] for name in names})
    if personal:
        lines.append(f"contact data, never read: {', '.join(personal)}")
    notes = report.notes.groupby(["column", "note"], sort=False)["rows"].sum()
    for note in notes.reset_index().to_dict("records"):
        lines.append(f"{note['column']}: {note['note']} ({plural(note['rows'], 'row')})")
    if len(report.disagreements):
        differing = plural(len(report.disagreements), "figure")
        lines.append(f"sources disagree on {differing}: see disagreements.csv")
    unread = {", ".join(names): None for names in report.table["not_read"] if names}
    lines += [f"columns not read: {names}" for names in unread]
    for found in report.reasons.to_dict("records"):
        lines.append(f"refused {plural(found['rows'], 'row')}: {_reason(found)}")
    lines.append(f"all of it: {out / 'imports' / report.summary.import_id}")
    return "\n".join(lines)


def describe_import_questions(report: ImportReport) -> list[str]:
    """Return what only the sender of the files can answer, as Markdown."""
    s, notes = report.summary, report.notes
    asked = []
    lost = report.reasons[report.reasons["reason"].ne(REASON)]  # the forgotten stay away
    if len(lost):
        first = lost.iloc[0].to_dict()
        asked.append(
            f"**Can {plural(int(lost['rows'].sum()), 'row')} that could not be taken be sent again?** The most "
            f"frequent reason: {shown(_reason(first), 160)}."
        )
    if s.sampling == "unknown":
        asked.append(
            "**How were these accounts and posts picked:** each account's latest posts, a top list, "
            "a filter? A list picked by its engagement makes small accounts look better than they are."
        )
    if s.followers_drawn_unknown:
        asked.append(
            "**How were the followers drawn from the list:** at random, or the newest? Only a random "
            "draw tells of all followers."
        )
    if "rows" in set(report.table["as_of_from"]):
        asked.append(
            "**On which day were the counts read?** Nothing says it, so the newest date in the rows was "
            "taken."
        )
    if s.metrics:
        asked.append(
            "**Over which posts do the averages run,** how many or since when, and are they means or "
            "medians?"
        )
    units = notes.loc[notes["note"].str.startswith(_OPEN), "column"]
    for column in units.drop_duplicates().head(5):
        asked.append(f"**In which unit is {shown(column)}:** percent, or a fraction of 1?")
    if notes["note"].eq(OPEN_BASE).any():
        asked.append(
            "**What are the overlaps shares of:** the smaller audience, as was taken, that of the one "
            "or the other account, or both together?"
        )
    short = notes[notes["note"].eq(ROUNDED)].groupby("column")["rows"].sum()
    if len(short):  # a row may have several of them
        asked.append(
            f"**Can the counts come in full?** In {plural(int(short.max()), 'row')} or more they are rounded: "
            "short (1.2M), or to hundreds."
        )
    if s.duplicates_differing:
        asked.append(
            f"**Why do {plural(s.duplicates_differing, 'row')} come again with other values?** Of rows "
            "of one post or account, the one read last was kept."
        )
    if len(report.disagreements):
        asked.append(
            f"**Which source is right** where two differ on {plural(len(report.disagreements), 'figure')}?"
        )
    if s.without_followers:
        asked.append(
            f"**How many followers have {plural(len(s.without_followers), 'creator')}** whose posts "
            "came without any?"
        )
    return asked


def describe_import_gaps(report: ImportReport) -> str:
    """Say what is missing and what that prevents, as a Markdown list; empty where nothing is."""
    lines = []
    for label, keys, prevents in _gaps(report):
        more = f" and {len(keys) - 5:,} more" if len(keys) > 5 else ""
        names = f" ({', '.join(map(shown, keys[:5]))}{more})" if keys else ""
        lines.append(f"- **{label[:1].upper()}{label[1:]}**{names}: {prevents}.")
    return "\n".join(lines)


def _gaps(report: ImportReport) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Give each lack with its number, the creators concerned, and what it prevents."""
    s = report.summary
    if s.without_posts:
        yield (
            f"creators without posts: {len(s.without_posts):,}",
            s.without_posts,
            "nothing can be said of their engagement, beyond what an export reports itself",
        )
    if s.without_followers:
        yield (
            f"creators with posts but no follower count: {len(s.without_followers):,}",
            s.without_followers,
            "no rate by followers, and no peers of their size",
        )
    if s.likes_hidden:
        yield (
            f"posts with hidden likes: {s.likes_hidden:,}",
            (),
            "their likes are missing, not zero, and they count in no engagement figure",
        )


def describe_import_rows(report: ImportReport, most: int | None = None) -> pd.DataFrame:
    """Return what was understood of each file, as text."""
    rows = [
        {
            "File": shown(file["file"]),
            "Holds": f"{file['holds']}{_on(file['platform'])}",
            "Rows": count(file["rows"])
            + (f" (and {file['blank']:,} blank)" if file["blank"] else ""),
            "Kept": count(file["kept"]),
            "Refused": count(file["refused"]),
            "Duplicates": f"{file['duplicates_exact']:,} exact, {file['duplicates_differing']:,} differing",
            "As of": f"{day(file['as_of'])} ({_FROM[file['as_of_from']]})"
            if file["as_of"]
            else MISSING,
            "Profile": shown(file["profile"]),
        }
        for file in report.table.head(most or len(report.table)).to_dict("records")
    ]
    return pd.DataFrame(rows)


def _on(platforms: str) -> str:
    names = [PLATFORM_NAMES.get(name, name) for name in platforms.split(", ") if name]
    return f" on {', '.join(names)}" if names else ""


def describe_import_columns(mapping: pd.DataFrame) -> pd.DataFrame:
    """Return how the columns of one file were understood, its ``ImportReport.mapping``, as text."""
    rows = [
        {
            "Header": shown(found["header"]),
            "Read as": escape(found["column"].replace("_", " ")),
            "Meaning and unit": escape(_meaning(found["column"])),
            "In the file": " · ".join(map(shown, found["examples"])) or "no values",
        }
        for found in mapping.to_dict("records")
    ]
    return pd.DataFrame(rows)


def _meaning(name: str) -> str:
    """Say what a canonical column holds, with its unit."""
    if name == RATE:
        return "Engagement rate as the source gives it, kept as a fraction 0-1."
    if name in METRICS:
        metric, statistic = (part.replace("_", " ") for part in METRICS[name])
        made = "which statistic is not said" if statistic == "unknown" else f"the {statistic}"
        return f"{metric.capitalize()} of an account's posts as reported: {made}."
    return FIELDS[name].meaning.replace("`", "")


def describe_import_notes(report: ImportReport, most: int) -> pd.DataFrame:
    """Return what the values settled, as text; the most frequent first."""
    grouped = report.notes.groupby(["column", "note"], sort=False, as_index=False)
    told = grouped.agg(rows=("rows", "sum"), examples=("examples", "first"), file=("file", "first"))
    several = len(report.table) > 1
    rows = [
        {
            "Column": shown(note["column"]),
            "What was settled": shown(note["note"], 160),
            "Rows": count(note["rows"]),
            "Such as": shown(note["examples"])
            + (f" of {shown(note['file'], 40)}" if several else "")
            if note["examples"]
            else MISSING,
        }
        for note in told.nlargest(most, "rows").to_dict("records")
    ]
    return pd.DataFrame(rows)


def describe_import_refusals(report: ImportReport, most: int) -> pd.DataFrame:
    """Return why rows were refused, the most frequent reason first, as text."""
    held, several = report.refused, len(report.table) > 1
    rows = []
    for found in report.reasons.head(most).to_dict("records"):
        same = held["reason"].eq(found["reason"]) & held["column"].eq(found["column"])
        first = held.loc[same, ["file", "row"]].head(3).groupby("file")["row"]
        places = [
            ", ".join(map(str, numbers)) + (f" of {shown(str(file), 40)}" if several else "")
            for file, numbers in first
        ]
        rows.append(
            {
                "Reason": shown(found["reason"], 160),
                "Column": shown(found["column"]) if found["column"] else "the whole row",
                "Rows": count(found["rows"]),
                "Such as row": "; ".join(places) or shown(found["examples"]),
                "Found": shown(found["values"], 90) if found["values"] else "–",
            }
        )
    return pd.DataFrame(rows)


def _reason(found: Mapping[Hashable, object]) -> str:
    return f"{found['column']}: {found['reason']}" if found["column"] else f"{found['reason']}"


def describe_import_apart(report: ImportReport) -> str:
    """Say on how many figures two sources disagree, and on which."""
    told = report.disagreements
    figures = [
        f"{str(name).replace('_', ' ')} {n:,}" for name, n in told["figure"].value_counts().items()
    ]
    differ = "differs" if len(told) == 1 else "differ"
    return (
        f"{plural(len(told), 'figure')} of {plural(told['creator'].nunique(), 'creator')} {differ} by "
        f"more than {nominal(TOLERANCE)} between two files, or between a file and an earlier import: "
        f"{', '.join(figures)}."
    )


def describe_import_disagreements(report: ImportReport, most: int) -> pd.DataFrame:
    """Return the figures on which two sources are farthest apart, as text."""
    told = report.disagreements
    apart = told["ratio"].map(lambda ratio: abs(math.log(ratio)) if ratio > 0 else math.inf)
    largest = told.loc[apart.sort_values(ascending=False, kind="stable").index[:most]]
    rows = [
        {
            "Creator": shown(found["creator"]),
            "Figure": f"{escape(found['figure'].replace('_', ' '))}, {day(found['as_of'])}",
            "One source": f"{_figure(found['value'])} in {shown(found['file'], 40)}",
            "Other source": f"{_figure(found['other_value'])} in {shown(found['other_file'], 40)}",
            "Apart": f"{max(found['ratio'], 1 / found['ratio']):.2f} times"
            if found["ratio"] > 0
            else "one is 0",
            "Kept": "both" if found["kept"] == "both" else shown(found["kept"]),
        }
        for found in largest.to_dict("records")
    ]
    return pd.DataFrame(rows)


def describe_import_spread(spread: pd.DataFrame) -> str:
    """Say how posts lie over months, or creators over sizes; plain text, for a figure's alt too."""
    what = spread["what"].iloc[0]
    over = "month of posting" if what == "posts" else "followers, in steps of half a power of ten"
    parts = []
    for platform, rows in spread.groupby("platform"):
        low, high = (spread_label(what, int(rows["place"].agg(end))) for end in ("min", "max"))
        most = rows.iloc[int(rows["number"].argmax())]
        parts.append(
            f"{PLATFORM_NAMES[str(platform)]} {count(rows['number'].sum())}, {low} to {high}, most at "
            f"{spread_label(what, int(most['place']))} ({count(most['number'])})"
        )
    return f"{what.capitalize()} by {over}: {'; '.join(parts)}."


def _figure(value: float) -> str:
    if value == round(value):
        return f"{value:,.0f}"
    return f"{value:,.2f}" if value > 10 else f"{value:.4g}"


def shown(text: str, longest: int = LONGEST) -> str:
    """Write imported text: short, without contact data, and visible where it says nothing."""
    plain = _PHONE.sub("[phone not shown]", without_mail(" ".join(str(text).split())))
    plain = "".join(character for character in plain if character.isprintable())
    if len(plain) > longest:
        plain = f"{plain[: longest * 2 // 3]}…{plain[-longest // 3 + 1 :]}"
    if plain.lower() in ("", "nan", "none", "nat", "<na>"):
        plain = f"'{plain}'"
    return literal(plain)


def shown_all(names: Iterable[str], most: int = 3) -> str:
    """Write the first of several imported texts, and how many more there are."""
    listed = list(names)
    more = f" and {len(listed) - most:,} more" if len(listed) > most else ""
    return ", ".join(map(shown, listed[:most])) + more
