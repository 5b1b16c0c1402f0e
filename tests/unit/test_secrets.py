"""Secrets that sign are long, random and each its own, or nothing starts."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.commands import main
from bot.settings import Settings

GOOD = "qz7Jw0Yk3vT9nB5xR1mP8sD4fG6hL2cK"  # 32 bytes
OTHER = "another-one-that-is-long-enough-0123456789"


@pytest.mark.parametrize("name", ["session_secret", "identity_secret"])
@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("a", "shorter than 32 bytes"),
        (GOOD[:31], "shorter than 32 bytes"),
        (" " * 40, "shorter than 32 bytes"),
        (GOOD[:20] + " " * 20, "shorter than 32 bytes"),
        ("change-me-please-0123456789-abcdef", "placeholder"),
        ("<at least 32 random characters here>", "placeholder"),
        ("x" * 64, "placeholder"),
        ("secret" * 8, "placeholder"),
    ],
)
def test_a_secret_that_can_be_guessed_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, secret: str, said: str
) -> None:
    monkeypatch.setenv(f"SHOPGUIDE_{name.upper()}", secret)
    with pytest.raises(ValidationError, match=f"SHOPGUIDE_{name.upper()} is.* {said}"):
        Settings(_env_file=None, state=tmp_path)


def test_good_ones_are_taken_and_two_are_never_the_same(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SHOPGUIDE_SESSION_SECRET", GOOD)
    monkeypatch.setenv("SHOPGUIDE_IDENTITY_SECRET", OTHER)
    assert Settings(_env_file=None, state=tmp_path).session_key == GOOD
    monkeypatch.setenv("SHOPGUIDE_IDENTITY_SECRET", GOOD)
    with pytest.raises(ValidationError, match="are the same"):
        Settings(_env_file=None, state=tmp_path)


def test_the_command_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SHOPGUIDE_IDENTITY_SECRET", "shop")
    monkeypatch.setattr("sys.argv", ["shopguide", "tickets"])
    assert main.main() == 1
    told = capsys.readouterr().err
    assert "SHOPGUIDE_IDENTITY_SECRET is shorter than 32 bytes" in told
    assert "openssl rand" in told
