"""What a family of features is: a query, what its columns mean, and why one may be missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Family:
    """Features that come from one query over a bucket.

    Attributes
    ----------
    name : str
    query : str
        SQL over ``accounts``, ``used_posts``, ``counts`` (both on or before the data's date),
        ``reported_metrics`` and the earlier families of some buckets; one row a creator, with its
        number ``creator``. ``rate`` of a count is the log growth a day since the one before, at
        most a week earlier. ``$as_of`` is the data's date, ``$engagements`` the sum of the parts.
    columns : mapping
        Feature to its meaning, with the unit.
    reasons : mapping
        Feature to (condition, sentence) pairs, in order; the first condition that is true of a
        creator's row says why the feature is missing.
    """

    name: str
    query: str
    columns: Mapping[str, str]
    reasons: Mapping[str, tuple[tuple[str, str], ...]]
