"""Chooses the settings of all models on the validation items, and fits the models with them.

Test items are never looked at. The blend's weights and the network's number of epochs are learned
on validation items that the models were not fitted on; `fit` then uses both unchanged, whatever it
is given to fit on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from retrieval.errors import RetrievalError
from retrieval.recommend.blend import Blend, Member, Scale
from retrieval.recommend.content import ContentSimilarity
from retrieval.recommend.evaluation import ItemScorer, Scores, ndcg, rank_all, sample
from retrieval.recommend.network import NetworkSettings
from retrieval.recommend.popularity import Popularity
from retrieval.recommend.ridge import Ridge, RidgeSettings
from retrieval.recommend.sequence import SequenceModel
from retrieval.recommend.sequences import Histories, Sequences, Split, split
from retrieval.recommend.spectral import Spectral, SpectralSettings
from retrieval.recommend.training import Epoch, Trained, TrainSettings, train
from retrieval.recommend.transitions import BOTH_WAYS, DIRECTED, Transitions, TransitionSettings

NAMES = (
    "popularity",
    "cooccurrence",
    "transitions",
    "ridge",
    "spectral",
    "sequence",
    "content",
    "blend",
)
BLENDED: Mapping[str, Scale] = {
    "transitions": "counts",
    "ridge": "counts",
    "spectral": "counts",
    "sequence": "logits",
    "content": "counts",
}
_JUDGED = 4000  # customers by whom settings are chosen

Trainer = Callable[..., Trained]
ProgressCallback = Callable[[str, Epoch | None], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be fitted. `networks`: the trainings to choose from, by validation; `folder`:
    where their checkpoints are kept; `trainer`: `training.train`, or another with its signature."""

    names: tuple[str, ...] = NAMES
    networks: tuple[TrainSettings, ...] = (
        TrainSettings(loss="sampled"),
        # A pass with the full one takes several times as long, and fewer are needed.
        TrainSettings(loss="full", epochs=10, network=NetworkSettings(dropout=0.5)),
    )
    ridge: RidgeSettings = field(default_factory=RidgeSettings)
    spectral: SpectralSettings = field(default_factory=SpectralSettings)
    device: str = "auto"
    folder: Path | None = None
    trainer: Trainer = train


@dataclass(frozen=True, slots=True)
class Choice:
    """The settings that validation chose; those of models that were not asked for are None.
    `blend`: its weights, two for each of `members` and one for popularity; `again`: whether what
    customers own is among the candidates."""

    cooccurrence: TransitionSettings | None = None
    transitions: TransitionSettings | None = None
    ridge: RidgeSettings | None = None
    spectral: SpectralSettings | None = None
    sequence: TrainSettings | None = None
    members: tuple[str, ...] = ()
    blend: tuple[float, ...] = ()
    again: bool = False


@dataclass(slots=True)
class Fitted:
    """Models by name, and the seconds that each took; with choosing, where it was chosen too."""

    models: dict[str, ItemScorer] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


def nothing_told(what: str, epoch: Epoch | None) -> None:
    pass


def check_names(names: Iterable[str]) -> tuple[str, ...]:
    """The names in their order. Raises `RetrievalError` for one that is no model's."""
    given = set(names)
    for name in sorted(given - set(NAMES)):
        raise RetrievalError(f"There is no model {name}; there are: {', '.join(NAMES)}.")
    return tuple(name for name in NAMES if name in given)


def choose(
    sequences: Sequences,
    plan: Plan,
    *,
    texts: Scores | None = None,
    told: ProgressCallback = nothing_told,
) -> tuple[Choice, Fitted]:
    """Fit every model on what comes before the validation items, and choose by those.

    `texts`: float32 [items, dimensions], the vectors of the items' texts. What is returned is
    fitted without the validation items.
    """
    held = split(sequences, "valid")
    judged = sample(held, _JUDGED)
    train_part = held.train
    choice = Choice(again=held.again)
    fitted = Fitted()
    for name, tried in (("cooccurrence", BOTH_WAYS), ("transitions", DIRECTED)):
        if name in plan.names:
            started = time.perf_counter()
            told(name, None)
            settings = _best_transitions(train_part, judged, tried)
            choice = (
                replace(choice, cooccurrence=settings)
                if name == "cooccurrence"
                else replace(choice, transitions=settings)
            )
            fitted.seconds[name] = time.perf_counter() - started
    if "ridge" in plan.names:
        choice = replace(choice, ridge=plan.ridge)
    if "spectral" in plan.names:
        choice = replace(choice, spectral=plan.spectral)
    if "sequence" in plan.names:
        started = time.perf_counter()
        best = _best_network(train_part, held, plan, texts, told)
        fitted.models["sequence"] = best[1]
        choice = replace(choice, sequence=best[0])
        fitted.seconds["sequence"] = time.perf_counter() - started
    _fit_into(fitted, train_part, len(sequences.items), choice, plan, texts, told)
    if "blend" in plan.names:
        told("blend", None)
        started = time.perf_counter()
        members = _members(fitted.models)
        blend = Blend.fit(members, _popularity(train_part, held.items), held)
        weights = tuple(float(weight) for weight in blend.weights)
        choice = replace(choice, members=tuple(members), blend=weights)
        fitted.models["blend"] = blend
        fitted.seconds["blend"] = time.perf_counter() - started
    fitted.models = {name: fitted.models[name] for name in NAMES if name in fitted.models}
    return choice, fitted


