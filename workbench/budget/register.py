"""A chosen plan frozen before launch, so that what was promised can be held against what came.

``CLIENT/register/ID.json`` is never changed. It names nobody: its pseudonyms are drawn at random,
and ``CLIENT/register/creators.csv`` alone leads back from them, a row of which is gone when a
creator is forgotten.
"""

from __future__ import annotations

import hashlib
import json
import platform
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

import workbench
from workbench.errors import DataError, SettingsError
from workbench.intake.held import PSEUDONYMS, REGISTER
from workbench.intake.importing import one_at_a_time
from workbench.store.catalog import replace_file
from workbench.tables.brief import Brief

_PACKAGES = ("numpy", "scipy", "pandas")
# What does not make it another plan: when it was registered, and by which versions.
_OCCASION = ("id", "hash", "registered_at", "late", "versions")


@dataclass(frozen=True, kw_only=True)
class Registered:
    """A forecast of the register.

    Attributes
    ----------
    path : Path
    content : mapping
        As in the file: ``id``, ``hash``, ``registered_at``, ``late``, ``versions``, ``data``
        (the fingerprint), ``brief``, ``settings``, ``plan``, ``promise``, ``path``, ``creators``.
    new : bool
        Whether it was written now; the same plan is registered once.
    """

    path: Path
    content: Mapping[str, Any]
    new: bool = False


def register_forecast(
    forecast: Mapping[str, Any],
    brief: Brief,
    folder: Path,
    *,
    today: date | None = None,
    late: bool = False,
) -> Registered:
    """Freeze a forecast in the client's folder.

    Parameters
    ----------
    forecast : mapping
        ``data``, ``settings``, ``plan``, ``promise``, ``path`` and ``creators`` as plain data;
        ``creators`` is a list of mappings with ``creator_key``.
    brief : Brief
    folder : Path
        The client's.
    today : date, optional
    late : bool
        Allow it after the flight has begun; the file then says so.

    Returns
    -------
    Registered
        The forecast as it was registered before, if it was.

    Raises
    ------
    SettingsError
        If the flight is unknown or has begun.
    DataError
        If the file of the same plan was edited.
    """
    today = today or date.today()
    begun = check_flight(brief, today, late=late)
    with one_at_a_time(folder):
        place = folder / REGISTER
        place.mkdir(exist_ok=True)
        content = _without_names(forecast, brief, place)
        content["id"] = _digest(content)[:12]
        path = place / f"{content['id']}.json"
        if path.exists():
            return read_forecast(path)
        packages = {name: version(name) for name in _PACKAGES}
        content |= {
            "registered_at": f"{today}",
            "late": begun,
            "versions": {
                "creator-workbench": workbench.__version__,
                "python": platform.python_version(),
                **packages,
            },
        }
        content["hash"] = _digest(content)
        text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
        replace_file(path, text.encode() + b"\n")
    return Registered(path=path, content=content, new=True)


def read_forecast(path: Path) -> Registered:
    """Read a registered forecast.

    Raises
    ------
    DataError
        If it was edited, with the hash that was expected.
    """
    fault = _fault(path)
    if fault:
        raise DataError("A registered forecast is not what it was.", [fault])
    return Registered(path=path, content=json.loads(path.read_text(encoding="utf-8")))


def check_register(folder: Path) -> pd.DataFrame:
    """Look whether registered forecasts were edited.

    Returns
    -------
    DataFrame
        One row a file, the oldest first: ``file``, ``id``, ``registered_at``, ``late``, ``hash``,
        ``fault`` (empty where it is as it was registered).
    """
    rows = []
    for path in sorted((folder / REGISTER).glob("*.json")):
        fault = _fault(path)
        held = {} if fault else json.loads(path.read_text(encoding="utf-8"))
        named = {name: held.get(name) for name in ("registered_at", "late", "hash")}
        rows.append({"file": str(path), "id": path.stem, **named, "fault": fault})
    columns = ["file", "id", "registered_at", "late", "hash", "fault"]
    return pd.DataFrame(rows, columns=columns).sort_values(
        ["registered_at", "id"], ignore_index=True
    )


