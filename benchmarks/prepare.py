"""Public sets of labelled followers as one kind of CSV: `python -m benchmarks.prepare --out DIR`.

Every file has the columns that its source has of `followers`, `following`, `posts`, `private`,
`has_picture`, `username_length`, `username_digits` and `is_fake`; where a source gives only the
share of digits in the user name, it is `username_digit_share`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from benchmarks.report import real_data


def instafake() -> pd.DataFrame:
    """Return InstaFake fake-v1.0: 200 fake accounts and 994 genuine ones."""
    files = ["fakeAccountData.json", "realAccountData.json"]
    rows = [json.loads((real_data("instafake") / f).read_text(encoding="utf-8")) for f in files]
    names = {
        "userFollowerCount": "followers",
        "userFollowingCount": "following",
        "userMediaCount": "posts",
        "userIsPrivate": "private",
        "userHasProfilPic": "has_picture",
        "usernameLength": "username_length",
        "usernameDigitCount": "username_digits",
        "isFake": "is_fake",
    }
    return pd.DataFrame([*rows[0], *rows[1]])[[*names]].rename(columns=names)


def fake_spammer_genuine() -> pd.DataFrame:
    """Return the 696 accounts of "fake spammer genuine", half of them fake."""
    folder = real_data("fake_spammer_genuine")
    table = pd.concat([pd.read_csv(folder / f"{part}.csv") for part in ("train", "test")])
    names = {
        "#followers": "followers",
        "#follows": "following",
        "#posts": "posts",
        "private": "private",
        "profile pic": "has_picture",
        "nums/length username": "username_digit_share",
        "fake": "is_fake",
    }
    return table[[*names]].rename(columns=names)


def seraphim(file: str = "labeled_data.csv") -> pd.DataFrame:
    """Return followers of one brand: 269 labelled ones, or the file of unlabelled ones."""
    table = pd.read_csv(real_data("seraphim_followers") / file)
    names = {
        "Followers": "followers",
        "Following": "following",
        "Posts": "posts",
        "Is private": "private",
        "username_length": "username_length",
        "username_digits": "username_digits",
        "IsFake": "is_fake",
    }
    kept = [name for name in names if name in table]
    return table[kept].rename(columns=names).astype("int64")


SETS: dict[str, Callable[[], pd.DataFrame]] = {
    "instafake": instafake,
    "fake_spammer_genuine": fake_spammer_genuine,
    "seraphim_followers": seraphim,
}


def write_sets(out: Path) -> None:
    """Write one CSV a set."""
    out.mkdir(parents=True, exist_ok=True)
    for name, read in SETS.items():
        read().to_csv(out / f"{name}.csv", index=False)


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, required=True, help="the folder to write to")
    write_sets(options.parse_args().out)
