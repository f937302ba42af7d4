"""Secrets come from the environment, by the names of its variables, never as parameters."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping

from workbench.reporting.redaction import SHORTEST

_SECRET_NAME = re.compile(
    r"pass(word|wd|phrase|code)|secret|token|api_?key|credential|private_?key|access_?key|bearer",
    re.IGNORECASE,
)


def secret_name_faults(names: Iterable[str]) -> list[str]:
    """Refuse parameters whose name says that the value is secret."""
    return [
        f"{name}: a secret is no parameter, since parameters are written down; list the name of "
        "an environment variable under `secrets` and read it from os.environ"
        for name in names
        if _SECRET_NAME.search(name)
    ]


def secret_faults(names: Iterable[str]) -> list[str]:
    """Return what is wrong with the environment variables that hold secrets; never a value."""
    faults = []
    for name in names:
        value = os.environ.get(name, "")
        if not value:
            faults.append(f"secrets: the environment variable {name} is not set")
        elif len(value) < SHORTEST:
            faults.append(f"secrets: {name} is shorter than {SHORTEST} characters")
    return faults


def secret_values(names: Iterable[str]) -> tuple[str, ...]:
    """Return the values of environment variables."""
    return tuple(sorted({os.environ[name] for name in names if os.environ.get(name)}))


def secret_parameter_faults(parameters: Mapping[str, object], names: Iterable[str]) -> list[str]:
    """Refuse parameters whose value holds a secret; never tell it."""
    return [
        f"{parameter}: holds the secret {name}; read that from os.environ in the notebook"
        for parameter, value in parameters.items()
        for name in names
        if os.environ.get(name) and os.environ[name] in str(value)
    ]
