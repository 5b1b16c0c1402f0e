"""BM25 against a plain implementation of its formula."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from retrieval.lexical import K1, B, LexicalIndex, terms

CORPUS = [
    "Standard delivery costs ¥8 and is free from ¥99.",
    "标准配送的运费是每单 8 元，满 99 元免运费。",
    "Returns of regular items are accepted within 30 days.",
    "普通商品签收后 30 天内可以退货，退货运费 10 元。",
    "The Ridgeline 2 Tent weighs 1.85 kg. 岭线双人三季帐重 1.85 公斤。",
    "",
    "Gift cards cannot be returned, gift cards cannot be returned.",
]
QUESTIONS = [
    "运费多少",
    "return days",
    "Ridgeline 帐篷多重",
    "gift card gift",
    "不存在的词 zzz",
    "的 了",
]


def plain_bm25(corpus: list[list[str]], question: list[str]) -> list[float]:
    """Robertson's BM25 with Lucene's idf, term by term as it is written in the books."""
    average = sum(map(len, corpus)) / len(corpus)
    scores = []
    for document in corpus:
        counts = Counter(document)
        score = 0.0
        for term in question:
            holding = sum(term in other for other in corpus)
            if holding == 0:
                continue
            idf = math.log(1 + (len(corpus) - holding + 0.5) / (holding + 0.5))
            length = K1 * (1 - B + B * len(document) / average)
            score += idf * counts[term] / (counts[term] + length)
        scores.append(score)
    return scores


@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_agree_with_the_plain_formula(question: str) -> None:
    expected = plain_bm25([terms(text) for text in CORPUS], terms(question))
    np.testing.assert_allclose(LexicalIndex(CORPUS).scores(question), expected, rtol=1e-5)


def test_saved_and_loaded_every_array_is_the_same(tmp_path: Path) -> None:
    index = LexicalIndex(CORPUS)
    index.save(tmp_path)
    loaded = LexicalIndex.load(tmp_path, len(CORPUS))
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(index._bm25.scores[name], loaded._bm25.scores[name])
    assert loaded._bm25.vocab_dict == index._bm25.vocab_dict
    for question in QUESTIONS:
        np.testing.assert_array_equal(index.scores(question), loaded.scores(question))


def test_a_corpus_without_words(tmp_path: Path) -> None:
    index = LexicalIndex(["", "的"])
    index.save(tmp_path)
    assert LexicalIndex.load(tmp_path, 2).scores("运费").tolist() == [0.0, 0.0]


def test_rare_terms_weigh_more_than_common_and_unknown_most() -> None:
    index = LexicalIndex(CORPUS)
    assert index.rarity("ridgeline") > index.rarity("30")
    assert index.rarity("unknown") > index.rarity("ridgeline")


def test_terms_fold_plurals_and_width_and_leave_out_stop_words() -> None:
    assert terms("The boots’ sizes, boxes and batteries") == ["boot", "size", "box", "battery"]
    assert terms("Ｇｏｒｅ １,２９９") == ["gore", "1299"]
    assert terms("请问运费") == ["运费", "问运", "运费"]
    assert terms("是 😀 !!") == []
