"""Byte-level byte-pair encoding (Sennrich et al. 2016, on bytes as in GPT-2), learned from the
shop's own texts. Every text has tokens, and from its tokens it comes back byte by byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

END = 0  # the token that ends each text
_END = "<|end|>"


class Tokens:
    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # A text that spells the end's name has that name in it, not the end.
        tokenizer.encode_special_tokens = True

    @classmethod
    def learn(cls, texts: Sequence[str], size: int) -> Tokens:
        """At most `size` tokens: the end, the 256 bytes, and the pairs that were met most often."""
        tokenizer = Tokenizer(models.BPE())
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[_END],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            min_frequency=2,
            show_progress=False,
        )
        tokenizer.train_from_iterator(texts, trainer, length=len(texts))
        return cls(tokenizer)

    @classmethod
    def read(cls, text: str) -> Tokens:
        """What `written` gave."""
        return cls(Tokenizer.from_str(text))

    def written(self) -> str:
        text: str = self._tokenizer.to_str()
        return text

    def __len__(self) -> int:
        size: int = self._tokenizer.get_vocab_size()
        return size

    def encode(self, text: str) -> list[int]:
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Without what is left of a character that was cut at the end."""
        text: str = self._tokenizer.decode(list(ids))
        return text.rstrip("\ufffd")

    def stream(self, texts: Iterable[str]) -> Tensor:
        """int64 [tokens]: the texts one after the other, an end after each."""
        ids: list[int] = []
        for text in texts:
            ids += self.encode(text)
            ids.append(END)
        return torch.tensor(ids, dtype=torch.long)
