"""All configuration, typed, read once from the environment (prefix SHOPGUIDE_) or a .env file.

Every field is a setting: SHOPGUIDE_GENERATOR=off, SHOPGUIDE_PORT=9000, … README.md lists them in
one table, which a test compares with this class.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
import os
import re
import secrets
import tempfile
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.attachments import KINDS
from data.attempts import Guard
from data.experiments.assignment import Experiment

# What an experiment's arm can recommend by: the best there is for this customer, the same without
# trained models, or what everybody buys.
MODELS = ("personal", "counts", "popular")
ROOT = Path(__file__).resolve().parent.parent

DEMO = "demo/shop"  # the shop that comes along

# Relative folders count from the checkout, wherever a command is called.
Folder = Annotated[Path, AfterValidator(lambda path: ROOT / path.expanduser())]


def listed(setting: str) -> list[str]:
    """The entries of a setting with commas."""
    return [entry.strip() for entry in setting.split(",") if entry.strip()]


def _origins(setting: str) -> str:
    for origin in listed(setting):
        if not re.fullmatch(r"https?://[^/\s*]+", origin):
            raise ValueError(f"“{origin}” is no origin; write https://shop.example, without a path")
    return setting


def _networks(setting: str) -> str:
    for network in listed(setting):
        ipaddress.ip_network(network)  # its error says what is wrong
    return setting


def _notified(setting: str) -> str:
    url = urlsplit(setting)
    here = url.hostname in ("127.0.0.1", "localhost")
    if setting and not (
        url.hostname and (url.scheme == "https" or (url.scheme == "http" and here))
    ):
        raise ValueError("write an https address; http is for this machine alone")
    return setting


def _kinds(setting: str) -> str:
    unknown = set(listed(setting)) - set(KINDS)
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))} is nothing that customers send; known are "
            f"{', '.join(KINDS)}"
        )
    return setting


def _experiment(setting: str) -> str:
    if setting:
        unknown = set(Experiment.parse(setting).arms) - set(MODELS)
        if unknown:
            raise ValueError(
                f"{', '.join(sorted(unknown))} is no way to recommend; known are "
                f"{', '.join(MODELS)}"
            )
    return setting


# HS256 is as strong as its key up to the 256 bits of its hash (RFC 7518, 3.2).
_LEAST_BYTES = 32
# Random texts of that length have many more, repeated words fewer.
_LEAST_DISTINCT = 10
_PLACEHOLDER = re.compile(r"(?:change|replace)[-_ ]?(?:me|this)|placeholder|<.*>", re.I)
_MAKE_ONE = "make one by `openssl rand -base64 48`"


def weakness(secret: str) -> str | None:
    """What is wrong with a secret that signs, to follow its name; None when nothing is."""
    if len(secret.strip().encode()) < _LEAST_BYTES:
        return f"is shorter than {_LEAST_BYTES} bytes"
    if _PLACEHOLDER.search(secret) or len(set(secret)) < _LEAST_DISTINCT:
        return "is a placeholder"
    return None


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SHOPGUIDE_", env_file=ROOT / ".env", extra="ignore"
    )

    state: Folder = Field(
        ROOT / "var", description="folder for the database, index, model and logs"
    )
    database_url: str = Field("", description="SQLite or PostgreSQL; empty: STATE/shop.db")
    shop: Folder = Field(
        ROOT / DEMO, description="the shop: the folder with its `shop.yaml`, rules and pages"
    )

    host: str = Field("127.0.0.1", description="address of the public door")
    port: int = Field(8080, description="port of the public door")
    public_url: str = Field(
        "", description="address of the public door from outside, https://…; for platforms"
    )
    actions_host: str = Field(
        "127.0.0.1", description="address of the action endpoint; keep it private"
    )
    actions_port: int = Field(5055, description="port of the action endpoint")
    rasa_host: str = Field("127.0.0.1", description="where `serve` starts Rasa")
    rasa_port: int = Field(5005, description="port of Rasa")
    rasa_url: str = Field(
        "", description="a Rasa that runs elsewhere; empty: RASA_HOST and RASA_PORT"
    )

    generator: str = Field(
        "qwen2.5-1.5b", description="a known name, a folder, a hub name, a server's URL, or `off`"
    )
    generator_model: str = Field("", description="model name to ask a server for")
    generator_key: SecretStr = Field(SecretStr(""), description="API key of a server")
    generator_threads: int = Field(2, description="CPU threads of the generator")
    embedder: str = Field("search", description="a known name, a folder, or a hub name")
    answer_deadline_s: float = Field(
        6.5, description="seconds until a quote replaces the generator"
    )
    turn_timeout_s: float = Field(9.5, description="seconds until a turn is answered by an apology")

    session_secret: SecretStr = Field(
        SecretStr(""), description="signs session tokens; empty: made once and kept in STATE"
    )
    identity_secret: SecretStr = Field(
        SecretStr(""), description="shared with the shop, signs who is signed in; empty: as above"
    )
    identity_algorithm: Literal["HS256", "RS256", "ES256"] = Field(
        "HS256", description="how the shop signs who is signed in; no token can choose another"
    )
    identity_jwks_url: str = Field(
        "", description="where the shop publishes its keys for RS256 and ES256 (JWKS)"
    )
    identity_audience: str = Field("shopguide", description="`aud` of the shop's tokens")
    identity_issuer: str = Field("", description="`iss` of the shop's tokens; empty: any")
    shop_guesses_per_hour: int = Field(
        600, ge=1, description="failed proofs of who somebody is, of all customers together"
    )
    smtp_host: str = Field(
        "", description="the shop's mail server, for one-time codes; empty: no mail is sent"
    )
    smtp_port: int = Field(587, description="its port; usually 465 with `tls`")
    smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection is kept private; `none` only on this machine"
    )
    smtp_user: str = Field("", description="empty: it asks for none")
    smtp_password: SecretStr = Field(SecretStr(""), description="of SMTP_USER")
    smtp_from: str = Field("", description="the sender, e.g. `service@shop.example`")
    session_hours: int = Field(24, description="life of a session")
    keep_days: int = Field(
        180, ge=1, description="days after its end that `shopguide purge` leaves a conversation"
    )
    keep_ticket_days: int = Field(
        365, ge=1, description="days after its last change that a ticket nobody closed is left"
    )
    keep_visit_days: int = Field(
        90, ge=1, description="days that what visitors did (searches, views) is left"
    )
    keep_history_days: int = Field(
        730, ge=1, description="days that what customers did (searches, views) is left"
    )
    keep_trace_days: int = Field(
        30,
        ge=1,
        description="days that logs, copies of the database and what could not be delivered to a "
        "platform are left",
    )
    keep_files: Annotated[str, AfterValidator(_kinds)] = Field(
        "",
        description="what customers send beside words that is kept for agents: "
        "`picture,voice,video,file` or some of them; empty: nothing",
    )
    keep_file_mb: int = Field(10, ge=1, le=100, description="largest of these that is kept, in MB")
    scan_command: str = Field(
        "",
        description="a scanner for files from the website, which it reads from its standard input "
        "and passes by ending with 0: `clamdscan --no-summary -`; empty: none",
    )

    agent: str = Field(
        "", description="your name as customers see it, for `shopguide tickets`; empty: `--as NAME`"
    )
    notify_url: Annotated[str, AfterValidator(_notified)] = Field(
        "", description="an https address of yours that is told of tickets and new lines"
    )
    notify_secret: SecretStr = Field(
        SecretStr(""), description="signs what NOTIFY_URL is told (HMAC-SHA256), 32 bytes or more"
    )
    notify_email: str = Field(
        "", description="who gets a mail of tickets and new lines, with commas; needs SMTP_HOST"
    )

    redis_url: str = Field(
        "", description="Redis, where several gateways and Rasa processes meet; empty: one of each"
    )
    allowed_origins: Annotated[str, AfterValidator(_origins)] = Field(
        "",
        description="other origins whose pages may talk to the assistant, e.g. "
        "`https://shop.example,https://m.shop.example`; empty: only its own",
    )
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        "",
        description="addresses or networks of the proxies before the door, with commas; "
        "only their X-Forwarded-For is believed",
    )
    message_chars: int = Field(2000, description="longest message taken")
    messages_per_minute: int = Field(30, description="per session; bursts up to a third of it")
    address_messages_per_minute: int = Field(300, description="per address; bursts likewise")
    shop_messages_per_minute: int = Field(6000, description="of all customers; bursts likewise")
    sessions_per_minute: int = Field(60, description="per address")
    shop_sessions_per_minute: int = Field(1200, description="of all customers")
    open_streams: int = Field(2, description="answers under way per session")
    sockets: int = Field(5000, description="open WebSockets of this process")
    sockets_per_session: int = Field(8, description="open WebSockets of one conversation")
    sockets_per_address: int = Field(200, description="open WebSockets of one address")
    socket_idle_s: float = Field(
        300, description="seconds of silence until a WebSocket is closed; the widget pings sooner"
    )
    request_timeout_s: float = Field(15, description="seconds in which a request must have arrived")
    send_timeout_s: float = Field(
        15, description="seconds that a reader may take nothing until the connection is cut"
    )

    offers: bool = Field(
        True, description="offer a fitting product unasked, at most once in five turns"
    )
    exploration: float = Field(
        0.1,
        ge=0,
        le=1,
        description="share of the places in recommendations for products that few have bought yet",
    )
    experiment: Annotated[str, AfterValidator(_experiment)] = Field(
        "",
        description="compares ways to recommend: `NAME: popular=50, personal=50`; empty: none",
    )
    demo_shop: bool = Field(
        True,
        description="serve a page to try it on: the demo shop's, where anybody may be a demo "
        "customer, or a plain one",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level"
    )
    log_texts: bool = Field(False, description="log what people write; only with their consent")

    @model_validator(mode="after")
    def _keys_for_the_algorithm(self) -> Self:
        needed = self.identity_algorithm != "HS256"
        url = urlsplit(self.identity_jwks_url)
        safe = url.scheme == "https" or url.hostname in ("127.0.0.1", "localhost")
        if needed and not (safe and url.hostname):
            raise ValueError(
                f"SHOPGUIDE_IDENTITY_ALGORITHM={self.identity_algorithm} needs "
                "SHOPGUIDE_IDENTITY_JWKS_URL, an https address"
            )
        return self

    @model_validator(mode="after")
    def _secrets_that_hold(self) -> Self:
        """A short secret is found offline by whoever holds one token that it signed."""
        own = {
            "SHOPGUIDE_SESSION_SECRET": self.session_secret.get_secret_value(),
            "SHOPGUIDE_IDENTITY_SECRET": self.identity_secret.get_secret_value(),
        }
        for name, secret in own.items():
            if secret and (complaint := weakness(secret)):
                raise ValueError(f"{name} {complaint}; {_MAKE_ONE}")
        first, second = own.values()
        if first and first == second:
            raise ValueError(
                "SHOPGUIDE_SESSION_SECRET and SHOPGUIDE_IDENTITY_SECRET are the same; make another "
                "one, or whoever signs customers in could open any conversation"
            )
        return self

    @model_validator(mode="after")
    def _mail_from_somebody(self) -> Self:
        if self.smtp_host and "@" not in self.smtp_from:
            raise ValueError(
                "SHOPGUIDE_SMTP_HOST needs SHOPGUIDE_SMTP_FROM, the shop's address that codes "
                "come from"
            )
        return self

    @model_validator(mode="after")
    def _notices_that_are_signed(self) -> Self:
        secret = self.notify_secret.get_secret_value()
        if self.notify_url and (complaint := weakness(secret)):
            raise ValueError(
                f"SHOPGUIDE_NOTIFY_URL needs SHOPGUIDE_NOTIFY_SECRET, which {complaint}; "
                f"{_MAKE_ONE}"
            )
        if self.notify_email and not self.smtp_host:
            raise ValueError("SHOPGUIDE_NOTIFY_EMAIL needs SHOPGUIDE_SMTP_HOST, the mail server")
        return self

    @property
    def is_demo(self) -> bool:
        """Whether the shop is the one that comes along."""
        return self.shop.resolve() == ROOT / DEMO

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state / 'shop.db'}"

    @property
    def kept_files(self) -> frozenset[str]:
        return frozenset(listed(self.keep_files))

    @property
    def rasa(self) -> str:
        return self.rasa_url or f"http://{self.rasa_host}:{self.rasa_port}"

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def index_folder(self) -> Path:
        return self.state / "index"

    @property
    def pages_folder(self) -> Path:
        """What `shopguide index` added beside the shop's documents."""
        return self.state / "pages"

    @property
    def recommend_folder(self) -> Path:
        return self.state / "recommend"

    @property
    def language_folder(self) -> Path:
        return self.state / "language"

    @cached_property
    def _kept_secrets(self) -> dict[str, str]:
        path = self.state / "secrets.json"
        if not path.exists():
            self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
            kept = {"session": secrets.token_urlsafe(48), "identity": secrets.token_urlsafe(48)}
            # Whole or not there at all; of processes that start together the first one's stay.
            with tempfile.NamedTemporaryFile("w", dir=self.state, prefix=".secrets-") as made:
                json.dump(kept, made)
                made.flush()
                with suppress(FileExistsError):
                    os.link(made.name, path)
        kept = json.loads(path.read_text())
        return {str(name): str(value) for name, value in kept.items()}

    @property
    def session_key(self) -> str:
        return self.session_secret.get_secret_value() or self._kept_secrets["session"]

    @property
    def guard(self) -> Guard:
        """What guesses at who somebody is are counted by."""
        return Guard(self.session_key.encode(), self.shop_guesses_per_hour)

    @property
    def storefront_key(self) -> str:
        """What the demo shop's pages sign its customers in with: never the key that a real shop
        shares, and taken only where the demo shop is served."""
        key = self.session_key.encode()
        return hmac.new(key, b"the demo shop's pages", hashlib.sha256).hexdigest()

    @property
    def identity_key(self) -> str:
        return self.identity_secret.get_secret_value() or self._kept_secrets["identity"]
