"""Learns the reading from the training ground and writes it to weights/reading.npz.

    python -m bot.rasa.reading.train                       # all trades but those of the test
    python -m bot.rasa.reading.train --apart fashion toys --out build/trial.npz    # to choose by

The same seed gives the same model on the same machine. Takes minutes on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as nnf
from tqdm import tqdm

from bot.rasa.components.reading_model import FOUND
from bot.rasa.reading import samples
from bot.rasa.reading.network import HEADS, Network
from bot.rasa.reading.samples import IGNORED, Sample
from ground import readings as ground
from ground.readings import ACTS, FACTS, MOODS, SPANS
from weights import CATALOGUE
from weights.lora import encoder

# Chosen on the trades of development (ground/readings.py), never on those of the test.
EPOCHS = 5
BATCH = 32
RATE, HEAD_RATE = 2e-3, 1e-2
WARM_UP = 0.1
PIECE_WEIGHT, SPAN_WEIGHT, FACT_WEIGHT, MOOD_WEIGHT = 3.0, 3.0, 40.0, 0.3
ACTS_ALONE = 0.5  # the weight of a sentence that tells the act alone
ALONE_SHARE = 0.15  # of those sentences an epoch: they are many, and alike
# The rules are asked with these facts: one that is not told harms more than one too many.
FACT_THRESHOLD = 0.3


@dataclass(frozen=True)
class Prepared:
    """A sample, and what the layers that do not learn make of it [tokens, width]."""

    sample: Sample
    below: torch.Tensor


def prepared(network: Network, found: Sequence[Sample]) -> list[Prepared]:
    """Each text once, read in batches of like length; in the order given."""
    order = sorted(range(len(found)), key=lambda place: len(found[place].tokens.ids))
    below: dict[int, torch.Tensor] = {}
    for at in tqdm(range(0, len(order), BATCH), desc="reading", unit="batch", file=sys.stderr):
        part = order[at : at + BATCH]
        states = network.below([found[place].tokens.ids for place in part])
        below |= dict(zip(part, states, strict=True))
    return [Prepared(sample, below[place]) for place, sample in enumerate(found)]


def batches(found: Sequence[Prepared], chance: random.Random) -> Iterator[list[Prepared]]:
    """All of them once, those of like length together, in an order of chance."""
    order = sorted(found, key=lambda each: len(each.below) + chance.random() * 8)
    parts = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
    chance.shuffle(parts)
    yield from parts


def loss_of(network: Network, batch: Sequence[Prepared]) -> torch.Tensor:
    states = network.above([each.below for each in batch])
    pieces = torch.full(states.shape[:2], IGNORED)
    spans = torch.full(states.shape[:2], IGNORED)
    found = torch.zeros(*states.shape[:2], len(FOUND))
    told, wholes, moods = [], [], []
    acts: list[int] = []
    weights: list[float] = []
    facts: list[list[float]] = []
    for row, sample in enumerate(each.sample for each in batch):
        first, last = sample.tokens.first, sample.tokens.last
        pieces[row, first:last] = torch.tensor(sample.pieces)
        told.append(network.told(states[row], sample.bounds, first, last))
        acts += sample.acts
        weights += [1.0 if sample.whole else ACTS_ALONE] * len(sample.acts)
        facts += sample.facts if sample.whole else [[float("nan")] * len(FACTS)] * len(sample.acts)
        if sample.whole:
            spans[row, first:last] = torch.tensor(sample.spans)
            found[row, first:last] = torch.from_numpy(sample.found)
            wholes.append(states[row, first:last].mean(dim=0))
            moods.append(sample.mood)
    pooled = torch.cat(told)
    act_loss = nnf.cross_entropy(network.acts(pooled), torch.tensor(acts), reduction="none")
    act_loss = act_loss * torch.tensor(weights)
    loss = act_loss.sum() / sum(weights) + PIECE_WEIGHT * nnf.cross_entropy(
        network.pieces(states).reshape(-1, 3), pieces.reshape(-1), ignore_index=IGNORED
    )
    if not wholes:
        return loss
    wanted = torch.tensor(facts)
    known = ~wanted.isnan().any(dim=1)
    return (
        loss
        + SPAN_WEIGHT
        * nnf.cross_entropy(
            network.spans(torch.cat([states, found], dim=2)).flatten(0, 1),
            spans.reshape(-1),
            ignore_index=IGNORED,
        )
        + FACT_WEIGHT
        * nnf.binary_cross_entropy_with_logits(network.facts(pooled[known]), wanted[known])
        + MOOD_WEIGHT * nnf.cross_entropy(network.mood(torch.stack(wholes)), torch.tensor(moods))
    )


def train(trades: Sequence[str], *, epochs: int = EPOCHS, seed: int = 1) -> Network:
    """A network that has learned these trades and the intents' sentences."""
    torch.manual_seed(seed)
    weights, tokenizer = encoder("reading")
    network = Network(weights)
    groups = samples.of_ground(trades, tokenizer)
    flat = iter(prepared(network, [sample for group in groups for sample in group]))
    read = [list(itertools.islice(flat, len(group))) for group in groups]
    alone = prepared(network, samples.of_intents(tokenizer))
    fit(network, read, alone, int(len(alone) * ALONE_SHARE), epochs, seed)
    return network


def fit(
    network: Network, read: Sequence[Sequence[Prepared]], alone: Sequence[Prepared], some: int,
    epochs: int, seed: int,
) -> None:  # fmt: skip
    """Learn: in every epoch one sample of each message that was read and `some` of the sentences
    that tell the act alone."""
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    steps = epochs * -(-(len(read) + some) // BATCH)
    low = [p for name, p in network.named_parameters() if p.requires_grad and "upper" in name]
    heads = [p for name, p in network.named_parameters() if name.partition(".")[0] in HEADS]
    optimiser = torch.optim.AdamW(
        [{"params": low, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}],
        weight_decay=0.01,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [RATE, HEAD_RATE], total_steps=steps, pct_start=WARM_UP
    )
    network.train()
    with tqdm(total=steps, desc="learning", unit="step", file=sys.stderr) as bar:
        for _ in range(epochs):
            part = [chance.choice(group) for group in read] + chance.sample(alone, some)
            losses: list[float] = []
            for batch in batches(part, chance):
                with torch.autocast("cpu", torch.bfloat16):
                    loss = loss_of(network, batch)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_([*low, *heads], 1.0)
                optimiser.step()
                schedule.step()
                losses.append(loss.item())
                bar.update()
                bar.set_postfix(loss=f"{np.mean(losses[-50:]):.3f}")
    network.eval()


def save(network: Network, path: Path) -> None:
    labels = {"acts": ACTS, "facts": FACTS, "spans": SPANS, "moods": MOODS}
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        path,
        labels=np.array(json.dumps(labels)),
        fact_threshold=np.array(FACT_THRESHOLD),
        **network.learned(),
    )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--apart", nargs="*", default=[], help="trades not to learn from")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CATALOGUE["reading"].learned)
    options = parser.parse_args()
    apart = {*ground.TEST, *options.apart}
    trades = [trade for trade in ground.trades() if trade not in apart]
    print(f"Learning from {', '.join(trades)}.", file=sys.stderr)
    began = time.perf_counter()
    save(train(trades, epochs=options.epochs, seed=options.seed), options.out)
    print(f"{options.out} took {time.perf_counter() - began:.0f} s.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
