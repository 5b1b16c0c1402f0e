"""Tables that are read by a figure: "my foot is 262 mm" against rows of sizes and lengths.

A generator takes the wrong row, so code finds it. A row is a line such as
"EU size 42: Foot length 260 mm.", which is how a page's table is kept in a passage
(retrieval/tables.py).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from llm.amounts import amounts
from llm.lexis import narrow

_ROW = re.compile(r"[^:]{1,60}:\s*(?P<cells>.+)")
_BETWEEN = re.compile(r"之间|between", re.IGNORECASE)
_FEWEST_ROWS = 3


def rows_for(question: str, lines: Sequence[str]) -> list[str]:
    """The row whose figure the question names; the two around it, with the sentence that says
    which of them counts, when it lies between; nothing when no table holds the figure. Of a table
    with several columns of one unit it is not known which is meant, nor of a range."""
    asked = [named for named in amounts(question) if named.unit]
    if not asked:
        return []
    table: dict[str, list[tuple[Decimal, str]]] = {}
    for line in lines:
        if row := _ROW.fullmatch(narrow(line)):
            told = amounts(row["cells"])
            units = [amount.unit for amount in told]
            for amount in told:
                if units.count(amount.unit) == 1:
                    table.setdefault(amount.unit, []).append((amount.value, line))
    for named in asked:
        rows = sorted(table.get(named.unit, []))
        if len(rows) < _FEWEST_ROWS:
            continue
        if exact := [line for value, line in rows if value == named.value]:
            return exact
        below = [line for value, line in rows if value < named.value]
        above = [line for value, line in rows if value > named.value]
        if below and above:
            rule = [line for line in lines if _BETWEEN.search(line)][:1]
            return [below[-1], above[0], *rule]
    return []
