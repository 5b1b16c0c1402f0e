"""Who writes on a platform: their session, and the customer whom a one-time code has proven."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

from bot.channels.base import Event
from bot.channels.linking import LIFETIME, Linking, wish
from bot.messages import BotMessage
from bot.phrases import phrase
from data import access
from data.channels import Lane
from data.models import ChannelUser, Customer
from data.unit_of_work import UnitOfWork
from retrieval.text import detect_language

Language = Literal["zh", "en"]


@dataclass(frozen=True)
class Person:
    """Who wrote an event. `choices` are what the numbers of the last answer stand for."""

    session_id: str
    language: Language
    choices: list[str]


class People:
    """`lifetime` is that of a session."""

    def __init__(self, linking: Linking, lifetime: timedelta) -> None:
        self._linking = linking
        self._lifetime = lifetime

    def arrive(self, lane: Lane, event: Event, uow: UnitOfWork) -> Person:
        """The person and their session: a new one when there is none or it is over. Commits."""
        now = datetime.now(UTC)
        channel, conversation = lane
        user = uow.channels.user(lane)
        if user is None:
            session = access.open_channel_session(uow, self._lifetime, channel, None)
            user = ChannelUser(
                channel=channel,
                conversation=conversation,
                session_id=session.id,
                is_group=event.group,
                language=event.language or "zh",
                choices=[],
                failed_links=0,
            )
            uow.channels.add_user(user)
        elif access.live_session(uow, user.session_id) is None:
            self._renew(uow, user)
        spoken = _language(event)
        if spoken in ("zh", "en"):
            user.language = spoken
        user.address, user.spoke_at, user.is_group = event.address, now, event.group
        uow.commit()
        return Person(user.session_id, cast("Language", user.language), list(user.choices))

    def link(self, lane: Lane, code: str, uow: UnitOfWork) -> list[BotMessage]:
        """What is said to somebody who sent a code. Commits."""
        user = _known(lane, uow)
        language = cast("Language", user.language)
        found = self._linking.redeem(uow, user, code)
        if isinstance(found, str):
            uow.commit()
            minutes = round(LIFETIME.total_seconds() / 60)
            return [say(f"channel.link_{found}", language, minutes=minutes)]
        customer = uow.session.get_one(Customer, found)
        stranger = user.customer_id is None
        user.customer_id = customer.id
        if stranger:  # the conversation goes on, and with it what an agent has in hand
            access.sign_in(uow, user.session_id, customer.email)
        else:
            self._new_session(uow, user)
        uow.commit()
        return [say("channel.linked", language, name=customer.name)]

    def unlink(self, lane: Lane, uow: UnitOfWork) -> list[BotMessage]:
        """What is said to somebody who undoes it. What agents still write to the customer does not
        come here any more. Commits."""
        user = _known(lane, uow)
        language = cast("Language", user.language)
        if user.customer_id is None:
            return [say("channel.not_linked", language)]
        user.customer_id = None
        self._new_session(uow, user)
        uow.commit()
        return [say("channel.unlinked", language)]

    def _renew(self, uow: UnitOfWork, user: ChannelUser) -> None:
        """Go on after a session's end: in the same one while a person has it in hand."""
        ticket = uow.tickets.open_of_session(user.session_id)
        session = uow.sessions.get(user.session_id)
        if ticket is not None and session is not None:
            session.expires_at = datetime.now(UTC) + self._lifetime
        else:
            self._new_session(uow, user)

    def _new_session(self, uow: UnitOfWork, user: ChannelUser) -> None:
        linked = None if user.is_group else user.customer_id
        user.session_id = access.open_channel_session(uow, self._lifetime, user.channel, linked).id
        user.choices = []


def say(key: str, language: Language, **facts: object) -> BotMessage:
    return BotMessage(text=phrase(key, language, **facts), language=language)


def _known(lane: Lane, uow: UnitOfWork) -> ChannelUser:
    user = uow.channels.user(lane)
    assert user is not None  # noqa: S101 - it has arrived
    return user


def _language(event: Event) -> str | None:
    """The language of an event's words; the platform's hint where there are none."""
    if not event.text:
        return event.language
    wanted = wish(event.text)
    return wanted.language if wanted else detect_language(event.text)
