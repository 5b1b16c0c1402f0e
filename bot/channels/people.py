"""Who writes on a platform: their session, and the customer whom a one-time code has proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import cast

from bot.channels.channel import ChannelEvent
from bot.channels.linking import LIFETIME, Linking, read_link_command
from bot.messages import BotMessage
from bot.wording.phrases import phrase
from data import access
from data.channels import Lane
from data.models import ChannelUser, Customer
from data.unit_of_work import UnitOfWork
from retrieval.text import detect_language
from retrieval.types import Language


@dataclass(frozen=True)
class Person:
    """Who wrote an event. `choices` are what the numbers of the last answer stand for."""

    session_id: str
    language: Language
    choices: list[str]


@dataclass(frozen=True)
class Linked:
    """What is said to somebody who sent a code, and to the customer's other chats."""

    messages: list[BotMessage]
    notices: list[tuple[ChannelUser, BotMessage]] = field(default_factory=list)


class People:
    """`lifetime` is that of a session."""

    def __init__(self, linking: Linking, lifetime: timedelta) -> None:
        self._linking = linking
        self._lifetime = lifetime

    def arrive(self, lane: Lane, event: ChannelEvent, uow: UnitOfWork) -> Person:
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

    def link(self, lane: Lane, code: str, uow: UnitOfWork) -> Linked:
        """What is said to somebody who sent a code. The caller commits."""
        user = _known(lane, uow)
        language = cast("Language", user.language)
        found = self._linking.redeem(uow, user, code)
        if isinstance(found, str):
            minutes = round(LIFETIME.total_seconds() / 60)
            return Linked([say(f"channel.link_{found}", language, minutes=minutes)])
        customer = uow.session.get_one(Customer, found)
        user.customer_id, user.linked_at = customer.id, datetime.now(UTC)
        # A stranger's conversation goes on, and with it what an agent has in hand.
        if not access.link(uow, user.session_id, customer.id):
            self._new_session(uow, user)
        notices = [
            (other, _linked_elsewhere(other, user.channel))
            for other in uow.channels.linked_to(customer.id)
            if other.id != user.id
        ]
        return Linked([say("channel.linked", language, name=customer.name)], notices)

    def unlink(self, lane: Lane, uow: UnitOfWork) -> list[BotMessage]:
        """What is said to somebody who undoes it. What agents still write to the customer does not
        come here any more. Commits."""
        user = _known(lane, uow)
        language = cast("Language", user.language)
        if user.customer_id is None:
            return [say("channel.not_linked", language)]
        self.end_link(user, uow)
        uow.commit()
        return [say("channel.unlinked", language)]

    def end_link(self, user: ChannelUser, uow: UnitOfWork) -> None:
        """The chat is nobody's from now on. The caller commits."""
        user.customer_id = user.linked_at = None
        self._new_session(uow, user)

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


def _linked_elsewhere(user: ChannelUser, channel: str) -> BotMessage:
    language = cast("Language", user.language)
    name = phrase(f"platform.{channel}", language)
    return say("channel.linked_elsewhere", language, channel=name)


def _known(lane: Lane, uow: UnitOfWork) -> ChannelUser:
    user = uow.channels.user(lane)
    assert user is not None  # noqa: S101 - it has arrived
    return user


def _language(event: ChannelEvent) -> str | None:
    """The language of an event's words; the platform's hint where there are none."""
    if not event.text:
        return event.language
    command = read_link_command(event.text)
    return command.language if command else detect_language(event.text)
