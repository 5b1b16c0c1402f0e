"""The same weights in Transformers: the plain way that the benchmark and a test compare with.

Built on demand from the verified GGUF file; nothing in the running shop needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from weights.cache import source_file
from weights.catalogue import CATALOGUE
from weights.errors import WeightsMissing
from weights.gguf_file import GGUFFile
from weights.qwen_tokenizer import build_tokenizer


def load_transformers(name: str) -> tuple[Any, Any]:
    """A Transformers tokenizer and float32 model (10 to 40 s, 4 bytes a weight).

    Raises `WeightsMissing` when the name is no generator or its file was never fetched.
    """
    entry = CATALOGUE.get(name)
    if entry is None or entry.kind != "generator":
        raise WeightsMissing(f"{name} is not a generator that the catalogue knows.")
    path = source_file(entry.assets[0].file)
    if not path.exists():
        raise WeightsMissing(f"{path} is not here. Fetch it with: python -m weights ensure {name}")
    source = GGUFFile(path)
    return _tokenizer(source), _model(source)


def _tokenizer(source: GGUFFile) -> Any:
    from transformers import PreTrainedTokenizerFast

    make: Any = PreTrainedTokenizerFast  # untyped there
    tokenizer = make(
        tokenizer_object=build_tokenizer(source),
        eos_token=source.tokens[source.token_id("eos")],
        pad_token=source.tokens[source.token_id("padding")],
    )
    tokenizer.chat_template = source.chat_template
    return tokenizer


def _model(source: GGUFFile) -> Any:
    import torch
    import transformers

    hf: Any = transformers  # untyped there

    config = hf.Qwen2Config(
        vocab_size=len(source.tokens),
        hidden_size=int(source.setting("embedding_length")),
        intermediate_size=int(source.setting("feed_forward_length")),
        num_hidden_layers=int(source.setting("block_count")),
        num_attention_heads=int(source.setting("attention.head_count")),
        num_key_value_heads=int(source.setting("attention.head_count_kv")),
        max_position_embeddings=int(source.setting("context_length")),
        rms_norm_eps=float(source.setting("attention.layer_norm_rms_epsilon")),
        rope_parameters={
            "rope_type": "default",
            "rope_theta": float(source.setting("rope.freq_base")),
        },
        tie_word_embeddings=not source.has("output.weight"),
        eos_token_id=source.token_id("eos"),
        pad_token_id=source.token_id("padding"),
    )
    with torch.device("meta"):
        model = hf.Qwen2ForCausalLM(config)
    state = {
        # PyTorch wants memory that it may write; some tensors are views of the read-only file.
        name: torch.from_numpy(np.require(source.tensor(_gguf_name(name)), requirements="W"))
        for name in model.state_dict()
    }
    model.load_state_dict(state, assign=True)
    # What is computed rather than stored (rotary frequencies) is still on the meta device.
    model.model.rotary_emb = type(model.model.rotary_emb)(config)
    model.tie_weights()
    model.generation_config = hf.GenerationConfig(
        eos_token_id=config.eos_token_id, pad_token_id=config.pad_token_id
    )
    return model.eval()


_PARTS = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
}
_WHOLE = {
    "model.embed_tokens.weight": "token_embd.weight",
    "model.norm.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def _gguf_name(name: str) -> str:
    """ "model.layers.3.mlp.up_proj.weight" is called "blk.3.ffn_up.weight" in the file."""
    if name in _WHOLE:
        return _WHOLE[name]
    _, _, number, part = name.split(".", 3)
    module, kind = part.rsplit(".", 1)
    return f"blk.{number}.{_PARTS[module]}.{kind}"
