"""What nobody knows about a campaign beforehand: a middle and a range for each, with its source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from scipy.special import expit, logit, ndtri

from workbench.budget.ladders import Ladder
from workbench.errors import SettingsError, did_you_mean
from workbench.tables.schema import PLATFORMS

PRIORS = "priors.yaml"
REFERENCE = 20_000.0  # followers at which reach rates, engagement rates and prices are told
TENTH = float(-ndtri(0.1))
# Those that all creators of a campaign share: they don't average out over many creators.
SHARED = (
    *("reach_level", "reach_rate", "reach_elasticity", "click_rate", "conversion_rate"),
    *("sponsored", "campaign_luck", "platform_luck", "price_level", "price"),
    *("overlap", "repeat_reach", "frequency", "late", "late_lost", "order_value"),
)
_SCALES = {"log": (np.log, np.exp), "logit": (logit, expit), "plain": (np.asarray, np.asarray)}
_YOURS = {"owner": "yours", "source": "your own", "year": None, "undated": False}
GRID = ndtri((np.arange(400) + 0.5) / 400)
Values = npt.NDArray[np.float64]


class Unknown(BaseModel):
    """One unknown; its distribution is normal to either side of the middle on its scale.

    Attributes
    ----------
    middle : float
        As likely too high as too low.
    low, high : float
        One in ten lies below, one in ten above; both equal to ``middle`` where it is settled.
    scale : {"log", "logit", "plain"}
        ``log`` for what is above 0, ``logit`` for what is between 0 and 1.
    undated : bool
        Whether ``year`` is that in which the source was read.
    owner : {"published", "yours", "assumed"}
        Whose number it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    middle: float = Field(allow_inf_nan=False)
    low: float = Field(allow_inf_nan=False)
    high: float = Field(allow_inf_nan=False)
    scale: Literal["log", "logit", "plain"] = "log"
    unit: str
    source: str
    year: int | None = None
    undated: bool = False
    owner: Literal["published", "yours", "assumed"]
    note: str = ""

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        if not self.low <= self.middle <= self.high:
            raise ValueError(f"expected low <= middle <= high, found {self._range}")
        if self.is_fixed and self.low >= 0:
            return self  # 0 and 1 may be settled, and no scale is used then
        if self.scale == "log" and self.low <= 0:
            raise ValueError(f"on a log scale all must be above 0, found {self._range}")
        if self.scale == "logit" and not 0 < self.low <= self.high < 1:
            raise ValueError(f"on a logit scale all must be between 0 and 1, found {self._range}")
        return self

    @property
    def _range(self) -> str:
        return f"{self.low:g}, {self.middle:g}, {self.high:g}"

    @property
    def is_fixed(self) -> bool:
        """Whether it has no spread."""
        return self.low == self.middle == self.high

    @property
    def sd(self) -> float:
        """Standard deviation on the scale, the mean of both sides."""
        to, _ = _SCALES[self.scale]
        return 0.0 if self.is_fixed else float(to(self.high) - to(self.low)) / (2 * TENTH)

    @property
    def mean(self) -> float:
        """The mean of what may be."""
        return float(self.draw(GRID).mean())

    @property
    def mean_factor(self) -> float:
        """The mean over the middle: what the range adds to an expectation."""
        return self.mean / self.middle if self.middle else 1.0

    def draw(self, normal: npt.ArrayLike) -> Values:
        """Return the value at each number of a standard normal distribution."""
        normal = np.asarray(normal, dtype="float64")
        if self.is_fixed:
            return np.full(normal.shape, self.middle)
        to, back = _SCALES[self.scale]
        below, above = to(self.middle) - to(self.low), to(self.high) - to(self.middle)
        step = np.where(normal < 0, below, above) / TENTH
        return np.asarray(back(to(self.middle) + step * normal))

    def deviation(self, values: npt.ArrayLike) -> Values:
        """Return how far values shift the log of what they scale."""
        if self.scale == "plain":
            return np.asarray(values) - self.middle
        return np.log(np.maximum(values, 1e-12) / max(self.middle, 1e-12))


@dataclass(frozen=True, kw_only=True, eq=False)
class Unknowns:
    """Every unknown of the model by name; ``name.platform`` goes before ``name``."""

    table: Mapping[str, Unknown]
    ladders: Mapping[str, Ladder]

    def of(self, name: str, platform: str | None = None) -> Unknown:
        """Return an unknown, that of the platform where there is one."""
        return self.table.get(f"{name}.{platform}", self.table[name])

    def middle(self, name: str, platform: str | None = None) -> float:
        """Return the middle of an unknown."""
        return self.of(name, platform).middle

    def replace(self, changes: Mapping[str, Mapping[str, Any] | float]) -> Unknowns:
        """Return these with other values: fields of an unknown, or one number that is settled.

        Raises
        ------
        SettingsError
            With every fault.
        """
        given = {name: _fields(change) for name, change in changes.items()}
        return _overridden(self, {"unknowns": given}, "These values")

    def without_spread(self) -> Unknowns:
        """Return these with every range shrunk to its middle."""
        fixed = {
            name: one.model_copy(update={"low": one.middle, "high": one.middle})
            for name, one in self.table.items()
        }
        return replace(self, table=fixed)

    def frame(self) -> pd.DataFrame:
        """Return one row an unknown, for a report."""
        return pd.DataFrame([one.model_dump() for one in self.table.values()])

    def ladder_frame(self) -> pd.DataFrame:
        """Return one row a published ladder and platform, for a report.

        ``price``: USD of a post at ``REFERENCE`` followers; ``exponent``: of the followers.
        """
        own = self.middle("price_exponent")
        rows = [
            {"ladder": one.name, "source": one.source_text, "platform": platform, "note": one.note}
            | dict(zip(("price", "exponent"), one.line(platform, own, REFERENCE), strict=True))
            for one in self.ladders.values()
            for platform in one.tiers
        ]
        return pd.DataFrame(rows)


