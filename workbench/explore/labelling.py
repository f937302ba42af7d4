"""Label followers: one key each, saved at once, without seeing what any score says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from ipywidgets import VBox

from workbench import formats
from workbench.audience.decisions import read_labels, remove_label, write_label
from workbench.errors import DataError, SettingsError
from workbench.explore.keys import KeyBar
from workbench.store.frames import empty_frame
from workbench.tables.judgements import LABELS

_LABELS = {"r": "real", "n": "not_real", "c": "cannot_tell"}
_ACTIONS = {"r": "Real", "n": "Not real", "c": "Can't tell", "u": "Undo"}
_NAME = {"w": "Who is it?"}
_USUAL, _PAUSE, _LATEST = 9.0, 60.0, 20  # seconds a label, and from which on it is a pause; labels
_UNKNOWN = "not known"
_YES_NO = {True: "yes", False: "no"}


class LabellingPanel:
    """Followers one after the other, to label by keys.

    Parameters
    ----------
    sample : DataFrame
        Rows of ``followers_sample`` of one creator; only counts, privacy, picture, profile text and
        the shape of the user name are shown, whatever else is in it.
    order : sequence of str
        Ids of the followers to label, in this order; those that come twice are looked at twice.
    path : Path
        ``labels.csv``; labels of this reviewer in it are not asked for again.
    reviewer : str
        Who labels.
    names : mapping, optional
        User names by id, each shown only when asked for.

    Raises
    ------
    DataError
        If a follower is not in the sample, or the file has faults.
    SettingsError
        If there is no reviewer.
    """

    def __init__(
        self,
        sample: pd.DataFrame,
        order: Sequence[str],
        *,
        path: Path,
        reviewer: str,
        names: Mapping[str, str] | None = None,
    ) -> None:
        if not reviewer.strip():
            raise SettingsError("Nobody labels.", ["say who: reviewer, a name or initials"])
        _check_order(sample, order)
        self._path, self._reviewer, self._names = path, reviewer.strip(), names or {}
        self._creator = str(sample["creator_key"].iloc[0])
        self._followers = sample.drop_duplicates("follower_id").set_index("follower_id")
        looks = pd.Series(order, dtype="str")
        numbers = looks.groupby(looks).cumcount() + 1
        self._looks = [*zip(looks, numbers, strict=True)]
        turns = {look: turn for turn, look in enumerate(self._looks)}
        held = self._held()[["follower_id", "repeat", "labelled_at"]]
        given = held.itertuples(index=False, name=None)
        known = [(turns[f, n], at) for f, n, at in given if (f, n) in turns]
        self._done, self._times = [turn for turn, _ in known], [at for _, at in known]
        self._named = False
        actions = _ACTIONS | (_NAME if names else {})
        self.keys = KeyBar("workbench-labelling", "Labelling keys", actions, self.press)
        self.widget = VBox([self.keys])
        self.widget.add_class("workbench-labelling")
        self._show("One key a follower." if not self._done else "Goes on where it stopped.")

    @property
    def turn(self) -> int | None:
        """Place in the order of the follower shown; None when all are labelled."""
        done = set(self._done)
        return next((n for n in range(len(self._looks)) if n not in done), None)

    @property
    def counts(self) -> dict[str, int]:
        """How often the file has each label of this reviewer and creator."""
        given = self._held()["label"].value_counts()
        return {label: int(given.get(label, 0)) for label in _LABELS.values()}

    def press(self, key: str) -> None:
        """Do what a key does: ``r``, ``n``, ``c`` label, ``u`` undo, ``w`` name."""
        try:
            said = self._do(key)
        except (DataError, OSError) as fault:
            said = f"Not saved: {fault}"
        self._show(said)

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        return self.widget._repr_mimebundle_(**settings)

    def _do(self, key: str) -> str:
        turn = self.turn
        if key == "u":
            if not self._done:
                return "Nothing to undo."
            remove_label(self._path, self._row(self._done[-1]))
            self._done.pop()
            self._times = self._times[:-1]
            self._named = False
            return "Undone: label this one again."
        if turn is None or key not in _LABELS:
            self._named = key == "w" and turn is not None and bool(self._names)
            return self.keys.status
        now = datetime.now(UTC)
        label = {"label": _LABELS[key], "labelled_at": now.strftime("%Y-%m-%dT%H:%M:%SZ")}
        write_label(self._path, self._row(turn) | label)
        self._done.append(turn)
        self._times.append(pd.Timestamp(now))
        self._named = False
        return f"Follower {turn + 1}: {_ACTIONS[key].lower()}."

    def _row(self, turn: int) -> dict[str, str]:
        follower, repeat = self._looks[turn]
        return {
            "creator_key": self._creator,
            "follower_id": follower,
            "repeat": str(repeat),
            "reviewer": self._reviewer,
        }

    def _held(self) -> pd.DataFrame:
        """Return the labels that this reviewer has given of the creator's followers."""
        if not self._path.exists():
            return empty_frame(LABELS)
        labels = read_labels(self._path)
        own = labels["reviewer"].eq(self._reviewer) & labels["creator_key"].eq(self._creator)
        return labels[own]

    def _show(self, said: str) -> None:
        turn, total = self.turn, len(self._looks)
        self.keys.turn = total if turn is None else turn
        self.keys.facts = [] if turn is None else self._facts(self._looks[turn][0])
        self.keys.listed = _progress(len(self._done), total, self._times)
        self.keys.status = said

    def _facts(self, follower: str) -> list[tuple[str, str]]:
        told = self._followers.loc[follower].to_dict()
        shown = [
            ("Followers", _count(told, "followers")),
            ("Follows", _count(told, "following")),
            ("Posts", _count(told, "posts_count")),
            ("Picture", _flag(told, "has_picture")),
            ("Private", _flag(told, "is_private")),
            ("Profile text", _count(told, "bio_length", "characters")),
            ("User name", _shape(told)),
        ]
        name = self._names.get(follower, _UNKNOWN)
        return [*shown, ("Name", name)] if self._named else shown


