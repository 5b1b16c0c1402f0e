"""The training ground holds what its README promises, and nothing that a test asks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from bot.rasa import examples
from ground import evidence
from ground import readings as ground
from retrieval.encode import sentences_of
from retrieval.learning import samples
from tests.questions_of_tests import questions

TRADES = ground.trades()
# Said alike by everybody, whatever they are asked.
EVERYBODYS = {
    "greet", "goodbye", "thanks", "help", "bot_challenge", "affirm", "deny", "human",
}  # fmt: skip


def test_three_of_sixteen_trades_are_kept_apart_and_two_chosen_by() -> None:
    assert len(TRADES) == 16
    assert set(ground.TEST) < set(TRADES)
    assert set(ground.DEVELOPMENT) < set(TRADES) - set(ground.TEST)


@pytest.mark.parametrize("trade", TRADES)
def test_a_trade_has_its_messages(trade: str) -> None:
    messages = ground.messages(trade)
    assert len(messages) >= 250
    languages = Counter(message.language for message in messages)
    assert min(languages["zh"], languages["en"]) >= 0.15 * len(messages)
    assert sum(len(message.requests) > 1 for message in messages) >= 0.15 * len(messages)
    assert len({ground.normal(message.text) for message in messages}) == len(messages)
    assert {request.act for message in messages for request in message.requests} <= set(ground.ACTS)


def test_an_act_is_an_intent_that_something_serves() -> None:
    assert set(ground.ACTS) <= {intent.name for intent in examples.intents()}


def test_no_question_of_a_test_is_learned() -> None:
    asked = {ground.normal(question): question for question in questions()}
    learned = [(example.text, {example.intent}) for example in examples.training()] + [
        (message.text, {request.act for request in message.requests})
        for trade in TRADES
        for message in ground.messages(trade)
    ]
    telling = {ground.normal(text): text for text, acts in learned if not acts <= EVERYBODYS}
    telling.pop("", None)  # dots and faces
    assert [telling[each] for each in asked if each in telling] == []


def test_what_was_learned_measures_nothing() -> None:
    learned = {ground.normal(m.text) for each in TRADES if each not in ground.TEST
               for m in ground.messages(each)}  # fmt: skip
    for trade in ground.TEST:
        unseen = ground.unseen(trade)
        assert not [m.text for m in unseen if ground.normal(m.text) in learned]
        assert len(unseen) > 0.95 * len(ground.messages(trade))


WRITTEN = """
- text: is it warm and how much
  requests:
    - act: product_question
      words: is it warm
      spans: {that: [it]}
    - act: price_question
      words: how much
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("price_question", "price", "'price' is no act"),
        ("how much\n", "how many\n", "does not stand there"),
        ("that: [it]", "that: [her]", "does not stand there"),
        ("that: [it]", "thing: [it]", "'thing' is no span"),
        ("      words: how much", "      words: is it warm", "does not stand there"),
        ("  requests:", "  wants:", "a message has text, requests"),
    ],
)
def test_what_is_annotated_wrongly_is_told(
    before: str, after: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ground, "FOLDER", tmp_path)
    folder = tmp_path / "hats" / "messages"
    folder.mkdir(parents=True)
    (folder / "01.yaml").write_text(WRITTEN, "utf-8")
    (message,) = ground.messages("hats")
    assert [request.act for request in message.requests] == ["product_question", "price_question"]
    (folder / "01.yaml").write_text(WRITTEN.replace(before, after, 1), "utf-8")
    with pytest.raises(ValueError, match=r"hats/01\.yaml, entry 1") as error:
        ground.messages("hats")
    assert told in str(error.value)


@pytest.mark.parametrize("trade", TRADES)
def test_every_sentence_that_answers_stands_in_the_shop(trade: str) -> None:
    shop = {
        (passage.source, sentence)
        for passage in samples.passages(trade)
        for sentence in sentences_of(passage)
    }
    asked = evidence.asked(trade)
    assert len(asked) >= 180
    assert sum(not each.answers for each in asked) >= 0.08 * len(asked)
    named = {
        (sentence.source, sentence.says)
        for each in asked
        for sentence in (*each.answers, *each.partly, *each.near)
    }
    assert named - shop == set()
