"""Who still buys, how often, and for how much, where nobody says goodbye: the BG/NBD model (Fader,
Hardie and Lee, "Counting Your Customers the Easy Way", 2005) and the Gamma-Gamma model of amounts
(Fader and Hardie, "The Gamma-Gamma Model of Monetary Value", 2013), fitted by maximum likelihood.

Of each customer three numbers are needed: `repeats`, purchases after the first; `last`, the time
from the first to the last of them; `age`, the time from the first to now, in the same unit.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln, hyp2f1

from data.demand.panel import Floats
from data.errors import DataError

LEAST = 30  # customers, of whom a third came back: fewer do not tell four parameters
_FINE = 1e-8


class TooFewCustomers(DataError):
    """There are too few customers who came back to learn from."""


@dataclass(frozen=True)
class Purchasing:
    """BG/NBD: while alive a customer buys at a rate that is gamma (r, alpha) among customers; after
    each purchase they may leave for good, with a probability that is beta (a, b)."""

    r: float
    alpha: float
    a: float
    b: float

    @classmethod
    def fit(cls, repeats: Floats, last: Floats, age: Floats) -> Purchasing:
        """Raises `TooFewCustomers`."""
        _check(repeats)
        # In units of the mean age, so that the start below suits days as well as weeks.
        unit = float(np.mean(age)) / 10
        found = _largest(
            lambda p: _log_likelihood(p, repeats, last / unit, age / unit), np.zeros(4)
        )
        r, alpha, a, b = found.tolist()
        return cls(r, alpha * unit, a, b)

    def log_likelihood(self, repeats: Floats, last: Floats, age: Floats) -> float:
        parameters = np.array([self.r, self.alpha, self.a, self.b])
        return float(_log_likelihood(parameters, repeats, last, age).sum())

    def alive(self, repeats: Floats, last: Floats, age: Floats) -> Floats:
        """The probability that they still buy. Whoever bought once has had no chance to leave."""
        odds = (
            self.a
            / (self.b + np.maximum(repeats, 1) - 1)
            * np.exp((self.r + repeats) * np.log((self.alpha + age) / (self.alpha + last)))
        )
        return np.where(repeats > 0, 1 / (1 + odds), 1.0)

    def expected(self, time: float, repeats: Floats, last: Floats, age: Floats) -> Floats:
        """Purchases of each in the next so much time."""
        x, a, b = repeats, self.a, self.b
        ahead = self.alpha + age + time
        share = np.exp((self.r + x) * np.log((self.alpha + age) / ahead))
        series = hyp2f1(self.r + x, b + x, a + b + x - 1, time / ahead)
        whole = (a + b + x - 1) / (a - 1) * (1 - share * series)
        return np.asarray(whole * self.alive(repeats, last, age), float)


@dataclass(frozen=True)
class Spending:
    """Gamma-Gamma: amounts of one customer scatter as a gamma distribution of shape p, whose scale
    is gamma (q, gamma) among customers."""

    p: float
    q: float
    gamma: float

    @classmethod
    def fit(cls, repeats: Floats, mean: Floats) -> Spending:
        """`mean` of the amounts of the repeated purchases. Raises `TooFewCustomers`."""
        there = (repeats > 0) & (mean > 0)
        repeats, mean = repeats[there], mean[there]
        if len(repeats) < LEAST // 3:
            raise TooFewCustomers(
                f"Only {len(repeats)} customers bought again, which is too few to tell amounts by."
            )
        unit = float(np.mean(mean))
        p, q, gamma = _largest(
            lambda params: _log_amounts(params, repeats, mean / unit), np.ones(3)
        ).tolist()
        return cls(p, q, gamma * unit)

    def expected(self, repeats: Floats, mean: Floats) -> Floats:
        """The mean amount of a customer's purchases, seen and to come."""
        own = np.where(repeats > 0, repeats * mean, 0.0)
        return np.asarray(self.p * (self.gamma + own) / (self.p * repeats + self.q - 1), float)


def _check(repeats: Floats) -> None:
    again = int((repeats > 0).sum())
    if len(repeats) < LEAST or again < LEAST // 3:
        raise TooFewCustomers(
            f"{len(repeats)} customers, of whom {again} bought again, are too few to tell who will "
            f"come back; it takes {LEAST} and {LEAST // 3}."
        )


def _log_likelihood(parameters: Floats, x: Floats, last: Floats, age: Floats) -> Floats:
    r, alpha, a, b = parameters
    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    alive = -(r + x) * np.log(alpha + age)
    gone = np.where(
        x > 0,
        np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + last),
        -np.inf,
    )
    return np.asarray(bought + stayed + np.logaddexp(alive, gone), float)


def _log_amounts(parameters: Floats, x: Floats, mean: Floats) -> Floats:
    p, q, gamma = parameters
    return np.asarray(
        gammaln(p * x + q)
        - gammaln(p * x)
        - gammaln(q)
        + q * np.log(gamma)
        + (p * x - 1) * np.log(mean)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + mean * x),
        float,
    )


def _largest(of: Callable[[Floats], Floats], start: Floats) -> Floats:
    """The positive parameters of the greatest likelihood, sought in their logarithms."""

    def negative(logs: Floats) -> float:
        mean = float(of(np.exp(np.clip(logs, -15, 15))).mean())
        return -mean if np.isfinite(mean) else 1e10

    found = minimize(
        negative, start, method="Nelder-Mead",
        options={"maxiter": 4000, "xatol": _FINE, "fatol": _FINE, "adaptive": True},
    )  # fmt: skip
    return np.asarray(np.exp(np.clip(found.x, -15, 15)), float)
