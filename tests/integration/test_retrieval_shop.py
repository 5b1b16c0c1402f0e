"""The demo shop's index with the real embedder: passages, products and the threshold."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest

from data.models import Category, Product
from demo import catalogue
from retrieval.build import build, gather
from retrieval.embedder import Embedder
from retrieval.errors import EmbedderError
from retrieval.judge import load_judge
from retrieval.names import slips
from retrieval.products import ProductSearch
from retrieval.retriever import Retriever, holds_answer
from retrieval.types import Filters
from weights import WeightsError, locate

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo" / "shop"


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    try:
        return Embedder(locate("search"))
    except WeightsError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def shop() -> tuple[list[Category], list[Product]]:
    categories, products = catalogue.read(DEMO.parent / "catalogue")
    return list(categories), list(products)


@pytest.fixture(scope="module")
def retriever(
    embedder: Embedder,
    shop: tuple[list[Category], list[Product]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Retriever:
    found = gather(DEMO / "documents", shop[1])
    assert found.warnings == []
    out = tmp_path_factory.mktemp("index")
    if (ROOT / "var" / "index").is_dir():
        # What the set-up has embedded need not be embedded again.
        shutil.copytree(ROOT / "var" / "index", out, dirs_exist_ok=True)
    built = build(found.passages, out, embedder)
    assert built.passages == len(found.passages)
    return Retriever.open(built.folder.parent, embedder, load_judge())


@pytest.fixture(scope="module")
def products(retriever: Retriever, shop: tuple[list[Category], list[Product]]) -> ProductSearch:
    categories, items = shop
    return ProductSearch(retriever, items, categories)


def test_vectors_have_length_one_and_do_not_depend_on_their_batch(embedder: Embedder) -> None:
    texts = ["运费", "How much is delivery?", "a " * 700, "", "😀"]
    together = embedder.embed_passages(texts)
    assert together.shape == (5, embedder.dimensions)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-5)
    for text, row in zip(texts, together, strict=True):
        assert float(embedder.embed_passages([text])[0] @ row) > 0.99
    assert embedder.embed_queries([]).shape == (0, embedder.dimensions)
    # Query and passage prefixes differ.
    assert float(embedder.embed_queries(["运费"])[0] @ together[0]) < 0.999


def test_meaning_crosses_languages(embedder: Embedder) -> None:
    query = embedder.embed_queries(["运费多少钱"])[0]
    near, far = embedder.embed_passages(["Delivery costs ¥8.", "Wash down at 30 degrees."])
    assert query @ near > query @ far


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EmbedderError, match="python -m weights ensure"):
        Embedder(tmp_path)
    for name in ("model.bin", "tokenizer.json"):
        (tmp_path / name).write_bytes(b"{}")
    with pytest.raises(EmbedderError, match="cannot be loaded"):
        Embedder(tmp_path)


@pytest.mark.parametrize(
    ("question", "source"),
    [
        ("多少钱包邮", "delivery-cost"),
        ("how much do I need to spend for free delivery", "delivery-cost"),
        ("怎么申请退货", "return-steps"),
        ("how do I wash a down jacket", "down-care"),
        ("is the ridgeline 2 tent waterproof", "ridgeline-2-tent"),
        ("岭线双人三季帐防水吗", "ridgeline-2-tent"),
    ],
)
def test_plain_questions_find_their_source(
    retriever: Retriever, question: str, source: str
) -> None:
    hits = retriever.answering(question)
    assert source in [hit.passage.source for hit in hits[:3]]
    assert holds_answer(hits)
    assert all(hit.sentence in hit.passage.text for hit in hits)


def test_languages_and_filters_hold(retriever: Retriever) -> None:
    assert {hit.passage.language for hit in retriever.search("退货运费", k=10)} == {"zh"}
    other = retriever.search("退货运费", language="en", k=10)
    assert {hit.passage.language for hit in other} == {"en"}
    one = Filters(kind="product", sources=frozenset({"larch-down-bag"}))
    hits = retriever.search("温标", filters=one, k=10)
    assert {hit.passage.source for hit in hits} == {"larch-down-bag"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("is the RIDGELINE waterproof?", ["ridgeline-2-tent"]),
        ("ridgline 2 tent weight", ["ridgeline-2-tent"]),
        ("Ridgeline2", ["ridgeline-2-tent"]),
        ("the 3 person ridgeline", ["ridgeline-3-tent"]),
        ("ridgeline footprint", ["ridgeline-2-footprint"]),
        ("岭线 双人 三季帐防水吗", ["ridgeline-2-tent"]),
        ("岭线三季帐", ["ridgeline-2-tent"]),
        ("岭线三人帐和湖畔哪个大", ["ridgeline-3-tent", "lakeside-4-tent"]),
        ("花岗岩鞋偏大吗", ["granite-mid-boot", "granite-low-shoe"]),
        ("nightjar vs stormwall", ["nightjar-1-tent", "stormwall-2-tent"]),
        ("powerbank", ["brick-20000-power-bank"]),
        ("recommend me a tent", []),
        ("推荐个背包", []),
        ("这个背包有什么功能", []),
        ("退货要运费吗", []),
        ("", []),
        ("x" * 100_000, []),
    ],
)
def test_names_are_found(products: ProductSearch, text: str, expected: list[str]) -> None:
    assert products.match(text) == expected


def test_every_name_and_alias_finds_its_product(
    products: ProductSearch, shop: tuple[list[Category], list[Product]]
) -> None:
    wrong = []
    for product in shop[1]:
        aliases = itertools.chain(product.aliases["zh"], product.aliases["en"])
        for name in (product.name.zh, product.name.en, *aliases):
            if product.id not in products.match(f"{name} ?"):
                wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我想买个睡袋", "sleep"),
        ("any hiking boots?", "footwear"),
        ("what goes with the ridgeline", "tents"),
        ("something for my tent", None),
        ("洗羽绒服用什么", "care"),
        ("退货", None),
    ],
)
def test_categories_are_found(products: ProductSearch, text: str, expected: str | None) -> None:
    assert products.category(text) == expected


@pytest.mark.parametrize(
    ("text", "product", "expected"),
    [
        ("头灯用什么电池", "brook-synthetic-bag", False),
        ("睡垫怎么修", "brook-synthetic-bag", False),
        ("睡袋能机洗吗", "brook-synthetic-bag", True),
        ("能机洗吗", "brook-synthetic-bag", True),
        ("are the shoes waterproof", "fellwind-trail-runner", True),
        ("which stove is it for", "fellwind-trail-runner", False),
        ("how do i wash a light sleeping bag", "brook-synthetic-bag", False),
        ("is this a warm sleeping bag", "brook-synthetic-bag", True),
        ("how do i wash the sleeping bag", "brook-synthetic-bag", True),
    ],
)
def test_a_kind_that_is_named_tells_what_is_meant(
    products: ProductSearch, text: str, product: str, expected: bool
) -> None:
    assert products.may_mean(text, product) is expected


@pytest.mark.parametrize(
    ("text", "some", "none"),
    [
        ("帐篷", "ridgeline-2-tent", "ridgeline-2-footprint"),
        ("tents", "ridgeline-2-tent", "groundhold-pegs"),
        ("冲锋衣", "stormline-shell", "cloudburst-rain-jacket"),
        ("背包", "trailhead-38-pack", "pack-rain-cover"),
        ("backpack", "trailhead-38-pack", "pack-rain-cover"),
    ],
)
def test_what_is_of_a_kind(products: ProductSearch, text: str, some: str, none: str) -> None:
    found = products.of_kind(text)
    assert found is not None
    assert some in found
    assert none not in found


def test_nothing_is_of_no_kind(products: ProductSearch) -> None:
    assert products.of_kind("something nice") is None


def test_search_ranks_every_allowed_product(products: ProductSearch) -> None:
    best = [product_id for product_id, _ in products.search("轻一点的单人帐篷", None, 5)]
    assert best[0] == "nightjar-1-tent"
    allowed = {"drip-coffee", "ridgeline-2-tent", "unknown"}
    ranked = products.search("帐篷", allowed, 5)
    assert [product_id for product_id, _ in ranked] == ["ridgeline-2-tent", "drip-coffee"]
    assert products.search("帐篷", set(), 5) == []
    assert products.search(" ", None, 5) == []


def test_product_vectors_have_length_one(products: ProductSearch) -> None:
    assert len(products.vectors) >= 80
    lengths = [float(np.linalg.norm(vector)) for vector in products.vectors.values()]
    np.testing.assert_allclose(lengths, 1, rtol=1e-4)


@pytest.mark.parametrize(
    ("a", "b", "limit", "expected"),
    [
        ("ridgeline", "ridgline", 1, True),
        ("ridgeline", "rigdeline", 1, True),
        ("ridgeline", "ridgelines", 1, True),
        ("ridgeline", "rigeln", 2, False),
    ],
)
def test_typing_errors(a: str, b: str, limit: int, expected: bool) -> None:
    assert (slips(a, b, limit) <= limit) is expected
