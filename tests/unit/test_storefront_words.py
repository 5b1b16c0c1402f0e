"""What the shop's pages say: both languages, nothing missing, nothing left over."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from demo import storefront
from demo.storefront.words import preferred, word, word_or, words

_FOLDER = Path(storefront.__file__).parent
_TEXTS = [
    path.read_text("utf-8") for kind in ("*.py", "templates/*") for path in _FOLDER.glob(kind)
]
# Keys, and the beginnings of those that are put together: "home.try_%d", 'error.' ~ kind.
_USED = {
    found for text in _TEXTS for found in re.findall(r"""f?["']([a-z]+\.[a-z_0-9]*)[%{]?""", text)
}
_BEGINNINGS = {key for key in _USED if key.endswith((".", "_"))}


def _facts(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


@pytest.mark.parametrize("key", sorted(words()))
def test_both_languages_tell_the_same_facts(key: str) -> None:
    texts = words()[key]
    assert texts.keys() == {"zh", "en"}
    if key != "site.other_language":
        assert _facts(texts["zh"]) == _facts(texts["en"])
        assert not re.search(r"[\u4e00-\u9fff]", texts["en"])
        assert not re.search(r"[\u4e00-\u9fff][,;:?!]|[,;?!][\u4e00-\u9fff]", texts["zh"])


@pytest.mark.parametrize("key", sorted(words()))
def test_every_text_is_used(key: str) -> None:
    assert key in _USED or any(key.startswith(beginning) for beginning in _BEGINNINGS)


def test_every_text_that_a_page_names_exists() -> None:
    named = {key for text in _TEXTS for key in re.findall(r"""\bt\(['"]([a-z_.]+)['"][,)]""", text)}
    named |= {k for text in _TEXTS for k in re.findall(r"""\.word\(\s*['"]([a-z_.]+)['"]""", text)}
    assert len(named) > 50
    assert named <= words().keys()


def test_a_word_is_filled_in() -> None:
    assert word("cart.short", "zh", stock=2) == "只剩 2 件"
    assert word("cart.short", "en", stock=2) == "only 2 left"
    with pytest.raises(KeyError):
        word("cart.short", "en")
    assert word_or("topic.returns", "en", "x") == "Returns and refunds"
    assert word_or("topic.surfing", "en", "surfing") == "surfing"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("de,zh;q=0.3,en;q=0.7", "en"),
        ("de-DE,de", "en"),
        ("ZH-hant", "zh"),
        ("en;q=0,zh;q=0.1", "zh"),
        ("zh;q=x,en", "en"),
        ("", "en"),
        ("," * 5000 + "zh", "en"),
        ("\x00;q=,;;q=nan,zh", "zh"),
    ],
)
def test_the_browsers_language_is_taken_at_first(header: str, language: str) -> None:
    assert preferred(header) == language
