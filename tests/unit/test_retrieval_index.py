"""FAISS beside brute force, and the index in its folder, with an embedder that needs no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval import index as indexes
from retrieval.build import build
from retrieval.embedder import Progress, TextEmbedder, Vectors
from retrieval.encode import encode, join
from retrieval.errors import IndexCorrupt, IndexMismatch, IndexMissing, RetrievalError
from retrieval.index import CURRENT, MANIFEST, PassageIndex
from retrieval.lexical import terms
from retrieval.retriever import Retriever, holds_answer, likely
from retrieval.types import Filters, Language, Passage
from retrieval.vectors import IndexKind, VectorIndex


class HashEmbedder:
    """Texts with the same words are near: each term has a random vector of its own."""

    dimensions = 64

    def __init__(self, fingerprint: str = "hash-1") -> None:
        self.fingerprint = fingerprint
        self.embedded = 0

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.embedded += len(texts)
        if progress is not None:
            progress(len(texts), len(texts))
        return self.embed_queries(texts)

    def _vector(self, text: str) -> Vectors:
        total = np.zeros(self.dimensions)
        for term in [*terms(text), "always"]:
            seed = int.from_bytes(hashlib.sha256(term.encode()).digest()[:4], "little")
            total += np.random.default_rng(seed).standard_normal(self.dimensions)
        return (total / np.linalg.norm(total)).astype(np.float32)


class WordJudge:
    """A text answers by the share of the question's words that it holds."""

    def judge(self, question: str, texts: Sequence[str]) -> list[float]:
        asked = set(terms(question))
        return [len(asked & set(terms(text))) / max(1, len(asked)) for text in texts]


def passage(
    source: str, language: Language, text: str, number: str = "1", kind: str = "document"
) -> Passage:
    return Passage(
        id=f"{source}#{number}",
        source=source,
        kind=kind,  # type: ignore[arg-type]
        language=language,
        title=source,
        heading="",
        text=text,
        url=f"/help/{language}/{source}",
    )


PASSAGES = [
    passage("delivery", "zh", "标准配送运费 8 元。满 99 元免运费。"),
    passage("delivery", "en", "Standard delivery costs ¥8. It is free from ¥99."),
    passage("returns", "zh", "30 天内可以退货。"),
    passage("returns", "en", "Goods can be returned within 30 days."),
    passage("ridgeline", "zh", "防水 3000 毫米。", kind="product"),
    passage("ridgeline", "en", "Waterproof to 3,000 mm.", kind="product"),
    passage("lamp", "en", "It shines for 40 hours.", kind="product"),
]


@pytest.fixture
def out(tmp_path: Path) -> Path:
    build(PASSAGES, tmp_path / "index", HashEmbedder())
    return tmp_path / "index"


@pytest.fixture
def retriever(out: Path) -> Retriever:
    return Retriever.open(out, HashEmbedder(), WordJudge())


# --- vectors --------------------------------------------------------------------------------


def clustered(count: int, seed: int = 0) -> Vectors:
    random = np.random.default_rng(seed)
    centres = random.standard_normal((40, 32))
    rows = centres[random.integers(0, 40, count)] + 0.4 * random.standard_normal((count, 32))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("share", [1.0, 0.5, 0.01])
def test_nearest_agree_with_brute_force(kind: IndexKind, share: float, tmp_path: Path) -> None:
    vectors = clustered(2000)
    VectorIndex.build(vectors, kind).save(tmp_path / "v.faiss")
    index = VectorIndex.load(tmp_path / "v.faiss", kind)
    allowed = None if share == 1.0 else np.random.default_rng(1).random(2000) < share
    found = 0
    for query in clustered(30, seed=2):
        scores = vectors @ query
        if allowed is not None:
            scores = np.where(allowed, scores, -2)
        best = np.argsort(-scores)[:10]
        similarities, ids = index.search(query, 10, allowed)
        np.testing.assert_allclose(similarities, scores[ids], rtol=1e-4, atol=1e-6)
        assert allowed is None or allowed[ids].all()
        found += len(set(best.tolist()) & set(ids.tolist()))
    assert found / 300 > (0.999 if kind == "flat" or share < 1 else 0.9)


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
def test_saved_vectors_are_the_same_to_the_bit(kind: IndexKind, tmp_path: Path) -> None:
    vectors = clustered(500)
    VectorIndex.build(vectors, kind).save(tmp_path / "v.faiss")
    index = VectorIndex.load(tmp_path / "v.faiss", kind)
    np.testing.assert_array_equal(index.all_vectors(), vectors)
    np.testing.assert_array_equal(index.vectors(np.array([7, 3])), vectors[[7, 3]])


