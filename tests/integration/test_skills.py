"""The skill that docs/skills.md shows as an example works as it stands there: its four files are
laid over a copy of the code, which nothing else in that copy knows of."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bot.rasa import examples
from bot.settings import ROOT

RASA = ROOT / ".venv-rasa" / "bin" / "python"
LINKED = ("data", "demo", "llm", "retrieval", "weights")

# Says the skill's answer in each language to a shop with a website and to one without.
ASK = """
import asyncio, json
from pathlib import Path
from types import SimpleNamespace
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher
from bot.actions import SKILLS
from bot.rasa import examples
from bot.wording.phrases import Phrases
from data.rules import ShopRules

rules = ShopRules.load(Path("demo/shop"))
(skill,) = [s for s in SKILLS if s.action == examples.actions()["newsletter"]]
said = {}
for website in ("https://shop.example", None):
    shop = rules.shop.model_copy(update={"website": website})
    of = SimpleNamespace(rules=rules.model_copy(update={"shop": shop}), phrases=Phrases.load())
    for language, text in (("zh", "怎么订阅"), ("en", "how do I sign up")):
        latest = {"text": text, "intent": {"name": "newsletter"}, "metadata": {}}
        tracker = Tracker(
            "s", {"language": language}, latest, [], False, None, {}, "action_newsletter"
        )
        dispatcher = CollectingDispatcher()
        asyncio.run(skill(of).run(dispatcher, tracker, {}))
        (sent,) = dispatcher.messages
        said[f"{language} {website}"] = sent["custom"]["message"]["text"]
print(json.dumps(said))
"""

# What Rasa makes of the copy's intents, and its own check of the data.
VALIDATE = """
import json
from bot.rasa.environment import prepare
prepare()
from bot.rasa import train
importer = train.importer()
print(json.dumps({
    "domain": importer.get_domain().as_dict(),
    "rules": [step.block_name for step in importer.get_stories().story_steps],
    "texts": [message.get("text") for message in importer.get_nlu_data().intent_examples
              if message.get("intent") == "newsletter"],
    "valid": train.validate(),
}))
"""


def files() -> dict[str, str]:
    """By path, what the page says stands in it."""
    page = (ROOT / "docs" / "skills.md").read_text("utf-8")
    return dict(re.findall(r"^`(bot/\S+)`\n\n```\w+\n(.*?)```", page, re.DOTALL | re.MULTILINE))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code with the example's four files."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(
        ROOT / "bot", root / "bot", ignore=shutil.ignore_patterns("widget", "__pycache__")
    )
    for package in LINKED:
        (root / package).symlink_to(ROOT / package)
    for path, text in files().items():
        with (root / path).open("a", encoding="utf-8") as file:
            file.write(f"\n{text}" if file.tell() else text)
    return root


def run(python: str | Path, code: str, root: Path) -> Any:
    command: Sequence[str | Path] = [python, "-c", code]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_skill_is_four_files() -> None:
    assert list(files()) == [
        "bot/actions/newsletter.py",
        "bot/rasa/intents/newsletter.yml",
        "bot/wording/phrases/zh.yaml",
        "bot/wording/phrases/en.yaml",
    ]
    assert not any((ROOT / path).exists() for path in list(files())[:2])


def test_the_skill_is_found_and_answers(copy: Path) -> None:
    said = run(sys.executable, ASK, copy)
    assert len(set(said.values())) == 4
    for language in ("zh", "en"):
        assert "https://shop.example" in said[f"{language} https://shop.example"]
    assert "newsletter" in said["en None"]
    assert "邮件资讯" in said["zh None"]


def test_rasa_takes_the_intent(copy: Path) -> None:
    if not RASA.exists():
        pytest.skip("Rasa's environment .venv-rasa is not installed.")
    made = run(RASA, VALIDATE, copy)
    assert made["valid"]
    everyday = examples.actions()
    names = {"newsletter", *everyday} - {"nlu_fallback"}
    assert sorted(made["rules"]) == sorted(names | {"Not understood"})
    assert set(made["domain"]["actions"]) == {"action_newsletter", *everyday.values()}
    # Nothing but the intent decides the dialogue.
    own = [intent for intent in made["domain"]["intents"] if isinstance(intent, dict)]
    assert {name for intent in own for name in intent} == names
    assert all(use == {"use_entities": []} for intent in own for use in intent.values())
    assert {"怎么订阅你们的邮件资讯", "can I get your news by e-mail"} <= set(made["texts"])
    assert not [text for text in made["texts"] if "{" in text]
