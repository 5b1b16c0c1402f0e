"""The envelope, the signatures and the XML of Tencent's platforms, beside another implementation
of them (wechatpy, xmltodict)."""

from __future__ import annotations

import base64
import random

import pytest
import xmltodict
from hypothesis import given
from hypothesis import strategies as st
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WeComCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

from bot.channels.errors import Refused
from bot.channels.platforms.tencent import LINKS, Envelope, article, read, signature, write
from bot.channels.render import Card

TOKEN = "QDG6eK"
RECEIVER = "wx5823bf96d3bd56c7"

keys = st.binary(min_size=32, max_size=32).map(lambda key: base64.b64encode(key).decode()[:43])
texts = st.text(
    st.characters(
        exclude_categories=["Cs", "Cc"],
        include_characters="\n\t",
        exclude_characters="\ufffe\uffff",
    )
)
words = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1)


@given(key=keys, message=texts, timestamp=words, nonce=words)
def test_what_we_seal_others_open(key: str, message: str, timestamp: str, nonce: str) -> None:
    envelope = Envelope(TOKEN, key, RECEIVER)
    sealed = envelope.seal(message.encode())
    signed = envelope.sign(sealed, timestamp, nonce)
    assert envelope.open(sealed, signed, timestamp, nonce).decode() == message
    for kind in (WeChatCrypto, WeComCrypto):
        other = kind(TOKEN, key, RECEIVER)
        body = {"Encrypt": sealed}
        assert other.decrypt_message(body, signed, timestamp, nonce) == message


@given(key=keys, message=texts, timestamp=words, nonce=words)
def test_what_others_seal_we_open(key: str, message: str, timestamp: str, nonce: str) -> None:
    for kind in (WeChatCrypto, WeComCrypto):
        said = read(kind(TOKEN, key, RECEIVER).encrypt_message(message, nonce, timestamp).encode())
        opened = Envelope(TOKEN, key, RECEIVER).open(
            said["Encrypt"], said["MsgSignature"], said["TimeStamp"], said["Nonce"]
        )
        assert opened.decode() == message
        with pytest.raises(Refused, match="not for us"):
            Envelope(TOKEN, key, "another").open(
                said["Encrypt"], said["MsgSignature"], said["TimeStamp"], said["Nonce"]
            )


@given(timestamp=words, nonce=words, given_signature=words)
def test_plain_signatures_are_those_of_others(
    timestamp: str, nonce: str, given_signature: str
) -> None:
    check_signature(TOKEN, signature(TOKEN, timestamp, nonce), timestamp, nonce)
    with pytest.raises(InvalidSignatureException):
        check_signature(TOKEN, given_signature, timestamp, nonce)


def test_what_is_signed_rightly_but_sealed_wrongly_is_refused() -> None:
    key = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    envelope = Envelope(TOKEN, key, RECEIVER)
    whole = base64.b64decode(envelope.seal(b"hello"))
    chance = random.Random(1)
    wrong = ["", "?", "AAAA", base64.b64encode(whole[:-1]).decode()]
    wrong += [base64.b64encode(chance.randbytes(32 * n)).decode() for n in range(1, 200)]
    for sealed in wrong:
        with pytest.raises(Refused):
            envelope.open(sealed, envelope.sign(sealed, "1", "2"), "1", "2")


names = st.from_regex(r"[A-Z][A-Za-z]{0,9}", fullmatch=True)


@given(fields=st.dictionaries(names, texts))
def test_what_we_write_others_read(fields: dict[str, str]) -> None:
    document = write(**fields)
    assert read(document.encode()) == fields
    others = xmltodict.parse(document, strip_whitespace=False)["xml"] or {}
    assert {name: value or "" for name, value in others.items()} == fields


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "hello",
        "<xml>",
        "<xml><a>&b;</a></xml>",
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><xml><c>&b;</c></xml>',
        '<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><a>1</a></xml>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><c>&a;</c></xml>',
        "<!DOCTYPE xml><xml><a>1</a></xml>",
    ],
)
def test_declarations_and_broken_documents_are_refused(xml: str) -> None:
    with pytest.raises(Refused):
        read(xml.encode())


def test_what_lies_deeper_is_left_out() -> None:
    deep = "<a>" * 100_000 + "x" + "</a>" * 100_000
    assert read(f"<xml><a>1</a><b>2<c>3</c>4</b>{deep}</xml>".encode()) == {"a": "", "b": "24"}


def test_words_make_no_links() -> None:
    forged = '<a href="https://evil.example">here</a> </A> <abbr> a<b'
    assert LINKS.escape(forged) == '＜a href="https://evil.example">here＜/a> ＜/A> <abbr> a<b'
    assert LINKS.link("tent", 'https://shop.example/"><x>') == (
        '<a href="https://shop.example/%22%3E%3Cx%3E">tent</a>'
    )


def test_articles_keep_within_their_bytes() -> None:
    card = Card("帐篷" * 40, ("双人。" * 100,), "https://shop.example/1", "")
    shown = article(card, 64, 512)
    assert set(shown) == {"title", "description", "url"}
    assert len(shown["title"].encode()) <= 64
    assert 400 < len(shown["description"].encode()) <= 512
    assert shown["description"].endswith("。…")
    assert shown["title"].endswith("…")
