"""An index that is built anew while it answers."""

from __future__ import annotations

from pathlib import Path
from threading import Event, Thread

from test_retrieval_index import PASSAGES, HashEmbedder, passage

from retrieval.build import build
from retrieval.index import CURRENT
from retrieval.live import LiveRetriever

KNOWN = frozenset({"ridgeline", "lamp"})


def test_answers_go_on_and_come_from_the_new_index(tmp_path: Path) -> None:
    out = tmp_path / "index"
    build(PASSAGES, out, HashEmbedder())
    live = LiveRetriever(out, HashEmbedder(), KNOWN)
    failures: list[Exception] = []
    ended = Event()

    def ask() -> None:
        while not ended.is_set():
            try:
                assert live.search("standard delivery costs", k=1)[0].passage.source == "delivery"
            except Exception as error:
                failures.append(error)

    askers = [Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    for number in range(3):
        page = passage(f"new-{number}", "en", f"Gift cards number {number} are sold.")
        build([*PASSAGES, page], out, HashEmbedder())
        assert live.refresh()
        assert live.search("gift cards are sold", k=1)[0].passage.source == f"new-{number}"
    ended.set()
    for asker in askers:
        asker.join()
    assert failures == []
    assert not live.refresh()


def test_a_new_index_that_cannot_be_opened_leaves_the_old_one(tmp_path: Path) -> None:
    out = tmp_path / "index"
    build(PASSAGES, out, HashEmbedder())
    live = LiveRetriever(out, HashEmbedder(), KNOWN)
    build([*PASSAGES, passage("more", "en", "More.")], out, HashEmbedder("another"))
    assert not live.refresh()
    (out / CURRENT).write_text("build-nowhere")
    assert not live.refresh()
    assert live.search("returned within days", k=1)[0].passage.source == "returns"


def test_products_that_the_system_does_not_know_wait(tmp_path: Path) -> None:
    out = tmp_path / "index"
    build(PASSAGES, out, HashEmbedder())
    live = LiveRetriever(out, HashEmbedder(), KNOWN)
    stove = passage("stove", "en", "It boils water in two minutes.", kind="product")
    build([*PASSAGES, stove], out, HashEmbedder())
    assert live.refresh()
    assert "stove" not in {hit.passage.source for hit in live.search("boils water minutes")}
