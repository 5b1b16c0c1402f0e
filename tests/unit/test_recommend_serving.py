"""The trained models at work in the assistant: on a small world whose truth is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs

from data.models import Localized, Product
from retrieval.embedder import Vectors
from retrieval.errors import ModelMismatch
from retrieval.recommend import CoPurchases, Recommender, store
from retrieval.recommend.blend import Blend
from retrieval.recommend.fitting import Plan, choose
from retrieval.recommend.loading import load_recommender
from retrieval.recommend.network import NetworkSettings
from retrieval.recommend.sequences import Ids, Sequences, split
from retrieval.recommend.serving import Ranker, TrainedRecommender
from retrieval.recommend.spectral import SpectralSettings
from retrieval.recommend.training import TrainSettings

pytestmark = pytest.mark.usefixtures("one_thread")
NOW = datetime(2026, 9, 1, tzinfo=UTC)
ITEMS = 24
NEVER_SOLD = "i24"


class Bought(NamedTuple):
    customer_id: int
    product_id: str
    placed_at: datetime


def product(number: int) -> Product:
    return Product(
        id=f"i{number}",
        category_id=f"c{number // 4}",
        name=Localized(f"i{number}", f"Thing number{number}"),
        rebuy_days=30 if number == 0 else None,
        launched_on=NOW.date() - timedelta(days=9) if number == ITEMS else date(2020, 1, 1),
    )


PRODUCTS = [product(number) for number in range(ITEMS + 1)]


def vectors() -> dict[str, Vectors]:
    """Neighbours in the ring are a little alike; what was never sold is like the first item."""
    found = {}
    for number in range(ITEMS + 1):
        row = np.zeros(ITEMS, np.float32)
        row[number % ITEMS] = 1.0
        row[(number + 1) % ITEMS] = 0.5
        found[f"i{number}"] = row / np.linalg.norm(row)
    return found


def everybodys() -> list[Bought]:
    """Items in a ring: each is followed by the next one within days."""
    chance = np.random.default_rng(3)
    rows = []
    for customer in range(200):
        place = int(chance.integers(ITEMS))
        for step in range(int(chance.integers(4, 8))):
            day = NOW - timedelta(days=300 - 3 * step)
            rows.append(Bought(customer, f"i{(place + step) % ITEMS}", day))
    return rows


def own(*numbers: int) -> list[Bought]:
    """Bought one after the other, the last one yesterday."""
    count = len(numbers)
    return [
        Bought(999, f"i{number}", NOW - timedelta(days=count - place))
        for place, number in enumerate(numbers)
    ]


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def plain() -> Recommender:
    return Recommender.fit(everybodys(), PRODUCTS, vectors(), now=NOW)


@pytest.fixture(scope="module")
def folder(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models that were trained on everybody's purchases."""
    histories: dict[str, list[str]] = {}
    for row in everybodys():
        histories.setdefault(str(row.customer_id), []).append(row.product_id)
    sequences = Sequences.of(histories.items(), unsold=[NEVER_SOLD])
    network = NetworkSettings(width=16, layers=1, places=8, dropout=0.1)
    settings = TrainSettings(network, epochs=4, batch=32, negatives=10)
    plan = Plan(networks=(settings,), spectral=SpectralSettings(rank=8))
    texts = np.stack([vectors()[item] for item in sequences.items])
    choice, fitted = choose(sequences, plan, texts=texts)
    kept = tmp_path_factory.mktemp("recommend")
    store.save(kept, sequences.items, "without", choice, fitted.models)
    return kept


@pytest.fixture(scope="module")
def trained(folder: Path, plain: Recommender) -> TrainedRecommender:
    return TrainedRecommender.open(folder, plain)


def loaded(folder: Path, exploration: float = 0.0) -> Recommender:
    return load_recommender(
        folder, everybodys(), PRODUCTS, vectors(), now=NOW, exploration=exploration
    )


def test_what_follows_comes_first_with_the_purchase_that_moved_it(
    trained: TrainedRecommender,
) -> None:
    found = trained.for_customer(own(4, 15, 16, 17), now=NOW, k=3)
    assert found[0].product_id == "i18"
    assert found[0].because in {"i16", "i17"}
    assert found[0].kind == "co_purchase"
    assert found[0].count == CoPurchases(everybodys(), NOW).count(found[0].because, "i18")


