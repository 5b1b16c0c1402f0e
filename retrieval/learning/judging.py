"""Learns which sentences answer a question; writes weights/judge.npz.

    python -m retrieval.learning.judging                       # from the ground alone
    python -m retrieval.learning.judging --data FOLDER         # and from public questions

Each question comes with one sentence that answers and with some that the search finds near it and
that do not: the first shall win (cross-entropy over the group), and each shall be told by itself
(a binary loss), since in a shop often none answers. With the public ones
come questions that are none of a shop's business. What answers in part counts neither way. The
same seed gives the same additions on the same machine.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as nnf

from retrieval.judge import pair
from retrieval.learning import samples
from retrieval.learning.samples import ANSWERS, NOT, Group
from weights import CATALOGUE, merged
from weights.e5_file import E5File
from weights.lora import LearningEncoder, encoder, kept

LEARNS_FROM, RANK = 4, 32  # of twelve layers: question and sentence must meet below the search's
GROUP = 4  # sentences of a question, of which one answers where one does
BATCH = 8  # questions
RATE, WARM_UP = 6e-4, 0.05
PUBLIC_SHARE, FOREIGN_SHARE = 0.3, 0.1  # of the questions of a step
FOREIGN = 2000  # questions that are none of a shop's business
BINARY = 0.5  # what this loss weighs beside that over the group
_NEAR = 2  # the sentence at place n of the search is drawn 1 / (_NEAR + n) as often
_SAVED_EVERY = 100  # steps
_CONSOLE = Console(stderr=True)


class Judging(nn.Module):
    def __init__(self, source: E5File) -> None:
        super().__init__()
        self.encoder = LearningEncoder(source, learns_from=LEARNS_FROM, rank=RANK)
        self.head = nn.Linear(source.width, 1)

    def forward(self, pairs: Sequence[Sequence[int]]) -> Tensor:
        """[pairs]: the log-odds that it answers."""
        below = self.encoder.below(pairs)
        states = self.encoder.above(below)
        means = [states[row, : len(each)].float().mean(dim=0) for row, each in enumerate(below)]
        values: Tensor = self.head(torch.stack(means))[:, 0]
        return values

    @torch.no_grad()
    def go_on_from(self, learned: Mapping[str, np.ndarray]) -> None:
        """Take over what was learned before, by a network of the same shape."""
        for name, parameter in self._named().items():
            parameter.copy_(torch.from_numpy(learned[name].astype(np.float32)))

    def _named(self) -> dict[str, Tensor]:
        return {
            **self.encoder.named_additions(),
            "judge.weight": self.head.weight,
            "judge.bias": self.head.bias,
        }

    def learned(self) -> dict[str, np.ndarray]:
        return {name: kept(parameter) for name, parameter in self._named().items()}


class Drawn(NamedTuple):
    """Texts of one question, and whether the first answers."""

    question: str
    texts: list[str]
    answered: bool


def draw(group: Group, chance: random.Random) -> Drawn:
    answers = [s.text for s in group.sentences if s.grade == ANSWERS]
    wrong = [s.text for s in group.sentences if s.grade == NOT]
    weights = [1 / (_NEAR + place) for place in range(len(wrong))]
    texts = [chance.choice(answers)] if answers else []
    while wrong and len(texts) < GROUP:
        (at,) = chance.choices(range(len(wrong)), weights)
        texts.append(wrong.pop(at))
        weights.pop(at)
    return Drawn(group.question, texts, bool(answers))


def loss_of(values: Tensor, drawn: Sequence[Drawn]) -> Tensor:
    """`values` [pairs] of all texts of all that was drawn, in their order."""
    total = values.new_zeros(())
    at = 0
    for each in drawn:
        of_it = values[at : at + len(each.texts)]
        at += len(each.texts)
        right = torch.zeros(len(each.texts))
        if each.answered:
            right[0] = 1
            total = total + nnf.cross_entropy(of_it[None], torch.tensor([0]))
        total = total + BINARY * nnf.binary_cross_entropy_with_logits(of_it, right)
    return total / len(drawn)


def learn(
    own: Sequence[Group],
    public: Sequence[Group],
    foreign: Sequence[Group],
    *,
    steps: int,
    seed: int,
    out: Path,
    begun: Path | None = None,
) -> Judging:
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    source, tokenizer = encoder("search")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    network = Judging(source)
    if begun is not None:
        network.go_on_from(merged.read(begun))
    learning = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps, pct_start=WARM_UP
    )
    network.train()
    queue: list[Group] = []
    told = 0.0
    with Progress(console=_CONSOLE) as progress:
        bar = progress.add_task("learning", total=steps)
        for step in range(1, steps + 1):
            batch: list[Group] = []
            while len(batch) < BATCH:
                share = chance.random()
                if public and share < PUBLIC_SHARE:
                    batch.append(chance.choice(public))
                elif foreign and share > 1 - FOREIGN_SHARE:
                    batch.append(chance.choice(foreign))
                else:
                    queue = queue or chance.sample(list(own), len(own))
                    batch.append(queue.pop())
            drawn = [draw(group, chance) for group in batch]
            loss = loss_of(_of(network, tokenizer, drawn), drawn)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(learning, 1.0)
            optimiser.step()
            schedule.step()
            told = 0.95 * told + 0.05 * loss.item() if told else loss.item()
            progress.update(bar, advance=1, description=f"learning, loss {told:.3f}")
            if step % _SAVED_EVERY == 0 or step == steps:
                np.savez_compressed(out, allow_pickle=False, **network.learned())
                _CONSOLE.log(f"step {step}, loss {told:.3f}")
    return network


def _of(network: Judging, tokenizer: Tokenizer, drawn: Sequence[Drawn]) -> Tensor:
    """The pairs' values, in two halves by length, so that little is padded."""
    ids = [pair(tokenizer, each.question, text) for each in drawn for text in each.texts]
    order = sorted(range(len(ids)), key=lambda n: len(ids[n]))
    half = len(order) // 2
    values = torch.cat([network([ids[n] for n in part]) for part in (order[:half], order[half:])])
    return values[torch.tensor(order).argsort()]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of public data (docs/benchmarks.md)")
    parser.add_argument("--steps", type=int, default=2000, help="of 8 questions each")
    parser.add_argument("--begun", type=Path, help="what was learned before, to go on from")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CATALOGUE["judge"].learned)
    options = parser.parse_args()
    began = time.perf_counter()
    embedder = samples.embedder("search")
    shops = [samples.Shop(trade) for trade in samples.learning()]
    own = [group for shop in shops for group in shop.groups(embedder)]
    public = samples.public(options.data) if options.data else []
    strange = samples.foreign(options.data) if options.data else []
    chance = random.Random(options.seed)  # noqa: S311 - reproducible, no secret
    strange = chance.sample(strange, min(FOREIGN, len(strange)))
    foreign = [
        group
        for n, shop in enumerate(shops)
        for group in shop.none(embedder, strange[n :: len(shops)])
    ]
    _CONSOLE.log(
        f"{len(own)} questions of the ground, {len(public)} public and {len(foreign)} foreign ones"
    )
    learn(
        own,
        public,
        foreign,
        steps=options.steps,
        seed=options.seed,
        out=options.out,
        begun=options.begun,
    )
    print(f"{options.out} took {time.perf_counter() - began:.0f} s.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
