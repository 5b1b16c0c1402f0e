"""What the reading learns: additions to the encoder's upper layers (weights/lora.py), and heads."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from bot.rasa.components.reading_model import FOUND
from ground.readings import ACTS, FACTS, MOODS, SPANS
from weights.e5_file import E5File
from weights.lora import LearningEncoder, kept

LEARNING_FROM, RANK = 6, 16  # of twelve layers
HEADS = ("pieces", "spans", "acts", "facts", "mood")


class Network(nn.Module):
    """Scores for the tokens and pieces of a batch."""

    def __init__(self, source: E5File, acts: Sequence[str] = ACTS) -> None:
        """`acts` in the order of the columns of their head's scores."""
        super().__init__()
        self.encoder = LearningEncoder(source, learns_from=LEARNING_FROM, rank=RANK)
        width = source.width
        self.drop = nn.Dropout(0.1)
        self.pieces = nn.Linear(width, 3)
        self.spans = nn.Linear(width + len(FOUND), 1 + 2 * len(SPANS))
        self.acts = nn.Linear(2 * width, len(acts))
        self.facts = nn.Linear(2 * width, len(FACTS))
        self.mood = nn.Linear(width, len(MOODS))
        with torch.no_grad():  # most tokens are no span, and most pieces tell no fact
            self.spans.bias[0] = 3.0
            self.facts.bias.fill_(-3.0)

    def below(self, texts: Sequence[Sequence[int]]) -> list[Tensor]:
        """What the lower layers make of each text's tokens: bfloat16 [tokens, width]."""
        return self.encoder.below(texts)

    def above(self, below: Sequence[Tensor]) -> Tensor:
        """The states of all layers, float32 [texts, tokens, width], out of what `below` made."""
        result: Tensor = self.drop(self.encoder.above(below).float())
        return result

    def told(
        self, states: Tensor, bounds: Sequence[tuple[int, int]], first: int, last: int
    ) -> Tensor:
        """[pieces, 2·width] of one text, whose own tokens are `states[first:last]`: the mean of
        each piece beside that of all."""
        whole = states[first:last].mean(dim=0)
        means = [states[a + first : b + first].mean(dim=0) for a, b in bounds]
        return torch.stack([torch.cat([mean, whole]) for mean in means])

    def learned(self) -> dict[str, np.ndarray]:
        """Everything that training changed, float16: `l7.q.down`, `l7.q.up` and so on, the heads'
        weights [inputs, outputs] and biases."""
        arrays = self.encoder.learned()
        for name in HEADS:
            head: nn.Linear = getattr(self, name)
            arrays[f"{name}.weight"] = kept(head.weight.T)
            arrays[f"{name}.bias"] = kept(head.bias)
        return arrays
