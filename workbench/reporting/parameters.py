"""Parameters of a report notebook: read from its tagged cell, and checked before a kernel starts.

The cell is the contract. ``name: type = default  # help`` gives name, type and default; the help
may begin with ``required``, and may hold ``one of: a, b`` or a range ``(1 to 99)``; both are
enforced.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from workbench.errors import SettingsError, did_you_mean
from workbench.reporting.secrets import secret_name_faults

TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool, "list[str]": list}
_CHOICES = re.compile(r"one of: ([^;()]+)")
_RANGE = re.compile(r"\((-?[\d.]+) to (-?[\d.]+)\)")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter of a notebook, as its cell declares it."""

    name: str
    type: str
    default: object
    help: str

    @property
    def required(self) -> bool:
        """Whether a value other than the default must be given."""
        return self.help.startswith("required")

    def parse(self, text: str) -> object:
        """Turn a command line's text into the parameter's type.

        Raises
        ------
        ValueError
            If the text is not of that type.
        """
        if self.type == "bool":
            return {"true": True, "false": False}[text.lower()]
        if self.type == "list[str]":
            return [part.strip() for part in text.split(",") if part.strip()]
        return TYPES[self.type](text)

    def faults(self, value: object) -> list[str]:
        """Return what is wrong with a value, one sentence a fault."""
        if not self._is_typed(value):
            return [f"{self.name}: expected {self.type}, found {value!r}"]
        if self.required and value == self.default:
            return [f"{self.name}: is required; {self.help}"]
        choices = _CHOICES.search(self.help)
        if choices and value not in (allowed := [c.strip() for c in choices[1].split(",")]):
            return [f"{self.name}: expected one of {', '.join(allowed)}, found {value!r}"]
        limits = _RANGE.search(self.help)
        if limits and not float(limits[1]) <= float(str(value)) <= float(limits[2]):
            return [f"{self.name}: expected {limits[1]} to {limits[2]}, found {value!r}"]
        return self._meaning_faults(value)

    def _is_typed(self, value: object) -> bool:
        if self.type == "list[str]":
            return isinstance(value, list) and all(isinstance(part, str) for part in value)
        if self.type == "float":
            return isinstance(value, int | float) and not isinstance(value, bool)
        return type(value) is TYPES[self.type]

    def _meaning_faults(self, value: object) -> list[str]:
        """Check what every notebook means by the same name."""
        if self.name == "as_of" and value:
            return _date_faults(self.name, str(value))
        if self.name == "tier_preset":
            from workbench.tables.tiers import read_tier_preset

            try:
                read_tier_preset(str(value))
            except SettingsError as fault:
                return [f"tier_preset: {fault.headline} {' '.join(fault.faults)}"]
        return []


def _date_faults(name: str, text: str) -> list[str]:
    try:
        moment = date.fromisoformat(text)
    except ValueError:
        return [f"{name}: expected a date such as 2026-09-30, found {text!r}"]
    if moment.isoformat() != text:
        return [f"{name}: expected a date such as 2026-09-30, found {text!r}"]
    return [f"{name}: {text} lies in the future"] if moment > date.today() else []


def read_parameters(notebook: Path) -> list[Parameter]:
    """Read the parameters that a notebook declares, in its order.

    Raises
    ------
    SettingsError
        If the notebook has no such cell, or with every line of it that can't be read.
    """
    source = _tagged_source(notebook)
    comments = {
        token.start[0]: token.string.lstrip("# ").strip()
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found, faults = [], []
    for line in ast.parse(source).body:
        try:
            found.append(_declared(line, comments.get(line.end_lineno or 0, "")))
        except ValueError as fault:
            faults.append(f"{ast.unparse(line)[:80]}: {fault}")
    if not found and not faults:
        raise SettingsError(f"{notebook.name} has no parameters.", ["tag a cell `parameters`"])
    faults += secret_name_faults(parameter.name for parameter in found)
    if faults:
        raise SettingsError(f"The parameters of {notebook.name} can't be read.", faults)
    return found


def _tagged_source(notebook: Path) -> str:
    """Return the source of the cell that is tagged, empty without one."""
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
        tagged = [c for c in cells if "parameters" in c.get("metadata", {}).get("tags", [])]
        source = "".join(tagged[0]["source"]) if tagged else ""
        ast.parse(source)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, SyntaxError) as fault:
        raise SettingsError(f"{notebook} can't be read.", [str(fault)]) from None
    return source


def _declared(line: ast.stmt, comment: str) -> Parameter:
    if not isinstance(line, ast.AnnAssign) or line.value is None:
        raise ValueError("expected `name: type = default`")
    kind = ast.unparse(line.annotation)
    if kind not in TYPES:
        raise ValueError(f"expected one of the types {', '.join(TYPES)}, found {kind}")
    try:
        default = ast.literal_eval(line.value)
    except ValueError:
        raise ValueError("expected a plain value as the default") from None
    return Parameter(name=ast.unparse(line.target), type=kind, default=default, help=comment)


def parse_assignments(assignments: list[str], parameters: list[Parameter]) -> dict[str, object]:
    """Read ``name=value`` texts of the command line.

    Raises
    ------
    SettingsError
        With every unknown name and every value of a wrong type.
    """
    known = {parameter.name: parameter for parameter in parameters}
    values: dict[str, object] = {}
    faults = []
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or name not in known:
            faults.append(f"{assignment}: expected NAME=VALUE, NAME one of {', '.join(known)}")
            continue
        if name in values:
            faults.append(f"{name}: is given twice")
        try:
            values[name] = known[name].parse(text)
        except (ValueError, KeyError):
            faults.append(f"{name}: expected {known[name].type}, found {text!r}")
    if faults:
        raise SettingsError("The parameters can't be read.", faults)
    return values


def check_parameters(given: Mapping[str, object], parameters: list[Parameter]) -> dict[str, object]:
    """Check values against a notebook's parameters and fill in the defaults.

    Raises
    ------
    SettingsError
        With every unknown, missing or wrong parameter.
    """
    known = {parameter.name: parameter for parameter in parameters}
    faults = [_unknown_fault(name, known) for name in given if name not in known]
    faults += secret_name_faults(name for name in given if name not in known)
    values = {name: given.get(name, parameter.default) for name, parameter in known.items()}
    for name, parameter in known.items():
        faults += parameter.faults(values[name])
    if faults:
        raise SettingsError("The report can't be started with these parameters.", faults)
    return values


def _unknown_fault(name: str, known: Mapping[str, Parameter]) -> str:
    told = [f"{name}: unknown", did_you_mean(name, known), f"the notebook has {', '.join(known)}"]
    return "; ".join(filter(None, told))
