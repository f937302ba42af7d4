"""What people judged, as CSV files in a client's folder: ``labels.csv`` and ``decisions.csv``."""

from __future__ import annotations

from workbench.tables.schema import CREATOR_KEY, Column, Table

REVIEWER = Column("reviewer", "Who judged.", required=True)

LABELS = Table(
    name="labels.csv",
    meaning="Followers looked at by a person, one row a look. Rows without a label are left over.",
    key=("creator_key", "follower_id", "repeat", "reviewer"),
    order=(),
    columns=(
        CREATOR_KEY,
        Column("follower_id", "As in `followers_sample`.", required=True),
        Column(
            "repeat", "1 for the first look of this reviewer, 2 for the second.", "count", minimum=1
        ),
        Column(
            "label",
            "What the reviewer took the follower for.",
            "choice",
            required=True,
            choices=("real", "not_real", "cannot_tell"),
        ),
        REVIEWER,
        Column("labelled_at", "When (UTC).", "time"),
    ),
)

DECISIONS = Table(
    name="decisions.csv",
    meaning="What was decided on a creator and why, one row a decision; the last one counts.",
    key=(),
    order=(),
    columns=(
        Column("decided_on", "The day.", "date", required=True),
        REVIEWER,
        CREATOR_KEY,
        Column(
            "verdict",
            "Keep on the list, ask the creator first, or drop.",
            "choice",
            required=True,
            choices=("keep", "ask", "drop"),
        ),
        Column("reason", "Why, in words that may be read to the creator.", required=True),
        Column("answer", "What the creator answered."),
    ),
)
