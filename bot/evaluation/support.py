"""Whether the figures and the products of an answer come from somewhere.

It can be told of answers that quote texts. What the shop's rules and database decide is worked out
anew for each case: the sums and days of such an answer stand nowhere, and are no fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from bot.evaluation.asking import Answer
from bot.evaluation.questions import Question
from llm.amounts import Amount, amounts

_MARK = re.compile(r"\[\d+\]")


def quotes_texts(answer: Answer) -> bool:
    """Whether all that it says was worded from the shop's texts, as its notes have it: those that
    say who worded it, to a message with one request."""
    requests = (answer.trace.get("reading") or {}).get("requests") or ()
    wording = answer.trace.get("wording") or {}
    told = wording.get("origin") in ("model", "quote") and bool(answer.citations)
    return told and len(requests) <= 1


def unsupported(
    answer: Answer, question: Question, texts: Mapping[str, str], names: Sequence[str]
) -> list[str]:
    """The figures and names of products in an answer's text that stand neither in what it cites
    (`texts` has all of each page and product) and shows, nor in what was asked."""
    given = [*question.say, *(" | ".join(row) for row in answer.rows)]
    for citation in answer.citations:
        given += [citation["title"], citation["quote"], texts.get(citation["source"], "")]
    given += ["\n".join(map(str, card.values())) for card in answer.cards]
    known, said = "\n".join(given), _MARK.sub("", answer.text)
    figures = amounts(known)
    found = [each.text for each in amounts(said) if not any(_same(each, one) for one in figures)]
    folded, spoken = known.casefold(), said.casefold()
    for name in names:
        if name.casefold() in spoken and name.casefold() not in folded:
            found.append(name)
    return found


def _same(said: Amount, known: Amount) -> bool:
    """Of two figures, one without a unit may be of any."""
    if said.unit == known.unit:
        return said.value == known.value
    return not (said.unit and known.unit) and said.raw == known.raw != 0
