"""A file of questions as a shop's owner writes it, and what is said of mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evaluation.questions import Question, QuestionsInvalid, load


def _file(folder: Path, text: str) -> Path:
    file = folder / "questions.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_a_file_with_every_key(tmp_path: Path) -> None:
    file = _file(
        tmp_path,
        """
never: [express]
questions:
- say: 运费多少
  must: ["4"]
  kind: policy
- say: [where is my parcel, and the other one]
  customer: ada@example.com
  never: [tomorrow]
  cites: [delivery]
  cards: [lamp]
  no_cards: [bulb]
  language: en
- say: [do you repair lamps]
  answerable: false
""",
    )
    found = load(file)
    assert list(found.never) == ["express"]
    first, second, third = found.entries
    assert first == Question(1, say=["运费多少"], must=["4"], kind="policy")
    assert second.key == "where is my parcel / and the other one (as ada@example.com)"
    assert (third.number, third.answerable) == (3, False)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("- say: [a]", "needs the key questions"),
        ("questions: []", "holds no question"),
        ("questions: [{say: [a], must: [b]}]\nasked: 1", "the key asked"),
        ("questions: [a]", "entry 1: it is not made of keys"),
        ("questions: [{say: [a], must: [b]}, {must: [b]}]", "entry 2: say is missing"),
        ("questions: [{say: [a], mst: [b], must: [c]}]", "entry 1: there is no key mst"),
        ("questions: [{say: [a], number: 4, must: [b]}]", "entry 1: there is no key number"),
        ("questions: [{say: [a], must: b}]", "entry 1: must is a list of texts"),
        ("questions: [{say: [42], must: [b]}]", "entry 1: say is a list of texts"),
        ("questions: [{say: [a], must: ['(']}]", "entry 1: '\\(' is no regular expression"),
        ("never: ['(']\nquestions: [{say: [a], must: [b]}]", "yaml: '\\(' is no regular"),
        ("questions: [{say: [a]}]", "entry 1: nothing is asked of the answer"),
        ("questions: [{say: [a], must: [b], language: fr}]", "entry 1: language is one of zh, en"),
        ("questions: [{say: [a], answerable: 0}]", "entry 1: answerable is true or false"),
        ("questions: [{say: [a], answerable: false, must: [b]}]", "entry 1: what is not answer"),
        ("questions: [{say: [a], must: [b], customer: 49301}]", "entry 1: customer is a text"),
        ("questions: [", "is no YAML"),
    ],
)
def test_mistakes_are_sentences_with_their_entry(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(QuestionsInvalid, match=sentence):
        load(_file(tmp_path, text))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(QuestionsInvalid) as told:
        load(_file(tmp_path, "questions: [{say: [a]}, {must: [b]}]"))
    assert len(str(told.value).splitlines()) == 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(QuestionsInvalid, match="cannot be read"):
        load(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("say", "shop", "language"),
    [
        (["运费多少", "43"], ("zh", "en"), "zh"),
        (["运费多少", "and to Tibet?"], ("zh", "en"), "en"),
        (["运费多少"], ("en",), "en"),
        (["43"], ("zh", "en"), "en"),
        (["43"], ("zh",), "zh"),
    ],
)
def test_the_language_is_that_of_the_last_message_that_has_one(
    say: list[str], shop: tuple[str, ...], language: str
) -> None:
    assert Question(1, say=say).answered_in(shop) == language
