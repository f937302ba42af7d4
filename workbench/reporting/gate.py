"""The gate: what a finished HTML report must be before anyone may get it."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import NavigableString

from workbench.figures.show import HEAVIEST
from workbench.formats import MISSING
from workbench.reporting.html import content_hash, template_source

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
_ODD = "say what is unusual, and what would explain it"
_PERCENT = re.compile(r"\d(?:[\d.,]*\d)?\s*%")
SCRIPT = "report.js"
_PLACEHOLDERS = ("no description has been provided", "image", "figure", "plot", "chart")
_REQUESTS = ("src", "href", "srcset", "data", "action", "poster", "background", "formaction")
MIN_ALT = 20
_SHOW = f"say what it shows, in {MIN_ALT} letters or more: show_figure(axes, alt)"
_RANGE = (
    "write an estimate by formats.interval(...), a share that was counted by formats.observed(...)"
)
MAX_BYTES = 5_000_000  # what every mailbox takes


def check_report(html: str, *, hidden: Collection[str] = ()) -> list[str]:
    """Return what is wrong with a report; an empty list lets it pass.

    Parameters
    ----------
    html : str
    hidden : collection of str
        Handles and ids that a masked edition must not hold; empty for a named one.
    """
    page = BeautifulSoup(html, "html.parser")
    size = len(html.encode())
    heavy = f"the file has {size:,} bytes and a mail takes {MAX_BYTES:,}: show less in it"
    faults = [
        *([heavy] if size > MAX_BYTES else []),
        *_policy_faults(page),
        *_script_faults(page),
        *_section_faults(page),
        *_figure_faults(page),
        *_table_faults(page),
        *_word_faults(page),
        *_estimate_faults(page),
        *_masking_faults(page, hidden),
    ]
    return [*dict.fromkeys(faults)]  # each once


def _policy_faults(page: BeautifulSoup) -> list[str]:
    policy = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})
    said = str(policy.get("content")) if isinstance(policy, Tag) else ""
    faults = [*_loosened(said, page)]
    if "default-src 'none'" not in said:
        faults.append("the policy that forbids requests is missing")
    if any(tag is not policy for tag in page.find_all("meta", attrs={"http-equiv": True})):
        faults.append("a <meta http-equiv> besides the policy is not allowed")
    if any(re.search(r"@import|url\(", style.get_text()) for style in page.find_all("style")):
        faults.append("the style asks for a file; a report stands alone")
    for name in ("iframe", "object", "embed", "link", "base", "svg", "form"):
        faults += [f"a <{name}> element is not allowed" for _ in page.find_all(name)]
    for tag in page.find_all(True):
        if tag.has_attr("style"):
            faults.append(f"<{tag.name}> has a style attribute, which the policy blocks")
        faults += [f"<{tag.name}> runs {a}" for a in tag.attrs if a.startswith("on")]
        faults += _request_faults(tag)
    return faults


def _loosened(policy: str, page: BeautifulSoup) -> Iterator[str]:
    """Find what a policy allows besides pictures within, the page's style and our script."""
    allowed = {
        "img-src": ["data:"],
        "style-src": [f"'sha256-{content_hash(s.get_text())}'" for s in page.find_all("style")],
        "script-src": [f"'sha256-{content_hash(template_source(SCRIPT))}'"],
    }
    for directive in policy.split(";"):
        name, *sources = directive.split() or [""]
        for source in sources:
            if source not in ("'none'", *allowed.get(name, ())):
                yield f"the policy allows {name} {source}; a report stands alone"


def _script_faults(page: BeautifulSoup) -> Iterator[str]:
    scripts = page.find_all("script")
    own = [s for s in scripts if not s.attrs and s.get_text() == template_source(SCRIPT)]
    for _ in range(len(scripts) - min(len(own), 1)):
        yield "a <script> element besides the template's one is not allowed"
    if page.select_one("details.code") and not page.select_one("header .edition"):
        yield "the report shows code and is not marked as the analyst edition"


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
        told = "".join(word.strip(" ·\n") for word in _words(section, {"code"}))
        if not told.removeprefix(title) and not section.find("img"):
            faults.append(f"the section {title!r} is empty: show something in it, or take it out")
    for block in page.select(".finding, figcaption, td, th"):
        words = block.get_text(" ", strip=True)
        if not words or words.lower() in ("nan", "none", "nat", "<na>"):
            faults.append(
                f"an empty <{block.name}> ({words!r}) in {_place(block)}: write `{MISSING}` instead"
            )
    return faults


_LOGO = "header.top > .brand > img.logo"


