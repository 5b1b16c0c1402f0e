"""The dialogue's memory: what a turn leaves for the turns to come, and for the gateway.

The notes travel as plain JSON in the last message of a turn, which the tracker keeps: there is one
record of what was said, shown and offered. They are never shown to the customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from bot.dialogue.criteria import Criteria
from bot.understanding.reading import Request
from data.access import Claim


@dataclass(frozen=True)
class Pending:
    """What was asked before the customer was known."""

    intent: Literal[
        "order_status", "order_history", "cancel_order", "change_order", "see_profile", "refund"
    ]
    number: str | None = None


@dataclass(frozen=True)
class Trouble:
    """What the customer told of: the messages that `said` it, and what was `told` of it from the
    shop's pages. `absent`: goods did not come, so that there is nothing to give back."""

    said: tuple[str, ...]
    told: tuple[str, ...] = ()
    absent: bool = False


@dataclass(frozen=True)
class Gathered:
    """One of the things that are put together: how many of which product, in which options. `among`
    is the list that it is from, `goods` what was asked for by it; `chosen`: by the customer, who
    else saw it there as the first."""

    product: str
    count: int = 1
    options: Mapping[str, str] | None = None
    among: tuple[str, ...] = ()
    goods: str | None = None
    chosen: bool = True


@dataclass(frozen=True)
class Worded:
    """Who worded an answer, the generator or a quotation, and why not the generator."""

    origin: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True)
class Notes:
    """What one turn noted; None for what it did not."""

    product: str | None = None
    """The product talked of. By every skill that is about one; read for "it", for what a
    companion goes with, for the other side of a comparison, and as a sign of taste."""

    options: Mapping[str, str] | None = None
    """Of the product talked of, the options that were chosen, by their key, as the catalogue writes
    them in English. By searches, stock and price; read for "and in black?" and "how much is it?".
    """

    shown: tuple[str, ...] | None = None
    """The products of the list that was shown, in its order. By every skill that shows some; read
    for "the second one", for what is compared, and by what "cheaper" is measured."""

    recommended: tuple[str, ...] | None = None
    """The products recommended. By recommendations; read so as not to recommend them again, and
    for what "not interested" means."""

    reasons: Mapping[str, str] | None = None
    """Why each product was shown, in words. By searches, recommendations and offers; read by the
    skill that answers why."""

    query: Criteria | None = None
    """What was looked for. By searches and recommendations; read by the next ones, which narrow
    it."""

    asked: Request | None = None
    """The question that was asked of goods, in full. By the base of all skills; read when the next
    one only names another thing."""

    served: tuple[Request, ...] | None = None
    """The requests that were served, in full. By the base of all skills; read when the next message
    puts a value of them right, or means another order."""

    orders: tuple[str, ...] | None = None
    """The numbers of the orders that were told of. By the skills of orders and returns; read for
    "the other order"."""

    first_of: int | None = None
    """How many were listed, where the first of them was taken to be meant by "this" or "it". By the
    thread; read by the base of all skills, which says so."""

    gathered: tuple[Gathered, ...] | None = None
    """What the customer puts together, turn by turn. By the base of all skills; read when all of it
    is summed."""

    offer: str | None = None
    """The product that was offered unasked. By offers; read by them, so that offers stay rare, and
    by what a yes, a no or "not interested" answers."""

    expects: Literal["human", "offer", "contact"] | None = None
    """What a mere yes would mean: a person, or to see the offer. By answers that do not know and
    by offers; read by the skill of the yes, and by the trace. "contact": an address may be left for
    the people who will answer. By hand-overs out of hours, and read by them."""

    lost: bool | None = None
    """Whether the message was not understood, or is none of the shop's business, so that nothing
    was told. By the fallback; read by the trace."""

    declined: bool | None = None
    """Whether an offer was declined. By a no and by "not interested"; read by offers, which then
    make no more."""

    pending: Pending | None = None
    """By skills that must first know the customer; read once the customer is known."""

    trouble: Trouble | None = None
    """What is not right. By the skill of problems; read by it, when the next message goes on."""

    giving_back: Literal["return_eligibility", "exchange"] | None = None
    """What is wanted, where it was asked which goods shall go back, or be swapped. By returns, and
    read by them when the next message names the goods."""

    given: Claim | None = None
    """What the customer has said so far of who they are. By the identification, and read by it and
    by the orders, for the rest may come in the next turn."""

    code_for: str | None = None
    """The e-mail address for which a one-time code is awaited. By the identification, and read by
    it: six digits are the code then."""

    proved: bool | None = None
    """Whether the customer proved who they are. By the identification; read by the gateway, which
    gives the conversation another token."""

    passages: tuple[tuple[str, str, float], ...] | None = None
    """The passages that were found: id, heading, similarity. By answers; read by the trace."""

    wording: Worded | None = None
    """By answers; read by the trace."""

    kind: str | None = None
    """The skill's name in metrics. By the base of all skills; read by metrics, log and trace."""

    timings_ms: Mapping[str, int] | None = None
    """What took how long. By the base of all skills; read by the trace."""

    failed: str | None = None
    """The class of the error by which the skill failed. By the base of all skills; read by the
    trace, and for whoever looks into a tracker."""

    @staticmethod
    def read(noted: Mapping[str, Any]) -> Notes:
        """From what a message carries. What an older version noted and this one does not know, or
        knows in another form, is left out."""
        try:
            return _FORM.validate_python(noted)
        except ValidationError as error:
            odd = {each["loc"][0] for each in error.errors()}
            return _FORM.validate_python({k: v for k, v in noted.items() if k not in odd})

    def plain(self) -> dict[str, Any]:
        """What was noted, as JSON."""
        noted = _FORM.dump_python(self, mode="json")
        return {name: value for name, value in noted.items() if value is not None}


_FORM = TypeAdapter(Notes)
