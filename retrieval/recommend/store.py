"""Trained models in a folder: model.json says what they are and of which items, weights.safetensors
holds their numbers. Both are checked when they are opened.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from retrieval.errors import ModelCorrupt, ModelMismatch, ModelMissing
from retrieval.recommend.blend import Blend, Member
from retrieval.recommend.content import ContentSimilarity
from retrieval.recommend.evaluation import ItemScorer
from retrieval.recommend.fitting import BLENDED, Choice
from retrieval.recommend.network import NetworkSettings, SequenceNetwork
from retrieval.recommend.popularity import Popularity
from retrieval.recommend.ridge import Ridge, RidgeSettings
from retrieval.recommend.sequence import ItemIndex, SequenceModel
from retrieval.recommend.sequences import Ids, Sequences
from retrieval.recommend.spectral import Spectral, SpectralSettings
from retrieval.recommend.training import TrainSettings
from retrieval.recommend.transitions import Transitions, TransitionSettings

Fit = Literal["without", "with", "all"]
FORMAT = 2
_ABOUT, _WEIGHTS = "model.json", "weights.safetensors"
_AGAIN = "run `shopguide train recommend` again"


@dataclass(frozen=True, slots=True)
class Stored:
    """`items`: ids by number; `fit`: whether the validation items (and the test items too) were
    fitted on; `index`: of the sequence network's item vectors, where there is one."""

    items: tuple[str, ...]
    fit: Fit
    choice: Choice
    models: dict[str, ItemScorer]
    index: ItemIndex | None

    def numbers(self, items: list[str]) -> Ids:
        """For a customer's items, oldest first; those that the models do not know are left out."""
        known = {item: i for i, item in enumerate(self.items)}
        return np.array([known[i] for i in items if i in known], np.int64)

    def check_items(self, sequences: Sequences) -> None:
        """Raises `ModelMismatch` when the catalogue has changed since the training."""
        if self.items != sequences.items:
            new = len(set(sequences.items) - set(self.items))
            gone = len(set(self.items) - set(sequences.items))
            raise ModelMismatch(
                f"The items are not those of the training ({new} new, {gone} gone); {_AGAIN}."
            )


def save(
    folder: Path,
    items: tuple[str, ...],
    fit: Fit,
    choice: Choice,
    models: Mapping[str, ItemScorer],
) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    for name, model in models.items():
        if name != "blend":
            tensors |= {f"{name}.{key}": value for key, value in _tensors(model).items()}
    if isinstance(blend := models.get("blend"), Blend):
        tensors["blend.popularity"] = torch.from_numpy(blend.popularity)
    # The description goes last and away first: half a training is never taken for a whole one.
    (folder / _ABOUT).unlink(missing_ok=True)
    save_file(
        {key: value.contiguous().clone() for key, value in tensors.items()}, folder / _WEIGHTS
    )
    if isinstance(sequence := models.get("sequence"), SequenceModel):
        ItemIndex.build(sequence).save(folder)
    about = {
        "format": FORMAT,
        "fit": fit,
        "items": items,
        "models": list(models),
        "choice": asdict(choice),
        "checksum": _checksum(folder / _WEIGHTS),
    }
    fresh = folder / f"{_ABOUT}.new"
    fresh.write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    fresh.replace(folder / _ABOUT)


def load(folder: Path) -> Stored:
    """Raises `ModelMissing`, `ModelCorrupt`, and `IndexMismatch` when the index is of another
    training."""
    path = folder / _ABOUT
    if not path.is_file():
        raise ModelMissing(f"There are no trained models in {folder}; {_AGAIN}.")
    try:
        about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if about["format"] != FORMAT:
            raise ValueError(f"format {about['format']}")
        if _checksum(folder / _WEIGHTS) != about["checksum"]:
            raise ValueError("the weights are not those that were saved")
        choice = _choice(about["choice"])
        tensors = load_file(folder / _WEIGHTS)
        items: tuple[str, ...] = tuple(about["items"])
        names = [name for name in about["models"] if name != "blend"]
        models = {name: _model(name, _part(tensors, name), choice, len(items)) for name in names}
        if "blend" in about["models"]:
            members = {name: Member(models[name], BLENDED[name]) for name in choice.members}
            popularity = tensors["blend.popularity"].numpy()
            models["blend"] = Blend.of(members, popularity, choice.blend, choice.again)
    except ModelMismatch:
        raise
    except Exception as error:  # damaged files raise nearly anything
        raise ModelCorrupt(f"The models in {folder} are damaged ({error}); {_AGAIN}.") from error
    sequence = models.get("sequence")
    index = ItemIndex.open(folder, sequence) if isinstance(sequence, SequenceModel) else None
    return Stored(items, about["fit"], choice, models, index)


def _tensors(model: ItemScorer) -> dict[str, Tensor]:
    if isinstance(model, SequenceModel):
        return {key: value.cpu() for key, value in model.network.state_dict().items()}
    names = {
        Popularity: ("shares",),
        Transitions: ("starts", "columns", "weights"),
        Ridge: ("chosen", "weights"),
        Spectral: ("given", "next"),
        ContentSimilarity: ("vectors",),
    }[type(model)]
    return {name: torch.from_numpy(getattr(model, name)) for name in names}


def _model(name: str, tensors: dict[str, Tensor], choice: Choice, items: int) -> ItemScorer:
    if name == "sequence" and choice.sequence is not None:
        network = SequenceNetwork(items, choice.sequence.network, tensors.get("texts"))
        network.load_state_dict(tensors)
        return SequenceModel(network)
    arrays = {key: value.numpy() for key, value in tensors.items()}
    if name == "popularity":
        return Popularity(**arrays)
    if name == "cooccurrence" and choice.cooccurrence is not None:
        return Transitions(choice.cooccurrence, **arrays)
    if name == "transitions" and choice.transitions is not None:
        return Transitions(choice.transitions, **arrays)
    if name == "ridge" and choice.ridge is not None:
        return Ridge(choice.ridge, items, **arrays)
    if name == "spectral" and choice.spectral is not None:
        return Spectral(choice.spectral, **arrays)
    if name == "content":
        return ContentSimilarity(arrays["vectors"])
    raise ValueError(f"there are no settings of {name}")


def _choice(given: dict[str, Any]) -> Choice:
    def made(kind: Any, name: str) -> Any:
        return None if given[name] is None else kind(**given[name])

    sequence = given["sequence"]
    if sequence is not None:
        sequence = TrainSettings(**{**sequence, "network": NetworkSettings(**sequence["network"])})
    return Choice(
        made(TransitionSettings, "cooccurrence"),
        made(TransitionSettings, "transitions"),
        made(RidgeSettings, "ridge"),
        made(SpectralSettings, "spectral"),
        sequence,
        tuple(given["members"]),
        tuple(given["blend"]),
        bool(given["again"]),
    )


def _part(tensors: Mapping[str, Tensor], name: str) -> dict[str, Tensor]:
    return {
        key.removeprefix(f"{name}."): value
        for key, value in tensors.items()
        if key.startswith(f"{name}.")
    }


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
