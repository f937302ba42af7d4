"""Which header is which column: said by a profile or suggested by name, decided by the values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import pandas as pd

from workbench.errors import DataError, SettingsError
from workbench.intake.checks import Finding, check_column, check_columns
from workbench.intake.fees import long_layout
from workbench.intake.fields import (
    ACCOUNT_COUNTS,
    FIELDS,
    METRICS,
    POST_COUNTS,
    ROW_FIELDS,
    Rows,
    deliverable_in,
    named_like,
    plain_name,
    vocabulary,
)
from workbench.intake.layouts import Layout, why_unread
from workbench.intake.numbers import blank_cells
from workbench.intake.profile import (
    MappingProfile,
    built_in_profiles,
    read_profile,
    save_profile,
    saved_profiles,
)
from workbench.intake.rows import NEEDED, ParsedRows, parse_cells

_SAID = ("platform", "currency", "base")  # of all rows, where no column says it
_SETTINGS = (*(*_SAID, "rows", "date_order", "age_unit", "share_unit", "account"),)
_DETAILS = ("display_name", "niche", "country", "verified", "media_type", "is_sponsored")
# As which rows of a kind have them: lists of fees, and lists of followers of a known account.
_MEANT: dict[Rows, dict[str, str]] = {
    "fee": {"rate": "fee", "media_type": "deliverable"},
    "follower": {"handle": "username", "native_id": "follower_id"},
}
_FOLLOWER_ALONE = {"has_picture", "is_private", "bio_length", "follower_id", "username_length"}
_MOST_TRIED = 20  # headers for one canonical column
_HANDLE = r"@?[A-Za-z0-9_.\-]{2,60}"  # no space, no script but Latin


@dataclass(frozen=True, kw_only=True)
class Proposal(ParsedRows):
    """Rows as a proposed mapping reads them, with what their values say to it."""

    @cached_property
    def findings(self) -> list[Finding]:
        """The mapped columns with three values and the result of their checks."""
        return check_columns(self)

    @cached_property
    def questions(self) -> list[str]:
        """What a person must settle first, each with how to say it."""
        asked, has = [], self.mapping.keys()
        if self.profile.rows is None:
            asked.append("is a row a post or a day of an account? say rows: post or rows: account")
        if not self.account and has.isdisjoint(("handle", "native_id")):
            shown = ", ".join(self.layout.header[:12])
            asked.append(
                "whose followers are these? say --account @HANDLE, or account: in a profile"
                if self.rows == "follower"
                else f"which column names the account? map or add handle or native_id: {shown}"
            )
        if self.profile.rows == "post" and has.isdisjoint(("posted_at", "posted_ago")):
            asked.append("which column holds the posting time? map posted_at or posted_ago")
        if self.rows == "overlap" and has.isdisjoint(("other_handle", "other_native_id")):
            asked.append("which column names the other account? map other_handle")
        needed = NEEDED.get(self.rows, {})
        asked += [
            f"which column holds the {what}? map {name}"
            for name, what in needed.items()
            if name not in has and name != "currency"
        ]
        if "currency" in needed and "currency" not in self.frame:
            asked.append("which currency are the amounts in? say --currency EUR, say, or currency:")
        if not needed and "platform" not in has and self.frame["platform"].isna().all():
            asked.append("which platform is it? say --platform NAME, or platform: in a profile")
        return asked + [
            f"column {self.mapping[name]!r}: {column.question}"
            for name, column in self.columns.items()
            if column.question
        ]

    @property
    def faults(self) -> list[str]:
        """All that stands against the mapping, a sentence each, with the file."""
        found = [finding.sentence for finding in self.findings if finding.fault]
        return [f"{self.layout.title}: {text}" for text in [*found, *self.questions]]

    def changed(self, key: str, value: str) -> Proposal:
        """Return the proposal with another header for a column, or another setting; blank for none.

        Raises
        ------
        ValueError
            If there is no such column, header or value.
        """
        content = self.profile.model_dump()
        if key in FIELDS and (value in self.layout.header or (not value and key not in _SAID)):
            rest = {n: h for n, h in self.profile.columns.items() if n != key and h != (value,)}
            content["columns"] = rest | ({key: (value,)} if value else {})
        elif key in _SETTINGS:
            content[key] = value or None
        elif key == "display_names" and value in ("yes", "no"):
            content[key] = value == "yes"
        else:
            raise ValueError(f"there is no column {key!r} or no header {value!r}")
        return Proposal(layout=self.layout, profile=MappingProfile.model_validate(content))


Decide = Callable[[Proposal], MappingProfile | None]


def decide_mappings(
    layouts: Sequence[Layout], profile: str | None, folder: Path, decide: Decide | None
) -> list[Proposal]:
    """Return a mapping for every layout that its values confirm.

    A sheet without any column of ours, notes say, is left out where its workbook holds others.

    ``profile``, a name or a file, is for the layouts that it can read; ``decide`` is asked about
    each mapping that no profile in the client's ``folder`` repeats, and the answer is saved there.

    Raises
    ------
    DataError
        If a mapping has faults or open questions, or was not confirmed.
    SettingsError
        If the profile reads none of the layouts.
    """
    asked = read_profile(profile, folder) if profile else None
    if asked is not None and not any(_reads(asked, layout) for layout in layouts):
        needed = ", ".join(" or ".join(names) for names in asked.columns.values())
        raise SettingsError(
            f"No file has the columns of the profile {asked.name!r}, {needed}.",
            [f"{layout.title} has {', '.join(layout.header)}" for layout in layouts],
        )
    own, settled, left = saved_profiles(folder), [], []
    for layout in [long_layout(found, [asked] if asked else own) for found in layouts]:
        fitting = [p for p in own if _recognises(p, layout)]
        # What a profile of ours recognises by name must be right by value, or it is not used.
        fitting += [
            p
            for p in built_in_profiles()
            if _recognises(p, layout) and not propose_mapping(layout, p).faults
        ]
        if asked is not None and _reads(asked, layout) and not _exactly(fitting):
            fitting = [asked]
        if not fitting and (reason := why_unread(layout)):
            left.append(f"{layout.title}: {reason}")
            continue
        proposal = propose_mapping(layout, fitting[0] if fitting else None)
        if not proposal.mapping and _has_other_sheets(layout, layouts):
            continue
        repeats = bool(fitting) and fitting[0] in (asked, *own) and not proposal.faults
        settled.append(
            proposal if decide is None or repeats else _confirmed(proposal, folder, decide)
        )
    if faults := [fault for proposal in settled for fault in proposal.faults]:
        raise DataError(
            "Nothing was imported, the files leave questions.",
            [*faults, "map the columns in a terminal, without --yes, or with --profile FILE.yaml"],
        )
    if not settled:
        raise DataError("Nothing was imported, no file can be taken.", left)
    return settled


def _has_other_sheets(layout: Layout, layouts: Sequence[Layout]) -> bool:
    """Whether the files of a layout are sheets of workbooks that hold others."""
    others = {file.sha256 for other in layouts if other is not layout for file in other.files}
    return all(file.workbook and file.sha256 in others for file in layout.files)


def propose_mapping(layout: Layout, profile: MappingProfile | None = None) -> Proposal:
    """Suggest a mapping for a layout, or take the profile's where it has columns."""
    rows: Rows | None
    base = profile or MappingProfile(name=_slug(layout))
    if base.columns:
        mapping = base.mapping(layout.header)
        dated = not mapping.keys().isdisjoint(("posted_at", "posted_ago"))
        rows = base.rows or ("post" if dated else "account")
    else:
        found = _candidates(layout, base)
        told = bool(base.account or layout.account)
        rows = base.rows or _other_rows(found, told) or _suggested_rows(found, layout.header)
        if rows in _MEANT and (told or rows != "follower"):
            found = [c for c in (_meant(c, rows, layout) for c in found) if c]
        mapping = _suggested_mapping(found, rows or "account")
        at = mapping.get("posted_at")
        if at and not blank_cells(layout.cells[at], numeric=False).any():
            mapping.pop("posted_ago", None)  # an age beside every time says nothing more
    columns = {name: (header,) for name, header in mapping.items()}
    return Proposal(
        layout=layout, profile=base.model_copy(update={"columns": columns, "rows": rows})
    )


