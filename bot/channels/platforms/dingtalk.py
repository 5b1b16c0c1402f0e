"""DingTalk (钉钉): a corporation's robot in the HTTP mode.

Receiving: open.dingtalk.com, "机器人接收消息"; the signature is of the time alone, not of the body,
hence only the addresses of sessions that the settings name are ever called. DingTalk lets an hour
pass, we five minutes. In groups a robot gets what mentions it. Sending: the session's webhook,
which lives about an hour and a half, then robot/oToMessages/batchSend and groupMessages/send, of
15000 bytes. Events of the callback (Token and AES key) are answered as sealed "success", none is
for us.

A dtmd link in Markdown writes for the customer; whether it does so in action cards the sources
disagree, so buttons are such links. Pages are silent on how Markdown is escaped (a backslash is
tried, and whatever needs no marks goes as plain text) and on the codes of errors: from memory.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from bot.channels.channel import (
    Address,
    Answer,
    Attachment,
    AttachmentKind,
    Call,
    Channel,
    ChannelEvent,
    ChannelSettings,
    Received,
    Request,
    same,
    secret,
)
from bot.channels.errors import Refused, TryAgain, Undeliverable
from bot.channels.http import Download, object_of, trusted
from bot.channels.platforms.tencent import Envelope, OptionalAesKey
from bot.channels.reading import objects, part, words
from bot.channels.render import PLAIN, Capabilities, Markup, Piece, Span, TextLine, degrade
from bot.channels.split import utf8
from bot.channels.tokens import AccessToken
from bot.messages import BotMessage


class DingTalkSettings(ChannelSettings):
    model_config = SettingsConfigDict(env_prefix="SHOPGUIDE_DINGTALK_")

    app_key: str = Field(description="Client ID (AppKey), also the robot's code")
    app_secret: SecretStr = Field(description="Client Secret (AppSecret)")
    token: SecretStr = Field(SecretStr(""), description="签名 token of event callbacks, if any")
    aes_key: OptionalAesKey = Field(
        SecretStr(""), description="加密 aes_key of event callbacks, if any"
    )
    api: str = Field("https://api.dingtalk.com", description="address of the interface")
    sessions: str = Field(
        "https://oapi.dingtalk.com/robot/sendBySession",
        description="address of sessions' webhooks; no other one is called",
    )


class _Markdown(Markup):
    def text(self, lines: Sequence[TextLine]) -> str:
        return "  \n  ".join(map(self.line, lines))  # a line break needs the spaces


def _escape(text: str) -> str:
    marks = re.sub(r"[\\`*_{}\[\]()<>#+\-!|~]", lambda found: f"\\{found[0]}", text)
    marks = re.sub(r"(?m)^([ \t]*)=", r"\1\\=", marks)  # else the line above is a heading
    return re.sub(r"^(\d+)\.", r"\1\\.", marks)


def _link(text: str, url: str) -> str:
    return f"[{text}]({url.replace('(', '%28').replace(')', '%29').replace(' ', '%20')})"


MARKDOWN = _Markdown(escape=_escape, bold=lambda text: f"**{text}**", link=_link)

_MILLISECONDS = re.compile(r"[0-9]{1,16}")
_TOO_FAST = {130101, 410100}
_KINDS: dict[str, AttachmentKind] = {
    "picture": "picture",
    "audio": "voice",
    "video": "video",
    "file": "file",
}
_DOMAINS = ("dingtalk.com", "dingtalk.io", "aliyuncs.com")  # files lie in Alibaba's cloud
_END_S = 60.0  # a session's last minute is not used


class DingTalk(Channel):
    name = "dingtalk"
    title = "DingTalk"
    Settings = DingTalkSettings
    capabilities = Capabilities(
        text=6000,  # bytes: with buttons' addresses below 15000
        measure=utf8,
        markup=MARKDOWN,
        buttons=8,
        button_title=40,
        button_payload=200,
    )
    settings: DingTalkSettings

    def __init__(self, settings: DingTalkSettings, *parts: Any, **named: Any) -> None:
        super().__init__(settings, *parts, **named)
        key, token = secret(settings.aes_key), secret(settings.token)
        self._envelope = Envelope(token, key, settings.app_key) if key and token else None
        self._token = AccessToken(self._fetch)

    # What comes

    def verify(self, request: Request) -> None:
        timestamp = request.headers.get("timestamp", "")
        if _signature(request):
            timestamp = request.query.get("timestamp", "")
            self._open(request)
        else:
            key = secret(self.settings.app_secret)
            digest = hmac.new(key.encode(), f"{timestamp}\n{key}".encode(), hashlib.sha256).digest()
            same(request.headers.get("sign", ""), base64.b64encode(digest).decode())
        if not _MILLISECONDS.fullmatch(timestamp):
            raise Refused("the timestamp is no number")
        self.fresh(str(int(timestamp) / 1000))

    def events(self, request: Request) -> Received:
        if _signature(request):
            return Received(answer=self._success())
        event = self._event(request.json())
        answer = Answer("{}", "application/json")
        return Received([event] if event is not None else [], answer)

    def _open(self, request: Request) -> bytes:
        if self._envelope is None:
            raise Refused("there is no token and no AES key for callbacks")
        sealed = words(request.json(), "encrypt")
        query = request.query
        signed, timestamp, nonce = (
            _signature(request),
            query.get("timestamp", ""),
            query.get("nonce", ""),
        )
        return self._envelope.open(sealed, signed, timestamp, nonce)

    def _success(self) -> Answer:
        assert self._envelope is not None  # noqa: S101 - verified
        sealed = self._envelope.seal(b"success")
        timestamp, nonce = str(int(self.clock() * 1000)), secrets.token_hex(4)
        said = {
            "msg_signature": self._envelope.sign(sealed, timestamp, nonce),
            "timeStamp": timestamp,
            "nonce": nonce,
            "encrypt": sealed,
        }
        return Answer(json.dumps(said), "application/json")

    def _event(self, said: dict[str, Any]) -> ChannelEvent | None:
        number, chat = words(said, "msgId"), words(said, "conversationId")
        kind, sender = words(said, "msgtype"), words(said, "senderId")
        if not number or not chat or not sender or not kind:
            return None
        text = words(said, "text", "content").strip()
        runs = [{**part(said, "content"), "type": kind}]
        if kind == "richText":
            runs = objects(part(said, "content").get("richText"))
            text = "".join(words(run, "text") for run in runs).strip()
        group = words(said, "conversationType") != "1"
        address: Address = {"chat": chat, "user": words(said, "senderStaffId"), "group": group}
        webhook = words(said, "sessionWebhook")
        until = words(said, "sessionWebhookExpiredTime")
        if webhook.startswith(f"{self.settings.sessions}?") and _MILLISECONDS.fullmatch(until):
            address |= {"webhook": webhook, "until": int(until) / 1000 - _END_S}
        where = f"{chat}:{sender}" if group else chat
        sent = [
            Attachment(_KINDS[words(run, "type")], {"code": words(run, "downloadCode")})
            for run in runs
            if words(run, "type") in _KINDS and words(run, "downloadCode")
        ]
        what: Literal["text", "media"] = "text" if text or kind == "text" else "media"
        return ChannelEvent(number, where, what, address, text, group, attachments=sent)

    # What goes

    def reply(
        self, messages: Sequence[BotMessage], to: Address, *, draft: str | None = None
    ) -> list[Call]:
        return [
            {"to": to, **_content(piece, group=to["group"])}
            for message in messages
            for piece in degrade(message, self.capabilities, self.public_url)
        ]

    async def send(self, call: Call, key: str) -> None:
        to = call["to"]
        if "webhook" in to and self.clock() < to["until"]:
            try:
                await self._by_session(to["webhook"], call)
            except Undeliverable:
                if not to["user"] and not to["group"]:
                    raise
            else:
                return  # else the session is over
        await self._by_robot(to, call)

    async def _by_session(self, webhook: str, call: Call) -> None:
        body = {"msgtype": call["kind"], call["kind"]: call["content"]}
        answer = await self.http.post(webhook, json=body)
        code = object_of(answer).get("errcode", f"HTTP {answer.status_code}")
        if code in _TOO_FAST:
            raise TryAgain(f"DingTalk is busy ({code})", 60)
        if code != 0:
            raise Undeliverable(f"DingTalk refuses the message ({code})")

    async def _by_robot(self, to: Address, call: Call) -> None:
        body = {
            "robotCode": self.settings.app_key,
            "msgKey": "sampleText" if call["kind"] == "text" else "sampleMarkdown",
            "msgParam": json.dumps(call["content"], ensure_ascii=False),
        }
        if to["group"]:
            said = await self._call(
                "groupMessages/send", {**body, "openConversationId": to["chat"]}, "processQueryKey"
            )
        elif to["user"]:
            to_one = {**body, "userIds": [to["user"]]}
            said = await self._call("oToMessages/batchSend", to_one, "processQueryKey")
        else:
            raise Undeliverable("the session is over, and the person is of no corporation of ours")
        if said.get("flowControlledStaffIdList"):
            raise TryAgain("DingTalk is busy with this person", 60)
        if said.get("invalidStaffIdList"):
            raise Undeliverable("the person does not see the robot")

    async def fetch(self, place: Mapping[str, Any], most: int) -> Download:
        body = {"downloadCode": place["code"], "robotCode": self.settings.app_key}
        said = await self._call("messageFiles/download", body, "downloadUrl")
        url = trusted(words(said, "downloadUrl"), self.settings.api, *_DOMAINS)
        return await self.http.file(url, most)

    async def _call(self, path: str, body: dict[str, Any], wanted: str) -> dict[str, Any]:
        """What DingTalk says when it holds what is wanted. Raises `TryAgain`, `Undeliverable`."""
        token = await self._token.get()
        answer = await self.http.post(
            f"{self.settings.api}/v1.0/robot/{path}",
            json=body,
            headers={"x-acs-dingtalk-access-token": token},
        )
        said = object_of(answer)
        if answer.is_success and wanted in said:
            return said
        code = words(said, "code") or f"HTTP {answer.status_code}"
        if answer.status_code == 401 or code == "InvalidAuthentication":
            self._token.drop(token)
            raise TryAgain(f"DingTalk refuses the access token ({code})")
        if "QpsLimit" in code or "tooFast" in code:
            raise TryAgain(f"DingTalk is busy ({code})")
        raise Undeliverable(f"DingTalk refuses the message ({code})")

    async def _fetch(self) -> tuple[str, float]:
        answer = await self.http.post(
            f"{self.settings.api}/v1.0/oauth2/accessToken",
            json={
                "appKey": self.settings.app_key,
                "appSecret": secret(self.settings.app_secret),
            },
        )
        said = object_of(answer)
        if not said.get("accessToken"):  # the secret: mend it, and what waits is sent
            raise TryAgain(f"DingTalk gives no access token ({words(said, 'code')})", 60)
        return str(said["accessToken"]), float(said.get("expireIn", 7200))


def _signature(request: Request) -> str:
    """Of an event callback; "" for a robot's message."""
    return request.query.get("msg_signature") or request.query.get("signature") or ""


def _content(piece: Piece, *, group: bool) -> dict[str, Any]:
    """A plain text, or Markdown where there is a link or something bold."""
    lines = piece.lines
    if group:  # a link's words would not mention the robot, so that it never got them
        lines += tuple((Span(f"· {button.title}"),) for button in piece.buttons)
    marked = any(span.bold or span.url for line in lines for span in line)
    if not marked and (group or not piece.buttons):
        return {"kind": "text", "content": {"content": PLAIN.text(lines)}}
    text = MARKDOWN.text(lines)
    if not group:
        for button in piece.buttons:
            address = f"dtmd://dingtalkclient/sendMessage?content={quote(button.payload, safe='')}"
            text += f"\n\n{_link(_escape(button.title), address)}"
    title = next(filter(None, map(PLAIN.line, lines)), "…")
    return {"kind": "markdown", "content": {"title": title[:40], "text": text}}
