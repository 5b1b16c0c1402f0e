"""README.md keeps up with the code: its table of settings and its list of folders."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot.settings import ROOT, Settings

README = (ROOT / "README.md").read_text("utf-8")


def _default(value: object) -> str:
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, Path):
        value = value.relative_to(ROOT)
    if isinstance(value, bool):
        value = str(value).lower()
    return f"`{value}`" if value != "" else ""


def settings_table() -> str:
    rows = [
        f"| `SHOPGUIDE_{name.upper()}` | {_default(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| setting | default | meaning |", "|---|---|---|", *rows])


def test_the_table_of_settings_is_the_settings_class() -> None:
    table = settings_table()
    assert table in README, f"README.md's table of settings is stale; it should read:\n{table}"


def test_every_folder_is_explained() -> None:
    hidden = {"tests", "docs", "var", "build"}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - hidden
    for name in packages:
        assert f"`{name}/`" in README, f"README.md does not explain {name}/"
