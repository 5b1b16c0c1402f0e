"""A causal self-attention network over items: SASRec (Kang and McAuley 2018), with the
normalisation before each step and the items' texts as an input.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_SPREAD = 0.02  # of the first weights
_KEPT = 0.5


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """`places`: the longest part of a history that is read, its newest items."""

    width: int = 64
    layers: int = 2
    heads: int = 1
    places: int = 50
    dropout: float = 0.4


class SequenceNetwork(nn.Module):
    """An item's vector is its own embedding, plus a learned projection of its text's vector where
    there are texts: a product that was never sold has the second part alone.

    `texts`: float32 [items, text width], rows of zeros for items without a text.
    """

    texts: Tensor | None

    def __init__(self, items: int, settings: NetworkSettings, texts: Tensor | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.items = items
        width = settings.width
        self.item = nn.Embedding(items, width)
        self.place = nn.Embedding(settings.places, width)
        self.register_buffer("texts", texts)
        self.project = None if texts is None else nn.Linear(texts.shape[1], width, bias=False)
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(width)
        self.dropout = nn.Dropout(settings.dropout)
        for embedding in (self.item, self.place):
            nn.init.normal_(embedding.weight, std=_SPREAD)

    def item_vectors(self) -> Tensor:
        """float32 [items, width]. In training half of the items go by their texts alone, so that
        the texts learn to speak for those that have nothing else."""
        vectors: Tensor = self.item.weight
        if self.project is not None:
            if self.training:
                kept = torch.rand(self.items, 1, device=vectors.device) < _KEPT
                vectors = vectors * kept
            vectors = vectors + self.project(self.texts)
        return vectors

    def forward(self, histories: Tensor, vectors: Tensor) -> Tensor:
        """int64 [customers, places], oldest first and filled up behind, and `item_vectors()` →
        float32 [customers, places, width]: at each place the vector of what comes after it, whose
        inner products with the items' vectors are their scores.

        What is filled up behind changes nothing before it, since no place sees a later one.
        """
        places = torch.arange(histories.shape[1], device=histories.device)
        hidden = self.dropout(functional.embedding(histories, vectors) + self.place(places))
        for block in self.blocks:
            hidden = block(hidden)
        out: Tensor = self.norm(hidden)
        return out


class _Block(nn.Module):
    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        width = settings.width
        self.heads = settings.heads
        self.before_attention = nn.LayerNorm(width)
        self.attend = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, 4 * width),
            nn.GELU(),
            nn.Dropout(settings.dropout),
            nn.Linear(4 * width, width),
        )
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        customers, places, width = hidden.shape
        parts = self.attend(self.before_attention(hidden))
        parts = parts.view(customers, places, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(
            query, key, value, is_causal=True, dropout_p=self.dropout.p if self.training else 0.0
        )
        hidden = hidden + self.dropout(
            self.out(seen.transpose(1, 2).reshape(customers, places, width))
        )
        fed: Tensor = hidden + self.dropout(self.feed(hidden))
        return fed