def _recognises(profile: MappingProfile, layout: Layout) -> bool:
    known = layout.platform is None or profile.platform in (None, layout.platform)
    return known and profile.recognises(layout.header)


def _exactly(profiles: Sequence[MappingProfile]) -> bool:
    """Whether one is for this very header, which stands above a profile for many."""
    return any(profile.headers and profile.columns for profile in profiles[:1])


def _reads(profile: MappingProfile, layout: Layout) -> bool:
    """Whether a profile finds an account and, for posts, a time in the layout."""
    found = profile.mapping(layout.header).keys()
    timed = profile.rows != "post" or not found.isdisjoint(("posted_at", "posted_ago"))
    return not profile.columns or (timed and not found.isdisjoint(("handle", "native_id")))


def _confirmed(proposal: Proposal, folder: Path, decide: Decide) -> Proposal:
    confirmed = decide(proposal)
    if confirmed is None:
        raise DataError(f"Nothing was imported: {proposal.layout.title} was not confirmed.")
    made_for = confirmed.model_copy(update={"headers": proposal.layout.header})
    return propose_mapping(proposal.layout, save_profile(made_for, folder))


@dataclass(frozen=True, kw_only=True)
class _Candidate:
    """A header that may be a canonical column; ``score`` is 0-1, by name and values."""

    name: str
    header: str
    score: float
    exact: bool
    passes: bool


