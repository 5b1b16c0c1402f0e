"""The recommender that the assistant works with: by the trained models where there are any that fit
the shop, else plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import structlog

from data.models import Product
from retrieval.embedder import Vectors
from retrieval.errors import RetrievalError
from retrieval.recommend import PurchaseRow, Recommender

log = structlog.get_logger("recommend")


def load_recommender(
    folder: Path,
    purchases: Iterable[PurchaseRow],
    products: Sequence[Product],
    vectors: Mapping[str, Vectors],
    *,
    now: datetime,
    exploration: float,
) -> Recommender:
    """Models that are missing, damaged or another shop's are no reason to recommend nothing: the
    log says why they are not used."""
    plain = Recommender.fit(purchases, products, vectors, now=now, exploration=exploration)
    if not (folder / "model.json").is_file():  # then PyTorch is not needed either
        log.info("recommending without trained models; `shopguide train recommend` trains some")
        return plain
    try:
        import torch

        from retrieval.recommend.serving import TrainedRecommender

        # One customer at a time: such small products only wait for a second thread.
        torch.set_num_threads(1)
        return TrainedRecommender.open(folder, plain)
    except (RetrievalError, ImportError) as error:
        log.warning("recommending without the trained models", cause=str(error))
        return plain
