"""The gateway of the benchmark `channels`, a process of its own: everything real but Rasa, whose
place an echo takes. Prints its address; ends when its input does."""

from __future__ import annotations

import sys
from pathlib import Path

from pydantic import SecretStr

from bot.channels.http import Http
from bot.channels.service import Channels
from bot.channels.telegram import Telegram, TelegramSettings
from tests.unit.fake_gateway import listening, make_door

SECRET = "the-secret-of-the-webhook"
TOKEN = "123456:a-token"
_LIMITS = ("messages_per_minute", "address_messages_per_minute", "shop_messages_per_minute")


def main(folder: Path, api: str) -> None:
    door = make_door(folder, **dict.fromkeys(_LIMITS, 10_000_000))
    settings = TelegramSettings(
        _env_file=None, token=SecretStr(TOKEN), secret=SecretStr(SECRET), api=api
    )
    http = Http()
    channels = Channels([Telegram(settings, http)], door, door.unit_of_work, http=http)
    with listening(door, channels) as url:
        print(url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
