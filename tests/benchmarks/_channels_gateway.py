"""The gateway of the benchmark `channels`, a process of its own: run as the assistant is, all real
but Rasa, whose place an echo takes. Prints its address; ends when it is told to (SIGTERM)."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.channels.http import Http
from bot.channels.service import Channels
from bot.channels.telegram import Telegram, TelegramSettings
from bot.gateway import logs
from bot.gateway.app import create_app
from bot.processes import free_port
from bot.system import Parts, run
from tests.unit.fake_gateway import make_door

SECRET = "the-secret-of-the-webhook"
TOKEN = "123456:a-token"
_HERE = "127.0.0.1"
_LIMITS = ("messages_per_minute", "address_messages_per_minute", "shop_messages_per_minute")


def main(folder: Path, api: str) -> None:
    port = free_port(_HERE, 0)
    door = make_door(
        folder,
        port=port,
        actions_port=free_port(_HERE, 0),
        demo_shop=False,
        **dict.fromkeys(_LIMITS, 10_000_000),
    )
    settings = TelegramSettings(
        _env_file=None, token=SecretStr(TOKEN), secret=SecretStr(SECRET), api=api
    )
    http = Http()
    channels = Channels([Telegram(settings, http)], door, door.unit_of_work, http=http)
    public = create_app(door, channels=channels)
    logs.configure(door.settings.log_level)
    uvloop.run(
        run(
            door.settings,
            lambda: Parts(public, Starlette(), door.rasa.ready, "", door.retire),
            None,
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
