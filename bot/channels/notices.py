"""Calls and mails that tell the shop's agents of tickets: sent from the outbox like every other
call, in their order, again after a failure, and kept as dead letters after a day.

A call is a POST of JSON. Whoever gets it knows it by its signature: `X-Shopguide-Signature` is
"sha256=" and the HMAC-SHA256, in hex, of the moment in `X-Shopguide-Time`, a dot, and the body;
`Idempotency-Key` is the same at each attempt.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import smtplib
from collections.abc import Mapping, Sequence
from typing import Any

from bot.channels.channel import Address, Call, Channel, ChannelSettings, Received, Request
from bot.channels.errors import Refused, TryAgain, Undeliverable
from bot.channels.http import Http
from bot.channels.render import Capabilities
from bot.dialogue.notices import CHANNEL
from bot.messages import BotMessage
from bot.runtime import mail
from bot.runtime.mail import SmtpMailer
from bot.settings import Settings as OurSettings

_SUBJECTS = {
    "ticket": "Ticket {ticket}: somebody waits for a person",
    "complaint": "Ticket {ticket}: a complaint, nobody waits",
    "line": "Ticket {ticket}: the customer has written",
    "contact": "Ticket {ticket}: the customer has left an address",
    "ended": "Ticket {ticket}: the customer has ended the conversation",
    "withdrawn": "Ticket {ticket}: no person is needed any more",
}


class Notices(Channel):
    """No platform: nobody writes here, and there is no conversation."""

    name = CHANNEL
    title = "Notices to agents"
    Settings = ChannelSettings
    capabilities = Capabilities(text=2000)

    def __init__(self, settings: OurSettings, http: Http, mailer: SmtpMailer | None) -> None:
        super().__init__(settings, http)
        self._mailer = mailer

    def verify(self, request: Request) -> None:
        raise Refused("nobody writes here")

    def events(self, request: Request) -> Received:
        return Received()

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        return []

    async def send(self, call: Call, key: str) -> None:
        if "mail" in call:
            await self._mail(call)
        else:
            await self._call(call["call"], key)

    async def _call(self, told: Mapping[str, Any], key: str) -> None:
        url = self.settings.notify_url
        if not url:
            raise Undeliverable("SHOPGUIDE_NOTIFY_URL is not set any more")
        body = json.dumps(told, ensure_ascii=False).encode()
        at = str(int(self.clock()))
        secret = self.settings.notify_secret.get_secret_value()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "X-Shopguide-Time": at,
            "X-Shopguide-Signature": f"sha256={signature(secret, at, body)}",
        }
        answer = await self.http.post(url, content=body, headers=headers)
        if not answer.is_success:
            raise Undeliverable(f"HTTP {answer.status_code}")

    async def _mail(self, call: Call) -> None:
        if self._mailer is None:
            raise Undeliverable("SHOPGUIDE_SMTP_HOST is not set any more")
        told = call["told"]
        subject = _SUBJECTS[told["type"]].format(**told)
        text = (
            f"{subject}.\n\nReason: {told['reason']}. Language: {told['language']}.\n\n"
            f"shopguide tickets show {told['ticket']}\n"
        )
        try:
            await asyncio.to_thread(self._mailer.deliver, call["mail"], subject, text)
        except smtplib.SMTPRecipientsRefused:
            raise Undeliverable("the mail server refuses the recipient") from None
        except (OSError, smtplib.SMTPException) as error:
            raise TryAgain(type(error).__name__) from None


def signature(secret: str, at: str, body: bytes) -> str:
    return hmac.new(secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()


def make(settings: OurSettings, http: Http) -> list[Channel]:
    """The channel, where the shop's agents are to be told."""
    if not (settings.notify_url or settings.notify_email):
        return []
    return [Notices(settings, http, mail.mailer(settings))]
