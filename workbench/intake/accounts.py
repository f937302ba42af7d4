"""Which rows are of the same account: native ids, handles, and what the store knows already."""

from __future__ import annotations

import pandas as pd

from workbench.intake.fields import IDENTITY
from workbench.tables.schema import PLATFORMS

PROFILE_LINK = r"^https?://[^/]+/(?:(?:c|user|channel)/)?([^/?#]+)/?(?:[?#].*)?$"
# A key as the store writes it; a handle is a channel's id, or digits alone, only where it is none.
_KEY = rf"(?i)^({'|'.join(PLATFORMS)}):(?:(UC[\w-]{{22}}|[0-9]+)|@?(.+))$"


def plain_handles(names: pd.Series) -> pd.Series:
    """Return handles without their @ and out of profile links."""
    return names.str.replace(PROFILE_LINK, r"\1", regex=True).str.lstrip("@").str.strip()


def split_keys(frame: pd.DataFrame, side: str = "") -> pd.DataFrame:
    """Read keys such as ``youtube:UC...`` among handles as a platform and an id or a handle.

    The other account's columns, ``side`` is ``other_``, are added; its platform may be the row's.
    """
    empty = pd.Series(index=frame.index, dtype="str")
    platform, native_id, handle = (frame.get(f"{side}{name}", empty) for name in IDENTITY)
    parts = handle.astype(object).str.extract(_KEY).astype("str")
    told = parts[0].str.lower().fillna(platform).fillna(frame["platform"])
    ids, names = native_id.fillna(parts[1]), parts[2].where(parts[0].notna(), handle)
    return frame.assign(
        **{f"{side}platform": told, f"{side}native_id": ids, f"{side}handle": names}
    )


def found_platforms(
    accounts: pd.DataFrame, creators: pd.DataFrame, aliases: pd.DataFrame
) -> pd.Series:
    """Return each account's platform: its own, else that of the one account with its id or handle.

    Looked for among the accounts and in the store; missing where there is none, or several.
    """
    if accounts["platform"].notna().all():
        return accounts["platform"]
    names = ["native_id", "handle"]
    told = pd.concat([accounts, creators])[["platform", *names]].melt("platform", value_name="name")
    same = aliases.loc[aliases["kind"].eq("account"), "alias_key"].str.split(":", n=1, expand=True)
    known = pd.concat([told, same.reindex(columns=[0, 1]).set_axis(["platform", "name"], axis=1)])
    known = known.assign(name=known["name"].str.casefold())[["platform", "name"]]
    known = known.dropna().drop_duplicates()
    only = known.drop_duplicates("name", keep=False).set_index("name")["platform"]
    found = accounts["platform"]
    for name in names:
        found = found.fillna(accounts[name].str.casefold().map(only).astype("str"))
    return found


def resolve_accounts(
    rows: pd.DataFrame, creators: pd.DataFrame, aliases: pd.DataFrame
) -> tuple[pd.Series, pd.DataFrame]:
    """Give every row the key of its account.

    The key is the one under which any identity of the account was first seen; of a new account it
    is the native id, else the handle. All rows are resolved together, so their order does not
    matter, and a key that the store holds is never changed.

    Returns
    -------
    keys : Series
        Creator key of each row; missing where a handle stands for several accounts.
    aliases : DataFrame
        ``creator_key``, ``alias_key``, ``kind``: identities that are new to the store.
    """
    ids = rows["platform"] + ":" + rows["native_id"]
    names = rows["platform"] + ":" + rows["handle"].str.lower()
    same = aliases[aliases["kind"].eq("account")]
    known = dict(zip(same["alias_key"], same["creator_key"], strict=True))
    known |= {key: key for key in creators["creator_key"]}

    pairs = pd.DataFrame({"id": ids, "name": names}).dropna().drop_duplicates()
    shared = pairs["name"].duplicated(keep=False)
    single = pairs[~shared].sort_values(["id", "name"])
    unnumbered = set(creators.loc[creators["native_id"].isna(), "creator_key"])
    key_of = _keys_of_ids(ids, single, known, unnumbered)
    for name, owner in zip(single["name"], single["id"], strict=True):
        key_of[name] = known.get(name, key_of[owner])
    ambiguous = set(pairs.loc[shared, "name"]) - set(known)
    key_of |= {n: known.get(n, n) for n in names.dropna().unique() if n not in key_of}
    by_name = names.mask(names.isin(ambiguous)).map(key_of).astype("str")
    keys = ids.map(key_of).astype("str").fillna(by_name)
    new = sorted((key, name) for name, key in key_of.items() if name != key and name not in known)
    found = pd.DataFrame(new, columns=["creator_key", "alias_key"])
    return keys, found.assign(kind="account")


def _keys_of_ids(
    ids: pd.Series, single: pd.DataFrame, known: dict[str, str], unnumbered: set[str]
) -> dict[str, str]:
    # An account that the store knows by its handle alone may turn out to be one with an id.
    names_of = single.groupby("id")["name"].agg(list).to_dict()
    keys = {}
    for native in sorted(ids.dropna().unique()):
        handles = [known[name] for name in names_of.get(native, []) if name in known]
        claimed: str = next((key for key in handles if key in unnumbered), native)
        keys[native] = known.get(native) or claimed
    return keys
