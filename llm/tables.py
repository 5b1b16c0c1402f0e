"""Tables that are read by a figure: "my foot is 262 mm" against rows of sizes and lengths.

A generator takes the wrong row, so code finds it. A row is a line such as
"EU size 42: Foot length (mm) 260.", which is how a help page's table is kept in a passage.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal

from llm.amounts import amounts
from llm.lexis import narrow

_CELL = re.compile(r"[(（](?P<unit>[^()（）]{1,12})[)）]\s*(?P<figure>\d+(?:\.\d+)?)")
_UNIT_FIRST = re.compile(r"\s?[(（]([^()（）\d]{1,12})[)）]\s*(\d+(?:[.,–-]\d+)*)")
_BETWEEN = re.compile(r"之间|between", re.IGNORECASE)
_FEWEST_ROWS = 3


def read_out(row: str) -> str:
    """A row as people say it: the unit behind its figure, "脚长 255 毫米"."""
    return _UNIT_FIRST.sub(r" \2 \1", row)


def rows_for(question: str, lines: Sequence[str]) -> list[str]:
    """The row whose figure the question names; the two around it, with the sentence that says
    which of them counts, when it lies between; nothing when no table holds the figure."""
    table: dict[str, list[tuple[Decimal, str]]] = {}
    for line in lines:
        for cell in _CELL.finditer(narrow(line)):
            for amount in amounts(f"{cell['figure']} {cell['unit']}")[:1]:
                table.setdefault(amount.unit, []).append((amount.value, line))
    for named in amounts(question):
        rows = sorted(table.get(named.unit, []))
        if not named.unit or len(rows) < _FEWEST_ROWS:
            continue
        if exact := [line for value, line in rows if value == named.value]:
            return exact
        below = [line for value, line in rows if value < named.value]
        above = [line for value, line in rows if value > named.value]
        if below and above:
            rule = [line for line in lines if _BETWEEN.search(line)][:1]
            return [below[-1], above[0], *rule]
    return []
