"""The ledger: every claim tested on the user's creators, each with a verdict and its evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import numpy as np
import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict

from workbench.claims.evidence import Evidence, Peers, Size, creators_to_settle
from workbench.claims.tests import TESTS
from workbench.curves import CurveFit
from workbench.errors import SettingsError
from workbench.tables.schema import PLATFORM_NAMES

Verdict = Literal["holds", "does not hold", "cannot tell"]
LIKES_ALONE = "likes alone"
CHOSEN = "the creators look chosen by their engagement, or stand in a top list"


class Claim(BaseModel):
    """A sentence about creators, what would be measured, and the least effect that counts.

    See ``claims.yaml`` for the meaning of each field; ``test`` is a name of ``TESTS``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    title: str
    text: str
    kind: str
    year: int
    estimand: str
    test: str
    direction: Literal["above", "below", "within"]
    minimum: float
    unit: Literal["exponent", "ratio", "share", "dollars"]
    claimed: float | None = None
    of: Size | None = None
    against: tuple[Size, ...] = ()
    fees: Size | None = None
    per: Literal["post", "followers", "engagements"] = "post"
    needs: str = ""


@cache
def read_claims() -> tuple[Claim, ...]:
    """Return all claims, in the order of the file."""
    text = files("workbench.claims").joinpath("claims.yaml").read_text(encoding="utf-8")
    return tuple(Claim.model_validate(entry) for entry in yaml.safe_load(text))


@dataclass(frozen=True, kw_only=True)
class ClaimSettings:
    """How claims are judged.

    Attributes
    ----------
    confidence : float
        Of each interval, 0.5-1; not widened for the number of claims, which is printed.
    draws : int
        Of the bootstrap.
    least : int
        Creators (or quotes) that each compared group needs.
    seed : int
    """

    confidence: float = 0.95
    draws: int = 1_999
    least: int = 10
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.5 <= self.confidence < 1:
            raise SettingsError("confidence must lie between 0.5 and 1.", [str(self.confidence)])


@dataclass(frozen=True, kw_only=True)
class ClaimSummary:
    """How many claims were tested, on how many platforms, and with what verdicts.

    ``tested`` counts the rows of the ledger that have an estimate.
    """

    claims: int
    rows: int
    tested: int
    holds: int
    does_not_hold: int
    cannot_tell: int


@dataclass(frozen=True, kw_only=True, eq=False)
class ClaimLedger:
    """Claims with verdicts.

    Attributes
    ----------
    table : DataFrame
        One row a claim and curve: ``claim`` (its id), ``title``, ``text``, ``kind``, ``year``,
        ``estimand``, ``curve``, ``platform``, ``basis``, ``verdict``, ``estimate``, ``low``,
        ``high``, ``minimum``, ``claimed``, ``direction``, ``unit``, ``creators``, ``reason`` (why
        it can't be told), ``settles`` (creators like these that would settle it, missing where
        unknown), ``detail``.
    summary : ClaimSummary
    settings : ClaimSettings
    """

    table: pd.DataFrame
    summary: ClaimSummary
    settings: ClaimSettings

    @property
    def ratios(self) -> pd.DataFrame:
        """The estimates that can stand on one scale of ratios, with a ``label`` each.

        Exponents become what ten times the followers do to the rate, dollars multiples of the
        minimum; ``minimum_low`` is the lower of the two limits of a claim of equivalence.
        """
        order = {claim.id: place for place, claim in enumerate(read_claims())}
        shown = self.table[self.table["estimate"].notna() & self.table["unit"].ne("share")]
        shown = shown.sort_values("claim", key=lambda ids: ids.map(order), kind="stable")
        columns = ["estimate", "low", "high", "minimum", "claimed"]
        values = shown[columns].astype("float64")
        unit = shown["minimum"].where(shown["unit"].eq("dollars"), 1.0)
        bent = (10**values).where(shown["unit"].eq("exponent"), values.div(unit, axis=0))
        return bent.assign(
            minimum_low=(10 ** -shown["minimum"]).where(shown["direction"].eq("within")),
            label=shown["title"] + ", " + shown["platform"].map(PLATFORM_NAMES),
            verdict=shown["verdict"],
        )


def with_likes_alone(features: pd.DataFrame) -> pd.DataFrame:
    """Let likes stand for the engagements of platforms whose data hold nothing else of posts.

    Their figures are of the kind ``LIKES_ALONE``, and no longer likes that engagements could be
    compared with. Other platforms stay as they are.
    """
    untold = features["engagements"].isna().groupby(features["platform"]).transform("all")
    alone = untold & features["likes_median"].notna()
    return features.assign(
        engagements=features["engagements"].where(~alone, features["likes_median"]),
        engagements_basis=features["engagements_basis"].astype("object").mask(alone, LIKES_ALONE),
        likes_median=features["likes_median"].mask(alone),
    )