def test_the_reason_is_what_the_score_loses_without_a_purchase(trained: TrainedRecommender) -> None:
    history = trained._history({"i3": [NOW - timedelta(days=2)], "i11": [NOW - timedelta(days=1)]})
    customer = trained._ranker.of(history)
    ranked = customer.candidates()
    full, *without = customer.scores(ranked)
    assert customer.tried == history[::-1].tolist()
    blend = trained._ranker.blend
    assert full == pytest.approx(blend.scores_of([history], ranked)[0], abs=1e-4)
    for item, row in zip(customer.tried, without, strict=True):
        left = blend.scores_of([history[history != item]], ranked)[0]
        assert row == pytest.approx(left, abs=1e-4)
    # What is told is the strongest of them, or one that moved it at least half as far.
    found = trained.for_customer(
        [Bought(999, "i3", NOW - timedelta(days=2)), Bought(999, "i11", NOW - timedelta(days=1))],
        now=NOW,
        k=3,
    )
    for item in found:
        place = ranked.tolist().index(trained._numbers[item.product_id])
        losses = {
            trained._items[number]: full[place] - row[place]
            for number, row in zip(customer.tried, without, strict=True)
        }
        assert item.because is not None
        assert losses[item.because] >= max(losses.values()) / 2


def test_serving_takes_the_same_two_steps_as_measuring(
    folder: Path, trained: TrainedRecommender
) -> None:
    """What is served is what the blend's scores of all items say."""
    blend = store.load(folder).models["blend"]
    assert isinstance(blend, Blend)
    ranker = Ranker(replace(blend, again=False))
    for history in [np.array(h, np.int64) for h in ([1], [5, 2], [7, 8, 9, 3])]:
        customer = ranker.of(history)
        candidates = customer.candidates()
        order = candidates[np.argsort(-customer.scores(candidates)[0], kind="stable")]
        scores = ranker.blend.scores([history])[0]
        scores[history] = -np.inf
        assert order[:5].tolist() == np.argsort(-scores, kind="stable")[:5].tolist()


@pytest.mark.parametrize("name", ["popularity", "transitions", "ridge", "spectral", "sequence"])
def test_scores_of_a_few_items_are_those_of_all(folder: Path, name: str) -> None:
    stored = store.load(folder)
    contexts = [np.array(h, np.int64) for h in ([1, 2, 1], [], [5])]
    few: Ids = np.array([9, 2, 20], np.int64)
    model = stored.models[name]
    assert model.scores_of(contexts, few) == pytest.approx(model.scores(contexts)[:, few], abs=1e-5)


def test_what_may_not_be_shown_is_not_shown(trained: TrainedRecommender) -> None:
    mine = own(4, 15, 16, 17)
    everything = {product.id for product in PRODUCTS}
    shown = {i.product_id for i in trained.for_customer(mine, now=NOW, k=9)}
    assert not shown & {"i4", "i15", "i16", "i17"}
    kept = trained.for_customer(mine, now=NOW, k=9, exclude={"i18"}, allowed=everything - {"i19"})
    assert kept
    assert not {i.product_id for i in kept} & {"i18", "i19"}
    # What is far from all that the models would say is ranked where nothing else is allowed.
    (only,) = trained.for_customer(mine, now=NOW, k=9, allowed={"i9"})
    assert only.product_id == "i9"
    assert trained.for_customer(mine, now=NOW, k=9, allowed=set()) == []


def test_what_is_used_up_comes_again_at_its_rhythm(trained: TrainedRecommender) -> None:
    def again(*days_ago: int) -> bool:
        mine = [Bought(999, "i0", NOW - timedelta(days=days)) for days in days_ago]
        found = trained.for_customer(mine, now=NOW, k=9)
        return any(i.product_id == "i0" and i.kind == "rebuy" for i in found)

    assert not again(29)
    assert again(31)
    assert not again(190, 110, 31)  # this customer's own rhythm is eighty days
    assert again(250, 170, 90)


def test_without_a_known_purchase_the_order_is_the_plain_one(
    trained: TrainedRecommender, plain: Recommender
) -> None:
    assert trained.by_counts is plain
    for mine in ([], [Bought(999, "never heard of", NOW)]):
        assert trained.for_customer(mine, now=NOW) == plain.for_customer(mine, now=NOW)


def test_models_that_fail_leave_the_plain_order(folder: Path, plain: Recommender) -> None:
    broken = TrainedRecommender.open(folder, plain)
    broken._ranker.of = lambda history: 1 / 0  # type: ignore[method-assign,assignment,return-value]
    mine = own(4, 15, 16, 17)
    assert broken.for_customer(mine, now=NOW) == plain.for_customer(mine, now=NOW)


