"""Turns the fetched files into folders that the engines read, without PyTorch.

For OpenVINO its own reader takes the GGUF file over as it is quantized, for about 4 GB of memory
meanwhile. For CTranslate2 every weight matrix becomes int8 with one scale a row, as its own
converter writes it: q = round(w · s), s = 127 / max|row|; working through the file one tensor at a
time keeps the memory at the size of the result.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import ctranslate2
import numpy as np
import numpy.typing as npt

from weights import merged
from weights.catalogue import Entry
from weights.e5_file import E5File
from weights.gguf_file import GGUFFile
from weights.progress import Progress
from weights.qwen_tokenizer import build_tokenizer

Floats = npt.NDArray[np.float32]


def convert(entry: Entry, sources: list[Path], folder: Path, progress: Progress) -> None:
    """Write the model and tokenizer.json into the folder, and a generator's chat template."""
    if entry.kind == "encoder":
        weights_file, tokenizer_file = sources
        encoder: EncoderTensors = E5File(weights_file)
        if entry.learned is not None:
            learned = merged.read(entry.learned)
            encoder = merged.Merged(E5File(weights_file), learned)
            merged.write_heads(learned, folder)
        _convert_encoder(encoder, tokenizer_file, folder, progress, entry.name)
        return
    source = GGUFFile(sources[0])
    tokenizer = build_tokenizer(source)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "chat_template.jinja").write_text(source.chat_template, encoding="utf-8")
    if entry.made_for == "openvino":
        _convert_for_openvino(source.path, folder, progress)
    else:
        _convert_generator(source, tokenizer, folder, progress)


def _convert_for_openvino(source: Path, folder: Path, progress: Progress) -> None:
    import openvino_genai

    stage = f"{source.stem}: converting"
    progress(stage, 0, 1)
    # What it makes of a file is left beside it.
    linked = folder / "model.gguf"
    linked.symlink_to(source)
    openvino_genai.LLMPipeline(str(linked), "CPU", enable_save_ov_model=True)
    linked.unlink()
    progress(stage, 1, 1)


def _quantized(weight: Floats) -> tuple[npt.NDArray[np.int8], Floats]:
    """Rows as int8 and their scales; rows of zeros get the scale 1."""
    largest = np.abs(weight).max(axis=1)
    largest[largest == 0] = 127.0
    scale = (127.0 / largest).astype(np.float32)
    return np.rint(weight * scale[:, None]).astype(np.int8), scale


def _set_matrix(spec: Any, blocks: Iterable[Floats]) -> None:
    """Set a matrix from blocks of its rows."""
    parts = [_quantized(block) for block in blocks]
    spec.weight = np.concatenate([values for values, _ in parts])
    spec.weight_scale = np.concatenate([scales for _, scales in parts])


class EncoderTensors(Protocol):
    """A BERT encoder: its shape, and its tensors as weights/e5_file.py calls them."""

    width: int
    layers: int
    heads: int
    vocabulary_size: int
    epsilon: float

    def tensor(self, name: str) -> Floats: ...


def _convert_encoder(
    source: EncoderTensors, tokenizer_file: Path, folder: Path, progress: Progress, name: str
) -> None:
    specs = ctranslate2.specs
    encoder = specs.TransformerEncoderSpec(
        source.layers,
        source.heads,
        pre_norm=False,
        activation=specs.Activation.GELU,
        layernorm_embedding=True,
        num_source_embeddings=2,
        embeddings_merge=specs.EmbeddingsMerge.ADD,
    )
    model = specs.TransformerEncoderModelSpec(encoder, pooling_layer=False)
    tensor = source.tensor

    def norm(spec: Any, name: str) -> None:
        spec.gamma, spec.beta = tensor(f"{name}.w"), tensor(f"{name}.b")

    def linear(spec: Any, *names: str) -> None:
        # CTranslate2 keeps query, key and value as one matrix.
        _set_matrix(spec, (tensor(f"{name}.w") for name in names))
        spec.bias = np.concatenate([tensor(f"{name}.b") for name in names])

    encoder.scale_embeddings = False
    _set_matrix(encoder.embeddings[0], [tensor("emb.word")])
    _set_matrix(encoder.embeddings[1], [tensor("emb.type")])
    encoder.position_encodings.encodings = tensor("emb.pos")
    norm(encoder.layernorm_embedding, "emb.ln")
    for number, layer in enumerate(encoder.layer):
        linear(layer.self_attention.linear[0], *(f"l{number}.{part}" for part in "qkv"))
        linear(layer.self_attention.linear[1], f"l{number}.ao")
        norm(layer.self_attention.layer_norm, f"l{number}.aln")
        linear(layer.ffn.linear_0, f"l{number}.fi")
        linear(layer.ffn.linear_1, f"l{number}.fo")
        norm(layer.ffn.layer_norm, f"l{number}.oln")
        progress(f"{name}: converting", number + 1, source.layers)

    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tokenizer_file))
    model.config.unk_token = "<unk>"  # noqa: S105 - a token of the vocabulary
    model.config.layer_norm_epsilon = source.epsilon
    model.register_vocabulary(_vocabulary(tokenizer, source.vocabulary_size))
    _save(model, folder)
    shutil.copyfile(tokenizer_file, folder / "tokenizer.json")


