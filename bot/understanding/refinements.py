"""How a message changes a list that was shown: cheaper, better, or others instead."""

from __future__ import annotations

import re

_CHEAPER = re.compile(
    r"便宜|实惠|太贵|低价|\bcheap|\bless expensive\b|\btoo expensive\b|\baffordable\b", re.I
)
_DEARER = re.compile(
    r"更好|高端|贵一点|\bbetter quality\b|\bhigh(?:er)?[- ]end\b|\bpremium\b", re.I
)
_OTHERS = re.compile(
    r"别的|其他|其它|换|还有|\bothers?\b|\banother\b|\belse\b|\bdifferent\b|\bmore\b", re.I
)


def cheaper(text: str) -> bool:
    """Whether something that costs less is asked for."""
    return _CHEAPER.search(text) is not None


def dearer(text: str) -> bool:
    """Whether something better is asked for, which may cost more."""
    return _DEARER.search(text) is not None


def others(text: str) -> bool:
    """Whether something else than what was shown is asked for."""
    return _OTHERS.search(text) is not None


_GIVES_UP = re.compile(
    r"算了|罢了|太[^，。！？\s]{1,3}了?吧?$|\bnever ?mind\b|\bforget (?:it|that)\b|\btoo [a-z]+\b",
    re.I,
)


def gives_up(text: str) -> bool:
    """Whether a no is about the thing that was talked of, not about being offered any: 算了,
    "too heavy"."""
    return _GIVES_UP.search(text) is not None
