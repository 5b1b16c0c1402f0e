"""The shop's own answers: kept, found where a question means the same, made of a ticket; and the
questions that nothing was found for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from fake_gateway import make_settings
from sqlalchemy import func, select
from test_retrieval_index import HashEmbedder

from bot.bootstrap import curated_answers
from bot.commands import main
from data import answers as kept
from data import migrations
from data.database import create_engine
from data.models import ChatMessage, ChatSession, Ticket, Unanswered
from data.unit_of_work import UnitOfWork
from retrieval import curated
from retrieval.curated import SAME, CuratedAnswers, Written
from retrieval.embedder import Progress, Vectors

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)


class Angles:
    """Questions whose cosines a test says: each is at an angle from the first."""

    dimensions = 2
    fingerprint = "angles"

    def __init__(self, cosines: dict[str, float]) -> None:
        self._cosines = cosines

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        cosines = np.array([self._cosines.get(text, 0.0) for text in texts])
        return np.stack([cosines, np.sqrt(1 - cosines**2)], axis=1).astype(np.float32)

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        return self.embed_queries(texts)


def known(*written: Written, cosines: dict[str, float] | None = None) -> CuratedAnswers:
    angles = Angles({"Do you gift-wrap?": 1.0, "A5 支持快充吗": 1.0, **(cosines or {})})
    return CuratedAnswers(lambda: len(written), lambda: written, angles)


WRAP = Written(1, "en", "Do you gift-wrap?", "Yes, for $3.")
CHARGE = Written(2, "zh", "A5 支持快充吗", "支持。")


def test_an_answer_wins_where_the_question_means_the_same() -> None:
    near = {"can you wrap it": SAME["en"] + 0.01, "do you sell paper": SAME["en"] - 0.01}
    answers = known(WRAP, CHARGE, cosines=near)
    found = answers.find("can you wrap it", "en")
    assert found is not None
    assert found.answer == "Yes, for $3."
    assert answers.find("do you sell paper", "en") is None
    assert answers.find("can you wrap it", "zh") is None  # written in another language
    exact = answers.find("do you GIFT wrap", "en")
    assert exact is not None
    assert exact.similarity == 1.0
    assert answers.find("  ", "en") is None
    assert known().find("can you wrap it", "en") is None


def test_other_figures_mean_another_question() -> None:
    near = {"A7 支持快充吗": 0.995, "a5支持快充不": 0.98}
    answers = known(CHARGE, cosines=near)
    assert answers.find("A7 支持快充吗", "zh") is None
    assert answers.find("a5支持快充不", "zh") is not None


def test_new_answers_are_given_by_who_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curated, "_LOOK_S", 0.0)
    written: list[Written] = []
    answers = CuratedAnswers(lambda: len(written), lambda: list(written), Angles({}))
    assert answers.find("Do you gift-wrap?", "en") is None
    written.append(WRAP)
    assert answers.find("Do you gift-wrap?", "en") is not None
    written.clear()
    assert answers.find("Do you gift-wrap?", "en") is None


@pytest.fixture
def uow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UnitOfWork:
    settings = make_settings(tmp_path, generator="off")
    engine = create_engine(settings.database)
    migrations.upgrade(engine)
    engine.dispose()
    monkeypatch.setenv("SHOPGUIDE_STATE", str(settings.state))
    monkeypatch.setenv("SHOPGUIDE_DATABASE_URL", settings.database)
    return UnitOfWork.at(settings.database)


def run(*arguments: str) -> int:
    try:
        return main.app(arguments, standalone_mode=False) or 0
    except SystemExit as ended:
        return int(ended.code or 0)


def test_commands_add_list_import_and_remove(
    uow: UnitOfWork, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("answers", "add", "Do you gift-wrap?", "Yes, for $3.")
    run("answers", "add", "Do you gift-wrap?", "Yes, for $4.")
    run("answers", "add", "能开发票吗？", "可以。")
    faq = tmp_path / "faq.csv"
    faq.write_text("question,answer\nDo you ship abroad?,No.\n能寄国外吗？,暂时不能。\n", "utf-8")
    run("answers", "import", str(faq))
    (tmp_path / "faq.jsonl").write_text('{"question": "Refunds?", "answer": "Five days."}\n{}\n')
    run("answers", "import", str(tmp_path / "faq.jsonl"))
    with uow:
        found = [(each.language, each.question, each.answer) for each in uow.curated.all()]
    assert found == [
        ("en", "Do you gift-wrap?", "Yes, for $4."),
        ("zh", "能开发票吗？", "可以。"),
        ("en", "Do you ship abroad?", "No."),
        ("zh", "能寄国外吗？", "暂时不能。"),
        ("en", "Refunds?", "Five days."),
    ]
    captured = capsys.readouterr()
    assert "2 answers taken over" in captured.out
    assert "line 2 has no question" in captured.err
    run("answers", "remove", "2")
    run("answers", "list")
    assert "发票" not in capsys.readouterr().out.split("is removed.")[1]
    answers = curated_answers(lambda: uow, HashEmbedder())
    assert answers.find("Refunds", "en") is not None


def conversation(uow: UnitOfWork, name: str = "s1") -> None:
    uow.session.add(ChatSession(id=name, created_at=NOW, expires_at=NOW))
    uow.session.flush()


def test_an_agents_answer_becomes_one(uow: UnitOfWork, capsys: pytest.CaptureFixture[str]) -> None:
    with uow:
        conversation(uow)
        for minute, sender, text in (
            (0, "customer", "do you repair zips? I am at lin@example.com"),
            (1, "customer", "a person please"),
            (3, "agent", "Yes, for $12."),
            (4, "agent", "It takes a week."),
        ):
            at = NOW + timedelta(minutes=minute)
            line = {"session_id": "s1", "sender": sender, "body": {"text": text}, "created_at": at}
            uow.messages.add(ChatMessage(message_id=str(minute), **line))
        at = NOW + timedelta(minutes=2)
        ticket = Ticket(session_id="s1", language="en", reason="asked", transcript=[],
                        status="open", created_at=at)  # fmt: skip
        uow.tickets.add(ticket)
        uow.unanswered.note("s1", "en", "do you repair zips? I am at lin@example.com", NOW, "US")
        uow.commit()
        number = ticket.id
    run("answers", "from-ticket", str(number))
    assert "Yes, for $12." in capsys.readouterr().out
    with uow:
        (made,) = uow.curated.all()
    assert made.question == "do you repair zips? I am at 〔email〕"
    assert (made.answer, made.ticket) == ("Yes, for $12.\nIt takes a week.", number)


def test_what_was_not_found_is_kept_masked_and_bounded(
    uow: UnitOfWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "_OF_ALL", 12)
    with uow:
        for name in ("a", "b", "c"):
            conversation(uow, name)
        uow.unanswered.note("a", "zh", "我的邮箱 lin@example.com 收不到验证码", NOW, "CN")
        uow.unanswered.note("a", "en", "x" * 400, NOW, "CN")
        for i in range(2):
            uow.unanswered.note("a", "en", "Do you rent?", NOW + timedelta(days=i), "CN")
        uow.unanswered.note("b", "en", "do you rent?", NOW, "CN")
        most = uow.unanswered.most_asked(5)
        assert [(each.text.lower(), each.count) for each in most] == [
            ("do you rent?", 3),
            ("我的邮箱 〔email〕 收不到验证码", 1),
        ]
        for i in range(40):  # one visitor cannot fill the list
            uow.unanswered.note("c", "en", f"question {i}", NOW, "CN")
        of_c = select(func.count(Unanswered.id)).where(Unanswered.session_id == "c")
        assert uow.session.scalar(of_c) == 12  # 20 of one conversation, the newest 12 of all
