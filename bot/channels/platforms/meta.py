"""What WhatsApp and Messenger share of Meta.

    webhooks   GET: `hub.challenge` is answered if `hub.verify_token` is ours. POST: the header
               X-Hub-Signature-256 is HMAC-SHA256 of the body under the app's secret; no time is
               signed, and an event that we do not take comes again for a day and more
    calls      the Graph API's POST …/messages
    window     a business may answer for 24 hours after the customer's last message

Source: developers.facebook.com/docs/graph-api/webhooks/getting-started and …/guides/error-handling.
The Messenger pages write the token into the address; as the header `Authorization`, which the Graph
API takes too, it stays out of logs.
"""

from __future__ import annotations

import hashlib
import hmac
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import httpx
from pydantic import Field, SecretStr

from bot.channels.channel import (
    Address,
    Answer,
    Call,
    Channel,
    ChannelEvent,
    ChannelSettings,
    Received,
    Request,
    bearer,
    same,
    secret,
)
from bot.channels.errors import ChannelError, Refused, TryAgain, Undeliverable
from bot.channels.http import object_of, trusted
from bot.channels.reading import objects, part, words

WINDOW_S = 24 * 3600.0

# Unknown for the moment, too much at once, down for repairs: later it may go.
_BUSY = set("1 2 4 17 32 341 613 1200 80006 80007 130429 131000 131016 131056 131057".split())
_KEYS = {"0", "190"}
_DOMAINS = ("fbsbx.com", "fbcdn.net", "facebook.com", "whatsapp.net")


class MetaSettings(ChannelSettings):
    token: SecretStr = Field(description="access token that does not expire")
    app_secret: SecretStr = Field(description="App Secret of the app")
    verify_token: SecretStr = Field(description="the Verify token given to Meta with the address")
    api: str = Field("https://graph.facebook.com/v25.0", description="address of the Graph API")


class MetaChannel(Channel):
    settings: MetaSettings

    def verify(self, request: Request) -> None:
        if request.method == "GET":
            if request.query.get("hub.mode") != "subscribe":
                raise Refused("a GET that is no subscription")
            given = request.query.get("hub.verify_token", "")
            same(given, secret(self.settings.verify_token))
            return
        key = secret(self.settings.app_secret).encode()
        expected = f"sha256={hmac.new(key, request.body, hashlib.sha256).hexdigest()}"
        same(request.headers.get("x-hub-signature-256", ""), expected)

    def events(self, request: Request) -> Received:
        if request.method == "GET":
            return Received(answer=Answer(request.query.get("hub.challenge", "")))
        entries = objects(request.json().get("entry"))
        return Received([event for entry in entries for event in self.entry(entry)])

    @abstractmethod
    def entry(self, entry: dict[str, Any]) -> Iterator[ChannelEvent]:
        """The events of one `entry` of a webhook."""

    def age_s(self, to: Address) -> float:
        """Seconds since the customer wrote."""
        now = self.clock()
        return now - float(to.get("at", now))

    async def graph(self, path: str, body: Call) -> None:
        """One call. Raises `TryAgain`, `Undeliverable`."""
        answer = await self.http.post(f"{self.settings.api}/{path}", json=body, headers=self.key())
        if not answer.is_success:
            raise _refusal(answer)

    def key(self) -> dict[str, str]:
        return bearer(secret(self.settings.token))

    async def named(self, media: str) -> str:
        """The address of a media object. Raises `TryAgain`, `Undeliverable`."""
        answer = await self.http.get(f"{self.settings.api}/{media}", headers=self.key())
        if not answer.is_success:
            raise _refusal(answer)
        return words(object_of(answer), "url")

    def own(self, url: str) -> str:
        """An address that Meta named, if it is Meta's. Raises `Undeliverable`."""
        return trusted(url, self.settings.api, *_DOMAINS)


def _refusal(answer: httpx.Response) -> ChannelError:
    error = part(object_of(answer), "error")
    code, detail = words(error, "code"), words(error, "error_subcode")
    # Meta's own sentence may name the customer's number.
    reason = f"Graph API error {code or f'HTTP {answer.status_code}'}"
    reason += f", subcode {detail}" if detail else ""
    if code in _BUSY:
        return TryAgain(reason)
    if code in _KEYS or answer.status_code == 401:  # mend it, and what waits is sent
        return TryAgain(f"Meta refuses the token ({reason})", 60)
    return Undeliverable(reason)


def in_time(call: Call, now: float) -> Call:
    """The call without the moment, `until`, at which its window closes. Raises `Undeliverable` when
    that has passed: Meta takes such a call and reports its failure only later, to nobody."""
    if now > float(call.get("until", now)):
        raise Undeliverable("the customer wrote too long ago: the window for answers is closed")
    return {name: value for name, value in call.items() if name != "until"}
