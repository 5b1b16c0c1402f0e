"""Which platforms are on, and that what is written about their settings is true."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from bot.channels import registry
from bot.settings import ROOT


def setting_rows() -> list[tuple[str, str, str]]:
    """(name, default, meaning) of every platform's block."""
    rows = []
    for channel in registry.CHANNELS:
        prefix = channel.Settings.model_config["env_prefix"]
        assert prefix == f"SHOPGUIDE_{channel.name.upper()}_"
        for name, field in channel.Settings.model_fields.items():
            default = "" if field.is_required() else field.default
            if isinstance(default, SecretStr):
                default = default.get_secret_value()
            if isinstance(default, bool):
                default = str(default).lower()
            rows.append((f"{prefix}{name.upper()}", str(default), field.description or ""))
    return rows


def test_the_table_of_settings_is_what_the_platforms_read() -> None:
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    for name, default, meaning in setting_rows():
        shown = f"`{default}`" if default else ""
        lines.append(f"| `{name}` | {shown} | {meaning} |")
    table = "\n".join(lines)
    page = (ROOT / "docs/channels.md").read_text("utf-8")
    assert table in page, f"docs/channels.md's table is stale; it should read:\n{table}"


def test_the_example_holds_every_setting() -> None:
    example = (ROOT / ".env.example").read_text("utf-8")
    for name, default, meaning in setting_rows():
        assert f"# {meaning}\n#{name}={default}\n" in example, name


def test_a_platform_is_on_when_its_settings_are_complete(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, _, _ in setting_rows():
        monkeypatch.delenv(name, raising=False)

    def state() -> registry.State:
        read = registry.states(lambda block: block(_env_file=None))
        return next(found for found in read if found.channel.name == "telegram")

    assert (state().on, state().begun) == (False, False)
    monkeypatch.setenv("SHOPGUIDE_TELEGRAM_TOKEN", "t")
    monkeypatch.setenv("SHOPGUIDE_TELEGRAM_SECRET", "")
    assert (state().on, state().begun) == (False, True)
    assert state().complaint() == "set SHOPGUIDE_TELEGRAM_SECRET"
    for weak in ("s", " ", "a" * 40):
        monkeypatch.setenv("SHOPGUIDE_TELEGRAM_SECRET", weak)
        assert state().complaint() == "correct SHOPGUIDE_TELEGRAM_SECRET"
    monkeypatch.setenv("SHOPGUIDE_TELEGRAM_SECRET", "qz7Jw0Yk3vT9nB5xR1mP8sD4fG6hL2cK")
    assert state().on
