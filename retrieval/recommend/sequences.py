"""Histories of purchases in order, read from a file and split for measuring.

A file has one line a customer: the customer's id, then the ids of the items in the order of time,
with spaces or tabs between them; ids are any words. Nothing but the order is known of the times.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from retrieval.errors import SequencesError

Ids = npt.NDArray[np.int64]
Histories = Sequence[Ids]
Part = Literal["valid", "test"]

NOTHING: Ids = np.zeros(0, np.int64)
_SEED = 20_261_122
# From this share of purchases that are repeats on, what a customer owns may be recommended again.
_REPEATS = 0.05


@dataclass(frozen=True, slots=True)
class Sequences:
    """Each customer's items, oldest first, as numbers from 0 into `items`.

    Items are numbered in a shuffled order that is the same for the same items: ids are often given
    in the order of first sale, and where scores are equal such an order would tell the future.
    """

    customers: tuple[str, ...]
    items: tuple[str, ...]
    histories: tuple[Ids, ...]

    @classmethod
    def of(
        cls, rows: Iterable[tuple[str, Sequence[str]]], *, unsold: Iterable[str] = ()
    ) -> Sequences:
        """From (customer, items in order); a customer's rows are taken as given. `unsold`: items
        that nobody has bought yet and that are to have a place too."""
        known = list(rows)
        items = sorted({item for _, bought in known for item in bought} | set(unsold))
        order = np.random.default_rng(_SEED).permutation(len(items))
        shuffled = tuple(items[i] for i in order)
        number = {item: i for i, item in enumerate(shuffled)}
        return cls(
            tuple(customer for customer, _ in known),
            shuffled,
            tuple(np.array([number[i] for i in bought], np.int64) for _, bought in known),
        )

    @property
    def purchases(self) -> int:
        return sum(map(len, self.histories))

    def numbers(self, items: Iterable[str]) -> Ids:
        """The numbers of the items that are known; the others are left out."""
        known = {item: i for i, item in enumerate(self.items)}
        return np.array([known[i] for i in items if i in known], np.int64)


@dataclass(frozen=True, slots=True)
class Split:
    """Leave-one-out: `train` is fitted on; `targets[i]` is to be told from `contexts[i]`.

    `again`: whether customers buy again what they own, so that it stays among the candidates.
    """

    train: Histories
    contexts: Histories
    targets: Ids
    items: int
    again: bool


def read_sequences(path: Path) -> Sequences:
    """Raises `SequencesError`, which names the line."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise SequencesError(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SequencesError(f"{path} cannot be read as UTF-8 text: {error}.") from error
    rows: list[tuple[str, list[str]]] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        customer, bought = words[0], words[1:]
        if not bought:
            raise SequencesError(
                f"{path}, line {number}: customer {customer} has no items; "
                "a line is a customer's id and then the items in the order of time."
            )
        if customer in seen:
            raise SequencesError(
                f"{path}, line {number}: customer {customer} stands in line {seen[customer]} too; "
                "put all items of a customer into one line."
            )
        seen[customer] = number
        rows.append((customer, bought))
    if not rows:
        raise SequencesError(f"{path} holds no customers.")
    return Sequences.of(rows)


def split(sequences: Sequences, part: Part, *, with_validation: bool = False) -> Split:
    """The last item is the test, the one before it validation.

    Fitted is on what comes before both; `with_validation` (for `test` only) adds the validation
    item. The context of a test holds the validation item in either case: it is known by then.
    Customers with too few items are fitted on, not measured. Raises `SequencesError` when nobody
    is left to measure.
    """
    last = 1 if part == "test" else 2
    held = 1 if part == "test" and with_validation else 2
    train = [h[: max(0, len(h) - held)] if len(h) > 1 else h for h in sequences.histories]
    measured = [h for h in sequences.histories if len(h) > last]
    if not measured:
        raise SequencesError(
            f"No customer has more than {last} item{'s' if last > 1 else ''}: "
            "there is nothing to measure on."
        )
    return Split(
        train,
        [h[:-last] for h in measured],
        np.array([h[-last] for h in measured], np.int64),
        len(sequences.items),
        _buys_again(train),
    )


def flatten(histories: Histories) -> tuple[Ids, Ids]:
    """All items one after another, and for each the number of its history."""
    lengths = [len(history) for history in histories]
    flat = np.concatenate([*histories, NOTHING])
    return flat, np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)


def from_the_end(histories: Histories) -> Ids:
    """For each item of `flatten` how many items of its history came after it."""
    lengths = np.array([len(history) for history in histories], np.int64)
    ends = np.cumsum(lengths)
    return np.repeat(ends, lengths) - 1 - np.arange(int(lengths.sum()), dtype=np.int64)


def recency_weights(histories: Histories, decay: float) -> npt.NDArray[np.float32]:
    """For each item of `flatten`: 1 for the newest of a history, less by `decay` for each older."""
    return np.power(decay, from_the_end(histories)).astype(np.float32)


def summed(rows: npt.NDArray[np.float32], histories: Histories) -> npt.NDArray[np.float32]:
    """Rows of a matrix, one for each item of `flatten`, added up by history: float32 [histories,
    columns]."""
    lengths = np.array([len(history) for history in histories], np.int64)
    found = np.zeros((len(lengths), rows.shape[1]), np.float32)
    filled = lengths > 0
    if filled.any():
        found[filled] = np.add.reduceat(rows, (np.cumsum(lengths) - lengths)[filled], axis=0)
    return found


def buyers(histories: Histories, items: int) -> Ids:
    """How many customers have each item: int64 [items]."""
    counts: Counter[int] = Counter()
    for history in histories:
        counts.update(set(history.tolist()))
    found = np.zeros(items, np.int64)
    found[list(counts)] = list(counts.values())
    return found


def _buys_again(histories: Histories) -> bool:
    later = sum(max(0, len(history) - 1) for history in histories)
    repeats = sum(len(history) - len(np.unique(history)) for history in histories)
    return later > 0 and repeats / later > _REPEATS
