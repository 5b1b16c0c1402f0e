"""Training on a Ray cluster, where Ray is installed: `pip install 'ray[train]'`."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.errors import RetrievalError
from retrieval.recommend.network import NetworkSettings
from retrieval.recommend.training import TrainSettings

ray = pytest.importorskip("ray", reason="Ray is not installed; pip install 'ray[train]'")

ITEMS = 12


def test_two_processes_learn_what_follows() -> None:
    from retrieval.recommend.cluster import ClusterTrainer

    network = NetworkSettings(width=16, layers=1, places=8, dropout=0.1)
    settings = TrainSettings(network, epochs=6, batch=16, negatives=10)
    ring = [np.arange(start, start + 6) % ITEMS for start in range(ITEMS)] * 8
    try:
        trained = ClusterTrainer("local")(ring, ITEMS, settings, device="cpu")
    finally:
        ray.shutdown()
    assert trained.epochs == settings.epochs
    scores = trained.model.scores([np.array([3, 4, 5])])[0]
    scores[[3, 4, 5]] = -np.inf
    assert int(scores.argmax()) == 6


def test_a_cluster_that_does_not_answer_is_a_sentence() -> None:
    from retrieval.recommend.cluster import ClusterTrainer

    with pytest.raises(RetrievalError, match="cannot be reached"):
        ClusterTrainer("127.0.0.1:9")
