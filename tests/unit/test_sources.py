"""What proves a decision: the page that the shop names, else the nearest sentence, else nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from test_retrieval_index import HashEmbedder, WordJudge, passage

from bot.wording.citations import SentenceVectors, Sources
from retrieval.build import build
from retrieval.retriever import Retriever
from retrieval.types import Language

PASSAGES = [
    passage("fees", "zh", "标准配送运费 8 元。满 99 元免运费。特快另计。"),
    passage("fees", "en", "Standard delivery costs ¥8. It is free from ¥99. Express costs more."),
    passage("areas", "en", "We deliver to all of Ireland."),
    passage("returns", "zh", "30 天内可以退货。"),
    passage("returns", "en", "Goods can be returned within 30 days."),
    passage("mug", "en", "Standard delivery costs ¥8 for this mug.", kind="product"),
]
PAGES = {
    "delivery.cost": ("fees",),
    "delivery.not_served": ("areas",),
    "returns.window": ("gone", "returns"),
}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    out: Path = tmp_path_factory.mktemp("index")
    embedder = HashEmbedder()
    build(PASSAGES, out / "index", embedder)
    retriever = Retriever.open(out / "index", embedder, WordJudge())
    return Sources(retriever, SentenceVectors(embedder), PAGES)


def cited(
    sources: Sources, text: str, *decisions: str, language: Language = "en"
) -> list[tuple[int, str, str]]:
    found = sources.of(text, decisions, language)
    return [(view.number, view.source, view.quote) for view in found]


def test_the_page_that_the_shop_names_with_its_nearest_sentence(sources: Sources) -> None:
    assert cited(sources, "Delivery is free from ¥99.", "delivery.cost") == [
        (1, "fees", "It is free from ¥99.")
    ]
    assert cited(sources, "满 99 元免运费", "delivery.cost", language="zh") == [
        (1, "fees", "满 99 元免运费。")
    ]


def test_a_page_that_is_not_there_is_passed_over(sources: Sources) -> None:
    assert cited(sources, "within 30 days", "returns.window") == [
        (1, "returns", "Goods can be returned within 30 days.")
    ]


def test_the_first_known_decisions_and_no_more_than_two_pages(sources: Sources) -> None:
    decisions = ("delivery.method.drone", "delivery.not_served", "delivery.cost", "returns.window")
    found = cited(sources, "We deliver to Ireland", *decisions)
    assert [(number, page) for number, page, _ in found] == [(1, "areas"), (2, "fees")]


def test_without_a_named_page_the_nearest_of_all_pages(sources: Sources) -> None:
    found = cited(sources, "Goods can be returned within 30 days", "returns.exchange")
    assert found == [(1, "returns", "Goods can be returned within 30 days.")]
    pages = {page for _, page, _ in cited(sources, "Standard delivery costs ¥8", "unknown")}
    assert pages == {"fees"}  # never a product's text


def test_nothing_where_nothing_is_near(sources: Sources) -> None:
    assert cited(sources, "Zebras gallop", "unknown") == []
