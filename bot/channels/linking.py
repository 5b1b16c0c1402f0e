"""Who a person on a platform is: known only by a one-time code that the shop's signed-in page, or
its e-mail, gave to the customer.

Codes have 40 bits, live for minutes, work once, and are stored as keyed hashes. Wrong ones are
counted for each person on a platform.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from data.access import customer_of_session
from data.capabilities import Capability
from data.models import ChannelUser, Customer, LinkCode
from data.unit_of_work import UnitOfWork
from retrieval.types import Language

LIFETIME = timedelta(minutes=15)
ALLOWED_FAILURES = 5  # an hour, of 2**40 codes that live for minutes: guessing is hopeless
_FORGOTTEN_AFTER = timedelta(hours=1)

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # none that is taken for another one
_HALF = f"([{_LETTERS}]{{4}})"
_ALONE = re.compile(rf"{_HALF}-{_HALF}")
_LINK = re.compile(
    rf"(?:/start|/?link|bind|绑定码?|綁定碼?)[\s:：]*{_HALF}[-\s]?{_HALF}[.。!！]?", re.IGNORECASE
)
_UNLINK = re.compile(r"(?:/?unlink|解绑|解綁|解除绑定|解除綁定|取消绑定|取消綁定)[.。!！]?", re.I)


@dataclass(frozen=True)
class LinkCommand:
    """What somebody wants of their link; `code` as it is written in full. A code alone says nothing
    of its writer's language."""

    kind: Literal["link", "unlink"]
    language: Language | None
    code: str = ""


@dataclass(frozen=True)
class NewCode:
    code: str
    expires_at: datetime


def read_link_command(text: str) -> LinkCommand | None:
    """A code by itself, as it was given, or behind "link" or 绑定; the word that undoes it; None
    for all else."""
    said = text.strip()
    language: Language = "en" if said.isascii() else "zh"
    if _UNLINK.fullmatch(said):
        return LinkCommand("unlink", language)
    if found := _ALONE.fullmatch(said):
        return LinkCommand("link", None, f"{found[1]}-{found[2]}")
    if found := _LINK.fullmatch(said):
        asked = None if said.startswith("/start") else language
        return LinkCommand("link", asked, f"{found[1]}-{found[2]}".upper())
    return None


class Linking:
    """`key` is secret: without it, stored hashes tell nothing about short codes."""

    def __init__(self, key: str, *, clock: Callable[[], datetime] | None = None) -> None:
        self._key = key.encode()
        self._clock = clock or (lambda: datetime.now(UTC))

    def new_code(self, uow: UnitOfWork, session_id: str) -> NewCode | None:
        """A code for the customer whose session it is; None when it is nobody's, or not proven
        well enough. Commits."""
        now = self._clock()
        customer = customer_of_session(uow, session_id, Capability.LINK_CHAT, now=now)
        return self.code_for(uow, customer) if customer is not None else None

    def code_for(self, uow: UnitOfWork, customer: Customer) -> NewCode:
        """A code for this customer, whom the caller has proven; earlier ones end. Commits."""
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        code = f"{letters[:4]}-{letters[4:]}"
        expires_at = self._clock() + LIFETIME
        uow.channels.add_code(
            LinkCode(code_hash=self._hash(code), customer_id=customer.id, expires_at=expires_at)
        )
        uow.commit()
        return NewCode(code, expires_at)

    def redeem(
        self, uow: UnitOfWork, user: ChannelUser, code: str
    ) -> int | Literal["wrong", "refused"]:
        """The customer whose code it is. A failure counts; after `ALLOWED_FAILURES` within an hour
        right ones are refused too. The caller commits."""
        now = self._clock()
        if user.failed_since is None or now - user.failed_since > _FORGOTTEN_AFTER:
            user.failed_links, user.failed_since = 0, None
        if user.failed_links >= ALLOWED_FAILURES:
            return "refused"
        customer_id = uow.channels.use_code(self._hash(code), now)
        if customer_id is None:
            user.failed_links += 1
            user.failed_since = user.failed_since or now
            return "wrong"
        user.failed_links, user.failed_since = 0, None
        return customer_id

    def _hash(self, code: str) -> str:
        letters = code.replace("-", "").upper().encode()
        return hmac.new(self._key, b"link:" + letters, hashlib.sha256).hexdigest()
