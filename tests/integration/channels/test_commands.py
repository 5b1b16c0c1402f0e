"""`shopguide channels`: what waits, sending again, codes, and a platform played in the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.channels import registry
from bot.channels.delivery import rows_of
from bot.commands.main import app
from bot.runtime.processes import free_port
from bot.wording.phrases import phrase
from data.unit_of_work import UnitOfWork
from tests.integration.channels.platform import shop
from tests.integration.channels.telegram import FakeTelegram
from tests.unit.fake_gateway import EMAIL, SESSION_KEY, make_units


def channels(*words: str, said: str = "") -> str:
    done = CliRunner().invoke(app, ["channels", *words], input=said)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A shop's folder, and no platform set."""
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.setenv("SHOPGUIDE_SESSION_SECRET", SESSION_KEY)
    for channel in registry.CHANNELS:
        prefix = channel.Settings.model_config["env_prefix"]
        for name in channel.Settings.model_fields:
            monkeypatch.setenv(f"{prefix}{name.upper()}", "")
    make_units(tmp_path)
    return tmp_path


def test_dead_letters_are_listed_and_sent_again(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with make_units(state)() as uow:
        _bury(uow, "telegram", "1")
        _bury(uow, "slack", "2")
    monkeypatch.setenv("SHOPGUIDE_SLACK_TOKEN", "xoxb-1")
    listed = channels("list")
    assert "Slack                   off: set SHOPGUIDE_SLACK_SIGNING_SECRET; 1 dead" in listed
    assert "Telegram                off: set SHOPGUIDE_TELEGRAM_TOKEN" in listed
    assert listed.count("dead letter of") == 2
    assert "telegram: the customer is gone" in listed
    assert channels("retry", "telegram") == "1 to be sent again.\n"
    assert channels("retry", "telegram") == "There are no dead letters.\n"
    assert channels("retry") == "1 to be sent again.\n"
    assert "1 waiting" in channels("list")


def _bury(uow: UnitOfWork, channel: str, key: str) -> None:
    [row] = rows_of((channel, "1"), key, [{"text": "hello"}], datetime.now(UTC))
    uow.channels.put([row])
    uow.channels.bury(row["key"], "the customer is gone")
    uow.commit()


def played(state: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> list[str]:
    """What the bot answers in a conversation, Telegram played by the command."""
    fake = FakeTelegram()
    fake.url = f"http://127.0.0.1:{free_port('127.0.0.1', 0)}"
    for name, value in fake.environment():
        monkeypatch.setenv(f"SHOPGUIDE_{name.upper()}", value)
    with shop(fake, state) as running:
        shown = channels("simulate", "telegram", "--url", running.url, said=said)
    return [line.removeprefix("bot> ") for line in shown.splitlines() if line.startswith("bot> ")]


def test_a_platform_is_played_in_the_terminal(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = channels("code", EMAIL).split()[0]
    first, second = played(state, monkeypatch, f"帐篷 <b>\n\nlink {code}\n")
    assert first == "You said: 帐篷 <b>"
    assert second == phrase("channel.linked", "en", name="林悦")


def test_what_cannot_be_played_is_said(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*words: str) -> str:
        done = CliRunner().invoke(app, ["channels", *words])
        assert done.exit_code != 0
        return done.output + str(done.exception or "")

    assert "these can: telegram" in refused("simulate", "slack")
    for name, value in FakeTelegram().environment():
        monkeypatch.setenv(f"SHOPGUIDE_{name.upper()}", value or "https://api.telegram.org")
    assert "Set SHOPGUIDE_TELEGRAM_API=http://127.0.0.1:8099" in refused("simulate", "telegram")
    assert "there are telegram, slack" in " ".join(refused("retry", "telegramm").split())
    assert "No customer" in refused("code", "nobody@example.com")
