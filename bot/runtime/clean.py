"""What people type, made safe to pass on."""

from __future__ import annotations

import unicodedata

# Marks that reorder the text around them; a shopper never types them, an attacker does.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """Compose (NFC), drop control characters, lone surrogates and bidi overrides, trim.

    Joined emoji, line breaks and full-width characters stay as they are.
    """
    kept = (
        character
        for character in unicodedata.normalize("NFC", text)
        if character in "\n\t"
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI)
    )
    return "".join(kept).strip()
