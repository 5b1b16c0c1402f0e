"""Builds Qwen2's tokenizer from the vocabulary and merges that its GGUF file carries.

Byte-level BPE over NFC-normalised text. Splitting follows the published Qwen2 pattern: words
with one leading character, single digits, runs of punctuation, runs of space.
"""

from __future__ import annotations

from tokenizers import (
    AddedToken,
    Regex,
    Tokenizer,
    decoders,
    models,
    normalizers,
    pre_tokenizers,
)

from weights.gguf_file import GGUFFile

_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_NORMAL, _CONTROL, _USER_DEFINED = 1, 3, 4


def build_tokenizer(source: GGUFFile) -> Tokenizer:
    """A tokenizer with the model's own ids; unused padding ids are left out."""
    kinds = dict(zip(source.tokens, source.token_types, strict=True))
    vocabulary = {
        token: number for number, token in enumerate(source.tokens) if kinds[token] == _NORMAL
    }
    merges = [(first, second) for first, second in (each.split(" ") for each in source.merges)]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_SPLIT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    for token in source.tokens:  # in the order of their ids, which follow the ordinary ones
        if kinds[token] in (_CONTROL, _USER_DEFINED):
            added = AddedToken(token, special=kinds[token] == _CONTROL, normalized=False)
            tokenizer.add_tokens([added])
    return tokenizer
