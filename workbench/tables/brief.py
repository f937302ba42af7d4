"""``campaign.yaml``: what a client's campaign is, and how long its data may be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from workbench.errors import DataError, SettingsError, did_you_mean
from workbench.tables.schema import PLATFORMS
from workbench.tables.tiers import read_tier_preset

BRIEF = "campaign.yaml"
Fraction = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Goal = Literal[
    "net_reach",
    "effective_reach",
    "impressions",
    "engagements",
    "clicks",
    "conversions",
    "revenue",
]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Between(_Part):
    """Least and most of something, each 0-1 of the budget."""

    least: Fraction = 0.0
    most: Fraction = 1.0

    @model_validator(mode="before")
    @classmethod
    def _one_number_is_the_most(cls, given: Any) -> Any:
        return {"most": given} if isinstance(given, (int, float)) else given

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        if self.least > self.most:
            raise ValueError(f"least ({self.least}) is above most ({self.most})")
        return self


class Limits(_Part):
    """What a plan must keep to.

    Attributes
    ----------
    tier_share, platform_share : dict of str to Between
        Of the budget, by tier of the preset and by platform.
    min_creators, max_creators : int
    must, must_not : list of str
        Handles or keys.
    max_creator_share : float
        The most of the budget that one creator may cost.
    posts_per_creator : int
        At most so many posts are booked of one creator; 0 books content only.
    content_only : int
        Pieces of content wanted that are not posted by the creator (``ugc_only``).
    """

    tier_share: dict[str, Between] = {}
    platform_share: dict[str, Between] = {}
    min_creators: Annotated[int, Field(ge=0)] = 0
    max_creators: Annotated[int, Field(ge=1)] | None = None
    must: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()
    max_creator_share: Annotated[float, Field(gt=0, le=1)] = 1.0
    posts_per_creator: Annotated[int, Field(ge=0, le=3)] = 1
    content_only: Annotated[int, Field(ge=0)] = 0


class Overhead(_Part):
    """What a creator costs beside the fee: hours of work at a rate."""

    hours: Money = 0.0
    rate: Money = 0.0


class Risk(_Part):
    """How the plan weighs a bad outcome.

    Attributes
    ----------
    attitude : {"mean", "p20", "cvar", "goal"}
        The mean; the outcome that four in five futures reach; the mean plus ``weight`` times the
        mean of the worst ``tail``; the chance to reach the target.
    """

    attitude: Literal["mean", "p20", "cvar", "goal"] = "mean"
    weight: Money = 1.0
    tail: Annotated[float, Field(gt=0, lt=1)] = 0.1


class Brief(_Part):
    """The content of ``campaign.yaml``; every key may be left out.

    Attributes
    ----------
    retention_date : date or None
        The last day on which the client's data may be used.
    client : str
        The name on the report.
    goal : str
        What is wanted most.
    target : float or None
        How much of it.
    probability : float
        The chance of the target that is wanted, 0-1.
    budget : float or None
        In ``currency``; all costs come out of it.
    flight_start, flight_end : date or None
        The days of the campaign, both inclusive.
    platforms : tuple of str
        None named means all.
    market : float or None
        People in the target audience, whom the reach is counted among.
    tier_preset : str
    limits : Limits
    overhead : Overhead
    product_cost : float
        Of what is sent to one creator.
    order_value : float or None
        Revenue of one order.
    fall_through : float or None
        Share of bookings that bring nothing.
    definition : str
        Of the engagement rate that the report shows.
    risk : Risk
    drawn : str or None
        How the followers in follower lists were drawn: ``random``, ``newest`` or ``unknown``.
    """

    retention_date: date | None = None
    client: str = ""
    goal: Goal = "net_reach"
    target: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    probability: Annotated[float, Field(gt=0, lt=1)] = 0.8
    budget: Money | None = None
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = "EUR"
    flight_start: date | None = None
    flight_end: date | None = None
    platforms: tuple[str, ...] = ()
    market: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    tier_preset: str = "four-tier"
    limits: Limits = Limits()
    overhead: Overhead = Overhead()
    product_cost: Money = 0.0
    order_value: Money | None = None
    fall_through: Fraction | None = None
    definition: str = "engagement_rate_by_followers"
    risk: Risk = Risk()
    drawn: Literal["random", "newest", "unknown"] | None = None

    @property
    def expired(self) -> bool:
        """Whether the last day has passed."""
        return self.retention_date is not None and date.today() > self.retention_date

    @property
    def creator_overhead(self) -> float:
        """What one creator costs beside the fee."""
        return self.overhead.hours * self.overhead.rate + self.product_cost


def parse_brief(text: str, name: str = BRIEF, changes: Mapping[str, object] | None = None) -> Brief:
    """Read a brief from YAML; ``changes`` by key, dots between parts, go before what it says.

    Raises
    ------
    SettingsError
        With every fault, one sentence each.
    """
    try:
        given = yaml.safe_load(text) or {}
    except yaml.YAMLError as fault:
        raise SettingsError(f"{name} can't be read.", [_yaml_fault(fault)]) from None
    if not isinstance(given, dict):
        raise SettingsError(f"{name} can't be read.", ["expected `key: value` lines, found none"])
    for key, value in (changes or {}).items():
        *parts, last = key.split(".")
        place = given
        for part in parts:
            place[part] = dict(place[part]) if isinstance(place.get(part), dict) else {}
            place = place[part]
        place[last] = value
    faults: list[str] = []
    try:
        brief = Brief.model_validate(given)
        faults = [*_cross_faults(brief)]
    except ValidationError as fault:
        faults = [_sentence(error) for error in fault.errors()]
        # What pydantic never came to, since a field had failed: look at the fields that hold.
        faults += [*_cross_faults(_holding(given, fault))]
    if faults:
        raise SettingsError(f"{name} can't be used.", dict.fromkeys(faults))
    return brief


def read_brief(folder: Path, changes: Mapping[str, object] | None = None) -> Brief:
    """Read the brief of a client's folder, empty where there is none, with changes to it.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    path = folder / BRIEF
    text = _read_text(path) if path.is_file() else ""
    return parse_brief(text, f"{path} with the options given" if changes else str(path), changes)


