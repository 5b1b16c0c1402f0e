"""A person takes over: a ticket with the transcript, announced with the business hours."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import null

from bot.actions.skill import Skill
from bot.actions.warranty import of_faults
from bot.dialogue import desk, references
from bot.dialogue.turn import Turn
from bot.messages import CitationView
from bot.understanding import own_data, withdrawal
from bot.wording import formats, identity_sentences
from data.capabilities import Capability
from data.models import Customer, Ticket
from data.rules import contacts, hours
from data.rules import proofs as proofs_of
from data.unit_of_work import UnitOfWork

_A_PERSON = re.compile(
    r"人工|客服|真人|专员|人来|\b(?:person|human|agent|someone|somebody|staff|representative|"
    r"colleague|people|operator|team)\b",
    re.I,
)


# Tickets in an hour. Whoever needs more than a few has one that is open; behind one address sits an
# office or a school at most; and more people whom nobody knows at once are none. A customer who is
# known counts for their conversation alone, so that they get through whatever strangers do.
_WINDOW = timedelta(hours=1)
_OF_CONVERSATION, _OF_ADDRESS, _OF_SHOP = 3, 10, 300
# Facts of a case that an apology names, the gravest first.
_REGRETTED = ("reaction", "wrong_item", "missing", "arrived_damaged", "faulty", "late")
_CONTACT_TURNS = 3  # people say something else before they look their number up


class Handoff(Skill):
    action = "action_handoff"

    def act(self, turn: Turn) -> None:
        if hand_over_own_data(turn):
            return
        odd = references.odd_order_number(turn)
        if odd and turn.intent == "human" and not _A_PERSON.search(turn.text):
            # "order 12345 please" says no word of a person; it is the number that is strange.
            turn.say(identity_sentences.odd_number(turn, odd))
            return
        if turn.intent == "complaint":
            self.serving("problem").act(turn)
        else:
            hand_over(turn, "asked")


def hand_over_own_data(turn: Turn) -> bool:
    """File it where somebody asks for all that is kept of them, to have it or to have it deleted:
    a person checks who asks, and does it. False for any other message, and for a visitor's question
    about the shop's ways, which its pages answer."""
    wish = own_data.wanted(turn.text)
    if wish is None:
        return False
    with turn.services.unit_of_work() as uow:
        known = turn.customer(uow, Capability.ASK_FOR_DATA) is not None
    if not known and turn.intent == "policy_question":
        return False
    if not known:
        turn.say(turn.phrase("own_data.visitor"))
    elif wish == "copy":
        hand_over(turn, "data_copy", turn.phrase("own_data.copy"))
    else:
        hand_over(turn, "data_erasure", turn.phrase("own_data.erasure"))
    return True


def hand_over(
    turn: Turn, reason: str, opening: str = "", proofs: Sequence[CitationView] = (),
    *, goes_on: bool = False,
) -> None:  # fmt: skip
    """File the conversation for a person, once, and say when somebody answers; `opening` is said
    before, and cites `proofs`. A complaint, which the assistant notices by itself, is marked for
    the team; nobody waits for a person who did not ask for one. `goes_on`: more of what was
    regretted already."""
    services = turn.services
    now = services.clock()
    waits = reason != "complaint" or wants_person(turn)
    with services.unit_of_work() as uow:
        ticket = uow.tickets.open_of_session(turn.session_id)
        known = ticket is not None
        if ticket is None:
            customer = turn.customer(uow, Capability.OWN_TERMS)
            if _too_many(uow, turn, customer, now):
                lines = [turn.phrase("handoff.full"), _call(turn) or _write(turn)]
                turn.say(formats.together(list(filter(None, lines)), turn.language))
                return
            ticket = _filed(turn, uow, reason, customer, now, waits=waits)
            uow.tickets.add(ticket)
            uow.session.flush()
        elif waits and ticket.waiting_since is None and ticket.agent is None:
            # What was marked before is asked for now.
            ticket.waiting_since, ticket.reason, known = now, reason, False
        if not known and services.notices is not None:
            services.notices.of_ticket(uow, ticket, now)
        uow.commit()
        handoff = desk.view(uow, ticket, services.rules, now)
    lines = [_sorry(turn) if reason == "complaint" and not goes_on else "", opening]
    if reason == "complaint" and not opening:
        lines += of_faults(turn)
    facts = {"number": ticket.id}
    buttons = []
    if handoff is None:
        key = "added" if known else "marked"
        lines += [turn.phrase(f"handoff.{key}", **facts), turn.phrase("handoff.ask_for_one")]
        buttons = [turn.button("human")]
        turn.note(expects="human")
    elif known:
        lines += [turn.phrase("handoff.known", **facts), _urgent(turn, now)]
    elif hours.is_open(services.rules, now):
        lines += [turn.phrase("handoff.open", **facts), *_reply_today(turn, now)]
    else:
        lines += [turn.phrase("handoff.filed", **facts), *_reply_later(turn, now)]
    if handoff is not None and handoff.contact:
        lines.append(turn.phrase("handoff.leave"))
        turn.note(expects="contact")
    if handoff is not None and handoff.state == "queued":
        buttons = [turn.button("withdraw")]
    text = formats.together(list(filter(None, lines)), turn.language)
    turn.say(text, citations=proofs, handoff=handoff, buttons=buttons)


