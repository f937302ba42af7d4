"""The canonical tables as data: name, type, unit, range, key and meaning of every column.

Nothing here reads or writes a file; ``workbench.store`` checks frames against these contracts
when they enter and leave, and ``data/README.md`` is written from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "count", "number", "flag", "time", "date", "choice"]

SCHEMA_VERSION = 2
PLATFORM_NAMES = {
    "instagram": "Instagram",
    "tiktok": "TikTok",
    "youtube": "YouTube",
    "twitch": "Twitch",
    "x": "X",
    "facebook": "Facebook",
    "pinterest": "Pinterest",
    "linkedin": "LinkedIn",
}
PLATFORMS = (*PLATFORM_NAMES,)
PROVENANCE = ("measured", "platform_estimated", "supplied")
SAMPLINGS = ("latest_posts", "top_list", "filtered", "unknown")
DRAWS = ("random", "newest", "unknown")
EVENT_KINDS = (
    *("giveaway", "press", "viral_post", "advert", "collaboration", "feature", "launch", "other"),
)


@dataclass(frozen=True)
class Column:
    """One column of a canonical table.

    Attributes
    ----------
    name : str
    meaning : str
        One sentence for the data dictionary, with the unit where the kind does not tell it.
    kind : {"text", "count", "number", "flag", "time", "date", "choice"}
        ``count`` is a whole number that may be missing, ``time`` a UTC timestamp, ``date`` a day.
    required : bool
        Whether a value must be present in every row.
    minimum, maximum : float or None
        Inclusive limits.
    choices : tuple of str
        Allowed values of a ``choice``.
    """

    name: str
    meaning: str
    kind: Kind = "text"
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Table:
    """A canonical table: its columns, its key, and the order its rows are stored in."""

    name: str
    meaning: str
    key: tuple[str, ...]
    order: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in canonical order."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


def _count(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, meaning, "count", required=required, minimum=0)


def _choice(name: str, meaning: str, choices: tuple[str, ...]) -> Column:
    return Column(name, meaning, "choice", required=True, choices=choices)


def _day(name: str, meaning: str = "The day.") -> Column:
    return Column(name, meaning, "date", required=True)


def _share(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name, meaning, "number", required=required, minimum=0, maximum=1)


CREATOR_KEY = Column("creator_key", "`platform:native id`, else `platform:handle`.", required=True)
PLATFORM = _choice("platform", "The platform that the account is on.", PLATFORMS)
CURRENCY = Column("currency", "ISO 4217 code.", required=True)
SOURCE = Column("source", "The import that gave the row (its id in `store.json`).", required=True)
GIVEN_BY = _choice("provenance", "How the values came about.", PROVENANCE)

CREATORS = Table(
    name="creators",
    meaning="One row an account. Followers stand in `snapshots`, since they have a date.",
    key=("creator_key",),
    order=("creator_key",),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        Column("handle", "The account's public name, as the latest file writes it."),
        Column("native_id", "The platform's own id of the account."),
        Column("display_name", "The name shown on the profile."),
        Column("niche", "Subject of the account, as the source names it."),
        Column("country", "Country of the creator (not of the audience)."),
        Column("verified", "Whether the platform marks the account as verified.", "flag"),
        SOURCE,
    ),
)

POSTS = Table(
    name="posts",
    meaning="One row a post, with the counts of its latest observation.",
    key=("creator_key", "post_id"),
    order=("creator_key", "posted_at", "post_id"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        Column("post_id", "The platform's id of the post, else `at:` and its time.", required=True),
        Column("posted_at", "When it was posted (UTC).", "time", required=True),
        Column("observed_at", "When the counts were read (UTC).", "time"),
        Column("media_type", "Kind of post, as the source names it."),
        _count("likes", "Likes. Missing where hidden: a 0 beside comments is a hidden count."),
        _count("comments", "Comments."),
        _count("shares", "Shares or reposts."),
        _count("saves", "Saves or favourites."),
        _count("views", "Views or plays."),
        _count("reach", "Distinct people reached."),
        _count("impressions", "Times shown."),
        Column("is_sponsored", "Whether the post is marked as paid.", "flag"),
        Column(
            "likes_hidden", "Whether the like count was hidden and therefore made missing.", "flag"
        ),
        Column("counts_rounded", "Whether a count came rounded, such as `1.2M`.", "flag"),
        GIVEN_BY,
        SOURCE,
    ),
)

SNAPSHOTS = Table(
    name="snapshots",
    meaning="Followers of an account on a day. A file of another day is another snapshot.",
    key=("creator_key", "observed_on"),
    order=("creator_key", "observed_on"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        _day("observed_on", "The day of the counts."),
        _count("followers", "Followers or subscribers.", required=True),
        _count("following", "Accounts followed."),
        _count("posts_count", "Posts on the profile."),
        Column("counts_rounded", "Whether a count came rounded, such as `1.2M`.", "flag"),
        GIVEN_BY,
        SOURCE,
    ),
)

REPORTED_METRICS = Table(
    name="reported_metrics",
    meaning="Figures of exports that hold averages only, one row a figure.",
    key=("creator_key", "metric", "statistic", "window", "as_of", "source"),
    order=("creator_key", "metric", "statistic", "as_of", "source"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        Column("metric", "What is counted: `likes`, `comments`, `views`, ...", required=True),
        _choice(
            "statistic",
            "What was made of the posts' counts.",
            ("mean", "median", "sum", "rate", "unknown"),
        ),
        Column("value", "The figure; rates as 0-1.", "number", required=True, minimum=0),
        Column("window", "The posts it stands for, as the source says it.", required=True),
        _day("as_of", "The day of the figure."),
        GIVEN_BY,
        SOURCE,
    ),
)

FOLLOWERS_SAMPLE = Table(
    name="followers_sample",
    meaning="Followers drawn from an account's list, one row a follower, without names.",
    key=("creator_key", "sampled_on", "drawn", "follower_id"),
    order=("creator_key", "sampled_on", "drawn", "position"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        _day("sampled_on", "The day of the draw."),
        _choice(
            "drawn", "How they were drawn, as the analyst says it: the newest, or at random.", DRAWS
        ),
        Column(
            "follower_id",
            "A pseudonym of the follower, the same in all files of the account and day.",
            required=True,
        ),
        Column("position", "The row of its file; lists come newest first.", "count", minimum=1),
        _count("followers", "Followers of the follower."),
        _count("following", "Accounts that the follower follows."),
        _count("posts_count", "Posts of the follower."),
        Column("has_picture", "Whether the profile has a picture of its own.", "flag"),
        Column("is_private", "Whether the profile is private.", "flag"),
        _count("bio_length", "Characters in the profile text."),
        _count("username_length", "Characters in the user name, which is not kept."),
        _count("username_digits", "How many of them are digits."),
        _share("username_digit_share", "Which share of them is digits, 0-1."),
        SOURCE,
    ),
)

EVENTS = Table(
    name="events",
    meaning="What may explain a change of an account's followers, as the analyst noted it.",
    key=("creator_key", "happened_on", "kind"),
    order=("creator_key", "happened_on", "kind"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        _day("happened_on"),
        _choice(
            "kind",
            "What happened; `other` for what is none of these. The text itself is not kept.",
            EVENT_KINDS,
        ),
        SOURCE,
    ),
)

TRACKING = Table(
    name="tracking",
    meaning="What a creator's links and codes brought on a day: one row a campaign and product.",
    key=("creator_key", "tracked_on", "channel", "campaign", "product", "currency"),
    order=("creator_key", "tracked_on", "channel", "campaign", "product"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        _day("tracked_on"),
        Column("channel", "Where it was counted, `unknown` where not said.", required=True),
        Column("campaign", "The campaign, `unknown` where not said.", required=True),
        Column("product", "What was sold, `unknown` where not said.", required=True),
        _count("clicks", "Clicks."),
        Column("orders", "Orders; negative where more were sent back.", "count"),
        Column("revenue", "Revenue in `currency`; negative where more was sent back.", "number"),
        CURRENCY,
        SOURCE,
    ),
)

PAYOUTS = Table(
    name="payouts",
    meaning="What a creator was paid.",
    key=("creator_key", "paid_on", "basis", "currency"),
    order=("creator_key", "paid_on", "basis"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        _day("paid_on", "The day of the payment, else that of the export."),
        Column("basis", "Paid for what: `post`, `order`, ..., else `unknown`.", required=True),
        Column("rate", "The amount for one, in `currency`; missing where it differs.", "number"),
        Column("orders", "Orders paid for; negative where taken back.", "count"),
        Column("amount", "The amount paid, in `currency`.", "number", required=True),
        CURRENCY,
        SOURCE,
    ),
)

OVERLAPS = Table(
    name="overlaps",
    meaning="Share of one account's audience that also follows another: one row a pair and base, "
    "the account whose key comes first in the alphabet first.",
    key=("creator_key", "other_key", "base", "as_of"),
    order=("creator_key", "other_key", "as_of"),
    columns=(
        CREATOR_KEY,
        Column("other_key", "The other account.", required=True),
        _share("share", "Shared followers over the base, 0-1.", required=True),
        _choice("base", "What the share is a share of.", ("creator", "other", "smaller", "union")),
        _day("as_of", "The day of the figure."),
        SOURCE,
    ),
)

FEE_QUOTES = Table(
    name="fee_quotes",
    meaning="What a creator asks for a deliverable.",
    key=("creator_key", "deliverable", "quoted_on", "currency"),
    order=("creator_key", "deliverable", "quoted_on"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        Column(
            "deliverable",
            "What is paid for: `post`, `story`, `3 posts`, `ugc_only`, ..., else `unknown`.",
            required=True,
        ),
        Column("fee", "The amount asked, in `currency`.", "number", required=True, minimum=0),
        CURRENCY,
        _day("quoted_on", "The day of the quote, else that of the export."),
        SOURCE,
    ),
)

ALIASES = Table(
    name="aliases",
    meaning="Other identities of an account: a rename, or its id where the handle came first.",
    key=("creator_key", "alias_key"),
    order=("creator_key", "alias_key"),
    columns=(
        CREATOR_KEY,
        Column("alias_key", "Another `platform:id` or `platform:handle` of it.", required=True),
        _choice(
            "kind",
            "Why both are the same: one account, or one person on two platforms.",
            ("account", "person"),
        ),
        SOURCE,
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        CREATORS,
        POSTS,
        SNAPSHOTS,
        REPORTED_METRICS,
        FOLLOWERS_SAMPLE,
        EVENTS,
        OVERLAPS,
        FEE_QUOTES,
        TRACKING,
        PAYOUTS,
        ALIASES,
    )
}
