"""What a question about delivery asks for: what it costs, or how long it takes. Closed classes of
Chinese and English."""

from __future__ import annotations

import re

_COST = re.compile(
    r"多少钱|几块|几元|[运邮]费|快递费|配送费|包邮|免邮|怎么收费|收多少|要钱"
    r"|\bhow much\b(?!\s+(?:longer|more time|time))"
    r"|\b(?:cost|costs|charge|charges|fee|fees|price|postage|free (?:delivery|shipping))\b",
    re.I,
)
_TIME = re.compile(
    r"[几多][少]?天|多久|多长时间|什么时候|啥时候|何时|哪天|几号|时效"
    r"|\bhow (?:long|soon|fast|quickly|many (?:working |business )?(?:days|weeks))\b"
    r"|\bwhen\b(?=\s+(?:will|would|does|do|can|could|should|is|are)\b)",
    re.I,
)


def asks_cost(text: str) -> bool:
    """Whether it is asked what it costs."""
    return _COST.search(text) is not None


def asks_time(text: str) -> bool:
    """Whether it is asked how long it takes, or when it comes."""
    return _TIME.search(text) is not None
