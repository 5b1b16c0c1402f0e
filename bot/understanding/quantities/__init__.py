"""Reads the quantities in a customer's sentence: prices, counts, measures, sizes, ages, days,
lengths of time and hours, in Chinese and English.

`read` gives all of them; the others answer what skills ask.

No public library is used. One would have to read both languages as people type them, with
comparisons and their negations (别超过, "nothing over"), within a millisecond, whatever the text.
cn2an turns whole Chinese numerals, dateparser finds dates alone, quantulum3 knows English alone,
Duckling is a server in Haskell, and Recognizers-Text takes seconds for a run of Chinese numerals.
"""

from bot.understanding.quantities.asked import (
    PriceRange,
    amounts,
    clock,
    due,
    moment,
    past_day,
    past_moment,
    price_range,
    quantity,
    quantity_before,
    size,
)
from bot.understanding.quantities.grammar import UNDATED, read
from bot.understanding.quantities.measures import Measure, Units, measures, people
from bot.understanding.quantities.quantity import LOWER, UPPER, Bound, Quantity, Role

__all__ = [
    "LOWER",
    "UNDATED",
    "UPPER",
    "Bound",
    "Measure",
    "PriceRange",
    "Quantity",
    "Role",
    "Units",
    "amounts",
    "clock",
    "due",
    "measures",
    "moment",
    "past_day",
    "past_moment",
    "people",
    "price_range",
    "quantity",
    "quantity_before",
    "read",
    "size",
]
