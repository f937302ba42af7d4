"""The canonical tables as data: name, type, unit, range, key and meaning of every column.

Nothing here reads or writes a file; ``workbench.store`` checks frames against these contracts
when they enter and leave, and ``data/README.md`` is written from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "count", "number", "flag", "time", "date", "choice"]

SCHEMA_VERSION = 1
PLATFORMS = ("instagram", "tiktok", "youtube", "twitch", "x", "facebook", "pinterest", "linkedin")
PROVENANCE = ("measured", "platform_estimated", "supplied")
SAMPLINGS = ("latest_posts", "top_list", "filtered", "unknown")


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a canonical table.

    Attributes
    ----------
    name : str
    kind : {"text", "count", "number", "flag", "time", "date", "choice"}
        ``count`` is a whole number that may be missing, ``time`` a UTC timestamp, ``date`` a day.
    meaning : str
        One sentence for the data dictionary, with the unit where the kind does not tell it.
    required : bool
        Whether a value must be present in every row.
    minimum, maximum : float or None
        Inclusive limits.
    choices : tuple of str
        Allowed values of a ``choice``.
    """

    name: str
    kind: Kind
    meaning: str
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


def _text(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, kind="text", meaning=meaning, required=required)


def _count(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, kind="count", meaning=meaning, required=required, minimum=0)


def _flag(name: str, meaning: str) -> Column:
    return Column(name=name, kind="flag", meaning=meaning)


def _number(name: str, meaning: str, *, required: bool = False) -> Column:
    return Column(name=name, kind="number", meaning=meaning, required=required)


CREATOR_KEY = _text("creator_key", "`platform:native id`, else `platform:handle`.", required=True)
PLATFORM = Column(
    name="platform",
    kind="choice",
    meaning="The platform that the account is on.",
    required=True,
    choices=PLATFORMS,
)
CURRENCY = _text("currency", "ISO 4217 code.", required=True)
SOURCE = _text("source", "The import that gave the row (its id in `store.json`).", required=True)
GIVEN_BY = Column(
    name="provenance",
    kind="choice",
    meaning="How the values came about.",
    required=True,
    choices=PROVENANCE,
)

CREATORS = Table(
    name="creators",
    meaning="One row an account. Followers stand in `snapshots`, since they have a date.",
    key=("creator_key",),
    order=("creator_key",),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        _text("handle", "The account's public name, as the latest file writes it."),
        _text("native_id", "The platform's own id of the account."),
        _text("display_name", "The name shown on the profile."),
        _text("niche", "Subject of the account, as the source names it."),
        _text("country", "Country of the creator (not of the audience)."),
        _flag("verified", "Whether the platform marks the account as verified."),
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
        _text("post_id", "The platform's id of the post, else `at:` and its time.", required=True),
        Column(name="posted_at", kind="time", meaning="When it was posted (UTC).", required=True),
        Column(name="observed_at", kind="time", meaning="When the counts were read (UTC)."),
        _text("media_type", "Kind of post, as the source names it."),
        _count("likes", "Likes. Missing where hidden: a 0 beside comments is a hidden count."),
        _count("comments", "Comments."),
        _count("shares", "Shares or reposts."),
        _count("saves", "Saves or favourites."),
        _count("views", "Views or plays."),
        _count("reach", "Distinct people reached."),
        _count("impressions", "Times shown."),
        _flag("is_sponsored", "Whether the post is marked as paid."),
        _flag("likes_hidden", "Whether the like count was hidden and therefore made missing."),
        _flag("counts_rounded", "Whether a count came rounded, such as `1.2M`."),
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
        Column(name="observed_on", kind="date", meaning="The day of the counts.", required=True),
        _count("followers", "Followers or subscribers.", required=True),
        _count("following", "Accounts followed."),
        _count("posts_count", "Posts on the profile."),
        _flag("counts_rounded", "Whether a count came rounded, such as `1.2M`."),
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
        _text("metric", "What is counted: `likes`, `comments`, `views`, ...", required=True),
        Column(
            name="statistic",
            kind="choice",
            meaning="What was made of the posts' counts.",
            required=True,
            choices=("mean", "median", "sum", "rate", "unknown"),
        ),
        Column(
            name="value",
            kind="number",
            meaning="The figure; rates as 0-1.",
            required=True,
            minimum=0,
        ),
        _text("window", "The posts it stands for, as the source says it.", required=True),
        Column(name="as_of", kind="date", meaning="The day of the figure.", required=True),
        GIVEN_BY,
        SOURCE,
    ),
)

