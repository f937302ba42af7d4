"""``brand.yaml``: the name, the one colour and the logo that a report wears."""

from __future__ import annotations

import base64
import colorsys
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import yaml

from workbench.errors import SettingsError

MAX_LOGO = 200_000  # bytes: the logo stands in every report that is mailed
MAX_NAME = 60
SURFACES = {"light": ("#ffffff", "#f5f7f9"), "dark": ("#14191f", "#1b222a")}  # of report.css
FOR_TEXT, FOR_MARKS = 4.5, 3.0  # least contrast by WCAG 2.2: 1.4.3 and 1.4.11
_KEYS = ("name", "colour", "logo")
_PICTURES = {  # how a file of the kind begins and ends
    "png": (b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"),
    "jpeg": (b"\xff\xd8\xff", b"\xff\xd9"),
}
_OUTSIDE = re.compile(r"""@import|url\(\s*["']?(?!#)|javascript:""", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Brand:
    """Who sends the report.

    Attributes
    ----------
    name : str
    colour : str
        As given, ``#rrggbb``.
    logo : str
        As a ``data:`` address; empty without one.
    text, marks : tuple of str
        The shades of the colour for text and for what is no text, on light and on dark paper.
    """

    name: str
    colour: str
    logo: str = ""

    @property
    def text(self) -> tuple[str, str]:
        """The shade for text, in light and dark."""
        return self._shades(FOR_TEXT)

    @property
    def marks(self) -> tuple[str, str]:
        """The shade for rules and marks, in light and dark."""
        return self._shades(FOR_MARKS)

    @property
    def sha256(self) -> str:
        """What a report that wears the brand depends on, as a hash."""
        return hashlib.sha256("\0".join((self.name, self.colour, self.logo)).encode()).hexdigest()

    @property
    def adjusted(self) -> tuple[str, ...]:
        """What was changed of the colour so that it can be read, one sentence each."""
        uses = (("text", FOR_TEXT, self.text), ("a rule", FOR_MARKS, self.marks))
        return tuple(
            f"{self.colour} is {_weakest(self.colour, theme):.1f}:1 on {theme} paper and {use} "
            f"needs {least:g}:1: {shade} is used there"
            for use, least, shades in uses
            for theme, shade in zip(SURFACES, shades, strict=True)
            if shade != self.colour
        )

    def _shades(self, least: float) -> tuple[str, str]:
        light, dark = (_readable(self.colour, theme, least) for theme in SURFACES)
        return light, dark


def read_brand(path: Path) -> Brand:
    """Read a brand's file; the logo's place is seen from the folder of the file.

    Raises
    ------
    SettingsError
        With every fault, one sentence each.
    """
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as fault:
        raise SettingsError(f"{path} can't be read.", [str(fault)]) from None
    if not isinstance(given, dict):
        raise SettingsError(f"{path} can't be used.", ["expected `name:` and `colour:` lines"])
    faults = [
        f"{key}: is no key of a brand; there are {', '.join(_KEYS)}"
        for key in given
        if key not in _KEYS
    ]
    name, colour = (str(given.get(key, "")).strip() for key in ("name", "colour"))
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        faults.append(f"name: expected 1 to {MAX_NAME} characters on one line, found {name!r}")
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
        faults.append(f"colour: expected six digits such as '#1f5f8f' in quotes, found {colour!r}")
    logo = ""
    if given.get("logo"):
        picture = path.parent / str(given["logo"])
        kind, found = _read_logo(picture)
        faults += [f"logo: {fault}" for fault in found]
        if not found:
            logo = f"data:image/{kind};base64,{base64.b64encode(picture.read_bytes()).decode()}"
    if faults:
        raise SettingsError(f"{path} can't be used.", faults)
    return Brand(name=name, colour=colour.lower(), logo=logo)


def _read_logo(path: Path) -> tuple[str, list[str]]:
    """Return the kind of a logo's file and what is wrong with it."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        return "", [f"{path} can't be read: {fault.strerror}"]
    faults = []
    if len(content) > MAX_LOGO:
        faults.append(f"expected at most {MAX_LOGO:,} bytes, found {len(content):,}: make it less")
    for kind, (start, end) in _PICTURES.items():
        if content.startswith(start):
            whole = content.rstrip(b"\0\r\n").endswith(end)
            return kind, faults if whole else [*faults, f"{path.name} is broken off"]
    return "svg+xml", [*faults, *_drawing_faults(content, path.name)]


def _drawing_faults(content: bytes, name: str) -> Iterator[str]:
    """Find what a drawing must not hold: a script, or anything that is not in it."""
    other = f"expected a PNG, JPEG or SVG file; {name} is none"
    if any(word in content for word in (b"<!DOCTYPE", b"<!ENTITY", b"<?xml-stylesheet")):
        yield f"{name} declares a document type, entities or a style sheet: save it as plain SVG"
        return
    try:
        root = ElementTree.fromstring(content.decode("utf-8"))
    except (UnicodeDecodeError, ValueError, ElementTree.ParseError):
        yield other
        return
    if _local(root.tag) != "svg":
        yield other
        return
    for element in root.iter():
        tag = _local(element.tag)
        if tag in ("script", "foreignObject", "iframe", "handler"):
            yield f"{name} holds a <{tag}>, which a report must not"
        for key, value in element.attrib.items():
            if _local(key).startswith("on"):
                yield f"{name}: <{tag}> runs {_local(key)}"
            asked = _local(key) in ("href", "src") and not value.startswith(("#", "data:image/"))
            if asked or _OUTSIDE.search(value):
                yield f"{name}: <{tag}> asks for {value[:60]!r}; a report stands alone"
        if _OUTSIDE.search(element.text or ""):
            yield f"{name}: <{tag}> asks for a file; a report stands alone"


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours, 1 to 21, as WCAG defines it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    linear = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _rgb(colour))
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _rgb(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    return red, green, blue


def _weakest(colour: str, theme: str) -> float:
    return min(contrast(colour, surface) for surface in SURFACES[theme])


def _readable(colour: str, theme: str, least: float) -> str:
    """Return the colour, or the nearest shade of its hue that is strong enough on the paper."""
    hue, light, full = colorsys.rgb_to_hls(*_rgb(colour))
    step = 0.005 if theme == "dark" else -0.005
    while _weakest(colour, theme) < least:
        light = min(max(light + step, 0.0), 1.0)
        rgb = colorsys.hls_to_rgb(hue, light, full)
        colour = "#" + "".join(f"{round(255 * part):02x}" for part in rgb)
    return colour