def wants_person(turn: Turn) -> bool:
    """Whether the message asks for a person, whatever else it says."""
    read = any(request.act == "human" for request in turn.reading.requests)
    return read or _A_PERSON.search(turn.whole.words) is not None


def _sorry(turn: Turn) -> str:
    """An apology for the very thing, where the reading tells it."""
    told = next((fact for fact in _REGRETTED if fact in turn.request.facts), None)
    return turn.phrase(f"handoff.sorry_{told}" if told else "handoff.sorry")


def _filed(
    turn: Turn,
    uow: UnitOfWork,
    reason: str,
    customer: Customer | None,
    now: datetime,
    *,
    waits: bool,
) -> Ticket:
    said = [
        {
            "sender": line.sender,
            "text": str(line.body.get("text", "")),
            "at": line.created_at.isoformat(),
        }
        for line in uow.messages.of_session(turn.session_id)
    ]
    return Ticket(
        session_id=turn.session_id,
        customer_id=customer.id if customer else None,
        language=turn.language,
        reason=reason,
        transcript=said,
        status="open",
        created_at=now,
        waiting_since=now if waits else null(),
        asked_from=turn.asked_from or None,
        page=turn.page_said or None,
    )


def contact_left(turn: Turn) -> bool:
    """Take the address that a customer leaves who was asked for one, out of hours: it is for the
    people who will answer, and proves nothing. False for anything else, and for whoever proves who
    they are with it."""
    if turn.noted(lambda notes: notes.expects, within=_CONTACT_TURNS) != "contact":
        return False
    claim = proofs_of.read(turn.rules, turn.text)
    contact = contacts.read(turn.rules, turn.text)
    if contact is None or claim.postcode or claim.order_number:
        return False
    with turn.services.unit_of_work() as uow:
        ticket = uow.tickets.open_of_session(turn.session_id)
        if ticket is None or ticket.agent is not None:
            return False
        desk.leave_contact(uow, ticket, contact, turn.services.clock())
        uow.commit()
        handoff = desk.view(uow, ticket, turn.rules, turn.services.clock())
    turn.say(turn.phrase("handoff.contact", contact=contact), handoff=handoff)
    return True


def withdrawn(turn: Turn) -> bool:
    """Take the ticket back for whoever needs no person any more. False for anything else, and where
    nobody was asked for."""
    if not withdrawal.wanted(turn.text):
        return False
    with turn.services.unit_of_work() as uow:
        ticket = uow.tickets.open_of_session(turn.session_id)
        if ticket is None or (ticket.waiting_since is None and ticket.agent is None):
            return False
        desk.withdraw(uow, ticket, turn.services.clock())
        uow.commit()
        handoff = desk.view(uow, ticket, turn.rules, turn.services.clock())
    turn.say(turn.phrase("handoff.withdrawn", number=ticket.id), handoff=handoff)
    return True


def own_number(turn: Turn) -> bool:
    """Whether the utterance is nothing but the shop's own telephone number: say what it is."""
    if not contacts.is_own_number(turn.rules, turn.text):
        return False
    phone = turn.rules.shop.phone
    today = hours.on(turn.rules, turn.rules.today(turn.services.clock()))
    said = turn.phrase("handoff.our_number", phone=phone)
    if today is not None:
        begin, end = map(formats.clock, today)
        said = turn.phrase("handoff.our_number_within", phone=phone, begin=begin, end=end)
    turn.say(said, buttons=[turn.button("human")])
    return True


def _too_many(uow: UnitOfWork, turn: Turn, customer: Customer | None, now: datetime) -> bool:
    filed, since = uow.tickets.filed_since, now - _WINDOW
    if filed(since, session_id=turn.session_id) >= _OF_CONVERSATION:
        return True
    if customer is not None:
        return False
    if turn.asked_from and filed(since, asked_from=turn.asked_from) >= _OF_ADDRESS:
        return True
    return filed(since) >= _OF_SHOP


def _reply_today(turn: Turn, now: datetime) -> list[str]:
    rules = turn.services.rules
    today = hours.on(rules, rules.today(now))
    until = turn.phrase("handoff.until", end=formats.clock(today[1])) if today else ""
    return [until, _call(turn) or _write(turn)]


def _reply_later(turn: Turn, now: datetime) -> list[str]:
    """Nobody is there now, or the shop says no hours."""
    opening = hours.next_opening(turn.services.rules, now)
    if opening is None:
        return [turn.phrase("handoff.here"), _call(turn) or _write(turn)]
    when = formats.moment(opening, turn.language, today=turn.today)
    return [turn.phrase("handoff.closed", opening=when), _write(turn)]


def _urgent(turn: Turn, now: datetime) -> str:
    rules = turn.services.rules
    phone, today = rules.shop.phone, hours.on(rules, rules.today(now))
    if phone is None or (today is None and rules.shop.service_hours):
        return _write(turn)
    if today is None:
        return turn.phrase("handoff.urgent", phone=phone)
    begin, end = map(formats.clock, today)
    return turn.phrase("handoff.urgent_within", phone=phone, begin=begin, end=end)


def _call(turn: Turn) -> str:
    phone = turn.services.rules.shop.phone
    return turn.phrase("handoff.call", phone=phone) if phone else ""


def _write(turn: Turn) -> str:
    email = turn.services.rules.shop.email
    return turn.phrase("handoff.write", email=email) if email else ""
