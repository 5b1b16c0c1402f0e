"""Which platforms there are, and which of them are on: those whose settings are complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from bot.channels.channel import Channel, ChannelSettings
from bot.channels.http import Http
from bot.channels.platforms.dingtalk import DingTalk
from bot.channels.platforms.feishu import Feishu
from bot.channels.platforms.line import Line
from bot.channels.platforms.messenger import Messenger
from bot.channels.platforms.slack import Slack
from bot.channels.platforms.telegram import Telegram
from bot.channels.platforms.twilio import Twilio
from bot.channels.platforms.wechat import WeChat
from bot.channels.platforms.wecom import WeCom
from bot.channels.platforms.whatsapp import WhatsApp

CHANNELS: tuple[type[Channel], ...] = (
    Telegram,
    Slack,
    WeCom,
    WhatsApp,
    Messenger,
    WeChat,
    Feishu,
    Line,
    Twilio,
    DingTalk,
)


@dataclass(frozen=True)
class State:
    """One platform as it is set. `missing` are the names of settings it cannot do without, and
    `wrong` those with a value that cannot be; `begun` says that some of its settings are there."""

    channel: type[Channel]
    settings: ChannelSettings | None
    missing: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    begun: bool = False

    @property
    def on(self) -> bool:
        return self.settings is not None

    def complaint(self) -> str:
        """Why it is off."""
        parts = []
        if self.missing:
            parts.append(f"set {', '.join(self.missing)}")
        if self.wrong:
            parts.append(f"correct {', '.join(self.wrong)}")
        return "; ".join(parts)

    @property
    def webhook(self) -> str:
        return f"/channels/{self.channel.name}"


Read = Callable[[type[ChannelSettings]], ChannelSettings]


def _from_environment(block: type[ChannelSettings]) -> ChannelSettings:
    return block()


def states(read: Read = _from_environment) -> list[State]:
    return [_state(channel, read) for channel in CHANNELS]


def _state(channel: type[Channel], read: Read) -> State:
    try:
        return State(channel, read(channel.Settings), begun=True)
    except ValidationError as error:
        prefix = channel.Settings.model_config.get("env_prefix", "")
        named: dict[bool, list[str]] = {True: [], False: []}
        for problem in error.errors():
            place = str(problem["loc"][0]) if problem["loc"] else ""
            named[problem["type"] == "missing"].append(f"{prefix}{place.upper()}")
        needed = [f for f in channel.Settings.model_fields.values() if f.is_required()]
        begun = len(named[True]) < len(needed)
        return State(channel, None, named[True], named[False], begun)


def make(http: Http, public_url: str, read: Read = _from_environment) -> list[Channel]:
    """The platforms that are on."""
    return [
        state.channel(state.settings, http, public_url=public_url)
        for state in states(read)
        if state.on
    ]
