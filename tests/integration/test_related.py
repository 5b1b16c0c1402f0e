"""`shopguide related` on the demo shop: companions and substitutes as the assistant has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.commands import main
from tests.integration.talking import demo_services


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    demo_services(tmp_path)
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.delenv("SHOPGUIDE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "160")


def related(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["shopguide", "related", *arguments])
    try:
        code = main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


@pytest.mark.parametrize("name", ["Ridgeline 2", "岭线双人帐"])
def test_a_tent_has_companions_and_other_tents_instead(
    name: str, shop: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, told, _ = related(monkeypatch, capsys, name)
    assert code == 0
    companions, substitutes = told.split("Instead of")
    assert "customers" in companions
    assert "Footprint" in companions
    assert " Tent" in substitutes
    assert "Footprint" not in substitutes


def test_what_the_shop_does_not_have_is_a_sentence(
    shop: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, error = related(monkeypatch, capsys, "qwerty")
    assert code == 1
    assert "no product “qwerty”" in error
