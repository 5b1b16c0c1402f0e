"""Trains the sequence network: epochs, early stopping, checkpoints, resuming, TensorBoard.

Every epoch draws its chance from the seed and its number alone, so that a training that was
interrupted and resumed gives the same weights as one that was not, and so does the same seed on the
same kind of device. With torch.distributed running (as Ray Train sets it up, see cluster.py) each
process takes its share of every batch and the gradients are averaged.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.nn import functional

from retrieval.recommend.evaluation import ndcg, rank_all, sample
from retrieval.recommend.network import NetworkSettings, SequenceNetwork
from retrieval.recommend.sequence import SequenceModel, padded
from retrieval.recommend.sequences import Histories, Split, buyers
from retrieval.recommend.spectral import Spectral, SpectralSettings
from retrieval.training import Curves, adamw, device_of, load_checkpoint, save_checkpoint

Loss = Literal["sampled", "full"]
_LARGEST_GRADIENT = 5.0
_START_LENGTH = 0.3  # mean, of the embeddings
_JUDGED = 4000  # customers of the validation that are judged after each epoch


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """`loss`: cross-entropy over all items ("full"), or over the true one and `negatives` drawn
    ones ("sampled"). Training ends when the validation has not become better for `patience`
    epochs. `spectral_start`: the items' embeddings start at the first directions of the transitions
    (spectral.py) instead of at chance, from where a few epochs are enough."""

    network: NetworkSettings = field(default_factory=NetworkSettings)
    loss: Loss = "full"
    negatives: int = 1024
    epochs: int = 20
    patience: int = 3
    batch: int = 256
    learning_rate: float = 2e-3
    weight_decay: float = 0.1
    spectral_start: bool = True
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is told after each: `ndcg10` of the validation is NaN where there is none."""

    number: int
    of: int
    loss: float
    ndcg10: float
    seconds: float


@dataclass(slots=True)
class Trained:
    """`epochs`: after how many the kept weights were reached."""

    model: SequenceModel
    epochs: int
    ndcg10: float
    seconds: float


EpochCallback = Callable[[Epoch], None]


