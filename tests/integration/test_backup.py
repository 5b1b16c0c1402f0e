"""A backup holds what cannot be made again, and a restore puts it back: on SQLite and PostgreSQL,
from one into the other, and from an older version."""

from __future__ import annotations

import stat
import tarfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from data_rows import NOW, fill
from everywhere import holding, row, tracker
from sqlalchemy import Engine, create_engine, text
from typer.testing import CliRunner

from bot.commands.backup import NoBackup, backup, restore
from bot.commands.main import app
from bot.settings import Settings
from data import migrations
from data.copying import NotEmpty, OtherVersion
from data.models import Base, ChatMessage, ChatSession
from data.unit_of_work import UnitOfWork

WORD = "Elmroad"
Units = Callable[[], UnitOfWork]


@pytest.fixture
def settings(tmp_path: Path, database: str) -> Settings:
    state = tmp_path / "state"
    state.mkdir()
    (state / "secrets.json").write_text('{"session": "s", "identity": "i"}')
    tracker(state, [("talk", NOW, WORD)])
    return Settings(_env_file=None, state=state, database_url=database)


def filled(new_uow: Units) -> None:
    with new_uow() as uow:
        fill(uow)
        uow.session.add(ChatSession(id="talk", created_at=NOW, expires_at=NOW + timedelta(days=1)))
        uow.session.flush()
        uow.session.add(row(ChatMessage, WORD, NOW, {"chat_sessions": "talk"}))
        uow.commit()


def everything(engine: Engine) -> dict[str, list[Any]]:
    with engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select())))
            for table in Base.metadata.sorted_tables
        }


def test_what_was_saved_comes_back_row_by_row(
    settings: Settings, engine: Engine, new_uow: Units, tmp_path: Path
) -> None:
    filled(new_uow)
    before = everything(engine)
    file = tmp_path / "shop.tar.gz"
    saved = backup(settings, file)
    assert (saved.events, saved.secrets) == (1, True)
    assert saved.rows == sum(map(len, before.values()))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with tarfile.open(file) as archive:
        assert archive.getnames() == ["shop.db", "tracker.db", "secrets.json"]

    with new_uow() as uow:  # what came after it goes
        uow.session.add(ChatSession(id="later", created_at=NOW, expires_at=NOW))
        uow.commit()
    with pytest.raises(NotEmpty, match="--replace"):
        restore(settings, file)
    (settings.state / "secrets.json").write_text("{}")
    assert restore(settings, file, replace=True).rows == saved.rows
    assert everything(engine) == before
    assert '"session"' in (settings.state / "secrets.json").read_text()
    assert {"chat_messages", "tracker.db"} <= holding(engine, settings.state, WORD)
    with new_uow() as uow:  # new rows get numbers of their own
        uow.session.add(row(ChatMessage, "next", NOW, {"chat_sessions": "talk"}))
        uow.commit()


def test_into_a_new_state_and_the_other_kind_of_database(
    settings: Settings, engine: Engine, new_uow: Units, tmp_path: Path
) -> None:
    filled(new_uow)
    file = tmp_path / "shop.tar.gz"
    backup(settings, file)
    new = Settings(_env_file=None, state=tmp_path / "new", database_url="")
    new.state.mkdir()
    restore(new, file)
    other = create_engine(f"sqlite:///{tmp_path / 'new' / 'shop.db'}")
    assert everything(other) == everything(engine)
    assert stat.S_IMODE((new.state / "secrets.json").stat().st_mode) == 0o600
    assert holding(other, new.state, WORD) >= {"chat_messages", "tracker.db"}
    if engine.dialect.name == "postgresql":  # and back
        again = tmp_path / "again.tar.gz"
        backup(new, again)
        restore(settings, again, replace=True)
        assert everything(other) == everything(engine)


def test_a_backup_of_an_older_version_is_migrated(tmp_path: Path) -> None:
    old = Settings(_env_file=None, state=tmp_path / "old", database_url="")
    old.state.mkdir()
    engine = create_engine(f"sqlite:///{old.state / 'shop.db'}")
    migrations.upgrade(engine, "0010")
    with pytest.raises(OtherVersion, match="make setup"):
        backup(old, tmp_path / "old.tar.gz")
    engine.dispose()
    with tarfile.open(tmp_path / "old.tar.gz", "w:gz") as archive:
        archive.add(old.state / "shop.db", arcname="shop.db")
    new = Settings(_env_file=None, state=tmp_path / "new", database_url="")
    new.state.mkdir()
    restore(new, tmp_path / "old.tar.gz")
    engine = create_engine(f"sqlite:///{new.state / 'shop.db'}")
    assert migrations.current(engine) == migrations.head()
    engine.dispose()


def test_what_is_no_backup_changes_nothing(
    settings: Settings, engine: Engine, new_uow: Units, tmp_path: Path
) -> None:
    filled(new_uow)
    before = everything(engine)
    file = tmp_path / "shop.tar.gz"
    backup(settings, file)
    with pytest.raises(NoBackup, match="already"):
        backup(settings, file)
    half = tmp_path / "half.tar.gz"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    empty = tmp_path / "empty.tar.gz"
    with tarfile.open(empty, "w:gz"):
        pass
    for bad in (half, empty, tmp_path / "none.tar.gz"):
        with pytest.raises(NoBackup):
            restore(settings, bad, replace=True)
    assert everything(engine) == before


def test_the_commands(settings: Settings, new_uow: Units, tmp_path: Path, monkeypatch: Any) -> None:
    filled(new_uow)
    monkeypatch.setenv("SHOPGUIDE_STATE", str(settings.state))
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", settings.database_url)
    file = tmp_path / "shop.tar.gz"
    told = CliRunner().invoke(app, ["backup", str(file)])
    assert told.exit_code == 0, told.output
    assert "1 events, with keys." in told.output
    told = CliRunner().invoke(app, ["restore", str(file), "--replace"])
    assert told.exit_code == 0, told.output
    with new_uow() as uow, uow.session.get_bind().connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM chat_messages")).scalar_one() > 0
