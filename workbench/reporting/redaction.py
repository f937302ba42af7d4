"""Secrets are taken out of whatever a run writes, in every form that they usually take."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Collection
from functools import cache
from typing import Any
from urllib.parse import quote, quote_plus

from workbench.errors import SettingsError

REDACTED = "[redacted]"
SHORTEST = 6  # characters; a shorter value would be found in ordinary words

_COLOUR = r"(?:\x1b\[[0-9;]*m)*"  # tracebacks are coloured token by token


def redactor(secrets: Collection[str]) -> Callable[[Any], Any]:
    """Return a function that replaces secrets in a text, or in all texts of lists and mappings.

    A value is found as it is, escaped for JSON, Python, HTML or a URL, and within Base64; of a
    value of several lines each line is a secret too.

    Raises
    ------
    SettingsError
        If a value is too short to be told from ordinary text.
    """
    values = {value for value in secrets if value}
    if any(len(value) < SHORTEST for value in values):
        told = f"each needs at least {SHORTEST} characters to be found in what is written"
        raise SettingsError("A secret is too short.", [told])
    if not values:
        return lambda content: content
    values |= {line for value in values for line in value.splitlines() if len(line) >= SHORTEST}
    forms = sorted({form for value in values for form in _forms(value)}, key=len, reverse=True)

    @cache
    def coloured() -> re.Pattern[str]:
        return re.compile("|".join(_COLOUR.join(map(re.escape, form)) for form in forms))

    def redact(content: Any) -> Any:
        if isinstance(content, str):
            if "\x1b" in content:
                return coloured().sub(REDACTED, content)
            for form in forms:
                content = content.replace(form, REDACTED)
            return content
        if isinstance(content, list):
            return [redact(part) for part in content]
        if isinstance(content, dict):
            return {redact(key): redact(part) for key, part in content.items()}
        return content

    return redact


def _forms(value: str) -> set[str]:
    forms = {value, quote(value), quote(value, safe=""), quote_plus(value)}
    forms |= {html.escape(value), html.escape(value, quote=False)}
    for _ in range(2):  # a text in JSON may hold JSON
        forms |= {escape(form) for form in forms for escape in _ESCAPES}
    return forms | _in_base64(value.encode())


_ESCAPES: tuple[Callable[[str], str], ...] = (
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: repr(text)[1:-1],
    lambda text: repr(text.encode())[2:-1],
    lambda text: text.replace("/", "\\/"),
)


def _in_base64(value: bytes) -> set[str]:
    """Return what Base64 makes of a value, wherever in a longer text it begins."""
    cores = set()
    for before in range(3):
        bits = 8 * (before + len(value))
        first, last = -(-8 * before // 6), bits // 6  # characters that hold nothing else
        for encode in (base64.standard_b64encode, base64.urlsafe_b64encode):
            cores.add(encode(b"\0" * before + value).decode()[first:last])
    return cores