def read_pseudonyms(folder: Path) -> dict[str, str]:
    """Return the pseudonym that the client's register has for a creator key."""
    path = folder / REGISTER / PSEUDONYMS
    if not path.is_file():
        return {}
    held = pd.read_csv(path, dtype="str", keep_default_na=False)
    if {"creator_key", "pseudonym"} - {*held.columns}:
        told = "expected the columns creator_key and pseudonym; bring it back from a backup"
        raise DataError(f"{path} can't be read.", [told])
    return dict(zip(held["creator_key"], held["pseudonym"], strict=True))


def check_flight(brief: Brief, today: date, *, late: bool) -> bool:
    """Return whether the flight has begun.

    Raises
    ------
    SettingsError
        If it is unknown, or has begun and a late forecast is not allowed.
    """
    missing = [name for name in ("flight_start", "flight_end") if getattr(brief, name) is None]
    if brief.flight_start is None or missing:
        told = [f"{name}: expected a day such as 2026-10-01 in campaign.yaml" for name in missing]
        raise SettingsError("A forecast is of a flight, and the brief has none.", told)
    begun = today >= brief.flight_start
    if begun and not late:
        raise SettingsError(
            f"The flight has begun on {brief.flight_start}: a forecast counts if it was before.",
            ["--late registers it all the same; the file then says that it came late"],
        )
    return begun


def _without_names(forecast: Mapping[str, Any], brief: Brief, place: Path) -> dict[str, Any]:
    """Return the content of the file, with pseudonyms for creators."""
    limits = brief.limits
    keys = [row["creator_key"] for row in forecast["creators"]]
    aliases = _pseudonyms(place, [*keys, *limits.must, *limits.must_not])
    own = brief.model_dump(mode="json", exclude={"retention_date"})
    for name in ("must", "must_not"):
        own["limits"][name] = sorted(aliases[key] for key in own["limits"][name])
    creators = [
        {"pseudonym": aliases[row["creator_key"]]}
        | {name: value for name, value in row.items() if name != "creator_key"}
        for row in forecast["creators"]
    ]
    creators.sort(key=lambda row: str(row["pseudonym"]))
    return {**forecast, "brief": own, "creators": creators}


def _pseudonyms(place: Path, keys: Iterable[str]) -> dict[str, str]:
    """Return pseudonyms of creators, drawn at random for those who have none yet."""
    held = read_pseudonyms(place.parent)
    new = sorted({*keys} - held.keys())
    if new:
        held = held | {key: f"creator-{secrets.token_hex(6)}" for key in new}
        rows = pd.DataFrame(sorted(held.items()), columns=["creator_key", "pseudonym"])
        text = rows.to_csv(index=False, lineterminator="\n")
        replace_file(place / PSEUDONYMS, text.encode(), private=True)
    return held


def _digest(content: Mapping[str, Any]) -> str:
    """Return the hash of canonical JSON; of a plan without its id, that of the plan alone."""
    left_out = ("hash",) if "id" in content else _OCCASION
    plain = {name: value for name, value in content.items() if name not in left_out}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _fault(path: Path) -> str:
    """Say what is wrong with a file of the register; empty where nothing is."""
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        said, name = str(held["hash"]), str(held["id"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"{path}: expected what `workbench register` wrote; bring it back from a backup"
    plan = {key: value for key, value in held.items() if key not in _OCCASION}
    found, of_plan = _digest(held), _digest(plan)[:12]
    if found != said:
        return f"{path}: was edited; it had the hash {said}, and has now {found}"
    if not of_plan == name == path.stem:
        return f"{path}: was edited or renamed; its plan is {of_plan}, not {path.stem}"
    return ""
