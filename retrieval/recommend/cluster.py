"""The same training on a Ray cluster: Ray Train starts the processes, each takes its share of every
batch (training.py), and the first one hands the weights back.

Ray is imported only when a cluster is asked for and is no dependency otherwise.
"""

from __future__ import annotations

import re
import socket
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from retrieval.errors import RetrievalError
from retrieval.recommend.network import SequenceNetwork
from retrieval.recommend.sequence import SequenceModel
from retrieval.recommend.sequences import Histories, Split
from retrieval.recommend.training import EpochCallback, Trained, TrainSettings, train

_WEIGHTS = "weights.pt"
_KNOCK_S = 10


class ClusterTrainer:
    """Trains as `training.train` does, with its signature, on `workers` processes of a cluster.

    `address`: of the cluster, or "local" for processes of this machine. Progress and checkpoints
    are Ray's own there; `told` hears nothing and `folder` stays empty. Raises `RetrievalError`
    when Ray is not installed or the cluster cannot be reached.
    """

    def __init__(self, address: str, workers: int = 2) -> None:
        try:
            import ray
        except ImportError as error:
            raise RetrievalError(
                "Training on a cluster needs Ray; install it with: pip install 'ray[train]'."
            ) from error
        self._workers = workers
        try:
            _knock(address)
            ray.init(address, ignore_reinit_error=True, log_to_driver=False)
        except (OSError, ValueError, ray.exceptions.RayError) as error:
            raise RetrievalError(
                f"The Ray cluster {address} cannot be reached: {error}."
            ) from error

    def __call__(
        self,
        histories: Histories,
        items: int,
        settings: TrainSettings,
        *,
        validation: Split | None = None,
        texts: Tensor | None = None,
        device: str = "auto",
        folder: Path | None = None,
        told: EpochCallback | None = None,
    ) -> Trained:
        from ray.train import ScalingConfig
        from ray.train.torch import TorchTrainer

        gpu = device.startswith("cuda") or (device == "auto" and torch.cuda.is_available())
        result = TorchTrainer(
            _work,
            train_loop_config={
                "histories": list(histories),
                "items": items,
                "settings": settings,
                "validation": validation,
                "texts": texts,
            },
            scaling_config=ScalingConfig(num_workers=self._workers, use_gpu=gpu),
        ).fit()
        with result.checkpoint.as_directory() as kept:
            held = torch.load(Path(kept) / _WEIGHTS, weights_only=True, map_location="cpu")
        network = SequenceNetwork(items, settings.network, texts)
        network.load_state_dict(held["network"])
        return Trained(SequenceModel(network), held["epochs"], held["ndcg10"], held["seconds"])


def _knock(address: str) -> None:
    """Raises `OSError` when nobody listens at host:port; Ray alone would try for minutes."""
    if match := re.fullmatch(r"(?:ray://)?([\w.-]+):(\d+)", address):
        socket.create_connection((match[1], int(match[2])), timeout=_KNOCK_S).close()


def _work(given: dict[str, Any]) -> None:
    """What each process does; Ray has set up torch.distributed before."""
    from ray import train as ray_train
    from ray.train.torch import get_device

    trained = train(**given, device=str(get_device()))
    figures = {
        "epochs": trained.epochs,
        "ndcg10": trained.ndcg10,
        "seconds": trained.seconds,
    }
    if ray_train.get_context().get_world_rank() != 0:
        ray_train.report(figures)
        return
    with tempfile.TemporaryDirectory() as folder:
        network = trained.model.network.cpu().state_dict()
        torch.save({**figures, "network": network}, Path(folder) / _WEIGHTS)
        ray_train.report(figures, checkpoint=ray_train.Checkpoint.from_directory(folder))
