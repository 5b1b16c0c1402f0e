"""A person takes over: a ticket with the transcript, announced with the business hours."""

from __future__ import annotations

import re

from bot import desk, formats
from bot.actions import mentions
from bot.actions.returns import FAULTY
from bot.actions.skill import Skill, Turn
from data.models import Ticket
from data.rules import hours

_A_PERSON = re.compile(
    r"人工|客服|真人|专员|人来|\b(?:person|human|agent|someone|somebody|staff|representative|"
    r"colleague|people|operator|team)\b",
    re.I,
)


class Handoff(Skill):
    action = "action_handoff"

    def act(self, turn: Turn) -> None:
        odd = mentions.odd_order_number(turn)
        if odd and turn.intent == "human" and not _A_PERSON.search(turn.text):
            # "order 12345 please" says no word of a person; it is the number that is strange.
            turn.say(turn.phrase("order.odd_number", number=odd))
            return
        hand_over(turn, "complaint" if turn.intent == "complaint" else "asked")


def hand_over(turn: Turn, reason: str) -> None:
    """File the conversation for a person, once, and say when somebody answers."""
    services = turn.services
    now = services.clock()
    with services.unit_of_work() as uow:
        ticket = uow.tickets.open_of_session(turn.session_id)
        known = ticket is not None
        if ticket is None:
            customer = turn.customer(uow)
            said = [
                {
                    "sender": line.sender,
                    "text": str(line.body.get("text", "")),
                    "at": line.created_at.isoformat(),
                }
                for line in uow.messages.of_session(turn.session_id)
            ]
            ticket = Ticket(
                session_id=turn.session_id,
                customer_id=customer.id if customer else None,
                language=turn.language,
                reason=reason,
                transcript=said,
                status="open",
                created_at=now,
            )
            uow.tickets.add(ticket)
            uow.commit()
        handoff = desk.view(uow, ticket, services.rules, now)
    rules = services.rules
    opening = hours.next_opening(rules, now)
    is_open = hours.is_open(rules, now)
    begin, end = hours.on(rules, rules.today(now))
    facts = {
        "number": handoff.ticket,
        "opening": formats.moment(opening, turn.language, today=turn.today),
        "begin": formats.clock(begin),
        "end": formats.clock(end),
        "phone": rules.shop.phone,
        "email": rules.shop.email,
    }
    opener = turn.phrase("handoff.sorry") if reason == "complaint" else ""
    if reason == "complaint" and FAULTY.search(turn.text):
        faulty = turn.phrase("returns.general_faulty", name=turn.phrase("returns.item_standard"))
        opener = formats.together([opener, faulty], turn.language)
    state = "known" if known else ("open" if is_open else "closed")
    joint = " " if opener and turn.language == "en" else ""
    turn.notes["ticket"] = handoff.ticket
    turn.say(opener + joint + turn.phrase(f"handoff.{state}", **facts), handoff=handoff)
