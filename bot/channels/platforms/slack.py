"""Slack: the Events API and interactivity (https://docs.slack.dev/apis/events-api/).

The app subscribes to `message.im` and `app_mention` and has the scopes `chat:write`, `im:history`
and `app_mentions:read`, and `files:read` where files are kept; Events and Interactivity both call
https://…/channels/slack.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal
from urllib.parse import parse_qs

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
    bearer,
    kind_of,
    same,
    secret,
)
from bot.channels.errors import Refused, TryAgain, Undeliverable
from bot.channels.http import Download, object_of, trusted
from bot.channels.reading import objects, part, words
from bot.channels.render import Capabilities, Card, Piece, Span, TextLine, degrade
from bot.messages import BotMessage


class SlackSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_SLACK_")

    token: SecretStr = Field(description="the bot's token, xoxb-…")
    signing_secret: SecretStr = Field(description="Signing Secret of the app")
    api: str = Field("https://slack.com/api", description="address of the Web API")


_SPECIAL = re.compile(r"<([^<>]*)>")
_BUSY = {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"}
_KEYS = {"invalid_auth", "not_authed", "token_revoked", "token_expired", "account_inactive"}
_GONE = {"message_not_found", "cant_update_message", "edit_window_closed"}


class Slack(Channel):
    name = "slack"
    title = "Slack"
    Settings = SlackSettings
    # Words go as rich text, which knows no marks: nothing is to be escaped. 3000 characters stay
    # readable and far below the limits of blocks.
    capabilities = Capabilities(
        text=3000,
        buttons=10,
        button_title=75,
        button_payload=2000,
        cards=5,
        edit_every_s=1.2,
    )
    settings: SlackSettings

    def verify(self, request: Request) -> None:
        timestamp = request.headers.get("x-slack-request-timestamp", "")
        base = b":".join((b"v0", timestamp.encode(), request.body))
        key = secret(self.settings.signing_secret).encode()
        expected = f"v0={hmac.new(key, base, hashlib.sha256).hexdigest()}"
        same(request.headers.get("x-slack-signature", ""), expected)
        self.fresh(timestamp)

    # What comes

    def events(self, request: Request) -> Received:
        if "form-urlencoded" in request.headers.get("content-type", ""):
            fields = parse_qs(request.body.decode("utf-8", "replace"))
            return Received(_pressed(_object((fields.get("payload") or ["{}"])[0])))
        body = request.json()
        if body.get("type") == "url_verification":
            return Received(answer=Answer(words(body, "challenge")))
        if body.get("type") != "event_callback":
            return Received()
        event = _said(words(body, "team_id"), part(body, "event"))
        return Received([event] if event is not None else [])

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        pieces = [
            piece
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
        ]
        calls = [{**_place(to), **_content(piece)} for piece in pieces]
        if calls and draft is not None:
            calls[0]["edit"] = draft
        return calls

    async def send(self, call: Call, key: str) -> None:
        body = {name: value for name, value in call.items() if name != "edit"}
        if "edit" in call:
            edited = {name: value for name, value in body.items() if name != "thread_ts"}
            try:
                await self._call("chat.update", {**edited, "ts": call["edit"]})
            except Undeliverable as error:
                if str(error) not in _GONE:
                    raise
            else:
                return  # else the growing message is gone: post it anew
        await self._post(body)

    async def show(self, text: str, to: Address, draft: str | None) -> str | None:
        piece = Piece(((Span(text[: self.capabilities.text]),),))
        body = {**_place(to), **_content(piece)}
        if draft is None:
            posted = await self._post(body)
            return str(posted["ts"])
        body.pop("thread_ts", None)
        await self._call("chat.update", {**body, "ts": draft})
        return draft

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        url = trusted(place["url"], self.settings.api, "slack.com")
        file = await self.http.file(url, most, headers=bearer(secret(self.settings.token)))
        if file.media_type == "text/html" and place["type"] != "text/html":
            raise Undeliverable("Slack asks to sign in: the app lacks the scope files:read")
        return file

    async def _post(self, body: dict[str, Any]) -> dict[str, Any]:
        quiet = {"unfurl_links": False, "unfurl_media": False}
        return await self._call("chat.postMessage", {**body, **quiet})

    async def _call(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        """What Slack says. Raises `TryAgain`, `Undeliverable`."""
        answer = await self.http.post(
            f"{self.settings.api}/{method}",
            json=body,
            headers=bearer(secret(self.settings.token)),
        )
        said = object_of(answer)
        if said.get("ok"):
            return said
        reason = str(said.get("error") or f"HTTP {answer.status_code}")
        if reason in _BUSY:
            raise TryAgain(reason)
        if reason in _KEYS:  # the token: mend it, and what waits is sent
            raise TryAgain(f"Slack refuses the token ({reason})", 60)
        raise Undeliverable(reason)


def _said(team: str, said: dict[str, Any]) -> ChannelEvent | None:
    direct = said.get("type") == "message" and said.get("channel_type") == "im"
    mention = said.get("type") == "app_mention"
    if not (direct or mention) or said.get("bot_id"):
        return None
    if said.get("subtype") not in (None, "file_share", "thread_broadcast"):
        return None  # an edit, a deletion, somebody joined
    channel, moment = words(said, "channel"), words(said, "ts")
    thread = words(said, "thread_ts") or (moment if mention else "")
    text = plain(words(said, "text")).strip()
    return _event(
        # One message can come as two kinds of event, each with an event id of its own.
        f"{team}:{channel}:{moment}" if moment else "",
        "text" if text or not said.get("files") else "media",
        (team, channel, thread, words(said, "user")),
        text,
        group=mention,
        attachments=list(_attachments(said)),
    )


def _attachments(said: dict[str, Any]) -> Iterator[Attachment]:
    for file in objects(said.get("files")):
        kind = words(file, "mimetype")
        if url := words(file, "url_private_download") or words(file, "url_private"):
            yield Attachment(kind_of(kind), {"url": url, "type": kind})


def _pressed(body: dict[str, Any]) -> list[ChannelEvent]:
    if body.get("type") != "block_actions":
        return []
    team, channel = words(body, "team", "id"), words(body, "channel", "id")
    place = (team, channel, words(body, "message", "thread_ts"), words(body, "user", "id"))
    found = []
    for action in objects(body.get("actions")):
        moment, value = words(action, "action_ts"), words(action, "value")
        if action.get("type") != "button" or not moment or not value:
            continue
        id = f"{team}:{channel}:{moment}:{words(action, 'action_id')}"
        found.append(_event(id, "press", place, value, group=not channel.startswith("D")))
    return [event for event in found if event is not None]


def _event(
    id: str,
    kind: Literal["text", "press", "media"],
    place: tuple[str, str, str, str],
    text: str,
    *,
    group: bool,
    attachments: Sequence[Attachment] = (),
) -> ChannelEvent | None:
    team, channel, thread, user = place
    if not id or not channel or not user:
        return None
    address: Address = {"channel": channel}
    if thread:
        address["thread_ts"] = thread
    where = f"{team}:{channel}:{thread}:{user}" if group else f"{team}:{channel}"
    return ChannelEvent(id, where, kind, address, text, group, attachments=attachments)


def plain(text: str) -> str:
    """Slack's markup as the words that were typed, without mentions of the bot or anybody."""

    def typed(found: re.Match[str]) -> str:
        target, _, label = found[1].partition("|")
        return "" if target[:1] in "@#!" else label or target.removeprefix("mailto:")

    return html.unescape(_SPECIAL.sub(typed, text))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused("the payload is no JSON") from None
    return found if isinstance(found, dict) else {}


