"""An interpolated Kneser–Ney model of bytes (Chen and Goodman 1999, "An empirical study of
smoothing techniques for language modeling", Computer Speech and Language 13): each order takes a
discount off its counts and gives it to the order below, whose counts are of the different bytes
that a string was seen after.

    p(w|h) = max(c(hw) − D, 0) / c(h) + D · N(h) / c(h) · p(w|h′)

N(h) is how many different bytes follow h, and h′ is h without its first byte. Under all of them
lies 1/256.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm.small.texts import END

Keys = NDArray[np.uint64]
LARGEST_ORDER = 8  # a string of so many bytes is one number of 64 bits
_BYTE = np.uint64(8)


@dataclass(frozen=True, slots=True)
class _Level:
    """All strings of one length that were seen, in order, with their counts, and the same strings
    without their last byte, with the sum of their counts and how many bytes follow them."""

    strings: Keys
    counts: NDArray[np.float64]
    contexts: Keys
    sums: NDArray[np.float64]
    followers: NDArray[np.float64]
    discount: float

    @classmethod
    def of(cls, strings: Keys, counts: NDArray[np.int64]) -> _Level:
        contexts, starts = np.unique(strings >> _BYTE, return_index=True)
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        # The estimate of Ney, Essen and Kneser; where nothing was seen once or twice it says
        # nothing, and a half is as good as another.
        discount = once / (once + 2 * twice) if once and twice else 0.5
        return cls(
            strings,
            counts.astype(np.float64),
            contexts,
            np.add.reduceat(counts, starts).astype(np.float64),
            np.diff(np.append(starts, len(strings))).astype(np.float64),
            discount,
        )

    def blend(self, strings: Keys, below: NDArray[np.float64]) -> NDArray[np.float64]:
        """This order's probabilities from those of the order below."""
        counts = _looked_up(self.strings, self.counts, strings)
        contexts = strings >> _BYTE
        sums = _looked_up(self.contexts, self.sums, contexts)
        followers = _looked_up(self.contexts, self.followers, contexts)
        known = sums > 0
        divided = np.where(known, sums, 1.0)
        own = np.maximum(counts - self.discount, 0.0) / divided
        return np.where(known, own + self.discount * followers / divided * below, below)


class KneserNey:
    """`learn` from a stream of bytes; `order`: a byte is told by the order − 1 before it."""

    def __init__(self, levels: list[_Level]) -> None:
        self._levels = levels  # of one byte first

    @classmethod
    def learn(cls, stream: bytes, order: int) -> KneserNey:
        if not 1 <= order <= LARGEST_ORDER:
            raise ValueError(f"an order of 1 to {LARGEST_ORDER}, not {order}")
        strings, counts = np.unique(_strings(stream, order), return_counts=True)
        levels = [_Level.of(strings, counts)]
        for length in range(order - 1, 0, -1):
            strings, counts = np.unique(strings & _mask(length), return_counts=True)
            levels.append(_Level.of(strings, counts))
        return cls(levels[::-1])

    def probabilities(self, stream: bytes) -> NDArray[np.float64]:
        """[bytes]: of each after those before it; before the first stand ends."""
        strings = _strings(stream, len(self._levels))
        found = np.full(len(strings), 1 / 256)
        for length, level in enumerate(self._levels, start=1):
            found = level.blend(strings & _mask(length), found)
        return found

    def bits(self, stream: bytes) -> float:
        """A byte, in the mean."""
        return float(-np.log2(self.probabilities(stream)).mean())


def _strings(stream: bytes, order: int) -> Keys:
    """For each byte the number that it makes with the order − 1 before it, the last one lowest."""
    padded = np.frombuffer(END * (order - 1) + stream, np.uint8).astype(np.uint64)
    found = np.zeros(len(stream), np.uint64)
    for place in range(order):
        found = (found << _BYTE) | padded[place : place + len(stream)]
    return found


def _mask(length: int) -> np.uint64:
    return np.uint64((1 << 8 * length) - 1)


def _looked_up(keys: Keys, values: NDArray[np.float64], wanted: Keys) -> NDArray[np.float64]:
    """0 for those that are not there."""
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: NDArray[np.float64] = np.where(keys[places] == wanted, values[places], 0.0)
    return found
