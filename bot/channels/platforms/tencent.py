"""What WeChat and WeCom have in common, and DingTalk's callbacks too: signatures, the sealed
envelope, flat XML, texts with links, and how pictures and voice are given out.

    signature   SHA-1 in hex of token, timestamp, nonce and what is sealed, sorted and joined
    envelope    AES-256-CBC in base64; the key is EncodingAESKey and "=" out of base64, the vector
                its first 16 bytes; within: 16 random bytes, the length in four bytes, the message,
                the id of the receiver, padding to 32 bytes

Source: developer.work.weixin.qq.com/document/path/90968.
"""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from binascii import Error as NoBase64
from typing import Annotated
from xml.parsers import expat

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from pydantic import AfterValidator, SecretStr

from bot.channels.channel import Attachment, AttachmentKind, same
from bot.channels.errors import Refused, TryAgain, Undeliverable
from bot.channels.http import Download, Http
from bot.channels.render import Card, Markup
from bot.channels.split import split, utf8
from bot.channels.tokens import AccessToken

_BLOCK = 32
_HEAD = 20  # random bytes and the length

TEXT_BYTES = 2048


def signature(token: str, *parts: str) -> str:
    return hashlib.sha1("".join(sorted((token, *parts))).encode()).hexdigest()  # noqa: S324 - theirs


def _key(setting: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9+/]{43}", setting.get_secret_value()):
        raise ValueError("an EncodingAESKey has 43 letters and digits")
    return setting


def _key_or_none(setting: SecretStr) -> SecretStr:
    return _key(setting) if setting.get_secret_value() else setting


AesKey = Annotated[SecretStr, AfterValidator(_key)]
"""A setting: an EncodingAESKey."""
OptionalAesKey = Annotated[SecretStr, AfterValidator(_key_or_none)]
"""The same where there may be none: empty."""


class Envelope:
    """`receiver` is the corporation's, account's or app's id."""

    def __init__(self, token: str, aes_key: str, receiver: str) -> None:
        self._token = token
        self._key = base64.b64decode(f"{aes_key}=")
        self._receiver = receiver.encode()

    def open(self, sealed: str, signed: str, timestamp: str, nonce: str) -> bytes:
        """The message. Raises `Refused`."""
        same(signed, self.sign(sealed, timestamp, nonce))
        try:
            locked = base64.b64decode(sealed, validate=True)
        except NoBase64:
            raise Refused("the message is no base64") from None
        if not locked or len(locked) % (AES.block_size // 8):
            raise Refused("the message is no sealed one")
        decryptor = self._cipher().decryptor()
        plain = decryptor.update(locked) + decryptor.finalize()
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
            raise Refused("the message is padded wrongly")
        plain = plain[:-padding]
        end = _HEAD + int.from_bytes(plain[16:_HEAD], "big")
        if len(plain) < end or plain[end:] != self._receiver:
            raise Refused("the message is not for us")
        return plain[_HEAD:end]

    def seal(self, message: bytes) -> str:
        body = secrets.token_bytes(16) + len(message).to_bytes(4, "big") + message + self._receiver
        padding = _BLOCK - len(body) % _BLOCK
        encryptor = self._cipher().encryptor()
        locked = encryptor.update(body + bytes([padding]) * padding) + encryptor.finalize()
        return base64.b64encode(locked).decode()

    def sign(self, sealed: str, timestamp: str, nonce: str) -> str:
        return signature(self._token, timestamp, nonce, sealed)

    def _cipher(self) -> Cipher[CBC]:
        return Cipher(AES(self._key), CBC(self._key[:16]))


def read(xml: bytes) -> dict[str, str]:
    """The texts of a root's children by their names; what lies deeper is left out. Raises `Refused`
    for what is no XML, and for any declaration of a document type: entities come that way."""
    fields: dict[str, str] = {}
    path: list[str] = []

    def begin(name: str, attributes: dict[str, str]) -> None:
        path.append(name)
        if len(path) == 2:
            fields[name] = ""

    def text(words: str) -> None:
        if len(path) == 2:
            fields[path[1]] += words

    def declared(*declaration: object) -> None:
        raise Refused("the XML declares a document type")

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = begin
    parser.EndElementHandler = lambda name: path.pop()
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = declared
    try:
        parser.Parse(xml, True)
    except expat.ExpatError:
        raise Refused("the body is no XML") from None
    return fields


_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(**fields: str | int) -> str:
    """A flat document; texts in CDATA."""
    return f"<xml>{''.join(_element(name, value) for name, value in fields.items())}</xml>"


def _element(name: str, value: str | int) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    words = _NO_XML.sub("", value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{words}]]></{name}>"


def _escape(text: str) -> str:
    """Only links are marks: whatever would begin or end one begins with another sign."""
    return re.sub(r"<(?=/?a\b)", "＜", text, flags=re.IGNORECASE)


def _link(words: str, url: str) -> str:
    quoted = url.replace('"', "%22").replace("<", "%3C").replace(">", "%3E")
    return f'<a href="{quoted}">{words}</a>'


LINKS = Markup(escape=_escape, link=_link)


_MEDIA_KINDS: dict[str, AttachmentKind] = {
    "image": "picture",
    "voice": "voice",
    "video": "video",
    "shortvideo": "video",
}


def attachments(said: dict[str, str]) -> list[Attachment]:
    """What a message holds besides words."""
    kind, media = _MEDIA_KINDS.get(said.get("MsgType", "")), said.get("MediaId", "")
    return [Attachment(kind, {"media": media})] if kind is not None and media else []


async def media(
    http: Http, url: str, token: AccessToken, refused: set[int], media_id: str, most: int
) -> Download:
    """What `media/get` at `url` gives out, or the JSON that it says instead (WeChat: where a video
    is). `refused` are the codes of a token that is none. Raises `TryAgain`, `Undeliverable`."""
    key = await token.get()
    given = await http.download(url, most, params={"access_token": key, "media_id": media_id})
    if (code := given.object().get("errcode", 0)) != 0:
        if code in refused:
            token.drop(key)
            raise TryAgain(f"the access token is refused ({code})")
        if code == -1:
            raise TryAgain("the platform is busy (-1)")
        raise Undeliverable(f"the file is not given out ({code})")
    return given.file()


def article(card: Card, title_bytes: int, description_bytes: int) -> dict[str, str]:
    """A product as an article of a news message."""
    shown = {
        "title": _within(card.title, title_bytes),
        "description": _within("\n".join(card.facts), description_bytes),
        "url": card.url,
    }
    return {**shown, "picurl": card.image} if card.image else shown


def _within(text: str, most: int) -> str:
    if utf8(text) <= most:
        return text
    return f"{split(text, most - utf8('…'), utf8)[0]}…"
