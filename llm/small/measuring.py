"""Bits per byte of texts that were kept apart: the network beside n-grams and compressors.

All get the same stream of bytes, an end after each text. The compressors get the training's texts
before it, and what they then need more for the texts that follow counts; unlike the models they go
on learning from what they have just read.
"""

from __future__ import annotations

import bz2
import lzma
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from llm.small.kneser_ney import KneserNey
from llm.small.network import LanguageNetwork
from llm.small.texts import Parts, stream
from llm.small.tokens import END, Tokens

# Of 3 to 8, the least bits on the validation texts of the demo shop; see docs/language-model.md.
ORDER = 8
_AT_ONCE = 16  # windows of the network; [16, T, V] logits are small enough for any machine


@dataclass(frozen=True, slots=True)
class Measured:
    """`seconds`: of learning from the training's texts (in the compressors' case, of reading them
    again, twice), and of measuring."""

    name: str
    bits_per_byte: float
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@torch.no_grad()
def nats(network: LanguageNetwork, tokens: Tensor) -> Tensor:
    """float32 [tokens]: of each, −ln of its probability after those before it; before the first
    stands an end. Windows overlap by half, so that but for the first all have half a context."""
    context = network.settings.context
    stride = max(1, context // 2)
    place = network.token.weight.device
    given = functional.pad(tokens, (1, 0), value=END)  # [tokens + 1]
    found = torch.empty(len(tokens))
    starts = list(range(0, max(1, len(tokens) - context + stride), stride))
    for first in range(0, len(starts), _AT_ONCE):
        part = starts[first : first + _AT_ONCE]
        # What is filled up behind changes nothing before it.
        pieces = [given[start : start + context + 1] for start in part]
        filled = torch.stack([functional.pad(p, (0, context + 1 - len(p))) for p in pieces])
        filled = filled.to(place)
        logits = network(filled[:, :-1]).transpose(1, 2)  # [B, V, T]
        costs = functional.cross_entropy(logits, filled[:, 1:], reduction="none").cpu()  # [B, T]
        for start, piece, cost in zip(part, pieces, costs, strict=True):
            known = 0 if start == 0 else context - stride  # the window before has told of these
            end = len(piece) - 1
            found[start + known : start + end] = cost[known:end]
    return found


def bits_per_byte(network: LanguageNetwork, tokens: Tokens, texts: Sequence[str]) -> float:
    """Mean −log₂ probability of a byte of these texts: the less, the more they sound like the
    shop's."""
    total = float(nats(network, tokens.stream(texts)).double().sum())
    return total / math.log(2) / len(stream(texts))


def compare(
    network: LanguageNetwork, tokens: Tokens, parts: Parts, learned_s: float
) -> list[Measured]:
    """On the texts that were kept apart; `learned_s`: of the network's training."""
    known, held_out = stream(parts.training), stream(parts.held_out)
    started = time.perf_counter()
    bits = bits_per_byte(network, tokens, parts.held_out)
    found = [Measured("attention", bits, learned_s + time.perf_counter() - started)]
    started = time.perf_counter()
    bits = KneserNey.learn(known, ORDER).bits(held_out)
    name = f"Kneser–Ney, {ORDER} bytes"
    found.append(Measured(name, bits, time.perf_counter() - started))
    for name, compress in (("lzma", _lzma), ("bz2", bz2.compress)):
        started = time.perf_counter()
        bits = _needed_more(compress, known, held_out)
        found.append(Measured(name, bits, time.perf_counter() - started))
    return found


def _needed_more(compress: Callable[[bytes], bytes], known: bytes, stream: bytes) -> float:
    """Bits for each byte of the stream when the known comes before it."""
    more = len(compress(known + stream)) - len(compress(known))
    return 8 * more / len(stream)


def _lzma(stream: bytes) -> bytes:
    """Without a header, and with a window that holds everything (up to 128 MiB)."""
    window = min(max(len(stream), 1 << 20), 1 << 27)
    filters = [
        {"id": lzma.FILTER_LZMA2, "preset": 6 | lzma.PRESET_EXTREME, "dict_size": window},
    ]
    return lzma.compress(stream, lzma.FORMAT_RAW, filters=filters)
