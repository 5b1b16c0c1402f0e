"""The shop's own language model: that it sees no future, learns, repeats itself by its seed, goes
on where it stopped, and is measured by figures that an independent count gives too."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from llm.errors import TooLittleText
from llm.small import store
from llm.small.kneser_ney import KneserNey
from llm.small.measuring import bits_per_byte, compare, nats
from llm.small.network import LanguageNetwork, NetworkSettings
from llm.small.sampling import nucleus, sample
from llm.small.texts import Parts, Text, parted, stream
from llm.small.tokens import END, Tokens
from llm.small.training import CHECKPOINT, Told, Trained, TrainSettings, rate, train
from retrieval.errors import ModelCorrupt, ModelMismatch, ModelMissing

_WHO = ("The grey kettle", "A small lamp", "这只杯子", "Our blue towel", "那条毯子")
_WHAT = ("is light", "keeps warm", "很结实", "dries quickly", "用了两年", "came late")
_WHEN = ("on cold days.", "in the rain.", "，下次还买。", "after a week!", "，送人合适。")
TEXTS = [f"{who} {what} {when}" for who in _WHO for what in _WHAT for when in _WHEN]
PARTS = Parts(TEXTS[::2] + TEXTS[1::4], TEXTS[3::8], TEXTS[7::8])
SMALL = {"width": 32, "layers": 2, "heads": 2, "context": 16, "dropout": 0.1}


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens.learn(PARTS.training, 320)


def settings(tokens: Tokens, **other: object) -> TrainSettings:
    network = NetworkSettings(len(tokens), **SMALL)  # type: ignore[arg-type]
    return TrainSettings(network, **{"steps": 40, "batch": 8, "every": 10, **other})  # type: ignore[arg-type]


def learn(
    tokens: Tokens, asked: TrainSettings, folder: Path | None = None, resume: bool = False
) -> tuple[Trained, list[Told]]:
    told: list[Told] = []
    given = tokens.stream(PARTS.training), tokens.stream(PARTS.validation)
    found = train(*given, asked, device="cpu", folder=folder, resume=resume, told=told.append)
    return found, told


@pytest.fixture(scope="module")
def trained(tokens: Tokens) -> LanguageNetwork:
    return learn(tokens, settings(tokens, steps=100, every=50, learning_rate=5e-3))[0].network


def same(one: LanguageNetwork, other: LanguageNetwork) -> bool:
    return all(
        torch.equal(a, b)
        for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    )


def test_no_place_sees_a_later_one() -> None:
    torch.manual_seed(1)
    network = LanguageNetwork(NetworkSettings(50, **SMALL)).eval()  # type: ignore[arg-type]
    given = torch.randint(50, (1, 16))
    before = network(given)
    for changed in range(16):
        other = given.clone()
        other[0, changed] = (other[0, changed] + 1) % 50
        after = network(other)
        assert torch.equal(after[:, :changed], before[:, :changed])
        for place in range(changed, 16):  # and each of the others does see it
            assert not torch.equal(after[:, place], before[:, place])


def test_every_text_comes_back_from_its_tokens(tokens: Tokens) -> None:
    for text in (*TEXTS[:5], "Ωμέγα 🏕️ é", "  two  spaces\n", "<|end|> is no end"):
        ids = tokens.encode(text)
        assert tokens.decode(ids) == text
        assert END not in ids
    again = Tokens.read(tokens.written())
    assert again.encode("<|end|>杯子") == tokens.encode("<|end|>杯子")
    cut = tokens.encode("🏕")[:-1]
    assert tokens.decode(cut) == ""


def test_it_learns_more_than_how_often_each_token_is(
    tokens: Tokens, trained: LanguageNetwork
) -> None:
    known, held_out = (tokens.stream(each) for each in (PARTS.training, PARTS.held_out))
    counts = torch.bincount(known, minlength=len(tokens)).double() + 1
    unigram = -(counts / counts.sum()).log()[held_out].mean()
    assert nats(trained, held_out).mean() < 0.5 * unigram


def test_the_same_seed_gives_the_same_model_and_another_one_another(tokens: Tokens) -> None:
    short = {"steps": 4, "every": 4}
    one, _ = learn(tokens, settings(tokens, seed=3, **short))
    assert same(one.network, learn(tokens, settings(tokens, seed=3, **short))[0].network)
    assert not same(one.network, learn(tokens, settings(tokens, seed=4, **short))[0].network)


class _Interrupted(Exception):
    pass


def test_a_resumed_training_equals_an_unbroken_one(tokens: Tokens, tmp_path: Path) -> None:
    asked = settings(tokens)
    whole, told = learn(tokens, asked)

    def stop(each: Told) -> None:
        if each.step == 20:
            raise _Interrupted

    given = tokens.stream(PARTS.training), tokens.stream(PARTS.validation)
    with pytest.raises(_Interrupted):
        train(*given, asked, device="cpu", folder=tmp_path, told=stop)
    resumed, rest = learn(tokens, asked, tmp_path, resume=True)
    assert [(each.step, each.loss, each.validation) for each in rest] == [
        (each.step, each.loss, each.validation) for each in told[2:]
    ]
    assert same(whole.network, resumed.network)
    assert resumed.step == whole.step


def test_it_goes_on_from_nothing_else(tokens: Tokens, tmp_path: Path) -> None:
    short = settings(tokens, steps=2, every=2)
    with pytest.raises(ModelMissing, match="--resume"):
        learn(tokens, short, tmp_path, resume=True)
    learn(tokens, short, tmp_path)
    assert list((tmp_path / "tensorboard").iterdir())
    with pytest.raises(ModelMismatch):
        learn(tokens, settings(tokens, steps=2, every=2, seed=9), tmp_path, resume=True)
    (tmp_path / CHECKPOINT).write_bytes(b"half")
    with pytest.raises(ModelCorrupt):
        learn(tokens, short, tmp_path, resume=True)


def test_only_matrices_decay_and_the_rate_goes_up_and_down(tokens: Tokens) -> None:
    from retrieval.training import adamw

    asked = settings(tokens, steps=100)
    decayed, others = adamw(LanguageNetwork(asked.network), 1.0, 0.1).param_groups
    assert {each.dim() for each in decayed["params"]} == {2}
    assert {each.dim() for each in others["params"]} == {1}
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    rates = [rate(step, asked) / asked.learning_rate for step in range(101)]
    assert rates[:5] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])
    assert all(later < earlier for earlier, later in pairwise(rates[5:]))
    assert rates[100] == pytest.approx(0.1)


def test_windows_cost_what_each_token_costs_alone(tokens: Tokens, trained: LanguageNetwork) -> None:
    given = tokens.stream(PARTS.held_out)[:50]
    padded = torch.cat([torch.tensor([END]), given])
    trained.requires_grad_(False)
    for length in (1, 15, 16, 17, 24, 25, 50):
        found = nats(trained, given[:length])
        for place in range(length):
            # What a window of 16 that moves by 8 can see of what is before this token.
            start = 0 if place < 16 else 8 * ((place - 8) // 8)
            logits = trained(padded[None, start : place + 1])[0, -1]
            alone = -torch.log_softmax(logits, 0)[given[place]]
            assert float(found[place]) == pytest.approx(float(alone), abs=1e-4)


def test_bits_per_byte_are_of_bytes(tokens: Tokens, trained: LanguageNetwork) -> None:
    total = float(nats(trained, tokens.stream(["这只杯子"])).sum()) / math.log(2)
    assert bits_per_byte(trained, tokens, ["这只杯子"]) == pytest.approx(total / 13)
    own = bits_per_byte(trained, tokens, PARTS.held_out)
    assert own < bits_per_byte(trained, tokens, ["Quarterly earnings fell", "股市昨日收跌"])


def kneser_ney(known: bytes, order: int, context: bytes, byte: int) -> float:
    """By the formula, a string at a time."""
    padded = b"\0" * (order - 1) + known
    counts: dict[bytes, int] = defaultdict(int)
    for end in range(order, len(padded) + 1):
        counts[padded[end - order : end]] += 1
    probability = 1 / 256
    for length in range(1, order + 1):
        level = counts
        for _ in range(order - length):
            below: dict[bytes, int] = defaultdict(int)
            for string in level:
                below[string[1:]] += 1
            level = below
        ones, twos = (sum(c == n for c in level.values()) for n in (1, 2))
        discount = ones / (ones + 2 * twos) if ones and twos else 0.5
        before = context[len(context) - length + 1 :]
        follow = [c for string, c in level.items() if string[:-1] == before]
        if follow:
            own = max(level.get(before + bytes([byte]), 0) - discount, 0)
            probability = (own + discount * len(follow) * probability) / sum(follow)
    return probability


def test_kneser_ney_is_what_the_formula_gives_and_sums_to_one() -> None:
    known = stream(PARTS.training[:12])
    for order in (1, 2, 4):
        model = KneserNey.learn(known, order)
        given = "A lamp 杯".encode()
        padded = b"\0" * 3 + given
        wanted = [
            kneser_ney(known, order, padded[place : place + 3], byte)
            for place, byte in enumerate(given)
        ]
        assert model.probabilities(given) == pytest.approx(np.array(wanted), rel=1e-9)
    model = KneserNey.learn(stream(PARTS.training), 8)
    for context in (b"A small la", b"zzzzzzzz", "这只".encode()):
        each = [model.probabilities(context + bytes([byte]))[-1] for byte in range(256)]
        assert sum(each) == pytest.approx(1.0)
        assert min(each) > 0
    with pytest.raises(ValueError, match="1 to 8"):
        KneserNey.learn(known, 9)


def test_the_table_has_all_and_known_texts_help_the_compressors(
    tokens: Tokens, trained: LanguageNetwork
) -> None:
    rows = {one.name: one.bits_per_byte for one in compare(trained, tokens, PARTS, 1.0)}
    assert list(rows) == ["attention", "Kneser–Ney, 8 bytes", "lzma", "bz2"]
    without = Parts([], [], PARTS.held_out)
    assert all(0 < bits < 8 for bits in rows.values())
    from llm.small.measuring import _lzma, _needed_more

    alone = _needed_more(_lzma, stream(without.training), stream(PARTS.held_out))
    assert rows["lzma"] < alone


def test_the_nucleus_is_the_fewest_that_have_enough() -> None:
    logits = torch.tensor([0.5, 0.2, 0.2, 0.1]).log()
    assert nucleus(logits, 1.0, 0.4).tolist() == [1, 0, 0, 0]
    assert nucleus(logits, 1.0, 0.6).tolist() == pytest.approx([5 / 7, 2 / 7, 0, 0])
    assert nucleus(logits, 1.0, 1.0).tolist() == pytest.approx([0.5, 0.2, 0.2, 0.1])
    assert nucleus(logits, 0.5, 1.0)[0] > 0.7  # cold is sure of itself
    assert nucleus(logits, 1.0, 1e-9).tolist() == [1, 0, 0, 0]


def test_samples_keep_their_bounds(tokens: Tokens, trained: LanguageNetwork) -> None:
    def write(**how: float) -> str:
        return sample(trained, tokens, "A small", **how)  # type: ignore[arg-type]

    assert write(seed=1) == write(seed=1)
    assert len({write(seed=seed, temperature=1.5) for seed in range(5)}) > 1
    assert write(temperature=0, seed=1) == write(temperature=0, seed=2) == write(top_p=1e-9)
    assert write(length=0) == ""
    assert len(tokens.encode(write(length=3, temperature=3.0))) <= 3 * 4
    long = sample(trained, tokens, "A small lamp " * 40, length=5)
    assert "\0" not in long
    for wrong in ({"temperature": -1.0}, {"top_p": 0.0}, {"top_p": 1.5}, {"length": -1}):
        with pytest.raises(ValueError, match="top-p"):
            write(**wrong)


def test_what_is_loaded_is_what_was_saved(
    tokens: Tokens, trained: LanguageNetwork, tmp_path: Path
) -> None:
    with pytest.raises(ModelMissing, match="shopguide train language"):
        store.load(tmp_path)
    store.save(tmp_path, trained, tokens, {})
    network, read = store.load(tmp_path)
    assert same(network, trained)
    assert sample(network, read, "这只") == sample(trained, tokens, "这只")
    weights = tmp_path / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    with pytest.raises(ModelCorrupt, match="damaged"):
        store.load(tmp_path)


def test_what_belongs_together_stays_on_one_side() -> None:
    texts = [Text(f"{text} {number} " * 4, f"page {number % 200}")
             for number, text in enumerate(TEXTS * 4)]  # fmt: skip
    parts = parted([*texts, texts[0], Text(" \0 ", "empty")])
    sides = (parts.training, parts.validation, parts.held_out)
    assert sum(map(len, sides)) == len(texts)
    group = {each.text.strip(): each.group for each in texts}
    groups = [{group[text] for text in side} for side in sides]
    assert len(set.union(*groups)) == sum(map(len, groups))
    with pytest.raises(TooLittleText, match="import reviews"):
        parted(texts[:10])


def test_what_says_who_somebody_is_is_hidden_and_all_else_stays_as_written() -> None:
    from bot.commands.train_language import _masked

    kept = "很好，下次还买！Ａ４ size，"
    assert _masked(kept, "CN") == kept
    assert _masked("写信到 a.b@example.com，谢谢", "CN") == "写信到 〔email〕,谢谢"
    assert "〔phone〕" in _masked("电话 13800138000，晚上打", "CN")
    # What is too long to be looked at whole is not learned from whole either.
    assert "b@example.com" not in _masked("长" * 5000 + " b@example.com", "CN")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["sample", "--model", "nowhere"], "shopguide train language"),
        (["train", "language", "--width", "30", "--heads", "4"], "multiple"),
        (["sample", "--top-p", "1.5"], "--top-p"),
    ],
)
def test_a_command_that_cannot_says_why(
    arguments: list[str],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    import sys

    from bot.commands import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["shopguide", *arguments])
    try:
        code = main.main()
    except SystemExit as left:
        code = left.code  # type: ignore[assignment]
    assert code
    assert told in capsys.readouterr().err


def test_the_command_leaves_a_model_with_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from bot.commands import train_language
    from bot.settings import Settings

    texts = [Text(f"{text} {number}", f"page {number}") for number, text in enumerate(TEXTS * 6)]
    monkeypatch.setattr(train_language, "gather", lambda settings: texts)
    asked = train_language.Asked(2, 16, 1, 2, 16, 0, "cpu", False, tmp_path, as_json=True)
    train_language.train_model(asked, Settings())
    told = json.loads(capsys.readouterr().out)
    assert told["models"][0]["name"] == "attention"
    network, tokens = store.load(tmp_path)
    measured = bits_per_byte(network, tokens, parted(texts).held_out)
    assert measured == pytest.approx(told["models"][0]["bits_per_byte"], rel=1e-5)
    assert not (tmp_path / "training" / CHECKPOINT).exists()
