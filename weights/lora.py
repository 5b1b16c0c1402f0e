"""The e5 encoder in PyTorch, to learn on top of it: low-rank additions to the matrices of its upper
layers.

LoRA: Hu et al. 2021 (arXiv:2106.09685). The encoder stays as it is but for `W + SCALE·B·A`; merged
(weights/merged.py), it costs nothing when it reads. The lower layers, which know words rather than
wishes, stay as they are, so that what they make of a text can be made once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional as nnf

from weights.cache import source_file
from weights.catalogue import CATALOGUE
from weights.e5_file import E5File
from weights.merged import SCALE

_MATRICES = ("q", "k", "v", "ao", "fi", "fo")  # as weights/e5_file.py calls them


def encoder(name: str) -> tuple[E5File, Tokenizer]:
    """The weights and the tokenizer of an entry as they were before anything was learned, fetched
    before by `python -m weights ensure`."""
    weights, tokenizer = (source_file(asset.file) for asset in CATALOGUE[name].assets)
    return E5File(weights), Tokenizer.from_file(str(tokenizer))


class LowRank(nn.Module):
    """A matrix that stays, and what is added to it; `rank` 0 adds nothing. The sum is made first,
    and once a step: two narrow products over all tokens would take longer."""

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bias: Tensor, *, rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.register_buffer("weight", weight if rank else weight.bfloat16())
        self.register_buffer("bias", bias.bfloat16())
        if rank:
            self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / rank)
            self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, states: Tensor) -> Tensor:
        weight = self.weight
        if self.rank:
            weight = (weight + SCALE * (self.up @ self.down)).bfloat16()
        return nnf.linear(states, weight, self.bias)


class Layer(nn.Module):
    """One layer of BERT (post-norm), in bfloat16."""

    q: LowRank
    k: LowRank
    v: LowRank
    ao: LowRank
    fi: LowRank
    fo: LowRank

    def __init__(self, source: E5File, number: int, *, rank: int) -> None:
        super().__init__()
        self.heads, self.epsilon = source.heads, source.epsilon
        for part in _MATRICES:
            weight, bias = (_held(source, f"l{number}.{part}.{each}") for each in "wb")
            setattr(self, part, LowRank(weight, bias, rank=rank))
        for part in ("aln", "oln"):
            for each in "wb":
                value = _held(source, f"l{number}.{part}.{each}")
                self.register_buffer(f"{part}_{each}", value.bfloat16())

    def forward(self, states: Tensor, unseen: Tensor) -> Tensor:
        """`states` [texts, tokens, width]; `unseen` [texts, 1, 1, tokens] is 0, and for padding
        far below."""
        texts, tokens, width = states.shape
        query, key, value = (
            part(states).view(texts, tokens, self.heads, -1).transpose(1, 2)
            for part in (self.q, self.k, self.v)
        )
        scores = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5 + unseen
        seen = scores.softmax(dim=-1) @ value
        seen = self.ao(seen.transpose(1, 2).reshape(texts, tokens, width))
        states = self._norm("aln", states + seen)
        return self._norm("oln", states + self.fo(nnf.gelu(self.fi(states))))

    def _norm(self, name: str, states: Tensor) -> Tensor:
        weight, bias = getattr(self, f"{name}_w"), getattr(self, f"{name}_b")
        return nnf.layer_norm(states, weight.shape, weight, bias, self.epsilon)


class LearningEncoder(nn.Module):
    """The encoder, whose layers from `learns_from` on have additions of rank `rank`; it ends after
    `layers`, where some are enough."""

    def __init__(
        self, source: E5File, *, learns_from: int, rank: int, layers: int | None = None
    ) -> None:
        super().__init__()
        self.learns_from = learns_from
        self.width = source.width
        self._words = source.tensor("emb.word")
        self._places = _held(source, "emb.pos")
        self._kind = _held(source, "emb.type")[0]
        self._scale, self._shift = (_held(source, f"emb.ln.{each}") for each in "wb")
        self._epsilon = source.epsilon
        self.lower = nn.ModuleList(Layer(source, n, rank=0) for n in range(learns_from))
        self.upper = nn.ModuleList(
            Layer(source, n, rank=rank) for n in range(learns_from, layers or source.layers)
        )

    @torch.no_grad()
    def below(self, texts: Sequence[Sequence[int]]) -> list[Tensor]:
        """What the lower layers make of each text's tokens: bfloat16 [tokens, width]."""
        longest = max(map(len, texts))
        words = np.zeros((len(texts), longest, self.width), np.float32)
        for row, ids in enumerate(texts):
            words[row, : len(ids)] = self._words[np.asarray(ids)]
        # e5 knows one kind of sentence, the first.
        states = torch.from_numpy(words) + self._places[:longest] + self._kind
        first = nnf.layer_norm(states, (self.width,), self._scale, self._shift, self._epsilon)
        states = first.bfloat16()
        unseen = _unseen([len(ids) for ids in texts])
        for layer in self.lower:
            states = layer(states, unseen)
        # Copies, so that no row keeps the padding of its batch.
        return [states[row, : len(ids)].clone() for row, ids in enumerate(texts)]

    def above(self, below: Sequence[Tensor]) -> Tensor:
        """The states of all layers, bfloat16 [texts, tokens, width], out of what `below` made."""
        states = nn.utils.rnn.pad_sequence(list(below), batch_first=True)
        unseen = _unseen([len(each) for each in below])
        for layer in self.upper:
            states = layer(states, unseen)
        return states

    def learned(self) -> dict[str, np.ndarray]:
        """The additions, float16: `l7.q.down` [rank, inputs], `l7.q.up` [outputs, rank], …"""
        return {name: kept(parameter) for name, parameter in self.named_additions().items()}

    def named_additions(self) -> dict[str, nn.Parameter]:
        return {
            f"l{number}.{part}.{each}": getattr(getattr(layer, part), each)
            for number, layer in enumerate(self.upper, start=self.learns_from)
            for part in _MATRICES
            for each in ("down", "up")
        }


def _unseen(lengths: Sequence[int]) -> Tensor:
    real = torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]
    unseen = torch.zeros(real.shape, dtype=torch.bfloat16).masked_fill(~real, -1e4)
    return unseen[:, None, None, :]


def _held(source: E5File, name: str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(source.tensor(name)))


def kept(value: Tensor) -> np.ndarray:
    """A tensor as it is written to a file of what was learned."""
    array: np.ndarray = value.detach().float().numpy().astype(np.float16)
    return array