def read_retention(folder: Path) -> Brief:
    """Read ``retention_date`` alone: faults elsewhere in the brief must not stop an import."""
    path = folder / BRIEF
    if not path.is_file():
        return Brief()
    try:
        given = yaml.safe_load(_read_text(path))
    except yaml.YAMLError as fault:
        raise SettingsError(f"{path} can't be read.", [_yaml_fault(fault)]) from None
    given = given if isinstance(given, dict) else {}
    try:
        return Brief.model_validate({k: v for k, v in given.items() if k == "retention_date"})
    except ValidationError as fault:
        raise SettingsError(f"{path} can't be used.", map(_sentence, fault.errors())) from None


def check_retention(folder: Path) -> None:
    """Refuse a client's folder whose data may no longer be used.

    Raises
    ------
    DataError
        With the command that erases the data.
    """
    brief = read_retention(folder)
    if brief.expired:
        raise DataError(
            f"The data of {folder} were to be kept until {brief.retention_date}.",
            [
                f"erase them: workbench forget --expired --data {folder}",
                f"or, where they may be kept longer, change retention_date in {folder / BRIEF}",
            ],
        )


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path} can't be read.", [str(fault)]) from None


def _yaml_fault(fault: yaml.YAMLError) -> str:
    mark = getattr(fault, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark else ""
    return f"{where}not YAML: {getattr(fault, 'problem', None) or fault}"


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{where}: no such key; {_nearest(error['loc'])}"
    if error["type"] == "string_pattern_mismatch":
        return f"{where}: expected an ISO 4217 code such as EUR, found {error['input']!r}"
    said = error["msg"].removeprefix("Value error, ").replace("Input should", "expected to")
    return f"{where}: {said}, found {error['input']!r}"


def _nearest(place: tuple[Any, ...]) -> str:
    parts: dict[str, type[BaseModel]] = {"limits": Limits, "overhead": Overhead, "risk": Risk}
    model = parts.get(str(place[0]), Brief) if len(place) > 1 else Brief
    known = model.model_fields
    return did_you_mean(str(place[-1]), known) or f"known are {', '.join(known)}"


def _holding(given: dict[Any, Any], fault: ValidationError) -> Brief:
    """Return the brief without the keys that failed."""
    kept = {name: given[name] for name in Brief.model_fields if name in given}
    for whole, *rest in (error["loc"] for error in fault.errors()):
        part = kept.pop(str(whole), None)
        if isinstance(part, dict) and rest:
            kept[str(whole)] = {k: v for k, v in part.items() if k != rest[0]}
    return Brief.model_validate(kept)


def _cross_faults(brief: Brief) -> Iterator[str]:
    limits = brief.limits
    if brief.flight_start and brief.flight_end and brief.flight_end < brief.flight_start:
        yield f"flight_end ({brief.flight_end}) is before flight_start ({brief.flight_start})"
    for name in (*brief.platforms, *limits.platform_share):
        if name not in PLATFORMS:
            yield f"platforms: {name!r} is none of {', '.join(PLATFORMS)}"
    if limits.max_creators is not None and limits.max_creators < limits.min_creators:
        yield (
            f"limits: max_creators ({limits.max_creators}) is below "
            f"min_creators ({limits.min_creators})"
        )
    for name in sorted({*limits.must} & {*limits.must_not}):
        yield f"limits: {name} is in must and in must_not"
    for kind in ("tier_share", "platform_share"):
        if (least := sum(one.least for one in getattr(limits, kind).values())) > 1 + 1e-9:
            yield f"limits.{kind}: the least shares add up to {least:.0%} of the budget"
    try:
        tiers = [tier.name for tier in read_tier_preset(brief.tier_preset).cells()]
    except SettingsError as fault:
        yield f"tier_preset: {fault.headline}"
        return
    for name in limits.tier_share:
        if name not in tiers:
            known = ", ".join(tiers)
            yield f"limits.tier_share: {name!r} is no tier of {brief.tier_preset} ({known})"
