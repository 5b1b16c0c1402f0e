"""Asking a throw-away system, and all that an answer brings."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.errors import ShopguideError
from bot.evaluation.questions import Question
from bot.evaluation.throwaway import Throwaway
from bot.terminal.client import Client, ClientError
from data import normalise, personal
from data.errors import UnknownCustomer
from data.rules import ShopRules
from data.unit_of_work import open_database
from retrieval.types import Language

# What somebody without an e-mail address asks first, so that the assistant wants to know who they
# are: then they write their telephone number and the number of an order of theirs.
_OWN_ORDER: dict[Language, str] = {"zh": "我的快递到哪了", "en": "where is my order"}


class NotAsked(ShopguideError):
    """A question could not be asked; the text says which, and why."""


@dataclass
class Answer:
    """All that one turn brought."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    deltas: list[str] = field(default_factory=list)
    trace: dict[str, Any] = field(default_factory=dict)
    unanswered: bool = False
    """Whether the turn failed, and what was said is an apology."""

    @property
    def text(self) -> str:
        return "\n".join(message["text"] for message in self.messages)

    @property
    def language(self) -> str:
        return str(self.messages[0]["language"])

    @property
    def citations(self) -> list[dict[str, Any]]:
        return [citation for message in self.messages for citation in message["citations"]]

    @property
    def sources(self) -> list[str]:
        return [citation["source"] for citation in self.citations]

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [card for message in self.messages for card in message["cards"]]

    @property
    def rows(self) -> list[list[str]]:
        """Of its tables."""
        return [
            row for message in self.messages for row in (message["table"] or {}).get("rows", [])
        ]

    @property
    def all_words(self) -> str:
        """Everything a customer could read, but for the citations' quotes."""
        parts = [self.text]
        parts += [" | ".join(row) for row in self.rows]
        parts += [" | ".join(str(v) for v in card.values()) for card in self.cards]
        return "\n".join(parts)


def ask(client: Client, text: str, **options: Any) -> Answer:
    answer = Answer()
    for event in client.say(text, **options):
        if event.name == "delta":
            answer.deltas.append(event.data["text"])
        elif event.name == "message":
            answer.messages.append(event.data)
        elif event.name == "trace":
            answer.trace = event.data
        elif event.name == "done":
            answer.unanswered = bool(event.data.get("unanswered"))
    return answer


def last_answer(system: Throwaway, question: Question, language: Language) -> Answer:
    """The answer to the last message of the conversation. Raises `NotAsked`."""
    who = question.customer
    try:
        with system.client(who if who and "@" in who else None) as client:
            if who and "@" not in who:
                ask(client, _OWN_ORDER[language])
                ask(client, f"{who} {_order_of(system, who)}")
            return [ask(client, text) for text in question.say][-1]
    except (ClientError, UnknownCustomer) as error:
        raise NotAsked(f"Entry {question.number} could not be asked: {error}") from error


def _order_of(system: Throwaway, phone: str) -> str:
    """The number of the customer's newest order. Raises `UnknownCustomer`."""
    country = ShopRules.load(system.settings.shop).shop.country
    who = normalise.phone(phone, country) or phone
    with open_database(system.settings.database)() as uow:
        orders = uow.orders.of_customer(personal.find(uow, who).id, limit=1)
    if not orders:
        raise UnknownCustomer(f"{phone} has no order by which they could prove who they are.")
    return orders[0].number
