"""``campaign.yaml``: what a client's campaign is, and how long its data may be kept."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from workbench.errors import DataError, SettingsError

BRIEF = "campaign.yaml"


class Brief(BaseModel):
    """The content of ``campaign.yaml``; keys that are not known here are left alone.

    Attributes
    ----------
    retention_date : date or None
        The last day on which the client's data may be used.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    retention_date: date | None = None

    @property
    def expired(self) -> bool:
        """Whether the last day has passed."""
        return self.retention_date is not None and date.today() > self.retention_date


def read_brief(folder: Path) -> Brief:
    """Read the brief of a client's folder; an empty one where there is none.

    Raises
    ------
    SettingsError
        With every fault of the file.
    """
    path = folder / BRIEF
    if not path.is_file():
        return Brief()
    try:
        return Brief.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")) or {})
    except ValidationError as fault:
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in fault.errors()]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        faults = [str(fault)]
    raise SettingsError(f"{path} can't be read.", faults)


def check_retention(folder: Path) -> None:
    """Refuse a client's folder whose data may no longer be used.

    Raises
    ------
    DataError
        With the command that erases the data.
    """
    brief = read_brief(folder)
    if brief.expired:
        raise DataError(
            f"The data of {folder} were to be kept until {brief.retention_date}.",
            [
                f"erase them: workbench forget --expired --data {folder}",
                f"or, where they may be kept longer, change retention_date in {folder / BRIEF}",
            ],
        )