def _candidates(layout: Layout, profile: MappingProfile) -> list[_Candidate]:
    """Return every header that a canonical column may be, best first, with its value check."""
    found, tried = [], Counter[str]()
    for header in layout.header:
        cells = layout.cells[header]
        named = named_like(plain_name(header))
        if "media_type" in named and _are_deliverables(cells):
            named = {**named, "deliverable": named["media_type"]}
        for name, (score, exact) in named.items():
            if tried[name] == _MOST_TRIED:
                continue
            if FIELDS[name].kind in ("time", "date") and _wordy(cells):
                continue  # `Data` is a date in some languages
            tried[name] += 1
            parsed = parse_cells(FIELDS[name], cells, profile, layout.style)
            if name == "handle":
                # `name` and `channel name` each are the handle in one export, not in the next.
                score += 0.4 * float(cells.str.strip().str.fullmatch(_HANDLE).mean())
            if parsed.rounded is not None:  # the same count is often given twice, 1.2M and 1200000
                score -= 0.01 * float(parsed.rounded.mean())
            passes = check_column(name, cells, parsed) is None
            found.append(
                _Candidate(name=name, header=header, score=score, exact=exact, passes=passes)
            )
    return sorted(found, key=lambda c: -c.score)


def _meant(found: _Candidate, rows: Rows, layout: Layout) -> _Candidate | None:
    """Return a candidate as rows of a kind have it; None for an account in each follower's row."""
    name = _MEANT[rows].get(found.name, found.name)
    if rows == "follower" and name != found.name:
        named = plain_name(found.header) in vocabulary().names[found.name]
        if not named or layout.cells[found.header].nunique() < 0.5 * len(layout.cells):
            return None
    return replace(found, name=name)


def _wordy(cells: pd.Series) -> bool:
    """Whether a column has values and not one digit among them."""
    return bool(cells.str.strip().ne("").any()) and not cells.str.contains(r"\d").any()


def _are_deliverables(cells: pd.Series) -> bool:
    known = cells[cells.ne("")].drop_duplicates().head(_MOST_TRIED).map(deliverable_in).notna()
    return bool(known.mean() > 0.5)


def _other_rows(found: list[_Candidate], account: bool) -> Rows | None:
    """Return what a row is where it is neither a post nor an account; None where it may be."""
    exact = {c.name for c in found if c.exact and c.passes}
    if {"other_handle", "share"} <= exact:
        return "overlap"
    nobody = account or exact.isdisjoint(("handle", "native_id"))
    if nobody and exact & _FOLLOWER_ALONE:
        return "follower"
    if not exact.isdisjoint(POST_COUNTS):
        return None
    if "amount" in exact and exact & {"basis", "rate"}:
        return "payout"
    if len(exact & {"clicks", "orders", "revenue"}) > 1:
        return "sale"
    quoted = bool(exact & {"fee", "rate"}) if "deliverable" in exact else "fee" in exact
    if quoted and ("deliverable" in exact or exact.isdisjoint((*ACCOUNT_COUNTS, *METRICS))):
        return "fee"
    if {"kind", "observed_on"} <= exact and exact.isdisjoint((*ACCOUNT_COUNTS, *METRICS)):
        return "event"
    # Names alone, and somebody said whose followers they are.
    return "follower" if account and exact.isdisjoint((*ACCOUNT_COUNTS, *METRICS)) else None


def _suggested_rows(found: list[_Candidate], header: Sequence[str]) -> Rows | None:
    """Return what a row is, by the columns that its header offers; None where both are possible."""
    exact, known = {c.name for c in found if c.exact}, vocabulary()
    dates = {plain_name(c.header) for c in found if c.name == "posted_at" and c.passes}
    ids = {plain_name(c.header) for c in found if c.name == "post_id" and c.exact}
    post_id = bool(ids - known.weak_post_ids)
    counts = exact & {*POST_COUNTS}
    if counts and any(c.exact and c.passes for c in found if c.name == "posted_ago"):
        return "post"
    if not post_id and not (dates and counts):
        told = counts and known.of_posts & {*map(plain_name, header)}
        return None if told else "account"
    any_day = dates <= known.names["observed_on"].keys()
    return None if any_day and not ids else "post"


def _suggested_mapping(found: list[_Candidate], rows: Rows) -> dict[str, str]:
    """Give each canonical column its best header, each header once.

    A header that names more than a detail exactly while its values contradict it stays in the
    mapping where no other header fits: a fault to be told, not a column to be lost.
    """
    mapping: dict[str, str] = {}
    usable = [c for c in found if c.name in ROW_FIELDS[rows]]
    lying = [c for c in usable if c.exact and c.name not in _DETAILS]
    for c in [*(c for c in usable if c.passes), *lying]:
        if c.name not in mapping and c.header not in mapping.values():
            mapping[c.name] = c.header
    return {name: mapping[name] for name in FIELDS if name in mapping}


def _slug(layout: Layout) -> str:
    stem = Path(layout.files[0].name).stem
    return re.sub(r"[^a-z0-9]+", "-", stem.casefold()).strip("-") or "export"
