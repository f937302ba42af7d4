"""Every real export: rows in, kept, refused and why, with no code for any one file."""

from __future__ import annotations

import tempfile
from collections.abc import Hashable
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.report import finish, read_options, real_data
from workbench.errors import WorkbenchError
from workbench.intake.importing import import_files

# Folder, files, profile by name where the analyst would say one, and the day of the export.
EXPORTS: list[tuple[str, str, str | None, str | None]] = [
    ("hypeauditor2022", "*2022*.csv", "hypeauditor-list", None),
    ("hypeauditor2022", "*[!0-9].csv", "hypeauditor-list", "2022-03-31"),
    ("tiktok_famous2020", "*.csv", None, None),
    ("ig_top200", "*.csv", None, "2022-12-31"),
    ("yt_top2023", "*.csv", None, "2023-07-31"),
    ("twitch_top1000", "*.csv", "twitch-channel-list", "2020-08-31"),
    ("ig_reach2022", "*.csv", None, "2022-02-28"),
    ("ig_likepredictor2017", "profiles/*.json", None, None),
    ("instafake", "nonautomated*.json", None, None),
    ("instafake", "*[!d]AccountData.json", None, "2019-01-31"),
    ("fake_spammer_genuine", "*.csv", None, "2019-01-31"),
    ("seraphim_followers", "*.csv", None, "2021-01-31"),
]
# What takes long, and is left out where it must be quick.
LARGE = {"hypeauditor2022", "tiktok_famous2020", "nonautomated*.json"}
# Whose followers a list is of must be said: the public files don't name the account.
FOLLOWER_LISTS = ("instafake", "fake_spammer_genuine", "seraphim_followers")
COLUMNS = ["folder", "file", "profile", "rows", "blank", "kept", "refused", "duplicates", "why"]


def import_folder(
    folder: str, pattern: str, profile: str | None, as_of: str | None, *, quick: bool = False
) -> list[dict[Hashable, Any]]:
    """Import the files of a folder, or if ``quick`` some of them, and return a row a file."""
    files = sorted(real_data(folder).glob(pattern))[: 25 if quick else None]
    with tempfile.TemporaryDirectory() as out:
        try:
            of_followers = folder in FOLLOWER_LISTS and not pattern.startswith("non")
            report = import_files(
                files,
                Path(out) / "client",
                profile=profile,
                as_of=as_of,
                account="@of-the-list" if of_followers else None,
                platform="instagram" if of_followers else None,
            )
        except WorkbenchError as fault:
            why = "; ".join(fault.faults)[:160] or fault.headline
            return [{"folder": folder, "file": file.name, "why": why} for file in files[:2]]
    reasons = report.refused.groupby("file")["reason"].agg(lambda r: "; ".join(r.unique()[:2]))
    table = report.table.assign(
        folder=folder,
        why=report.table["file"].map(reasons).astype("str").fillna(""),
        duplicates=report.table["duplicates_exact"] + report.table["duplicates_differing"],
    )
    if len(table) > 20:  # one file an account
        sums = table[["rows", "blank", "kept", "refused", "duplicates"]].sum()
        why = "; ".join(reasons.unique()[:2])
        return [{"folder": folder, "file": f"{len(table)} files", **sums, "why": why}]
    return table[COLUMNS].to_dict("records")


def main() -> None:
    """Print the table of files and how many load."""
    options = read_options(str(__doc__))
    exports = [one for one in EXPORTS if LARGE.isdisjoint(one[:2])] if options.quick else EXPORTS
    found = [row for one in exports for row in import_folder(*one, quick=options.quick)]
    table = pd.DataFrame(found, columns=COLUMNS)
    loaded = table["rows"].notna()
    lists = table[table["folder"].eq("hypeauditor2022")]
    figures = (
        f"{loaded.sum()} of {len(table)} lines load; hypeauditor2022: {lists['rows'].count()} "
        f"files, {lists['rows'].sum():,.0f} rows and {lists['blank'].sum():,.0f} blank one"
    )
    finish(
        table.astype("object").where(table.notna(), ""),
        {},
        met=bool(loaded.all()),
        figures=figures,
        options=options,
    )


if __name__ == "__main__":
    main()
