"""The shop's sentences: the same in both languages, all used, none missing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from bot.settings import DEMO, ROOT
from bot.wording.phrases import Phrases, facts_in, phrase
from data.errors import ShopInvalid
from data.shop import ShopFolder

_SOURCES = [p.read_text("utf-8") for p in (ROOT / "bot").rglob("*.py")]
# Every string in the code that could be a key or the beginning of one.
_STRINGS = {s for text in _SOURCES for s in re.findall(r'f?"([a-z_]+(?:\.[a-z_{][^"]*)?)"', text)}


ZH, EN = (dict(Phrases.load().texts[language]) for language in ("zh", "en"))


def _facts(wordings: Sequence[str]) -> set[str]:
    return {fact for text in wordings for fact in facts_in(text)}


def test_both_languages_have_the_same_keys() -> None:
    assert ZH.keys() == EN.keys()


@pytest.mark.parametrize("key", sorted(ZH))
def test_both_languages_tell_the_same_facts(key: str) -> None:
    assert _facts(ZH[key]) == _facts(EN[key])


@pytest.mark.parametrize("key", sorted(ZH))
def test_each_sentence_is_used(key: str) -> None:
    section, _, name = key.partition(".")
    prefixes = {s.partition("{")[0] for s in _STRINGS if "{" in s}
    whole = not name and f'phrase("{key}"' in "".join(_SOURCES)
    direct = whole or key in _STRINGS or (section == "button" and name in _STRINGS)
    assert direct or any(key.startswith(prefix) for prefix in prefixes if "." in prefix)


def test_each_key_in_the_code_exists() -> None:
    used = {key for text in _SOURCES for key in re.findall(r'\bphrase\(\s*"([a-z_.]+)"', text)}
    assert used
    assert used <= ZH.keys()


@pytest.mark.parametrize("key", sorted(ZH))
def test_chinese_is_punctuated_as_chinese(key: str) -> None:
    for text in ZH[key]:
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]", text)
    assert not re.search(r"[\u4e00-\u9fff]", "".join(EN[key]))


@pytest.mark.parametrize("key", ["greet", "goodbye", "thanks", "bot_challenge"])
def test_what_is_said_often_is_said_in_several_ways(key: str) -> None:
    said = Phrases.load()
    facts = {"shop": "A", "topics": "B"}
    for language, wordings in (("zh", ZH[key]), ("en", EN[key])):
        told = {said.say(key, language, f"turn {n}", **facts) for n in range(50)}
        assert len(told) == len(wordings) >= 3
        assert said.say(key, language, "t", **facts) == said.say(key, language, "t", **facts)


def test_a_sentence_is_filled_in() -> None:
    assert phrase("stock.left", "zh", pieces=2) == "仅剩 2 件"
    assert phrase("stock.left", "en", pieces=2) == "only 2 left"
    with pytest.raises(KeyError):
        phrase("stock.left", "en")


@pytest.mark.parametrize(
    ("days", "text"),
    [(1, "It came 1 day ago."), (0, "It came 0 days ago."), ("12", "It came 12 days ago.")],
)
def test_a_word_goes_with_its_number(days: int | str, text: str) -> None:
    said = Phrases({"en": {"came": ("It came {days} {days:day|days} ago.",)}})
    assert said.say("came", "en", days=days) == text


def test_a_figure_may_still_be_formatted() -> None:
    assert Phrases({"en": {"a": ("{share:.0%}",)}}).say("a", "en", share=0.5) == "50%"


def _shop(tmp_path: Path, **files: str) -> ShopFolder:
    (tmp_path / "phrases").mkdir()
    for name, text in files.items():
        (tmp_path / "phrases" / f"{name}.yaml").write_text(text, "utf-8")
    return ShopFolder.open(tmp_path)


def test_a_shop_lays_its_own_wording_over_the_default(tmp_path: Path) -> None:
    own = "goodbye: Farewell!\nstock:\n  left: ['just {pieces}', 'a mere {pieces}']"
    said = Phrases.load(_shop(tmp_path, en=own))
    assert said.say("goodbye", "en") == "Farewell!"
    assert {said.say("stock.left", "en", f"{n}", pieces=2) for n in range(20)} == {
        "just 2",
        "a mere 2",
    }
    assert said.say("stock.left", "zh", pieces=2) == "仅剩 2 件"
    assert said.say("stock.none_short", "en") == "out of stock"
    assert phrase("goodbye", "en") != "Farewell!"


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"en": "stock: {lefts: a}"}, "- stock.lefts: the assistant has no such phrase"),
        ({"en": "stock: {left: 'only {peaces}'}"}, "- stock.left: {peaces} is not known there"),
        ({"en": "stock: {left: 'only {pieces}'}\nhi: a"}, "- hi: the assistant has no"),
        ({"en": "stock: {left: 'only {pieces'}"}, "- stock.left: 'only {pieces' does not do"),
        ({"en": "goodbye: []"}, "- goodbye: is empty"),
        ({"en": "goodbye: ''"}, "- goodbye: is empty"),
        ({"zh": "- a"}, "has no sections"),
        ({"de": "goodbye: Tschüs"}, "in no language that the assistant speaks"),
    ],
)
def test_one_sentence_a_phrase_that_cannot_be_used(
    tmp_path: Path, files: dict[str, str], told: str
) -> None:
    with pytest.raises(ShopInvalid) as raised:
        Phrases.load(_shop(tmp_path, **files))
    assert told in str(raised.value)


def test_the_demo_shop_has_its_own_greetings() -> None:
    said = Phrases.load(ShopFolder.open(ROOT / DEMO))
    assert said.texts["en"]["greet"] != EN["greet"]
    assert said.texts["zh"]["list.empty"] == ZH["list.empty"]


# The sections that are left: their skills' own business.
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_default_wording_suits_any_shop(language: str) -> None:
    names = {
        "云杉",
        "Spruce",
        "帐篷",
        "tent",
        "户外",
        "outdoor",
        "装备",
        "gear",
        "Ridgeline",
        "岭线",
    }
    others = ("delivery.", "returns.", "membership.", "price.", "order.", "identify.")
    texts = {k: v for k, v in Phrases.load().texts[language].items() if not k.startswith(others)}
    assert not [k for k, v in texts.items() if any(name in text for name in names for text in v)]
