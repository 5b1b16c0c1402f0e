"""Recommendation models on small worlds whose truth is known, and against plain computations."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import (
    IndexCorrupt,
    IndexMismatch,
    IndexMissing,
    ModelCorrupt,
    ModelMismatch,
    ModelMissing,
    RetrievalError,
    SequencesError,
)
from retrieval.recommend import store
from retrieval.recommend.blend import Blend, Member, shares
from retrieval.recommend.content import ContentSimilarity
from retrieval.recommend.evaluation import (
    ItemScorer,
    Scores,
    bootstrap,
    evaluate,
    hit_rate,
    ndcg,
    rank_all,
    ranks_of,
    reciprocal_rank,
)
from retrieval.recommend.fitting import NAMES, Plan, check_names, choose, fit
from retrieval.recommend.network import NetworkSettings, SequenceNetwork
from retrieval.recommend.popularity import Popularity
from retrieval.recommend.relations import Relations
from retrieval.recommend.ridge import Ridge, RidgeSettings
from retrieval.recommend.sequence import ItemIndex, SequenceModel
from retrieval.recommend.sequences import (
    NOTHING,
    Histories,
    Ids,
    Sequences,
    read_sequences,
    split,
)
from retrieval.recommend.spectral import Spectral, SpectralSettings
from retrieval.recommend.training import TrainSettings, train
from retrieval.recommend.transitions import Transitions, TransitionSettings
from retrieval.training import device_of

pytestmark = pytest.mark.usefixtures("one_thread")
NETWORK = NetworkSettings(width=16, layers=1, places=8, dropout=0.1)
TRAIN = TrainSettings(NETWORK, epochs=3, batch=32, negatives=10, patience=9)
ITEMS = 20


def ids(*numbers: int) -> Ids:
    return np.array(numbers, np.int64)


def walks(customers: int = 200, seed: int = 3) -> Sequences:
    """Items in a ring: each is mostly followed by the next one; customers are of like length."""
    chance = np.random.default_rng(seed)
    rows = []
    for customer in range(customers):
        place = int(chance.integers(ITEMS))
        bought: list[str] = []
        for _ in range(int(chance.integers(3, 8))):
            if f"i{place}" not in bought:
                bought.append(f"i{place}")
            place = (place + 1) % ITEMS if chance.random() < 0.9 else int(chance.integers(ITEMS))
        rows.append((f"c{customer}", bought))
    return Sequences.of(rows)


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """So small products of matrices only wait for a second thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Fixed:
    """Scores that are given."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores

    def scores(self, contexts: Histories) -> Scores:
        return self._scores[: len(contexts)].copy()

    def scores_of(self, contexts: Histories, items: Ids) -> Scores:
        return self._scores[: len(contexts), items]


# --- histories ------------------------------------------------------------------------------


def written(folder: Path, text: str) -> Path:
    path = folder / "orders.txt"
    path.write_text(text, encoding="utf-8")
    return path


def test_histories_are_read_in_order_whatever_the_ids(tmp_path: Path) -> None:
    read = read_sequences(written(tmp_path, "\ufeff甲 帐篷 pad\n\n7\t3  帐篷\n"))
    assert read.customers == ("甲", "7")
    assert [[read.items[i] for i in h] for h in read.histories] == [["帐篷", "pad"], ["3", "帐篷"]]
    assert read.purchases == 4
    assert read.numbers(["pad", "gone"]).tolist() == [read.items.index("pad")]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "holds no customers"),
        ("1 2 3\n\n2\n", "line 3: customer 2 has no items"),
        ("1 2 3\n2 4\n1 5\n", "line 3: customer 1 stands in line 1 too"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SequencesError, match=told):
        read_sequences(written(tmp_path, text))


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"1 2 \xff\xfe")
    with pytest.raises(SequencesError, match="UTF-8"):
        read_sequences(tmp_path / "bytes")
    with pytest.raises(SequencesError, match="no file"):
        read_sequences(tmp_path / "absent")


def test_items_are_numbered_in_a_shuffled_order_that_stays() -> None:
    rows = [("a", [str(i) for i in range(100)])]
    once, twice = Sequences.of(rows), Sequences.of(rows)
    assert once.items == twice.items
    assert abs(np.corrcoef(once.histories[0], np.arange(100))[0, 1]) < 0.3


def test_the_last_item_is_the_test_and_the_one_before_it_validation() -> None:
    sequences = Sequences.of([("a", ["1", "2", "3", "4"]), ("b", ["2", "3"]), ("c", ["4"])])

    def names(histories: Histories) -> list[str]:
        return ["".join(sequences.items[i] for i in history) for history in histories]

    valid = split(sequences, "valid")
    assert names(valid.train) == ["12", "", "4"]
    assert names(valid.contexts) == ["12"]
    assert sequences.items[valid.targets[0]] == "3"
    test = split(sequences, "test")
    assert names(test.train) == ["12", "", "4"]
    assert names(test.contexts) == ["123", "2"]
    assert [sequences.items[i] for i in test.targets] == ["4", "3"]
    assert names(split(sequences, "test", with_validation=True).train) == ["123", "2", "4"]


def test_nobody_to_measure_is_a_sentence() -> None:
    with pytest.raises(SequencesError, match="nothing to measure"):
        split(Sequences.of([("a", ["1"])]), "test")


def test_what_is_bought_again_stays_a_candidate_where_people_buy_again() -> None:
    once = split(Sequences.of([("a", ["1", "2", "3", "4"])]), "test")
    again = split(Sequences.of([("a", ["1", "2", "1", "2", "1", "2"])]), "test")
    assert not once.again
    assert again.again
    scores = np.zeros((1, 2), np.float32)
    scores[0, again.targets] = 1.0
    assert rank_all(Fixed(scores), again).above.tolist() == [0]


# --- metrics --------------------------------------------------------------------------------


def plain_metrics(scores: list[int], target: int, k: int) -> tuple[float, float, float]:
    """Means over every place that the target may take among its equals."""
    above = sum(score > scores[target] for score in scores)
    equal = sum(score == scores[target] for score in scores)
    ranks = range(above + 1, above + equal + 1)
    return (
        sum(rank <= k for rank in ranks) / equal,
        sum(1 / math.log2(rank + 1) for rank in ranks if rank <= k) / equal,
        sum(1 / rank for rank in ranks) / equal,
    )


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30), st.integers(0, 29), st.integers(1, 12))
@settings(max_examples=200)
def test_metrics_agree_with_the_plain_computation(scores: list[int], at: int, k: int) -> None:
    target = at % len(scores)
    ranks = ranks_of(np.array([scores], np.float32), ids(target))
    found = (hit_rate(ranks, k)[0], ndcg(ranks, k)[0], reciprocal_rank(ranks)[0])
    assert found == pytest.approx(plain_metrics(scores, target, k))


@given(st.lists(st.integers(0, 3), min_size=2, max_size=20), st.randoms())
@settings(max_examples=100)
def test_another_numbering_of_the_items_changes_nothing(scores: list[int], chance: object) -> None:
    order = np.random.default_rng(len(scores)).permutation(len(scores))
    row = np.array([scores], np.float32)
    one = ranks_of(row, ids(0))
    other = ranks_of(row[:, order], ids(int(np.flatnonzero(order == 0)[0])))
    assert (one.above.tolist(), one.equal.tolist()) == (other.above.tolist(), other.equal.tolist())


def test_a_model_that_says_nothing_gains_nothing_by_ties() -> None:
    held = split(walks(), "test")
    ranks = rank_all(Fixed(np.zeros((len(held.targets), ITEMS), np.float32)), held)
    candidates = np.array([ITEMS - len(context) for context in held.contexts])
    assert hit_rate(ranks, 5) == pytest.approx(5 / candidates)


def test_a_target_that_the_customer_owns_is_never_found() -> None:
    scores = np.array([[-np.inf, 1, 2]], np.float32)
    ranks = ranks_of(scores, ids(0))
    assert ranks.above.tolist() == [2]
    assert ranks.equal.tolist() == [1]


def test_the_interval_holds_the_mean_and_shrinks_with_the_number_of_customers() -> None:
    chance = np.random.default_rng(0)
    few, many = bootstrap(chance.random(50)), bootstrap(chance.random(5000))
    for one in (few, many):
        assert one.low < one.mean < one.high
    assert many.high - many.low < (few.high - few.low) / 5
    same = bootstrap(np.full(9, 0.5))
    assert (same.low, same.mean, same.high) == (0.5, 0.5, 0.5)


def test_a_report_counts_what_is_shown_and_to_whom() -> None:
    sequences = Sequences.of(
        [("a", ["1", "2", "3"]), ("b", ["1", "2", "3"]), ("c", ["1", "4", "5", "6", "7", "3"])]
    )
    held = split(sequences, "test")
    scores = np.zeros((3, 7), np.float32)
    scores[:, sequences.items.index("3")] = 1.0
    report = evaluate(Fixed(scores), held)
    assert report.customers == 3
    assert report.hr[5].mean == 1.0
    assert report.ndcg[10].mean == 1.0
    assert report.mrr.mean == 1.0
    assert report.coverage == pytest.approx(6 / 7)  # everybody owns item 1
    assert {g["customers"] for g in report.groups.values()} == {2, 1}
    assert 0 <= report.popular <= 1
    assert 0 <= report.diversity <= 1
    json.dumps(report.as_dict())


# --- models ---------------------------------------------------------------------------------


def test_popularity_counts_customers() -> None:
    model = Popularity.fit([ids(0, 1, 0), ids(1), NOTHING], 3)
    assert model.scores([NOTHING, ids(2)]) == pytest.approx(
        np.array([[1 / 3, 2 / 3, 0]] * 2, np.float32)
    )


def test_transitions_agree_with_the_plain_sum() -> None:
    chosen = TransitionSettings(0.6, 0.3, 0.5, 0.7)
    histories = list(walks(30).histories)
    matrix = np.zeros((ITEMS, ITEMS))
    for history in histories:
        for i, a in enumerate(history):
            for j, b in enumerate(history):
                if i != j:
                    weight = 0.6 ** (abs(j - i) - 1)
                    matrix[a, b] += weight if i < j else 0.3 * weight
    matrix /= np.maximum(matrix.sum(1, keepdims=True), 1e-9) ** 0.5
    contexts = [ids(1, 2, 3), ids(5), NOTHING]
    expected = [
        sum((0.7**p * matrix[i] for p, i in enumerate(c[::-1])), np.zeros(ITEMS)) for c in contexts
    ]
    found = Transitions.fit(histories, ITEMS, chosen).scores(contexts)
    assert found == pytest.approx(np.array(expected), abs=1e-5)


def test_ridge_agrees_with_a_regression_over_all_examples() -> None:
    chosen = RidgeSettings(past_decay=0.5, future_decay=0.4, history_decay=0.6, penalty=3.0)
    histories = list(walks(40).histories)
    past, future = [], []
    for history in histories:
        for border in range(1, len(history)):
            before, after = np.zeros(ITEMS), np.zeros(ITEMS)
            for distance, item in enumerate(history[:border][::-1]):
                before[item] += 0.5**distance
            for distance, item in enumerate(history[border:]):
                after[item] += 0.4**distance
            past.append(before)
            future.append(after)
    x, y = np.array(past), np.array(future)
    weights = np.linalg.solve(x.T @ x + 3 * np.eye(ITEMS), x.T @ y)
    model = Ridge.fit(histories, ITEMS, chosen)
    assert model.scores([ids(1, 2), NOTHING]) == pytest.approx(
        np.stack([0.6 * weights[1] + weights[2], np.zeros(ITEMS)]), abs=1e-3
    )
    part = Ridge.fit(histories, ITEMS, replace(chosen, most=5))
    assert np.count_nonzero(part.scores([part.chosen])) <= 5
    outside = next(i for i in range(ITEMS) if i not in part.chosen)
    assert not part.scores([ids(outside)]).any()


def test_all_directions_give_the_whole_matrix_back() -> None:
    chosen = SpectralSettings(rank=ITEMS, popularity=0.0, history_decay=1.0)
    histories = list(walks(60).histories)
    plain = Transitions.fit(histories, ITEMS, TransitionSettings(0.8, 0.4, 0.0, 1.0))
    counted = plain.scores([ids(i) for i in range(ITEMS)])
    rows, columns = 1 + counted.sum(1), 1 + counted.sum(0)
    expected = counted / np.sqrt(rows[:, None] * columns[None])
    found = Spectral.fit(histories, ITEMS, chosen).scores([ids(i) for i in range(ITEMS)])
    assert found == pytest.approx(expected, abs=1e-4)


def test_content_finds_what_is_alike() -> None:
    vectors = np.eye(4, dtype=np.float32)
    vectors[1] = vectors[0]
    found = ContentSimilarity(vectors).scores([ids(2, 0), NOTHING])
    assert found[0].argmax() in (0, 1)
    assert found[0, 1] > found[0, 2] > found[0, 3]
    assert not found[1].any()


def test_a_place_sees_no_later_one_and_filling_up_changes_nothing() -> None:
    torch.manual_seed(0)
    network = SequenceNetwork(ITEMS, NETWORK).eval()
    vectors = network.item_vectors()
    one = network(torch.tensor([[1, 2, 3, 4]]), vectors)
    other = network(torch.tensor([[1, 2, 9, 9]]), vectors)
    assert torch.allclose(one[:, :2], other[:, :2], atol=1e-6)
    assert not torch.allclose(one[:, 2:], other[:, 2:])
    model = SequenceModel(network)
    alone = model.scores([ids(1, 2)])
    beside = model.scores([ids(1, 2), ids(1, 2, 3, 4, 5)])
    assert alone[0] == pytest.approx(beside[0], abs=1e-6)
    assert not model.scores([NOTHING]).any()


@pytest.mark.parametrize("loss", ["full", "sampled"])
def test_the_network_learns_what_follows(loss: str) -> None:
    sequences = walks(300)
    held = split(sequences, "valid")
    chosen = replace(TRAIN, loss=loss, epochs=12, learning_rate=1e-2, spectral_start=False)
    trained = train(held.train, ITEMS, chosen, validation=held)
    popular = ndcg(rank_all(Popularity.fit(held.train, ITEMS), held), 10).mean()
    assert trained.ndcg10 > popular + 0.2


def test_the_spectral_start_puts_together_what_is_bought_together() -> None:
    chance = np.random.default_rng(0)
    histories = [10 * (i % 2) + chance.permutation(10)[:5].astype(np.int64) for i in range(200)]
    network = replace(NETWORK, width=4)
    started = train(histories, ITEMS, replace(TRAIN, network=network, epochs=0)).model
    vectors = started.item_vectors / np.linalg.norm(started.item_vectors, axis=1, keepdims=True)
    near = vectors @ vectors.T
    assert near[:10, :10].mean() > near[:10, 10:].mean() + 0.5


def test_the_same_seed_gives_the_same_network() -> None:
    held = split(walks(), "valid")
    one, same, other = (
        train(held.train, ITEMS, replace(TRAIN, seed=seed), validation=held).model.fingerprint
        for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_training_that_is_resumed_equals_one_that_was_not_interrupted(tmp_path: Path) -> None:
    held = split(walks(), "valid")
    whole = train(held.train, ITEMS, TRAIN, validation=held)
    seen: list[int] = []

    def interrupted(epoch: object) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(held.train, ITEMS, TRAIN, validation=held, folder=tmp_path, told=interrupted)
    resumed = train(
        held.train,
        ITEMS,
        TRAIN,
        validation=held,
        folder=tmp_path,
        told=lambda epoch: seen.append(epoch.number),
    )
    assert seen == [2, 3]
    assert resumed.model.fingerprint == whole.model.fingerprint
    assert resumed.ndcg10 == whole.ndcg10


def test_curves_are_written_for_tensorboard(tmp_path: Path) -> None:
    events = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    held = split(walks(80), "valid")
    told: list[float] = []
    train(
        held.train,
        ITEMS,
        replace(TRAIN, epochs=2),
        validation=held,
        folder=tmp_path,
        told=lambda epoch: told.append(epoch.ndcg10),
    )
    read = events.EventAccumulator(str(tmp_path / "tensorboard"))
    read.Reload()
    assert [event.step for event in read.Scalars("loss")] == [1, 2]
    curve = [event.value for event in read.Scalars("validation/ndcg10")]
    assert curve == pytest.approx(told, abs=1e-6)


def test_training_stops_when_validation_gets_no_better() -> None:
    held = split(walks(60), "valid")
    chosen = replace(TRAIN, epochs=50, patience=2, learning_rate=0.5)
    told: list[float] = []
    trained = train(
        held.train, ITEMS, chosen, validation=held, told=lambda epoch: told.append(epoch.ndcg10)
    )
    assert len(told) == trained.epochs + 2 < 50
    assert trained.ndcg10 == max(told)


def test_a_checkpoint_that_cannot_be_used_is_a_sentence(tmp_path: Path) -> None:
    histories = list(walks().histories)
    train(histories, ITEMS, replace(TRAIN, epochs=1), folder=tmp_path)
    with pytest.raises(ModelMismatch, match="other data or settings"):
        train(histories, ITEMS, replace(TRAIN, seed=5), folder=tmp_path)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ModelCorrupt, match="delete it"):
        train(histories, ITEMS, TRAIN, folder=tmp_path)


def test_a_new_product_has_a_place_by_its_text() -> None:
    """The last item is never sold; what it is like follows on something."""
    sequences = walks(300)
    texts = torch.nn.functional.normalize(
        torch.randn(ITEMS + 1, 12, generator=torch.Generator().manual_seed(0)), dim=1
    )
    twin = 4
    texts[ITEMS] = texts[twin]
    chosen = replace(TRAIN, epochs=12, learning_rate=1e-2, spectral_start=False)
    model = train(list(sequences.histories), ITEMS + 1, chosen, texts=texts).model
    before = next(
        int(h[i - 1]) for h in sequences.histories for i in range(1, len(h)) if h[i] == twin
    )
    scores = model.scores([ids(before)])[0]
    assert (scores[:ITEMS] > scores[ITEMS]).sum() <= 3


def test_a_device_that_is_not_there_is_a_sentence() -> None:
    assert device_of("cpu").type == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(RetrievalError, match="no GPU"):
            device_of("cuda")


# --- the blend ------------------------------------------------------------------------------


def test_shares_are_parts_of_one_or_nothing() -> None:
    counted = shares(np.array([[1, 3, -2], [0, 0, 0]], np.float32), "counts")
    assert counted == pytest.approx(np.array([[0.25, 0.75, 0], [0, 0, 0]], np.float32))
    logits = shares(np.array([[1000, 1000, -1000]], np.float32), "logits")
    assert logits == pytest.approx(np.array([[0.5, 0.5, 0]], np.float32))


def test_the_blend_listens_to_the_model_that_knows() -> None:
    sequences = walks(300)
    held = split(sequences, "valid")
    knows = Transitions.fit(held.train, ITEMS, TransitionSettings())
    guesses = Fixed(np.random.default_rng(0).random((300, ITEMS)).astype(np.float32))
    popularity = Popularity.fit(held.train, ITEMS).shares
    members = {"guesses": Member(guesses), "knows": Member(knows)}
    blend = Blend.fit(members, popularity, held)
    test = split(sequences, "test")

    def quality(model: ItemScorer) -> float:
        return float(ndcg(rank_all(model, test), 10).mean())

    assert quality(blend) > quality(knows) - 0.02
    assert quality(blend) > quality(guesses) + 0.3
    same = Blend.of(members, popularity, list(blend.weights), blend.again)
    assert np.array_equal(same.scores(test.contexts[:9]), blend.scores(test.contexts[:9]))
    with pytest.raises(ModelMismatch):
        Blend.of({"knows": Member(knows)}, popularity, list(blend.weights), blend.again)


# --- all of them, kept and opened -----------------------------------------------------------


@pytest.fixture(scope="module")
def trained(one_thread: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Sequences]:
    """All models of a small shop with texts, in a folder."""
    sequences = walks()
    texts = np.eye(ITEMS, 8, dtype=np.float32)
    plan = Plan(networks=(TRAIN,), spectral=SpectralSettings(rank=8))
    choice, fitted = choose(sequences, plan, texts=texts)
    assert tuple(fitted.models) == NAMES
    folder = tmp_path_factory.mktemp("models")
    store.save(folder, sequences.items, "without", choice, fitted.models)
    again = fit(split(sequences, "valid").train, ITEMS, choice, plan, texts=texts)
    for name, model in again.models.items():
        same = fitted.models[name].scores([ids(1, 2)])
        if name not in ("sequence", "blend"):  # these may have stopped before their last epoch
            assert np.array_equal(model.scores([ids(1, 2)]), same), name
    return folder, sequences


def copied(folder: Path, to: Path) -> Path:
    for path in folder.iterdir():
        (to / path.name).write_bytes(path.read_bytes())
    return to


def test_models_are_the_same_after_they_were_kept(trained: tuple[Path, Sequences]) -> None:
    folder, sequences = trained
    stored = store.load(folder)
    assert tuple(stored.models) == NAMES
    assert stored.fit == "without"
    stored.check_items(sequences)
    twice = store.load(folder)
    contexts = list(split(sequences, "test").contexts[:5])
    for name, model in stored.models.items():
        assert np.array_equal(model.scores(contexts), twice.models[name].scores(contexts)), name


def test_unknown_customers_and_items_are_answered(trained: tuple[Path, Sequences]) -> None:
    folder, _ = trained
    stored = store.load(folder)
    unknown = stored.numbers(["never sold", "nor this"])
    assert len(unknown) == 0
    known = stored.numbers(["never sold", "i3"])
    assert [stored.items[i] for i in known] == ["i3"]
    for name, model in stored.models.items():
        for context in (unknown, known):
            scores = model.scores([context])
            assert scores.shape == (1, ITEMS), name
            assert np.isfinite(scores).all(), name
    # Of a customer of whom nothing is known, the blend knows what is popular.
    order = stored.models["blend"].scores([unknown])[0]
    popular = stored.models["popularity"].scores([unknown])[0]
    assert np.array_equal(order, popular)


def test_an_item_seen_once_and_histories_of_one_are_learned_from() -> None:
    sequences = Sequences.of(
        [*(("c" + str(i), ["a", "b", "c"]) for i in range(5)), ("z", ["once"])]
    )
    plan = Plan(networks=(replace(TRAIN, epochs=1),), spectral=SpectralSettings(rank=2))
    _, fitted = choose(sequences, plan)
    for name, model in fitted.models.items():
        assert np.isfinite(model.scores([sequences.numbers(["once"])])).all(), name


def test_a_changed_catalogue_is_refused_with_numbers(trained: tuple[Path, Sequences]) -> None:
    changed = Sequences.of([("a", [f"i{i}" for i in range(1, ITEMS)] + ["new", "newer"])])
    with pytest.raises(ModelMismatch, match="2 new, 1 gone"):
        store.load(trained[0]).check_items(changed)


def test_damaged_models_are_a_sentence(trained: tuple[Path, Sequences], tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match="train recommend"):
        store.load(tmp_path)
    folder = copied(trained[0], tmp_path)
    weights = folder / "weights.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(ModelCorrupt, match="not those that were saved"):
        store.load(folder)
    weights.write_bytes(whole)
    (folder / "model.json").write_text("{", encoding="utf-8")
    with pytest.raises(ModelCorrupt):
        store.load(folder)


def test_an_index_of_another_model_is_refused(
    trained: tuple[Path, Sequences], tmp_path: Path
) -> None:
    folder = copied(trained[0], tmp_path)
    torch.manual_seed(9)
    other = SequenceModel(SequenceNetwork(ITEMS, NETWORK))
    index = ItemIndex.build(other)
    index.save(folder)
    with pytest.raises(IndexMismatch, match="another model"):
        store.load(folder)
    with pytest.raises(IndexMismatch):
        index.nearest(SequenceModel(SequenceNetwork(ITEMS, NETWORK)), ids(1), 3)
    (folder / "items.faiss").write_bytes(b"no index")
    with pytest.raises(IndexCorrupt):
        ItemIndex.open(folder, other)
    (folder / "items.json").write_text("[]", encoding="utf-8")
    with pytest.raises(IndexCorrupt):
        ItemIndex.open(folder, other)
    (folder / "items.json").unlink()
    with pytest.raises(IndexMissing):
        ItemIndex.open(folder, other)


def test_the_index_finds_what_the_scores_say(trained: tuple[Path, Sequences]) -> None:
    stored = store.load(trained[0])
    model = stored.models["sequence"]
    assert isinstance(model, SequenceModel)
    assert stored.index is not None
    context = ids(3, 7, 1)
    scores = model.scores([context])[0]
    scores[context] = -np.inf
    best, found = stored.index.nearest(model, context, 5)
    assert found.tolist() == np.argsort(-scores)[:5].tolist()
    assert best == pytest.approx(scores[found], abs=1e-5)
    assert set(context.tolist()) <= set(stored.index.nearest(model, context, ITEMS, again=True)[1])


def test_companions_and_substitutes_are_told_apart() -> None:
    """Half of the customers buy tent 0 and half tent 1, nobody both; each with a footprint (2) and
    a pad (3). The others buy a stove (4) with gas (5). Everybody has socks (6)."""
    histories = [ids(i % 2, 2, 3, 6) for i in range(40)] + [ids(4, 5, 6) for _ in range(40)]
    relations = Relations.fit(histories, 8)
    assert {item for item, _ in relations.companions(0)} == {2, 3}
    assert [item for item, _ in relations.companions(4)] == [5]
    assert relations.substitutes(0)[0][0] == 1
    assert relations.substitutes(0)[0][1] == pytest.approx(1.0)
    assert not {2, 3} & {item for item, _ in relations.substitutes(0)}
    assert relations.companions(7) == []  # never sold
    assert relations.substitutes(7) == []


def test_a_name_that_is_no_models_is_a_sentence() -> None:
    assert check_names(["blend", "popularity"]) == ("popularity", "blend")
    with pytest.raises(RetrievalError, match="no model magic; there are: popularity"):
        check_names(["magic"])
