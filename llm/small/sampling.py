"""Writes with the network: one token after the other, each drawn from the nucleus (Holtzman et al.
2020, arXiv:1904.09751). Every token reads the whole context again; a model this small is quick
enough without keeping what it has computed.
"""

from __future__ import annotations

import torch
from torch import Tensor

from llm.small.network import LanguageNetwork
from llm.small.tokens import END, Tokens


@torch.no_grad()
def sample(
    network: LanguageNetwork,
    tokens: Tokens,
    prompt: str = "",
    *,
    temperature: float = 0.8,
    top_p: float = 0.9,
    length: int = 120,
    seed: int = 0,
) -> str:
    """What comes after the prompt, up to `length` tokens or the end of a text.

    A `temperature` of 0 takes the likeliest token each time. Of a long prompt the last part is
    seen. The same seed gives the same text. Raises `ValueError` for what is out of bounds.
    """
    if temperature < 0 or not 0 < top_p <= 1 or length < 0:
        raise ValueError("a temperature of 0 or more, a top-p in (0, 1], a length of 0 or more")
    chance = torch.Generator().manual_seed(seed)
    place = network.token.weight.device
    # As in training, a text begins after the end of another.
    ids = [END, *tokens.encode(prompt.replace("\0", ""))]
    given = len(ids)
    while len(ids) < given + length:
        seen = torch.tensor([ids[-network.settings.context :]], device=place)
        logits = network(seen)[0, -1].float().cpu()  # [V]
        drawn = _drawn(logits, temperature, top_p, chance)
        if drawn == END:
            break
        ids.append(drawn)
    return tokens.decode(ids[given:])


def nucleus(logits: Tensor, temperature: float, top_p: float) -> Tensor:
    """float32 [V] → float32 [V]: probabilities of the fewest tokens that together have `top_p`, the
    likeliest first; of all others 0."""
    shares, order = torch.softmax(logits / temperature, 0).sort(descending=True, stable=True)
    before = shares.cumsum(0) - shares  # what the likelier ones have already
    kept = shares * (before < top_p)
    kept[0] = shares[0]  # whatever the rounding
    return torch.zeros_like(logits).scatter(0, order, kept / kept.sum())


def _drawn(logits: Tensor, temperature: float, top_p: float, chance: torch.Generator) -> int:
    if temperature == 0:
        return int(logits.argmax())
    return int(torch.multinomial(nucleus(logits, temperature, top_p), 1, generator=chance))
