"""Followers without names: a pseudonym of each, the shape of the name, the place in the list."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from workbench.errors import DataError
from workbench.intake.accounts import plain_handles
from workbench.intake.fields import plain_name, vocabulary
from workbench.intake.forgotten import read_forgotten
from workbench.intake.pseudonyms import is_pseudonymised, open_key
from workbench.intake.read import read_files

if TYPE_CHECKING:
    from workbench.intake.rows import ParsedRows

NAMED_BY = ("username", "follower_id")  # columns of a file whose values are kept nowhere
_LENGTH = 16


def nameless(part: ParsedRows, secret: str) -> pd.DataFrame:
    """Return the followers of a part of a list with ids that tell nobody who they are.

    The same name, else the same id, has the same one; without both every row is a follower. Who
    has the client's ``secret`` can try names, but reads none.
    """
    frame, origin = part.frame, part.layout.origin
    empty = pd.Series(index=frame.index, dtype="str")
    names = plain_handles(frame.get("username", empty)).str.lower()
    names = names.mask(names.eq(""))
    salts = origin["file"].map({file.name: file.sha256 for file in part.layout.files})
    told = ("name " + names).fillna("id " + frame.get("follower_id", empty))
    told = told.fillna(salts + " row " + origin["row"].astype("str"))
    return with_name_shape(frame, names).assign(
        follower_id=_keyed(told, secret),
        username=empty,
        position=origin["row"],
        drawn=part.layout.drawn or part.profile.drawn,
    )


def with_name_shape(followers: pd.DataFrame, names: pd.Series) -> pd.DataFrame:
    """Fill in length and digits of user names: from the names, else each from the two others."""
    empty = pd.Series(index=followers.index, dtype="Int64")
    length = followers.get("username_length", empty).astype("Int64")
    length = length.fillna(names.str.len().astype("Int64"))
    digits = followers.get("username_digits", empty).astype("Int64")
    digits = digits.fillna(names.str.count(r"\d").astype("Int64"))
    share = followers.get("username_digit_share", empty).astype("Float64")
    digits = digits.fillna((share * length).round().astype("Int64"))
    share = share.fillna(digits / length.mask(length.eq(0)))
    return followers.assign(
        username_length=length,
        username_digits=digits,
        username_digit_share=share.clip(upper=1).astype("float64"),
    )


def of_account_and_day(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows of the store's creators, among whose followers nobody is known again.

    An id is then of one account on one day, whatever the files are.
    """
    own = rows["rows"].eq("follower")
    if not own.any():
        return rows
    told = _scope(rows["creator_key"], rows["observed_on"]) + rows["follower_id"]
    return rows.assign(follower_id=rows["follower_id"].mask(own, _short(told[own])))


def read_names(
    export: Path, client: Path, sample: pd.DataFrame, key: Path | None = None
) -> dict[str, str]:
    """Return the user names in an export of those followers who are in a sample of it, by id.

    Parameters
    ----------
    client : Path
        The client's folder, whose secret the ids were made with.
    sample : DataFrame
        Rows of ``followers_sample``.
    key : Path, optional
        The client's key, where its folder holds pseudonyms.

    Raises
    ------
    DataError
        If the export can't be read, or has no column of user names.
    """
    [file] = read_files([export])
    known = vocabulary().names["handle"]
    header = next((name for name in file.header if plain_name(name) in known), None)
    if header is None:
        raise DataError(f"{file.name} has no user names.", [f"it has {', '.join(file.header)}"])
    names = pd.concat([piece.cells[header] for piece in (file, *file.later())])
    plain = plain_handles(names).reset_index(drop=True)
    secret = (
        open_key(client, key).secret if is_pseudonymised(client) else read_forgotten(client).salt
    )
    keyed = _keyed("name " + plain.str.lower(), secret)
    found: dict[str, str] = {}
    for creator, day in sample[["creator_key", "sampled_on"]].drop_duplicates().to_numpy():
        ids = _short(_scope(pd.Series([creator]), pd.Series([day])).iloc[0] + keyed)
        found |= dict(zip(ids, plain, strict=True))
    return {follower: found[follower] for follower in sample["follower_id"] if follower in found}


def _keyed(texts: pd.Series, secret: str) -> pd.Series:
    key = bytes.fromhex(secret)
    return texts.map(lambda text: hmac.digest(key, text.encode(), "sha256").hex()).astype("str")


def _scope(creators: pd.Series, days: pd.Series) -> pd.Series:
    scopes: pd.Series = creators + " " + days.dt.strftime("%Y-%m-%d") + " "
    return scopes


def _short(texts: pd.Series) -> pd.Series:
    return texts.map(lambda text: hashlib.sha256(text.encode()).hexdigest()[:_LENGTH])
