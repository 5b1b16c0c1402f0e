"""The page at "/" of a shop that is not the demo."""

from __future__ import annotations

from pathlib import Path

from starlette.testclient import TestClient

from bot.commands.trial import create_trial
from data.rules import ShopRules


def test_the_shops_name_and_the_widget(tmp_path: Path) -> None:
    (tmp_path / "shop.yaml").write_text(
        "name: Maple <&> Main\nlanguages: [en]\ncountry: US\ncurrency: USD\n"
        "timezone: America/New_York\n"
    )
    client = TestClient(create_trial(ShopRules.load(tmp_path)))
    page = client.get("/")
    assert page.status_code == 200
    assert "Maple &lt;&amp;&gt; Main" in page.text
    assert '<script src="/widget.js" defer data-language="en">' in page.text
    assert client.get("/cart").status_code == 404
