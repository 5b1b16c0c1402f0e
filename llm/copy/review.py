"""Whether a text says only what the record says, all that was asked, nothing that is forbidden, and
in its room. The claims are looked up by the checks that answers to customers pass, too."""

from __future__ import annotations

import re
from collections.abc import Iterable

from llm.checks import contradictions, misjoined, strange_words, unsupported
from llm.copy.law import Law
from llm.copy.plans import Plan, holds
from llm.copy.record import Record
from llm.lexis import HAN

# What turns an exact figure into another: "about 1.85 kg", 近两公斤.
_HEDGE = re.compile(
    r"大?约|左右|近(?=\s?\d)|将近|超过|至少"
    r"|\b(?:about|approximately|around|nearly|over|almost|up to)\b",
    re.IGNORECASE,
)


def problems(
    text: str,
    plan: Plan,
    record: Record,
    law: Law,
    *,
    worded: str = "",
    others: Iterable[str] = (),
) -> list[str]:
    """What is wrong with a text, in words for the generator and for people; empty when nothing is.

    `worded` is the part that a generator wrote: it is held to the record word by word. Of a plain
    text the parts that tell something are, while the templates' own turns ("see it in our shop")
    and topics, which are the record's words written together, are no claims. `others`: names of
    other products.
    """
    claims = worded or plan.claims
    found = [f"not in the record: {each}" for each in invented(claims, record, others)]
    if worded:
        sources = [*record.sources, plan.body]
        found += [f"joined wrongly: {each}" for each in misjoined(worded, sources)]
        found += [f"contradicts the record: {each}" for each in contradictions(worded, sources)]
        found += [f"not the record's word: {each}" for each in strange_words(worded, sources)]
        held = "\n".join(sources).casefold()
        hedges = dict.fromkeys(_HEDGE.findall(worded))
        found += [f"makes a figure vague: {each}" for each in hedges if each.casefold() not in held]
        if (plan.order.language == "zh") is not bool(HAN.search(worded)):
            found.append("in another language")
    found += [f"left out: {each.value}" for each in plan.told if not holds(text, each)]
    found += [
        f"forbidden: {each.word} ({each.source})" for each in law.broken(text, record.language)
    ]
    space = plan.room
    if space.too_long(text):
        found.append(f"too long: at most {space.most}")
    elif space.size(text) < space.least and not plan.exhausted:
        found.append(f"too short: at least {space.least}")
    return found


def invented(text: str, record: Record, others: Iterable[str] = ()) -> list[str]:
    """Figures, units, materials, properties and names that the record does not hold."""
    shorter = [name for name in others if name.casefold() not in record.name.casefold()]
    known = [*record.sources, *record.topics]
    return unsupported(text, known, product_names=shorter)
