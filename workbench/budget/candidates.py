"""The creators that a budget may be spent on, each with what it brings, costs, and how unsure."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

CANDIDATE_COLUMNS = (
    *("creator_key", "platform", "niche", "country", "tier", "followers"),
    *("engagements", "engagements_sd", "post_sd"),
    *("reach", "reach_sd", "real_share", "real_share_sd"),
    *("sponsored", "sponsored_sd", "fall_through"),
    *("click_rate", "click_rate_sd", "conversion_rate", "conversion_rate_sd"),
    *("fee", "fee_sd", "fee_source", "next_post", "fee_ugc"),
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Creators with ranges; nothing is missing, what was not known came from a prior.

    Attributes
    ----------
    table : DataFrame
        One row a creator, ``CANDIDATE_COLUMNS``. A ``_sd`` is the standard deviation of the
        natural log of what the creator is apart from the shared unknowns (``real_share_sd``: of
        the share). ``engagements``: expected of one organic post, the mean over its posts, the
        middle of what is believed; ``post_sd``: of one post about it. ``reach``: distinct people
        reached by one organic post. ``sponsored``: factor on both for a paid post.
        ``fall_through``: chance that nothing is delivered. ``click_rate``: clicks an impression;
        ``conversion_rate``: orders a click. ``fee``: of one post; ``fee_source``: ``quote``,
        ``rate card``, ``model``; ``next_post``: the price of a further post over the one before;
        ``fee_ugc``: of content only, missing where not offered.
    sources : DataFrame
        One row a creator and column, where it came from: ``data``, ``curve``, ``prior``, ...
    currency : str
    """

    table: pd.DataFrame
    sources: pd.DataFrame
    currency: str