def judge_claims(
    fits: Sequence[CurveFit], features: pd.DataFrame, quotes: pd.DataFrame, settings: ClaimSettings
) -> ClaimLedger:
    """Test every claim on the creators of every curve.

    A claim holds, or does not hold, only where the whole interval lies beyond, or short of, the
    minimum effect that was fixed before; else nobody can tell. Nothing is told of creators who look
    chosen by their engagement.

    Parameters
    ----------
    fits : sequence of CurveFit
    features : DataFrame
        ``CreatorFeatures.table``.
    quotes : DataFrame
        Rows of the table ``fee_quotes``; may be empty.
    settings : ClaimSettings
    """
    rows = []
    for place, fit in enumerate(fits):
        peers = _peers(fit, features, quotes, settings, place)
        for claim in read_claims():
            evidence = _evidence(fit, peers, claim)
            rows.append(_row(fit, claim, evidence))
    table = pd.DataFrame(rows)
    verdicts = table["verdict"].value_counts()
    return ClaimLedger(
        table=table,
        summary=ClaimSummary(
            claims=len(read_claims()),
            rows=len(table),
            tested=int(table["estimate"].notna().sum()),
            holds=int(verdicts.get("holds", 0)),
            does_not_hold=int(verdicts.get("does not hold", 0)),
            cannot_tell=int(verdicts.get("cannot tell", 0)),
        ),
        settings=settings,
    )


def _peers(
    fit: CurveFit,
    features: pd.DataFrame,
    quotes: pd.DataFrame,
    settings: ClaimSettings,
    place: int,
) -> Peers:
    columns = ["creator_key", "engagements_log_sd", "likes_median", "reach_median"]
    known = features.reindex(columns=columns)
    creators = fit.table[["creator_key", "followers", "engagements"]].merge(known, on="creator_key")
    creators = creators[creators["followers"] > 0]
    own = quotes[quotes["creator_key"].isin(creators["creator_key"])]
    own = own[own["deliverable"].eq("post")]
    # The currency with most quotes; the latest quote of each creator in it.
    usual = own["currency"].mode().head(1)
    own = own[own["currency"].isin(usual)].sort_values(["creator_key", "quoted_on"])
    return Peers(
        creators=creators,
        quotes=own.drop_duplicates("creator_key", keep="last")[["creator_key", "fee", "currency"]],
        confidence=settings.confidence,
        draws=settings.draws,
        least=settings.least,
        rng=np.random.default_rng([settings.seed, place]),
    )


def _evidence(fit: CurveFit, peers: Peers, claim: Claim) -> Evidence:
    chosen = fit.settings.top_list or fit.summary.selection.verdict == "selected"
    if chosen and claim.test != "unmeasured":
        return Evidence(lacking=CHOSEN)
    return TESTS[claim.test](peers, claim)


def _row(fit: CurveFit, claim: Claim, evidence: Evidence) -> dict[str, object]:
    verdict = judge(evidence, claim)
    settles = np.nan
    if verdict == "cannot tell":
        ratio = claim.unit in ("ratio", "dollars")
        settles = creators_to_settle(evidence, claim.minimum, ratio=ratio)
    shown = claim.model_dump(
        include={
            "title",
            "text",
            "kind",
            "year",
            "estimand",
            "minimum",
            "claimed",
            "direction",
            "unit",
        }
    )
    open_reason = "the interval holds the least effect that counts"
    return {
        "claim": claim.id,
        **shown,
        "curve": f"{fit.summary.platform} {fit.summary.basis}",
        "platform": fit.summary.platform,
        "basis": fit.summary.basis,
        "verdict": verdict,
        "estimate": evidence.estimate,
        "low": evidence.low,
        "high": evidence.high,
        "creators": evidence.creators,
        "reason": (evidence.lacking or open_reason) if verdict == "cannot tell" else "",
        "settles": settles,
        "detail": evidence.detail,
    }


def judge(evidence: Evidence, claim: Claim) -> Verdict:
    """Return the verdict that an interval allows."""
    low, high, least = evidence.low, evidence.high, claim.minimum
    if not np.isfinite([evidence.estimate, low, high]).all():
        return "cannot tell"
    if claim.direction == "within":
        inside, outside = -least <= low and high <= least, low > least or high < -least
    elif claim.direction == "above":
        inside, outside = low >= least, high < least
    else:
        inside, outside = high <= least, low > least
    return "holds" if inside else "does not hold" if outside else "cannot tell"
