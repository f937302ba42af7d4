"""Amounts of money: signs and codes of currencies, and a minus as accounts write it."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from workbench.intake.numbers import CellStyle, ParsedCells, blank_cells, parse_rates

SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₺": "TRY", "zł": "PLN", "R$": "BRL", "₩": "KRW"}
SIGNS |= {"US$": "USD", "Rp": "IDR", "Rp.": "IDR"}
DOLLAR = "$"  # of many countries
CODES = (
    "aed|ars|aud|bgn|brl|cad|chf|clp|cny|cop|czk|dkk|egp|eur|gbp|hkd|huf|idr|ils|inr|jpy|krw|mad|mxn|"
    "myr|ngn|nok|nzd|pen|php|pkr|pln|ron|rsd|rub|sar|sek|sgd|thb|try|twd|uah|usd|vnd|zar"
)
_SIGN = rf"[A-Za-z]{{0,3}}\$|[€£¥₹₺₩]|zł|(?:Rp|Fr|kr|Rs)\b\.?|(?i:{CODES})(?![A-Za-z])"
_MARKS, _MINUS = r"[-−–+()\s]*", "[-−–(]"


def parse_money(cells: pd.Series, style: CellStyle, *, percent: bool = False) -> ParsedCells:
    """Read a column of amounts as float64, with the currency that a cell names itself.

    No currency here has three decimals: ``1.234 €`` is 1,234 where the column doesn't say
    otherwise. A percentage is no amount: missing where ``percent`` may stand, else a fault.
    """
    blank = blank_cells(cells, numeric=True)
    text = cells.fillna("").str.strip().str.replace(r"[.,][-–]$", "", regex=True)
    parts = text.astype(object).str.extract(rf"^({_MARKS})({_SIGN})?({_MARKS})(.*)$")
    before, first, inner, rest = (parts[n].fillna("") for n in range(4))
    tail = rest.str.extract(rf"^(.*?)({_MARKS})((?<![A-Za-z]){_SIGN})?({_MARKS})$").fillna("")
    number, close, last, after = (tail[n] for n in range(4))
    minus = (before + inner + close + after).str.contains(_MINUS)
    bare = ("-" + number).where(minus, number).mask(blank, "").astype("str")
    sign = first.where(first.ne(""), last)
    # A workbook's own numbers have a point and as many decimals as there are.
    own = bare.str.fullmatch(r"-?[0-9]+(\.[0-9]+)?") & sign.eq("") & style.workbook
    read = parse_rates(bare.mask(own, ""), style, grouped=True)
    read = replace(read, typed=read.typed.fillna(pd.to_numeric(bare.where(own)).astype("float64")))
    rate = number.str.endswith("%").astype(bool)
    code = sign.replace(SIGNS).str.upper()
    return replace(
        read,
        typed=read.typed.mask(rate),
        style=replace(read.style, workbook=style.workbook),
        faults=read.faults | (number.eq("") & ~blank) | (rate & ~blank & (not percent)),
        currency=code.where(code.str.fullmatch("[A-Z]{3}|[$]") & read.typed.notna()).astype("str"),
    )


def are_other_currencies(beside: pd.Series, code: pd.Series) -> pd.Series:
    """Return where the currency beside an amount is another than the row's."""
    own = code.isin(SIGNS.values()) & code.ne("USD")
    return beside.ne(code) & beside.notna() & code.notna() & (beside.ne(DOLLAR) | own)
