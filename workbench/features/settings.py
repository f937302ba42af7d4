"""What features are computed from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from workbench.errors import SettingsError
from workbench.tables.definitions import engagement_definition


@dataclass(frozen=True, kw_only=True)
class FeatureSettings:
    """What the features are computed from.

    Attributes
    ----------
    as_of : str
        ISO date; nothing later is used.
    last_posts : int
        At most this many of a creator's latest posts, at least 1.
    definition : str
        Name of the engagement definition that says which parts are summed.
    """

    as_of: str
    last_posts: int = 30
    definition: str = "engagement_rate_by_followers"

    def __post_init__(self) -> None:
        try:
            date.fromisoformat(self.as_of)
        except ValueError as fault:
            raise SettingsError("as_of must be a date.", [f"{self.as_of!r}: {fault}"]) from fault
        if self.last_posts < 1:
            raise SettingsError("last_posts must be at least 1.", [f"found {self.last_posts}"])
        engagement_definition(self.definition)
