"""All configuration, typed, read once from the environment (prefix SHOPGUIDE_) or a .env file.

Every field is a setting: SHOPGUIDE_GENERATOR=off, SHOPGUIDE_PORT=9000, … README.md lists them in
one table, which a test compares with this class.
"""

from __future__ import annotations

import ipaddress
import json
import re
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.attachments import KINDS
from data.experiments.assignment import Experiment

# What an experiment's arm can recommend by: the best there is for this customer, the same without
# trained models, or what everybody buys.
MODELS = ("personal", "counts", "popular")
ROOT = Path(__file__).resolve().parent.parent

# Relative folders count from the checkout, wherever a command is called.
Folder = Annotated[Path, AfterValidator(lambda path: ROOT / path)]


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


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="SHOPGUIDE_", env_file=ROOT / ".env", extra="ignore"
    )

    state: Folder = Field(
        ROOT / "var", description="folder for the database, index, model and logs"
    )
    database_url: str = Field("", description="SQLite or PostgreSQL; empty: STATE/shop.db")
    rules: Folder = Field(ROOT / "data/demo/rules.yaml", description="the shop's rules")
    documents: Folder = Field(
        ROOT / "data/demo/documents", description="the shop's documents, a folder a language"
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
    embedder: str = Field("e5-small", description="a known name, a folder, or a hub name")
    answer_deadline_s: float = Field(
        8.0, description="seconds until a quote replaces the generator"
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
    session_hours: int = Field(24, description="life of a session")
    keep_days: int = Field(
        180, ge=1, description="days after its end that `shopguide purge` leaves a conversation"
    )
    keep_files: Annotated[str, AfterValidator(_kinds)] = Field(
        "",
        description="what customers send on messaging platforms that is kept for agents: "
        "`picture,voice,video,file` or some of them; empty: nothing",
    )
    keep_file_mb: int = Field(10, ge=1, le=100, description="largest of these that is kept, in MB")

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
        True, description="serve the demo shop's pages; whoever opens them may be a demo customer"
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
    def actions_url(self) -> str:
        return f"http://{self.actions_host}:{self.actions_port}/webhook"

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def index_folder(self) -> Path:
        return self.state / "index"

    @property
    def recommend_folder(self) -> Path:
        return self.state / "recommend"

    @cached_property
    def _kept_secrets(self) -> dict[str, str]:
        path = self.state / "secrets.json"
        if not path.exists():
            self.state.mkdir(parents=True, exist_ok=True)
            kept = {"session": secrets.token_urlsafe(48), "identity": secrets.token_urlsafe(48)}
            path.touch(mode=0o600)
            path.write_text(json.dumps(kept))
        kept = json.loads(path.read_text())
        return {str(name): str(value) for name, value in kept.items()}

    @property
    def session_key(self) -> str:
        return self.session_secret.get_secret_value() or self._kept_secrets["session"]

    @property
    def identity_key(self) -> str:
        return self.identity_secret.get_secret_value() or self._kept_secrets["identity"]
