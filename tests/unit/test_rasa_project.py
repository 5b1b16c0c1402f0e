"""The Rasa project's files agree with each other, without starting Rasa."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.actions import SKILLS
from bot.actions.skill import Skill
from bot.rasa import environment, examples, serve, train
from weights.cache import cache_folder

PROJECT, ROOT = environment.PROJECT, environment.ROOT
LANGUAGES = ("zh", "en")


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _training(language: str) -> dict[str, tuple[str, ...]]:
    return {intent.name: intent.sentences[language] for intent in examples.intents()}


def _measuring(language: str) -> dict[str, list[str]]:
    by_intent: dict[str, list[str]] = {}
    path = Path(__file__).parents[1] / "understanding" / f"nlu_{language}.yml"
    for intent, text in examples.templates(path):
        by_intent.setdefault(intent, []).append(text)
    return by_intent


def _alike(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.lower()) or text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_intent_has_enough_examples(language: str) -> None:
    assert set(_measuring(language)) == set(_training(language))
    assert min(len(set(e)) for e in _training(language).values()) >= 25
    assert min(len(set(e)) for e in _measuring(language).values()) >= 10


def test_what_measures_is_never_trained_on() -> None:
    trained = {_alike(example.text) for example in examples.training()}
    for language in LANGUAGES:
        for said in _measuring(language).values():
            assert not [text for text in said if _alike(text) in trained]


def test_no_example_means_two_things() -> None:
    meaning: dict[str, str] = {}
    for example in examples.training():
        intent = meaning.setdefault(_alike(example.text), example.intent)
        assert intent == example.intent, example.text


def test_every_action_is_a_skill_and_every_skill_is_used() -> None:
    names = [skill.action for skill in SKILLS]
    assert len(names) == len(set(names))
    assert set(examples.actions().values()) == set(names)
    assert examples.actions()["nlu_fallback"] == "action_fallback"


def test_every_skill_of_the_package_is_found() -> None:
    modules = (ROOT / "bot" / "actions").glob("*.py")
    written = {
        name
        for module in modules
        for name in re.findall(r"^class (\w+)\(Skill\):", module.read_text("utf-8"), re.MULTILINE)
    }
    assert written == {skill.__name__ for skill in SKILLS}
    assert Skill not in SKILLS


def test_rasa_itself_says_nothing_and_the_shared_domain_decides_nothing() -> None:
    domain = _yaml(PROJECT / "domain.yml")
    assert not {"responses", "intents", "actions", "forms"} & set(domain)
    assert all(slot["influence_conversation"] is False for slot in domain["slots"].values())


INTENT = """
intent: greet
action: action_greet
sentences:
  zh: [你好]
  en: [hello, "yes: {product}"]
"""


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("action: action_greet", "", "must say `intent:`, `action:` and `sentences:`"),
        ("intent: greet", "intent: hello", "must be named after its intent, hello.yml"),
        ("  zh: [你好]", "", "by language: zh, en"),
        ("  zh: [你好]", "  zh: [你好]\n  fr: [salut]", "by language: zh, en"),
        ("[你好]", "[]", "zh must be a list of sentences"),
        ("[你好]", "[42]", "put quotes round"),
        ("[你好]", "你好", "zh must be a list of sentences"),
        ("[hello,", "[{hello,", "needs quotes"),
    ],
)
def test_a_file_of_another_form_is_refused(
    tmp_path: Path, before: str, after: str, told: str
) -> None:
    file = tmp_path / "greet.yml"
    file.write_text(INTENT, encoding="utf-8")
    (read,) = examples.intents(tmp_path)
    assert read.sentences == {"zh": ("你好",), "en": ("hello", "yes: {product}")}
    file.write_text(INTENT.replace(before, after), encoding="utf-8")
    with pytest.raises(examples.ExamplesError, match=re.escape(told)):
        examples.intents(tmp_path)


def test_only_the_rest_channel_is_open() -> None:
    assert list(_yaml(PROJECT / "credentials.yml")) == ["rest"]


def test_the_reading_is_where_the_weights_package_puts_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("SHOPGUIDE_READING", raising=False)
    for name in ("SHOPGUIDE_WEIGHTS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert environment.reading_folder() == cache_folder() / "reading"
    for name in ("XDG_CACHE_HOME", "SHOPGUIDE_WEIGHTS"):
        monkeypatch.setenv(name, str(tmp_path))
        assert environment.reading_folder() == cache_folder() / "reading"
    monkeypatch.setenv("SHOPGUIDE_READING", str(tmp_path))
    assert environment.reading_folder() == tmp_path.resolve()


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
