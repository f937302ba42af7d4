"""The gate: what a finished HTML report must be before anyone may get it."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Collection, Iterable

from bs4 import BeautifulSoup, Comment, Tag

FORBIDDEN_WORDS = (
    "fake",
    "fraud",
    "fraudulent",
    "bot account",
    "bought followers",
    "cheater",
    "guilty",
    "scam",
    "proof",
    "confirmed",
)
_FORBIDDEN = re.compile(rf"\b({'|'.join(FORBIDDEN_WORDS)})s?\b", re.IGNORECASE)
_PERCENT = re.compile(r"\d(?:[\d.,]*\d)?\s*%")
_PLACEHOLDERS = ("no description has been provided", "image", "figure", "plot", "chart")
_REQUESTS = ("src", "href", "srcset", "data", "action", "poster", "background", "formaction")
MIN_ALT = 20


def check_report(html: str, *, hidden: Collection[str] = ()) -> list[str]:
    """Return what is wrong with a report; an empty list lets it pass.

    Parameters
    ----------
    html : str
    hidden : collection of str
        Handles and ids that a masked edition must not hold; empty for a named one.
    """
    page = BeautifulSoup(html, "html.parser")
    return [
        *_policy_faults(page),
        *_section_faults(page),
        *_figure_faults(page),
        *_table_faults(page),
        *_word_faults(page),
        *_estimate_faults(page),
        *_masking_faults(page, hidden),
    ]


def _policy_faults(page: BeautifulSoup) -> list[str]:
    faults = []
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    if not isinstance(policy, Tag) or "default-src 'none'" not in str(policy.get("content")):
        faults.append("the policy that forbids requests is missing")
    if any(tag is not policy for tag in page.find_all("meta", attrs={"http-equiv": True})):
        faults.append("a <meta http-equiv> besides the policy is not allowed")
    if any(re.search(r"@import|url\(", style.get_text()) for style in page.find_all("style")):
        faults.append("the style asks for a file; a report stands alone")
    for name in ("script", "iframe", "object", "embed", "link", "base", "svg", "form"):
        faults += [f"a <{name}> element is not allowed" for _ in page.find_all(name)]
    for tag in page.find_all(True):
        if tag.has_attr("style"):
            faults.append(f"<{tag.name}> has a style attribute, which the policy blocks")
        faults += [f"<{tag.name}> runs {a}" for a in tag.attrs if a.startswith("on")]
        faults += _request_faults(tag)
    return faults


def _request_faults(tag: Tag) -> Iterable[str]:
    for attribute in _REQUESTS:
        target = str(tag.get(attribute, ""))
        if target and not target.startswith(("#", "data:image/")):
            yield f"<{tag.name}> asks for {target[:80]!r}; a report stands alone"


def _section_faults(page: BeautifulSoup) -> list[str]:
    faults = []
    if len(page.find_all("h1")) != 1:
        faults.append(f"expected one main heading, found {len(page.find_all('h1'))}")
    sections = page.select("main > section")
    if not sections:
        faults.append("the report has no sections")
    for section in sections:
        heading = section.find("h2")
        title = heading.get_text(strip=True) if heading else "(no heading)"
        rest = section.get_text(strip=True).removeprefix(title)
        if not rest and not section.find("img"):
            faults.append(f"the section {title!r} is empty")
    for block in page.select(".finding, figcaption, td, th"):
        words = block.get_text(" ", strip=True)
        if not words or words.lower() in ("nan", "none", "nat", "<na>"):
            faults.append(f"an empty <{block.name}> in {_place(block)}")
    return faults


def _figure_faults(page: BeautifulSoup) -> list[str]:
    faults = []
    alts = Counter(str(image.get("alt", "")).strip() for image in page.find_all("img"))
    for alt, times in alts.items():
        if len(alt) < MIN_ALT or alt.lower().startswith(_PLACEHOLDERS):
            faults.append(f"a figure's text alternative says too little: {alt!r}")
        if times > 1:
            faults.append(f"{times} figures share one text alternative: {alt!r}")
    for figure in page.find_all("figure"):
        if not figure.find("img", src=re.compile(r"^data:image/.{200,}", re.DOTALL)):
            faults.append(f"a figure without its picture in {_place(figure)}")
    return faults


def _table_faults(page: BeautifulSoup) -> list[str]:
    captions = Counter(caption.get_text(" ", strip=True) for caption in page.find_all("caption"))
    same = [f"{n} tables share one caption: {text!r}" for text, n in captions.items() if n > 1]
    return same + [
        f"a table without {need} in {_place(table)}"
        for table in page.find_all("table")
        for need, present in (
            ("rows", table.select_one("tbody tr")),
            ("a caption", table.find("caption")),
        )
        if not present
    ]


def _word_faults(page: BeautifulSoup) -> list[str]:
    """Find forbidden words in what the data made us say; imported text and quotes are exempt."""
    faults = []
    for block in page.select(".finding, figcaption, td, th, caption, .card h3"):
        if block.find_parent(attrs={"class": "quoted"}):
            continue
        found = {match[1].lower() for match in _FORBIDDEN.finditer(_text_without(block, _EXEMPT))}
        faults += [f"the word {word!r} in {_place(block)}" for word in sorted(found)]
    for image in page.find_all("img"):
        faults += [
            f"the word {m[1]!r} in a text alternative"
            for m in _FORBIDDEN.finditer(str(image.get("alt", "")))
        ]
    return faults


def _estimate_faults(page: BeautifulSoup) -> list[str]:
    faults = []
    for mark in page.select(".estimate"):
        values = [_number(mark.get(f"data-{name}")) for name in ("low", "value", "high")]
        if None in values or values != sorted(v for v in values if v is not None):
            faults.append(f"an estimate without a range that holds it: {mark.get_text()!r}")
        elif " to " not in mark.get_text():
            faults.append(f"an estimate whose range is not written: {mark.get_text()!r}")
    for block in page.select(".finding, figcaption, td"):
        bare = _PERCENT.search(_text_without(block, (*_EXEMPT, "estimate", "observed", "nominal")))
        if bare:
            faults.append(f"a percentage without its range, {bare[0]!r}, in {_place(block)}")
    return faults


_EXEMPT = ("imported", "quoted")


def _text_without(block: Tag, classes: Iterable[str]) -> str:
    copy = BeautifulSoup(str(block), "html.parser")
    for name in classes:
        for inner in copy.select(f".{name}"):
            inner.replace_with(" · ")
    return copy.get_text(" ")


def _masking_faults(page: BeautifulSoup, hidden: Collection[str]) -> list[str]:
    if not hidden:
        return []
    imported, everything = report_words(page)
    told = sorted(
        name
        for name in hidden
        # A handle that is an ordinary word may stand in our prose; one with a digit or a joint
        # can't, and neither may stand where text was imported.
        if names_creator(imported, name)
        or (re.search(r"[\d_.:]", name) and names_creator(everything, name))
    )
    shown = ", ".join(told[:3])
    return [f"the masked edition names {len(told)} creators, such as {shown}"] if told else []


def report_words(page: BeautifulSoup) -> tuple[str, str]:
    """Return the words of a report that were imported, and all of them."""
    imported = " ".join(mark.get_text(" ") for mark in page.select(".imported"))
    return imported, _everything(page)


def names_creator(text: str, name: str) -> bool:
    """Say whether a text holds a handle or id as a whole; numbers under five digits are none."""
    if name.casefold() not in text.casefold() or (name.isdigit() and len(name) < 5):
        return False
    return bool(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text, re.IGNORECASE))


def _everything(page: BeautifulSoup) -> str:
    """Return all words of a page: shown, in attributes, in comments, and inside its drawings."""
    words = [page.get_text(" "), *page.find_all(string=lambda text: isinstance(text, Comment))]
    for value in (str(value) for tag in page.find_all(True) for value in tag.attrs.values()):
        drawing = value.partition("data:image/svg+xml;base64,")[2]
        if drawing:
            found = _DRAWN.findall(base64.b64decode(drawing).decode())
            words += [comment or text for comment, text in found]
        else:
            words.append(value)
    return " ".join(words)


_DRAWN = re.compile(r"<!--(.*?)-->|>([^<]+)<", re.DOTALL)


def _number(text: object) -> float | None:
    try:
        return float(str(text))
    except ValueError:
        return None


def _place(block: Tag) -> str:
    section = block.find_parent("section", attrs={"aria-labelledby": True})
    heading = section.find("h2") if section else None
    return f"the section {heading.get_text(strip=True)!r}" if heading else "the title"
