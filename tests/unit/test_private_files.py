"""What the assistant writes is for the account that runs it alone, from the first moment on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.settings import ROOT, Settings

# Each writes into the state folder and starts by itself.
PROGRAMS = {
    "data.prepare": ["-m", "data.prepare", "--database", "sqlite:///{state}/shop.db"],
    "demo": ["-m", "demo", "--database", "sqlite:///{state}/shop.db"],
    "shopguide": ["-m", "bot.commands.main", "purge"],
    "lookups": ["-m", "bot.commands.lookups"],
    "data.importer": [
        *("-m", "data.importer", "tests/shops/pets/catalogue", "--shop", "tests/shops/pets"),
        *("--database", "sqlite:///{state}/shop.db"),
    ],
}


def readable_by_others(folder: Path) -> list[str]:
    return [str(p) for p in (folder, *folder.rglob("*")) if p.stat().st_mode & 0o077]


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_writes_is_private(name: str, tmp_path: Path) -> None:
    state = tmp_path / "made" / "state"
    state.mkdir(parents=True, mode=0o700)
    nested = state / "deeper"
    arguments = [part.format(state=nested) for part in PROGRAMS[name]]
    before = os.umask(0o022)  # as most machines have it
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=ROOT,
            env={**os.environ, "SHOPGUIDE_STATE": str(nested), "SHOPGUIDE_DATABASE_URL": ""},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.umask(before)
    assert list(nested.rglob("*")), done.stderr
    assert readable_by_others(state) == []


def test_of_two_that_make_the_keys_the_first_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, state=tmp_path)
    link = os.link

    def later(made: str, path: Path) -> None:
        path.write_text('{"session": "another process", "identity": "made them"}', "utf-8")
        link(made, path)

    monkeypatch.setattr(os, "link", later)
    assert settings.session_key == "another process"
    assert [each.name for each in tmp_path.iterdir()] == ["secrets.json"]


def test_the_keys_are_private(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert Settings(_env_file=None, state=tmp_path / "state").session_key
    finally:
        os.umask(before)
    assert readable_by_others(tmp_path / "state") == []