def _check_order(sample: pd.DataFrame, order: Sequence[str]) -> None:
    faults = []
    creators = sample["creator_key"].unique()
    if len(creators) != 1:
        faults.append(f"expected followers of one creator, found {len(creators)} creators")
    if unknown := sorted({*order} - {*sample["follower_id"]}):
        shown = ", ".join(unknown[:3])
        faults.append(f"{formats.plural(len(unknown), 'follower')} not in the sample: {shown}")
    if not order:
        faults.append("the order is empty")
    if faults:
        raise DataError("These followers can't be labelled.", faults)


def _progress(done: int, total: int, times: Sequence[pd.Timestamp]) -> str:
    """Say how many are labelled and how long the others take, at the pace of the latest."""
    left = total - done
    if not left:
        return f"All {total} labelled. The file is complete."
    gaps = pd.Series(times[-_LATEST:], dtype="datetime64[us, UTC]").diff().dt.total_seconds()
    pace = gaps[gaps.between(0, _PAUSE)].median()
    minutes = round(left * (_USUAL if pd.isna(pace) else float(pace)) / 60)
    more = f"about {formats.plural(minutes, 'minute')}" if minutes else "less than a minute"
    return f"{done} of {total}, {more} left"


def _count(told: Mapping[Hashable, Any], name: str, unit: str = "") -> str:
    value = told.get(name)
    return _UNKNOWN if value is None or pd.isna(value) else f"{formats.count(value)} {unit}".strip()


def _flag(told: Mapping[Hashable, Any], name: str) -> str:
    value = told.get(name)
    return _UNKNOWN if value is None or pd.isna(value) else _YES_NO[bool(value)]


def _shape(told: Mapping[Hashable, Any]) -> str:
    length, digits = (_count(told, f"username_{what}") for what in ("length", "digits"))
    share = told.get("username_digit_share")
    if length != _UNKNOWN:
        return f"{length} characters, digits among them: {digits}"
    return _UNKNOWN if share is None or pd.isna(share) else f"{formats.percent(share)} digits"
