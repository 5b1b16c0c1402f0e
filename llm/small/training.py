"""Trains the network: steps, warm-up and cosine, checkpoints, resuming, TensorBoard.

Every step draws its chance from the seed and its number alone, so that a training that was
interrupted and resumed gives the same weights as one that was not, and so does the same seed on the
same kind of device.
"""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn

from llm.small.measuring import nats
from llm.small.network import LanguageNetwork, NetworkSettings
from retrieval.errors import ModelMissing
from retrieval.training import Curves, adamw, device_of, load_checkpoint, save_checkpoint

# The usual ones of small GPTs (Brown et al. 2020, appendix B; nanoGPT).
_LARGEST_GRADIENT = 1.0
_WARM_UP = 0.05  # of the steps
_LAST_RATE = 0.1  # of the highest
CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """`steps` of `batch` pieces of the stream each; after every `every` steps the validation is
    measured and a checkpoint kept. The best weights by the validation stay: a shop's few texts are
    soon known by heart."""

    network: NetworkSettings = field(default_factory=NetworkSettings)
    steps: int = 1000
    batch: int = 16
    learning_rate: float = 2e-3
    weight_decay: float = 0.1
    every: int = 50
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """`loss` and `validation` in nats a token; `loss` is the mean since the last one was told."""

    step: int
    of: int
    loss: float
    validation: float
    seconds: float


@dataclass(slots=True)
class Trained:
    """`step`: at which the kept weights were reached."""

    network: LanguageNetwork
    step: int
    validation: float
    seconds: float


@dataclass(slots=True)
class _State:
    best: dict[str, Tensor]
    step: int = 0
    best_step: int = 0
    best_validation: float = math.inf
    seconds: float = 0.0


def train(
    tokens: Tensor,
    validation: Tensor,
    settings: TrainSettings,
    *,
    device: str = "auto",
    folder: Path | None = None,
    resume: bool = False,
    told: Callable[[Told], None] | None = None,
) -> Trained:
    """Fit the network to a stream of tokens, int64 [tokens].

    `folder` gets checkpoints, from which the same call with `resume` goes on, and the curves for
    TensorBoard where that package is installed. Raises `ModelMissing` when there is nothing to go
    on from, `ModelMismatch` when that is of another training, `ModelCorrupt` when it cannot be
    read.
    """
    torch.manual_seed(settings.seed)
    network = LanguageNetwork(settings.network).to(device_of(device))
    optimizer = adamw(network, settings.learning_rate, settings.weight_decay)
    run = _fingerprint(tokens, validation, settings)
    state = _State(best=_weights(network))
    checkpoint = None if folder is None else folder / CHECKPOINT
    if resume:
        if checkpoint is None or not checkpoint.is_file():
            raise ModelMissing(
                f"There is no interrupted training in {folder} to go on with; train without "
                "--resume."
            )
        state = _State(**load_checkpoint(checkpoint, run, network, optimizer))
    with closing(Curves(folder)) as curves:
        while state.step < settings.steps:
            started = time.perf_counter()
            until = min(settings.steps, state.step + settings.every)
            number = until - state.step
            total = 0.0
            network.train()
            while state.step < until:
                total += _step(network, optimizer, tokens, settings, state.step)
                state.step += 1
            network.eval()
            score = float(nats(network, validation).mean())
            if score < state.best_validation:
                state.best, state.best_step = _weights(network), state.step
                state.best_validation = score
            seconds = time.perf_counter() - started
            state.seconds += seconds
            if checkpoint is not None:
                save_checkpoint(checkpoint, run, asdict(state), network, optimizer)
            done = Told(state.step, settings.steps, total / number, score, seconds)
            curves.add(state.step, {"loss": done.loss, "validation/loss": score})
            if told is not None:
                told(done)
    network.load_state_dict(state.best)
    network.eval()
    return Trained(network, state.best_step, state.best_validation, state.seconds)


def rate(step: int, settings: TrainSettings) -> float:
    """Up in a line, then down by half a cosine (Loshchilov and Hutter 2017), of the highest."""
    warm_up = max(1, round(_WARM_UP * settings.steps))
    if step < warm_up:
        return settings.learning_rate * (step + 1) / warm_up
    done = (step - warm_up) / max(1, settings.steps - warm_up)
    share = _LAST_RATE + (1 - _LAST_RATE) * (1 + math.cos(math.pi * done)) / 2
    return settings.learning_rate * share


def _step(
    network: LanguageNetwork,
    optimizer: torch.optim.Optimizer,
    tokens: Tensor,
    settings: TrainSettings,
    number: int,
) -> float:
    torch.manual_seed(settings.seed * 1_000_003 + number)
    places = min(settings.network.context, len(tokens) - 1)
    starts = torch.randint(len(tokens) - places, (settings.batch, 1))
    pieces = tokens[starts + torch.arange(places + 1)].to(network.token.weight.device)
    for group in optimizer.param_groups:
        group["lr"] = rate(number, settings)
    loss = network.loss(pieces[:, :-1], pieces[:, 1:])
    optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]  # torch's own
    nn.utils.clip_grad_norm_(network.parameters(), _LARGEST_GRADIENT)
    optimizer.step()
    return float(loss.detach())


def _weights(network: nn.Module) -> dict[str, Tensor]:
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def _fingerprint(tokens: Tensor, validation: Tensor, settings: TrainSettings) -> str:
    """Of all that decides the outcome; the steps too, by which the rate goes down."""
    digest = hashlib.sha256(json.dumps(asdict(settings), sort_keys=True).encode())
    for part in (tokens, validation):
        digest.update(part.numpy().tobytes() + b"|")
    return digest.hexdigest()
