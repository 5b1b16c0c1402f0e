"""How much a review counts: repeats count together as one, and what looks made up counts half.

Nothing is thrown away, and nobody is called a liar: each reason is a pattern that honest reviews
seldom make, and is told with its number.
"""

from __future__ import annotations

import re
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import numpy as np
from scipy.stats import poisson

from data.reviews.reading import Opinion

Reason = Literal["repeated", "rush", "not bought", "many at once"]

_HALF = 0.5
# Shorter ones many people write in the same words ("Very good", "质量不错，好评").
_TELLING = 16  # letters
_SHINGLE, _SHINGLE_HAN = 5, 3  # letters: a Chinese one tells as much as a syllable
_HAN = re.compile(r"[\u3400-\u9fff]")
_ALIKE = 0.7  # shared shingles, by Jaccard: one text with a word or two changed
# MinHash (Broder 1997) with locality-sensitive hashing: of texts that share eight tenths of their
# shingles 98 in 100 are compared, of those that share three tenths 6.
_BANDS, _ROWS = 8, 4
_PRIME = (1 << 31) - 1
_RUSH = timedelta(days=3)
_RUSH_LEAST = 5  # reviews
_RUSH_CHANCE = 1e-3  # that one product's whole history holds such a rush by chance
_MANY = 5  # by one writer within a day, all with the same extreme stars
_MOST_BOUGHT = 0.5  # of the known writers' reviews: below, the shop keeps its orders elsewhere


@dataclass(frozen=True, slots=True)
class Trust:
    """`weight`: 0 to 1."""

    weight: float
    reasons: tuple[Reason, ...] = ()


def trust(opinions: Sequence[Opinion]) -> list[Trust]:
    """Of each review, in their order."""
    weights = np.ones(len(opinions))
    reasons: list[list[Reason]] = [[] for _ in opinions]

    def suspect(rows: Sequence[int], reason: Reason, weight: float) -> None:
        for row in rows:
            weights[row] *= weight
            reasons[row].append(reason)

    for group in repeats([each.text for each in opinions]):
        suspect(group, "repeated", 1 / len(group))
    for group in _rushes(opinions):
        suspect(group, "rush", _HALF)
    suspect(_not_bought(opinions), "not bought", _HALF)
    for group in _many_at_once(opinions):
        suspect(group, "many at once", _HALF)
    return [Trust(float(weight), tuple(why)) for weight, why in zip(weights, reasons, strict=True)]


def repeats(texts: Sequence[str]) -> list[list[int]]:
    """Groups of texts that say the same in nearly the same words, each of two or more."""
    shingles = [_shingles(text) for text in texts]
    rng = np.random.default_rng(0)
    factors = rng.integers(1, _PRIME, (_BANDS * _ROWS, 1), dtype=np.int64)
    shifts = rng.integers(0, _PRIME, (_BANDS * _ROWS, 1), dtype=np.int64)
    buckets: dict[tuple[int, bytes], list[int]] = defaultdict(list)
    for row, found in enumerate(shingles):
        if found:
            hashes = np.fromiter(found, np.int64, len(found)) % _PRIME
            least = ((factors * hashes + shifts) % _PRIME).min(axis=1).reshape(_BANDS, _ROWS)
            for band, values in enumerate(least):
                buckets[band, values.tobytes()].append(row)
    first = list(range(len(texts)))

    def root(row: int) -> int:
        while first[row] != row:
            first[row] = first[first[row]]
            row = first[row]
        return row

    for rows in buckets.values():
        for row in rows[1:]:
            one, other = root(rows[0]), root(row)
            if one != other and _share(shingles[rows[0]], shingles[row]) >= _ALIKE:
                first[max(one, other)] = min(one, other)
    groups: dict[int, list[int]] = defaultdict(list)
    for row in range(len(texts)):
        groups[root(row)].append(row)
    return [group for group in groups.values() if len(group) > 1]


def _shingles(text: str) -> set[int]:
    """Hashes of all runs of so many letters; none of a text that is too short to be told by."""
    plain = re.sub(r"\W+", "", text.casefold())
    if len(plain) < _TELLING:
        return set()
    size = _SHINGLE_HAN if 2 * len(_HAN.findall(plain)) > len(plain) else _SHINGLE
    return {zlib.crc32(plain[at : at + size].encode()) for at in range(len(plain) - size + 1)}


def _share(one: set[int], other: set[int]) -> float:
    return len(one & other) / len(one | other)


def _rushes(opinions: Sequence[Opinion]) -> list[list[int]]:
    """Reviews of one product with the same extreme stars that came within three days, where the
    rest of its reviews leaves so many hardly to chance."""
    by_kind: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, each in enumerate(opinions):
        if each.product is not None and each.stars in (1, 5):
            by_kind[each.product, each.stars].append(row)
    found = []
    for rows in by_kind.values():
        rows.sort(key=lambda row: opinions[row].at)
        times = [opinions[row].at for row in rows]
        windows = max((times[-1] - times[0]) / _RUSH, 1.0)
        begin, taken = 0, set[int]()
        for end in range(len(rows)):
            while times[end] - times[begin] > _RUSH:
                begin += 1
            count = end - begin + 1
            expected = max((len(rows) - count) / windows, 1 / windows)
            chance = float(poisson.sf(count - 1, expected)) * len(rows)
            if count >= _RUSH_LEAST and chance < _RUSH_CHANCE:
                taken |= set(rows[begin : end + 1])
        if taken:
            found.append(sorted(taken))
    return found


def _not_bought(opinions: Sequence[Opinion]) -> list[int]:
    known = [row for row, each in enumerate(opinions) if each.bought is not None]
    if sum(bool(opinions[row].bought) for row in known) < _MOST_BOUGHT * len(known):
        return []
    return [row for row in known if not opinions[row].bought]


def _many_at_once(opinions: Sequence[Opinion]) -> list[list[int]]:
    days: dict[tuple[int, str, int], list[int]] = defaultdict(list)
    for row, each in enumerate(opinions):
        if each.writer is not None and each.stars in (1, 5):
            days[each.writer, each.at.date().isoformat(), each.stars].append(row)
    return [rows for rows in days.values() if len(rows) >= _MANY]
