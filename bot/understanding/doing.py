"""Questions of how something is done. Closed classes of Chinese and English."""

from __future__ import annotations

import re

# 怎么样, 怎么办 and 怎么还没 ask other things; so do "how much" and "how long".
_HOW = re.compile(
    r"(?:怎么|咋)(?![样办了]|回事|[这那]么|还|没|不|会|又|才|就|都|总|老|一直)|怎样|如何"
    r"|\bhow (?:do|can|could|would|should|does|might)\b|\bhow to\b|\bway to\b",
    re.I,
)
# A case of it, which has sections of its own: 没收到码怎么取, "how do I pay if I have no card".
_OF_A_CASE = re.compile(r"[没未]|[不]了|n['’]t\b|\b(?:not?|without|if|when)\b|如果|要是", re.I)


def asks_how(text: str) -> bool:
    """Whether a text asks how something is done: 怎么开发票, "how do I use a coupon"; not how in a
    case that it tells."""
    return _HOW.search(text) is not None and not _OF_A_CASE.search(text)
