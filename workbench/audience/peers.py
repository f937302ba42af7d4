"""What is usual among peers of a platform at every size, and where an account points instead."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logsumexp
from sklearn.covariance import OAS

from workbench.audience.likes import Floats
from workbench.audience.patterns import known_families, known_patterns
from workbench.audience.signals import SIGNALS

FOLDS = 5
_CLIP = 3.0  # robust sd: further away is far away, among peers and for those judged
_SCALES = {signal.name: signal.scale for signal in SIGNALS}
# The least spread that peers have, on the signal's scale; where most share a value it has none.
_LEAST_SPREAD = {"drop_after_spike": 0.05}


def on_scale(table: pd.DataFrame, names: Sequence[str]) -> Floats:
    """Return the signals on the scale that they are judged on."""
    values = table[list(names)].to_numpy(dtype="float64")
    logged = np.array([_SCALES[name] == "log" for name in names])
    least = np.where(logged, 1e-6, -np.inf)
    values = np.maximum(values, least)
    return np.where(logged, np.log(np.where(logged, values, 1.0)), values)


@dataclass(frozen=True, kw_only=True, eq=False)
class Peers:
    """The usual values at every size, their spread and how they go together.

    Signals are put beside a line in log followers (a bent one, robust to odd peers), divided by
    their robust spread, and weighed by the inverse of their shrunk correlation: a pattern's score
    is the likelihood ratio of the account with the pattern against the account without.
    """

    names: tuple[str, ...]
    middle: float
    spread: float
    limits: tuple[float, float]
    lines: Floats  # signals x (level, slope, bend)
    scales: Floats
    inverse: Floats

    def usual(self, followers: Floats) -> Floats:
        """Return the usual value of each signal at these sizes, on its scale."""
        u = self._size(followers)
        line: Floats = self.lines[:, 0] + u[:, None] * self.lines[:, 1]
        return line + (u**2)[:, None] * self.lines[:, 2]

    def standardised(self, table: pd.DataFrame) -> Floats:
        """Return how far each signal lies from the usual, in robust sd."""
        away = on_scale(table, self.names) - self.usual(table["followers"].to_numpy("float64"))
        z: Floats = away / self.scales
        return z

    def scores(self, z: Floats, followers: Floats) -> Floats:
        """Return creators x families: how much likelier a pattern makes the signals, in logs."""
        found, z = {}, np.clip(z, -_CLIP, _CLIP)
        for pattern in known_patterns(self.names):
            effects = np.array([pattern.effects.get(name, 0.0) for name in self.names])
            shift = np.repeat(effects[None], len(z), axis=0)
            if pattern.more_followers:
                shift = shift - self._slopes(followers)
            shift = shift / self.scales
            toward = ((shift @ self.inverse) * z).sum(axis=1)
            length = ((shift @ self.inverse) * shift).sum(axis=1)
            doses = np.array(pattern.doses)[:, None]
            found[pattern.name] = logsumexp(doses * toward - doses**2 * length / 2, axis=0)
        together = [[found[n] for n in names] for names in known_families(self.names)]
        return np.stack([np.logaddexp.reduce(part) for part in together], axis=1)

    def _size(self, followers: Floats) -> Floats:
        u = (np.log(followers) - self.middle) / self.spread
        size: Floats = np.clip(u, *self.limits)
        return size

    def _slopes(self, followers: Floats) -> Floats:
        u = self._size(followers)[:, None]
        slopes: Floats = (self.lines[:, 1] + 2 * u * self.lines[:, 2]) / self.spread
        return slopes


def fit_peers(table: pd.DataFrame, names: Sequence[str]) -> Peers:
    """Fit what is usual among peers that have all these signals."""
    x = np.log(table["followers"].to_numpy(dtype="float64"))
    middle, spread = float(x.mean()), float(x.std()) or 1.0
    u = (x - middle) / spread
    values = on_scale(table, names)
    shape = np.column_stack([np.ones_like(u), u, u**2])
    lines = _robust_lines(shape, values)
    rest = values - shape @ lines.T
    lines[:, 0] += np.median(rest, axis=0)
    rest = rest - np.median(rest, axis=0)
    least = np.array([_LEAST_SPREAD.get(name, 0.02) for name in names])
    scales = np.maximum(1.4826 * np.median(np.abs(rest), axis=0), least)
    shrunk = OAS(assume_centered=True).fit(np.clip(rest / scales, -_CLIP, _CLIP)).covariance_
    return Peers(
        names=tuple(names),
        middle=middle,
        spread=spread,
        limits=(float(u.min()), float(u.max())),
        lines=lines,
        scales=scales,
        inverse=np.linalg.inv(shrunk + 1e-6 * np.eye(len(shrunk))),
    )


def _robust_lines(shape: Floats, values: Floats, rounds: int = 20) -> Floats:
    """Fit each column by Huber's M-estimator, reweighted: columns x coefficients."""
    weights = np.ones_like(values)
    for _ in range(rounds):
        squares = np.einsum("ij,ik,ic->cjk", shape, shape, weights)
        products = np.einsum("ij,ic->cj", shape, weights * values)
        ridge = 1e-6 * len(shape) * np.eye(shape.shape[1])  # peers of one size have no slope
        lines: Floats = np.linalg.solve(squares + ridge, products[..., None])[..., 0]
        away = np.abs(values - shape @ lines.T)
        limits = 1.345 * 1.4826 * np.median(away, axis=0) + 1e-9
        weights = np.minimum(1.0, limits / np.maximum(away, 1e-12))
    return lines


