"""`shopguide reviews`: reviews of the database, read by a stand-in for the tagger, and what the
command says."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from data_rows import customer, order, product, variant

from bot.commands import main
from bot.commands import reviews as command
from data import migrations
from data.database import create_engine, session_factory
from data.models import Category, ChatMessage, ChatSession, Localized, OrderStatus, Review
from data.reviews import reading
from data.unit_of_work import UnitOfWork
from retrieval.tagger import Aspect, Progress, Tagged
from weights import CATALOGUE

NOW = datetime.now(UTC)
MODELS = command._models
# Which words name what: the stand-in's whole knowledge.
WORDS = {"拉链": 0, "zip": 0, "颜色": 1, "colour": 1}
BAD = ("卡", "broke", "差")


class WordTagger:
    """Finds the words above; a text with a bad word blames what it names."""

    def read(self, texts: Sequence[str], progress: Progress | None = None) -> list[Tagged]:
        return [self._read(text) for text in texts]

    def _read(self, text: str) -> Tagged:
        blames = any(word in text for word in BAD)
        found = [
            Aspect(text.index(word), text.index(word) + len(word), -0.9 if blames else 0.9)
            for word in WORDS
            if word in text
        ]
        return Tagged(tuple(found), 0.1 if blames else 0.9)


class WordEmbedder:
    """What means the same has the same vector."""

    dimensions, fingerprint = 3, "words"

    def embed_queries(self, texts: Sequence[str]) -> np.ndarray:
        return np.eye(3, dtype=np.float32)[[WORDS.get(text, 2) for text in texts]]

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> np.ndarray:
        return self.embed_queries(texts)


def shop(uow: UnitOfWork, texts: Sequence[tuple[int, int, str]]) -> None:
    """Reviews of (days ago, stars, text) of one tent, by somebody nobody knows."""
    with uow:
        name = Localized("帐篷", "Tents")
        uow.session.add(Category(id="tents", name=name, aliases={"zh": [], "en": []}))
        uow.session.flush()
        tent = product("ridge-tent", "tents", [variant("RIDGE-1", "699.00", 4)])
        uow.session.add_all([tent, customer("lin@example.com", "lin", "310000")])
        uow.session.flush()
        for days, stars, text in texts:
            at = NOW - timedelta(days=days)
            uow.session.add(
                Review(
                    product_id="ridge-tent", sku="RIDGE-1", rating=stars, language="zh",
                    text=text, created_at=at,
                )
            )  # fmt: skip
        uow.commit()


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOPGUIDE_STATE", str(tmp_path))
    monkeypatch.delenv("SHOPGUIDE_DATABASE_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(command, "_models", lambda settings: (WordTagger(), WordEmbedder()))
    monkeypatch.chdir(tmp_path)
    engine = create_engine(f"sqlite:///{tmp_path / 'shop.db'}")
    migrations.upgrade(engine)
    engine.dispose()
    return tmp_path


def fill(state: Path, texts: Sequence[tuple[int, int, str]]) -> None:
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    shop(UnitOfWork(session_factory(engine)), texts)
    engine.dispose()


REVIEWS = [
    *((10 * n, 2, f"第 {n} 次拉链就卡住了。") for n in range(1, 13)),
    (9, 1, "On my very first trip the zip broke. Call me on 138 0013 8000."),
    (18, 1, "Nice and roomy, but the zip broke and I had to sew it."),
    (27, 1, "Sent it back: the zip broke within a week."),
    (36, 1, "My daughter's zip broke while we were still packing."),
    *((11 * n, 5, f"颜色好看，买了 {n} 个。") for n in range(1, 13)),
    *((8 * n, 5, f"The colour is lovely, {n} friends say so.") for n in range(1, 11)),
]


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str
) -> tuple[int, str, str]:
    monkeypatch.setattr("sys.argv", ["shopguide", "reviews", *arguments])
    try:
        code = main.main()
    except SystemExit as end:
        code = int(end.code or 0)
    said = capsys.readouterr()
    return code, said.out, said.err


def test_it_tells_what_to_mend_first_with_quotes_in_both_languages(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state, REVIEWS)
    code, out, _ = run(monkeypatch, capsys, "--csv", "a.csv", "--plot", "a.svg")
    assert code == 0
    assert "38 reviews, 38 of them read" in out
    assert "1. 拉链 / zip, n = 16. 16 blame it, 0 praise it" in out
    assert "次拉链就卡住了。” 云杉 ridge-tent, 2 stars" in out
    assert "13800" not in out.replace(" ", "")
    with (state / "a.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert (first["aspect_zh"], first["aspect_en"], first["blame"]) == ("拉链", "zip", "16")
    assert (second["aspect_en"], second["praise"]) == ("colour", "22")
    assert float(first["cost_of_100"]) > float(second["cost_of_100"])
    assert (state / "a.svg").read_text("utf-8").startswith("<?xml")
    code, out, _ = run(monkeypatch, capsys, "RIDGE-TENT", "--json", "--days", "30")
    rows = json.loads(out)
    assert code == 0
    assert rows[0]["reviews"] == 5
    assert any("zip broke" in quote for quote in rows[0]["quotes"])


def test_answers_are_drafted_in_the_language_of_the_review_and_written_over_by_nothing(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state, REVIEWS)
    assert run(monkeypatch, capsys, "--answers", "answers.csv")[0] == 0
    with (state / "answers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    blamed = next(row for row in rows if row["text"].startswith("第 1 次"))
    assert "拉链没有让您满意" in blamed["answer"]
    english = next(row for row in rows if "very first trip" in row["text"])
    assert "not happy with the zip" in english["answer"]
    assert "〔phone〕" in english["text"]
    pleased = next(row for row in rows if "colour" in row["text"])
    assert "sorry" not in pleased["answer"]
    assert "glad that you like the colour" in pleased["answer"]
    (state / "answers.csv").write_text("mended", encoding="utf-8")
    code, _, error = run(monkeypatch, capsys, "--answers", "answers.csv")
    assert code == 1
    assert "is there already" in error
    assert (state / "answers.csv").read_text("utf-8") == "mended"


@pytest.mark.parametrize(
    ("texts", "arguments", "sentence"),
    [
        ([], [], "There are no reviews yet: import them"),
        ([(400, 5, "很好")], ["--days", "30"], "in the last 30 days"),
        ([(1, 5, "很好")], ["qwerty"], "sells nothing that is called “qwerty”"),
        ([(1, 5, "很好")], ["--plot", "x.doc"], "no picture that can be written"),
        ([(1, 5, "很好")], ["--csv", "x.doc"], "no table that can be written"),
    ],
)
def test_bad_input_is_a_sentence(
    texts: list[tuple[int, int, str]],
    arguments: list[str],
    sentence: str,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fill(state, texts)
    code, _, error = run(monkeypatch, capsys, *arguments)
    assert code == 1
    assert sentence in error
    assert not (state / "x.doc").exists()


def test_without_a_trained_tagger_it_says_how_to_train_one(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    untrained = replace(CATALOGUE["reviews"], learned=tmp_path / "none.npz")
    monkeypatch.setitem(CATALOGUE, "reviews", untrained)
    monkeypatch.setattr(command, "_models", MODELS)
    fill(state, REVIEWS)
    code, _, error = run(monkeypatch, capsys, "--csv", "a.csv")
    assert code == 1
    assert "retrieval.learning.tagging" in error
    assert not (state / "a.csv").exists()


def test_a_third_language_counts_by_its_stars_and_is_told(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    german = "Der Reißverschluss ist schon nach zwei Tagen kaputt gegangen, sehr ärgerlich."
    fill(state, [*REVIEWS, (3, 1, german), (3, 4, "")])
    code, out, _ = run(monkeypatch, capsys)
    assert code == 0
    assert "40 reviews, 38 of them read" in out
    assert "1 text is in neither Chinese nor English" in out


def test_of_very_many_the_newest_are_read_and_it_says_so(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state, REVIEWS)
    code, out, _ = run(monkeypatch, capsys, "--most", "20")
    assert code == 0
    assert "38 reviews, 20 of them read" in out
    assert "the oldest 18 texts are not read" in out


def test_the_chat_is_counted_beside(
    state: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(state, REVIEWS)
    engine = create_engine(f"sqlite:///{state / 'shop.db'}")
    with UnitOfWork(session_factory(engine)) as uow:
        uow.session.add(ChatSession(id="s", created_at=NOW, expires_at=NOW))
        uow.session.flush()
        for number, text in enumerate(("拉链卡住了怎么办", "颜色有几种")):
            uow.session.add(
                ChatMessage(
                    session_id="s", message_id=str(number), sender="customer",
                    body={"text": text}, created_at=NOW,
                )
            )  # fmt: skip
        uow.commit()
    engine.dispose()
    _, out, _ = run(monkeypatch, capsys, "--chat")
    assert ", 1 in the chat" in out
    assert "in the chat" not in run(monkeypatch, capsys)[1]


def test_who_had_a_product_is_known_by_the_orders(new_uow: Callable[[], UnitOfWork]) -> None:
    shop(new_uow(), [])
    with new_uow() as uow:
        lin = uow.customers.by_email("lin@example.com")
        assert lin is not None
        bought = NOW - timedelta(days=20)
        uow.session.add(order("SP1", lin, bought, [("RIDGE-1", 1, "699.00")], OrderStatus.REFUNDED))
        for days, who in ((30, lin.id), (10, lin.id), (10, None)):
            uow.session.add(
                Review(
                    product_id="ridge-tent", customer_id=who, rating=5, language="en", text="",
                    created_at=NOW - timedelta(days=days),
                )
            )  # fmt: skip
        uow.commit()
    with new_uow() as uow:
        found = reading.reviews(uow)
    assert sorted(map(str, (each.bought for each in found))) == ["False", "None", "True"]
