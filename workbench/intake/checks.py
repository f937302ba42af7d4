"""Whether a column's values are what its header says, alone and beside the other columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from workbench.intake.fields import FIELDS
from workbench.intake.numbers import ParsedCells, blank_cells
from workbench.intake.rows import IDS, MOST_UNREADABLE, ParsedRows, expected

# Relations between columns are judged from this many rows on, and may fail in a fifth of them.
_ENOUGH_ROWS = 5
_EXCEPTIONS = 0.2
_MANY_ROWS = 20
LONGEST_EXAMPLE = 40
_NUMBER = r"[-+]?[0-9][0-9.,\s]*[kmb%]?"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One mapped column: its header, three values, and what is wrong with them, if anything."""

    name: str
    header: str
    examples: tuple[str, ...]
    fault: str | None = None

    @property
    def sentence(self) -> str:
        """The fault in words, with the column and its values."""
        shown = ", ".join(repr(value) for value in self.examples) or "no values"
        return f"column {self.header!r} as {self.name}: {self.fault}; found {shown}"


def check_columns(parsed: ParsedRows) -> list[Finding]:
    """Check each mapped column, then the columns beside one another."""
    checks = {"post": _check_posts, "account": _check_accounts}
    together = dict(checks[parsed.rows](parsed)) if parsed.rows in checks else {}
    findings = []
    for name, header in parsed.mapping.items():
        cells, read = parsed.layout.cells[header], parsed.columns[name]
        fault = check_column(name, cells, read)
        shown = cells[read.faults] if fault and read.faults.any() else cells
        shown = shown[~blank_cells(shown, numeric=True)].drop_duplicates().head(3)
        examples, fault = tuple(shown.str[:LONGEST_EXAMPLE]), fault or together.get(name)
        findings.append(Finding(name=name, header=header, examples=examples, fault=fault))
    return findings


def check_column(name: str, cells: pd.Series, parsed: ParsedCells) -> str | None:
    """Return why a column's values can't be that canonical column, None where they can."""
    present = cells[~blank_cells(cells, numeric=True)]
    if parsed.faults.sum() > MOST_UNREADABLE * len(present) > 0:
        return f"expected {expected(name)}"
    if FIELDS[name].kind == "text" and name not in IDS:
        numbers = present.str.strip().str.fullmatch(_NUMBER, case=False).mean()
        return "expected names, these are numbers" if numbers > 0.5 else None
    return None


def are_display_names(names: pd.Series) -> bool:
    """Whether accounts are named as a profile shows them: `Stray Kids`, not `jypestraykids`."""
    return len(names) >= _MANY_ROWS and bool(names.str.contains(r"\s").mean() > _EXCEPTIONS)


def _check_accounts(parsed: ParsedRows) -> Iterator[tuple[str, str]]:
    values = parsed.frame
    named = values["handle"].fillna(values["native_id"]).dropna()
    undated = "observed_on" not in values or values["observed_on"].isna().all()
    if undated and len(named) >= _MANY_ROWS and named.nunique() < 0.5 * len(named):
        yield "handle", "expected one row an account, most are named again and again"
    names = values.loc[values["native_id"].isna(), "handle"].dropna().drop_duplicates()
    if are_display_names(names) and not parsed.profile.display_names:
        yield (
            "handle",
            (
                "expected handles, many are display names, which accounts can share; where the "
                "export has nothing else, say display_names=yes (display_names: true in a profile)"
            ),
        )
    for statistic in ("mean", "median"):
        likes, comments = f"likes_{statistic}", f"comments_{statistic}"
        if {likes, comments} <= parsed.mapping.keys():
            seen = values.loc[values[likes].gt(0), [likes, comments]].dropna()
            if len(seen) >= _ENOUGH_ROWS and seen[comments].median() > seen[likes].median():
                yield comments, f"more comments than {parsed.mapping[likes]!r} (as {likes})"


def _check_posts(parsed: ParsedRows) -> Iterator[tuple[str, str]]:
    has, values, headers = parsed.mapping.keys(), parsed.frame, parsed.mapping
    if {"likes", "views"} <= has:
        seen = values.loc[values["views"].gt(0).fillna(False), ["likes", "views"]].dropna()
        wrong = seen["likes"].gt(seen["views"])
        if len(seen) >= _ENOUGH_ROWS and wrong.mean() > _EXCEPTIONS:
            yield "likes", f"more likes than {headers['views']!r} (as views) in most rows"
    if {"likes", "comments"} <= has:
        seen = values.loc[values["likes"].gt(0).fillna(False), ["likes", "comments"]].dropna()
        if len(seen) >= _ENOUGH_ROWS and seen["comments"].median() > seen["likes"].median():
            yield "comments", f"more comments than {headers['likes']!r} (as likes)"
    if "followers" in has and _varies_like_posts(values):
        yield "followers", "changes from post to post as no follower count does"
    if {"post_id", "posted_at"} <= has and len(values) >= _ENOUGH_ROWS:
        times = values.dropna(subset=["post_id", "posted_at"]).groupby("post_id")["posted_at"]
        if times.nunique().gt(1).mean() > _EXCEPTIONS:
            yield "post_id", "expected one id a post, found one id at several times"
        differing = values.assign(file=parsed.layout.origin["file"]).drop_duplicates()
        again = differing.groupby(["file", "post_id"]).size().median() > 1
        if "observed_at" not in has and again:
            yield "post_id", "expected one row a post, most come again: are these counts by day?"
    at = values["posted_at"] if "posted_at" in has else pd.Series()
    if len(at) >= _MANY_ROWS and at.min() == at.max():
        yield "posted_at", "all posts have the same time: is it the day of the export?"


def _varies_like_posts(values: pd.DataFrame) -> bool:
    account = values["native_id"].fillna(values["handle"])
    known = values["followers"].gt(0).fillna(False)
    counts = values.loc[known, "followers"].astype("float64").groupby(account[known])
    spread = (counts.max() / counts.min())[counts.size() >= _ENOUGH_ROWS]
    return bool(spread.median() > 2)