def _place(to: Address) -> dict[str, Any]:
    return {name: to[name] for name in ("channel", "thread_ts") if name in to}


def _content(piece: Piece) -> dict[str, Any]:
    """Blocks, and the words of a notification."""
    blocks: list[dict[str, Any]] = []
    if piece.lines:
        blocks.append(_rich(piece.lines))
    for card in piece.cards:
        blocks += _card(card)
    if piece.buttons:
        elements = [
            {
                "type": "button",
                "action_id": f"choice-{n}",
                "text": {"type": "plain_text", "text": button.title},
                "value": button.payload,
            }
            for n, button in enumerate(piece.buttons)
        ]
        blocks.append({"type": "actions", "elements": elements})
    told = piece.text() or "\n".join(card.title for card in piece.cards)
    return {
        "text": html.escape(told, quote=False),
        "blocks": blocks,
    }


def _rich(lines: Sequence[TextLine]) -> dict[str, Any]:
    elements: list[dict[str, Any]] = []
    for n, line in enumerate(lines):
        if n:
            elements.append({"type": "text", "text": "\n"})
        elements += [_element(span) for span in line if span.text]
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "elements": [section]}


def _element(span: Span) -> dict[str, Any]:
    if span.url:
        element: dict[str, Any] = {"type": "link", "url": span.url, "text": span.text}
    else:
        element = {"type": "text", "text": span.text}
    return {**element, "style": {"bold": True}} if span.bold else element


def _card(card: Card) -> list[dict[str, Any]]:
    lines = ((Span(card.title, bold=True, url=card.url),), *((Span(f),) for f in card.facts))
    blocks = [_rich(lines)]
    if card.image.startswith("https://"):
        blocks.append({"type": "image", "image_url": card.image, "alt_text": card.title[:2000]})
    return blocks
