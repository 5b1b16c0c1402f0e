"""The texts that are learned from, and those that are kept apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from llm.errors import TooLittleText

# Ends every text, for bytes and tokens alike; no text holds it.
END = b"\0"
# Of a hundred groups: so many to measure on, and so many to see how long learning helps.
_HELD_OUT, _VALIDATION = 10, 5
# Below this no part has enough of anything; a shop's few pages are more.
LEAST_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Text:
    """`group`: what stays together, in both languages: a page, a product, a single review. Parts of
    one text must not stand on both sides of a measurement."""

    text: str
    group: str


@dataclass(slots=True)
class Parts:
    training: list[str] = field(default_factory=list)
    validation: list[str] = field(default_factory=list)
    held_out: list[str] = field(default_factory=list)


def parted(texts: Iterable[Text]) -> Parts:
    """Each text once, its side by its group's hash alone: a new text moves no other one.

    Raises `TooLittleText` when there is too little to learn from or nothing to measure on.
    """
    parts = Parts()
    seen = set()
    for each in texts:
        text = each.text.replace("\0", "").strip()
        if not text or text in seen:
            continue
        seen.add(text)
        place = int.from_bytes(hashlib.sha256(each.group.encode()).digest()[:4], "big") % 100
        if place < _HELD_OUT:
            parts.held_out.append(text)
        elif place < _HELD_OUT + _VALIDATION:
            parts.validation.append(text)
        else:
            parts.training.append(text)
    found = len(stream(parts.training))
    if found < LEAST_BYTES or not parts.validation or not parts.held_out:
        raise TooLittleText(
            f"The shop's texts are {found:,} bytes to learn from and {len(parts.held_out)} texts "
            f"to measure on; a language model needs {LEAST_BYTES:,} bytes at least, in some dozen "
            "pages, products or reviews. Add pages or import reviews, then train again."
        )
    return parts


def stream(texts: Iterable[str]) -> bytes:
    """All texts one after the other, as every model here is given them."""
    return b"".join(text.encode("utf-8", "replace") + END for text in texts)
