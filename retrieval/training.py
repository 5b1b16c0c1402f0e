"""What every training of a network needs: device, optimiser, checkpoints, curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from retrieval.errors import ModelCorrupt, ModelMismatch, RetrievalError

_FORMAT = 1


def device_of(name: str = "auto") -> torch.device:
    """ "auto": the GPU where there is one. Raises `RetrievalError` for one that is not there."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise RetrievalError("There is no GPU here that PyTorch can use; train on the CPU.")
    return torch.device(name)


def adamw(network: nn.Module, rate: float, decay: float) -> torch.optim.Optimizer:
    """AdamW; norms and biases do not decay."""
    weights = [p for p in network.parameters() if p.dim() > 1]
    others = [p for p in network.parameters() if p.dim() < 2]
    return torch.optim.AdamW(
        [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}],
        lr=rate,
    )


def save_checkpoint(
    path: Path,
    run: str,
    state: Mapping[str, Any],
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
) -> None:
    """`run` names all that decides the outcome; `state` is the training's own books."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    held = {
        "format": _FORMAT,
        "run": run,
        "state": dict(state),
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    torch.save(held, fresh)
    # An interruption leaves the old checkpoint or the new one, never half of one.
    fresh.replace(path)


def load_checkpoint(
    path: Path, run: str, network: nn.Module, optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Fills the network and the optimiser; returns the books. Raises `ModelMismatch` when the
    checkpoint is of another training and `ModelCorrupt` when it cannot be read."""
    try:
        held: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
        if held["format"] != _FORMAT:
            raise ValueError(f"format {held['format']}")
        state: dict[str, Any] = held["state"]
        other = held["run"] != run
        if not other:
            network.load_state_dict(held["network"])
            optimizer.load_state_dict(held["optimizer"])
    except Exception as error:  # a damaged file raises nearly anything
        raise ModelCorrupt(
            f"The checkpoint {path} cannot be read; delete it and train from the start."
        ) from error
    if other:
        raise ModelMismatch(
            f"The checkpoint {path} is of a training with other data or settings; "
            "delete it, or name another folder."
        )
    return state


class Curves:
    """TensorBoard's files, where that package is installed and a folder is given."""

    def __init__(self, folder: Path | None) -> None:
        self._writer: Any = None
        if folder is not None:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                return
            self._writer = SummaryWriter(str(folder / "tensorboard"))

    def add(self, number: int, values: Mapping[str, float]) -> None:
        """A point of each curve; what is NaN was not measured."""
        if self._writer is not None:
            for name, value in values.items():
                if not math.isnan(value):
                    self._writer.add_scalar(name, value, number)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
