"""Errors that a person can act on: each one lists every fault it found, not only the first."""

from __future__ import annotations

from collections.abc import Iterable


class WorkbenchError(Exception):
    """A fault that is told to the user without a traceback.

    Parameters
    ----------
    headline : str
        What could not be done, in one sentence.
    faults : iterable of str, optional
        One sentence a fault: what was expected, what was found, what to do.
    """

    exit_code = 1

    def __init__(self, headline: str, faults: Iterable[str] = ()) -> None:
        self.headline = headline
        self.faults = tuple(faults)
        super().__init__(headline)

    def __str__(self) -> str:
        return "\n".join([self.headline, *(f"  - {fault}" for fault in self.faults)])

    def __reduce__(self) -> tuple[type[WorkbenchError], tuple[object, ...]]:
        # Worker processes hand errors back by pickle; the default drops the faults.
        return type(self), (self.headline, self.faults)


class DataError(WorkbenchError):
    """The data are not what a table, a file or a method needs."""

    exit_code = 2


class SettingsError(WorkbenchError):
    """A parameter or a settings file holds something that cannot be used."""

    exit_code = 2


class RunError(WorkbenchError):
    """A run was started and did not give a result that may be published.

    Parameters
    ----------
    headline : str
    faults : iterable of str, optional
    kind : str, optional
        What ended it, in a word for programs: ``gate``, ``timeout``, ``kernel_died`` ...
    """

    exit_code = 1
    kind = "error"

    def __init__(self, headline: str, faults: Iterable[str] = (), kind: str = "") -> None:
        super().__init__(headline, faults)
        self.kind = kind or self.kind

    def __reduce__(self) -> tuple[type[RunError], tuple[object, ...]]:
        return type(self), (self.headline, self.faults, self.kind)


class RetryableError(RunError):
    """A run that ended for a reason which may be gone the next time: its kernel died, say."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the known name nearest to another as a question; empty where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(name, [*known], n=1)
    return f"did you mean {near[0]}?" if near else ""
