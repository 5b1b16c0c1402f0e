"""A trained model in a folder: model.json says what it is, tokens.json and weights.safetensors are
its tokens and its numbers. All are checked when they are opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file

from llm.small.network import LanguageNetwork, NetworkSettings
from llm.small.tokens import Tokens
from retrieval.errors import ModelCorrupt, ModelMissing

FORMAT = 1
_ABOUT, _TOKENS, _WEIGHTS = "model.json", "tokens.json", "weights.safetensors"
_AGAIN = "run `shopguide train language`"


def save(folder: Path, network: LanguageNetwork, tokens: Tokens, report: Mapping[str, Any]) -> None:
    """`report`: what was measured, kept beside the model."""
    folder.mkdir(parents=True, exist_ok=True)
    # The description goes last and away first: half a model is never taken for a whole one.
    (folder / _ABOUT).unlink(missing_ok=True)
    (folder / _TOKENS).write_text(tokens.written(), encoding="utf-8")
    weights = {name: value.cpu().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / _WEIGHTS)
    about = {
        "format": FORMAT,
        "network": asdict(network.settings),
        "checksum": _checksum(folder),
        "report": dict(report),
    }
    fresh = folder / f"{_ABOUT}.new"
    fresh.write_text(json.dumps(about, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(folder / _ABOUT)


def load(folder: Path) -> tuple[LanguageNetwork, Tokens]:
    """Ready to write or to measure with. Raises `ModelMissing` and `ModelCorrupt`."""
    path = folder / _ABOUT
    if not path.is_file():
        raise ModelMissing(f"There is no language model in {folder}; {_AGAIN}.")
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}")
        if _checksum(folder) != about["checksum"]:
            raise ValueError("its files are not those that were saved")
        tokens = Tokens.read((folder / _TOKENS).read_text(encoding="utf-8"))
        network = LanguageNetwork(NetworkSettings(**about["network"]))
        network.load_state_dict(load_file(folder / _WEIGHTS))
    except Exception as error:  # a damaged file raises nearly anything
        raise ModelCorrupt(
            f"The language model in {folder} is damaged ({error}); {_AGAIN} again."
        ) from error
    network.eval()
    return network, tokens


def _checksum(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in (_TOKENS, _WEIGHTS):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()
