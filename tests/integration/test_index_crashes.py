"""A build that is killed at any step leaves an index that answers; the next one goes through."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval import books, index
from retrieval.build import build, gather
from retrieval.index import PassageIndex
from retrieval.retriever import Retriever
from tests.unit.test_retrieval_index import HashEmbedder

ROOT = Path(__file__).parents[2]
STEPS = ("embed", "write", "finish", "swap", "clear")
_BUILD = """
import os, signal, sys
from pathlib import Path
from retrieval.build import build, gather
from tests.unit.test_retrieval_index import HashEmbedder

folder, out, step = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]

def reach(name):
    if name == step:
        os.kill(os.getpid(), signal.SIGKILL)

found = gather(folder, [], ["en"], out=out)
build(found.passages, out, HashEmbedder(), documents=found.documents, reach=reach)
"""


def write(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.mark.parametrize("step", STEPS)
def test_a_killed_build_leaves_a_working_index(tmp_path: Path, step: str) -> None:
    folder, out = tmp_path / "documents", tmp_path / "index"
    write(folder, "fees.md", "Delivery costs $5.")
    write(folder, "old.md", "Gift cards are sold.")
    found = gather(folder, [], ["en"], out=out)
    build(found.passages, out, HashEmbedder(), documents=found.documents)
    before = Retriever.open(out, HashEmbedder())

    write(folder, "fees.md", "Delivery costs $7.")
    write(folder, "new.md", "Returns are free.")
    (folder / "old.md").unlink()
    command = [sys.executable, "-c", _BUILD, *map(str, (folder, out)), step]
    killed = subprocess.run(command, cwd=ROOT, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL

    # Who opens it now finds one whole generation, the old or the new.
    opened = Retriever.open(out, HashEmbedder())
    texts = {passage.text for passage in opened.index.passages}
    old, new = (
        {"Delivery costs $5.", "Gift cards are sold."},
        {"Delivery costs $7.", "Returns are free."},
    )
    assert texts == (new if step == "clear" else old)
    assert opened.search("delivery costs", k=1)[0].passage.text in texts
    # Who had it open goes on.
    assert before.search("delivery costs", k=1)[0].passage.text == "Delivery costs $5."

    # The next build goes through, and clears away what the killed one left.
    found = gather(folder, [], ["en"], out=out)
    build(found.passages, out, HashEmbedder(), documents=found.documents)
    last = PassageIndex.open(out)
    assert {passage.text for passage in last.passages} == new
    write(folder, "more.md", "Gloves are warm.")
    found = gather(folder, [], ["en"], out=out)
    build(found.passages, out, HashEmbedder(), documents=found.documents)
    assert len(list(out.glob("build-*"))) == 1
    assert sorted(d.source for d in books.documents(out)) == ["fees", "more", "new"]


def test_only_what_changed_is_read_and_embedded(tmp_path: Path) -> None:
    folder, out = tmp_path / "documents", tmp_path / "index"
    for number in range(5):
        write(folder, f"{number}.md", f"## Fee {number}\n\nPage number {number} says this.")

    def again() -> tuple[int, bool]:
        embedder = HashEmbedder()
        found = gather(folder, [], ["en"], out=out)
        made = build(found.passages, out, embedder, documents=found.documents)
        return made.embedded, made.changed

    assert again() == (5, True)
    assert again() == (0, False)
    write(folder, "3.md", "## Fee 3\n\nAnother text.")
    assert again() == (1, True)
    (folder / "4.md").unlink()
    assert again() == (0, True)
    sources = {passage.source for passage in PassageIndex.open(out).passages}
    assert sources == {"0", "1", "2", "3"}


def test_unchanged_documents_are_not_read_again(tmp_path: Path) -> None:
    folder, out = tmp_path / "documents", tmp_path / "index"
    write(folder, "fees.md", "## Fee\n\nDelivery costs $5.\n\n## Time\n\nTwo days.")
    found = gather(folder, [], ["en"], out=out)
    build(found.passages, out, HashEmbedder(), documents=found.documents)
    # Whoever reads the file finds this; whoever takes it from the index finds what stands there.
    kept = json.loads((index.current(out)[0] / books.FILE).read_text("utf-8"))
    assert [each["source"] for each in kept] == ["fees"]
    known = books.known(out)
    assert [p.text for p in known[str(folder / "fees.md")].passages] == [
        "Delivery costs $5.",
        "Two days.",
    ]
    taken = gather(folder, [], ["en"], out=out)
    assert taken.passages == found.passages
    assert taken.documents == found.documents
