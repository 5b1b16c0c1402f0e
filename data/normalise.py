"""One spelling for the words by which customers and orders are found.

Chinese keyboards type full-width letters and digits (ＳＰ２０４１７３８８); Unicode's compatibility
form makes them plain. Letters of another alphabet that only look alike stay different.
Each function returns None for a text that cannot be such a word at all.
"""

from __future__ import annotations

import re
import unicodedata

_LONGEST = 1000  # characters looked at; nobody's e-mail address or order number is longer
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+\.[^@\s\x00-\x1f\x7f.]+")
_POSTCODE = re.compile(r"[0-9A-Z][0-9A-Z \-]{1,10}[0-9A-Z]")
_ORDER_NUMBER = re.compile(r"[A-Z0-9][A-Z0-9\-]{2,19}")


def email(text: str) -> str | None:
    """Lower case, at most 254 characters, one @ and a dot after it."""
    plain = _plain(text).lower()
    return plain if len(plain) <= 254 and _EMAIL.fullmatch(plain) else None


def postcode(text: str) -> str | None:
    """Upper case, without spaces and hyphens, 3 to 12 letters and digits."""
    plain = _plain(text).upper()
    return re.sub(r"[ \-]", "", plain) if _POSTCODE.fullmatch(plain) else None


def order_number(text: str) -> str | None:
    """Upper case, 3 to 20 letters, digits and hyphens; a leading # is dropped."""
    plain = _plain(text).upper().removeprefix("#").replace(" ", "")
    return plain if _ORDER_NUMBER.fullmatch(plain) else None


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        return ""
    return unicodedata.normalize("NFKC", text).strip()