FOLLOWERS_SAMPLE = Table(
    name="followers_sample",
    meaning="Followers drawn from an account's list, one row a follower, without names.",
    key=("creator_key", "sampled_on", "follower_id"),
    order=("creator_key", "sampled_on", "follower_id"),
    columns=(
        CREATOR_KEY,
        PLATFORM,
        Column(name="sampled_on", kind="date", meaning="The day of the draw.", required=True),
        _text("follower_id", "A pseudonym of the follower.", required=True),
        _count("followers", "Followers of the follower."),
        _count("following", "Accounts that the follower follows."),
        _count("posts_count", "Posts of the follower."),
        _flag("has_picture", "Whether the profile has a picture of its own."),
        _flag("is_private", "Whether the profile is private."),
        _count("bio_length", "Characters in the profile text."),
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
        Column(name="tracked_on", kind="date", meaning="The day.", required=True),
        _text("channel", "Where it was counted, `unknown` where not said.", required=True),
        _text("campaign", "The campaign, `unknown` where not said.", required=True),
        _text("product", "What was sold, `unknown` where not said.", required=True),
        _count("clicks", "Clicks."),
        Column(name="orders", kind="count", meaning="Orders; negative where more were sent back."),
        _number("revenue", "Revenue in `currency`; negative where more was sent back."),
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
        Column(
            name="paid_on",
            kind="date",
            meaning="The day of the payment, else that of the export.",
            required=True,
        ),
        _text("basis", "Paid for what: `post`, `order`, ..., else `unknown`.", required=True),
        _number("rate", "The amount for one, in `currency`; missing where it differs."),
        Column(name="orders", kind="count", meaning="Orders paid for; negative where taken back."),
        _number("amount", "The amount paid, in `currency`.", required=True),
        CURRENCY,
        SOURCE,
    ),
)

OVERLAPS = Table(
    name="overlaps",
    meaning="Share of one account's audience that also follows another.",
    key=("creator_key", "other_key", "as_of"),
    order=("creator_key", "other_key", "as_of"),
    columns=(
        CREATOR_KEY,
        _text("other_key", "The other account.", required=True),
        Column(
            name="share",
            kind="number",
            meaning="Shared followers over the base, 0-1.",
            required=True,
            minimum=0,
            maximum=1,
        ),
        Column(
            name="base",
            kind="choice",
            meaning="What the share is a share of.",
            required=True,
            choices=("creator", "other", "smaller", "union"),
        ),
        Column(name="as_of", kind="date", meaning="The day of the figure.", required=True),
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
        _text("deliverable", "What is paid for: `post`, `story`, `ugc_only`, ...", required=True),
        Column(
            name="fee",
            kind="number",
            meaning="The amount asked, in `currency`.",
            required=True,
            minimum=0,
        ),
        CURRENCY,
        Column(name="quoted_on", kind="date", meaning="The day of the quote.", required=True),
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
        _text("alias_key", "Another `platform:id` or `platform:handle` of it.", required=True),
        Column(
            name="kind",
            kind="choice",
            meaning="Why both are the same: one account, or one person on two platforms.",
            required=True,
            choices=("account", "person"),
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
        OVERLAPS,
        FEE_QUOTES,
        TRACKING,
        PAYOUTS,
        ALIASES,
    )
}