def fit(
    histories: Histories,
    items: int,
    choice: Choice,
    plan: Plan,
    *,
    texts: Scores | None = None,
    told: ProgressCallback = nothing_told,
) -> Fitted:
    """Fit the models again, with settings that were chosen before."""
    fitted = Fitted()
    if choice.sequence is not None:
        started = time.perf_counter()
        fitted.models["sequence"] = plan.trainer(
            histories,
            items,
            choice.sequence,
            texts=None if texts is None else torch.from_numpy(texts),
            device=plan.device,
            folder=None if plan.folder is None else plan.folder / "again",
            told=lambda epoch: told("sequence", epoch),
        ).model
        fitted.seconds["sequence"] = time.perf_counter() - started
    _fit_into(fitted, histories, items, choice, plan, texts, told)
    if choice.blend:
        members = {name: Member(fitted.models[name], BLENDED[name]) for name in choice.members}
        fitted.models["blend"] = Blend.of(
            members, _popularity(histories, items), choice.blend, choice.again
        )
        fitted.seconds["blend"] = 0.0
    fitted.models = {name: fitted.models[name] for name in NAMES if name in fitted.models}
    return fitted


def _fit_into(
    fitted: Fitted,
    histories: Histories,
    items: int,
    choice: Choice,
    plan: Plan,
    texts: Scores | None,
    told: ProgressCallback,
) -> None:
    """Fit all but the network and the blend."""
    makers: dict[str, Callable[[], ItemScorer]] = {}
    if "popularity" in plan.names:
        makers["popularity"] = lambda: Popularity.fit(histories, items)
    for name, settings in (
        ("cooccurrence", choice.cooccurrence),
        ("transitions", choice.transitions),
    ):
        if settings is not None:
            makers[name] = lambda chosen=settings: Transitions.fit(histories, items, chosen)  # type: ignore[misc]  # mypy: lambda with a default
    if (ridge := choice.ridge) is not None:
        makers["ridge"] = lambda: Ridge.fit(histories, items, ridge)
    if (spectral := choice.spectral) is not None:
        makers["spectral"] = lambda: Spectral.fit(histories, items, spectral)
    if "content" in plan.names and texts is not None:
        makers["content"] = lambda: ContentSimilarity(texts)
    for name, make in makers.items():
        told(name, None)
        started = time.perf_counter()
        fitted.models[name] = make()
        fitted.seconds[name] = fitted.seconds.get(name, 0.0) + time.perf_counter() - started


def _best_transitions(
    histories: Histories, judged: Split, tried: Sequence[TransitionSettings]
) -> TransitionSettings:
    def score(settings: TransitionSettings) -> float:
        model = Transitions.fit(histories, judged.items, settings)
        return float(ndcg(rank_all(model, judged), 10).mean())

    return max(tried, key=score)


def _best_network(
    histories: Histories, held: Split, plan: Plan, texts: Scores | None, told: ProgressCallback
) -> tuple[TrainSettings, SequenceModel]:
    """Train with each of the plan's settings; the best one, with the epochs that it took."""
    found: list[tuple[float, TrainSettings, SequenceModel]] = []
    for settings in plan.networks:
        trained = plan.trainer(
            histories,
            held.items,
            settings,
            validation=held,
            texts=None if texts is None else torch.from_numpy(texts),
            device=plan.device,
            folder=None if plan.folder is None else plan.folder / settings.loss,
            told=lambda epoch, name=f"sequence, {settings.loss}": told(name, epoch),
        )
        kept = replace(settings, epochs=max(1, trained.epochs))
        found.append((trained.ndcg10, kept, trained.model))
    _, settings, model = max(found, key=lambda one: one[0])
    return settings, model


def _members(models: Mapping[str, ItemScorer]) -> dict[str, Member]:
    return {name: Member(models[name], scale) for name, scale in BLENDED.items() if name in models}


def _popularity(histories: Histories, items: int) -> Scores:
    return Popularity.fit(histories, items).shares
