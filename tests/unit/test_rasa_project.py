"""The Rasa project's files agree with each other, without starting Rasa."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.rasa import environment, serve, train
from weights.cache import cache_folder

PROJECT = environment.PROJECT
LANGUAGES = ("zh", "en")


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _examples(path: Path) -> dict[str, list[str]]:
    return {
        item["intent"]: re.findall(r"^- (.+?)\s*$", item["examples"], re.MULTILINE)
        for item in _yaml(path)["nlu"]
    }


def _training(language: str) -> dict[str, list[str]]:
    merged: dict[str, list[str]] = {}
    for path in sorted((PROJECT / "data/nlu" / language).glob("*.yml")):
        for intent, examples in _examples(path).items():
            merged.setdefault(intent, []).extend(examples)
    return merged


def _measuring(language: str) -> dict[str, list[str]]:
    return _examples(PROJECT / "tests" / f"nlu_{language}.yml")


def _intents() -> set[str]:
    listed = _yaml(PROJECT / "domain/understanding.yml")["intents"]
    return {name for intent in listed for name in intent}


def _alike(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower()) or text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_enough_examples(language: str) -> None:
    assert set(_training(language)) == _intents()
    assert set(_measuring(language)) == _intents()
    assert min(len(set(e)) for e in _training(language).values()) >= 25
    assert min(len(set(e)) for e in _measuring(language).values()) >= 10


def test_what_measures_is_never_trained_on() -> None:
    trained = {
        _alike(text)
        for language in LANGUAGES
        for examples in _training(language).values()
        for text in examples
    }
    for language in LANGUAGES:
        for examples in _measuring(language).values():
            assert not [text for text in examples if _alike(text) in trained]


def test_no_example_means_two_things() -> None:
    meaning: dict[str, str] = {}
    for language in LANGUAGES:
        for intent, examples in _training(language).items():
            for text in examples:
                assert meaning.setdefault(_alike(text), intent) == intent, text


def test_every_intent_has_one_rule_and_every_action_is_used() -> None:
    rules = [
        (rule["steps"][0]["intent"], rule["steps"][1]["action"])
        for rule in _yaml(PROJECT / "data/rules.yml")["rules"]
    ]
    assert sorted(intent for intent, _ in rules) == sorted(_intents() | {"nlu_fallback"})
    responses = set(_yaml(PROJECT / "domain/responses.yml")["responses"])
    actions = set(_yaml(PROJECT / "domain/actions.yml")["actions"])
    assert {action for _, action in rules} == responses | actions


def test_responses_have_three_wordings_a_language() -> None:
    for variants in _yaml(PROJECT / "domain/responses.yml")["responses"].values():
        for language in LANGUAGES:
            condition = [{"type": "slot", "name": "language", "value": language}]
            texts = [v["text"] for v in variants if v["condition"] == condition]
            assert len(set(texts)) >= 3
            han = [bool(re.search("[\u4e00-\u9fff]", text)) for text in texts]
            assert all(han) if language == "zh" else not any(han)


def test_nothing_but_the_intent_decides_the_dialogue() -> None:
    domain = _yaml(PROJECT / "domain/understanding.yml")
    assert all(slot["influence_conversation"] is False for slot in domain["slots"].values())
    assert all(i == {"use_entities": []} for intent in domain["intents"] for i in intent.values())


def test_only_the_rest_channel_is_open() -> None:
    assert list(_yaml(PROJECT / "credentials.yml")) == ["rest"]


def test_the_embedder_is_where_the_weights_package_puts_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SHOPGUIDE_EMBEDDER", raising=False)
    for name in ("SHOPGUIDE_WEIGHTS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert environment.embedder_folder() == cache_folder() / "e5-small"
    for name in ("XDG_CACHE_HOME", "SHOPGUIDE_WEIGHTS"):
        monkeypatch.setenv(name, str(tmp_path))
        assert environment.embedder_folder() == cache_folder() / "e5-small"
    monkeypatch.setenv("SHOPGUIDE_EMBEDDER", str(tmp_path))
    assert environment.embedder_folder() == tmp_path.resolve()


def test_tracker_urls(tmp_path: Path) -> None:
    assert serve.tracker_url(None, tmp_path) == f"sqlite:///{tmp_path}/rasa/tracker.db"
    assert serve.tracker_url("postgresql+psycopg://u:p@h/d", tmp_path) == "postgresql://u:p@h/d"
    assert serve.tracker_url("sqlite:////x/t.db", tmp_path) == "sqlite:////x/t.db"


def test_redis_urls() -> None:
    assert serve.redis_settings("rediss://me:p%40ss@cache:6380/2") == {
        "url": "cache",
        "port": 6380,
        "db": 2,
        "use_ssl": True,
        "key_prefix": "shopguide",
        "username": "me",
        "password": "p@ss",
    }
    assert serve.redis_settings("redis://localhost")["port"] == 6379


def test_a_model_is_current_only_for_its_own_inputs(tmp_path: Path) -> None:
    model = tmp_path / "model.tar.gz"
    assert not train.is_current(model)
    model.write_bytes(b"")
    assert not train.is_current(model)
    (tmp_path / "model.sha256").write_text(train.inputs_hash())
    assert train.is_current(model)
    (tmp_path / "model.sha256").write_text("other")
    assert not train.is_current(model)
