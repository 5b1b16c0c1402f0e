"""One reply out of what was said for several requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from bot.messages import BotMessage, CitationView

_T = TypeVar("_T")
_MARK = re.compile(r"\[(\d+)\]")


def joined(texts: Sequence[str]) -> str:
    """Texts that answer different things, each a paragraph; what is said twice is said once, alone
    or within what is said before it."""
    kept: list[str] = []
    for text in texts:
        if text and not any(text in before for before in kept):
            kept.append(text)
    return "\n\n".join(kept)


def as_one(messages: Sequence[BotMessage]) -> BotMessage:
    """One message that says all of them, citations numbered through; of tables the first."""
    texts: list[str] = []
    citations: list[CitationView] = []
    for message in messages:
        numbers = {}
        for cited in message.citations:
            numbers[cited.number] = _number(citations, cited)
        texts.append(_renumbered(message.text, numbers))
    last = messages[-1]
    return last.model_copy(
        update={
            "text": joined(texts),
            "citations": citations,
            "cards": _once(
                (card for message in messages for card in message.cards),
                lambda card: card.product_id if card.kind == "product" else card.number,
            ),
            "buttons": _once((b for m in messages for b in m.buttons), lambda b: b.payload),
            "table": next((m.table for m in messages if m.table), None),
            "handoff": next((m.handoff for m in reversed(messages) if m.handoff), None),
            "asks": next((m.asks for m in messages if m.asks), None),
            "wanted": next((m.wanted for m in messages if m.asks), []),
        }
    )


def _number(known: list[CitationView], cited: CitationView) -> int:
    """The number of a citation among all, which gets it where it is new."""
    for each in known:
        if (each.source, each.quote) == (cited.source, cited.quote):
            return each.number
    known.append(cited.model_copy(update={"number": len(known) + 1}))
    return len(known)


def _renumbered(text: str, numbers: dict[int, int]) -> str:
    def mark(found: re.Match[str]) -> str:
        number = int(found[1])
        return f"[{numbers.get(number, number)}]"

    return _MARK.sub(mark, text)


def _once(items: Iterable[_T], key: Callable[[_T], str]) -> list[_T]:
    return list({key(item): item for item in items}.values())
