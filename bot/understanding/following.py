"""Whether an utterance goes on with the one before it: "and if I paid by card?", 那打开过的呢.

By the words that join sentences, which are a closed class; what they join, the reading tells.
"""

from __future__ import annotations

import re

_JOINS = re.compile(
    r"^\W*(?:那|那么|那要是|要是|如果|还有|另外|但|但是|可是|不过|所以|然后"
    r"|(?:ok(?:ay)?|hm+|oh|well|alright)?\W*"
    r"(?:and|but|so|then|or|what (?:about|if)|how about|also|if|even)\b)"
    r"|呢\W*$|\b(?:then|instead|too|though)\W*$",
    re.IGNORECASE,
)


def goes_on(text: str) -> bool:
    return _JOINS.search(text) is not None
