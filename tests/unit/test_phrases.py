"""The shop's sentences: the same in both languages, all used, none missing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.phrases import phrase, phrases

ROOT = Path(__file__).resolve().parents[2]
_SOURCES = [
    p.read_text("utf-8")
    for folder in ("actions", "gateway", "channels")
    for p in (ROOT / "bot" / folder).glob("*.py")
]
# Every string in the code that could be a key or the beginning of one.
_STRINGS = {s for text in _SOURCES for s in re.findall(r'f?"([a-z_]+(?:\.[a-z_{][^"]*)?)"', text)}


def _facts(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_keys() -> None:
    assert phrases("zh").keys() == phrases("en").keys()


@pytest.mark.parametrize("key", sorted(phrases("zh")))
def test_both_languages_tell_the_same_facts(key: str) -> None:
    assert _facts(phrases("zh")[key]) == _facts(phrases("en")[key])


@pytest.mark.parametrize("key", sorted(phrases("zh")))
def test_each_sentence_is_used(key: str) -> None:
    section, _, name = key.partition(".")
    prefixes = {s.partition("{")[0] for s in _STRINGS if "{" in s}
    direct = key in _STRINGS or (section == "button" and name in _STRINGS)
    assert direct or any(key.startswith(prefix) for prefix in prefixes if "." in prefix)


def test_each_key_in_the_code_exists() -> None:
    used = {key for text in _SOURCES for key in re.findall(r'\bphrase\(\s*"([a-z_.]+)"', text)}
    assert used
    assert used <= phrases("zh").keys()


@pytest.mark.parametrize("key", sorted(phrases("zh")))
def test_chinese_is_punctuated_as_chinese(key: str) -> None:
    text = phrases("zh")[key]
    assert not re.search(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]", text)
    assert not re.search(r"[\u4e00-\u9fff]", phrases("en")[key])


def test_a_sentence_is_filled_in() -> None:
    assert phrase("stock.left", "zh", pieces=2) == "仅剩 2 件"
    assert phrase("stock.left", "en", pieces=2) == "only 2 left"
    with pytest.raises(KeyError):
        phrase("stock.left", "en")
