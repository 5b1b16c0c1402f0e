"""What customers and visitors did one after the other, as a table to train and measure on.

Columns: `subject` (a number that stands for one customer, conversation or visitor and for nothing
else), `at` (UTC), `kind` (an event's kind, "purchase" for an order's line), `product`, `query`,
`value`, and `split`. The split is by time alone: what is learned from lies before what is chosen
by (valid), and that before what is measured on (test), so nothing is told from the future.
Customers who do not want their history used are not in it, and `query` is without what says who
wrote it, as far as data/masking.py finds that.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd

from data.errors import DataError
from data.masking import mask
from data.models import EventKind
from data.unit_of_work import UnitOfWork

_COLUMNS = ["subject", "at", "kind", "product", "query", "value"]


def sequences(uow: UnitOfWork, country: str | None = None) -> pd.DataFrame:
    """All steps, each subject's in order of time; without `split`. Telephone numbers in what was
    searched for are known by the country's way to write them."""
    rows: list[tuple[object, ...]] = [
        (
            f"customer:{purchase.customer_id}",
            purchase.placed_at,
            EventKind.PURCHASE.value,
            purchase.product_id,
            None,
            float(purchase.quantity),
        )
        for purchase in uow.orders.purchases()
    ]
    for event, owner in uow.behaviour.everybodys():
        whose = f"customer:{owner}" if owner is not None else event.session_id or event.origin
        if whose == "click":
            continue  # of a conversation that is not to be known
        value = None if event.value is None else float(event.value)
        query = event.query and mask(event.query, country)
        rows.append((whose, event.at, event.kind.value, event.product_id, query, value))
    frame = pd.DataFrame(rows, columns=pd.Index(_COLUMNS))
    frame["at"] = pd.to_datetime(frame["at"], utc=True)
    frame = frame.sort_values(["at", "subject"], kind="stable")
    frame["subject"] = pd.factorize(frame["subject"])[0]
    return frame.sort_values(["subject", "at"], kind="stable", ignore_index=True)


def split(frame: pd.DataFrame, *, valid_days: int, test_days: int) -> pd.DataFrame:
    """The same with a column `split`: the last `test_days` are "test", the `valid_days` before
    them "valid", the rest "train". Raises `DataError` when nothing is left to learn from."""
    if frame.empty:
        raise DataError("There are no events and no orders yet; import some first.")
    end = frame["at"].max()
    test = end - timedelta(days=test_days)
    valid = test - timedelta(days=valid_days)
    part = pd.Series("train", index=frame.index)
    part[frame["at"] > valid] = "valid"
    part[frame["at"] > test] = "test"
    if not (part == "train").any():
        raise DataError(
            f"Everything happened in the last {valid_days + test_days} days, so nothing is left "
            "to learn from; give fewer days."
        )
    return frame.assign(split=part)


def write(frame: pd.DataFrame, path: Path) -> None:
    """To a .parquet file, else as CSV."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            frame.to_parquet(path, index=False)
        else:
            frame.map(as_text).to_csv(path, index=False)
    except OSError as error:
        raise DataError(f"{path} cannot be written ({error.strerror or error}).") from None


# What makes a spreadsheet take a cell for a formula (OWASP, "CSV Injection"). Search words are
# anybody's.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def as_text(cell: object) -> object:
    """The cell so that a spreadsheet shows it and computes nothing."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell
