"""All configuration, typed, read once from the environment (prefix SHOPGUIDE_) or a .env file.

Every field is a setting: SHOPGUIDE_GENERATOR=off, SHOPGUIDE_PORT=9000, … README.md lists them in
one table, which a test compares with this class.
"""

from __future__ import annotations

import json
import secrets
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent

# Relative folders count from the checkout, wherever a command is called.
Folder = Annotated[Path, AfterValidator(lambda path: ROOT / path)]


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
    session_hours: int = Field(24, description="life of a session")
    message_chars: int = Field(2000, description="longest message taken")
    messages_per_minute: int = Field(30, description="per session; bursts up to a third of it")
    sessions_per_minute: int = Field(60, description="per address")
    open_streams: int = Field(2, description="answers under way per session")

    offers: bool = Field(
        True, description="offer a fitting product unasked, at most once in five turns"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="least level"
    )
    log_texts: bool = Field(False, description="log what people write; only with their consent")

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.state / 'shop.db'}"

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
