"""Twilio: SMS, and WhatsApp through it (twilio.com/docs/messaging).

Twilio signs the address that it calls, so that behind a proxy SHOPGUIDE_PUBLIC_URL has to be set,
and the form's fields with it. It signs sometimes with the port and sometimes without: both are
taken, as its own library does; signatures under shared keys are not. Answers come from the number
that was written to. Twilio answers STOP, START and HELP by itself.

SMS go out in GSM-7, seven bits a character, or in UCS-2, sixteen, as soon as one character needs
it: a segment of a longer text holds 153 or 67. A text has at most ten segments. Buttons would need
a template of Twilio's for each set of them: choices are numbered lines. Twilio knows no keys for
repeated calls: a call whose acknowledgement is lost is sent twice.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

import httpx
from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import (
    Address,
    Answer,
    Attachment,
    Call,
    Channel,
    ChannelEvent,
    ChannelSettings,
    Received,
    Request,
    kind_of,
    secret,
)
from bot.channels.errors import Refused, TryAgain, Undeliverable
from bot.channels.http import Download, object_of, trusted
from bot.channels.platforms.meta import WINDOW_S, in_time
from bot.channels.platforms.whatsapp import MARKUP
from bot.channels.reading import words
from bot.channels.render import Capabilities, degrade
from bot.channels.split import utf16
from bot.messages import BotMessage


class TwilioSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_TWILIO_")

    account: str = Field(description="Account SID, AC…")
    token: SecretStr = Field(description="Auth Token of the account, the primary one")
    api: str = Field("https://api.twilio.com", description="address of the REST API")
    messaging_api: str = Field(
        "https://messaging.twilio.com", description="address of the typing sign for WhatsApp"
    )


_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    "ÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_TWICE = frozenset("\f^{}\\[~]|€")  # behind an escape
_SEGMENT, _WIDE_SEGMENT = 152, 66  # one less: characters of two units are not divided
_MOST_SEGMENTS = 10


def gsm_units(text: str) -> int:
    """Length of an SMS in seven-bit characters; what needs sixteen bits counts by the share of a
    segment that it fills."""
    if all(character in _GSM or character in _GSM_TWICE for character in text):
        return len(text) + sum(character in _GSM_TWICE for character in text)
    return math.ceil(utf16(text) * _SEGMENT / _WIDE_SEGMENT)


_MOST_MEDIA = 10
_BUSY = {"14107", "20429", "21611", "30001"}
_TWIML = Answer("<Response/>", "text/xml")  # any other text would be sent to the customer


class Twilio(Channel):
    name = "twilio"
    title = "Twilio (SMS, WhatsApp)"
    Settings = TwilioSettings
    capabilities = Capabilities(text=_MOST_SEGMENTS * _SEGMENT, measure=gsm_units)
    whatsapp = replace(capabilities, text=1600, measure=utf16, markup=MARKUP)
    settings: TwilioSettings

    def verify(self, request: Request) -> None:
        key = secret(self.settings.token).encode()
        fields = "".join(
            f"{name}{value}"
            for name, values in sorted(_form(request.body).items())
            for value in sorted(set(values))
        )
        given = request.headers.get("x-twilio-signature", "").encode()
        right = [
            hmac.compare_digest(given, base64.b64encode(_sha1(key, f"{address}{fields}")))
            for address in _addresses(request.url)
        ]
        if not any(right):
            raise Refused("the signature is wrong")

    # What comes

    def events(self, request: Request) -> Received:
        fields = {name: values[0] for name, values in _form(request.body).items()}
        event = _event(fields)
        return Received([event] if event is not None else [], _TWIML)

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        on_whatsapp = _on_whatsapp(to)
        able = self.whatsapp if on_whatsapp else self.capabilities
        call: Call = {"To": to["to"], "From": to["from"]}
        if on_whatsapp:
            call["until"] = float(to.get("at", self.clock())) + WINDOW_S
        return [
            {**call, "Body": piece.text(able.markup)}
            for message in messages
            for piece in degrade(message, able, self.public_url)
        ]

    async def send(self, call: Call, key: str) -> None:
        account = self.settings.account
        url = f"{self.settings.api}/2010-04-01/Accounts/{account}/Messages.json"
        answer = await self._post(url, in_time(call, self.clock()))
        if answer.is_success:
            return
        # Twilio's own sentence names the customer's number.
        code = words(object_of(answer), "code")
        reason = f"Twilio error {code}" if code else f"HTTP {answer.status_code}"
        if code in _BUSY:
            raise TryAgain(reason)
        if answer.status_code == 401:  # mend it, and what waits is sent
            raise TryAgain(f"Twilio refuses the token ({reason})", 60)
        raise Undeliverable(reason)

    async def notice(self, event: ChannelEvent) -> None:
        if _on_whatsapp(event.address):
            url = f"{self.settings.messaging_api}/v2/Indicators/Typing.json"
            await self._post(url, {"messageId": event.id, "channel": "whatsapp"})

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        url = trusted(place["url"], self.settings.api)
        return await self.http.file(url, most, auth=self._who())

    async def _post(self, url: str, form: Call) -> httpx.Response:
        return await self.http.post(url, data=form, auth=self._who())

    def _who(self) -> tuple[str, str]:
        return self.settings.account, secret(self.settings.token)


def _form(body: bytes) -> dict[str, list[str]]:
    return parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)


def _sha1(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha1).digest()


def _addresses(url: str) -> Iterator[str]:
    """The address without its port and with it."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or (443 if parts.scheme == "https" else 80)
    for place in (host, f"{host}:{port}"):
        yield parts._replace(netloc=place).geturl()


def _on_whatsapp(to: Address) -> bool:
    return str(to["to"]).startswith("whatsapp:")


def _event(fields: Mapping[str, str]) -> ChannelEvent | None:
    id, sender, to = (fields.get(name, "") for name in ("MessageSid", "From", "To"))
    if not (id and sender and to) or "MessageStatus" in fields or "OptOutType" in fields:
        return None  # what became of a message of ours; STOP and its like
    kind: Literal["text", "press", "media"] = "media"
    text = fields.get("ButtonPayload") or fields.get("ListId") or ""
    if text:
        kind = "press"
    elif text := fields.get("Body", "").strip():
        kind = "text"
    place: Address = {"to": sender, "from": to}
    sent = [] if kind == "press" else list(_attachments(fields))
    return ChannelEvent(id, f"{sender} {to}", kind, place, text, attachments=sent)


def _attachments(fields: Mapping[str, str]) -> Iterator[Attachment]:
    for n in range(_MOST_MEDIA):
        if url := fields.get(f"MediaUrl{n}"):
            yield Attachment(kind_of(fields.get(f"MediaContentType{n}", "")), {"url": url})