def test_nothing_allowed_or_fewer_than_asked() -> None:
    index = VectorIndex.build(clustered(20))
    query = clustered(1)[0]
    assert len(index.search(query, 5, np.zeros(20, bool))[1]) == 0
    assert len(index.search(query, 50)[1]) == 20
    assert index.search(query, 5, np.arange(20) == 4)[1].tolist() == [4]


# --- the folder -----------------------------------------------------------------------------


def test_what_was_written_is_read(out: Path) -> None:
    index = PassageIndex.open(out, "hash-1")
    assert list(index.passages) == PASSAGES
    encoded = encode(PASSAGES, HashEmbedder())
    np.testing.assert_array_equal(index.vectors.all_vectors(), encoded.passages)
    assert index.sentences is not None
    np.testing.assert_array_equal(index.sentences.vectors, encoded.sentences)
    np.testing.assert_array_equal(index.sentences.ends, encoded.ends)


def test_another_embedder_is_refused(out: Path) -> None:
    with pytest.raises(IndexMismatch, match=r"another embedder.*retrieval\.build"):
        PassageIndex.open(out, "hash-2")


def test_no_index_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(IndexMissing, match=r"no index.*retrieval\.build"):
        PassageIndex.open(tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "vectors.faiss",
        "passages.jsonl",
        "passages.npz",
        "sentences.npy",
        "lexical/vocab.index.json",
    ],
)
@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_damage_is_found(out: Path, name: str, damage: str) -> None:
    path = out / (out / CURRENT).read_text() / name
    content = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        content[len(content) // 2] ^= 0xFF
        path.write_bytes(content[:-5] if damage == "cut" else content)
    with pytest.raises(IndexCorrupt, match="damaged or gone"):
        PassageIndex.open(out)


def test_a_damaged_manifest_is_found(out: Path) -> None:
    folder = out / (out / CURRENT).read_text()
    (folder / MANIFEST).write_text("[]")
    with pytest.raises(IndexCorrupt):
        PassageIndex.open(out)


def test_a_failed_build_leaves_the_old_index(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(indexes, "replace_text", fails)
    with pytest.raises(KeyboardInterrupt):
        build(PASSAGES[:4], out, HashEmbedder())
    assert PassageIndex.open(out).manifest.count == len(PASSAGES)
    assert len(list(out.glob("build-*"))) == 1


def test_a_build_embeds_only_what_is_new(out: Path, tmp_path: Path) -> None:
    embedder = HashEmbedder()
    again = build(PASSAGES, out, embedder)
    assert (again.changed, again.embedded, embedder.embedded) == (False, 0, 0)
    more = [*PASSAGES[1:], passage("gifts", "en", "Wrapping costs ¥15.")]
    changed = build(more, out, embedder)
    assert (changed.changed, changed.embedded) == (True, 1)
    index = PassageIndex.open(out)
    np.testing.assert_array_equal(
        index.vectors.all_vectors(), encode(more, HashEmbedder()).passages
    )
    assert len(list(out.glob("build-*"))) == 1


def test_another_embedder_embeds_everything_again(out: Path, tmp_path: Path) -> None:
    built = build(PASSAGES, out, HashEmbedder("hash-2"))
    assert built.embedded == len(PASSAGES)
    PassageIndex.open(out, "hash-2")


def test_parts_join_as_if_encoded_together() -> None:
    parts = [encode([p], HashEmbedder()) for p in PASSAGES]
    joined, whole = join(parts), encode(PASSAGES, HashEmbedder())
    np.testing.assert_array_equal(joined.passages, whole.passages)
    np.testing.assert_array_equal(joined.sentences, whole.sentences)
    np.testing.assert_array_equal(joined.ends, whole.ends)


# --- the retriever --------------------------------------------------------------------------


def sources(retriever: Retriever, query: str, **options: object) -> list[tuple[str, str]]:
    hits = retriever.search(query, **options)  # type: ignore[arg-type]
    return [(hit.passage.source, hit.passage.language) for hit in hits]


def test_a_hit_names_its_best_sentence(retriever: Retriever) -> None:
    hit = retriever.search("free from ¥99")[0]
    assert hit.passage == PASSAGES[1]
    assert hit.sentence == "It is free from ¥99."
    assert hit.lexical > 0
    assert -1 <= hit.similarity <= 1


def test_one_language_of_each_passage_comes_back(retriever: Retriever) -> None:
    found = sources(retriever, "运费", k=10)
    assert found[0] == ("delivery", "zh")
    # The lamp is described in English alone, so it may come to a Chinese question too.
    assert sorted(found) == [
        ("delivery", "zh"),
        ("lamp", "en"),
        ("returns", "zh"),
        ("ridgeline", "zh"),
    ]
    assert sources(retriever, "运费", language="en", k=1)[0][1] == "en"


def test_filters(retriever: Retriever) -> None:
    products = sources(retriever, "waterproof", filters=Filters(kind="product"), k=9)
    assert products == [("ridgeline", "en"), ("lamp", "en")]
    only = Filters(sources=frozenset({"returns", "unknown"}))
    assert sources(retriever, "waterproof", filters=only) == [("returns", "en")]
    english = sources(retriever, "运费", language="en", k=9)
    assert {language for _, language in english} == {"en"}
    assert sources(retriever, "waterproof", filters=Filters(sources=frozenset())) == []


@pytest.mark.parametrize("query", ["", "  \n", "运" * 100_000, "😀", "\x00", "'; DROP TABLE x"])
def test_odd_queries_are_answered_or_empty(retriever: Retriever, query: str) -> None:
    hits = retriever.search(query)
    assert bool(hits) == bool(query.strip())
    assert bool(retriever.answering(query)) == bool(query.strip())


def test_what_stands_there_is_told_from_what_does_not(retriever: Retriever) -> None:
    for query in ("standard delivery", "returned within 30 days"):
        assert holds_answer(retriever.answering(query))
    for query in ("poem", "football chess weather"):
        assert not holds_answer(retriever.answering(query))
    assert not holds_answer([])


def test_the_sentence_that_answers_comes_first(out: Path) -> None:
    class Contrary(WordJudge):
        """Whatever else is asked: free delivery is the answer."""

        def judge(self, question: str, texts: Sequence[str]) -> list[float]:
            return [0.999 if "free from" in text else 0.001 for text in texts]

    retriever = Retriever.open(out, HashEmbedder(), Contrary())
    first, *others = retriever.answering("standard delivery costs")
    assert first.sentence == "It is free from ¥99."
    assert first.answers == 0.999
    assert likely([first]) == 0.999
    assert all(hit.score < first.score for hit in others)
    assert len({hit.passage.id for hit in (first, *others)}) == 1 + len(others)


def test_without_a_judge_it_searches_only(out: Path) -> None:
    retriever = Retriever.open(out, HashEmbedder())
    assert retriever.search("standard delivery")
    with pytest.raises(RetrievalError, match="with a judge"):
        retriever.answering("standard delivery")


def test_a_query_is_embedded_once(out: Path) -> None:
    class Counting(HashEmbedder):
        asked = 0

        def embed_queries(self, texts: Sequence[str]) -> Vectors:
            Counting.asked += 1
            return super().embed_queries(texts)

    embedder: TextEmbedder = Counting()
    retriever = Retriever.open(out, embedder)
    retriever.search("delivery")
    retriever.search("delivery", filters=Filters(kind="product"))
    assert Counting.asked == 1
