"""The gateway of the benchmark `channels`, a process of its own: run as the assistant is, all real
but Rasa, whose place an echo takes. Prints its address; ends when it is told to (SIGTERM)."""

from __future__ import annotations

import sys
from pathlib import Path

import uvloop
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.app import create_app
from bot.channels.http import Http
from bot.channels.platforms.telegram import Telegram, TelegramSettings
from bot.channels.webhooks import webhooks
from bot.commands.serve import Parts, run
from bot.gateway import logs
from bot.runtime.processes import free_port
from tests.unit.fake_gateway import make_channels, make_gateway

SECRET = "the-secret-of-the-webhook-that-is-long"
TOKEN = "123456:a-token"
_HERE = "127.0.0.1"
_LIMITS = ("messages_per_minute", "address_messages_per_minute", "shop_messages_per_minute")


def main(folder: Path, api: str) -> None:
    port = free_port(_HERE, 0)
    gateway = make_gateway(
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
    channels = make_channels([Telegram(settings, http)], gateway, http)
    public = create_app(gateway, routers=[webhooks(channels)], link_codes=channels)
    logs.configure(gateway.settings.log_level)
    uvloop.run(
        run(
            gateway.settings,
            lambda: Parts(public, Starlette(), gateway.rasa.ready, "", gateway.retire),
            None,
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
