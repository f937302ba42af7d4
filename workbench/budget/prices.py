"""What creators cost: their own quotes, and for the others a line that learns from all quotes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from workbench.budget.unknowns import REFERENCE, Unknowns
from workbench.errors import SettingsError

Floats = npt.NDArray[np.float64]
USUAL = {"tiktok": "video", "youtube": "video", "twitch": "video"}  # a post, where quotes tie
FEE_COLUMNS = ("creator_key", "fee", "fee_sd", "fee_source", "next_post", "fee_ugc")
ODD = np.log(3.5)  # quotes of one creator that lie further apart than this don't fit together
ODD_CONTENT = np.log(8)  # and prices of content only, about what their sizes ask
FAR = 3.0  # standard deviations about the line, where a creator has no other quote
TAIL = 4.0  # degrees of freedom: how little a far quote moves the line
SURE = 4.0  # creators' quotes that the prior spread counts for


@dataclass(frozen=True, kw_only=True)
class PriceSummary:
    """The numbers about prices that a sentence may quote."""

    currency: str
    quoted: int
    modelled: int
    left_out: int
    exponent: float
    spread: float


@dataclass(frozen=True, kw_only=True, eq=False)
class PriceModel:
    """Prices of creators, all in one currency.

    Attributes
    ----------
    table : DataFrame
        One row a creator, ``FEE_COLUMNS``: see ``Candidates``.
    coefficients : DataFrame
        One row a coefficient of the line of log fees: ``name``, ``middle``, ``sd``, with those of
        the prior beside them: each platform's level at ``REFERENCE`` followers, ``followers``,
        ``engagements``.
    levels : DataFrame or None
        Covariance of the platforms' levels once quotes are known; None where there are none.
    left_out : DataFrame
        Quotes that were not used, with the ``reason``.
    """

    table: pd.DataFrame
    coefficients: pd.DataFrame
    levels: pd.DataFrame | None
    left_out: pd.DataFrame
    summary: PriceSummary


def fit_prices(
    quotes: pd.DataFrame | None, creators: pd.DataFrame, unknowns: Unknowns, currency: str = "EUR"
) -> PriceModel:
    """Price every creator: by its own quotes, else by a line in log followers.

    ``log fee = level of the platform + b log followers + c log(engagements / usual) + noise``.
    The priors of the unknowns are updated by the quotes, each creator counting once; far quotes
    move the line little (Student's t). Quotes in another currency are left out, never converted.

    Parameters
    ----------
    quotes : DataFrame, optional
        As the table ``fee_quotes``.
    creators : DataFrame
        ``creator_key``, ``platform``, ``followers``, ``engagements``, none missing.

    Raises
    ------
    SettingsError
        Where the published prices can't be told in the currency.
    """
    if f"exchange.{currency}" not in unknowns.table:
        raise SettingsError(
            f"The published prices can't be told in {currency}.",
            [f"give exchange.{currency} (of {currency} for one USD) in priors.yaml"],
        )
    told = _read_quotes(quotes, creators, currency, unknowns)
    design = _design(creators, unknowns)
    prior = _prior(list(design.columns[:-2]), currency, unknowns)
    own = told.used[told.used["kind"].eq("post")].copy()
    for _ in range(2):  # the second time without the quotes that the first line shows to be odd
        middle = own.groupby("creator_key")["log_fee"].median()
        line = _update(design, middle, prior, unknowns)
        own = own[~_is_odd(own, line)]
    content, off = _fit_content(told.used, design, line, unknowns)
    fine = own.index.union(off[off.abs() <= ODD_CONTENT].index)
    odd = told.used[~told.used.index.isin(fine)]
    odd = odd.assign(reason="far from this creator's other quotes or size")
    left_out = pd.concat([told.left_out, odd])
    table = _fees(told.used.loc[fine], design, line, content, unknowns)
    levels = line.cov.iloc[:-2, :-2] if len(middle) else None
    return PriceModel(
        table=table,
        coefficients=pd.DataFrame(
            {
                "name": design.columns,
                "middle": line.middle,
                "sd": np.sqrt(np.diag(line.cov)),
                "prior_middle": prior.middle,
                "prior_sd": np.sqrt(np.diag(prior.cov)),
            }
        ),
        levels=levels,
        left_out=left_out[[*told.given, "reason"]].reset_index(drop=True),
        summary=PriceSummary(
            currency=currency,
            quoted=int(table["fee_source"].ne("model").sum()),
            modelled=int(table["fee_source"].eq("model").sum()),
            left_out=len(left_out),
            exponent=float(line.middle.iloc[-2]),
            spread=line.spread,
        ),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Told:
    used: pd.DataFrame  # with kind (post, ugc), pieces, log_fee of the first post
    left_out: pd.DataFrame
    given: list[str]


@dataclass(frozen=True, kw_only=True, eq=False)
class _Line:
    middle: pd.Series
    cov: pd.DataFrame
    spread: float
    expected: pd.Series  # by creator_key
    own_sd: pd.Series


def _read_quotes(
    quotes: pd.DataFrame | None, creators: pd.DataFrame, currency: str, unknowns: Unknowns
) -> _Told:
    columns = ["creator_key", "deliverable", "fee", "currency", "quoted_on"]
    rows = pd.DataFrame(columns=columns) if quotes is None else quotes.reset_index(drop=True)
    rows = rows.assign(quoted_on=rows.get("quoted_on", None))
    given = [c for c in columns if c in rows]
    platform = rows["creator_key"].map(creators.set_index("creator_key")["platform"])
    text = rows["deliverable"].astype("str").str.strip().str.casefold()
    pieces = pd.to_numeric(text.str.extract(r"^(\d+) ")[0]).fillna(1).astype("int64")
    name = text.str.replace(r"^\d+ ", "", regex=True).str.removesuffix("s")
    fee = pd.to_numeric(rows["fee"], errors="coerce").astype("float64")
    is_post = name.eq(platform.map(_usual_deliverables(name, platform, rows)))
    kind = pd.Series(np.select([is_post, text.eq("ugc_only")], ["post", "ugc"], ""), rows.index)
    reason = pd.Series(
        np.select(
            [
                platform.isna(),
                rows["currency"].ne(currency),
                ~(np.isfinite(fee) & (fee > 0)),
                kind.eq("") | ~pieces.between(1, 10),
            ],
            [
                "not one of these creators",
                f"not in {currency}; other currencies are never converted",
                "no amount above 0",
                "a deliverable that is not planned",
            ],
            "",
        ),
        rows.index,
    )
    rows = rows.assign(kind=kind, pieces=pieces, reason=reason, fee=fee)
    fine = rows[reason.eq("")].sort_values(["quoted_on"], kind="stable")
    used = fine.drop_duplicates(["creator_key", "kind", "pieces"], keep="last").sort_index()
    older = fine[~fine.index.isin(used.index)].assign(reason="a newer quote is there")
    first = _pieces_multiple(used["pieces"], unknowns.middle("next_post"))
    used = used.assign(log_fee=np.log(used["fee"].astype("float64") / first))
    return _Told(used=used, left_out=pd.concat([rows[reason.ne("")], older]), given=given)


def _usual_deliverables(name: pd.Series, platform: pd.Series, rows: pd.DataFrame) -> dict[str, str]:
    """Return what a post is on each platform: what most creators quote, but for stories."""
    told = pd.DataFrame({"platform": platform, "name": name, "key": rows["creator_key"]})
    told = told[~name.str.startswith("stor") & name.ne("ugc_only")].dropna()
    counts = told.groupby(["platform", "name"])["key"].nunique().reset_index()
    usual = {}
    for of in map(str, platform.dropna().unique()):
        own = counts[counts["platform"].eq(of)].set_index("name")["key"]
        first = USUAL.get(of, "post")
        most = own.idxmax() if len(own) else first
        usual[of] = first if own.get(first, 0) == own.max() else str(most)
    return usual


def _pieces_multiple(pieces: pd.Series, next_post: float | pd.Series) -> pd.Series:
    """Return the price of several posts over that of one: ``1 + q + q^2 ...``."""
    powers = [(pieces > n) * next_post**n for n in range(10)]
    return pd.Series(np.sum(powers, axis=0), pieces.index, dtype="float64")


def _design(creators: pd.DataFrame, unknowns: Unknowns) -> pd.DataFrame:
    size = np.log(creators["followers"].astype("float64") / REFERENCE)
    usual = usual_engagements(creators["platform"], creators["followers"], unknowns)
    ratio = creators["engagements"].astype("float64").clip(lower=1) / usual
    over = pd.Series(np.log(ratio), creators.index)
    by = over.groupby(creators["platform"])
    over = over - by.transform("median").where(by.transform("size") >= 8, 0.0)
    design = pd.get_dummies(creators["platform"], dtype="float64")
    design = design.assign(followers=size, engagements=over.clip(-2, 2))
    return design.set_axis(creators["creator_key"], axis=0)


def usual_engagements(platform: pd.Series, followers: pd.Series, unknowns: Unknowns) -> pd.Series:
    """Return the engagements of a post that the priors expect at a size."""
    rate = platform.map({p: unknowns.middle("engagement_rate", p) for p in platform.unique()})
    size = followers.astype("float64") / REFERENCE
    return rate * size ** unknowns.middle("engagement_elasticity") * followers.astype("float64")


def _prior(platforms: list[str], currency: str, unknowns: Unknowns) -> _Line:
    money, level = unknowns.of(f"exchange.{currency}"), unknowns.of("price_level")
    size, excess = unknowns.of("price_exponent"), unknowns.of("price_engagement")
    own = [unknowns.of("price", p) for p in platforms]
    names = [*platforms, "followers", "engagements"]
    shift = np.log(money.middle * level.middle)
    middle = [*(np.log(p.middle) + shift for p in own), size.middle, excess.middle]
    cov = np.diag([*(p.sd**2 for p in own), size.sd**2, excess.sd**2]) + 1e-12 * np.eye(len(names))
    cov[: len(own), : len(own)] += level.sd**2 + money.sd**2
    empty = pd.Series(dtype="float64")
    return _Line(
        middle=pd.Series(middle, names),
        cov=pd.DataFrame(cov, names, names),
        spread=unknowns.middle("price_spread"),
        expected=empty,
        own_sd=empty,
    )


def _update(design: pd.DataFrame, quoted: pd.Series, prior: _Line, unknowns: Unknowns) -> _Line:
    """Return the line after the quotes: normal coefficients, inverse-gamma spread, by turns."""
    x = design.loc[quoted.index].to_numpy()
    y, before = quoted.to_numpy(dtype="float64"), np.linalg.inv(prior.cov.to_numpy())
    middle, cov, variance = prior.middle.to_numpy(), prior.cov.to_numpy(), prior.spread**2
    weight = np.ones(len(y))
    for _ in range(30):
        cov = np.linalg.inv(before + (x.T * weight) @ x / variance)
        middle = cov @ (before @ prior.middle.to_numpy() + (x.T * weight) @ y / variance)
        squares = (y - x @ middle) ** 2
        weight = (TAIL + 1) / (TAIL + squares / variance)
        near = np.minimum(
            squares, FAR**2 * variance
        )  # the weights alone would tell too small a spread
        rest = float(near.sum() + np.einsum("ij,jk,ik,i->", x, cov, x, weight))
        variance = (SURE * prior.spread**2 + rest) / (SURE + len(y))
    slopes = design.iloc[:, -2:].to_numpy()
    own = variance + np.einsum("ij,jk,ik->i", slopes, cov[-2:, -2:], slopes)
    return _Line(
        middle=pd.Series(middle, prior.middle.index),
        cov=pd.DataFrame(cov, prior.cov.index, prior.cov.index),
        spread=float(np.sqrt(variance)),
        expected=pd.Series(design.to_numpy() @ middle, design.index),
        own_sd=pd.Series(np.sqrt(own), design.index),
    )


def _is_odd(own: pd.DataFrame, line: _Line) -> pd.Series:
    """Return which quotes have a 0 too many or too few, as far as can be seen."""
    key = own["creator_key"]
    off = (own["log_fee"] - line.expected.reindex(key).to_numpy()).abs()
    off = off / line.own_sd.reindex(key).to_numpy()
    several = own.groupby("creator_key")["log_fee"]
    apart = (own["log_fee"] - several.transform("median")).abs()
    # Of two that don't fit together, the one further from the line is odd.
    span = several.transform("max") - several.transform("min")
    pair = several.transform("size").eq(2) & (span > ODD)
    further = off.eq(off.groupby(key).transform("max"))
    alone = several.transform("size").eq(1) & (off > FAR)
    among = several.transform("size").gt(2) & (apart > ODD)
    return pd.Series(alone | (pair & further) | among, own.index)


def _fit_content(
    used: pd.DataFrame, design: pd.DataFrame, line: _Line, unknowns: Unknowns
) -> tuple[pd.Series, pd.Series]:
    """Return the price of content only by creator, and how far quotes are from it in logs.

    It hardly follows the followers, since nothing is posted.
    """
    level = design.iloc[:, :-2] @ line.middle.iloc[:-2]
    level += unknowns.middle("ugc_exponent") * design["followers"]
    level += np.log(unknowns.middle("ugc_multiple"))
    own = used[used["kind"].eq("ugc")]
    off = own["log_fee"].astype("float64") - level.reindex(own["creator_key"]).to_numpy()
    moved = float(off.median()) if len(off) >= 3 else 0.0
    return np.exp(level + moved), off - moved


def _fees(
    used: pd.DataFrame, design: pd.DataFrame, line: _Line, content: pd.Series, unknowns: Unknowns
) -> pd.DataFrame:
    posts = used[used["kind"].eq("post")]
    wide = posts.pivot_table(index="creator_key", columns="pieces", values="fee")
    wide = wide.reindex(design.index).reindex(columns=[1, 2, 3])
    next_post = _next_post(wide)
    next_post = next_post.fillna(
        next_post.median() if next_post.notna().any() else unknowns.middle("next_post")
    )
    later = pd.Series(next_post.reindex(posts["creator_key"]).to_numpy(), posts.index)
    several = posts.assign(first=posts["fee"] / _pieces_multiple(posts["pieces"], later))
    quoted = wide[1].fillna(several.groupby("creator_key")["first"].median())
    asked = used.groupby("creator_key").size().reindex(design.index).fillna(0)
    ugc = used[used["kind"].eq("ugc")].set_index("creator_key")["fee"].reindex(design.index)
    model = np.exp(line.expected)
    return pd.DataFrame(
        {
            "creator_key": design.index,
            "fee": quoted.fillna(model),
            "fee_sd": line.own_sd.where(quoted.isna(), unknowns.middle("quote_spread")),
            "fee_source": np.select([quoted.isna(), asked > 1], ["model", "rate card"], "quote"),
            "next_post": next_post,
            "fee_ugc": ugc.where(asked > 0, content),
        }
    ).reset_index(drop=True)


def _next_post(wide: pd.DataFrame) -> pd.Series:
    """Return the price of a further post over the one before, from prices of 1, 2 and 3."""
    three = (np.sqrt((4 * wide[3] / wide[1] - 3).clip(lower=0)) - 1) / 2
    return pd.Series(three.fillna(wide[2] / wide[1] - 1).clip(0.3, 1.0), wide.index)