def test_the_folder_decides_and_the_log_says_why_not(folder: Path, tmp_path: Path) -> None:
    def told(kept: Path) -> str:
        with capture_logs() as logs:
            assert type(loaded(kept)) is Recommender
        return str(logs[-1])

    assert type(loaded(folder)) is TrainedRecommender
    assert "shopguide train recommend" in told(tmp_path)
    for path in folder.iterdir():
        if path.is_file():
            (tmp_path / path.name).write_bytes(path.read_bytes())
    about = json.loads((folder / "model.json").read_text(encoding="utf-8"))
    other = {**about, "items": [f"other {item}" for item in about["items"]]}
    (tmp_path / "model.json").write_text(json.dumps(other), encoding="utf-8")
    assert "know only 0 of the shop's 25 products" in told(tmp_path)
    alone = {**about, "models": ["popularity"]}
    (tmp_path / "model.json").write_text(json.dumps(alone), encoding="utf-8")
    assert "without the blend" in told(tmp_path)
    (tmp_path / "model.json").write_text("{", encoding="utf-8")
    assert "damaged" in told(tmp_path)
    (tmp_path / "model.json").write_text(json.dumps(about), encoding="utf-8")
    (tmp_path / "items.json").write_text('{"fingerprint": "x", "kind": "flat"}', encoding="utf-8")
    assert "another model" in told(tmp_path)


def test_a_few_new_and_gone_products_are_no_reason_to_stop(folder: Path) -> None:
    changed = [*PRODUCTS[1:], Product(id="new", category_id="c0", name=Localized("n", "New"))]
    recommender = load_recommender(
        folder, everybodys(), changed, vectors(), now=NOW, exploration=0.0
    )
    assert type(recommender) is TrainedRecommender
    found = recommender.for_customer(own(21, 22, 23), now=NOW, k=9)
    assert found
    assert "i0" not in {item.product_id for item in found}


def test_the_blend_is_needed(folder: Path, plain: Recommender, tmp_path: Path) -> None:
    stored = store.load(folder)
    store.save(
        tmp_path,
        stored.items,
        "all",
        replace(stored.choice, members=(), blend=()),
        {"popularity": stored.models["popularity"]},
    )
    with pytest.raises(ModelMismatch, match="without the blend"):
        TrainedRecommender.open(tmp_path, plain)


def test_little_known_products_get_their_share_of_the_places(folder: Path) -> None:
    some, none = loaded(folder, exploration=0.2), loaded(folder)

    def shown(recommender: Recommender, day: int) -> list[str]:
        found = recommender.for_customer(own(6, 7, 23), now=NOW + timedelta(days=day), k=3)
        assert len({item.product_id for item in found}) == 3
        return [item.kind for item in found if item.product_id == NEVER_SOLD]

    tried = [kind for day in range(150) for kind in shown(some, day)]
    assert 0.1 < len(tried) / 450 < 0.3
    assert set(tried) == {"new"}
    assert not any(shown(none, day) for day in range(50))


def test_the_same_question_has_the_same_answer_all_day(folder: Path) -> None:
    recommender = loaded(folder, exploration=0.5)
    first = recommender.for_customer(own(21, 22, 23), now=NOW)
    assert recommender.for_customer(own(21, 22, 23), now=NOW + timedelta(hours=5)) == first


def test_a_list_is_varied(plain: Recommender) -> None:
    """What is the same as a chosen one makes room for what is nearly as good and different."""
    products = [Product(id=i, category_id=i, name=Localized(i, i)) for i in ("a", "b", "c", "own")]
    rows = [Bought(n, "own", NOW) for n in range(9)]
    rows += [Bought(n, "a", NOW) for n in range(9)] + [Bought(n, "b", NOW) for n in range(8)]
    rows += [Bought(n, "c", NOW) for n in range(7)]
    same, different = np.eye(2, 3, dtype=np.float32)
    alike = {"a": same, "b": same, "c": different, "own": np.eye(3, dtype=np.float32)[2]}
    recommender = Recommender.fit(rows, products, alike, now=NOW)
    mine = [Bought(99, "own", NOW)]
    assert [i.product_id for i in recommender.for_customer(mine, now=NOW)] == ["a", "c", "b"]


def test_the_test_world_is_split_as_the_models_were(folder: Path) -> None:
    """The models that are served know every product, the one that was never sold too."""
    stored = store.load(folder)
    assert set(stored.items) == {product.id for product in PRODUCTS}
    assert split(Sequences.of([("a", ["x", "y", "z"])], unsold=["w"]), "test").items == 4
