"""Where things are, and the few settings that the set-up must know before it can install pydantic.

bot/settings.py owns the settings; here the same names are read in the same order (the environment,
then the .env file), no more of them than the set-up uses.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

GENERATOR = "qwen2.5-1.5b"
SEARCH = "search"
JUDGE = "judge"
DEMO = "demo/shop"


def read_env_file(path: Path) -> dict[str, str]:
    """NAME=value lines; comments, blank lines, `export` and quotes as people write them."""
    values: dict[str, str] = {}
    if not path.is_file():
        return values
    for line in path.read_text(encoding="utf-8").splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if not equals or name.startswith("#"):
            continue
        value = value.strip()
        if value[:1] in {'"', "'"}:
            value = value[1:].partition(value[0])[0]
        else:
            value = value.partition(" #")[0].rstrip()
        values[name.strip()] = value
    return values


@dataclass(frozen=True)
class Places:
    """The folders, files and settings of one installation."""

    root: Path = ROOT

    @cached_property
    def _env_file(self) -> dict[str, str]:
        return read_env_file(self.root / ".env")

    def setting(self, name: str, default: str = "") -> str:
        """SHOPGUIDE_<name> from the environment, else from .env, else the default."""
        key = f"SHOPGUIDE_{name.upper()}"
        return os.environ.get(key) or self._env_file.get(key) or default

    @property
    def locks(self) -> Path:
        return self.root / "install" / "locks"

    @property
    def rasa_lock(self) -> Path:
        return self.root / "bot" / "rasa" / "requirements.txt"

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def rasa_venv(self) -> Path:
        return self.root / ".venv-rasa"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def rasa_python(self) -> Path:
        return self.rasa_venv / "bin" / "python"

    @property
    def uv(self) -> Path:
        return self.venv / "bin" / "uv"

    @property
    def command(self) -> Path:
        return self.venv / "bin" / "shopguide"

    @property
    def state(self) -> Path:
        return self.root / Path(self.setting("state", "var")).expanduser()

    @property
    def logs(self) -> Path:
        return self.state / "log"

    @property
    def stamps(self) -> Path:
        return self.state / "setup"

    @property
    def imported(self) -> Path:
        """When `shopguide import` last changed the catalogue; absent before."""
        return self.stamps / "imported"

    @property
    def holder(self) -> Path:
        """Whose state this is: holds the folder of the shop."""
        return self.stamps / "shop"

    @property
    def database_url(self) -> str:
        return self.setting("database_url", f"sqlite:///{self.state / 'shop.db'}")

    @property
    def database_file(self) -> Path | None:
        """The SQLite file, or None when the database is a server."""
        _, found, path = self.database_url.partition("sqlite:///")
        return self.root / path if found else None

    @property
    def index(self) -> Path:
        return self.state / "index"

    @property
    def pages(self) -> Path:
        """What `shopguide index` added beside the shop's documents."""
        return self.state / "pages"

    @property
    def rasa_model(self) -> Path:
        return self.state / "rasa" / "model.tar.gz"

    @property
    def shop(self) -> Path:
        """The folder of the shop: who it is, its rules, its pages."""
        return self.root / Path(self.setting("shop", DEMO)).expanduser()

    @property
    def catalogue(self) -> tuple[Path, ...]:
        """What an empty database is filled with, and the terms by which it is read."""
        return (self.shop / "catalogue", self.shop / "shop.yaml")

    @property
    def is_demo(self) -> bool:
        return self.shop.resolve() == (self.root / DEMO).resolve()

    @property
    def asks_for_demo(self) -> bool:
        """Whether the demo shop is wanted: it is named, or nothing is set at all. A state or a
        database of one's own without a shop never gets it by itself."""
        return self.is_demo and bool(
            self.setting("shop") or not (self.setting("state") or self.setting("database_url"))
        )

    @property
    def embedder(self) -> str:
        return self.setting("embedder", SEARCH)

    @property
    def generator(self) -> str:
        return self.setting("generator", GENERATOR)

    @property
    def weights(self) -> Path:
        """The cache of the weights package (weights/ reads the same two variables)."""
        own = os.environ.get("SHOPGUIDE_WEIGHTS")
        if own:
            return Path(own).expanduser()
        cache = os.environ.get("XDG_CACHE_HOME")
        return (Path(cache) if cache else Path.home() / ".cache") / "shopguide" / "weights"