def train(
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
    """Fit the network; without `validation` all epochs are run and the last weights are kept.

    `folder` gets a checkpoint after each epoch, from which the same call goes on, and the curves
    for TensorBoard where that package is installed. Raises `ModelMismatch` when the checkpoint is
    of another training and `ModelCorrupt` when it cannot be read.
    """
    torch.manual_seed(settings.seed)
    place = device_of(device)
    network = SequenceNetwork(items, settings.network, texts)
    new = torch.from_numpy(buyers(histories, items) == 0)
    new &= torch.zeros(items) > 0 if texts is None else texts.abs().sum(1) > 0
    with torch.no_grad():
        network.item.weight[new] = 0.0
    if settings.spectral_start:
        _start(network, histories, settings.seed)
    network.to(place)
    optimizer = adamw(network, settings.learning_rate, settings.weight_decay)
    run = _fingerprint(histories, items, settings, texts)
    state = _State(best=_weights(network))
    checkpoint = None if folder is None else folder / "checkpoint.pt"
    if checkpoint is not None and checkpoint.is_file():
        state = _State(**load_checkpoint(checkpoint, run, network, optimizer))
    examples = [history for history in histories if len(history) > 1]
    judged = None if validation is None else sample(validation, _JUDGED)
    forward = _distributed(network, (~new).nonzero().flatten().to(place))
    with closing(Curves(folder if _rank() == 0 else None)) as curves:
        while state.epoch < settings.epochs and state.since_best < settings.patience and examples:
            started = time.perf_counter()
            loss = _epoch(forward, network, optimizer, examples, settings, state.epoch)
            state.epoch += 1
            score = math.nan
            if judged is None:
                state.best, state.best_epoch = _weights(network), state.epoch
            else:
                score = float(ndcg(rank_all(SequenceModel(network), judged), 10).mean())
                if score > state.best_score:
                    state.best, state.best_epoch = _weights(network), state.epoch
                    state.best_score, state.since_best = score, 0
                else:
                    state.since_best += 1
            seconds = time.perf_counter() - started
            state.seconds += seconds
            if checkpoint is not None and _rank() == 0:
                save_checkpoint(checkpoint, run, asdict(state), network, optimizer)
            done = Epoch(state.epoch, settings.epochs, loss, score, seconds)
            curves.add(done.number, {"loss": done.loss, "validation/ndcg10": score})
            if told is not None:
                told(done)
    network.load_state_dict(state.best)
    return Trained(SequenceModel(network), state.best_epoch, state.best_score, state.seconds)


def batches(
    examples: Histories, size: int, places: int, chance: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """(inputs, what comes next) int64 [size, places]: histories of like length together, −1 where
    there is nothing."""
    order = chance.permutation(len(examples))
    parts = []
    for start in range(0, len(order), 20 * size):
        near = sorted(order[start : start + 20 * size], key=lambda i: len(examples[i]))
        parts += [near[i : i + size] for i in range(0, len(near), size)]
    for number in chance.permutation(len(parts)):
        chosen = [examples[i][-places - 1 :] for i in parts[number]]
        yield padded([h[:-1] for h in chosen], places), padded([h[1:] for h in chosen], places)


@dataclass(slots=True)
class _State:
    best: dict[str, Tensor]
    epoch: int = 0
    best_epoch: int = 0
    best_score: float = -1.0
    since_best: int = 0
    seconds: float = 0.0


def _epoch(
    forward: nn.Module,
    network: SequenceNetwork,
    optimizer: torch.optim.Optimizer,
    examples: Histories,
    settings: TrainSettings,
    number: int,
) -> float:
    """One pass over all histories; the mean loss."""
    torch.manual_seed(settings.seed * 10_007 + number + _rank())
    chance = np.random.default_rng((settings.seed, number))
    place = network.item.weight.device
    total, count = 0.0, 0
    network.train()
    for given, wanted in batches(examples, settings.batch, network.settings.places, chance):
        if len(given) < _processes():  # all of them take part, or none
            continue
        mine = slice(_rank(), None, _processes())
        given, wanted = given[mine].to(place), wanted[mine].to(place)
        loss = forward(given, wanted, settings)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
        optimizer.step()
        total += float(loss.detach())
        count += 1
    network.eval()
    return total / max(1, count)


class _Loss(nn.Module):
    """The network with its loss, in one call, as DistributedDataParallel wants it."""

    def __init__(self, network: SequenceNetwork, answers: Tensor) -> None:
        super().__init__()
        self.network = network
        # What was never sold and has a text is nobody's wrong answer: it must not learn to be last.
        self.answers: Tensor
        self.place: Tensor
        self.register_buffer("answers", answers)
        place = torch.full((network.items,), -1, device=answers.device)
        place[answers] = torch.arange(len(answers), device=answers.device)
        self.register_buffer("place", place)

    def forward(self, given: Tensor, wanted: Tensor, settings: TrainSettings) -> Tensor:
        vectors = self.network.item_vectors()
        told = wanted >= 0
        hidden = self.network(given.clamp(min=0), vectors)[told]
        target = wanted[told]
        if settings.loss == "full":
            return functional.cross_entropy(hidden @ vectors[self.answers].T, self.place[target])
        items = len(self.answers)
        drawn = torch.randint(items, (settings.negatives,), device=hidden.device)
        negative = self.answers[drawn]
        right = (hidden * vectors[target]).sum(1, keepdim=True)
        # Each drawn item stands for as many as were not drawn, so that the sum of all is met.
        others = hidden @ vectors[negative].T + math.log(items / settings.negatives)
        others = others.masked_fill(negative[None] == target[:, None], -math.inf)
        none = torch.zeros(len(target), dtype=torch.long, device=hidden.device)
        return functional.cross_entropy(torch.cat([right, others], 1), none)


def _start(network: SequenceNetwork, histories: Histories, seed: int) -> None:
    """Add the transitions' first directions to the embeddings, turned at random so that no place of
    a vector is louder than another."""
    width = network.settings.width
    if network.items < width:
        return
    settings = SpectralSettings(rank=width, backward=1.0, popularity=0.0, seed=seed)
    vectors = Spectral.fit(histories, network.items, settings).next
    length = float(np.linalg.norm(vectors, axis=1).mean())
    turn, _ = np.linalg.qr(np.random.default_rng(seed).standard_normal((width, width)))
    turned = vectors @ (turn * _START_LENGTH / max(length, 1e-9))
    with torch.no_grad():
        network.item.weight += torch.from_numpy(turned.astype(np.float32))


def _distributed(network: SequenceNetwork, answers: Tensor) -> nn.Module:
    loss = _Loss(network, answers)
    if _processes() == 1:
        return loss
    return nn.parallel.DistributedDataParallel(loss)


def _processes() -> int:
    return distributed.get_world_size() if distributed.is_initialized() else 1


def _rank() -> int:
    return distributed.get_rank() if distributed.is_initialized() else 0


# --- checkpoints ----------------------------------------------------------------------------


def _weights(network: SequenceNetwork) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def _fingerprint(
    histories: Histories, items: int, settings: TrainSettings, texts: Tensor | None
) -> str:
    """Of all that decides the outcome but the number of epochs, which may grow."""
    told = asdict(settings)
    del told["epochs"]
    digest = hashlib.sha256(json.dumps([items, told], sort_keys=True).encode())
    for history in histories:
        digest.update(history.tobytes() + b"|")
    if texts is not None:
        digest.update(texts.numpy().tobytes())
    return digest.hexdigest()