def _figure_faults(page: BeautifulSoup) -> list[str]:
    faults = []
    if any(not str(logo.get("alt", "")).strip() for logo in page.select(_LOGO)):
        faults.append("the logo does not say whose it is")
    logos = {id(logo) for logo in page.select(_LOGO)}
    images = [image for image in page.find_all("img") if id(image) not in logos]
    alts = Counter(str(image.get("alt", "")).strip() for image in images)
    for alt, times in alts.items():
        if len(alt) < MIN_ALT or alt.lower().startswith(_PLACEHOLDERS):
            faults.append(f"a figure's text alternative says too little: {alt!r}; {_SHOW}")
        if times > 1:
            faults.append(
                f"{times} figures share one text alternative: {alt!r}; say what each shows"
            )
    for image in page.select("img, source"):
        size = len(str(image.get("src") or image.get("srcset"))) * 3 // 4
        if size > HEAVIEST:
            faults.append(f"a picture of {size:,} bytes in {_place(image)}: {HEAVIEST:,} at most")
    for figure in page.find_all("figure"):
        if not figure.find("img", src=re.compile(r"^data:image/.{200,}", re.DOTALL)):
            faults.append(f"a figure without its picture in {_place(figure)}")
    return faults


def _table_faults(page: BeautifulSoup) -> list[str]:
    own = [one for one in page.find_all("caption") if not one.find_parent(class_="behind")]
    captions = Counter(caption.get_text(" ", strip=True) for caption in own)
    same = [f"{n} tables share one caption: {text!r}" for text, n in captions.items() if n > 1]
    return same + [
        f"a table without {need} in {_place(table)}: {do}"
        for table in page.find_all("table")
        for need, present, do in (
            ("rows", table.select_one("tbody tr"), "say in a sentence that there is nothing"),
            ("a caption", table.find("caption"), "show it by show_table(frame, caption)"),
        )
        if not present
    ]


def _word_faults(page: BeautifulSoup) -> list[str]:
    """Find forbidden words in what the data made us say; imported text and quotes are exempt."""
    faults = []
    for block in page.select(".finding, figcaption, td, th, caption, .card h3"):
        if block.find_parent(attrs={"class": ("quoted", "behind")}):
            continue
        found = {match[1].lower() for match in _FORBIDDEN.finditer(_text_without(block, _EXEMPT))}
        faults += [
            f"the word {word!r} accuses, in {_place(block)}: {_ODD}" for word in sorted(found)
        ]
    for image in page.find_all("img"):
        faults += [
            f"the word {m[1]!r} accuses, in a text alternative: {_ODD}"
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
        if block.find_parent(class_="behind"):  # repeats a drawing, which shows the range
            continue
        bare = _PERCENT.search(_text_without(block, (*_EXEMPT, "estimate", "observed", "nominal")))
        if bare:
            faults.append(
                f"a percentage without its range, {bare[0]!r}, in {_place(block)}: {_RANGE}"
            )
    return faults


_EXEMPT = ("imported", "quoted")


def _text_without(block: Tag, classes: Iterable[str]) -> str:
    return " ".join(_words(block, frozenset(classes)))


def _words(block: Tag, exempt: Collection[str]) -> Iterator[str]:
    """Give the texts of a block, each exempt part as a dot."""
    if not set(exempt).isdisjoint(block.get_attribute_list("class")):
        yield " · "
        return
    for child in block.children:
        if isinstance(child, Tag):
            yield from _words(child, exempt)
        elif type(child) is NavigableString:  # no comment
            yield child


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
    if name.casefold() not in _folded(text) or (name.isdigit() and len(name) < 5):
        return False
    return bool(re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", text, re.IGNORECASE))


_folded = lru_cache(maxsize=4)(str.casefold)  # thousands of names are looked for in one text


def _everything(page: BeautifulSoup) -> str:
    """Return all words of a page: shown, in attributes, in comments, and inside its drawings."""
    words = [page.get_text(" "), *page.find_all(string=lambda text: isinstance(text, Comment))]
    for value in (str(value) for tag in page.find_all(True) for value in tag.attrs.values()):
        form, _, drawing = value.removeprefix("data:image/").partition(";base64,")
        if form == "svg+xml":
            found = _DRAWN.findall(base64.b64decode(drawing).decode())
            words += [comment or text for comment, text in found]
        elif form == "png":  # which carries the words that are drawn in it
            head = base64.b64decode(drawing).partition(b"IDAT")[0]
            words += [head.decode("latin-1"), head.decode(errors="ignore")]
        elif not drawing:
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
