"""A causal self-attention network over tokens (Vaswani et al. 2017, arXiv:1706.03762), with the
normalisation before each step (Radford et al. 2019), written out in full.

In the shapes: B texts, T places of the context, W the width, H heads, V tokens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

_SPREAD = 0.02  # of the first weights, as GPT-2's


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """`tokens`: how many there are; `context`: so many are seen at once."""

    tokens: int = 2048
    width: int = 128
    layers: int = 4
    heads: int = 4
    context: int = 128
    dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be shared by {self.heads} heads")


class LanguageNetwork(nn.Module):
    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.settings = settings
        self.token = nn.Embedding(settings.tokens, settings.width)
        self.place = nn.Embedding(settings.context, settings.width)
        self.dropout = nn.Dropout(settings.dropout)
        self.blocks = nn.ModuleList(_Block(settings) for _ in range(settings.layers))
        self.norm = nn.LayerNorm(settings.width)
        self.apply(_first_weights)
        # What each block adds to the sum starts smaller the more of them there are (GPT-2).
        for name, weight in self.named_parameters():
            if name.endswith("out.weight"):
                nn.init.normal_(weight, std=_SPREAD / math.sqrt(2 * settings.layers))

    def forward(self, tokens: Tensor) -> Tensor:
        """int64 [B, T] → float32 [B, T, V]: at each place the logits of the token after it."""
        places = torch.arange(tokens.shape[1], device=tokens.device)  # [T]
        hidden = self.dropout(self.token(tokens) + self.place(places))  # [B, T, W]
        for block in self.blocks:
            hidden = block(hidden)
        # A token is written as it is read: the same vectors for both (Press and Wolf 2017).
        return functional.linear(self.norm(hidden), self.token.weight)

    def loss(self, tokens: Tensor, wanted: Tensor) -> Tensor:
        """Mean cross-entropy in nats a token; int64 [B, T] each, `wanted` being one place later."""
        return functional.cross_entropy(self(tokens).flatten(0, 1), wanted.flatten())


class _Block(nn.Module):
    """[B, T, W] → [B, T, W]: look at what came before, then think about it; each adds to what was
    there."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.before_attention = nn.LayerNorm(settings.width)
        self.attention = _Attention(settings)
        self.before_feed = nn.LayerNorm(settings.width)
        self.feed = _Feed(settings)

    def forward(self, hidden: Tensor) -> Tensor:
        hidden = hidden + self.attention(self.before_attention(hidden))
        fed: Tensor = hidden + self.feed(self.before_feed(hidden))
        return fed


class _Attention(nn.Module):
    """[B, T, W] → [B, T, W]: each head takes from each earlier place as much as its query and that
    place's key agree."""

    earlier: Tensor

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.heads = settings.heads
        self.ask = nn.Linear(settings.width, 3 * settings.width)  # query, key and value in one
        self.out = nn.Linear(settings.width, settings.width)
        self.dropout = nn.Dropout(settings.dropout)
        # [T, T], true where the column's place is not later than the row's.
        earlier = torch.ones(settings.context, settings.context, dtype=torch.bool).tril()
        self.register_buffer("earlier", earlier, persistent=False)

    def forward(self, hidden: Tensor) -> Tensor:
        texts, places, width = hidden.shape
        each = width // self.heads
        parts = self.ask(hidden).view(texts, places, 3, self.heads, each)
        query, key, value = parts.permute(2, 0, 3, 1, 4)  # [B, H, T, W/H] each
        agreement = query @ key.transpose(-2, -1) / math.sqrt(each)  # [B, H, T, T]
        agreement = agreement.masked_fill(~self.earlier[:places, :places], -math.inf)
        shares = self.dropout(agreement.softmax(-1))  # each row sums to one
        taken = (shares @ value).transpose(1, 2).reshape(texts, places, width)
        out: Tensor = self.dropout(self.out(taken))
        return out


class _Feed(nn.Module):
    """[B, T, W] → [B, T, W], each place by itself, through four times the width."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__()
        self.into = nn.Linear(settings.width, 4 * settings.width)
        self.out = nn.Linear(4 * settings.width, settings.width)
        self.dropout = nn.Dropout(settings.dropout)

    def forward(self, hidden: Tensor) -> Tensor:
        out: Tensor = self.dropout(self.out(functional.gelu(self.into(hidden))))
        return out


def _first_weights(module: nn.Module) -> None:
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=_SPREAD)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