def _convert_generator(source: GGUFFile, tokenizer: Any, folder: Path, progress: Progress) -> None:
    specs = ctranslate2.specs
    layers = int(source.setting("block_count"))
    model = specs.TransformerDecoderModelSpec.from_config(
        layers,
        int(source.setting("attention.head_count")),
        activation=specs.Activation.SWISH,
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=0,
        rotary_interleave=False,
        rotary_base=float(source.setting("rope.freq_base")),
        num_heads_kv=int(source.setting("attention.head_count_kv")),
    )
    decoder, tensor, blocks = model.decoder, source.tensor, source.blocks
    stage = f"{source.path.stem}: converting"
    progress(stage, 0, layers + 2)

    decoder.scale_embeddings = False
    _set_matrix(decoder.embeddings, blocks("token_embd.weight"))
    decoder.layer_norm.gamma = tensor("output_norm.weight")
    progress(stage, 1, layers + 2)
    for number, layer in enumerate(decoder.layer):
        block = f"blk.{number}"
        attention = layer.self_attention
        attention.layer_norm.gamma = tensor(f"{block}.attn_norm.weight")
        query_key_value = (blocks(f"{block}.attn_{part}.weight") for part in "qkv")
        _set_matrix(attention.linear[0], chain.from_iterable(query_key_value))
        attention.linear[0].bias = np.concatenate(
            [tensor(f"{block}.attn_{part}.bias") for part in "qkv"]
        )
        _set_matrix(attention.linear[1], blocks(f"{block}.attn_output.weight"))
        layer.ffn.layer_norm.gamma = tensor(f"{block}.ffn_norm.weight")
        _set_matrix(layer.ffn.linear_0, blocks(f"{block}.ffn_gate.weight"))
        _set_matrix(layer.ffn.linear_0_noact, blocks(f"{block}.ffn_up.weight"))
        _set_matrix(layer.ffn.linear_1, blocks(f"{block}.ffn_down.weight"))
        progress(stage, number + 2, layers + 2)
    output = "output.weight" if source.has("output.weight") else "token_embd.weight"
    _set_matrix(decoder.projection, blocks(output))

    model.config.bos_token = source.tokens[source.token_id("bos")]
    model.config.eos_token = source.tokens[source.token_id("eos")]
    model.config.unk_token = ""
    model.config.layer_norm_epsilon = float(source.setting("attention.layer_norm_rms_epsilon"))
    model.register_vocabulary(_vocabulary(tokenizer, len(source.tokens)))
    _save(model, folder)
    progress(stage, layers + 2, layers + 2)


def _vocabulary(tokenizer: Any, size: int) -> list[str]:
    """Tokens by id; ids that the model has and the tokenizer lacks get names of their own."""
    tokens = [f"<extra_id_{number}>" for number in range(size)]
    for token, number in tokenizer.get_vocab(with_added_tokens=True).items():
        tokens[number] = token
    return tokens


def _save(model: Any, folder: Path) -> None:
    model.validate()
    model.optimize(quantization=None)  # shares equal tensors; everything is int8 already
    model.save(str(folder))