def read_unknowns(path: Path | None = None) -> Unknowns:
    """Read the bundled priors, and over them those of a client's file of the same form.

    Parameters
    ----------
    path : Path, optional
        The file, or the folder that holds a ``priors.yaml`` or none.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    unknowns = _bundled()
    if path is not None and path.is_dir():
        path = path / PRIORS if (path / PRIORS).is_file() else None
    return unknowns if path is None else _overridden(unknowns, _read(path), str(path))


@cache
def _bundled() -> Unknowns:
    text = files("workbench.budget").joinpath(PRIORS).read_text(encoding="utf-8")
    return _overridden(Unknowns(table={}, ladders={}), yaml.safe_load(text), PRIORS, known=None)


def use_ladder(unknowns: Unknowns, name: str) -> Unknowns:
    """Return unknowns whose prices are those of a published ladder.

    Raises
    ------
    SettingsError
        Where there is no ladder of that name.
    """
    if name not in unknowns.ladders:
        known = ", ".join(unknowns.ladders)
        raise SettingsError(f"There is no price ladder {name!r}.", [f"choose one of {known}"])
    ladder, exponent = unknowns.ladders[name], unknowns.middle("price_exponent")
    lines = {platform: ladder.line(platform, exponent, REFERENCE) for platform in ladder.tiers}
    own = ladder.model_dump(include={"source", "year", "undated"}) | {"owner": "published"}
    changes: dict[str, Mapping[str, Any]] = {}
    for platform, (level, _) in lines.items():
        changes[f"price.{platform}"] = _moved(unknowns.of("price", platform), level) | own
    slope = float(np.mean([slope for _, slope in lines.values()]))
    changes["price_exponent"] = _moved(unknowns.of("price_exponent"), slope) | own
    return unknowns.replace(changes)


def _moved(one: Unknown, middle: float) -> dict[str, Any]:
    to, back = _SCALES[one.scale]
    shift = to(middle) - to(one.middle)
    low, high = (float(back(to(edge) + shift)) for edge in (one.low, one.high))
    return {"middle": middle, "low": min(low, middle), "high": max(high, middle)}


def _fields(change: Any) -> Any:
    if isinstance(change, (int, float)) and not isinstance(change, bool):
        return {"middle": change, "low": change, "high": change}
    return change


def _read(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        said = " ".join(str(fault).split())
        raise SettingsError(f"{path} can't be read.", [f"expected YAML: {said}"]) from None


def _overridden(
    before: Unknowns, given: Any, name: str, known: Mapping[str, Unknown] | None = {}
) -> Unknowns:
    """Return the unknowns with what a file says in their place; ``known`` None defines them."""
    given = {} if given is None else given
    parts = ("unknowns", "ladders")
    if not isinstance(given, dict) or not all(isinstance(given.get(p, {}), dict) for p in parts):
        raise SettingsError(f"{name} can't be used.", ["expected `unknowns:` and `ladders:`"])
    faults = [
        f"{key}: no such part; known are unknowns and ladders" for key in given if key not in parts
    ]
    table, ladders = dict(before.table), dict(before.ladders)
    for key, fields in given.get("unknowns", {}).items():
        pattern = table.get(key, table.get(str(key).split(".")[0]))
        if known is not None and (fault := _name_fault(str(key), table)):
            faults.append(fault)
            continue
        old = pattern.model_dump(exclude={"note"}) if pattern else {}
        old |= _YOURS if old else {}
        found = _checked(Unknown, str(key), old, _fields(fields), faults)
        table |= {str(key): found} if found else {}
    for key, fields in given.get("ladders", {}).items():
        rung = ladders.get(str(key))
        found = _checked(Ladder, str(key), rung.model_dump() if rung else {}, fields, faults)
        ladders |= {str(key): found} if found else {}
    if faults:
        raise SettingsError(f"{name} can't be used.", dict.fromkeys(faults))
    return Unknowns(table=table, ladders=ladders)


def _name_fault(name: str, known: Mapping[str, Unknown]) -> str:
    start, _, of = name.partition(".")
    allowed = start in known and of in PLATFORMS
    money = start == "exchange" and len(of) == 3 and of.isupper()
    if name in known or allowed or money:
        return ""
    said = did_you_mean(name, known) or f"known are {', '.join(sorted(known))}"
    return f"{name}: no such unknown; {said}"


def _checked(
    kind: type[Any], name: str, old: Mapping[str, Any], fields: Any, faults: list[str]
) -> Any:
    if not isinstance(fields, dict):
        faults.append(f"{name}: expected `middle:`, `low:` and `high:`, found {fields!r}")
        return None
    try:
        return kind.model_validate({**old, **fields, "name": name})
    except ValidationError as fault:
        faults += _sentences(name, fault)
        return None


def _sentences(name: str, fault: ValidationError) -> Iterator[str]:
    for error in fault.errors():
        where = ".".join([name, *(str(part) for part in error["loc"])])
        if error["type"] == "extra_forbidden":
            yield f"{where}: no such key"
        elif error["type"] == "missing":
            yield f"{where}: missing"
        elif error["type"] == "value_error":
            yield f"{where}: {error['msg'].removeprefix('Value error, ')}"
        else:
            said = error["msg"].replace("Input should", "expected to")
            yield f"{where}: {said}, found {error['input']!r}"
