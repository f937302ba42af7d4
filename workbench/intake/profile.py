"""Mapping profiles: a YAML file that says which header of an export is which column."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError

from workbench.errors import SettingsError
from workbench.intake.ages import AgeUnit
from workbench.intake.fields import FIELDS, Rows
from workbench.intake.numbers import DateOrder
from workbench.intake.rates import ShareUnit
from workbench.store.catalog import replace_file
from workbench.tables.schema import DRAWS, OVERLAPS, PLATFORMS, PROVENANCE, SAMPLINGS


def _one_of(known: Collection[str]) -> AfterValidator:
    def check(value: str) -> str:
        if value not in known:
            raise ValueError(f"{value!r} is none of {', '.join(known)}")
        return value

    return AfterValidator(check)


# The columns that a rate card has in place of a fee in each column.
RATE_CARD = {"deliverable": ("(deliverable)",), "fee": ("(fee)",)}
_UNTRIED = "documentation only, not tried on a real file"
Headers = Annotated[
    tuple[str, ...], BeforeValidator(lambda v: (v,) if isinstance(v, str) else tuple(v))
]


class MappingProfile(BaseModel):
    """How a kind of export is read; None stands for what is open or each row tells.

    Attributes
    ----------
    columns : dict
        Canonical column to its header, or to several of which a file has one. Without any, the
        headers are suggested by name and values.
    optional : tuple of str
        Canonical columns that a file may lack and still be recognised.
    headers : tuple of str
        The whole header that the profile was confirmed for; empty means any that has the columns.
    account : str or None
        Whose followers the rows are, where no column says it: a handle.
    currency : str or None
        ISO 4217 code of the amounts, where no column says it.
    date_order : {"day_first", "month_first"} or None
        How ``03/04/2026`` is meant, where the values don't settle it.
    age_unit : {"minutes", "hours", "days"} or None
        The unit of ages of posts that name none.
    share_unit : {"percent", "fraction"} or None
        The unit of shares without a ``%``, where name and values don't settle it.
    base : {"creator", "other", "smaller", "union"} or None
        What shares are shares of, where no column says it.
    fees : dict
        Of a rate card with a fee in each column: deliverable to header.
    drawn : {"random", "newest", "unknown"}
        How followers were drawn from the list.
    display_names : bool
        Whether the accounts are known by display names alone, which are then taken for handles.
    verified_on : str
        The real files that it was tried on; empty for one made from documentation alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    rows: Rows | None = None
    platform: Annotated[str, _one_of(PLATFORMS)] | None = None
    columns: dict[Annotated[str, _one_of(FIELDS)], Headers] = {}
    optional: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    account: str | None = None
    currency: str | None = None
    date_order: DateOrder | None = None
    age_unit: AgeUnit | None = None
    share_unit: ShareUnit | None = None
    base: Annotated[str, _one_of(OVERLAPS.column("base").choices)] | None = None
    fees: dict[str, str] = {}
    display_names: bool = False
    window: str = "unknown"
    sampling: Annotated[str, _one_of(SAMPLINGS)] = "unknown"
    drawn: Annotated[str, _one_of(DRAWS)] = "unknown"
    provenance: Annotated[str, _one_of(PROVENANCE)] = "measured"
    verified_on: str = ""

    def mapping(self, header: Sequence[str]) -> dict[str, str]:
        """Return canonical column to header, for the columns that this header has."""
        columns = (self.columns | RATE_CARD) if self.fees else self.columns
        return {
            field: next(name for name in names if name in header)
            for field, names in columns.items()
            if not set(names).isdisjoint(header)
        }

    def recognises(self, header: Sequence[str]) -> bool:
        """Whether the profile was made for files with this header."""
        if self.headers:
            return sorted(self.headers) == sorted(header)
        needed = set(self.columns) - set(self.optional)
        # A file without header has the same names as any other of its kind.
        named = not any(name.startswith("column ") for name in self.mapping(header).values())
        return bool(self.columns) and named and needed <= set(self.mapping(header))

    @property
    def tried(self) -> str:
        """What it was tried on, for a list."""
        return f"tried on {self.verified_on}" if self.verified_on else _UNTRIED

    def content(self) -> dict[str, Any]:
        """Return what stands in the YAML file; defaults are left out."""
        columns = {f: n[0] if len(n) == 1 else list(n) for f, n in self.columns.items()}
        return self.model_dump(mode="json", exclude_defaults=True) | {"columns": columns}


def parse_profile(text: str, source: str) -> MappingProfile:
    """Read a profile from YAML.

    Raises
    ------
    SettingsError
        With every fault of the text.
    """
    try:
        return MappingProfile.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as fault:
        raise SettingsError(f"{source} is not a mapping profile.", [str(fault)]) from fault
    except ValidationError as fault:
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors()]
        raise SettingsError(f"{source} is not a mapping profile.", faults) from fault


@cache
def built_in_profiles() -> tuple[MappingProfile, ...]:
    """Return the profiles that come with the package."""
    found = files("workbench.intake").joinpath("profiles").iterdir()
    texts = {p.name: p.read_text(encoding="utf-8") for p in found if p.name.endswith(".yaml")}
    return tuple(parse_profile(text, name) for name, text in sorted(texts.items()))


def saved_profiles(folder: Path) -> list[MappingProfile]:
    """Return the client's own profiles, by file name."""
    return [_read(path) for path in sorted(folder.glob("*.y*ml"))]


def read_profile(name_or_path: str, folder: Path) -> MappingProfile:
    """Return a profile by name (the client's own first) or from a YAML file.

    Raises
    ------
    SettingsError
        If there is none, or the file is not a profile.
    """
    path = Path(name_or_path)
    if path.suffix in (".yaml", ".yml"):
        return _read(path)
    known = {p.name: p for p in [*built_in_profiles(), *saved_profiles(folder)]}
    if name_or_path not in known:
        raise SettingsError(
            f"There is no mapping profile {name_or_path!r}.",
            [
                f"choose one of {', '.join(known)}, or give a YAML file of your own",
                *(f"{p.name}: {p.tried}" for p in built_in_profiles()),
            ],
        )
    return known[name_or_path]


def save_profile(profile: MappingProfile, folder: Path) -> MappingProfile:
    """Save a confirmed profile under a name that is free, and return it with that name."""
    folder.mkdir(parents=True, exist_ok=True)
    name, n = profile.name, 2
    while (folder / f"{name}.yaml").exists():
        name, n = f"{profile.name}-{n}", n + 1
    named = profile.model_copy(update={"name": name})
    replace_file(folder / f"{name}.yaml", yaml_text(named.content()).encode())
    return named


def yaml_text(content: object) -> str:
    """Write YAML in the order given."""
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100)


def _read(path: Path) -> MappingProfile:
    try:
        return parse_profile(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsError(f"{path} can't be read.", [str(fault)]) from fault
