"""`shopguide eval answers` on a real system, and what its copy of a shop holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from data_rows import NOW, fill
from everywhere import row
from sqlalchemy import func, select
from typer.testing import CliRunner

from bot.commands.main import app
from bot.evaluation.throwaway import NotSetUp, copy_state
from bot.settings import Settings
from data import migrations
from data.copying import OtherVersion
from data.database import create_engine
from data.models import ChannelUser, ChatSession, InboxEvent, OutboxCall, Product, Ticket
from data.unit_of_work import UnitOfWork, open_database

ORDER = r"SP\d{8}"
QUESTIONS = f"""
never: [Quillfern]
questions:
- say: [订单满多少可以免运费]
  must: ["99"]
  kind: policy
- say: [hello, where is my parcel]
  customer: chen.hao@example.com
  must: ['{ORDER}']
  kind: order
- say: [do you teach people to sail]
  answerable: false
- say: [how heavy is the ridgeline 3 tent]
  must: [the moon]
  kind: product
"""


def test_a_file_of_questions_is_asked_of_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOPGUIDE_GENERATOR", "off")
    file, out = tmp_path / "questions.yaml", tmp_path / "figures.json"
    file.write_text(QUESTIONS, encoding="utf-8")
    before = _kept()
    result = CliRunner().invoke(app, ["eval", "answers", str(file), "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert _kept() == before
    found = json.loads(out.read_text("utf-8"))
    outcomes = [each["outcome"] for each in found["answers"]]
    assert outcomes == ["right", "right", "right", "wrong"], found["answers"]
    assert found["all"]["score"] == 2
    assert (found["all"]["unanswerable"], found["all"]["refused"]) == (1, 1)
    assert {name: each["questions"] for name, each in found["languages"].items()} == {
        "en": 3,
        "zh": 1,
    }
    assert set(found["kinds"]) == {"policy", "order", "product"}
    assert "4. how heavy is the ridgeline 3 tent – wrong: “the moon” is missing." in result.output
    # What a customer was told is nobody else's.
    assert [each["text"] is None for each in found["answers"]] == [False, True, False, False]


def _kept() -> list[int]:
    with open_database(Settings().database)() as uow:
        tables = (ChatSession, Ticket)
        return [uow.session.scalars(select(func.count()).select_from(t)).one() for t in tables]


def test_a_mistake_in_the_file_is_told_before_anything_starts(tmp_path: Path) -> None:
    file = tmp_path / "questions.yaml"
    file.write_text("questions: [{say: [a], mut: [b]}]", encoding="utf-8")
    result = CliRunner().invoke(app, ["eval", "answers", str(file)])
    assert "entry 1: there is no key mut" in str(result.exception)


@pytest.fixture
def shop(tmp_path: Path, database: str) -> Settings:
    """A shop that was set up, as far as files go."""
    state = tmp_path / "state"
    (state / "index").mkdir(parents=True)
    (state / "rasa").mkdir()
    (state / "rasa" / "model.tar.gz").write_text("")
    return Settings(_env_file=None, state=state, database_url=database)


def test_a_copy_has_the_shop_and_nothing_that_waits_for_a_platform(
    shop: Settings, new_uow: Callable[[], UnitOfWork], tmp_path: Path
) -> None:
    with new_uow() as uow:
        fill(uow)
        uow.session.add(ChatSession(id="talk", created_at=NOW, expires_at=NOW + timedelta(days=1)))
        uow.session.flush()
        for table in (ChannelUser, InboxEvent, OutboxCall):
            uow.session.add(row(table, "Elmroad", NOW, {"chat_sessions": "talk"}))
        uow.commit()
    copy_state(shop, tmp_path / "copy")
    assert (tmp_path / "copy" / "index").is_symlink()
    with open_database(f"sqlite:///{tmp_path / 'copy' / 'shop.db'}")() as copied, new_uow() as own:
        for table, kept in ((Product, True), (ChannelUser, False), (OutboxCall, False)):
            there = own.session.scalars(select(func.count()).select_from(table)).one()
            assert there
            count = copied.session.scalars(select(func.count()).select_from(table)).one()
            assert count == (there if kept else 0)


def test_what_is_missing_is_named(shop: Settings, tmp_path: Path) -> None:
    (shop.state / "index").rmdir()
    with pytest.raises(NotSetUp, match="make setup"):
        copy_state(shop, tmp_path / "copy")


def test_an_older_database_is_not_copied(tmp_path: Path, shop: Settings) -> None:
    older = f"sqlite:///{tmp_path / 'older.db'}"
    engine = create_engine(older)
    migrations.upgrade(engine, "0010")
    engine.dispose()
    with pytest.raises(OtherVersion, match="make setup"):
        copy_state(shop.model_copy(update={"database_url": older}), tmp_path / "copy")