@dataclass(frozen=True, kw_only=True, eq=False)
class Reference:
    """Peers with the scores that they themselves get, each from a fit without it.

    A family score is told by how few peers reach it, about 2 where one in a hundred does. The score
    of an account is its largest one: no family raises many more alarms than another.
    """

    peers: Peers
    folds: tuple[Peers, ...]
    keys: pd.Index
    ladder: Floats  # the peers' raw family scores, each column in order
    scores: Floats  # of the peers

    def standardised(self, table: pd.DataFrame) -> Floats:
        """Return the signals in robust sd from what is usual; a peer's by the fit without it."""
        z = np.empty((len(table), len(self.peers.names)))
        for fit, rows in self._fits(table.index):
            z[rows] = fit.standardised(table[rows])
        return z

    def families(self, z: Floats, table: pd.DataFrame) -> Floats:
        """Return the family scores of standardised signals, as how few peers reach them."""
        raw = np.empty((len(table), self.ladder.shape[1]))
        followers = table["followers"].to_numpy(dtype="float64")
        for fit, rows in self._fits(table.index):
            raw[rows] = fit.scores(z[rows], followers[rows])
        return _rarity(raw, self.ladder)

    def _fits(self, keys: pd.Index) -> Iterator[tuple[Peers, NDArray[np.bool_]]]:
        own = self.keys.get_indexer(keys)
        fold = np.where(own < 0, -1, own % FOLDS)
        for k, fit in enumerate((*self.folds, self.peers)):
            rows = fold == (k if k < FOLDS else -1)
            if rows.any():
                yield fit, rows

    def p_values(self, scores: Floats, keys: pd.Index) -> Floats:
        """Return conformal p-values; an account of the reference is not compared with itself."""
        ordered = np.sort(self.scores)
        above = len(ordered) - np.searchsorted(ordered, scores, side="left")
        own = self.keys.get_indexer(keys)
        inside = own >= 0
        above = above - (inside & (self.scores[own] >= scores))
        p: Floats = (1 + above) / (1 + len(ordered) - inside)
        return p


def make_reference(table: pd.DataFrame, names: Sequence[str]) -> Reference:
    """Fit the peers and score each of them by a fit that did not see it."""
    rows = table.sort_index()
    fold = np.arange(len(rows)) % FOLDS
    fits = tuple(fit_peers(rows[fold != k], names) for k in range(FOLDS))
    parts = [rows[fold == k] for k in range(FOLDS)]
    raw = np.empty((len(rows), len(known_families(names))))
    for k, (fit, own) in enumerate(zip(fits, parts, strict=True)):
        raw[fold == k] = fit.scores(fit.standardised(own), own["followers"].to_numpy())
    ladder = np.sort(raw, axis=0)
    return Reference(
        peers=fit_peers(rows, names),
        folds=fits,
        keys=rows.index,
        ladder=ladder,
        scores=_rarity(raw, ladder).max(axis=1),
    )


def _rarity(raw: Floats, ladder: Floats) -> Floats:
    """Return -log10 of the share of peers that reach each score, interpolated between them.

    To what lies beyond 97% of them its distance is added, in logs: of the few that are odd the
    plainly odd come first. What more peers have is usual, however far it lies.
    """
    amount = len(ladder)
    rungs = np.log10((amount + 1) / (amount - np.arange(amount)))
    ranked = [np.interp(own, steps, rungs) for own, steps in zip(raw.T, ladder.T, strict=True)]
    middle, high = np.quantile(ladder, [0.5, 0.97], axis=0)
    beyond = np.maximum(raw - high, 0) / np.maximum(high - middle, 1e-9)
    # Sums depend on the size of a batch in their last digits; scores must not.
    rarity: Floats = np.round(np.column_stack(ranked) + 2 * np.log10(1 + beyond), 9)
    return rarity
