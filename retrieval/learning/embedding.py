"""Learns where questions lie beside the sentences that answer them; writes weights/search.npz.

    python -m retrieval.learning.embedding                       # from the ground alone
    python -m retrieval.learning.embedding --data FOLDER         # and from public questions

Contrastive: of all sentences of a batch, which is of one shop, a question's own answer shall be the
nearest (InfoNCE, van den Oord et al. 2018, arXiv:1807.03748). What answers in part counts neither
way. The same seed gives the same additions on the same machine.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress, track
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as nnf

from retrieval.embedder import PASSAGE_PREFIX, QUERY_PREFIX
from retrieval.learning import samples
from retrieval.learning.samples import ANSWERS, NOT, PARTLY, Group
from weights import CATALOGUE
from weights.e5_file import E5File
from weights.lora import LearningEncoder, encoder

LEARNS_FROM, RANK = 6, 16  # of twelve layers, as the reading's
EPOCHS = 2  # of some 11,000 questions; of the 3,000 that there were first, 4
BATCH = 32  # questions, all of one shop: what stands beside it there is what it is taken for
RATE, WARM_UP = 5e-4, 0.1
# e5's cosines lie between .7 and 1; its own training used .01, and a little more keeps its order.
TEMPERATURE = 0.02
PUBLIC_SHARE = 0.3  # of the questions of an epoch
_CONSOLE = Console(stderr=True)
TOKENS = 96  # of a question or sentence; what is longer is cut


class Embedding(nn.Module):
    def __init__(self, source: E5File) -> None:
        super().__init__()
        self.encoder = LearningEncoder(source, learns_from=LEARNS_FROM, rank=RANK)

    def forward(self, below: Sequence[Tensor]) -> Tensor:
        """Vectors of length 1 [texts, width], as retrieval/embedder.py makes them."""
        states = self.encoder.above(below)
        means = [states[row, : len(each)].float().mean(dim=0) for row, each in enumerate(below)]
        return nnf.normalize(torch.stack(means), dim=1)


def learn(shops: Sequence[Sequence[Group]], public: Sequence[Group], *, seed: int) -> Embedding:
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    source, tokenizer = encoder("search")
    network = Embedding(source)
    every = [group for shop in [*shops, public] for group in shop]
    texts = {QUERY_PREFIX + group.question for group in every}
    texts |= {PASSAGE_PREFIX + s.text for group in every for s in group.sentences}
    below = _below(network.encoder, tokenizer, sorted(texts))
    own = [[g for g in shop if any(s.grade == ANSWERS for s in g.sentences)] for shop in shops]
    extra = int(sum(map(len, own)) * PUBLIC_SHARE) if public else 0
    steps = EPOCHS * (sum(-(-len(shop) // BATCH) for shop in own) + -(-extra // BATCH))
    learning = [p for p in network.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(learning, lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, RATE, total_steps=steps, pct_start=WARM_UP
    )
    network.train()
    with Progress(console=_CONSOLE) as progress:
        bar = progress.add_task("learning", total=steps)
        for _ in range(EPOCHS):
            parts = [chance.sample(shop, len(shop)) for shop in own]
            if extra:
                parts.append(chance.sample(list(public), extra))
            batches = [part[at : at + BATCH] for part in parts for at in range(0, len(part), BATCH)]
            chance.shuffle(batches)
            for batch in batches:
                loss = _loss(network, batch, below, chance)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                torch.nn.utils.clip_grad_norm_(learning, 1.0)
                optimiser.step()
                schedule.step()
                progress.update(bar, advance=1, description=f"learning, loss {loss.item():.3f}")
    network.eval()
    return network


def _loss(
    network: Embedding, batch: Sequence[Group], below: dict[str, Tensor], chance: random.Random
) -> Tensor:
    sentences: dict[str, int] = {}
    for group in batch:
        for grade in (ANSWERS, NOT):
            of_it = [s.text for s in group.sentences if s.grade == grade]
            if of_it:
                sentences.setdefault(chance.choice(of_it), len(sentences))
    vectors = network(
        [below[QUERY_PREFIX + g.question] for g in batch]
        + [below[PASSAGE_PREFIX + text] for text in sentences]
    )
    scores = vectors[: len(batch)] @ vectors[len(batch) :].T / TEMPERATURE
    losses = []
    for row, group in enumerate(batch):
        grades = {s.text: s.grade for s in group.sentences}
        answers = [n for text, n in sentences.items() if grades.get(text) == ANSWERS]
        counted = [n for text, n in sentences.items() if grades.get(text) != PARTLY]
        if answers:
            own = torch.logsumexp(scores[row, answers], 0)
            losses.append(torch.logsumexp(scores[row, counted], 0) - own)
    return torch.stack(losses).mean()


@torch.no_grad()
def _below(
    encoder: LearningEncoder, tokenizer: Tokenizer, texts: Sequence[str], size: int = 64
) -> dict[str, Tensor]:
    """What the lower layers make of each text, in batches of like length."""
    ids = [each.ids for each in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(texts)), key=lambda n: len(ids[n]))
    made: dict[str, Tensor] = {}
    for at in track(range(0, len(order), size), "reading", console=_CONSOLE):
        part = order[at : at + size]
        for n, states in zip(part, encoder.below([ids[n][:TOKENS] for n in part]), strict=True):
            made[texts[n]] = states
    return made


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder of public data (docs/benchmarks.md)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CATALOGUE["search"].learned)
    options = parser.parse_args()
    began = time.perf_counter()
    embedder = samples.embedder("e5-small")
    shops = [samples.Shop(trade).groups(embedder) for trade in samples.learning()]
    public = samples.public(options.data) if options.data else []
    network = learn(shops, public, seed=options.seed)
    np.savez_compressed(options.out, allow_pickle=False, **network.encoder.learned())
    print(f"{options.out} took {time.perf_counter() - began:.0f} s.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
